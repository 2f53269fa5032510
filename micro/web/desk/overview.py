"""The desk's front page, and the overview of one project: how far it is, its state, releases, reports."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from micro.core.states import PROJECT
from micro.errors import BadAnswer
from micro.services import projects, releases, reports
from micro.web.context import current_person, house
from micro.web.desk.frame import blueprint, project_page
from micro.web.forms import storable

SHOWN_REPORTS = 50


@blueprint.get("/desk")
def index() -> str:
    """The projects of the institutions where this person has a role."""
    person = current_person()
    with house().database.reading() as session:
        mine = None if person.is_network_admin else person.roles or {}
        found = projects.desk_page(session, mine, request.args.get("page", 1, int))
        figures = projects.progress_of_all(session, [project.id for project in found.projects])
        rows = [(project, figures[project.id]) for project in found.projects]
        return render_template("manage/index.html", rows=rows, found=found, here="manage")


@blueprint.get("/desk/<project>")
def project(project: str) -> str:
    """One project: how far it is, its state and releases, and what volunteers reported."""
    with house().database.reading() as session:
        found = projects.project_named(session, project)
        return project_page(
            "manage/project.html",
            found,
            "manage.project",
            progress=projects.progress_of(session, found.id),
            onward=sorted(PROJECT[found.state]),
            releases=releases.releases_of(session, found),
            reports=reports.reports_of(session, found.id, SHOWN_REPORTS),
            reports_count=reports.reports_count(session, found.id),
        )


@blueprint.post("/desk/<project>/state")
def state(project: str) -> ResponseReturnValue:
    """Moves the project: live, paused, finished, archived."""
    wished = request.form.get("state", "")
    if wished not in PROJECT:
        raise BadAnswer("state", "There is no such state.")
    with house().database.writing() as session:
        projects.move_project(
            session,
            projects.project_named(session, project),
            wished,
            current_person().account_id,
            house().clock(),
            storable(request.form.get("why", ""))[:500],
            seen=request.form.get("seen", ""),
        )
    return redirect(url_for("manage.project", project=project), code=303)


@blueprint.post("/desk/<project>/release")
def release(project: str) -> ResponseReturnValue:
    """Begins the next release; a job writes and publishes it."""
    with house().database.writing() as session:
        begun = releases.start_release(
            session,
            projects.project_named(session, project),
            current_person().account_id,
            storable(request.form.get("notes", ""))[:2000],
            house().clock(),
        )
        release_id, number = begun.id, begun.number
    house().queue.release(release_id)
    flash(gettext("Release %(number)s is being made. It appears under “Data” when it is whole.", number=number), "good")
    return redirect(url_for("manage.project", project=project), code=303)
