"""What a volunteer's screens show round a task: its place in the project, what is left, and one's own answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session, joinedload

from micro.core.publication import told_exactly
from micro.data.models import Answer, Assignment, Project, Record, RecordVersion, Region, Scan, Task
from micro.kinds import kind_named
from micro.services.assignments import current_setup
from micro.services.settling import bare

Left = Literal["free", "others", "yours", "everything", "nothing"]


@dataclass(frozen=True)
class Place:
    """A scan is the ``number``-th of ``count`` in its project, from 1."""

    number: int
    count: int

    @property
    def share(self) -> float:
        return self.number / self.count


def place_of(session: Session, scan: Scan) -> Place:
    """Where the scan stands in its project: by document, page and order of arrival; replaced ones do not count.

    Cost: two counts, some milliseconds with 40,000 scans.
    """
    scans = select(func.count()).select_from(Scan).where(Scan.project_id == scan.project_id, Scan.state != "replaced")
    here = tuple_(scan.document, scan.page_number, scan.id)
    before = scans.where(tuple_(Scan.document, Scan.page_number, Scan.id) < here)
    return Place((session.scalar(before) or 0) + 1, session.scalar(scans) or 1)


def question_of(session: Session, item_id: int) -> str:
    """What a professional asks whoever reads this item now; empty when nothing is asked."""
    asked = select(Record.question).where(Record.item_id == item_id, Record.state == "open")
    return session.scalar(asked) or ""


def what_is_left(session: Session, project: Project, volunteer_ids: list[int]) -> Left:
    """What the project still has for this volunteer.

    free: a task can be lent; others: every task left is in other hands just now; yours: the volunteer answered or
    skipped all that is left; everything: all tasks are done; nothing: there never was a task.
    """
    tasks = select(Task.id).where(Task.project_id == project.id)
    still_open = tasks.where(Task.state == "open")
    if session.scalar(tasks.limit(1)) is None:
        return "nothing"
    if session.scalar(still_open.limit(1)) is None:
        return "everything"
    mine = select(Assignment.id).where(
        Assignment.task_id == Task.id,
        Assignment.volunteer_id.in_(volunteer_ids),
        Assignment.state.in_(("answered", "skipped")),
    )
    unread = still_open.where(~mine.exists())
    if session.scalar(unread.limit(1)) is None:
        return "yours"
    free = unread.where(Task.answered + Task.lent < Task.wanted)
    return "others" if session.scalar(free.limit(1)) is None else "free"


def held_by(session: Session, volunteer_id: int, at: datetime | None = None) -> list[Assignment]:
    """The tasks that the volunteer has begun in all projects, the oldest first.

    With ``at`` only those whose lease still runs then: the ones that ``assignments.open_leases`` counts.
    """
    begun = select(Assignment).where(Assignment.volunteer_id == volunteer_id, Assignment.state == "lent")
    if at is not None:
        begun = begun.where(Assignment.expires_at > at)
    shown = begun.options(joinedload(Assignment.project), joinedload(Assignment.task).joinedload(Task.item))
    return list(session.scalars(shown.order_by(Assignment.lent_at)))


@dataclass(frozen=True)
class OwnAnswer:
    """One answer of a volunteer with what became of it. ``decided`` is {field: said}, empty until a person decided.

    What is held back, or blurred when published, is not in it: whoever answered once need not learn where it was found.
    """

    answer: Answer
    state: str
    decided: Mapping[str, Any]


def own_answers(
    session: Session, volunteer_ids: list[int], page: int, page_size: int, today: date
) -> tuple[list[OwnAnswer], int]:
    """The volunteer's newest answers, one per task, newest first, and how many there are on all pages; pages from 1."""
    newest = (
        select(func.max(Answer.id).label("id"))
        .where(Answer.volunteer_id.in_(volunteer_ids))
        .group_by(Answer.task_id)  # Who claimed what they had read without the account may have read one twice.
        .subquery()
    )
    count = session.scalar(select(func.count()).select_from(newest)) or 0
    found = session.scalars(
        select(Answer)
        .join(newest, newest.c.id == Answer.id)
        .options(
            joinedload(Answer.assignment).joinedload(Assignment.task).joinedload(Task.item),
            joinedload(Answer.assignment).joinedload(Assignment.task).joinedload(Task.region).joinedload(Region.scan),
            joinedload(Answer.assignment).joinedload(Assignment.setup),
            joinedload(Answer.assignment).joinedload(Assignment.project),
        )
        .order_by(Answer.at.desc(), Answer.id.desc())
        .limit(page_size)
        .offset((page - 1) * page_size)
    ).all()
    believed = _believed(session, [answer.assignment.task.item_id for answer in found], today)
    return [OwnAnswer(answer, *believed.get(answer.assignment.task.item_id, ("open", {}))) for answer in found], count


def _believed(session: Session, item_ids: list[int], today: date) -> dict[int, tuple[str, Mapping[str, Any]]]:
    """By item: the state of its record and, where a person decided, the values that stand and may be told exactly."""
    rows = session.execute(
        select(Record.item_id, Record.state, Record.project_id, RecordVersion.made_by, RecordVersion.values)
        .outerjoin(RecordVersion, (RecordVersion.record_id == Record.id) & (RecordVersion.number == Record.current))
        .where(Record.item_id.in_(item_ids))
    )
    told: dict[int, frozenset[str]] = {}
    believed: dict[int, tuple[str, Mapping[str, Any]]] = {}
    for item_id, state, project_id, made_by, values in rows:
        decided = bare(values) if values and (made_by == "decision" or state == "decided") else {}
        if decided and project_id not in told:
            setup = current_setup(session, project_id)
            told[project_id] = told_exactly(kind_named(setup.kind).fields(setup.body), today)
        believed[item_id] = state, {name: said for name, said in decided.items() if name in told[project_id]}
    return believed
