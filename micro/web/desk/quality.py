"""How sure a project is: how well its confidences keep their word, and working undecided records out anew."""

from __future__ import annotations

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from micro.services import projects
from micro.services.quality import quality_of
from micro.services.redoing import start_redoing
from micro.web.context import house
from micro.web.desk.frame import blueprint, project_page
from micro.web.trust_chart import trust_chart


@blueprint.get("/desk/<project>/quality")
def quality(project: str) -> str:
    """The reliability diagram with its table, and how often volunteers are right about each type of field."""
    with house().database.reading() as session:
        found = projects.project_named(session, project)
        told = quality_of(session, found)
        return project_page("manage/quality.html", found, "manage.quality", told=told, chart=trust_chart(told.bins))


@blueprint.post("/desk/<project>/quality")
def work_out_anew(project: str) -> ResponseReturnValue:
    """Learns from everything at once, then works out every undecided record anew, in the background."""
    with house().database.writing() as session:
        found = projects.project_named(session, project)
        start_redoing(session, found.id)
        project_id = found.id
    house().queue.redo(project_id)
    flash(gettext("Undecided records are being worked out anew. What people decided stands."), "good")
    return redirect(url_for("manage.quality", project=project), 303)
