"""What the test of outliving looks at after each step: a record with its counts in one cheap statement, built once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, func, select

from micro.core.fields import Said
from micro.data.models import Decision, Move, Record, RecordVersion
from micro.house import House
from micro.services.versions import bare

LOOK = (
    select(
        Record.id,
        Record.public_id,
        Record.state,
        Record.reason,
        Record.current,
        Record.proposed,
        Record.revision,
        RecordVersion.made_by,
        RecordVersion.values.label("said"),
        select(func.count()).where(RecordVersion.record_id == Record.id).correlate(Record).scalar_subquery(),
        select(func.count()).where(Decision.record_id == Record.id).correlate(Record).scalar_subquery(),
    )
    .outerjoin(RecordVersion, and_(RecordVersion.record_id == Record.id, RecordVersion.number == Record.current))
    .where(Record.item_id == bindparam("item"))
)
VERSIONS = (
    select(RecordVersion.number, RecordVersion.values)
    .where(RecordVersion.record_id == bindparam("record"), RecordVersion.number > bindparam("after"))
    .order_by(RecordVersion.number)
)
MOVES = (
    select(Move.from_state, Move.to_state)
    .where(Move.subject == "record", Move.subject_id == bindparam("record"))
    .order_by(Move.id)
)


@dataclass(frozen=True)
class Sight:
    """A record as it stands: what its current version says and who made it; how many versions and decisions it has."""

    record_id: int
    public_id: str
    state: str
    reason: str
    current: int
    proposed: int
    revision: int
    made_by: str
    said: Mapping[str, Said]
    versions: int
    decisions: int


def seen_now(house: House, item_id: int) -> Sight:
    """The record of an item, as it is in the database."""
    *plain, said, versions, decisions = _rows(house, LOOK, item=item_id)[0]
    return Sight(*plain, bare(said or {}), versions, decisions)


def versions_after(house: House, record_id: int, after: int) -> dict[int, Any]:
    """What the versions say whose numbers are greater, by number."""
    return {number: bare(values) for number, values in _rows(house, VERSIONS, record=record_id, after=after)}


def moves_of(house: House, record_id: int) -> list[tuple[str, str]]:
    """From where to where the record moved, the oldest first."""
    return [(row[0], row[1]) for row in _rows(house, MOVES, record=record_id)]


def _rows(house: House, query: Select[Any], **given: int) -> Sequence[Row[Any]]:
    with house.database.engine.connect() as connection:
        return connection.execute(query, given).all()
