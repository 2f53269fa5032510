"""Imported answers: each becomes an assignment that was answered, an answer in it, and its volunteer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, cast, func, select
from sqlalchemy.orm import Session

from micro.core.fields import Said
from micro.core.imports import BadRow
from micro.data.base import new_public_id
from micro.data.database import locked
from micro.data.models import Answer, Assignment, Project, Task, Volunteer
from micro.errors import Conflict, NotFound, to_translate
from micro.services.cutting import hold_project

Newest = tuple[int, bool]


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """An answer that was given elsewhere. ``number`` is its row; ``task_id`` the task here.

    ``volunteer`` tells one volunteer of the project from another; ``setup_id`` is the form by which ``value`` was read.
    """

    number: int
    source_id: str
    task_id: int
    volunteer: str
    begun: datetime
    at: datetime
    value: Mapping[str, Said]
    details: Mapping[str, Any]
    setup_id: int


def known_answers(session: Session, project_id: int) -> dict[str, int]:
    """By source_id, the tasks of all answers that were imported into the project. Cost: some 150 bytes an answer."""
    found = session.execute(select(Answer.source_id, Answer.task_id).where(Answer.project_id == project_id))
    return {source_id: task_id for source_id, task_id in found if source_id is not None}


def add_answers(
    session: Session, project: Project, answers: Sequence[NewAnswer], now: datetime
) -> tuple[list[NewAnswer], list[BadRow]]:
    """Adds those of some answers that are not here, in their order, which is that of their times; returns them.

    Two by one volunteer about one task are numbered, and the later counts. Those beyond what a task wants are kept as
    surplus. Each waits to be merged. Holds the project and the tasks, as everybody does who counts answers.
    """
    hold_project(session, project)
    ids = [answer.source_id for answer in answers]
    here = select(Answer.source_id, Answer.task_id).where(Answer.project_id == project.id, Answer.source_id.in_(ids))
    new, bad = _sorted_out(answers, {str(name): task_id for name, task_id in session.execute(here)})
    adding, added = _Adding(session, project, new, now), list[NewAnswer]()
    for answer in new:
        if answer.task_id in adding.tasks:
            adding.add(answer)
            added.append(answer)
        else:
            bad.append(BadRow(answer.number, NotFound("The task that this answers is not there any more.")))
    session.flush()
    return added, bad


def _sorted_out(answers: Iterable[NewAnswer], here: Mapping[str, int]) -> tuple[list[NewAnswer], list[BadRow]]:
    """The new ones, and those that cannot be meant; the others were here already, or are twice among these rows."""
    known, new, bad = dict(here), list[NewAnswer](), list[BadRow]()
    for answer in answers:
        about = known.get(answer.source_id)
        if about is None:
            known[answer.source_id] = answer.task_id
            new.append(answer)
        elif about != answer.task_id:
            sentence = to_translate("The answer %(number)s is here already, about another task.")
            bad.append(BadRow(answer.number, Conflict(sentence, number=answer.source_id)))
    return new, bad


class _Adding:
    """One lot of answers: what all of them need, looked up at once."""

    def __init__(self, session: Session, project: Project, answers: Sequence[NewAnswer], now: datetime) -> None:
        self.session, self.project, self.now = session, project, now
        self.tasks = self._held_tasks({answer.task_id for answer in answers})
        self.volunteers = self._volunteers({answer.volunteer for answer in answers if answer.task_id in self.tasks})
        self.assignments = self._assignments()
        self.newest = self._newest()

    def _held_tasks(self, wanted: set[int]) -> dict[int, Task]:
        query = select(Task).where(Task.project_id == self.project.id, Task.id.in_(wanted)).order_by(Task.id)
        return {task.id: task for task in self.session.scalars(locked(query).execution_options(populate_existing=True))}

    def _volunteers(self, wanted: set[str]) -> dict[str, Volunteer]:
        """By source_id; those that are new here are made. Their names hold the project's, which is held."""
        found = {
            volunteer.source_id or "": volunteer
            for volunteer in self.session.scalars(select(Volunteer).where(Volunteer.source_id.in_(wanted)))
        }
        new = [Volunteer(source_id=name, created_at=self.now) for name in sorted(wanted - set(found))]
        self.session.add_all(new)
        self.session.flush()
        return found | {volunteer.source_id or "": volunteer for volunteer in new}

    def _assignments(self) -> dict[tuple[int, int], Assignment]:
        found = self.session.scalars(
            select(Assignment).where(
                Assignment.task_id.in_(self.tasks),
                Assignment.volunteer_id.in_([volunteer.id for volunteer in self.volunteers.values()]),
            )
        )
        return {(assignment.task_id, assignment.volunteer_id): assignment for assignment in found}

    def _newest(self) -> dict[tuple[int, int], Newest]:
        """The number of the newest answer of each of these assignments, and whether it was surplus."""
        pairs = {assignment.id: pair for pair, assignment in self.assignments.items()}
        found = self.session.execute(
            select(Answer.assignment_id, func.max(Answer.number), func.max(cast(Answer.surplus, Integer)))
            .where(Answer.assignment_id.in_(pairs))
            .group_by(Answer.assignment_id)
        )
        return {pairs[assignment_id]: (number, bool(surplus)) for assignment_id, number, surplus in found}

    def add(self, given: NewAnswer) -> None:
        """Adds one answer; its task counts the volunteer once, and waits to be settled."""
        task, volunteer = self.tasks[given.task_id], self.volunteers[given.volunteer]
        pair = (task.id, volunteer.id)
        number, surplus = self.newest.get(pair, (0, False))
        if pair not in self.assignments:
            self.assignments[pair] = self._assignment(task, volunteer, given)
            surplus = task.state != "open" or task.answered + task.lent >= task.wanted
            task.answered += 1
        self.newest[pair] = (number + 1, surplus)
        task.unsettled = True
        self._ask(task, given)
        self.session.add(
            Answer(
                assignment=self.assignments[pair],
                task_id=task.id,
                project_id=self.project.id,
                volunteer_id=volunteer.id,
                setup_id=given.setup_id,
                number=number + 1,
                value=dict(given.value),
                submission_key=new_public_id(),
                surplus=surplus,
                source_id=given.source_id,
                details=dict(given.details) or None,
                at=given.at,
            )
        )

    def _assignment(self, task: Task, volunteer: Volunteer, given: NewAnswer) -> Assignment:
        return Assignment(
            task_id=task.id,
            project_id=self.project.id,
            volunteer_id=volunteer.id,
            setup_id=given.setup_id,
            state="answered",
            lent_at=given.begun,
            expires_at=given.at,
        )

    def _ask(self, task: Task, given: NewAnswer) -> None:
        """What was answered was asked: fields that the form got later join those of the task and of its region."""
        more = [name for name in given.value if name not in task.fields]
        if more:
            task.fields = [*task.fields, *more]
            task.region.fields = [*task.region.fields, *more]
