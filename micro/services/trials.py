"""The trial of a project: tried out by whoever holds its link, and discarded when the project opens.

What belongs to a trial is an assignment that was lent in it, and all that rests on it. Answers that were brought in
from elsewhere, reports, scans and the form stay.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from micro.core.review import DECIDED, SPOKEN
from micro.data.database import locked
from micro.data.models import (
    Answer,
    Assignment,
    Decision,
    GoldCheck,
    ItemLesson,
    Learning,
    Lesson,
    Move,
    Project,
    Record,
    RecordHold,
    RecordVersion,
    Region,
    Scan,
    Task,
    Volunteer,
)
from micro.services.comments import forget_comments
from micro.services.moves import note_move
from micro.services.setting_aside import person_id

# The states in which an answer may be one of a trial, and those that end it for good.
BEFORE_OPENING = frozenset({"draft", "trial"})
ENDS_TRIAL = frozenset({"live", "archived"})
ITEMS_AT_ONCE = 500


@dataclass(frozen=True)
class TrialWork:
    """What a trial brought: answers, by how many people, and the records that rest on nothing else."""

    answers: int = 0
    people: int = 0
    records: int = 0

    def __str__(self) -> str:
        return f"{self.answers} answers, {self.people} people, {self.records} records"


def new_key(session: Session, project: Project, account_id: int | None, now: datetime) -> str:
    """A new key for the trial's link, which ends the one before."""
    note_move(session, "trial", project.id, account_id, now, "key" if project.trial_key else "", "key")
    project.trial_key = secrets.token_urlsafe(18)
    session.flush()
    return project.trial_key


def trial_work(session: Session, project: Project) -> TrialWork:
    """What going live or archiving would discard; nothing once the project was open."""
    if project.state not in BEFORE_OPENING:
        return TrialWork()
    answers, people = session.execute(
        select(func.count(), func.count(func.distinct(person_id())))
        .select_from(Answer)
        .join(Assignment, Assignment.id == Answer.assignment_id)
        .join(Volunteer, Volunteer.id == Answer.volunteer_id)
        .where(Assignment.project_id == project.id, Assignment.trial)
    ).one()
    items = _tried_items(session, project.id)
    stay = _answered_otherwise(session, items)
    return TrialWork(answers, people, _count_records(session, [item for item in items if item not in stay]))


def discard_trial(session: Session, project: Project, now: datetime, at_once: int = ITEMS_AT_ONCE) -> TrialWork:
    """Discards all that was given in the trial and asks its tasks anew, in this transaction; returns what it was.

    The project's row is held by the caller. Every task is held first, so that nobody lends or answers meanwhile; who
    waited for one finds the state as it is afterwards. Items with answers from elsewhere keep their record, and are
    settled again; a decision about such a record stands. A second time it changes nothing.
    """
    session.execute(locked(select(Task.id).where(Task.project_id == project.id).order_by(Task.item_id, Task.id))).all()
    work = trial_work(session, project)
    _discard_known(session, project.id)
    items = _tried_items(session, project.id)
    for start in range(0, len(items), at_once):
        _discard(session, project, items[start : start + at_once])
    if items:
        note_move(session, "trial", project.id, None, now, "given", "discarded", str(work))
    session.expire_all()  # What was loaded of all this is gone.
    return work


def _discard_known(session: Session, project_id: int) -> None:
    """Discards what was said in the trial where the answer is known: it is no part of any record."""
    tried = select(Assignment.id).where(Assignment.project_id == project_id, Assignment.trial, Assignment.gold)
    forget_comments(session, tried)
    answers = select(Answer.id).where(Answer.assignment_id.in_(tried))
    session.execute(delete(GoldCheck).where(GoldCheck.answer_id.in_(answers)))
    session.execute(delete(Answer).where(Answer.assignment_id.in_(tried)))
    session.execute(delete(Assignment).where(Assignment.id.in_(tried)))


def _tried_items(session: Session, project_id: int) -> list[int]:
    """The items of which a task was lent in the trial."""
    tried = select(Task.item_id).join(Assignment, Assignment.task_id == Task.id)
    return list(
        session.scalars(
            tried.where(Assignment.project_id == project_id, Assignment.trial, ~Assignment.gold)
            .distinct()
            .order_by(Task.item_id)
        )
    )


def _answered_otherwise(session: Session, items: Sequence[int]) -> set[int]:
    """Those of the items about which there is an answer from outside of the trial."""
    found: set[int] = set()
    for start in range(0, len(items), ITEMS_AT_ONCE):
        found |= set(
            session.scalars(
                select(Task.item_id)
                .join(Assignment, Assignment.task_id == Task.id)
                .where(Task.item_id.in_(items[start : start + ITEMS_AT_ONCE]))
                .where(Assignment.state == "answered", ~Assignment.trial, ~Assignment.gold)
            )
        )
    return found


def _count_records(session: Session, items: Sequence[int]) -> int:
    return sum(
        session.scalar(
            select(func.count()).select_from(Record).where(Record.item_id.in_(items[start : start + ITEMS_AT_ONCE]))
        )
        or 0
        for start in range(0, len(items), ITEMS_AT_ONCE)
    )


def _discard(session: Session, project: Project, items: Sequence[int]) -> None:
    tasks = session.scalars(
        select(Task).where(Task.item_id.in_(items)).order_by(Task.id).execution_options(populate_existing=True)
    ).all()
    tried = select(Assignment.id).where(Assignment.task_id.in_([task.id for task in tasks]), Assignment.trial)
    forget_comments(session, tried)
    session.execute(delete(Answer).where(Answer.assignment_id.in_(tried)))
    session.execute(delete(Assignment).where(Assignment.id.in_(tried)))
    stay = _answered_otherwise(session, items)
    _forget_records(session, [item for item in items if item not in stay])
    # What was learned from the trial is forgotten with the next full fit, which is due now.
    session.execute(update(Learning).where(Learning.project_id == project.id).values(fitted_at=None, new_answers=1))
    spoken = select(Record.item_id).where(Record.item_id.in_(stay))
    decided = set(session.scalars(spoken.where(Record.state.in_(DECIDED) | Record.reason.in_(SPOKEN))))
    answered = _answered(session, [task.id for task in tasks])
    hidden = _on_hidden_scans(session, [task.id for task in tasks])
    for task in tasks:
        _ask_anew(task, answered.get(task.id, 0), project.min_answers, task.item_id in decided)
        if task.id in hidden and task.state == "open":
            task.state = "held"
    session.flush()


def _on_hidden_scans(session: Session, task_ids: Sequence[int]) -> set[int]:
    """Those of the tasks whose scan was taken down or erased: nobody is asked about it."""
    query = select(Task.id).join(Region, Region.id == Task.region_id).join(Scan, Scan.id == Region.scan_id)
    return set(session.scalars(query.where(Task.id.in_(task_ids), Scan.state != "shown")))


def _answered(session: Session, task_ids: Sequence[int]) -> dict[int, int]:
    """How many answered each task outside of the trial."""
    found = session.execute(
        select(Assignment.task_id, func.count())
        .where(Assignment.task_id.in_(task_ids), Assignment.state == "answered", ~Assignment.trial, ~Assignment.gold)
        .group_by(Assignment.task_id)
    )
    return {task_id: count for task_id, count in found}


def _ask_anew(task: Task, answered: int, least: int, is_decided: bool) -> None:
    """The task as it was before the trial. What a person decided on other evidence stays decided."""
    task.answered, task.lent, task.unsettled = answered, 0, answered > 0
    if not is_decided:
        task.state, task.wanted, task.priority = "open", max(least, answered), 0


def _forget_records(session: Session, items: Sequence[int]) -> None:
    """Deletes the records of these items with all that is said about them.

    Their moves as well: SQLite gives the number of a deleted row to the next one, which would inherit its history.
    """
    session.execute(delete(ItemLesson).where(ItemLesson.item_id.in_(items)))
    ids = list(session.scalars(select(Record.id).where(Record.item_id.in_(items))))
    for table in (Lesson, RecordHold, Decision, RecordVersion):
        session.execute(delete(table).where(table.record_id.in_(ids)))
    session.execute(delete(Move).where(Move.subject.in_(("record", "contributors")), Move.subject_id.in_(ids)))
    session.execute(delete(Record).where(Record.id.in_(ids)))
