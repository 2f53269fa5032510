"""What professionals said of a record and did not take back."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from micro.core.review import WORDS
from micro.data.models import Decision, Record


def standing_decisions(session: Session, record: Record) -> list[Decision]:
    """The decisions about a record that were not undone, newest first."""
    found = session.scalars(
        select(Decision)
        .where(Decision.record_id == record.id)
        .options(joinedload(Decision.account))
        .order_by(Decision.id.desc())
    ).all()
    undone = {(one.before or {}).get("undoes") for one in found if one.action == "undo"}
    return [one for one in found if one.action != "undo" and one.public_id not in undone]


def latest_word(session: Session, record: Record) -> Decision | None:
    """The newest decision that says what the record is, not only where it goes."""
    return next((one for one in standing_decisions(session, record) if one.action in WORDS), None)


def undoable(session: Session, account_id: int) -> Decision | None:
    """This person's newest decision, if nothing newer stands on it."""
    mine = session.scalar(
        select(Decision)
        .where(Decision.account_id == account_id)
        .options(joinedload(Decision.record).joinedload(Record.item))
        .order_by(Decision.id.desc())
        .limit(1)
    )
    if mine is None or mine.action == "undo" or mine.before is None or mine.record.revision != mine.revision + 1:
        return None
    return mine
