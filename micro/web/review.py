"""The reviewer's desk: the queue of records, one screen per record, and the decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_timedelta, gettext
from sqlalchemy.orm import Session

from micro.core.consensus import label_counts
from micro.core.fields import Field
from micro.core.geometry import Box
from micro.data.models import Record
from micro.errors import BadAnswer, Conflict
from micro.services import review_queue, reviewing
from micro.services.review.sight import FieldSight, RecordSight
from micro.services.settling import bare, version_of
from micro.web import review_page
from micro.web.context import current_person, house
from micro.web.forms import check_marks, nested, storable
from micro.web.problems import said
from micro.web.review_page import Taken

blueprint = Blueprint("review", __name__)


@blueprint.get("/review")
def queue() -> str:
    """The records that wait for a decision, or those that were settled or decided."""
    filters = review_page.filters_from(request.args)
    with house().database.reading() as session:
        projects = review_queue.projects_to_review(session, _institutions())
        found = review_queue.queue(session, _institutions(), filters, request.args.get("page", 1, int))
        now = house().clock()
        waiting = {row.record.id: format_timedelta(now - row.record.changed_at) for row in found.rows}
        owners = {project.collection.institution for project in projects}
        return render_template(
            "review/queue.html",
            here="review",
            found=found,
            filters=filters,
            projects=projects,
            waiting=waiting,
            args=review_page.filter_args(filters),
            institution=owners.pop() if len(owners) == 1 else None,
        )


@blueprint.get("/review/<record>")
def record(record: str) -> str:
    """One record with its crop, its fields, and the competing answers to one of them."""
    with house().database.reading() as session:
        found = reviewing.record_named(session, record)
        sight = reviewing.look_at(session, found)
        taken = review_page.taken_from(sight, request.args.getlist("take"))
        return _page(session, sight, taken=taken, editing="edit" in request.args)


@blueprint.post("/review/<record>/decide")
def decide(record: str) -> ResponseReturnValue:
    """Keeps the decision and goes to the next record; shows both versions when the record changed meanwhile."""
    action, reason = request.form.get("action", ""), storable(request.form.get("reason", ""))
    filters = review_page.filters_from(request.args)
    values: dict[str, Any] = {}
    try:
        with house().database.writing() as session:
            found = reviewing.record_named(session, record)
            if action == "amend":
                form = review_queue.form_of(session, found.project_id)
                values = _submitted(form)
                check_marks(values, form.values())
            following = review_queue.next_record(session, _institutions(), filters, found)
            reviewing.decide(
                session,
                record,
                current_person().account_id or 0,
                action,
                _number("revision"),
                values,
                reason,
                house().clock(),
            )
            name = found.item.title or found.item.identifier
    except Conflict as refusal:
        return _refused(record, action, values, refusal), 409
    except BadAnswer as problem:
        return _wrong(record, values, problem), 422
    flash(_sentence(action, name), "good")
    args = review_page.filter_args(filters)
    target = url_for("review.record", record=following, **args) if following else url_for("review.queue", **args)
    return redirect(target, 303)


def _institutions() -> tuple[int, ...] | None:
    person = current_person()
    return None if person.is_network_admin else tuple(person.roles or ())


def _number(name: str) -> int:
    """A number of the form, -1 when it is none that the database could hold."""
    number = request.form.get(name, -1, int)
    return number if 0 <= number < 2**31 else -1


def _submitted(form: Mapping[str, Field]) -> dict[str, Any]:
    """The fields that were sent, of those that the project asks for; the others stay as they are."""
    sent = {name.partition(".")[0] for name in request.form if "." in name}
    return nested(
        ((name, storable(text)) for name, text in request.form.items(multi=True)),
        [name for name in form if name in sent],
    )


def _sentence(action: str, name: str) -> str:
    match action:
        case "accept":
            return str(gettext("%(name)s is accepted.", name=name))
        case "amend":
            return str(gettext("%(name)s is kept with your values.", name=name))
        case "reject":
            return str(gettext("%(name)s is rejected and stays out of releases.", name=name))
        case _:
            return str(gettext("One more person will be asked about %(name)s.", name=name))


def _refused(record: str, action: str, values: Mapping[str, Any], refusal: Conflict) -> str:
    """The record as it is now, beside what the reviewer wanted; nothing that was typed is lost."""
    with house().database.reading() as session:
        found = reviewing.record_named(session, record)
        sight = reviewing.look_at(session, found)
        seen = version_of(session, found, _number("version"))
        wanted = values if action == "amend" else bare(seen.values) if action == "accept" and seen else {}
        return _page(
            session,
            sight,
            editing=action == "amend",
            typed=values,
            refusal=said(refusal),
            wanted=review_page.wanted_by(sight, action, wanted),
            newest=reviewing.newest_decision(session, found),
        )


def _wrong(record: str, values: Mapping[str, Any], problem: BadAnswer) -> str:
    """The form again as it was sent, with each problem beside its field."""
    problems = {one.field: said(one) for one in (problem, *problem.others)}
    with house().database.reading() as session:
        sight = reviewing.look_at(session, reviewing.record_named(session, record))
        return _page(session, sight, editing=bool(values), typed=values, problems=problems)


def _page(
    session: Session,
    sight: RecordSight,
    *,
    taken: Mapping[str, Taken] | None = None,
    editing: bool = False,
    typed: Mapping[str, Any] | None = None,
    **more: Any,
) -> str:
    found, filters = sight.record, review_page.filters_from(request.args)
    taken = taken or {}
    chosen = sight.field(request.args.get("field", "")) or sight.field(sight.weakest)
    entries = {one.field.name: one.said for one in sight.fields} | {name: one.said for name, one in taken.items()}
    entries |= typed or {}
    inputs: dict[str, str] = {}
    for one in sight.fields:
        inputs |= review_page.typed_into(one.field, entries[one.field.name])
    problems = more.get("problems", {})
    focus = next(iter(problems), "") or ("" if "refusal" in more or chosen is None else chosen.field.name)
    return render_template(
        "review/record.html",
        here="review",
        sight=sight,
        record=found,
        chosen=chosen,
        taken=taken,
        editing=editing,
        focus=focus,
        takes=[one.token for one in taken.values()],
        news=review_page.all_that_is_new(sight),
        inputs=inputs,
        hidden=review_page.form_names(taken, sight),
        readings=review_page.readings(chosen, taken) if chosen else (),
        why=review_page.why(chosen) if chosen else "",
        named=label_counts(chosen.field, chosen.evidence) if chosen and chosen.field.type == "tags" else (),
        note=review_page.publication_note(chosen.field, house().clock().date()) if chosen else "",
        differing=review_page.differing(sight.fields),
        place=_place(chosen, found),
        beside=review_queue.neighbours(session, _institutions(), filters, found),
        args=review_page.filter_args(filters),
        is_own=reviewing.has_answered(session, found, current_person().account_id or 0),
        history=reviewing.history(session, found),
        labels={one.field.name: one.field for one in sight.fields},
        reason=request.form.get("reason", ""),
        whole="page" in request.args,
        institution=found.project.collection.institution,
        **{"problems": problems, **more},
    )


def _place(chosen: FieldSight | None, found: Record) -> dict[str, Any]:
    """The views of the scan, wide and narrow, and the box of the chosen field in it."""
    scan = found.item.scan
    page = Box(0, 0, scan.width_px, scan.height_px)
    box = review_page.place_of(chosen.region) if chosen else None
    wide, narrow = (review_page.strip(box, scan, ratio) if box else page for ratio in (6.5, 2.6))
    return {"box": box, "wide": wide, "narrow": narrow, "page": page, "size": review_page.sharpness(wide, scan)}
