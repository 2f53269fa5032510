"""Correcting one's own answer: the newest counts, as long as no person has decided about the card."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.data.models import Answer, Assignment, Project, Record
from micro.errors import Conflict

# How long the workbench offers to correct the card before; “My answers” offers it for as long as it can be done.
OFFERED_FOR = timedelta(minutes=15)
DECIDED = ("decided", "rejected")


def still_correctable(session: Session, assignments: Iterable[Assignment]) -> set[int]:
    """The ids of those whose answer can still be corrected.

    Not when the project is archived or a person decided about the record, and never where the answer is known: it may
    have been told, and only the first word says how somebody reads. Nor once they have read what others say of it.
    """
    asked = [one for one in assignments if _might_be(one)]
    items = {one.task.item_id for one in asked}
    decided = set(
        session.scalars(select(Record.item_id).where(Record.item_id.in_(items), Record.state.in_(DECIDED)))
        if items
        else ()
    )
    return {one.id for one in asked if one.task.item_id not in decided}


def _might_be(assignment: Assignment) -> bool:
    was_alone = not assignment.gold and not assignment.heard
    return assignment.state == "answered" and was_alone and assignment.project.state != "archived"


def check_correctable(session: Session, assignment: Assignment) -> None:
    """Conflict, with the reason, when this answer cannot be corrected, or not any more."""
    if assignment.gold:
        raise Conflict("This card has done its work: its answer was known before. What you sent stays as it is.")
    check_unheard(assignment)
    if not still_correctable(session, [assignment]):
        raise Conflict("The museum has decided about this card meanwhile. What you sent stays as it is.")


def check_unheard(assignment: Assignment) -> None:
    """Conflict when the volunteer has read what others say of the card: it would not be their own reading any more."""
    if assignment.heard:
        raise Conflict("You have read what others say about this card. What you sent stays as it is.")


def last_answered(session: Session, project: Project, volunteer_id: int, now: datetime) -> Assignment | None:
    """The card that the volunteer sent last in this project, if that was just now."""
    newest = (
        select(Answer.assignment_id)
        .where(Answer.volunteer_id == volunteer_id, Answer.project_id == project.id)
        .where(Answer.at >= now - OFFERED_FOR)
        .order_by(Answer.id.desc())
        .limit(1)
    )
    return session.scalar(select(Assignment).where(Assignment.id == newest.scalar_subquery()))
