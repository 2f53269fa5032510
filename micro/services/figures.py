"""Figures: how far projects are, and the network; and the pieces of them that pages show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session, aliased, joinedload

from micro.core.states import PUBLIC_PROJECTS
from micro.data.models import (
    Answer,
    Collection,
    Item,
    Project,
    Record,
    Region,
    Scan,
    Task,
    Volunteer,
)
from micro.services.finds import a_read_record
from micro.services.setting_aside import person_id
from micro.services.trials import BEFORE_OPENING

FIGURES_KEPT = timedelta(seconds=60)
__all__ = [
    "NetworkFigures",
    "Progress",
    "a_cut_item",
    "a_read_record",
    "cut_items",
    "network_figures",
    "network_figures_lately",
    "progress_of",
    "progress_of_all",
]


@dataclass(frozen=True)
class Progress:
    """How far a project is: tasks and how many are done, answers given and by how many volunteers, items, records."""

    tasks: int
    done: int
    answers: int
    volunteers: int
    scans: int
    waiting_for_review: int

    @property
    def share(self) -> float:
        """The done share of all tasks, 0 to 1; 0 without tasks."""
        return self.done / self.tasks if self.tasks else 0.0


def progress_of(session: Session, project_id: int) -> Progress:
    """The project's figures. Cost: a few counts by index."""
    return progress_of_all(session, [project_id])[project_id]


def progress_of_all(session: Session, project_ids: Iterable[int]) -> dict[int, Progress]:
    """The figures of some projects: one grouped count a table, however many projects there are."""
    wanted = list(project_ids)
    asked, done = func.count(case((Task.state != "held", 1))), func.count(case((Task.state == "done", 1)))
    tasks = _counts(session, wanted, Task.project_id, asked, done)
    answers = _answers_and_people(session, wanted)
    scans = _counts(session, wanted, Scan.project_id, func.count(case((Scan.state.in_(("shown", "withdrawn")), 1))))
    waiting = _counts(session, wanted, Record.project_id, func.count(), where=Record.state == "review")
    return {
        one: Progress(
            *tasks.get(one, (0, 0)), *answers.get(one, (0, 0)), *scans.get(one, (0,)), *waiting.get(one, (0,))
        )
        for one in wanted
    }


def _counts(
    session: Session, wanted: list[int], owner: Any, *counts: Any, where: ColumnElement[bool] | None = None
) -> dict[int, tuple[int, ...]]:
    """Counts of one table's rows by project; a project without a row is not in it."""
    only = () if where is None else (where,)
    found = session.execute(select(owner, *counts).where(owner.in_(wanted), *only).group_by(owner))
    return {row[0]: tuple(row[1:]) for row in found}


def _answers_and_people(session: Session, wanted: list[int]) -> dict[int, tuple[int, ...]]:
    """By project: answers, and people who gave them; one who answered with and without an account is one."""
    each = (
        select(Answer.project_id, Answer.volunteer_id, func.count().label("answers"))
        .where(Answer.project_id.in_(wanted))
        .group_by(Answer.project_id, Answer.volunteer_id)
        .subquery()
    )
    found = session.execute(
        select(each.c.project_id, func.sum(each.c.answers), func.count(func.distinct(person_id())))
        .join(Volunteer, Volunteer.id == each.c.volunteer_id)
        .group_by(each.c.project_id)
    )
    return {project_id: (int(answers), people) for project_id, answers, people in found}


@dataclass(frozen=True)
class NetworkFigures:
    """The figures of the front page."""

    answers: int
    records: int
    volunteers: int
    institutions: int


def network_figures(session: Session) -> NetworkFigures:
    """Answers, records that anyone may use, people who answered, and institutions with a public project; no trials."""
    opened = select(Project.id).where(Project.state.not_in(BEFORE_OPENING))
    each = (
        select(Answer.volunteer_id, func.count().label("answers"))
        .where(Answer.project_id.in_(opened))
        .group_by(Answer.volunteer_id)
        .subquery()
    )
    answers, volunteers = session.execute(
        select(func.coalesce(func.sum(each.c.answers), 0), func.count(func.distinct(person_id())))
        .select_from(each)
        .join(Volunteer, Volunteer.id == each.c.volunteer_id)
    ).one()
    read = select(func.count()).select_from(Record).where(Record.state.in_(("settled", "decided")))
    records = session.scalar(read.where(Record.project_id.in_(opened))) or 0
    institutions = (
        session.scalar(
            select(func.count(func.distinct(Collection.institution_id)))
            .select_from(Project)
            .join(Collection)
            .where(Project.state.in_(PUBLIC_PROJECTS))
        )
        or 0
    )
    return NetworkFigures(int(answers), records, volunteers, institutions)


_lately: dict[str, tuple[datetime, NetworkFigures]] = {}


def network_figures_lately(session: Session, address: str, now: datetime) -> NetworkFigures:
    """The figures as they were at most a minute ago: counting all answers is too much for every visit.

    Each process keeps them for itself, under the ``address`` of the database.
    """
    kept = _lately.get(address)
    if kept is None or not timedelta(0) <= now - kept[0] < FIGURES_KEPT:
        kept = _lately[address] = (now, network_figures(session))
    return kept[1]


def a_cut_item(session: Session, project_id: int) -> tuple[Item, Region] | None:
    """An item to show on the project's page, with a region that is asked: one that still needs reading comes first."""
    return cut_items(session, [project_id]).get(project_id)


def cut_items(session: Session, project_ids: Iterable[int]) -> dict[int, tuple[Item, Region]]:
    """Such an item of each of some projects, in one query; a project without a task is not in it."""
    other = aliased(Task)
    first = select(other.id).where(other.project_id == Project.id, other.state != "held")
    first_task = first.order_by(other.state.desc(), other.position, other.id).limit(1).scalar_subquery()
    found = session.execute(
        select(Project.id, Item, Region)
        .select_from(Project)
        .join(Task, Task.id == first_task)
        .join(Item, Item.id == Task.item_id)
        .join(Region, Region.id == Task.region_id)
        .join(Scan, Scan.id == Region.scan_id)
        .where(Project.id.in_(list(project_ids)), Scan.state == "shown")
        .options(joinedload(Item.scan))
    )
    return {project_id: (item, region) for project_id, item, region in found}
