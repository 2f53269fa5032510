"""The log of states: every move is written here, in the transaction that makes it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.data.models import Move


def note_move(
    session: Session,
    subject: str,
    subject_id: int,
    account_id: int | None,
    now: datetime,
    from_state: str,
    to_state: str,
    why: str = "",
) -> None:
    """Writes down that ``subject`` moved; ``account_id`` None means that micro itself did it."""
    session.add(
        Move(
            subject=subject,
            subject_id=subject_id,
            account_id=account_id,
            at=now,
            from_state=from_state,
            to_state=to_state,
            why=why,
        )
    )


def moves_of(session: Session, subject: str, subject_id: int) -> list[Move]:
    """The moves of one thing, newest first."""
    return list(
        session.scalars(
            select(Move)
            .where(Move.subject == subject, Move.subject_id == subject_id)
            .order_by(Move.at.desc(), Move.id.desc())
        )
    )
