"""Soft locks: who has a record open, so that two people do not look at the same one. They stop nobody.

A hold is taken when a record comes on the screen, renewed while it is there, and let go by a decision or after a while.
What keeps two decisions apart is the record's revision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from micro.data.database import locked
from micro.data.models import Record, RecordHold

HOLD_S = 600


@dataclass(frozen=True)
class Holding:
    """Who holds a record, and until when."""

    account_id: int
    name: str
    until: datetime

    def is_of(self, account_id: int | None) -> bool:
        return self.account_id == account_id


def holding(session: Session, record: Record, now: datetime) -> Holding | None:
    """Who holds the record now, or None."""
    return holdings(session, [record], now).get(record.id)


def holdings(session: Session, records: Sequence[Record], now: datetime) -> dict[int, Holding]:
    """By record id: who holds it now."""
    found = session.scalars(
        select(RecordHold)
        .where(RecordHold.record_id.in_([record.id for record in records]), RecordHold.until > now)
        .options(joinedload(RecordHold.account))
    )
    return {one.record_id: Holding(one.account_id, one.account.name, one.until) for one in found}


def hold(session: Session, record: Record, account_id: int, now: datetime, *, take_over: bool = False) -> Holding:
    """Takes the record in hand, or renews it; returns who holds it afterwards: a colleague, unless ``take_over``."""
    mine = select(RecordHold).where(RecordHold.record_id == record.id)
    found = session.scalar(locked(mine).execution_options(populate_existing=True))
    until = now + timedelta(seconds=HOLD_S)
    if found is None:
        try:
            with session.begin_nested():
                session.add(RecordHold(record_id=record.id, account_id=account_id, until=until))
                session.flush()
        except IntegrityError:  # A colleague was faster by a moment.
            return hold(session, record, account_id, now, take_over=take_over)
    elif found.account_id == account_id or found.until <= now or take_over:
        found.account_id, found.until = account_id, until
        session.flush()
        session.expire(found, ["account"])
    held = holding(session, record, now)
    assert held is not None
    return held


def let_go(session: Session, *records: Record) -> None:
    """Ends whatever hold there is: the records were decided."""
    theirs = RecordHold.record_id.in_([record.id for record in records])
    session.execute(delete(RecordHold).where(theirs).execution_options(synchronize_session=False))


def is_held_by_others(account_id: int, now: datetime, record_id: Any = Record.id) -> ColumnElement[bool]:
    """For a query that has Record, or another column with its id, in it: whether a colleague has the record open."""
    return (
        select(RecordHold.record_id)
        .where(RecordHold.record_id == record_id, RecordHold.account_id != account_id, RecordHold.until > now)
        .exists()
    )
