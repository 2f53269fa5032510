"""Those who answered a project, by opaque names: figures, answers, and setting somebody's answers aside."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session

from micro.data.models import Project, Volunteer
from micro.errors import BadAnswer, Conflict, NotAllowed
from micro.services import contributors, projects, setting_aside
from micro.services.conducting import conduct_in, standing_out
from micro.web.context import current_person, house
from micro.web.desk.frame import blueprint, project_page
from micro.web.forms import storable
from micro.web.problems import STATUS, problems_by_field, said

Deed = Callable[[Session, Project, Volunteer, int | None, str], int]


@blueprint.get("/desk/<project>/volunteers", endpoint="volunteers")
def volunteers_page(project: str) -> str:
    """Everybody who answered, some at a time."""
    sort, search = request.args.get("sort", ""), request.args.get("search", "")[:40].strip()
    sort = sort if sort in contributors.SORTS else contributors.SORTS[0]
    aside_only = "aside" in request.args
    with house().database.reading() as session:
        found = projects.project_named(session, project)
        page = contributors.contributors(
            session, found, request.args.get("page", 1, int), sort, search, aside_only=aside_only
        )
        return project_page(
            "manage/volunteers.html",
            found,
            "manage.volunteers",
            found=page,
            conduct=conduct_in(session, found, [row.volunteer.id for row in page.rows]),
            standing_out=[(one.public_id, contributors.short_name(one)) for one in standing_out(session, found)],
            sort=sort,
            search=search,
            aside_only=aside_only,
            waiting=setting_aside.waiting(session, found.id) if page.aside else 0,
        )


@blueprint.get("/desk/<project>/volunteers/<volunteer>", endpoint="volunteer")
def volunteer_page(project: str, volunteer: str) -> str:
    """One of them: their newest answers beside what the records say."""
    return _page(project, volunteer)


def _page(slug: str, public_id: str, error: BadAnswer | Conflict | None = None) -> str:
    problems = problems_by_field(error) if error else {}
    with house().database.reading() as session:
        found = projects.project_named(session, slug)
        one = contributors.contributor_named(session, found, public_id)
        number = request.args.get("page", 1, int)
        answers, pages = contributors.answers_of(session, found, one.volunteer, number)
        return project_page(
            "manage/volunteer.html",
            found,
            "manage.volunteers",
            one=one,
            reasons=conduct_in(session, found, [one.volunteer.id]).get(one.volunteer.id, []),
            answers=answers,
            number=min(max(1, number), pages),
            pages=pages,
            moves=contributors.history(session, found, one.volunteer),
            waiting=setting_aside.waiting(session, found.id, one.volunteer),
            elsewhere=len(setting_aside.projects_read(session, one.volunteer)) - 1,
            typed=request.form,
            problems=problems,
            trouble=said(error) if error and not problems else "",
        )


@blueprint.post("/desk/<project>/volunteers/<volunteer>/aside")
def set_aside(project: str, volunteer: str) -> ResponseReturnValue:
    """Sets their answers aside: in this project, or in all of the network."""

    def deed(session: Session, found: Project, whom: Volunteer, account_id: int | None, why: str) -> int:
        return setting_aside.set_aside(session, found, whom, account_id, why, house().clock())

    return _do(project, volunteer, deed)


@blueprint.post("/desk/<project>/volunteers/<volunteer>/again")
def count_again(project: str, volunteer: str) -> ResponseReturnValue:
    """Counts their answers again."""

    def deed(session: Session, found: Project, whom: Volunteer, account_id: int | None, why: str) -> int:
        return setting_aside.count_again(session, found, whom, account_id, why, house().clock())

    return _do(project, volunteer, deed)


def _do(slug: str, public_id: str, deed: Deed) -> ResponseReturnValue:
    """Does it here first, then, for those who run the network and asked for it, in each other project by itself."""
    everywhere = "everywhere" in request.form
    if everywhere and not current_person().is_network_admin:
        raise NotAllowed("Only those who run the network may do that.")
    try:
        here, tasks = _do_in(slug, public_id, deed)
    except (BadAnswer, Conflict) as error:
        if not (everywhere and isinstance(error, Conflict)):  # Done here already: go on with the others.
            return make_response(_page(slug, public_id, error), STATUS[type(error)])
        here, tasks = slug, 0
    others = _do_in_others(here, public_id, deed) if everywhere else 0
    flash(
        ngettext("%(num)s card is being worked out anew.", "%(num)s cards are being worked out anew.", tasks + others)
        + " "
        + gettext("What people decided stands."),
        "good",
    )
    return redirect(url_for("manage.volunteer", project=slug, volunteer=public_id), 303)


def _do_in(slug: str, public_id: str, deed: Deed) -> tuple[str, int]:
    """In one project, in a transaction of its own; then its settling job is asked for."""
    with house().database.writing() as session:
        found = projects.project_named(session, slug)
        whom = contributors.contributor_named(session, found, public_id).volunteer
        why = storable(request.form.get("why", ""))
        tasks, project_id = deed(session, found, whom, current_person().account_id, why), found.id
    house().queue.settle(project_id)
    return slug, tasks


def _do_in_others(slug: str, public_id: str, deed: Deed) -> int:
    """In all other projects that they answered; where it is so already, nothing happens. Half-way killed: again."""
    with house().database.reading() as session:
        found = projects.project_named(session, slug)
        whom = contributors.contributor_named(session, found, public_id).volunteer
        others = [project.slug for project in setting_aside.projects_read(session, whom) if project.slug != slug]
    tasks = 0
    for other in others:
        try:
            tasks += _do_in(other, public_id, deed)[1]
        except Conflict:
            continue
    return tasks
