"""The blueprint of the manager's desk, and the tabs of a project on it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from flask_babel import lazy_gettext

from micro.data.models import Project

blueprint = Blueprint("manage", __name__)

# The pages of a project, in the order of the work: endpoint and word. All take the project's address alone.
TABS = (
    ("manage.project", lazy_gettext("Overview")),
    ("manage.progress", lazy_gettext("Progress")),
    ("manage.scans", lazy_gettext("Scans")),
    ("manage.layouts", lazy_gettext("Layouts")),
    ("manage.form", lazy_gettext("Form")),
    ("manage.cutting", lazy_gettext("Cutting")),
    ("manage.known", lazy_gettext("Known answers")),
    ("manage.guide", lazy_gettext("Guide")),
    ("manage.volunteers", lazy_gettext("Volunteers")),
    ("manage.quality", lazy_gettext("Quality")),
    ("manage.news", lazy_gettext("News")),
    ("manage.settings", lazy_gettext("Settings")),
)


def project_page(page: str, project: Project, tab: str, **given: Any) -> str:
    """The template ``page`` of a project's desk, which extends manage/frame.html; ``tab`` is its endpoint."""
    return render_template(
        page,
        project=project,
        institution=project.collection.institution,
        here="manage",
        tabs=TABS,
        tab=tab,
        **given,
    )
