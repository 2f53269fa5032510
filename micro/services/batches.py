"""Records above a confidence that are accepted together, honestly: a preview, a sample that a person looks at, an undo.

The sample is drawn when the batch is confirmed, at random and without replacement, and its size is fixed then. Its
records are never accepted with the others: they come into the queue ("audit"), and each is decided by itself. What is
said of the others rests on them: batch_verdict.py. The work itself: batch_work.py.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, insert, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from micro.core.audit import BOUNDS, sample_size
from micro.core.fields import Field, Said
from micro.core.review import AUDIT, Standing
from micro.data.database import locked
from micro.data.models import (
    Answer,
    Batch,
    BatchRecord,
    Item,
    Project,
    Record,
    RecordVersion,
    Scan,
    Task,
    Volunteer,
)
from micro.errors import BadAnswer, Conflict, NotFound
from micro.services.moves import note_move
from micro.services.review import holds
from micro.services.review.filters import QueueFilters, conditions
from micro.services.review.order import Pace, pace_of, put_in_order
from micro.services.review.versions import form_of, newest_versions
from micro.services.settling import bare

MOST = 20_000
SHOWN = 12
# What nobody pointed at yet. A record that is flagged, changed, or half confirmed is never accepted with others.
CLEAR = ("", "conflict", "contentious")
STATES = ("settled", "review")


@dataclass(frozen=True)
class Shown:
    """One of the records of a preview, with what it says."""

    record: Record
    said: tuple[tuple[Field, Said], ...]


@dataclass(frozen=True)
class Preview:
    """What would be accepted: how many, by field how many say something of it and how sure the least sure is.

    ``left_out`` counts those that are as sure but not clear: flagged, in a colleague's hands, one's own. ``shown`` are
    the least sure ones. ``seen`` names exactly these records as they are now. ``samples`` are the sizes to choose from,
    by bound: those that leave something to accept.
    """

    count: int
    lowest: float
    left_out: int
    fields: tuple[tuple[Field, int, float], ...]
    shown: tuple[Shown, ...]
    seen: str
    samples: Mapping[float, int]


# --- choosing -------------------------------------------------------------------------------------------------------


def _clear(session: Session, project: Project, filters: QueueFilters, now: datetime) -> ColumnElement[bool]:
    """Which records this person may accept without looking at each."""
    me, owner = filters.account_id, aliased(Volunteer)
    own = (
        select(Task.item_id)
        .join(Answer, Answer.task_id == Task.id)
        .join(Volunteer, Volunteer.id == Answer.volunteer_id)
        .outerjoin(owner, owner.id == Volunteer.claimed_by_id)
        .where(Answer.project_id == project.id, or_(Volunteer.account_id == me, owner.account_id == me))
    )
    seen = select(Item.id).join(Scan, Scan.id == Item.scan_id)
    return and_(
        conditions(session, [project.id], filters, now).of_records([project.id]),
        Record.reason.in_(CLEAR),
        Record.current > 0,
        or_(Record.assignee_id.is_(None), Record.assignee_id == me),
        ~holds.is_held_by_others(me, now),
        Record.item_id.not_in(own),
        Record.item_id.in_(seen.where(Scan.project_id == project.id, Scan.state == "shown")),
    )


def checked_filters(filters: QueueFilters, project: Project) -> QueueFilters:
    """The queue's filters as a batch takes them: one project, settled or waiting, and a least confidence."""
    state = filters.state if filters.state in STATES else "settled"
    if filters.least is None or not 0.5 <= filters.least <= 1:
        raise BadAnswer("least", "The least confidence is between 50 and 100 percent.")
    return replace(filters, project=project.slug, state=state)


def preview(session: Session, project: Project, filters: QueueFilters, now: datetime) -> Preview:
    """What would be accepted now. Cost: reads each of the records once, up to MOST."""
    filters = checked_filters(filters, project)
    if project.four_eyes:
        raise Conflict("In this project two people decide about each record, so none can be accepted together.")
    rows = _candidates(session, project, filters, now)
    above = conditions(session, [project.id], filters, now).of_records([project.id])
    all_above = session.scalar(select(func.count()).select_from(select(Record.id).where(above).subquery())) or 0
    return Preview(
        count=len(rows),
        lowest=min((row[3] for row in rows), default=0.0),
        left_out=max(0, all_above - len(rows)),
        fields=_by_field(session, project, [row[0] for row in rows]),
        shown=_shown(session, project, sorted(rows, key=lambda row: (row[3], row[0]))[:SHOWN]),
        seen=fingerprint(rows),
        samples={bound: sample_size(bound) for bound in BOUNDS if sample_size(bound) < len(rows)},
    )


def _candidates(
    session: Session, project: Project, filters: QueueFilters, now: datetime
) -> list[tuple[int, int, int, float]]:
    """(id, revision, version, confidence) of the clear records, by id."""
    query = select(Record.id, Record.revision, Record.current, Record.confidence)
    found = session.execute(query.where(_clear(session, project, filters, now)).order_by(Record.id).limit(MOST))
    return [(row[0], row[1], row[2], row[3]) for row in found]


def fingerprint(rows: Iterable[Sequence[Any]]) -> str:
    """These records as they are now: whatever changes in any of them makes another one."""
    return hashlib.sha256(repr([tuple(row[:2]) for row in rows]).encode()).hexdigest()[:32]


def _by_field(session: Session, project: Project, ids: Sequence[int]) -> tuple[tuple[Field, int, float], ...]:
    counts: dict[str, list[float]] = {}
    for first in range(0, len(ids), 500):
        values = session.scalars(
            select(RecordVersion.values)
            .join(Record, and_(Record.id == RecordVersion.record_id, Record.current == RecordVersion.number))
            .where(Record.id.in_(ids[first : first + 500]))
        )
        for of_record in values:
            for name, entry in of_record.items():
                known = counts.setdefault(name, [0, 1.0])
                known[0], known[1] = known[0] + 1, min(known[1], entry["confidence"])
    form = form_of(session, project.id)
    return tuple((form[name], int(counts[name][0]), counts[name][1]) for name in form if name in counts)


def _shown(session: Session, project: Project, rows: Sequence[Sequence[Any]]) -> tuple[Shown, ...]:
    ids = [row[0] for row in rows]
    query = select(Record).where(Record.id.in_(ids)).options(joinedload(Record.item).joinedload(Item.scan))
    by_id = {record.id: record for record in session.scalars(query)}
    versions, form = newest_versions(session, by_id.values()), form_of(session, project.id)
    made = []
    for one in ids:
        current, _ = versions[one]
        said = bare(current.values) if current is not None else {}
        made.append(Shown(by_id[one], tuple((form[name], said[name]) for name in form if name in said)))
    return tuple(made)


# --- confirming -----------------------------------------------------------------------------------------------------


def begin(
    session: Session, project: Project, filters: QueueFilters, bound: float, seen: str, seed: str, now: datetime
) -> Batch:
    """Confirms what a preview showed and draws the sample; nothing is accepted yet.

    Conflict when any of the records changed since it was ``seen``, or when there are too few for the sample.
    """
    filters = checked_filters(filters, project)
    if project.four_eyes or bound not in BOUNDS:
        raise Conflict("This cannot be accepted together any more. Please look at it again.")
    rows = _candidates(session, project, filters, now)
    if fingerprint(rows) != seen:
        raise Conflict(
            "These records changed after you looked at them, so nothing was begun. This is how they are now."
        )
    size = sample_size(bound)
    if size >= len(rows):
        raise Conflict("There are so few that looking at each of them is the honest way.")
    batch = Batch(
        project_id=project.id,
        account_id=filters.account_id,
        least=filters.least or 0.0,
        lowest=min(row[3] for row in rows),
        size=len(rows),
        bound=bound,
        sample_size=size,
        seed=seed,
        created_at=now,
        changed_at=now,
    )
    session.add(batch)
    session.flush()
    _draw_sample(session, batch, project, rows, now)
    note_move(session, "batch", batch.id, filters.account_id, now, "", "open", f"{len(rows)} ≥ {batch.least:g}")
    session.flush()
    return batch


def _draw_sample(
    session: Session, batch: Batch, project: Project, rows: Sequence[tuple[int, int, int, float]], now: datetime
) -> None:
    """Asks about the sample, and keeps the others until it is judged."""
    drawn = set(draw([row[0] for row in rows], batch.sample_size, batch.seed))
    others = [
        {"batch_id": batch.id, "record_id": one, "revision": revision, "version": version, "state": "waiting"}
        for one, revision, version, _ in rows
        if one not in drawn
    ]
    session.execute(insert(BatchRecord), others)
    _ask_about(session, batch, project, {row[0]: row for row in rows if row[0] in drawn}, now)


def draw(ids: Sequence[int], size: int, seed: str) -> list[int]:
    """``size`` of the ids, each set of them as likely as any other, none twice; the same for the same seed."""
    return random.Random(seed).sample(sorted(ids), size)


def _ask_about(
    session: Session, batch: Batch, project: Project, drawn: Mapping[int, Sequence[Any]], now: datetime
) -> None:
    """Puts the records of the sample into the queue."""
    held = locked(select(Record).where(Record.id.in_(drawn)).order_by(Record.id))
    records = session.scalars(held.execution_options(populate_existing=True)).all()
    versions, pace = newest_versions(session, records), pace_of(session, project)
    for record in records:
        if record.revision != drawn[record.id][1]:
            raise Conflict("These records changed after you looked at them, so nothing was begun. Please look again.")
        before = {"state": record.state, "reason": record.reason}
        current, _ = versions[record.id]
        move_record(session, record, AUDIT, current.values if current else {}, batch.account_id, pace, now)
        session.add(
            BatchRecord(
                batch_id=batch.id,
                record_id=record.id,
                revision=record.revision,
                version=record.current,
                state="sample",
                before=before,
            )
        )


def move_record(
    session: Session,
    record: Record,
    to: Standing,
    values: Mapping[str, Any],
    account_id: int,
    pace: Pace,
    now: datetime,
) -> None:
    """Moves a record into the sample, or back to where it came from."""
    before = Standing(record.state, record.reason)
    note_move(session, "record", record.id, account_id, now, before.state, to.state, to.reason or "sample over")
    record.state, record.reason, record.changed_at = to.state, to.reason, now
    record.revision = record.revision + 1
    put_in_order(record, values, before, pace, now)


# --- looking --------------------------------------------------------------------------------------------------------


def batch_named(session: Session, public_id: str) -> Batch:
    """The batch at an address; NotFound otherwise."""
    query = select(Batch).where(Batch.public_id == public_id)
    found = session.scalar(query.options(joinedload(Batch.project), joinedload(Batch.account)))
    if found is None:
        raise NotFound("There is no such batch.")
    return found


def batches_of(session: Session, project: Project) -> Sequence[Batch]:
    """The project's newest batches."""
    query = select(Batch).where(Batch.project_id == project.id).options(joinedload(Batch.account))
    return session.scalars(query.order_by(Batch.id.desc()).limit(10)).all()


def counts_of(session: Session, batch: Batch) -> dict[str, int]:
    """How many records of the batch are in each state."""
    query = select(BatchRecord.state, func.count()).where(BatchRecord.batch_id == batch.id)
    found = {state: count for state, count in session.execute(query.group_by(BatchRecord.state))}
    return {state: found.get(state, 0) for state in ("sample", "waiting", "accepted", "passed", "undone", "kept")}
