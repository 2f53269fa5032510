"""Accepting many records in one go: the same checks, locks and history as one decision each, in a few statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from micro.core.review import Standing, after_decision
from micro.core.states import TASK, check_move
from micro.data.models import Batch, BatchRecord, Decision, Item, Record, RecordVersion, Scan
from micro.errors import Conflict, MicroError, NotAllowed
from micro.services.review import holds
from micro.services.review.case import Case, go_on, hold_cases, new_version, settle_tasks
from micro.services.review.holds import Holding
from micro.services.review.order import Pace, pace_of
from micro.services.review.sight import items_answered
from micro.services.review.versions import Pair, newest_versions
from micro.services.reviewing import CHANGED, OWN_ANSWER


@dataclass(frozen=True)
class Known:
    """What the decisions need to know of all the records, which are held; each by record id or item id."""

    versions: Mapping[int, Pair]
    numbers: Mapping[int, int]
    held: Mapping[int, Holding]
    decided: set[tuple[int, int]]
    own_items: set[int]
    hidden_items: set[int]
    pace: Pace


def accept_all(session: Session, batch: Batch, rows: Sequence[BatchRecord], now: datetime) -> None:
    """Accepts the records of these rows; whatever changed since, or is not for this person to decide, is passed."""
    ids = [row.record_id for row in rows]
    cases = {case.record.id: case for case in hold_cases(session, ids, batch.account_id, "accept", now)}
    known = _known(session, batch, [case.record for case in cases.values()], now)
    made: list[tuple[BatchRecord, Case, Decision]] = []
    for row in sorted(rows, key=lambda one: cases[one.record_id].record.item_id):
        case = cases[row.record_id]
        try:
            after = _checked(batch, row, case, known)
        except MicroError as error:
            row.state, row.why = "passed", error.sentence
        else:
            made.append((row, case, _accepted(case, after, known)))
    session.flush()
    for row, _, decision in made:
        row.state, row.decision_id = "accepted", decision.id
    holds.let_go(session, *(case.record for _, case, _ in made))
    session.flush()


def _known(session: Session, batch: Batch, records: Sequence[Record], now: datetime) -> Known:
    ids, items = [record.id for record in records], [record.item_id for record in records]
    numbers = select(RecordVersion.record_id, func.max(RecordVersion.number)).where(RecordVersion.record_id.in_(ids))
    decided = select(Decision.record_id, Decision.revision).where(Decision.record_id.in_(ids))
    hidden = select(Item.id).join(Scan, Scan.id == Item.scan_id).where(Item.id.in_(items), Scan.state != "shown")
    return Known(
        versions=newest_versions(session, records),
        numbers={row[0]: row[1] for row in session.execute(numbers.group_by(RecordVersion.record_id))},
        held=holds.holdings(session, records, now),
        decided={(row[0], row[1]) for row in session.execute(decided)},
        own_items=items_answered(session, items, batch.account_id),
        hidden_items=set(session.scalars(hidden)),
        pace=pace_of(session, batch.project),
    )


def _checked(batch: Batch, row: BatchRecord, case: Case, known: Known) -> Standing:
    """Where accepting leads; raises for what a single decision would refuse, before anything is changed."""
    record = case.record
    held = known.held.get(record.id)
    if record.revision != row.revision or (record.id, record.revision) in known.decided:
        raise Conflict(CHANGED)
    if held is not None and not held.is_of(batch.account_id):
        raise Conflict("A colleague has this record open.")
    if batch.project.four_eyes:
        raise Conflict("In this project two people decide about each record, so none can be accepted together.")
    if record.item_id in known.hidden_items:
        raise Conflict("The scan has been taken down.")
    if record.item_id in known.own_items:
        raise NotAllowed(OWN_ANSWER)
    after = after_decision(record.state, "accept", None)
    if known.versions[record.id][0] is None:
        raise Conflict("Nobody has answered yet, so there is nothing to decide.")
    for task in case.tasks:
        if task.state != "done":
            check_move(TASK, task.state, "done")
    return after


def _accepted(case: Case, after: Standing, known: Known) -> Decision:
    """The version, the decision and the moves of one record; written with the others."""
    record = case.record
    current, proposed = known.versions[record.id]
    assert current is not None
    asked, revision = record.reason, record.revision
    version = new_version(case, dict(current.values), known.numbers[record.id] + 1)
    settle_tasks(case)
    record.question, record.assignee_id = "", None
    newest = (proposed or version).values
    go_on(case, after, newest, known.pace)
    decision = Decision(
        record_id=record.id,
        revision=revision,
        account_id=case.account_id,
        action="accept",
        made=version.number,
        reason="",
        at=case.now,
        asked=asked,
        before=case.before,
        fields_count=len(newest),
    )
    case.session.add(decision)
    return decision
