"""The desk's front page, and the overview of one project: how far it is, what is next and what waits, its state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import attrgetter

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_date, gettext, ngettext
from sqlalchemy.orm import Session

from micro.core.states import PROJECT, check_move
from micro.data.models import Institution, Project, Setup
from micro.errors import BadAnswer
from micro.kinds import kind_named
from micro.services import assignments, course, institutions, projects, releases, reports, trials
from micro.services.project_templates import fitting_cutting
from micro.services.projects import Progress, project_named
from micro.web.charts import Chart, bar_chart
from micro.web.context import current_person, house
from micro.web.desk.frame import blueprint, project_page
from micro.web.forms import storable

SHOWN_REPORTS, SHOWN_MOVES = 50, 10
# In this order the states are offered; these ask first, because they do not simply go back.
ORDER = ("trial", "live", "paused", "finished", "draft", "archived")
ASKED_FIRST = ("finished", "archived")


@dataclass(frozen=True)
class Group:
    """The projects of one institution on a page of the desk, with their figures."""

    institution: Institution
    rows: tuple[tuple[Project, Progress], ...]


@blueprint.get("/desk")
def index() -> str:
    """The projects of the institutions where this person has a role, by institution."""
    person = current_person()
    mine = None if person.is_network_admin else person.roles or {}
    with house().database.reading() as session:
        found = projects.desk_page(session, mine, request.args.get("page", 1, int))
        figures = projects.progress_of_all(session, [project.id for project in found.projects])
        groups = [
            Group(owner, tuple((project, figures[project.id]) for project in theirs))
            for owner, theirs in groupby(found.projects, attrgetter("collection.institution"))
        ]
        empty = [row.institution for row in institutions.institutions(session, mine) if not row.projects]
        without = [Group(one, ()) for one in empty if found.page == 1]
        return render_template("manage/index.html", groups=groups + without, found=found, here="manage")


@blueprint.get("/desk/<project>")
def project(project: str) -> str:
    """One project: what is next, how far it is, what waits for somebody, its state, releases and reports."""
    with house().database.reading() as session:
        found = project_named(session, project)
        progress = projects.progress_of(session, found.id)
        how_it_goes = course.course_of(session, found, house().clock())
        return project_page(
            "manage/project.html",
            found,
            "manage.project",
            progress=progress,
            steps=next_steps(session, found, progress),
            course=how_it_goes,
            chart=days_chart(how_it_goes.by_day),
            waiting=course.what_waits(session, found.id),
            log=course.log_of(session, found.id, SHOWN_MOVES),
            onward=[state for state in ORDER if state in PROJECT[found.state]],
            asked_first=ASKED_FIRST if found.state not in trials.BEFORE_OPENING else ("archived",),
            work=trials.trial_work(session, found),
            trial_link=trial_link(found),
            releases=releases.releases_of(session, found),
            reports=reports.reports_of(session, found.id, SHOWN_REPORTS),
            reports_count=reports.reports_count(session, found.id),
        )


def trial_link(found: Project) -> str:
    """The full address that opens a trial, empty when it has none. From the settings, never from the Host header."""
    if not found.trial_key:
        return ""
    address = url_for("public.project", project=found.slug, trial=found.trial_key)
    return house().settings.public_url + address.removeprefix(request.script_root)


def days_chart(by_day: tuple[tuple[date, int], ...]) -> Chart:
    """Answers by day, oldest first."""
    return bar_chart([(str(format_date(day, "d MMM")), count) for day, count in by_day])


@dataclass(frozen=True)
class Step:
    """One step of a project's beginning: what, how it stands, and where it is done. ``address`` may be empty."""

    what: str
    stands: str
    is_done: bool
    address: str


def next_steps(session: Session, found: Project, progress: Progress) -> list[Step]:
    """What is next: scans, form, cutting, trial, live. Empty once the project was open."""
    if found.state not in trials.BEFORE_OPENING:
        return []
    setup = assignments.current_setup(session, found.id)
    trial = gettext("open by its link") if found.state == "trial" else gettext("not begun")
    return [
        _scans_step(found, progress),
        _form_step(found, setup, progress),
        _cutting_step(found, setup, progress),
        Step(gettext("Try it out with colleagues"), trial, found.state == "trial", "#state"),
        Step(gettext("Open it for volunteers"), gettext("not yet"), False, "#state"),
    ]


def _scans_step(found: Project, progress: Progress) -> Step:
    many = ngettext("%(num)s scan", "%(num)s scans", progress.scans) if progress.scans else gettext("none yet")
    return Step(gettext("Bring in scans"), many, progress.scans > 0, url_for("manage.scans", project=found.slug))


def _form_step(found: Project, setup: Setup, progress: Progress) -> Step:
    """A form that somebody changed, or cut by, has been looked at."""
    fields = len(kind_named(setup.kind).fields(setup.body))
    stands = ngettext(
        "%(num)s field, version %(version)s", "%(num)s fields, version %(version)s", fields, version=setup.version
    )
    is_done = setup.version > 1 or progress.tasks > 0
    return Step(gettext("Look at the form"), stands, is_done, url_for("manage.form", project=found.slug))


def _cutting_step(found: Project, setup: Setup, progress: Progress) -> Step:
    """Where nothing is chosen yet, it leads to the way that fits the form."""
    none = gettext("none yet")
    many = ngettext("%(num)s card to read", "%(num)s cards to read", progress.tasks) if progress.tasks else none
    by = None if found.cutting else fitting_cutting(setup.body) or None
    address = url_for("manage.cutting", by=by, project=found.slug)
    return Step(gettext("Cut the scans into cards"), many, progress.tasks > 0, address)


# --- states ---------------------------------------------------------------------------------------------------------


@blueprint.get("/desk/<project>/state", endpoint="ask")
def ask_first(project: str) -> ResponseReturnValue:
    """What a move to another state means, with the button that does it."""
    wished = request.args.get("to", "")
    if wished not in PROJECT:
        raise BadAnswer("state", "There is no such state.")
    with house().database.reading() as session:
        found = project_named(session, project)
        check_move(PROJECT, found.state, wished)
        return project_page(
            "manage/state.html",
            found,
            "manage.project",
            wished=wished,
            work=trials.trial_work(session, found) if wished in trials.ENDS_TRIAL else trials.TrialWork(),
            progress=projects.progress_of(session, found.id),
        )


@blueprint.post("/desk/<project>/state")
def state(project: str) -> ResponseReturnValue:
    """Moves the project; what would be discarded with its trial is shown first."""
    wished = request.form.get("state", "")
    if wished not in PROJECT:
        raise BadAnswer("state", "There is no such state.")
    with house().database.reading() as session:
        work = trials.trial_work(session, project_named(session, project))
    if wished in trials.ENDS_TRIAL and work.answers and "discarding" not in request.form:
        return redirect(url_for("manage.ask", project=project, to=wished), code=303)
    with house().database.writing() as session:
        found = project_named(session, project)
        gone = projects.move_project(
            session,
            found,
            wished,
            current_person().account_id,
            house().clock(),
            storable(request.form.get("why", ""))[:500],
            seen=request.form.get("seen", ""),
            discarding=request.form.get("discarding", 0, int),
        )
        project_id = found.id
    if gone.answers:
        flash(
            ngettext(
                "%(num)s answer of the trial was discarded.",
                "%(num)s answers of the trial were discarded.",
                gone.answers,
            ),
            "good",
        )
        house().queue.settle(project_id)  # Answers from elsewhere are merged anew.
    return redirect(url_for("manage.project", project=project), code=303)


@blueprint.post("/desk/<project>/trial")
def trial(project: str) -> ResponseReturnValue:
    """A new link for the trial; the one before ends, and who holds it sees nothing any more."""
    with house().database.writing() as session:
        trials.new_key(session, project_named(session, project), current_person().account_id, house().clock())
    flash(gettext("The trial has a new link. The one before does not work any more."), "good")
    return redirect(url_for("manage.project", project=project), code=303)


@blueprint.post("/desk/<project>/release")
def release(project: str) -> ResponseReturnValue:
    """Begins the next release; a job writes and publishes it."""
    with house().database.writing() as session:
        begun = releases.start_release(
            session,
            project_named(session, project),
            current_person().account_id,
            storable(request.form.get("notes", ""))[:2000],
            house().clock(),
        )
        release_id, number = begun.id, begun.number
    house().queue.release(release_id)
    flash(gettext("Release %(number)s is being made. It appears under “Data” when it is whole.", number=number), "good")
    return redirect(url_for("manage.project", project=project), code=303)
