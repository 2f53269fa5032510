"""Lending: tasks are lent to volunteers until an expiry, counted toward what is needed.

Who holds what (PostgreSQL): a lender holds their volunteer's row first, so that two tabs take one after the other.
Then everything about a task happens while its row is held: an assignment changes its state only then. Lending passes
over tasks that others hold instead of waiting, so it is never part of a circle of those who wait for each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Select, bindparam, func, or_, select, text
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from micro.core.states import ANSWERED_PROJECTS, ASSIGNMENT, check_move
from micro.data.database import locked
from micro.data.models import Assignment, Project, Report, Setup, Task, Volunteer
from micro.data.work import FREE
from micro.errors import BadAnswer, Closed, Conflict, NotFound, TooMuch
from micro.services.gold_lending import gold_due
from micro.services.people import own_ids

REPORT_LONGEST = 2000
BROUGHT_BACK_AT_ONCE = 500
# How many tasks that others hold at this instant are waited for, one after the other.
WAITS = 5
# Built once: whoever lends, answers, settles or decides asks for it.
_NEWEST_SETUP = select(Setup).where(Setup.project_id == bindparam("project")).order_by(Setup.version.desc()).limit(1)


@dataclass(frozen=True)
class LendingRule:
    """How long a task is lent, and how many one volunteer may hold at once."""

    lease_s: int
    open_leases: int


def lend_task(
    session: Session, project: Project, volunteer: Volunteer, now: datetime, rule: LendingRule, fresh: bool = False
) -> Assignment | None:
    """Lends the volunteer a task of the project, or None when nothing is left for them.

    A lease that is still out in this project is given again rather than a second one, unless ``fresh``. Never a task
    that the volunteer holds, answered or skipped; one whose lease ran out may come back. Answers in hand plus leases
    out never pass what is wanted, so nothing is asked in vain. Now and then it is one whose answer is known, as the
    project has it (gold_lending.py); when there is none to be had at once, an ordinary one.
    """
    if project.state not in ANSWERED_PROJECTS:
        raise Closed("This project takes no answers at the moment.")
    session.execute(locked(select(Volunteer.id).where(Volunteer.id == volunteer.id)))
    if not fresh and (held := held_assignment(session, project.id, volunteer.id, hold=True)) is not None:
        held.expires_at = now + timedelta(seconds=rule.lease_s)
        return held
    brought_back = bring_back(session, project.id, now)
    if open_leases(session, volunteer.id, now) >= rule.open_leases:
        raise TooMuch("You hold %(count)s tasks already. Finish or skip one first.", count=rule.open_leases)
    if (known := gold_due(session, project, volunteer)) is not None:
        return _lend(session, known, volunteer, now, rule, gold=True)
    task = _choose(session, project, volunteer, may_wait=brought_back == 0)
    return None if task is None else _lend(session, task, volunteer, now, rule)


def _choose(session: Session, project: Project, volunteer: Volunteer, may_wait: bool) -> Task | None:
    """The free task that is next for this volunteer, held; those that others are just taking are passed over.

    When others hold all of them, somebody who holds no task yet waits for one rather than being told that none is left.
    """
    query = _free_for(project, own_ids(session, volunteer))
    task = cast(Task | None, session.scalar(locked(query, skip=True).execution_options(populate_existing=True)))
    return _wait_for_one(session, query) if task is None and may_wait else task


def _free_for(project: Project, volunteer_ids: list[int]) -> Select[Any]:
    order = Task.answered.desc() if project.task_order == "finish_first" else Task.answered
    mine = select(Assignment.id).where(
        Assignment.task_id == Task.id,
        Assignment.volunteer_id.in_(volunteer_ids),
        Assignment.state.in_(("answered", "skipped", "lent")),
    )  # One that is held is not lent again, nor counted twice.
    return (
        select(Task)
        .where(Task.project_id == project.id, text(FREE))
        .where(~mine.exists())
        .order_by(Task.priority.desc(), order, Task.position, Task.id)
        .limit(1)
    )


def _wait_for_one(session: Session, query: Select[Any]) -> Task | None:
    """Waits for one task at a time; going back to the savepoint lets go of one that was taken meanwhile."""
    for _ in range(WAITS):
        wished = session.scalar(query.with_only_columns(Task.id))
        if wished is None:
            return None
        with session.begin_nested() as savepoint:
            mine = locked(query.where(Task.id == wished)).execution_options(populate_existing=True)
            task = cast(Task | None, session.scalar(mine))
            if task is not None:
                return task
            savepoint.rollback()
    return None


def hold_task(session: Session, task_id: int) -> Task:
    """The task as it is now, held from here on: what is done about one task is done one after the other."""
    return session.scalars(
        locked(select(Task).where(Task.id == task_id)).execution_options(populate_existing=True)
    ).one()


def _lend(
    session: Session, task: Task, volunteer: Volunteer, now: datetime, rule: LendingRule, gold: bool = False
) -> Assignment:
    if not gold:  # Whose answer is known takes no place among those that are wanted.
        task.lent = task.lent + 1
    expires_at, trial = now + timedelta(seconds=rule.lease_s), _is_tried_out(session, task.project_id)
    assignment = session.scalar(
        select(Assignment).where(Assignment.task_id == task.id, Assignment.volunteer_id == volunteer.id)
    )
    if assignment is None:
        assignment = Assignment(
            task=task,
            project_id=task.project_id,
            volunteer=volunteer,
            state="lent",
            lent_at=now,
            setup=current_setup(session, task.project_id),
            expires_at=expires_at,
            trial=trial,
            gold=gold,
        )
        session.add(assignment)
    else:
        check_move(ASSIGNMENT, assignment.state, "lent")
        assignment.state, assignment.lent_at, assignment.expires_at = "lent", now, expires_at
        assignment.setup, assignment.trial = current_setup(session, task.project_id), trial
        assignment.gold = gold
    session.flush()
    return assignment


def _is_tried_out(session: Session, project_id: int) -> bool:
    """Whether the project is in its trial, as it is now: while the task is held, nobody can end the trial."""
    return session.scalar(select(Project.state).where(Project.id == project_id)) == "trial"


def bring_back(session: Session, project_id: int, now: datetime) -> int:
    """Ends the leases of a project that ran out, so that their tasks are free again; returns how many."""
    ran_out = (Assignment.project_id == project_id, Assignment.state == "lent", Assignment.expires_at <= now)
    wished = session.scalars(select(Assignment.task_id).where(*ran_out).limit(BROUGHT_BACK_AT_ONCE)).all()
    if not wished:
        return 0
    tasks = {
        task.id: task
        for task in session.scalars(
            locked(select(Task).where(Task.id.in_(wished)), skip=True).execution_options(populate_existing=True)
        )
    }
    out = session.scalars(
        locked(select(Assignment).where(Assignment.task_id.in_(tasks), *ran_out), skip=True).execution_options(
            populate_existing=True
        )
    ).all()
    for assignment in out:
        set_committed_value(assignment, "task", tasks[assignment.task_id])
        give_back(session, assignment, "expired")
    return len(out)


def give_back(session: Session, assignment: Assignment, state: str) -> None:
    """Ends a lease that is out: expired, released or skipped. The task's row is held by the caller."""
    check_move(ASSIGNMENT, assignment.state, state)
    assignment.state = state
    if not assignment.gold:
        assignment.task.lent = assignment.task.lent - 1
    session.flush()


def held_assignment(session: Session, project_id: int, volunteer_id: int, hold: bool = False) -> Assignment | None:
    """The newest lease that this volunteer holds in the project, unless its task was finished without them."""
    asked = select(Task.id).where(Task.id == Assignment.task_id, Task.state == "open")
    query = (
        select(Assignment)
        .where(Assignment.volunteer_id == volunteer_id, Assignment.project_id == project_id, Assignment.state == "lent")
        .where(or_(Assignment.gold, asked.exists()))
        .order_by(Assignment.lent_at.desc(), Assignment.id.desc())
        .limit(1)
    )
    return session.scalar(locked(query).execution_options(populate_existing=True) if hold else query)


def open_leases(session: Session, volunteer_id: int, now: datetime) -> int:
    """How many tasks the volunteer holds, in all projects; leases that ran out do not count."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Assignment)
            .where(Assignment.volunteer_id == volunteer_id, Assignment.state == "lent", Assignment.expires_at > now)
        )
        or 0
    )


def current_setup(session: Session, project_id: int) -> Setup:
    """The project's newest setup; NotFound when it has none yet."""
    setup = session.scalar(_NEWEST_SETUP, {"project": project_id})
    if setup is None:
        raise NotFound("This project has no form yet.")
    return setup


def assignment_of(session: Session, public_id: str, volunteer: Volunteer | None, hold: bool = False) -> Assignment:
    """The volunteer's own assignment, its task held when ``hold``; NotFound for anybody else's."""
    mine = Assignment.public_id == public_id, Assignment.volunteer_id == (volunteer.id if volunteer else None)
    task_id = session.scalar(select(Assignment.task_id).where(*mine)) if volunteer else None
    if task_id is None:
        raise _not_lent()
    task = hold_task(session, task_id) if hold else None
    found = select(Assignment).where(*mine).execution_options(populate_existing=True)
    assignment: Assignment | None = session.scalar(found)
    if assignment is None:  # Somebody ended the trial while we waited for the task.
        raise _not_lent()
    if task is not None:
        set_committed_value(assignment, "task", task)
    return assignment


def _not_lent() -> NotFound:
    # Of a lease that went with its trial nothing is left that could tell it from somebody else's.
    return NotFound("This card is not lent to you. If you were trying the project out: its trial is over.")


def renew_lease(session: Session, assignment: Assignment, now: datetime, rule: LendingRule) -> Assignment:
    """Prolongs the lease. One that ran out is taken up again while the task is still free; Conflict otherwise.

    The task's row is held by the caller, as in all that follows.
    """
    if assignment.state == "answered":
        raise Conflict("You have answered this already.")
    if assignment.state != "lent":
        task = assignment.task
        if task.state == "held":
            raise Conflict("The museum has taken this picture down. You can still send what you have.")
        is_full = not assignment.gold and (task.state != "open" or task.answered + task.lent >= task.wanted)
        if is_full or assignment.state == "skipped":
            raise Conflict("Enough people read this meanwhile. You can still send what you have, as an extra.")
        assignment.state = "lent"
        if not assignment.gold:
            task.lent = task.lent + 1
    assignment.expires_at = now + timedelta(seconds=rule.lease_s)
    session.flush()
    return assignment


def keep_draft(
    session: Session, assignment: Assignment, draft: dict[str, Any], now: datetime, rule: LendingRule
) -> None:
    """Keeps what was typed so far, unread and unchecked, and renews the lease if it still can be."""
    if assignment.state == "answered":
        raise Conflict("You have answered this already.")
    assignment.draft, assignment.draft_at = draft, now
    if assignment.state == "lent":
        assignment.expires_at = now + timedelta(seconds=rule.lease_s)
    session.flush()


def skip_task(session: Session, assignment: Assignment) -> None:
    """Gives the task back for good: it is not offered to this volunteer again. Skipping twice changes nothing."""
    match assignment.state:
        case "lent":
            give_back(session, assignment, "skipped")
        case "answered":
            raise Conflict("You have answered this already.")
        case "expired" | "released":
            check_move(ASSIGNMENT, assignment.state, "skipped")
            assignment.state = "skipped"
            session.flush()


def report_task(session: Session, assignment: Assignment, words: str, now: datetime) -> Report:
    """Keeps a volunteer's word that something is wrong with a task."""
    words = words.strip()
    if not words:
        raise BadAnswer("words", "Tell in a few words what is wrong.")
    report = Report(
        task_id=assignment.task_id, volunteer_id=assignment.volunteer_id, words=words[:REPORT_LONGEST], at=now
    )
    session.add(report)
    session.flush()
    return report
