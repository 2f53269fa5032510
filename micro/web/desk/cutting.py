"""How the scans of a project are cut."""

from __future__ import annotations

import json
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from micro.data.models import Project
from micro.errors import BadAnswer, MicroError
from micro.kinds import kind_named
from micro.services import assignments, cutting, projects
from micro.web.context import house
from micro.web.desk.frame import blueprint, project_page
from micro.web.forms import storable
from micro.web.problems import said

CUT_AT_ONCE = 100


@blueprint.get("/desk/<project>/cutting", endpoint="cutting")
def cutting_page(project: str) -> str:
    """The template of named boxes over a scan."""
    with house().database.reading() as session:
        return _page(session, projects.project_named(session, project))


def _page(session: Any, found: Project, problem: str = "", template: str | None = None) -> str:
    setup = assignments.current_setup(session, found.id)
    text = json.dumps(found.cutting, indent=1, ensure_ascii=False) if found.cutting else ""
    return project_page(
        "manage/cutting.html",
        found,
        "manage.cutting",
        progress=projects.progress_of(session, found.id),
        item=projects.a_cut_item(session, found.id),
        fields=kind_named(setup.kind).fields(setup.body),
        template=text if template is None else template,
        problem=problem,
    )


@blueprint.post("/desk/<project>/cutting", endpoint="cut")
def set_template(project: str) -> ResponseReturnValue:
    """Gives the project its template of named boxes, and cuts what has not been cut."""
    text = storable(request.form.get("template", ""))
    try:
        with house().database.writing() as session:
            found = projects.project_named(session, project)
            cutting.set_template(session, found, _template(text))
    except MicroError as error:
        with house().database.reading() as session:
            page = _page(session, projects.project_named(session, project), said(error), text)
        return page, 422
    with house().database.writing() as session:
        found = projects.project_named(session, project)
        cutting.cut_project(session, found, house().clock(), CUT_AT_ONCE)
        project_id = found.id
    house().queue.cut(project_id)  # Whatever is left of a large project.
    flash(gettext("The scans are cut by these boxes. In a large project this goes on for a while."), "good")
    return redirect(url_for("manage.cutting", project=project), code=303)


def _template(text: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise BadAnswer("template", "The boxes must be written as JSON.") from None
    if (
        not isinstance(body, dict)
        or not isinstance(body.get("boxes"), list)
        or not all(isinstance(b, dict) for b in body["boxes"])
    ):
        raise BadAnswer("template", 'The boxes must be written as {"boxes": […]}.')
    return body
