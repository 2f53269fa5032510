"""Turns: which file of a delivery a worker takes into its hand next, so that no two read the same one.

A file in hand is in the state "working" since a time. A worker that is killed never says so: its file is free again
once it has been in hand for :data:`HELD`, and is refused after :data:`TRIES` such ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from micro.core.states import INTAKE_FILE, check_move
from micro.data.database import locked
from micro.data.models import IntakeFile
from micro.errors import BadPicture, to_translate
from micro.services.deliveries import refuse

# Longer than the slowest file takes; one that takes longer still is read twice, and taken in once all the same.
HELD = timedelta(minutes=10)
TRIES = 3


@dataclass(frozen=True)
class Waiting:
    """A file of a delivery in a worker's hand since ``claimed_at``, not looked at yet.

    ``erased`` are the hashes that its project does not take. ``has_page``: the manifest says which page it is.
    """

    id: int
    file_name: str
    storage_key: str
    erased: frozenset[str] = frozenset()
    claimed_at: datetime | None = None
    intake_id: int = 0
    has_page: bool = False


def next_file(session: Session, intake_id: int, now: datetime, erased: frozenset[str] = frozenset()) -> Waiting | None:
    """Takes into hand the next free file of the delivery, in the order of their coming; layouts after all pictures.

    A layout also waits for the pictures that others have in hand: one of them is perhaps its own. None: nothing is
    free at the moment; whoever has the last picture in hand goes on with the layouts.
    """
    other = aliased(IntakeFile)
    pictures = select(other.id).where(
        other.intake_id == intake_id, ~other.is_layout, other.state.in_(("waiting", "working"))
    )
    left_lying = and_(IntakeFile.state == "working", IntakeFile.claimed_at <= now - HELD)
    query = (
        select(IntakeFile)
        .where(IntakeFile.intake_id == intake_id, or_(IntakeFile.state == "waiting", left_lying))
        .where(or_(~IntakeFile.is_layout, ~pictures.exists()))
        .order_by(IntakeFile.is_layout, IntakeFile.id)
        .limit(1)
    )
    while (file := session.scalar(locked(query, skip=True))) is not None:
        if file.claims < TRIES:
            return _in_hand(session, file, now, erased)
        why = to_translate(
            "reading this file ended the program %(times)s times; it is perhaps too large for this machine"
        )
        refuse(file, BadPicture(why, times=TRIES))
        session.flush()
    return None


def _in_hand(session: Session, file: IntakeFile, now: datetime, erased: frozenset[str]) -> Waiting:
    check_move(INTAKE_FILE, file.state, "working")
    file.state, file.claimed_at, file.claims = "working", now, file.claims + 1
    session.flush()
    has_page = bool(file.described.get("page"))
    return Waiting(file.id, file.file_name, file.storage_key, erased, now, file.intake_id, has_page)


def give_back(session: Session, waiting: Waiting) -> None:
    """The file waits again as if it had never been in hand, unless something came of it or another has it now."""
    file = session.scalar(locked(select(IntakeFile).where(IntakeFile.id == waiting.id)))
    if file is not None and file.state == "working" and file.claimed_at == waiting.claimed_at:
        check_move(INTAKE_FILE, file.state, "waiting")
        file.state, file.claims = "waiting", file.claims - 1
        session.flush()


def comes_early(session: Session, waiting: Waiting, now: datetime) -> bool:
    """Whether an earlier picture of the delivery is still in another worker's hand: pages are counted in order."""
    earlier = select(IntakeFile.id).where(
        IntakeFile.intake_id == waiting.intake_id,
        IntakeFile.state == "working",
        IntakeFile.id < waiting.id,
        IntakeFile.claimed_at > now - HELD,
    )
    return not waiting.has_page and session.scalar(earlier.limit(1)) is not None


def free_files(session: Session, intake_id: int) -> int:
    """How many files of a delivery wait for a hand."""
    query = select(func.count()).where(IntakeFile.intake_id == intake_id, IntakeFile.state == "waiting")
    return session.scalar(query) or 0
