"""Who answered a project, for its managers: by an opaque name, with figures that tell a careful reader from a vandal.

No name and no address of anybody is here: to judge answers a manager needs neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import Session, joinedload

from micro.core.fields import Field, Said
from micro.core.judging import compare
from micro.data.models import (
    Account,
    Answer,
    Assignment,
    Item,
    Move,
    Project,
    Record,
    RecordVersion,
    SetAside,
    Task,
    Volunteer,
)
from micro.errors import NotFound
from micro.services.review.versions import form_of
from micro.services.setting_aside import is_set_aside, person_id, place_from_last
from micro.services.settling import bare

ROWS_A_PAGE = 50
ANSWERS_A_PAGE = 20
# Agreement is measured on so many of somebody's newest answers: enough to tell, and quick for everybody on a page.
MEASURED = 40
SHORT_NAME = 6
SORTS = ("answers", "newest", "oldest", "skipped", "id")


@dataclass(frozen=True)
class Agreement:
    """How often somebody says what the record says: ``same`` of ``compared`` fields. Open records are left out."""

    same: int = 0
    compared: int = 0

    @property
    def share(self) -> float:
        """0 to 1; 0 when nothing could be compared."""
        return self.same / self.compared if self.compared else 0.0


@dataclass(frozen=True)
class Contributor:
    """A person in one project, by the volunteer that stands for them.

    ``first`` and ``last`` are the times of their first and newest answer.
    """

    volunteer: Volunteer
    answers: int
    first: datetime
    last: datetime
    skipped: int
    is_aside: bool
    agreement: Agreement

    @property
    def name(self) -> str:
        return short_name(self.volunteer)


@dataclass(frozen=True)
class ContributorPage:
    """One page; ``total`` counts all pages, ``aside`` those of the whole project who are set aside."""

    rows: tuple[Contributor, ...]
    total: int
    page: int
    pages: int
    aside: int


@dataclass(frozen=True)
class GivenAnswer:
    """One answer beside what its record says; ``differs`` names the fields that the two do not agree in."""

    answer: Answer
    item: Item
    record: Record | None
    fields: tuple[Field, ...]
    believed: Mapping[str, Said]
    differs: frozenset[str]


def short_name(volunteer: Volunteer) -> str:
    """What managers call a volunteer: the first signs of the public id."""
    return volunteer.public_id[:SHORT_NAME]


def contributors(
    session: Session, project: Project, page: int = 1, sort: str = "answers", search: str = "", aside_only: bool = False
) -> ContributorPage:
    """One page of those who answered; a page that is not there becomes the nearest one that is.

    ``search`` is the beginning of a public id. Cost: one grouped count over the project's assignments and answers.
    """
    figures = _figures(project.id).subquery()
    query = select(Volunteer, figures).join(figures, figures.c.person_id == Volunteer.id)
    if wished := "".join(sign for sign in search.lower() if sign.isalnum()):
        query = query.where(Volunteer.public_id.startswith(wished, autoescape=True))
    aside = is_set_aside(project.id)
    total_aside = session.scalar(select(func.count()).select_from(query.where(aside).subquery())) or 0
    if aside_only:
        query = query.where(aside)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    pages = max(1, -(-total // ROWS_A_PAGE))
    page = min(max(1, page), pages)
    found = session.execute(
        query.add_columns(aside.label("is_aside"))
        .order_by(*_order(sort, figures.c))
        .limit(ROWS_A_PAGE)
        .offset((page - 1) * ROWS_A_PAGE)
    ).all()
    agreement = agreements(session, project, [row.Volunteer.id for row in found])
    rows = tuple(
        Contributor(
            row.Volunteer, row.answers, row.first, row.last, row.skipped, row.is_aside, agreement[row.Volunteer.id]
        )
        for row in found
    )
    return ContributorPage(rows, total, page, pages, total_aside)


def contributor_named(session: Session, project: Project, public_id: str) -> Contributor:
    """One of those who answered the project; NotFound for anybody else, who may well have answered another one."""
    figures = _figures(project.id).subquery()
    row = session.execute(
        select(Volunteer, figures, is_set_aside(project.id).label("is_aside"))
        .join(figures, figures.c.person_id == Volunteer.id)
        .where(Volunteer.public_id == public_id)
    ).first()
    if row is None:
        raise NotFound("Nobody of this name has answered in this project.")
    measured = agreements(session, project, [row.Volunteer.id])[row.Volunteer.id]
    return Contributor(row.Volunteer, row.answers, row.first, row.last, row.skipped, row.is_aside, measured)


def _figures(project_id: int) -> Select[Any]:
    """By person: tasks answered and skipped, first and newest answer; those who never answered are left out."""
    tasks = (
        select(
            person_id().label("person_id"),
            func.count(func.distinct(case((Assignment.state == "answered", Assignment.task_id)))).label("answers"),
            func.count(func.distinct(case((Assignment.state == "skipped", Assignment.task_id)))).label("skipped"),
        )
        .join(Volunteer, Volunteer.id == Assignment.volunteer_id)
        .where(Assignment.project_id == project_id)
        .group_by(person_id())
        .subquery()
    )
    times = (
        select(person_id().label("person_id"), func.min(Answer.at).label("first"), func.max(Answer.at).label("last"))
        .join(Volunteer, Volunteer.id == Answer.volunteer_id)
        .where(Answer.project_id == project_id)
        .group_by(person_id())
        .subquery()
    )
    return select(tasks, times.c.first, times.c.last).join(times, times.c.person_id == tasks.c.person_id)


def _order(sort: str, figures: Any) -> tuple[Any, ...]:
    match sort:
        case "newest":
            return figures.last.desc(), Volunteer.id
        case "oldest":
            return figures.first, Volunteer.id
        case "skipped":
            return figures.skipped.desc(), Volunteer.id
        case "id":
            return (Volunteer.public_id,)
        case _:
            return figures.answers.desc(), Volunteer.id


def agreements(session: Session, project: Project, volunteer_ids: Sequence[int]) -> dict[int, Agreement]:
    """How far each of these agrees with the records, measured on their newest answers. Cost: one query."""
    form = form_of(session, project.id)
    same, compared = dict.fromkeys(volunteer_ids, 0), dict.fromkeys(volunteer_ids, 0)
    place = func.row_number().over(partition_by=person_id(), order_by=Answer.id.desc()).label("place")
    newest = (
        select(Answer.id, person_id().label("person_id"), place)
        .join(Volunteer, Volunteer.id == Answer.volunteer_id)
        .where(Answer.id.in_(_standing(project.id, volunteer_ids)))
        .subquery()
    )
    rows = session.execute(
        select(newest.c.person_id, Answer.value, RecordVersion.values)
        .select_from(Answer)
        .join(newest, newest.c.id == Answer.id)
        .join(Task, Task.id == Answer.task_id)
        .join(Record, Record.item_id == Task.item_id)
        .join(RecordVersion, (RecordVersion.record_id == Record.id) & (RecordVersion.number == Record.current))
        .where(newest.c.place <= MEASURED, Record.state.in_(("settled", "decided")))
    )
    for volunteer_id, value, values in rows:
        known = compare(form, value, bare(values))
        compared[volunteer_id] += len(known)
        same[volunteer_id] += sum(known.values())
    return {volunteer_id: Agreement(same[volunteer_id], compared[volunteer_id]) for volunteer_id in volunteer_ids}


def _standing(project_id: int, person_ids: Sequence[int]) -> Select[int]:
    """The newest answer of each of these people to each task of the project."""
    each = (
        select(Answer.id, place_from_last().label("back"))
        .join(Volunteer, Volunteer.id == Answer.volunteer_id)
        .where(Answer.project_id == project_id, _are(person_ids))
        .subquery()
    )
    return select(each.c.id).where(each.c.back == 1)


def _are(person_ids: Sequence[int]) -> ColumnElement[bool]:
    """For a query that has Volunteer in it: the volunteers that are these people, or whose answers they claimed."""
    return or_(Volunteer.id.in_(person_ids), Volunteer.claimed_by_id.in_(person_ids))


def answers_of(
    session: Session, project: Project, volunteer: Volunteer, page: int = 1
) -> tuple[list[GivenAnswer], int]:
    """The volunteer's newest answers, one a task, newest first, beside what the records say; and on how many pages."""
    theirs = Answer.id.in_(_standing(project.id, [volunteer.id]))
    total = session.scalar(select(func.count()).select_from(Answer).where(theirs)) or 0
    pages = max(1, -(-total // ANSWERS_A_PAGE))
    rows = session.execute(
        select(Answer, Item, Record, RecordVersion.values)
        .join(Task, Task.id == Answer.task_id)
        .join(Item, Item.id == Task.item_id)
        .outerjoin(Record, Record.item_id == Item.id)
        .outerjoin(RecordVersion, (RecordVersion.record_id == Record.id) & (RecordVersion.number == Record.current))
        .where(theirs)
        .options(joinedload(Answer.assignment).joinedload(Assignment.task))
        .order_by(Answer.id.desc())
        .limit(ANSWERS_A_PAGE)
        .offset((min(max(1, page), pages) - 1) * ANSWERS_A_PAGE)
    ).all()
    form = form_of(session, project.id)
    return [_given(form, *row) for row in rows], pages


def _given(
    form: Mapping[str, Field], answer: Answer, item: Item, record: Record | None, values: Mapping[str, Any] | None
) -> GivenAnswer:
    believed = bare(values) if values and record is not None and record.state != "open" else {}
    known = compare(form, answer.value, believed)
    fields = tuple(field for name, field in form.items() if name in answer.value)
    return GivenAnswer(
        answer, item, record, fields, believed, frozenset(name for name, agrees in known.items() if not agrees)
    )


def history(session: Session, project: Project, volunteer: Volunteer) -> list[tuple[Move, str]]:
    """When this person was set aside in the project and counted again, newest first, with the name of who did it."""
    found = session.execute(
        select(Move, Account.name)
        .join(SetAside, SetAside.id == Move.subject_id)
        .outerjoin(Account, Account.id == Move.account_id)
        .where(Move.subject == "set_aside", SetAside.project_id == project.id, SetAside.volunteer_id == volunteer.id)
        .order_by(Move.at.desc(), Move.id.desc())
    )
    return [(move, name or "") for move, name in found.all()]
