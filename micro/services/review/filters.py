"""Which records a reviewer wants to see, as conditions that the indexes of the queue answer by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, and_, false, or_, select
from sqlalchemy.orm import Session

from micro.core.review import REASONS
from micro.data.models import AnsweredRecord, Record, Volunteer
from micro.services.setting_aside import family

# Bands of confidence, 0 to 1: from and below.
BANDS: Mapping[str, tuple[float, float]] = {"low": (0.0, 0.6), "middle": (0.6, 0.9), "high": (0.9, 2.0)}
STATES = ("review", "settled", "decided", "rejected")
WHOSE = ("everybody", "mine", "nobody")
# Waiting for longer than so many days.
AGES: Mapping[str, int] = {"day": 1, "week": 7, "month": 30}
# The beginning of an id stands for so many volunteers at most.
PEOPLE = 20


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


Rows = type[Record] | type[AnsweredRecord]


@dataclass(frozen=True)
class Conditions:
    """The conditions of some filters; ``parts`` by filter, so that one of them can be left out for its counts.

    ``rows`` is the table they are asked of: the records, or those that some volunteers (``people``) answered, which has
    the same columns and the same order in an index of each one's own.
    """

    projects: Sequence[int]
    state: str
    parts: Mapping[str, ColumnElement[bool]]
    rows: Rows = Record
    people: tuple[int, ...] = ()

    @property
    def id(self) -> ColumnElement[int]:
        """The record's id, whichever table it is read from."""
        return _id_of(self.rows)

    def of(self, projects: Sequence[int], *, without: str = "", state: str = "") -> ColumnElement[bool]:
        """The rows of these projects. One project is an equation, so that the index gives the order too."""
        parts = [part for name, part in self.parts.items() if name != without]
        where = _one_of(self.rows.project_id, projects), self.rows.state == (state or self.state)
        return and_(*_theirs(self.people), *where, *parts)

    def streams(self, projects: Sequence[int]) -> list[ColumnElement[bool]]:
        """The same in pieces, each of which an index gives in the order of the queue; pieces may overlap."""
        alone = [replace(self, people=(one,)) for one in self.people] or [self]
        return [one.of([project]) for project in projects for one in alone]

    def found(self, condition: ColumnElement[bool], most: int) -> Select[int]:
        """The ids of up to ``most`` records, each once; an index is read no further than that."""
        query = select(self.id).where(condition)
        return (query.distinct() if len(self.people) > 1 else query).limit(most)

    def of_records(self, projects: Sequence[int]) -> ColumnElement[bool]:
        """The same for a query that has Record in it."""
        return self.of(projects) if self.rows is Record else Record.id.in_(select(self.id).where(self.of(projects)))

    def everywhere(self, state: str) -> Conditions:
        """Only a state, and no other filter."""
        return Conditions(self.projects, state, {})


def conditions(session: Session, projects: Sequence[int], filters: QueueFilters, now: datetime) -> Conditions:
    """What the filters let through of these projects."""
    people = _people_named(session, filters.contributor) if filters.contributor else ()
    rows: Rows = AnsweredRecord if people else Record
    parts: dict[str, ColumnElement[bool]] = {}
    if filters.reasons and set(filters.reasons) != set(REASONS):
        parts["reasons"] = rows.reason.in_(filters.reasons)
    if filters.bands and set(filters.bands) != set(BANDS):
        parts["bands"] = or_(*(in_band(rows, band) for band in filters.bands if band in BANDS))
    if filters.least is not None:
        parts["least"] = rows.confidence >= filters.least
    if filters.most is not None:
        parts["most"] = rows.confidence <= filters.most
    if filters.age in AGES:
        parts["age"] = rows.asked_at <= now - timedelta(days=AGES[filters.age])
    if filters.whose in WHOSE[1:]:
        parts["whose"] = is_whose(rows, filters.whose, filters.account_id)
    if filters.contributor and not people:
        parts["contributor"] = false()
    return Conditions(projects, filters.state, parts, rows, people)


def in_band(rows: Rows, band: str) -> ColumnElement[bool]:
    least, below = BANDS[band]
    return and_(rows.confidence >= least, rows.confidence < below)


def is_whose(rows: Rows, whose: str, account_id: int) -> ColumnElement[bool]:
    """Records that are handed to this person, or to nobody."""
    return rows.assignee_id == account_id if whose == "mine" else rows.assignee_id.is_(None)


def _id_of(rows: Rows) -> ColumnElement[int]:
    found: Any = AnsweredRecord.record_id if rows is AnsweredRecord else Record.id
    return cast("ColumnElement[int]", found)


def _one_of(column: Any, wished: Sequence[int]) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column == wished[0] if len(wished) == 1 else column.in_(wished)
    return found


def _theirs(people: Sequence[int]) -> tuple[ColumnElement[bool], ...]:
    return (_one_of(AnsweredRecord.volunteer_id, people),) if people else ()


def _people_named(session: Session, name: str) -> tuple[int, ...]:
    """The volunteers whose public id begins so, with all of the same person."""
    wished = "".join(sign for sign in name.lower() if sign.isalnum())
    if not wished:
        return ()
    begun = session.scalars(
        select(Volunteer).where(Volunteer.public_id.startswith(wished, autoescape=True)).limit(PEOPLE)
    ).all()
    return tuple(sorted({one for volunteer in begun for one in family(session, volunteer)}))
