"""Setting a volunteer's answers aside in a project, and counting them again. No answer is changed or removed.

Whoever is set aside is one person: the volunteer of an account with all whose answers they claimed, or one cookie.
The row stands for that person; :func:`is_set_aside` is the one place that says whose answers do not count, for
settling and for releases. Answers that come while somebody is set aside are kept like all others.

Who holds what (PostgreSQL): the volunteers' rows first, in order of their ids, as lending does; then the tasks in the
order in which settling takes them, by item and id. Settling reads who is set aside while it holds the task, and every
task that has an answer of theirs is marked in the very transaction that changes the row: none is overlooked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select, tuple_, update
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.attributes import set_committed_value

from micro.core.states import SET_ASIDE, check_move
from micro.data.database import locked
from micro.data.models import Answer, Assignment, Project, SetAside, Task, Volunteer
from micro.errors import BadAnswer, Conflict
from micro.services.assignments import give_back
from micro.services.moves import note_move

TASKS_AT_ONCE = 500
WHY_LONGEST = 500


def is_set_aside(project_id: int | ColumnElement[int]) -> ColumnElement[bool]:
    """For a query that has Volunteer in it: whether this volunteer's answers in the project do not count."""
    return (
        select(SetAside.id)
        .where(
            SetAside.project_id == project_id,
            SetAside.state == "aside",
            or_(SetAside.volunteer_id == Volunteer.id, SetAside.volunteer_id == Volunteer.claimed_by_id),
        )
        .correlate(Volunteer)
        .exists()
    )


def counted(project_id: int | ColumnElement[int]) -> ColumnElement[bool]:
    """For a query that has Volunteer in it: whether this volunteer's answers in the project count."""
    return ~is_set_aside(project_id)


def person_id() -> ColumnElement[int]:
    """For a query that has Volunteer in it: the volunteer that stands for the person, who may have claimed this one."""
    return func.coalesce(Volunteer.claimed_by_id, Volunteer.id)


def order_of_answers() -> list[ColumnElement[Any]]:
    """Of one person's answers to one task: the order that settling sees, the last is the one that counts.

    The newest of each assignment come after those that it corrected: who claimed answers may have two assignments.
    """
    newer = aliased(Answer)
    corrected = select(newer.id).where(newer.assignment_id == Answer.assignment_id, newer.number > Answer.number)
    last: list[Any] = [case((corrected.exists(), 0), else_=1), Answer.at, Answer.assignment_id, Answer.number]
    return last


def place_from_last() -> ColumnElement[int]:
    """For a query that has Answer and Volunteer in it: 1 for the answer of a person to a task that counts, 2 before."""
    backwards = [column.desc() for column in order_of_answers()]
    return func.row_number().over(partition_by=(Answer.task_id, person_id()), order_by=backwards)


def is_aside(session: Session, project_id: int, volunteer_id: int) -> bool:
    """Whether what this volunteer says in the project does not count at the moment."""
    found = select(Volunteer.id).where(Volunteer.id == volunteer_id, is_set_aside(project_id))
    return session.scalar(found) is not None


def family(session: Session, volunteer: Volunteer) -> list[int]:
    """The ids of all volunteers that are the same person, whoever of them is asked about."""
    head = volunteer.claimed_by_id or volunteer.id
    return sorted(
        session.scalars(select(Volunteer.id).where((Volunteer.id == head) | (Volunteer.claimed_by_id == head)))
    )


def set_aside(
    session: Session, project: Project, volunteer: Volunteer, account_id: int | None, why: str, now: datetime
) -> int:
    """Leaves this person's answers in the project out of all that follows; returns how many tasks are settled anew.

    Their leases end. What people decided stands. Twice is a Conflict; BadAnswer("why") without a reason. The tasks
    wait for the settling job. Cost: two statements for each 500 tasks.
    """
    reason = _reason(why)
    people = _held(session, volunteer)
    row = _row(session, project, volunteer, now)
    if row.state == "aside":
        raise Conflict("These answers are set aside already.")
    _move(session, row, "aside", account_id, reason, now)
    return _settle_anew(session, project.id, people, ends_leases=True)


def count_again(
    session: Session, project: Project, volunteer: Volunteer, account_id: int | None, why: str, now: datetime
) -> int:
    """Counts this person's answers in the project again; returns how many tasks are settled anew.

    Those that were given meanwhile count too. Conflict when nothing is set aside.
    """
    people = _held(session, volunteer)
    aside = session.scalars(
        select(SetAside).where(
            SetAside.project_id == project.id, SetAside.volunteer_id.in_(people), SetAside.state == "aside"
        )
    ).all()
    if not aside:
        raise Conflict("These answers are counted already.")
    for row in aside:
        _move(session, row, "restored", account_id, why.strip()[:WHY_LONGEST], now)
    return _settle_anew(session, project.id, people, ends_leases=False)


def note_claim(session: Session, claimed: Volunteer, owner: Volunteer) -> None:
    """To be called when ``owner`` claims the answers of ``claimed``: where they are set aside, those are too."""
    here = select(SetAside.project_id).where(SetAside.volunteer_id == owner.id, SetAside.state == "aside")
    for project_id in session.scalars(here.order_by(SetAside.project_id)).all():
        _settle_anew(session, project_id, [claimed.id], ends_leases=False)


def projects_read(session: Session, volunteer: Volunteer) -> list[Project]:
    """The projects in which this person has an answer or a task, by id."""
    theirs = select(Assignment.project_id).where(Assignment.volunteer_id.in_(family(session, volunteer)))
    return list(session.scalars(select(Project).where(Project.id.in_(theirs)).order_by(Project.id)))


def waiting(session: Session, project_id: int, volunteer: Volunteer | None = None) -> int:
    """How many tasks of the project wait to be settled; with a volunteer: of those that they answered."""
    query = select(func.count()).select_from(Task).where(Task.project_id == project_id, Task.unsettled)
    if volunteer is not None:
        query = query.where(Task.id.in_(_tasks_of(project_id, family(session, volunteer))))
    return session.scalar(query) or 0


def _reason(why: str) -> str:
    if not why.strip():
        raise BadAnswer("why", "Say in a few words why these answers shall not count.")
    return why.strip()[:WHY_LONGEST]


def _held(session: Session, volunteer: Volunteer) -> list[int]:
    """Holds the rows of all volunteers that are this person; returns their ids in order."""
    people = family(session, volunteer)
    session.execute(locked(select(Volunteer.id).where(Volunteer.id.in_(people)).order_by(Volunteer.id)))
    session.refresh(volunteer)  # Somebody may have claimed these answers while we waited.
    return family(session, volunteer)


def _row(session: Session, project: Project, volunteer: Volunteer, now: datetime) -> SetAside:
    """The person's row, read anew; made when there is none. The unique key decides when two make one at once."""
    head = volunteer.claimed_by_id or volunteer.id
    found = select(SetAside).where(SetAside.project_id == project.id, SetAside.volunteer_id == head)
    row = session.scalar(locked(found).execution_options(populate_existing=True))
    if row is None:  # Whoever makes one holds the volunteer's row, so nobody else does at this moment.
        row = SetAside(project_id=project.id, volunteer_id=head, state="restored", changed_at=now)
        session.add(row)
        session.flush()
    return row


def _move(session: Session, row: SetAside, state: str, account_id: int | None, why: str, now: datetime) -> None:
    check_move(SET_ASIDE, row.state, state)
    note_move(session, "set_aside", row.id, account_id, now, row.state, state, why)
    row.state, row.changed_at = state, now
    session.flush()


def _tasks_of(project_id: int, volunteer_ids: Sequence[int], *states: str) -> Select[int]:
    return select(Assignment.task_id).where(
        Assignment.volunteer_id.in_(volunteer_ids),
        Assignment.project_id == project_id,
        Assignment.state.in_(states or ("answered",)),
        ~Assignment.gold | (Assignment.state == "lent"),  # Of a known answer nothing is settled.
    )


def _settle_anew(session: Session, project_id: int, volunteer_ids: Sequence[int], ends_leases: bool) -> int:
    """Marks every task that these people answered, and gives back what they hold; returns how many are marked.

    Some hundred tasks at a time, in the order of settling. What they still type can be sent, and is kept.
    """
    theirs = _tasks_of(project_id, volunteer_ids, *(("answered", "lent") if ends_leases else ("answered",)))
    query = select(Task).where(Task.id.in_(theirs)).order_by(Task.item_id, Task.id).limit(TASKS_AT_ONCE)
    marked, last = 0, (0, 0)
    while True:
        some = locked(query.where(tuple_(Task.item_id, Task.id) > last)).execution_options(populate_existing=True)
        tasks = {task.id: task for task in session.scalars(some)}
        if not tasks:
            return marked
        newest = list(tasks.values())[-1]
        marked, last = marked + _mark(session, tasks, volunteer_ids, ends_leases), (newest.item_id, newest.id)


def _mark(session: Session, tasks: Mapping[int, Task], volunteer_ids: Sequence[int], ends_leases: bool) -> int:
    """For tasks that are held: those that were answered shall be settled, those that are lent may be given back."""
    theirs = select(Assignment).where(Assignment.task_id.in_(tasks), Assignment.volunteer_id.in_(volunteer_ids))
    known = theirs.where(Assignment.state.in_(("answered", "lent"))).execution_options(populate_existing=True)
    answered = set[int]()
    for assignment in session.scalars(known).all():
        if assignment.state == "answered" and not assignment.gold:
            answered.add(assignment.task_id)
        elif assignment.state == "lent" and ends_leases:
            set_committed_value(assignment, "task", tasks[assignment.task_id])
            give_back(session, assignment, "released")
    session.execute(update(Task).where(Task.id.in_(answered)).values(unsettled=True))
    return len(answered)
