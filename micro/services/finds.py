"""Finds: records that were read lately, each with one field of it, for everybody to see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from micro.core.fields import Field
from micro.core.geometry import WHOLE
from micro.core.publication import public_values
from micro.core.states import PUBLIC_PROJECTS
from micro.data.models import Collection, Item, Project, Record, RecordVersion, Region, Scan
from micro.kinds import kind_named
from micro.services.assignments import current_setup

LOOKED_THROUGH = 50  # So many of the newest records are looked through for some that show a public value.
LONG_ENOUGH, SHORT_ENOUGH = 4, 90  # Texts of such a length, in characters, make the best finds.


@dataclass(frozen=True)
class ReadRecord:
    """A record that is read, for the front page: one field of it, where it stands, and what it says."""

    record: Record
    region: Region
    scan: Scan
    project: Project
    said: Mapping[str, Any]
    field: Field
    answers: int


def a_read_record(session: Session, today: date) -> ReadRecord | None:
    """The newest record that a professional decided or volunteers agree on; None while there is none.

    Its field is one that is public today, and its value as everybody may see it.
    """
    found = read_lately(session, today, None, 1)
    return found[0] if found else None


def read_lately(session: Session, today: date, since: datetime | None, most: int) -> list[ReadRecord]:
    """Records settled or decided ``since`` then (None: ever), the newest first, of as many projects as there are.

    Only of public projects and scans that are shown; only fields that are public today, as everybody may see them.
    Cost: three queries, by the index of when records changed, and one for each project among them.
    """
    ids = (
        select(Record.id)
        .join(Project, Project.id == Record.project_id)
        .where(Record.state.in_(("decided", "settled")), Project.state.in_(PUBLIC_PROJECTS))
        .order_by(Record.changed_at.desc(), Record.id.desc())
        .limit(LOOKED_THROUGH)
    )
    if since is not None:
        ids = ids.where(Record.changed_at >= since)
    newest = list(session.scalars(ids))
    shown: dict[int, ReadRecord] = {}
    fields: dict[int, dict[str, Field]] = {}
    for record, region, scan, project, version in session.execute(_pieces(newest)):
        if project.id not in fields:
            setup = current_setup(session, project.id)
            fields[project.id] = {field.name: field for field in kind_named(setup.kind).fields(setup.body)}
        found = _find(record, region, scan, project, version, fields[project.id], today)
        if found is not None and (record.id not in shown or _worth(found) > _worth(shown[record.id])):
            shown[record.id] = found
    return _spread((shown[one] for one in newest if one in shown), most)


def _pieces(record_ids: list[int]) -> Any:
    return (
        select(Record, Region, Scan, Project, RecordVersion)
        .join(Item, Item.id == Record.item_id)
        .join(Region, Region.item_id == Item.id)
        .join(Scan, Scan.id == Region.scan_id)
        .join(Project, Project.id == Record.project_id)
        .join(RecordVersion, (RecordVersion.record_id == Record.id) & (RecordVersion.number == Record.current))
        .where(Record.id.in_(record_ids), Region.name != WHOLE, Scan.state == "shown", Scan.width_px > 0)
        .options(joinedload(Record.item), joinedload(Project.collection).joinedload(Collection.institution))
        .order_by(Record.id, Region.id)
        .limit(LOOKED_THROUGH * 40)
    )


def _find(
    record: Record,
    region: Region,
    scan: Scan,
    project: Project,
    version: RecordVersion,
    fields: Mapping[str, Field],
    today: date,
) -> ReadRecord | None:
    name = region.fields[0] if region.fields else ""
    if name not in fields:
        return None
    shown = public_values(version.values, [fields[name]], today)
    if name not in shown:
        return None
    return ReadRecord(record, region, scan, project, shown[name], fields[name], record.answers_count)


def _worth(found: ReadRecord) -> tuple[bool, bool, int]:
    """A text that says something before a choice, a number or a blank; of two texts the longer, if it is short."""
    value = found.said.get("value")
    length = len(value) if isinstance(value, str) and found.field.type in ("text", "long_text") else 0
    fits = LONG_ENOUGH <= length <= SHORT_ENOUGH
    return value is not None, fits, length if fits else 0


def _spread(found: Iterable[ReadRecord], most: int) -> list[ReadRecord]:
    """One of each project first, in their order; then the others."""
    first, others, seen = list[ReadRecord](), list[ReadRecord](), set[int]()
    for one in found:
        (others if one.project.id in seen else first).append(one)
        seen.add(one.project.id)
    return [*first, *others][:most]
