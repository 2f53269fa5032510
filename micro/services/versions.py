"""The versions of records: reading them, and what one says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from micro.core.fields import Said
from micro.data.models import Record, RecordVersion

# Built once: these are asked several times with each decision and each item that is settled.
_NEWEST_NUMBER = select(func.max(RecordVersion.number)).where(RecordVersion.record_id == bindparam("record"))
_ONE = select(RecordVersion).where(
    RecordVersion.record_id == bindparam("record"), RecordVersion.number == bindparam("number")
)


def bare(values: Mapping[str, Any]) -> dict[str, Said]:
    """Only what is said of each field, without confidence and evidence: for comparing two versions."""
    return {name: {part: entry[part] for part in ("value", "mark") if part in entry} for name, entry in values.items()}


def lowest(values: Mapping[str, Any]) -> float:
    """The confidence of the weakest field, 0 to 1; 0 when there is none."""
    return min((entry["confidence"] for entry in values.values()), default=0.0)


def next_number(session: Session, record: Record) -> int:
    """The number of the record's next version."""
    return (session.scalar(_NEWEST_NUMBER, {"record": record.id}) or 0) + 1


def version_of(session: Session, record: Record, number: int) -> RecordVersion | None:
    """One version of a record, or None."""
    if not number:
        return None
    return session.scalar(_ONE, {"record": record.id, "number": number})
