"""Which records a reviewer wants to see, as conditions that the indexes of the queue answer by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session

from micro.core.review import REASONS
from micro.data.models import Answer, Record, Task, Volunteer
from micro.services.setting_aside import family

# Bands of confidence, 0 to 1: from and below.
BANDS: Mapping[str, tuple[float, float]] = {"low": (0.0, 0.6), "middle": (0.6, 0.9), "high": (0.9, 2.0)}
STATES = ("review", "settled", "decided", "rejected")
WHOSE = ("everybody", "mine", "nobody")
# Waiting for longer than so many days.
AGES: Mapping[str, int] = {"day": 1, "week": 7, "month": 30}
# Up to so many items are looked up one by one; whoever answered more is found by looking from the records' side.
FEW_ITEMS = 2000


@dataclass(frozen=True)
class QueueFilters:
    """Which records: of one project (by slug, empty for all), in one state, and whatever else is chosen (none: all).

    ``least`` and ``most`` are confidences, 0 to 1, both included. ``contributor`` is the beginning of a volunteer's
    public id. ``account_id`` is who looks, for ``whose``.
    """

    project: str = ""
    state: str = "review"
    reasons: tuple[str, ...] = ()
    bands: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    age: str = ""
    contributor: str = ""
    whose: str = "everybody"
    account_id: int = 0


@dataclass(frozen=True)
class Conditions:
    """The conditions of some filters; ``parts`` by filter, so that one of them can be left out for its counts."""

    projects: Sequence[int]
    state: str
    parts: Mapping[str, ColumnElement[bool]]

    def of(self, projects: Sequence[int], *, without: str = "", state: str = "") -> ColumnElement[bool]:
        """The rows of these projects. One project is an equation, so that the index gives the order too."""
        which = Record.project_id == projects[0] if len(projects) == 1 else Record.project_id.in_(projects)
        parts = [part for name, part in self.parts.items() if name != without]
        return and_(which, Record.state == (state or self.state), *parts)


def conditions(session: Session, projects: Sequence[int], filters: QueueFilters, now: datetime) -> Conditions:
    """What the filters let through of these projects."""
    parts: dict[str, ColumnElement[bool]] = {}
    if filters.reasons and set(filters.reasons) != set(REASONS):
        parts["reasons"] = Record.reason.in_(filters.reasons)
    if filters.bands and set(filters.bands) != set(BANDS):
        parts["bands"] = or_(*(in_band(band) for band in filters.bands if band in BANDS))
    if filters.least is not None:
        parts["least"] = Record.confidence >= filters.least
    if filters.most is not None:
        parts["most"] = Record.confidence <= filters.most
    if filters.age in AGES:
        parts["age"] = Record.asked_at <= now - timedelta(days=AGES[filters.age])
    if filters.whose in WHOSE[1:]:
        parts["whose"] = is_whose(filters.whose, filters.account_id)
    if filters.contributor:
        parts["contributor"] = _answered_by(session, projects, filters.contributor)
    return Conditions(projects, filters.state, parts)


def in_band(band: str) -> ColumnElement[bool]:
    least, below = BANDS[band]
    return and_(Record.confidence >= least, Record.confidence < below)


def is_whose(whose: str, account_id: int) -> ColumnElement[bool]:
    """Records that are handed to this person, or to nobody."""
    return Record.assignee_id == account_id if whose == "mine" else Record.assignee_id.is_(None)


def _answered_by(session: Session, projects: Sequence[int], name: str) -> ColumnElement[bool]:
    """Records that somebody answered whose public id begins so; all of the same person."""
    wished = "".join(sign for sign in name.lower() if sign.isalnum())
    begun = session.scalars(
        select(Volunteer).where(Volunteer.public_id.startswith(wished, autoescape=True)).limit(20)
    ).all()
    people = sorted({one for volunteer in begun for one in family(session, volunteer)})
    if not wished or not people:
        return false()
    theirs = select(Answer.task_id).where(Answer.volunteer_id.in_(people), Answer.project_id.in_(projects))
    count = session.scalar(select(func.count()).select_from(theirs.limit(FEW_ITEMS + 1).subquery())) or 0
    if count <= FEW_ITEMS:
        items = select(Task.item_id).where(Task.id.in_(theirs))
        # By their own keys: rows are looked up directly, instead of reading the whole queue for them.
        return Record.id.in_(session.scalars(select(Record.id).where(Record.item_id.in_(items))).all())
    of_item = select(Task.id).join(Answer, Answer.task_id == Task.id)
    return of_item.where(Task.item_id == Record.item_id, Answer.volunteer_id.in_(people)).exists()
