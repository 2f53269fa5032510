"""What is believed of a record and what the engine proposes: its two newest versions, its form and where it is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from micro.core.fields import Field, Said
from micro.data.models import Record, RecordVersion, Region
from micro.kinds import kind_named
from micro.services.assignments import current_setup
from micro.services.settling import bare

Pair = tuple[RecordVersion | None, RecordVersion | None]


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
