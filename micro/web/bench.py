"""The volunteer's workbench: the terms, taking a task, working on it, and what became of one's answers."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from math import ceil
from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from micro.core.geometry import Box
from micro.core.states import ANSWERED_PROJECTS
from micro.core.terms import VERSION, wording
from micro.data.models import Assignment, Project, Region, Volunteer
from micro.errors import BadAnswer, Closed, Conflict, NotFound, TooMuch
from micro.kinds import kind_named, narrowed
from micro.services import assignments, claims, comment_sight, correcting, page_lines, workbench
from micro.services.answers import Given, give_answer, newest_answer
from micro.services.assignments import assignment_of
from micro.services.cutting import field_boxes
from micro.services.people import own_ids
from micro.services.projects import project_named
from micro.web.context import house, known_volunteer, lending_rule, needed_volunteer, offer_cookie
from micro.web.forms import check_marks, draft_of, nested, storable, submission_key, typed
from micro.web.iiif import piece_of
from micro.web.language import current_language
from micro.web.practice import bench_parts, practice_offered, word_on_gold
from micro.web.problems import said, wants_json
from micro.web.sight import may_answer
from micro.web.terms import needs_terms

blueprint = Blueprint("bench", __name__)
PAGES_MOST = 100_000
ANSWERS_A_PAGE = 50


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


def submitted(held: Assignment) -> dict[str, Any]:
    """What the form of this request says."""
    return nested(request.form.items(multi=True), held.task.fields)


@blueprint.post("/work/<assignment>/answer")
def answer(assignment: str) -> ResponseReturnValue:
    """Keeps the answer and lends the next task: by redirect, or as JSON for the script."""
    try:
        with house().database.writing() as session:
            held = assignment_of(session, assignment, known_volunteer(session), hold=True)
            project_id, project = held.project_id, held.project.slug
            given = read_and_keep(session, held)
            told = word_on_gold(session, held, given)
    except BadAnswer as problem:
        if wants_json():
            raise
        return with_problems(assignment, problem), 422
    house().queue.settle(project_id)
    return on_to_next(project, given, told)


def read_and_keep(session: Session, held: Assignment) -> Given:
    """Gives the answer of this request's form; BadAnswer when it cannot be taken."""
    said_now = submitted(held)
    check_marks(said_now, kind_named(held.setup.kind).fields(narrowed(held.setup.body, held.task.fields)))
    return give_answer(session, held, said_now, submission_key(request.form.get("submission_key")), house().clock())


def with_problems(assignment: str, problem: BadAnswer) -> str:
    """The same page again: every problem beside its field, and everything as it was typed."""
    with house().database.reading() as session:
        held = assignment_of(session, assignment, known_volunteer(session))
        problems = {one.field: said(one) for one in (problem, *problem.others)}
        key = submission_key(request.form.get("submission_key"))
        return the_workbench(session, held, submitted(held), problems, key)


def on_to_next(project: str, given: Given, told: str) -> ResponseReturnValue:
    """Tells what became of the answer, ``told`` if there is a word on it already, and leads on."""
    in_time = given.in_time
    sent = gettext("Corrected. What you sent now counts.") if given.answer.number > 1 else gettext("Sent. Thank you.")
    message = (
        told or sent
        if in_time
        else gettext("Enough people had read this card meanwhile. Yours is kept as an extra, and counts for you.")
    )
    flash(message, "good" if in_time else "note")
    onward = next_address(project)
    if wants_json():
        return jsonify(sent=True, in_time=in_time, new=given.new, next=onward, message=message)
    return redirect(onward or url_for("bench.take", project=project), 303)


@blueprint.post("/work/<assignment>/draft")
def draft(assignment: str) -> ResponseReturnValue:
    """Keeps what was typed so far: {"value": …} in the shape of an answer, unread."""
    body = request.get_json(silent=True)
    with house().database.writing() as session:
        held = assignment_of(session, assignment, known_volunteer(session), hold=True)
        typed_so_far = draft_of(body.get("value") if isinstance(body, dict) else None, held.task.fields)
        assignments.keep_draft(session, held, typed_so_far, house().clock(), lending_rule())
        return jsonify(saved_at=house().clock().isoformat(), **lease_of(held))


@blueprint.post("/work/<assignment>/renew")
def renew(assignment: str) -> ResponseReturnValue:
    """Prolongs the lease; without a script, keeps what came with the form too."""
    try:
        with house().database.writing() as session:
            held = assignment_of(session, assignment, known_volunteer(session), hold=True)
            assignments.renew_lease(session, held, house().clock(), lending_rule())
            if wants_json():
                return jsonify(**lease_of(held))
            keep_form(session, held)
    except Conflict as problem:
        if wants_json():
            raise
        with house().database.writing() as session:
            keep_form(session, assignment_of(session, assignment, known_volunteer(session), hold=True))
        flash(said(problem), "note")
    return redirect(url_for("bench.work", assignment=assignment), 303)


def keep_form(session: Session, held: Assignment) -> None:
    """Keeps the form of this request as a draft, if there is anything to keep it for."""
    if held.state != "answered":
        typed_so_far = draft_of(submitted(held), held.task.fields)
        assignments.keep_draft(session, held, typed_so_far, house().clock(), lending_rule())


def lease_of(held: Assignment) -> dict[str, Any]:
    """The lease for the script. Seconds, because the visitor's clock may be wrong."""
    return {"expires_at": held.expires_at.isoformat(), "left_s": seconds_left(held, house().clock())}


@blueprint.post("/work/<assignment>/skip")
def skip(assignment: str) -> ResponseReturnValue:
    """Gives the task back for good and lends the next."""
    with house().database.writing() as session:
        held = assignment_of(session, assignment, known_volunteer(session), hold=True)
        assignments.skip_task(session, held)
        project = held.project.slug
    flash(gettext("Skipped. This card will not come back to you."), "note")
    return redirect(next_address(project) or url_for("bench.take", project=project), 303)


@blueprint.post("/work/<assignment>/report")
def report(assignment: str) -> ResponseReturnValue:
    """Keeps a word about what is wrong, and what was typed so far: it came with the same form."""
    try:
        with house().database.writing() as session:
            held = assignment_of(session, assignment, known_volunteer(session), hold=True)
            keep_form(session, held)
            tell(session, held)
    except BadAnswer as problem:
        flash(said(problem), "bad")
    return redirect(url_for("bench.work", assignment=assignment), 303)


def tell(session: Session, held: Assignment) -> None:
    """Keeps the words of the report; without any, says so and keeps the draft all the same."""
    words = storable(request.form.get("words", ""))
    if not words.strip():
        flash(gettext("Tell in a few words what is wrong."), "bad")
        return
    assignments.report_task(session, held, words, house().clock())
    flash(gettext("Thank you, the museum will look at it. You can go on or skip this card."), "good")


# One's own answers ---------------------------------------------------------------------------------------------


@blueprint.get("/my-answers")
def mine() -> ResponseReturnValue:
    """The volunteer's own answers, newest first, with what became of each."""
    page = min(max(1, request.args.get("page", 1, type=int)), PAGES_MOST)
    with house().database.reading() as session:
        volunteer, today = known_volunteer(session), house().clock().date()
        ids = own_ids(session, volunteer)
        found, count = workbench.own_answers(session, ids, page, ANSWERS_A_PAGE, today)
        return render_template(
            "bench/mine.html",
            rows=[as_row(own) for own in found],
            correctable=correcting.still_correctable(session, [own.answer.assignment for own in found]),
            marks=comment_sight.marks_of(session, [own.answer.assignment for own in found], ids, today),
            answered=comment_sight.unread_answers(session, ids),
            count=count,
            page=page,
            pages=ceil(count / ANSWERS_A_PAGE),
            held=held_tasks(session, volunteer),
            can_keep=volunteer is not None and volunteer.account_id is None and count > 0,
        )


def held_tasks(session: Session, volunteer: Volunteer | None, at: datetime | None = None) -> list[Assignment]:
    """What this visitor has begun and not finished; with ``at`` only what is still lent to them then."""
    return workbench.held_by(session, volunteer.id, at) if volunteer else []


def as_row(own: workbench.OwnAnswer) -> dict[str, Any]:
    """One answer with all that its row shows."""
    held = own.answer.assignment
    fields = kind_named(held.setup.kind).fields(narrowed(held.setup.body, held.task.fields))
    return {"answer": own.answer, "assignment": held, "state": own.state, "decided": own.decided, "fields": fields}
