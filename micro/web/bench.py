"""The volunteer's workbench: the terms, taking a task, and the page on which it is worked on.

What is done with the card is in bench_sending.py, and what became of one's answers in bench_mine.py.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from micro.core.geometry import Box
from micro.core.states import ANSWERED_PROJECTS
from micro.core.terms import VERSION, wording
from micro.data.models import Assignment, Project, Region, Volunteer
from micro.errors import Closed, NotFound, TooMuch
from micro.kinds import kind_named, narrowed
from micro.services import assignments, claims, correcting, page_lines, workbench
from micro.services.answers import newest_answer
from micro.services.assignments import assignment_of
from micro.services.cutting import field_boxes
from micro.services.people import own_ids
from micro.services.projects import project_named
from micro.web.context import house, known_volunteer, lending_rule, needed_volunteer, offer_cookie
from micro.web.forms import typed
from micro.web.iiif import piece_of
from micro.web.language import current_language
from micro.web.practice import bench_parts, practice_offered
from micro.web.sight import may_answer
from micro.web.terms import needs_terms

blueprint = Blueprint("bench", __name__)


@blueprint.after_request
def always_ask_anew(response: Response) -> Response:
    """Keeps the pages out of caches."""
    # Going back must not show a form of before: sent once more, it would be taken for the same post, and lost.
    response.headers["Cache-Control"] = "no-store"
    return response


def public_project(session: Session, slug: str) -> Project:
    """The project that a visitor may know of; NotFound otherwise."""
    project = project_named(session, slug)
    if not may_answer(project):
        raise NotFound("There is no such project.")
    return project


# The terms -----------------------------------------------------------------------------------------------------


@blueprint.route("/p/<project>/terms", methods=["GET", "POST"])
def terms(project: str) -> ResponseReturnValue:
    """The terms of contribution; accepting them goes on to the first task."""
    if request.method == "POST":
        return accept(project)
    offer_cookie()
    with house().database.reading() as session:
        found = public_project(session, project)
        volunteer = known_volunteer(session)
        return render_template(
            "bench/terms.html",
            project=found,
            institution=found.collection.institution,
            version=VERSION,
            accepted=volunteer is not None and not needs_terms(session, volunteer, found),
            paragraphs=wording(current_language(), found.licence),
            practice_due=practice_offered(session, found, volunteer),
        )


def accept(project: str) -> ResponseReturnValue:
    """Keeps that the terms were accepted and lends the first task."""
    with house().database.writing() as session:
        found = public_project(session, project)
        volunteer = needed_volunteer(session)
        if volunteer is None:
            return without_cookie(project)
        if needs_terms(session, volunteer, found, request.form.get("version")):
            flash(gettext("The terms have changed while you read them. Please read them once more."), "warn")
            return redirect(url_for("bench.terms", project=project), 303)
    if "practise" in request.form:
        return redirect(url_for("practice.start", project=project), 303)
    return redirect(next_address(project) or url_for("bench.take", project=project), 303)


# Taking a task -------------------------------------------------------------------------------------------------


@blueprint.route("/p/<project>/take", methods=["GET", "POST"])
def take(project: str) -> ResponseReturnValue:
    """POST lends a task. GET only tells what there is to take: a lease is never taken by following a link."""
    if request.method != "POST":
        return waiting(project)
    with house().database.writing() as session:
        found = public_project(session, project)
        volunteer = needed_volunteer(session)
        if volunteer is None:
            return without_cookie(project)
        if needs_terms(session, volunteer, found):
            return redirect(url_for("bench.terms", project=project), 303)
    return redirect(next_address(project) or url_for("bench.take", project=project), 303)


def without_cookie(project: str) -> ResponseReturnValue:
    """Back to the project's page with a new cookie and the reason: crawlers send none back and must hold no task."""
    offer_cookie()
    flash(
        gettext(
            "Your browser did not send back our cookie, which tells us which cards are yours. "
            "Please allow cookies for this site and try again."
        ),
        "warn",
    )
    return redirect(url_for("public.project", project=project), 303)


def next_address(project: str) -> str | None:
    """Lends this visitor the next task and returns the address of its workbench; None when none is to be had now."""
    try:
        with house().database.writing() as session:
            volunteer = needed_volunteer(session)
            if volunteer is None:
                return None
            found = public_project(session, project)
            lent = assignments.lend_task(session, found, volunteer, house().clock(), lending_rule())
            return None if lent is None else url_for("bench.work", assignment=lent.public_id)
    except (Closed, TooMuch):  # The page about what there is to take tells which of the two.
        return None


def waiting(project: str) -> ResponseReturnValue:
    """What there is to take, or why there is nothing."""
    offer_cookie()
    with house().database.reading() as session:
        found = public_project(session, project)
        volunteer = known_volunteer(session)
        here = assignments.held_assignment(session, found.id, volunteer.id) if volunteer else None
        case = what_taking_would_do(session, found, volunteer, here)
        return render_template(
            "bench/waiting.html",
            project=found,
            institution=found.collection.institution,
            case=case,
            held=held_tasks(session, volunteer, house().clock()) if case == "too_many" else [],
            here=here,
            **the_last_card(session, found, volunteer),
        )


def what_taking_would_do(
    session: Session, project: Project, volunteer: Volunteer | None, here: Assignment | None
) -> str:
    """The case that the waiting page tells of. By the functions that lend, so that page and button always agree."""
    if project.state not in ANSWERED_PROJECTS:
        return project.state
    if here is not None:
        return "held"
    left = workbench.what_is_left(session, project, own_ids(session, volunteer))
    if left != "free" or volunteer is None:
        return left
    open_now = assignments.open_leases(session, volunteer.id, house().clock())
    return "too_many" if open_now >= lending_rule().open_leases else left


def the_last_card(session: Session, project: Project, volunteer: Volunteer | None) -> dict[str, Assignment | None]:
    """The card that was sent last, if that was just now: ``last_card``; and if it can be corrected: ``last_sent``."""
    now = house().clock()
    last = correcting.last_answered(session, project, volunteer.id, now) if volunteer else None
    correctable = last is not None and bool(correcting.still_correctable(session, [last]))
    return {"last_card": last, "last_sent": last if correctable else None}


def held_tasks(session: Session, volunteer: Volunteer | None, at: datetime | None = None) -> list[Assignment]:
    """What this visitor has begun and not finished; with ``at`` only what is still lent to them then."""
    return workbench.held_by(session, volunteer.id, at) if volunteer else []


# Working on it -------------------------------------------------------------------------------------------------


@blueprint.get("/work/<assignment>")
def work(assignment: str) -> ResponseReturnValue:
    """The workbench for a task that is, or was, lent to this visitor."""
    with house().database.reading() as session:
        held = assignment_of(session, assignment, known_volunteer(session))
        if not may_answer(held.project):
            raise Closed("This project is closed and takes no more answers.")
        if held.state == "answered":
            return already_sent(session, held)
        return the_workbench(session, held, held.draft or {}, {})


def the_workbench(
    session: Session,
    held: Assignment,
    draft: Mapping[str, Any],
    problems: Mapping[str, str],
    key: str = "",
    inputs: Mapping[str, str] | None = None,
) -> str:
    """The page with scan and form. ``draft`` has the shape of an answer, unread; ``problems`` are by field.

    ``inputs``, {dotted name: text}, stand instead of the draft. A card that was sent is being corrected.
    """
    now, scan, setup = house().clock(), held.task.region.scan, narrowed(held.setup.body, held.task.fields)
    return render_template(
        "bench/work.html",
        assignment=held,
        project=held.project,
        institution=held.project.collection.institution,
        item=held.task.item,
        scan=scan,
        region=held.task.region,
        piece=piece_of(scan, held.task.region),
        boxes=field_boxes(session, held.task.region),
        lines=lines_of(session, held.task.region) if held.setup.kind == "text" else [],
        place=workbench.place_of(session, scan),
        question=workbench.question_of(session, held.task.item_id),
        kind=held.setup.kind,
        setup=setup,
        fields=kind_named(held.setup.kind).fields(setup),
        typed=typed(draft) if inputs is None else inputs,
        problems=problems,
        content_language=held.project.content_language,
        left_s=seconds_left(held, now),
        warn_s=min(300, lending_rule().lease_s // 3),
        submission_key=key or secrets.token_urlsafe(18),
        claimable=claims.offered(session, held.volunteer),
        correcting=held.state == "answered",
        **the_last_card(session, held.project, held.volunteer),
        **bench_parts(session, held),
    )


def lines_of(session: Session, region: Region) -> list[dict[str, Any]]:
    """The lines of a page in reading order: {"box", "picture": address of the line alone, or empty}."""
    scan = region.scan
    held_here = not scan.reference and scan.state == "shown"

    def picture(box: Box) -> str:
        part, size = f"{box.x},{box.y},{box.width},{box.height}", f"{min(box.width, 1200)},"
        where: dict[str, Any] = {"scan": scan.public_id, "region": part, "size": size}
        return url_for("iiif.image", **where, rotation="0", name="default.jpg") if held_here else ""

    return [{"box": box, "picture": picture(box)} for box in page_lines.lines_in(session, region)]


def seconds_left(held: Assignment, now: datetime) -> int:
    """How long the lease still runs; 0 when it is over."""
    return max(0, int((held.expires_at - now).total_seconds())) if held.state == "lent" else 0


def already_sent(session: Session, held: Assignment) -> str:
    """What this visitor said of the task, and the way on."""
    fields = kind_named(held.setup.kind).fields(narrowed(held.setup.body, held.task.fields))
    given = newest_answer(session, held)
    return render_template(
        "bench/sent.html",
        project=held.project,
        institution=held.project.collection.institution,
        item=held.task.item,
        kind=held.setup.kind,
        fields=fields,
        answer=given,
        values=given.value if given else {},
        correctable=bool(correcting.still_correctable(session, [held])),
        content_language=held.project.content_language,
    )
