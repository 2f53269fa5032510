"""One record on one screen: the crop, its fields, what people wrote, and what can be decided."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from micro.core.consensus import label_counts
from micro.core.geometry import Box
from micro.data.models import Decision, Record
from micro.services import comments, review_queue
from micro.services.assignments import current_setup
from micro.services.comment_sight import overheard
from micro.services.review import holds, readings
from micro.services.review.colleagues import colleagues_of
from micro.services.review.history import history
from micro.services.review.holds import HOLD_S, Holding
from micro.services.review.sight import FieldSight, RecordSight, has_answered, look_at, record_named
from micro.services.review.words import latest_word, undoable
from micro.services.review_queue import COUNTED
from micro.web.context import house
from micro.web.review import page
from micro.web.review.frame import account_id, blueprint, filter_args, filters_from, institutions, may_review
from micro.web.review.listed import listed
from micro.web.review.page import Taken

# Said by our script when it fetches the record that comes next: it is not on the screen yet, so nobody holds it.
AHEAD = "X-Ahead"


@blueprint.get("/review/<record>")
def record(record: str) -> str:
    """One record with its crop, its fields, and the competing answers to one of them; held from now on."""
    if AHEAD not in request.headers:
        hold_it(record)
    with house().database.reading() as session:
        sight = look_at(session, record_named(session, record))
        taken = page.taken_from(sight, request.args.getlist("take"))
        return the_record(session, sight, taken=taken, editing="edit" in request.args)


def hold_it(public_id: str, *, take_over: bool = False) -> Holding | None:
    """Takes the record in hand, unless it is in this person's already for some time or not for them to decide."""
    now = house().clock()
    with house().database.reading() as session:
        found = record_named(session, public_id)
        held = holds.holding(session, found, now)
        if held is not None and held.is_of(account_id()) and (held.until - now).total_seconds() > HOLD_S / 2:
            return held
        if has_answered(session, found, account_id()):
            return held
    with house().database.writing() as session:
        return holds.hold(session, record_named(session, public_id), account_id(), now, take_over=take_over)


def the_record(
    session: Session,
    sight: RecordSight,
    *,
    taken: Mapping[str, Taken] | None = None,
    editing: bool = False,
    typed: Mapping[str, Any] | None = None,
    **more: Any,
) -> str:
    """The page. ``typed``: what stands in the form of a decision that was refused, with ``problems`` or a refusal."""
    found, filters, now = sight.record, filters_from(request.args), house().clock()
    taken = taken or {}
    chosen = sight.field(request.args.get("field", "")) or sight.field(sight.weakest)
    problems = more.pop("problems", {})
    first_problem = next((name for name in problems if sight.field(name)), "")
    args = filter_args(filters)
    return render_template(
        "review/record.html",
        here="review",
        chosen=chosen,
        editing=editing,
        focus=first_problem or ("" if "refusal" in more or chosen is None else chosen.field.name),
        beside=review_queue.neighbours(session, institutions(), filters, found, now),
        args=args,
        problems=problems,
        shown_at=int(now.timestamp()),
        undo=undo_of(session),
        **_of_record(session, sight, taken, typed or {}),
        **_place(chosen, found),
        **_who_may(session, found, chosen),
        **_field(sight, chosen, taken, args),
        **more,
    )


def _of_record(
    session: Session, sight: RecordSight, taken: Mapping[str, Taken], typed: Mapping[str, Any]
) -> dict[str, Any]:
    """What the page shows of the record, whichever of its fields is chosen."""
    found, setup = sight.record, current_setup(session, sight.record.project_id)
    return {
        "sight": sight,
        "record": found,
        "taken": taken,
        "takes": [one.token for one in taken.values()],
        "news": page.all_that_is_new(sight),
        "inputs": _inputs(sight, taken, typed),
        "hidden": page.form_names(taken, sight),
        "differing": page.differing(sight.fields),
        "counted": COUNTED,
        "kind": setup.kind,
        "setup": setup.body,
        "project": found.project,
        "institution": found.project.collection.institution,
        "history": history(session, found),
        "labels": {one.field.name: one.field for one in sight.fields},
        "reason": request.form.get("reason", ""),
        "question": request.form.get("question", ""),
        "whole": "page" in request.args,
        "comment_longest": comments.LONGEST,
        "answer_key": secrets.token_urlsafe(18),
    }


def undo_of(session: Session) -> Decision | None:
    """This person's newest decision, if it can be taken back."""
    found = undoable(session, account_id())
    return found if found is not None and may_review(found.record) else None


def _inputs(sight: RecordSight, taken: Mapping[str, Taken], typed: Mapping[str, Any]) -> dict[str, str]:
    entries = {one.field.name: one.said for one in sight.fields} | {name: one.said for name, one in taken.items()}
    entries |= typed
    inputs: dict[str, str] = {}
    for one in sight.fields:
        inputs |= page.typed_into(one.field, entries[one.field.name])
    return inputs


def _who_may(session: Session, found: Record, chosen: FieldSight | None) -> dict[str, Any]:
    """Who holds the record, who else could decide, who spoke first, and who answered, if that was asked for."""
    now, me = house().clock(), account_id()
    held = holds.holding(session, found, now)
    first = latest_word(session, found) if found.reason == "second" else None
    sees = readings.sees_who_answered(session, found, me, now)
    return {
        "held": held,
        "is_held": held is not None and not held.is_of(me),
        "is_own": has_answered(session, found, me),
        "first_word": first,
        "is_own_word": first is not None and first.account_id == me and found.project.four_eyes,
        "colleagues": [one for one in colleagues_of(session, found.project) if one.id != me],
        "contributions": readings.contributions(session, found, chosen.field.name) if sees and chosen else None,
        "spoken": overheard(session, found, now.date(), sees),
    }


def _field(
    sight: RecordSight, chosen: FieldSight | None, taken: Mapping[str, Taken], args: Mapping[str, Any]
) -> dict[str, Any]:
    """What the page shows of the chosen field: its readings, one beside the other or place by place."""
    if chosen is None:
        return {
            "readings": (),
            "aligned": None,
            "normal": False,
            "has_both": False,
            "named": (),
            "listed": (),
            "why": "",
            "uncertainty": "",
            "note": "",
        }
    normal = request.args.get("shown") == "normal" and page.has_two_ways(chosen)
    public_id = sight.record.public_id

    def taking(takes: tuple[str, ...]) -> str:
        shown = {"shown": "normal"} if normal else {}
        return url_for("review.record", record=public_id, **{**args, **shown}, field=chosen.field.name, take=takes)

    found = page.readings(chosen, taken, normal, taking)
    return {
        "readings": found,
        "aligned": page.aligned(chosen, found, normal, request.args.get("places", 1, int)),
        "normal": normal,
        "has_both": page.has_two_ways(chosen),
        "why": page.why(chosen),
        "uncertainty": page.uncertainty(chosen),
        "named": label_counts(chosen.field, chosen.evidence) if chosen.field.type == "tags" else (),
        "listed": listed(chosen),
        "note": page.publication_note(chosen.field, house().clock().date()),
    }


def _place(chosen: FieldSight | None, found: Record) -> dict[str, Any]:
    """The views of the scan, wide and narrow, and the box of the chosen field in it."""
    scan = found.item.scan
    whole = Box(0, 0, scan.width_px, scan.height_px)
    box = page.place_of(chosen.region) if chosen else None
    wide, narrow = (page.strip(box, scan, ratio) if box else whole for ratio in (6.5, 2.6))
    return {"place": {"box": box, "wide": wide, "narrow": narrow, "page": whole, "size": page.sharpness(wide, scan)}}
