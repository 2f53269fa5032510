"""A project's progress, in figures: each with what it rests on, as a chart with its table, and as a CSV file."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_date, gettext

from micro.core.release.cells import BYTE_ORDER_MARK, csv_lines, neutralised
from micro.data.models import QueueLimit
from micro.errors import BadAnswer, NotFound
from micro.services import course, occasions
from micro.services.projects import project_named
from micro.web.context import house
from micro.web.desk.frame import blueprint, project_page
from micro.web.desk.progress_facts import Facts, gathered
from micro.web.desk.progress_figures import FIGURES
from micro.web.forms import storable
from micro.web.problems import problems_by_field


@blueprint.get("/desk/<project>/progress")
def progress(project: str) -> str:
    """The figures of a project."""
    return _page(project)


@blueprint.post("/desk/<project>/limit")
def queue_limit(project: str) -> ResponseReturnValue:
    """Sets how many records may wait for review before the staff is told."""
    try:
        with house().database.writing() as session:
            found = project_named(session, project)
            occasions.set_limit(session, found, storable(request.form.get("most", "")), house().clock())
    except BadAnswer as error:
        return _page(project, error), 422
    flash(gettext("Saved."), "good")
    return redirect(url_for("manage.progress", project=project, _anchor="limit"), code=303)


def _page(slug: str, error: BadAnswer | None = None) -> str:
    now = house().clock()
    with house().database.reading() as session:
        found = project_named(session, slug)
        facts = gathered(session, found, now)
        limit = session.get(QueueLimit, found.id)
        return project_page(
            "manage/progress.html",
            found,
            "manage.progress",
            head=headline(facts),
            progress=facts.progress,
            course=facts.course,
            oldest=facts.oldest_waiting,
            waiting=course.what_waits(session, found.id),
            reports_count=0,
            charts=[FIGURES[name](facts) for name in FIGURES],
            now=now,
            most=request.form.get("most", "") if error else (limit.most if limit else ""),
            problems=problems_by_field(error) if error else {},
        )


def headline(facts: Facts) -> str:
    """The one line that says how it stands."""
    ahead = facts.course.forecast
    if facts.progress.tasks and facts.progress.done == facts.progress.tasks:
        return str(gettext("Every card is read"))
    if ahead is not None:
        return str(gettext("On course for %(day)s", day=format_date(ahead.expected, "long")))
    if not facts.progress.answers and not facts.missing:
        return str(gettext("Nothing to read yet"))
    if not facts.progress.answers:
        return str(gettext("Nobody has answered yet"))
    if facts.project.state != "live":
        return str(gettext("Not open at the moment"))
    if not facts.missing:
        return str(gettext("All the answers that are needed are there"))
    return str(gettext("Too early to say when it will be done"))


@blueprint.get("/desk/<project>/progress/<figure>.csv", endpoint="progress_file")
def file_of(project: str, figure: str) -> Response:
    """One figure as a file: UTF-8 with its mark, RFC 4180, days as ISO 8601, shares from 0 to 1, no formula."""
    if figure not in FIGURES:
        raise NotFound("There is nothing at this address.")
    with house().database.reading() as session:
        found = project_named(session, project)
        made = FIGURES[figure](gathered(session, found, house().clock()))
    rows = [[column.key for column in made.columns], *([cell(value) for value in row] for row in made.rows)]
    response = Response(BYTE_ORDER_MARK + csv_lines(rows), content_type="text/csv; charset=utf-8; header=present")
    response.headers["Content-Disposition"] = f'attachment; filename="{found.slug}-{figure}.csv"'
    return response


def cell(value: Any) -> str:
    """A value for programs; only text can be taken for a formula."""
    match value:
        case None:
            return ""
        case str():
            return neutralised(value)
        case float():
            return f"{value:.4f}".rstrip("0").rstrip(".")
        case date():
            return value.isoformat()
        case _:
            return str(value)
