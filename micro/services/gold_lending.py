"""Lending cards whose answer is known among the others, and checking what is said of them.

The engine reads how people did by :func:`micro.services.gold.checked_answers`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from micro.core.fields import Field
from micro.core.gold import compared, drawn, is_due
from micro.data.database import locked
from micro.data.models import Answer, Assignment, Gold, GoldCheck, Practice, Project, Region, Scan, Task, Volunteer
from micro.services.people import own_ids

CHOSEN_AMONG = 500


def gold_due(session: Session, project: Project, volunteer: Volunteer) -> Task | None:
    """The task with a known answer that this volunteer shall get now, held; None when an ordinary one is due.

    The turn is drawn from the volunteer's and the project's public ids, which nobody is told together. Never a task
    that they, or those whose answers they claimed, were lent or practised on. None as well when all are used up or the
    one that is drawn is in other hands at this instant: nobody waits for one.
    Cost: nothing without a rate; else one count by index, and one query more on one card in ``gold_every``.
    """
    if not project.gold_every:
        return None
    mine = (Assignment.volunteer_id == volunteer.id, Assignment.project_id == project.id)
    turn = session.scalar(select(func.count()).select_from(Assignment).where(*mine)) or 0
    seed = f"{volunteer.public_id}:{project.public_id}"
    if not is_due(seed, turn, project.gold_every):
        return None
    ids = _unseen(session, project, own_ids(session, volunteer))
    if not ids:
        return None
    wished = ids[drawn(f"{seed}:which", turn, len(ids))]
    query = locked(select(Task).where(Task.id == wished, Task.state != "held"), skip=True)
    task: Task | None = session.scalar(query.execution_options(populate_existing=True))
    return task


def _unseen(session: Session, project: Project, volunteer_ids: list[int]) -> list[int]:
    """The tasks with known answers that these volunteers never saw, by id."""
    lent = select(Assignment.id).where(Assignment.task_id == Task.id, Assignment.volunteer_id.in_(volunteer_ids))
    practised = session.scalars(
        select(Practice.seen).where(Practice.project_id == project.id, Practice.volunteer_id.in_(volunteer_ids))
    )
    shown = [one for seen in practised for one in seen]
    return list(
        session.scalars(
            select(Task.id)
            .join(Gold, Gold.task_id == Task.id)
            .join(Region, Region.id == Task.region_id)
            .join(Scan, Scan.id == Region.scan_id)
            .where(Gold.project_id == project.id, Gold.state == "mixed", Gold.public_id.not_in(shown))
            .where(Scan.state == "shown", ~lent.exists())
            .order_by(Task.id)
            .limit(CHOSEN_AMONG)
        )
    )


def check_answer(session: Session, answer: Answer, fields: Iterable[Field], now: datetime) -> None:
    """Writes down, field by field, whether an answer says what is known; a bare doubt is neither right nor wrong."""
    gold = session.scalar(select(Gold).where(Gold.task_id == answer.task_id))
    if gold is None:
        return
    for field in fields:
        if field.name not in gold.values or field.name not in answer.value:
            continue
        verdict = compared(field, gold.values[field.name], answer.value[field.name])
        if verdict != "unsure":
            session.add(
                GoldCheck(
                    project_id=answer.project_id,
                    gold_id=gold.id,
                    answer_id=answer.id,
                    volunteer_id=answer.volunteer_id,
                    field=field.name,
                    right=verdict == "right",
                    at=now,
                )
            )
    session.flush()
