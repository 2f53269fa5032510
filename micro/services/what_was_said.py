"""What volunteers said of tasks, as it counts: the newest answer of every person who is not set aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.core.fields import Said
from micro.data.models import Answer, Volunteer
from micro.services.setting_aside import is_set_aside, person_id


@dataclass
class AnswersSaid:
    """What was said of one task: the answers that count, one a person, and how many people are set aside.

    ``people`` are the volunteers that stand for those who gave the answers, in the same order.
    """

    counted: list[Mapping[str, Said]] = field(default_factory=list)
    people: list[int] = field(default_factory=list)
    aside: int = 0


def what_was_said(session: Session, project_id: int, task_ids: list[int]) -> dict[int, AnswersSaid]:
    """The newest answer of every person, by task. Who answered once with an account and once without is one person."""
    rows = session.execute(
        select(Answer.task_id, person_id(), ~is_set_aside(project_id), Answer.at, Answer.assignment_id, Answer.value)
        .join(Volunteer, Volunteer.id == Answer.volunteer_id)
        .where(Answer.task_id.in_(task_ids))
        .order_by(Answer.assignment_id, Answer.number)
    )
    newest = {row.assignment_id: row for row in rows}
    by_person: dict[tuple[int, int], Any] = {}
    for row in sorted(newest.values(), key=lambda row: row[2:5]):  # The last is one that counts, if there is any.
        by_person[row[0], row[1]] = row
    said = {task_id: AnswersSaid() for task_id in task_ids}
    for (task_id, person), row in by_person.items():
        if row[2]:
            said[task_id].counted.append(row.value)
            said[task_id].people.append(person)
        else:
            said[task_id].aside += 1
    return said
