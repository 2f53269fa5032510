"""The queue of records that a professional looks at: lowest confidence first, then oldest."""

from __future__ import annotations

from collections.abc import Collection as Some
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session, joinedload

from micro.core.fields import Field, Said
from micro.data.models import Collection, Item, Project, Record, RecordVersion, Region
from micro.errors import NotFound
from micro.kinds import kind_named
from micro.services.assignments import current_setup
from micro.services.settling import bare

ROWS_A_PAGE = 20
# Bands of confidence, 0 to 1: from and below.
BANDS: Mapping[str, tuple[float, float]] = {"low": (0.0, 0.6), "middle": (0.6, 0.9), "high": (0.9, 2.0)}
REASONS = ("conflict", "evidence_changed")
STATES = ("review", "settled", "decided", "rejected")


@dataclass(frozen=True)
class QueueFilters:
    """Which records: of one project (by slug, empty for all), in one state, for these reasons and bands (none: all)."""

    project: str = ""
    state: str = "review"
    reasons: tuple[str, ...] = ()
    bands: tuple[str, ...] = ()


@dataclass(frozen=True)
class QueueRow:
    """A record of the queue with its weakest field and, of the competing values, the two that most people gave."""

    record: Record
    field: Field | None
    region: Region | None
    competing: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class QueuePage:
    """One page of the queue. ``total`` and the counts are exact; a count says how many records a choice would show."""

    rows: tuple[QueueRow, ...]
    total: int
    page: int
    pages: int
    by_state: Mapping[str, int]
    by_reason: Mapping[str, int]
    by_band: Mapping[str, int]


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


def queue(session: Session, institution_ids: Some[int] | None, filters: QueueFilters, page: int = 1) -> QueuePage:
    """One page of the queue; NotFound for a project that is not theirs. A page beyond the last shows the last."""
    projects = _chosen(session, institution_ids, filters)
    chosen = _condition(projects, filters)
    total = session.scalar(select(func.count()).select_from(Record).where(chosen)) or 0
    pages = max(1, -(-total // ROWS_A_PAGE))
    page = min(max(1, page), pages)
    records = session.scalars(
        _in_order(select(Record).where(chosen))
        .offset((page - 1) * ROWS_A_PAGE)
        .limit(ROWS_A_PAGE)
        .options(joinedload(Record.item).joinedload(Item.scan), joinedload(Record.project))
    ).all()
    by_reason, by_band = _facets(session, projects, filters)
    return QueuePage(_rows(session, records), total, page, pages, _by_state(session, projects), by_reason, by_band)


def neighbours(
    session: Session, institution_ids: Some[int] | None, filters: QueueFilters, record: Record
) -> Neighbours:
    """What comes before and after a record in the queue, whether or not it still is in it; round at neither end."""
    chosen = _condition(_chosen(session, institution_ids, filters), filters)
    earlier, later = _before(record), _after(record)
    before = session.scalar(select(func.count()).select_from(Record).where(chosen, earlier)) or 0
    total = session.scalar(select(func.count()).select_from(Record).where(chosen)) or 0
    previous = session.scalar(
        select(Record.public_id).where(chosen, earlier).order_by(Record.confidence.desc(), Record.id.desc()).limit(1)
    )
    following = session.scalar(_in_order(select(Record.public_id).where(chosen, later)).limit(1))
    return Neighbours(before, total, previous, following)


def next_record(
    session: Session, institution_ids: Some[int] | None, filters: QueueFilters, after: Record
) -> str | None:
    """The public id of the record to look at after this one: the next in order, else the first; None if none is left.

    To be asked before ``after`` is decided: a decision changes its place.
    """
    chosen = _condition(_chosen(session, institution_ids, filters), filters)
    query = select(Record.public_id).where(chosen, Record.id != after.id)
    found: str | None = session.scalar(_in_order(query.where(_after(after))).limit(1))
    return found or session.scalar(_in_order(query).limit(1))


def _chosen(session: Session, institution_ids: Some[int] | None, filters: QueueFilters) -> list[int]:
    projects = projects_to_review(session, institution_ids)
    if not filters.project:
        return [project.id for project in projects]
    found = [project.id for project in projects if project.slug == filters.project]
    if not found:
        raise NotFound("There is no such project among yours.")
    return found


def _condition(projects: Sequence[int], filters: QueueFilters, *, without: str = "") -> ColumnElement[bool]:
    """The rows that the filters let through; ``without`` "reasons" or "bands" leaves that filter out."""
    # One project as an equation, so that the index gives the order without sorting.
    which = Record.project_id == projects[0] if len(projects) == 1 else Record.project_id.in_(projects)
    parts = [which, Record.state == filters.state]
    if filters.reasons and without != "reasons":
        parts.append(Record.reason.in_(filters.reasons))
    if filters.bands and without != "bands":
        parts.append(or_(*(_in_band(band) for band in filters.bands if band in BANDS)))
    return and_(*parts)


def _in_band(band: str) -> ColumnElement[bool]:
    least, below = BANDS[band]
    return and_(Record.confidence >= least, Record.confidence < below)


def _in_order(query: Select[Any]) -> Select[Any]:
    return query.order_by(Record.confidence, Record.id)


def _before(record: Record) -> ColumnElement[bool]:
    return or_(
        Record.confidence < record.confidence, and_(Record.confidence == record.confidence, Record.id < record.id)
    )


def _after(record: Record) -> ColumnElement[bool]:
    return or_(
        Record.confidence > record.confidence, and_(Record.confidence == record.confidence, Record.id > record.id)
    )


def _facets(session: Session, projects: Sequence[int], filters: QueueFilters) -> tuple[dict[str, int], dict[str, int]]:
    """Records by reason (under the chosen bands) and by band (under the chosen reasons)."""
    band = case(*((_in_band(name), name) for name in BANDS), else_="high")
    by_reason = select(Record.reason, func.count()).where(_condition(projects, filters, without="reasons"))
    by_band = select(band, func.count()).where(_condition(projects, filters, without="bands"))
    return (
        _counted(session, REASONS, by_reason.group_by(Record.reason)),
        _counted(session, BANDS, by_band.group_by(band)),
    )


def _by_state(session: Session, projects: Sequence[int]) -> dict[str, int]:
    by_state = select(Record.state, func.count()).where(Record.project_id.in_(projects)).group_by(Record.state)
    return _counted(session, STATES, by_state)


def _counted(session: Session, names: Iterable[str], query: Select[str, int]) -> dict[str, int]:
    found = {name: count for name, count in session.execute(query)}
    return {name: found.get(name, 0) for name in names}


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


def weakest_field(current: RecordVersion | None, proposed: RecordVersion | None, form: Mapping[str, Field]) -> str:
    """The name of the field to look at first: one where new answers contradict a decision, else the least sure one.

    Fields count in the order of the form; empty when nothing is known yet.
    """
    newest = proposed or current
    names = [name for name in form if newest is not None and name in newest.values]
    if newest is None or not names:
        return ""
    if current is not None and current.made_by == "decision":
        decided, said = bare(current.values), bare(newest.values)
        if contradicted := [name for name in names if decided.get(name) != said[name]]:
            return contradicted[0]
    return min(names, key=lambda name: newest.values[name]["confidence"])


Pair = tuple[RecordVersion | None, RecordVersion | None]


def newest_versions(session: Session, records: Iterable[Record]) -> dict[int, Pair]:
    """By record id: the version that is believed, and the engine's newest, each None where there is none yet."""
    records = list(records)
    found = session.scalars(
        select(RecordVersion)
        .join(Record, Record.id == RecordVersion.record_id)
        .where(
            Record.id.in_([record.id for record in records]),
            or_(RecordVersion.number == Record.current, RecordVersion.number == Record.proposed),
        )
    )
    by_number = {(version.record_id, version.number): version for version in found}
    return {
        record.id: (by_number.get((record.id, record.current)), by_number.get((record.id, record.proposed)))
        for record in records
    }


def field_regions(session: Session, item_ids: Sequence[int]) -> dict[int, dict[str, Region]]:
    """By item: the narrowest region in which each field is read."""
    found = session.scalars(select(Region).where(Region.item_id.in_(item_ids)).options(joinedload(Region.scan)))
    regions: dict[int, dict[str, Region]] = {}
    for region in sorted(found, key=lambda r: (-len(r.fields), r.id)):
        regions.setdefault(region.item_id, {}).update(dict.fromkeys(region.fields, region))
    return regions


def form_of(session: Session, project_id: int) -> dict[str, Field]:
    """The fields of a project's newest form, by name, in order."""
    setup = current_setup(session, project_id)
    return {field.name: field for field in kind_named(setup.kind).fields(setup.body)}


def said_of(version: RecordVersion | None, name: str) -> Said:
    """What a version says of a field; empty when it says nothing."""
    return bare(version.values).get(name, {}) if version is not None else {}
