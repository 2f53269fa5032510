"""Who may see a project: one answer for its pages, its pictures, its workbench and its data.

A trial is seen by the staff of its institution, and by whoever opened its link once in this browser, or sends the key
with each call (``?trial=…``).
"""

from __future__ import annotations

import hmac

from flask import request
from flask import session as browser_session

from micro.core.states import PUBLIC_PROJECTS
from micro.data.models import Project
from micro.web.context import current_person

KEYS = "trials"
KEYS_MOST = 20  # The session is a cookie: nobody tries out more at once.


def may_see(project: Project) -> bool:
    """Whether whoever makes this request may know of the project. Drafts and archived ones: its staff only."""
    if project.state in PUBLIC_PROJECTS or current_person().may_review(project.collection.institution_id):
        return True
    return project.state == "trial" and _holds_key(project)


def may_answer(project: Project) -> bool:
    """Whether the workbench of the project is there for whoever makes this request, open or not at the moment."""
    return (project.state in PUBLIC_PROJECTS or project.state == "trial") and may_see(project)


def _holds_key(project: Project) -> bool:
    """Whether the trial's link was opened in this browser; one that comes with this request is kept."""
    if not project.trial_key:
        return False
    held = browser_session.get(KEYS, {})
    brought = request.args.get("trial", "")
    for key in (brought, held.get(project.public_id, "")):
        if hmac.compare_digest(key.encode(), project.trial_key.encode()):
            if key != held.get(project.public_id):
                kept = {**held, project.public_id: key}
                browser_session[KEYS] = dict(list(kept.items())[-KEYS_MOST:])
            return True
    return False
