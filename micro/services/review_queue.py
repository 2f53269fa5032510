"""The queue of records that a professional looks at, the best use of the next minute first.

The order is stored (see review/order.py), so that an index gives it however many wait. Pages are cut by key: each
begins behind the last row of the one before, whatever was decided meanwhile (review/keyset.py). Counts are exact up to
COUNTED.
"""

from __future__ import annotations

from collections.abc import Collection as Some
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.orm import Session, joinedload

from micro.core.fields import Field
from micro.core.review import REASONS
from micro.data.models import Collection, Decision, Item, Project, Record, RecordVersion, Region
from micro.errors import NotFound
from micro.services.review import holds
from micro.services.review.filters import (
    BANDS,
    STATES,
    WHOSE,
    Conditions,
    QueueFilters,
    conditions,
    in_band,
    is_whose,
)
from micro.services.review.keyset import after_key, before_key, first_of, page_of
from micro.services.review.versions import field_regions, form_of, newest_versions, weakest_field

COUNTED = 1000
PACE_MEASURED = 50
PACE_NEEDED = 10


@dataclass(frozen=True)
class QueueRow:
    """A record of the queue with its weakest field and, of the competing values, the two that most people gave."""

    record: Record
    field: Field | None
    region: Region | None
    competing: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class QueuePage:
    """One page of the queue. A count beyond COUNTED is COUNTED + 1 and means “more than that”.

    ``earlier`` and ``later`` are the keys of the pages beside it, empty where there is none. ``usual_s`` is what a
    record takes this person, None while too few were measured.
    """

    rows: tuple[QueueRow, ...]
    total: int
    earlier: str
    later: str
    by_state: Mapping[str, int]
    by_reason: Mapping[str, int]
    by_band: Mapping[str, int]
    by_whose: Mapping[str, int]
    usual_s: float | None


@dataclass(frozen=True)
class Neighbours:
    """Where a record stands in the queue: how many come before it, of how many, and the public ids beside it."""

    before: int
    total: int
    previous: str | None
    next: str | None


def projects_to_review(session: Session, institution_ids: Some[int] | None) -> list[Project]:
    """The projects of these institutions (None: of all), newest first."""
    query = select(Project).options(joinedload(Project.collection)).order_by(Project.id.desc())
    if institution_ids is not None:
        query = query.join(Collection, Project.collection_id == Collection.id).where(
            Collection.institution_id.in_(institution_ids)
        )
    return list(session.scalars(query))


def queue(
    session: Session,
    institution_ids: Some[int] | None,
    filters: QueueFilters,
    now: datetime,
    after: str = "",
    before: str = "",
) -> QueuePage:
    """One page of the queue, behind or in front of a key; NotFound for a project that is not theirs."""
    all_ = _chosen(session, institution_ids, filters)
    chosen = conditions(session, all_, filters, now)
    waiting = _with_any(session, all_, filters.state)
    ids, earlier, later = page_of(session, chosen, waiting, after, before)
    query = select(Record).where(Record.id.in_(ids))
    found = session.scalars(
        query.options(joinedload(Record.item).joinedload(Item.scan), joinedload(Record.project), _assignee())
    )
    by_id = {record.id: record for record in found}
    return QueuePage(
        rows=_rows(session, [by_id[one] for one in ids]),
        total=_count(session, chosen, chosen.of(waiting)) if waiting else 0,
        earlier=earlier,
        later=later,
        usual_s=usual_s(session, filters.account_id),
        **_facets(session, chosen, all_, waiting, filters),
    )


def neighbours(
    session: Session, institution_ids: Some[int] | None, filters: QueueFilters, record: Record, now: datetime
) -> Neighbours:
    """What comes before and after a record in the queue, whether or not it still is in it; round at neither end.

    Records that a colleague has open are passed over.
    """
    all_ = _chosen(session, institution_ids, filters)
    chosen, waiting = conditions(session, all_, filters, now), _with_any(session, all_, filters.state)
    if not waiting:
        return Neighbours(0, 0, None, None)
    free = ~holds.is_held_by_others(filters.account_id, now, chosen.id)
    earlier, later = before_key(chosen, record.cost_s, record.id), after_key(chosen, record.cost_s, record.id)
    return Neighbours(
        _count(session, chosen, and_(chosen.of(waiting), earlier)),
        _count(session, chosen, chosen.of(waiting)),
        first_of(session, chosen, waiting, and_(earlier, free), backwards=True),
        first_of(session, chosen, waiting, and_(later, free)),
    )


def next_record(
    session: Session, institution_ids: Some[int] | None, filters: QueueFilters, after: Record, now: datetime
) -> str | None:
    """The public id of the record to look at after this one: the next in order, else the first; None if none is left.

    To be asked before ``after`` is decided: a decision changes its place. What a colleague has open is passed over.
    """
    all_ = _chosen(session, institution_ids, filters)
    chosen, waiting = conditions(session, all_, filters, now), _with_any(session, all_, filters.state)
    other = and_(chosen.id != after.id, ~holds.is_held_by_others(filters.account_id, now, chosen.id))
    found = first_of(session, chosen, waiting, and_(other, after_key(chosen, after.cost_s, after.id)))
    return found or first_of(session, chosen, waiting, other)


def usual_s(session: Session, account_id: int) -> float | None:
    """The median of what this person's newest decisions took, in seconds; None while there are too few."""
    newest = session.scalars(
        select(Decision.took_s)
        .where(Decision.account_id == account_id, Decision.took_s.is_not(None))
        .order_by(Decision.id.desc())
        .limit(PACE_MEASURED)
    ).all()
    return sorted(took or 0.0 for took in newest)[len(newest) // 2] if len(newest) >= PACE_NEEDED else None


# --- choosing -------------------------------------------------------------------------------------------------------


def _assignee() -> Any:
    return joinedload(Record.assignee)


def _chosen(session: Session, institution_ids: Some[int] | None, filters: QueueFilters) -> list[int]:
    projects = projects_to_review(session, institution_ids)
    if not filters.project:
        return [project.id for project in projects]
    found = [project.id for project in projects if project.slug == filters.project]
    if not found:
        raise NotFound("There is no such project among yours.")
    return found


def _with_any(session: Session, projects: Sequence[int], state: str) -> list[int]:
    """Those of the projects that have any record in this state: a look into the index for each."""
    has_one = exists().where(Record.project_id == Project.id, Record.state == state)
    return list(session.scalars(select(Project.id).where(Project.id.in_(projects), has_one).order_by(Project.id)))


# --- counts ---------------------------------------------------------------------------------------------------------


def _count(session: Session, chosen: Conditions, condition: ColumnElement[bool]) -> int:
    """How many records there are, COUNTED + 1 for more: reads no more of the index than that."""
    return session.scalar(_counting(chosen, condition)) or 0


def _counting(chosen: Conditions, condition: ColumnElement[bool]) -> Select[int]:
    return select(func.count()).select_from(chosen.found(condition, COUNTED + 1).subquery())


def _facets(
    session: Session, chosen: Conditions, all_: Sequence[int], waiting: Sequence[int], filters: QueueFilters
) -> dict[str, dict[str, int]]:
    """How many records each choice would show, under the other filters; all of them in one statement."""
    if not all_:
        return {
            "by_state": dict.fromkeys(STATES, 0),
            "by_reason": dict.fromkeys(REASONS, 0),
            "by_band": dict.fromkeys(BANDS, 0),
            "by_whose": dict.fromkeys(WHOSE, 0),
        }
    rows, others = chosen.rows, {name: chosen.of(all_, without=name) for name in ("reasons", "bands", "whose")}
    states = {state: chosen.everywhere(state) for state in STATES}
    mine, nobodys = (is_whose(rows, one, filters.account_id) for one in WHOSE[1:])
    asked: dict[str, dict[str, Select[int]]] = {
        "by_state": {state: _counting(found, found.of(all_)) for state, found in states.items()},
        "by_reason": {one: _counting(chosen, and_(others["reasons"], rows.reason == one)) for one in REASONS},
        "by_band": {band: _counting(chosen, and_(others["bands"], in_band(rows, band))) for band in BANDS},
        "by_whose": {
            one: _counting(chosen, and_(others["whose"], *which))
            for one, which in zip(WHOSE, ((), (mine,), (nobodys,)), strict=True)
        },
    }
    counts = [count.scalar_subquery() for choices in asked.values() for count in choices.values()]
    row = iter(session.execute(select(*counts)).one())
    return {name: {choice: next(row) for choice in choices} for name, choices in asked.items()}


# --- rows -----------------------------------------------------------------------------------------------------------


def _rows(session: Session, records: Sequence[Record]) -> tuple[QueueRow, ...]:
    versions = newest_versions(session, records)
    regions = field_regions(session, [record.item_id for record in records])
    forms = {project_id: form_of(session, project_id) for project_id in {record.project_id for record in records}}
    return tuple(
        _row(record, *versions[record.id], forms[record.project_id], regions.get(record.item_id, {}))
        for record in records
    )


def _row(
    record: Record,
    current: RecordVersion | None,
    proposed: RecordVersion | None,
    form: Mapping[str, Field],
    regions: Mapping[str, Region],
) -> QueueRow:
    name = weakest_field(current, proposed, form)
    newest = proposed or current
    evidence = newest.values[name]["evidence"] if newest is not None and name else []
    return QueueRow(record, form.get(name), regions.get(name), tuple(evidence[:2]))
