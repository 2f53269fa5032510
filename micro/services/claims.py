"""Claiming: answers that were given in a browser without an account become somebody's own.

No answer is changed. The volunteer behind the cookie becomes the account's volunteer, or, when the account has one
already, says by ``claimed_by_id`` whose it is. Never by address: the visitors of a museum share one.
"""

from __future__ import annotations

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from micro.data.models import Answer, Assignment, Task, Volunteer
from micro.services.assignments import give_back, hold_task
from micro.services.credits import bring_along
from micro.services.people import hash_token
from micro.services.setting_aside import note_claim

# After so many cards without an account the offer is shown, and not after each of them.
OFFERED_AFTER = frozenset({3, 10, 30, 100, 300, 1000})


def read_in_browser(session: Session, token: str | None) -> int:
    """How many cards were read with this browser's cookie and belong to nobody yet."""
    volunteer = _of_cookie(session, token)
    return 0 if volunteer is None else cards_read(session, [volunteer.id])


def offered(session: Session, volunteer: Volunteer | None) -> int:
    """How many cards a reader without an account could keep the credit for, when it is time to offer it; else 0."""
    if volunteer is None or volunteer.account_id is not None:
        return 0
    cards = cards_read(session, [volunteer.id])
    return cards if cards in OFFERED_AFTER else 0


def cards_read(session: Session, volunteer_ids: list[int]) -> int:
    """How many tasks these volunteers answered; one that two of them answered counts once."""
    cards = select(func.count(func.distinct(Answer.task_id))).where(Answer.volunteer_id.in_(volunteer_ids))
    return session.scalar(cards) or 0


def claim(session: Session, account_id: int, token: str | None) -> int:
    """Gives what was read with this cookie to the account; returns how many cards, 0 when there is nothing to claim.

    Twice is once. Open tasks go along with their drafts, but for those that the account holds or answered itself.
    """
    theirs = _of_cookie(session, token)
    if theirs is None:
        return 0
    cards = cards_read(session, [theirs.id])
    mine = session.scalar(select(Volunteer).where(Volunteer.account_id == account_id).with_for_update())
    if mine is None:
        theirs.account_id, theirs.cookie_hash = account_id, None
    else:
        theirs.claimed_by_id, theirs.cookie_hash = mine.id, None
        _give_back_what_is_read(session, theirs, mine)
        _bring_along(session, theirs, mine)
        session.execute(update(Volunteer).where(Volunteer.claimed_by_id == theirs.id).values(claimed_by_id=mine.id))
        _settle_anew(session, theirs, mine)
        note_claim(session, theirs, mine)
        bring_along(theirs, mine)
    session.flush()
    return cards


def projects_to_settle(session: Session, account_id: int) -> list[int]:
    """The projects in which a task that the account answered waits to be settled, as after a claim."""
    mine = select(Volunteer.id).where(Volunteer.account_id == account_id).scalar_subquery()
    theirs = select(Volunteer.id).where(or_(Volunteer.id == mine, Volunteer.claimed_by_id == mine))
    read = select(Answer.task_id).where(Answer.volunteer_id.in_(theirs))
    behind = select(Task.project_id).where(Task.unsettled, Task.id.in_(read)).distinct()
    return list(session.scalars(behind.order_by(Task.project_id)))


def _of_cookie(session: Session, token: str | None) -> Volunteer | None:
    if not token:
        return None
    return session.scalar(select(Volunteer).where(Volunteer.cookie_hash == hash_token(token)).with_for_update())


def _give_back_what_is_read(session: Session, theirs: Volunteer, mine: Volunteer) -> None:
    """The account's leases of cards that were read in the browser end: nobody reads a card twice."""
    read = select(Answer.task_id).where(Answer.volunteer_id == theirs.id)
    begun = select(Assignment).where(
        Assignment.volunteer_id == mine.id, Assignment.state == "lent", Assignment.task_id.in_(read)
    )
    for assignment in session.scalars(begun.order_by(Assignment.task_id)).all():
        hold_task(session, assignment.task_id)
        session.refresh(assignment)
        if assignment.state == "lent":
            give_back(session, assignment, "released")


def _bring_along(session: Session, theirs: Volunteer, mine: Volunteer) -> None:
    """Open leases become the account's; one that the account has an assignment for already is given back."""
    known = set(session.scalars(select(Assignment.task_id).where(Assignment.volunteer_id == mine.id)))
    begun = select(Assignment).where(Assignment.volunteer_id == theirs.id, Assignment.state == "lent")
    for assignment in session.scalars(begun.order_by(Assignment.task_id)).all():
        hold_task(session, assignment.task_id)
        session.refresh(assignment)
        if assignment.state != "lent":
            continue
        if assignment.task_id in known:
            give_back(session, assignment, "released")
        else:
            assignment.volunteer_id = mine.id


def _settle_anew(session: Session, theirs: Volunteer, mine: Volunteer) -> None:
    """What both had answered is settled again: it was one person twice."""
    both = (
        select(Answer.task_id)
        .where(Answer.volunteer_id.in_((theirs.id, mine.id)))
        .group_by(Answer.task_id)
        .having(func.count(func.distinct(Answer.volunteer_id)) > 1)
    )
    session.execute(update(Task).where(Task.id.in_(both)).values(unsettled=True))
