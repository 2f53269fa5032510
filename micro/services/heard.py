"""What was said of tasks: the answers that count, one a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Integer, Row, Select, bindparam, select
from sqlalchemy.orm import Session

from micro.core.fields import Field, Said, parse_said
from micro.data.models import Answer, Assignment, Volunteer
from micro.errors import BadAnswer
from micro.services.setting_aside import is_set_aside, person_id


class Voice(NamedTuple):
    """One answer that counts: the volunteer who stands for the person, its own number, and what was said."""

    person: int
    answer: int
    value: Mapping[str, Said]


@dataclass
class Heard:
    """What was said of one task: the answers that count, one a person, and how many people are set aside."""

    counted: list[Voice] = field(default_factory=list)
    aside: int = 0


def answers_query(project_id: int | ColumnElement[int]) -> Select[Any]:
    """All answers of a project with who gave them; to be narrowed and ordered by whoever asks, see :func:`heard_in`."""
    return (
        select(
            Answer.task_id,
            person_id().label("person"),
            (~is_set_aside(project_id)).label("counts"),
            Answer.at,
            Answer.assignment_id,
            Answer.number,
            Answer.id,
            Answer.value,
        )
        .join(Volunteer, Volunteer.id == Answer.volunteer_id)
        .join(Assignment, Assignment.id == Answer.assignment_id)
        .where(Answer.project_id == project_id, ~Assignment.gold)  # Of these the answer was known before.
    )


def heard_in(rows: Iterable[Row[Any]]) -> dict[int, Heard]:
    """By task, the newest answer of every person. Who answered with an account and without one is one person."""
    newest: dict[int, Row[Any]] = {}
    for row in rows:
        known = newest.get(row.assignment_id)
        if known is None or known.number < row.number:
            newest[row.assignment_id] = row
    by_person: dict[tuple[int, int], Row[Any]] = {}
    for row in sorted(newest.values(), key=lambda row: (row.counts, row.at, row.assignment_id)):
        by_person[row.task_id, row.person] = row  # The last is one that counts, if there is any.
    heard: dict[int, Heard] = {}
    for (task_id, person), row in by_person.items():
        of_task = heard.setdefault(task_id, Heard())
        if row.counts:
            of_task.counted.append(Voice(person, row.id, row.value))
        else:
            of_task.aside += 1
    return heard


@cache
def _of_tasks() -> Select[Any]:
    """The answers to some tasks of a project, built once: it is asked with each decision and each lot of items."""
    project = bindparam("project", type_=Integer)
    return answers_query(project).where(Answer.task_id.in_(bindparam("tasks", expanding=True)))


def heard_of(session: Session, project_id: int, task_ids: Sequence[int]) -> dict[int, Heard]:
    """What was said of these tasks, each of which has its entry. Cost: one query."""
    found = heard_in(session.execute(_of_tasks(), {"project": project_id, "tasks": task_ids}))
    return {task_id: found.get(task_id, Heard()) for task_id in task_ids}


def fits(asked: Field, said: Said) -> bool:
    """Whether this can be said of the field: an answer to an older form, where its type was another, may not."""
    try:
        parse_said(asked, said)
    except BadAnswer:
        return False
    return True


def said_of_field(asked: Field, voices: Iterable[Voice]) -> list[tuple[int, int, Said]]:
    """Who said what of one field, with the number of the answer; what does not fit it is left out."""
    return [
        (voice.person, voice.answer, voice.value[asked.name])
        for voice in voices
        if asked.name in voice.value and fits(asked, voice.value[asked.name])
    ]
