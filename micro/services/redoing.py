"""Working undecided records out anew: after a change of the engine, or because a manager asks. Decisions stand."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.core.consensus import ENGINE
from micro.data.models import Learning, Project, Record
from micro.services.settling import ITEMS_AT_ONCE, fields_of, settle_items
from micro.services.trusting import held_learning


def projects_to_redo(session: Session) -> list[int]:
    """The projects with records by another version of the engine, and those that are half-way worked out anew."""
    known = select(Learning.project_id).where(Learning.engine == ENGINE, Learning.redone.is_(None))
    has_records = select(Record.id).where(Record.project_id == Project.id).exists()
    return list(session.scalars(select(Project.id).where(has_records, Project.id.not_in(known)).order_by(Project.id)))


def start_redoing(session: Session, project_id: int) -> None:
    """Asks for all undecided records to be worked out anew; when that is under way already, from the beginning."""
    held_learning(session, project_id).redone = 0


def redo_some(session: Session, project_id: int, now: datetime, most: int = ITEMS_AT_ONCE) -> int:
    """Works out the next undecided records; returns how many, 0 when all are done.

    Half-way killed, it goes on where it was. Nobody is asked anew: tasks that are done stay done, and a record that is
    too doubtful now waits for a professional. Twice is once, as a record of which nothing changed gets no new version.
    """
    learning = held_learning(session, project_id)
    if learning.redone is None:
        if learning.engine == ENGINE:
            return 0
        learning.redone = 0
    query = (
        select(Record.id, Record.item_id)
        .where(Record.project_id == project_id, Record.id > learning.redone)
        .where(Record.state.in_(("open", "review", "settled")), Record.reason != "evidence_changed")
        .order_by(Record.id)
        .limit(most)
    )
    found = session.execute(query).all()
    if not found:
        learning.redone, learning.engine = None, ENGINE
        return 0
    project = session.get_one(Project, project_id)
    settle_items(session, project, fields_of(session, project_id), [row.item_id for row in found], now, anew=False)
    learning.redone = found[-1].id
    session.flush()
    return len(found)
