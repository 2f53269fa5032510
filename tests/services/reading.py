"""Volunteers who read cards, for the tests of settling and reviewing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.data.models import Account, Answer, Assignment, Item, Project, Record, Task
from micro.house import House
from micro.services import people, settling
from micro.services.answers import give_answer
from micro.services.assignments import current_setup
from micro.services.reviewing import decide
from tests.cast import Cast, add_cards, good_answer

GOLD = {"material": {"value": "gold"}}


def tasks_of(session: Session, item: Item) -> list[Task]:
    """The tasks of an item, as they are in the database."""
    return list(
        session.scalars(
            select(Task).where(Task.item_id == item.id).order_by(Task.id).execution_options(populate_existing=True)
        )
    )


def read(session: Session, house: House, task: Task, who: str | Account, **changed: Any) -> Answer:
    """``who`` (a cookie, or an account) says good_answer(**changed) of the task, lent or not."""
    now = house.clock()
    volunteer = (
        people.volunteer_of_account(session, who.id, now)
        if isinstance(who, Account)
        else people.volunteer_of_cookie(session, who, now)
    )
    assignment = session.scalar(
        select(Assignment).where(Assignment.task_id == task.id, Assignment.volunteer_id == volunteer.id)
    )
    if assignment is None:
        setup = current_setup(session, task.project_id)
        assignment = Assignment(
            task=task,
            project_id=task.project_id,
            volunteer=volunteer,
            state="lent",
            lent_at=now,
            setup_id=setup.id,
            expires_at=now + timedelta(hours=1),
        )
        task.lent = task.lent + 1
        session.add(assignment)
        session.flush()
    said = {name: value for name, value in good_answer(**changed).items() if name in task.fields}
    return give_answer(session, assignment, said, "", now).answer


def settle(session: Session, house: House, project: Project) -> int:
    """Settles all that is behind; returns how many items."""
    return settling.settle_some(session, project.id, house.clock(), most=1000)


def card(session: Session, house: House, project: Project) -> Item:
    """The item of one new card. Once per project."""
    add_cards(session, house, project, 1)
    return session.scalars(select(Item).where(Item.project_id == project.id)).one()


def record_of(session: Session, item: Item) -> Record:
    return session.scalars(
        select(Record).where(Record.item_id == item.id).execution_options(populate_existing=True)
    ).one()


def disputed(session: Session, house: House, cast: Cast, project: Project | None = None) -> Record:
    """The record of a card about whose material two and two people differ: it is in review."""
    item = card(session, house, project or session.merge(cast.project))
    for who, changed in (("one", {}), ("two", GOLD), ("three", {}), ("four", GOLD)):
        read(session, house, tasks_of(session, item)[0], who, **changed)
    settle(session, house, item.project)
    record = record_of(session, item)
    assert (record.state, record.reason) == ("review", "conflict")
    return record


def agreed(session: Session, house: House, cast: Cast) -> Record:
    """The record of a card that two people read alike: it is settled."""
    item = card(session, house, session.merge(cast.project))
    for who in ("one", "two"):
        read(session, house, tasks_of(session, item)[0], who)
    settle(session, house, item.project)
    record = record_of(session, item)
    assert record.state == "settled"
    return record


def decided(session: Session, house: House, record: Record, who: Account, action: str = "accept", **more: Any) -> Any:
    """A decision on what is there now; returns it."""
    wish = {"values": None, "reason": "", **more}
    return decide(session, record.public_id, who.id, action, record.revision, now=house.clock(), **wish)
