"""Answering: what one volunteer says is kept, once, whatever happened meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from micro.data.base import new_public_id
from micro.data.models import Answer, Assignment
from micro.errors import Closed
from micro.kinds import kind_named, narrowed
from micro.services.correcting import check_unheard
from micro.services.gold_lending import check_answer
from micro.services.setting_aside import is_aside

SUBMISSION_KEY_LENGTH = 40


@dataclass(frozen=True)
class Given:
    """An answer that was kept. ``new`` is false when the same post had come before.

    ``in_time``: enough people had not answered yet. Who is set aside is told so too, the same post again included.
    """

    answer: Answer
    new: bool
    aside: bool = False

    @property
    def in_time(self) -> bool:
        return self.aside or not self.answer.surplus


def give_answer(session: Session, assignment: Assignment, submitted: Any, submission_key: str, now: datetime) -> Given:
    """Keeps what a volunteer said for a task lent to them; the task's row is held by the caller, see assignment_of.

    Every way that things may have changed meanwhile has its answer:

    - the same post again (a double click, a retry, two at once): the first answer, ``new`` false;
    - the lease ran out, but the task is still free: it counts as if in time;
    - enough people answered, or the task is done: kept as a surplus answer, which merging still weighs;
    - the form changed: it is read by the form that was on the screen, and remembers its version;
    - another answer to the same assignment: kept as the next number, and only the newest counts; Conflict once this
      volunteer has read what others say of the card;
    - its scan was taken down: kept, and counts as if it were still shown;
    - its answer is known: kept and compared with it, and nothing else comes of it;
    - the volunteer's answers are set aside: kept as a surplus answer that does not count, without a word;
    - the project is paused or finished: kept; archived: Closed.
    """
    if assignment.project.state in ("draft", "archived"):
        raise Closed("This project is closed and takes no more answers.")
    key = "".join(sign for sign in submission_key if sign.isprintable())[:SUBMISSION_KEY_LENGTH]
    aside = is_aside(session, assignment.project_id, assignment.volunteer_id)
    if key and (before := _same_post(session, assignment, key)) is not None:
        return Given(before, new=False, aside=aside)
    setup = narrowed(assignment.setup.body, assignment.task.fields)
    value = kind_named(assignment.setup.kind).parse(submitted, setup)
    newest = newest_answer(session, assignment)
    if newest is not None and not key and newest.value == value:
        return Given(newest, new=False, aside=aside)
    if newest is not None:
        check_unheard(assignment)
    surplus = newest.surplus if newest is not None else _count_it(assignment, aside)
    answer = _keep(session, assignment, newest, value, surplus, key, now)
    if assignment.gold and answer.number == 1:  # The first word says how somebody reads; then it may have been told.
        check_answer(session, answer, kind_named(assignment.setup.kind).fields(setup), now)
    return Given(answer, new=True, aside=aside)


def _keep(
    session: Session,
    assignment: Assignment,
    newest: Answer | None,
    value: dict[str, Any],
    surplus: bool,
    key: str,
    now: datetime,
) -> Answer:
    """Adds the answer as the one after ``newest``, and marks its task to be settled unless the answer is known."""
    answer = Answer(
        assignment=assignment,
        task_id=assignment.task_id,
        project_id=assignment.project_id,
        number=1 if newest is None else newest.number + 1,
        volunteer_id=assignment.volunteer_id,
        setup_id=assignment.setup_id,
        value=value,
        surplus=surplus,
        submission_key=key or new_public_id(),
        at=now,
    )
    session.add(answer)
    if not assignment.gold:
        assignment.task.unsettled = True
    session.flush()
    return answer


def _same_post(session: Session, assignment: Assignment, key: str) -> Answer | None:
    return session.scalar(select(Answer).where(Answer.assignment_id == assignment.id, Answer.submission_key == key))


def newest_answer(session: Session, assignment: Assignment) -> Answer | None:
    """The answer that counts of one assignment."""
    return session.scalar(
        select(Answer).where(Answer.assignment_id == assignment.id).order_by(Answer.number.desc()).limit(1)
    )


def _count_it(assignment: Assignment, aside: bool) -> bool:
    """Turns the lease into an answer, which counts unless it is ``aside``; returns whether it is surplus."""
    task = assignment.task
    was_lent, asks = assignment.state == "lent", task.state in ("open", "held")
    has_room = asks and task.answered + task.lent < task.wanted
    assignment.state, assignment.draft = "answered", None
    if assignment.gold:
        return False
    task.lent = task.lent - (1 if was_lent else 0)
    if aside:
        return True
    task.answered = task.answered + 1
    return not asks or not (was_lent or has_room)


def answers_given(session: Session, volunteer_id: int) -> int:
    """How many tasks the volunteer answered."""
    tasks = select(func.count(func.distinct(Answer.assignment_id))).where(Answer.volunteer_id == volunteer_id)
    return session.scalar(tasks) or 0
