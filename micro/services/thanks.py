"""What one volunteer gave: cards, time and projects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.data.models import Answer, Assignment, Project

# Longer than this nobody reads one card: the rest of the time the page was only open.
LONGEST_READING = timedelta(minutes=15)


@dataclass(frozen=True)
class Given:
    """Cards read in all and by project, the most first; from the first to the last day; how long it took, about."""

    cards: int
    projects: Sequence[tuple[Project, int]]
    first: date | None
    last: date | None
    spent: timedelta

    @property
    def hours(self) -> float:
        """The time in hours."""
        return self.spent / timedelta(hours=1)


def given_by(session: Session, volunteer_ids: Sequence[int]) -> Given:
    """Cost: one row per card that was read; a corrected one counts once, and a card is read once by one person."""
    rows = session.execute(
        select(Assignment.project_id, Assignment.task_id, Assignment.lent_at, Answer.at)
        .join(Answer, Answer.assignment_id == Assignment.id)
        .where(Answer.volunteer_id.in_(volunteer_ids), Answer.number == 1, ~Assignment.trial)
        .order_by(Answer.at)
    ).all()
    by_task = {row.task_id: row for row in rows}
    counts: dict[int, int] = {}
    for row in by_task.values():
        counts[row.project_id] = counts.get(row.project_id, 0) + 1
    projects = {project.id: project for project in session.scalars(select(Project).where(Project.id.in_(counts)))}
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    spent = sum((min(row.at - row.lent_at, LONGEST_READING) for row in by_task.values()), timedelta())
    return Given(
        len(by_task),
        [(projects[number], count) for number, count in ordered],
        rows[0].at.date() if rows else None,
        rows[-1].at.date() if rows else None,
        max(spent, timedelta()),
    )
