"""How long a card takes, from real answers; and the course of a project as everybody may see it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from micro.data.models import Answer, Assignment, Project, Setup
from micro.services.course import Course, course_of
from micro.services.lately import Lately

LOOKED_AT = 200
LEAST_ANSWERS = 5
SHORTEST_S, LONGEST_S = 3.0, 3600.0  # Whoever was quicker is a program; whoever took longer was away.
_paces = Lately[float | None](timedelta(minutes=10))
_courses = Lately[Course](timedelta(minutes=1))


def pace_of(session: Session, project_id: int) -> float | None:
    """The median of seconds from lending to answering, over the newest 200 answers; None on fewer than five.

    Corrections, imported answers and those that took less than 3 seconds or more than an hour are left out.
    """
    found = session.execute(
        select(Answer.at, Assignment.lent_at)
        .join(Assignment, Assignment.id == Answer.assignment_id)
        .where(Answer.project_id == project_id, Answer.number == 1, Answer.source_id.is_(None))
        .order_by(Answer.at.desc())
        .limit(LOOKED_AT)
    )
    took = [(at - lent_at).total_seconds() for at, lent_at in found]
    sensible = [seconds for seconds in took if SHORTEST_S <= seconds <= LONGEST_S]
    return median(sensible) if len(sensible) >= LEAST_ANSWERS else None


def paces_lately(session: Session, project_ids: Iterable[int], address: str, now: datetime) -> dict[int, float | None]:
    """The pace of some projects as it was at most ten minutes ago, by id; ``address`` is that of the database."""
    return {
        one: _paces.get((address, one), now, lambda one=one: pace_of(session, one))  # type: ignore[misc]
        for one in project_ids
    }


def course_lately(session: Session, project: Project, address: str, now: datetime) -> Course:
    """The course of a project as it was at most a minute ago: counting its days is too much for every visit."""
    return _courses.get((address, project.id, project.state), now, lambda: course_of(session, project, now))


def kinds_of(session: Session, project_ids: Iterable[int]) -> dict[int, str]:
    """The kind of the newest form of some projects, by id; in one query."""
    newest = (
        select(Setup.project_id, func.max(Setup.version).label("version"))
        .where(Setup.project_id.in_(list(project_ids)))
        .group_by(Setup.project_id)
        .subquery()
    )
    found = session.execute(
        select(Setup.project_id, Setup.kind).join(
            newest, (newest.c.project_id == Setup.project_id) & (newest.c.version == Setup.version)
        )
    )
    return {row[0]: row[1] for row in found}
