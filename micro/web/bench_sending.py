"""What is done with a card on the workbench: sent, kept as a draft, held longer, skipped, reported."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from micro.data.models import Assignment
from micro.errors import BadAnswer, Conflict
from micro.kinds import kind_named, narrowed
from micro.services import assignments
from micro.services.answers import Given, give_answer
from micro.services.assignments import assignment_of
from micro.services.practice import note_practice
from micro.web.bench import blueprint, next_address, seconds_left, the_workbench
from micro.web.context import house, known_volunteer, lending_rule
from micro.web.forms import check_marks, draft_of, nested, storable, submission_key
from micro.web.practice import word_on_gold
from micro.web.problems import said, wants_json


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


@blueprint.post("/work/<assignment>/begin")
def begin(assignment: str) -> ResponseReturnValue:
    """Keeps that this visitor would rather begin than practise, and what was typed so far: it came with the form."""
    with house().database.writing() as session:
        held = assignment_of(session, assignment, known_volunteer(session), hold=True)
        keep_form(session, held)
        note_practice(session, held.project, held.volunteer, "skipped", [], house().clock())
    return redirect(url_for("bench.work", assignment=assignment), 303)


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
