"""What a reviewer does: decide, undo, hold, and ask who answered. Everything here is a POST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from micro.core.fields import Field
from micro.errors import BadAnswer, Conflict
from micro.services import review_queue, reviewing
from micro.services.review import readings
from micro.services.review.history import newest_decision
from micro.services.review.sight import look_at, record_named
from micro.services.review.versions import form_of
from micro.services.reviewing import Details
from micro.services.settling import bare, version_of
from micro.web.context import house
from micro.web.forms import check_marks, nested, storable
from micro.web.problems import said, wants_json
from micro.web.review import page
from micro.web.review.frame import (
    account_id,
    blueprint,
    filter_args,
    filters_from,
    institutions,
    may_review,
    number_sent,
    text_sent,
)
from micro.web.review.record import hold_it, the_record

# Said by our script, which shows the next record itself and wants to know which it is.
SWAP = "X-Swap"
# Decisions that say something of single fields; the others need no form.
SAYING = ("amend", "illegible")


@blueprint.post("/review/<record>/decide")
def decide(record: str) -> ResponseReturnValue:
    """Keeps the decision and goes to the next record; shows both versions when the record changed meanwhile."""
    action, filters, now = request.form.get("action", ""), filters_from(request.args), house().clock()
    values: dict[str, Any] = {}
    try:
        with house().database.writing() as session:
            found = record_named(session, record)
            form = form_of(session, found.project_id) if action in SAYING else {}
            values = _values(action, form)
            check_marks(values, form.values())
            following = review_queue.next_record(session, institutions(), filters, found, now)
            made = reviewing.decide(
                session, record, account_id(), action, number_sent("revision"), values, text_sent("reason"), now,
                _details(now.timestamp()),
            )  # fmt: skip
            sentence = _sentence(action, found.item.title or found.item.identifier, found.reason)
            decision = made.public_id
    except Conflict as refusal:
        return _refused(record, action, values, refusal), 409
    except BadAnswer as problem:
        return _wrong(record, action, values, problem), 422
    return _onward(following, sentence, decision)


@blueprint.post("/review/undo")
def undo() -> ResponseReturnValue:
    """Takes back one's own newest decision and shows its record again."""
    try:
        with house().database.writing() as session:
            undone = reviewing.undo(session, text_sent("decision"), account_id(), house().clock())
            if not may_review(undone.record):  # One's own word, but in a house one has left: nothing is kept of this.
                raise Conflict("There is nothing of yours to undo here.")
            record, project_id = undone.record.public_id, undone.record.project_id
            name = undone.record.item.title or undone.record.item.identifier
    except Conflict as refusal:
        flash(said(refusal), "warn")
        return redirect(url_for("review.queue", **filter_args(filters_from(request.args))), 303)
    house().queue.settle(project_id)  # Answers may have come while nobody was asked.
    flash(gettext("Taken back: %(name)s is as it was.", name=name), "good")
    return redirect(url_for("review.record", record=record, **filter_args(filters_from(request.args))), 303)


@blueprint.post("/review/<record>/hold")
def hold(record: str) -> ResponseReturnValue:
    """Takes the record in hand for some minutes; with ``over``, also out of a colleague's."""
    held = hold_it(record, take_over=bool(request.form.get("over")))
    if wants_json():
        mine = held is not None and held.is_of(account_id())
        return jsonify(mine=mine, name=held.name if held else "", until=held.until.isoformat() if held else "")
    return redirect(url_for("review.record", record=record, **filter_args(filters_from(request.args))), 303)


@blueprint.post("/review/<record>/contributors")
def contributors(record: str) -> ResponseReturnValue:
    """Shows who answered, and writes down who wanted to know."""
    with house().database.writing() as session:
        readings.ask_who_answered(session, record_named(session, record), account_id(), house().clock())
    args = {"field": text_sent("field"), **filter_args(filters_from(request.args))}
    return redirect(url_for("review.record", record=record, **args, _anchor="who"), 303)


def _values(action: str, form: Mapping[str, Field]) -> dict[str, Any]:
    """The fields that were sent, of those that the project asks for; the others stay as they are."""
    if action == "illegible":
        return {name: {} for name in request.form.getlist("field") if name in form}
    if action != "amend":
        return {}
    sent = {name.partition(".")[0] for name in request.form if "." in name}
    return nested(
        ((name, storable(text)) for name, text in request.form.items(multi=True)),
        [name for name in form if name in sent],
    )


def _details(now_s: float) -> Details:
    """What else the form says. How long it took is measured by our script, else since the page was made."""
    shown_at, measured = request.form.get("shown_at", 0.0, float), request.form.get("took_s", 0.0, float)
    took_s = measured or (now_s - shown_at if shown_at else 0.0)
    return Details(text_sent("to"), text_sent("question"), max(0, number_sent("to_version")), took_s or None)


def _onward(following: str | None, sentence: str, decision: str) -> ResponseReturnValue:
    """To the next record, or back to the queue: by redirect, or as JSON for the script that has it already."""
    args = filter_args(filters_from(request.args))
    target = url_for("review.record", record=following, **args) if following else url_for("review.queue", **args)
    if SWAP in request.headers:
        return jsonify(next=target, message=sentence, decision=decision)
    flash(sentence, "good")
    return redirect(target, 303)


def _sentence(action: str, name: str, reason: str) -> str:
    if reason == "second":
        return str(gettext("Kept. A colleague has to confirm %(name)s.", name=name))
    match action:
        case "accept":
            return str(gettext("%(name)s is accepted.", name=name))
        case "amend" | "illegible" | "revert":
            return str(gettext("%(name)s is kept with your values.", name=name))
        case "reject":
            return str(gettext("%(name)s is rejected and stays out of releases.", name=name))
        case "flag":
            return str(gettext("%(name)s is flagged for your colleagues.", name=name))
        case "hand":
            return str(gettext("%(name)s is in your colleague’s hands.", name=name))
        case _:
            return str(gettext("One more person will be asked about %(name)s.", name=name))


def _refused(record: str, action: str, values: Mapping[str, Any], refusal: Conflict) -> str:
    """The record as it is now, beside what the reviewer wanted; nothing that was typed is lost."""
    with house().database.reading() as session:
        found = record_named(session, record)
        sight = look_at(session, found)
        seen = version_of(session, found, number_sent("version"))
        wanted = values if action == "amend" else bare(seen.values) if action == "accept" and seen else {}
        return the_record(
            session,
            sight,
            editing=action == "amend",
            typed=values,
            refusal=said(refusal),
            wanted=page.wanted_by(sight, action, wanted),
            newest=newest_decision(session, found),
        )


def _wrong(record: str, action: str, values: Mapping[str, Any], problem: BadAnswer) -> str:
    """The form again as it was sent, with each problem beside its field."""
    problems = {one.field: said(one) for one in (problem, *problem.others)}
    with house().database.reading() as session:
        sight = look_at(session, record_named(session, record))
        return the_record(session, sight, editing=action == "amend" and bool(values), typed=values, problems=problems)
