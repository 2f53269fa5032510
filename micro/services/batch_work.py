"""The work of a batch: accepting and taking back, some records a transaction; whatever was killed half-way goes on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from micro.core.review import AUDIT, Standing
from micro.core.states import BATCH, check_move
from micro.data.database import locked
from micro.data.models import Batch, BatchRecord, Record, Task
from micro.errors import Conflict, MicroError, NotAllowed
from micro.services import reviewing
from micro.services.batch_accepting import accept_all
from micro.services.batch_verdict import verdict_of
from micro.services.batches import move_record
from micro.services.moves import note_move
from micro.services.review.order import pace_of
from micro.services.review.versions import newest_versions

# So many records are decided, or taken back, in one transaction: on SQLite every other writer waits for it.
ACCEPTED_AT_ONCE = 50
UNDONE_AT_ONCE = 10


def accept_others(session: Session, batch: Batch, account_id: int, now: datetime) -> None:
    """Lets the job accept everything but the sample. What of the sample is not judged goes back, and then no bound is
    stated. Twice is once.
    """
    batch = _held(session, batch.id)
    _check_own(batch, account_id)
    if batch.state in ("accepting", "accepted"):
        return
    _move(session, batch, "accepting", now)
    batch.stopped = verdict_of(session, batch).judged < batch.sample_size
    _give_back_sample(session, batch, now)


def drop(session: Session, batch: Batch, account_id: int, now: datetime) -> None:
    """Gives the batch up: nothing is accepted, the sample goes back to where it came from; decisions stay."""
    batch = _held(session, batch.id)
    _check_own(batch, account_id)
    if batch.state == "dropped":
        return
    _move(session, batch, "dropped", now)
    batch.stopped = verdict_of(session, batch).judged < batch.sample_size
    _give_back_sample(session, batch, now)


def take_back(session: Session, batch: Batch, account_id: int, now: datetime) -> None:
    """Lets the job undo what was accepted, wherever nothing newer stands on it. Twice is once."""
    batch = _held(session, batch.id)
    _check_own(batch, account_id)
    if batch.state not in ("undoing", "undone"):
        _move(session, batch, "undoing", now)


def batches_behind(session: Session) -> Sequence[int]:
    """The batches with work that is not done."""
    return session.scalars(select(Batch.id).where(Batch.state.in_(("accepting", "undoing"))).order_by(Batch.id)).all()


def work_some(session: Session, batch_id: int, now: datetime, most: int | None = None) -> int | None:
    """Accepts or takes back up to ``most`` records; returns how many were looked at, None when all is done."""
    batch = _held(session, batch_id)
    if batch.state not in ("accepting", "undoing"):
        return None
    accepting = batch.state == "accepting"
    rows = session.scalars(
        select(BatchRecord)
        .where(BatchRecord.batch_id == batch.id, BatchRecord.state == ("waiting" if accepting else "accepted"))
        .options(joinedload(BatchRecord.decision), joinedload(BatchRecord.record))
        .order_by(BatchRecord.id)
        .limit(most or (ACCEPTED_AT_ONCE if accepting else UNDONE_AT_ONCE))
    ).all()
    if not rows:
        _move(session, batch, "accepted" if accepting else "undone", now)
        return None
    if accepting:
        accept_all(session, batch, rows, now)
    else:
        _undo_all(session, batch, rows, now)
    session.flush()
    return len(rows)


def _undo_all(session: Session, batch: Batch, rows: Sequence[BatchRecord], now: datetime) -> None:
    # As settling holds them, by item: who holds two records never waits for who holds the other one first.
    for row in sorted(rows, key=lambda one: one.record.item_id):
        try:
            with session.begin_nested():
                _undo(session, batch, row, now)
        except MicroError as error:
            row.state, row.why = "kept", error.sentence


def _undo(session: Session, batch: Batch, row: BatchRecord, now: datetime) -> None:
    if row.decision is None:
        raise Conflict("There is nothing to undo.")
    reviewing.undo(session, row.decision.public_id, batch.account_id, now)
    row.state = "undone"
    session.flush()


def _give_back_sample(session: Session, batch: Batch, now: datetime) -> None:
    """Records of the sample that nobody decided stand again as they did; what came meanwhile is merged anew."""
    query = select(BatchRecord).where(BatchRecord.batch_id == batch.id, BatchRecord.state == "sample")
    rows = session.scalars(query.options(joinedload(BatchRecord.record))).all()
    pace = pace_of(session, batch.project)
    for row in sorted(rows, key=lambda one: one.record.item_id):
        tasks = session.scalars(locked(select(Task).where(Task.item_id == row.record.item_id).order_by(Task.id))).all()
        held = locked(select(Record).where(Record.id == row.record_id)).execution_options(populate_existing=True)
        record = session.scalars(held).one()
        if Standing(record.state, record.reason) != AUDIT or row.before is None:
            continue
        current, proposed = newest_versions(session, [record])[record.id]
        newest = proposed or current
        back = Standing(row.before["state"], row.before["reason"])
        move_record(session, record, back, newest.values if newest else {}, batch.account_id, pace, now)
        for task in tasks:
            task.unsettled = task.unsettled or (record.proposed != row.version and task.answered > 0)
    session.flush()


def _held(session: Session, batch_id: int) -> Batch:
    query = locked(select(Batch).where(Batch.id == batch_id))
    return session.scalars(query.execution_options(populate_existing=True)).one()


def _check_own(batch: Batch, account_id: int) -> None:
    if batch.account_id != account_id:
        raise NotAllowed("Only whoever began this batch can accept it or take it back.")


def _move(session: Session, batch: Batch, to: str, now: datetime) -> None:
    check_move(BATCH, batch.state, to)
    note_move(session, "batch", batch.id, batch.account_id, now, batch.state, to, "")
    batch.state, batch.changed_at = to, now
    session.flush()
