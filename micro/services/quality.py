"""How sure a project is, for its managers: what is checked, whether confidences keep their word, what was learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from micro.core.consensus import ENGINE
from micro.core.consensus.calibration import Bin
from micro.core.consensus.running import Running, Tally
from micro.data.models import Learning, Project, Record, Reliability


@dataclass(frozen=True)
class TypeTrust:
    """How often volunteers are right about a type of field (0 to 1), by how many ``answers`` of how many ``people``."""

    type: str
    usual: float
    answers: int
    people: int


@dataclass(frozen=True)
class Quality:
    """``fitted`` is the number of decided records that confidences follow, ``decided`` how many there are by now.

    ``away`` is how far confidences are from the truth on the average, 0 to 1. ``redoing``: undecided records are being
    worked out anew. ``learned_at`` is None before the first full fit.
    """

    engine: str
    decided: int
    fitted: int
    learned_at: datetime | None
    bins: tuple[Bin, ...]
    types: tuple[TypeTrust, ...]
    redoing: bool

    @property
    def values(self) -> int:
        """How many values of decided records the diagram is made of."""
        return sum(one.records for one in self.bins)

    @property
    def away(self) -> float:
        return sum(abs(one.confidence - one.right) * one.records for one in self.bins) / max(1, self.values)

    @property
    def stage(self) -> str:
        """How far the fitted confidences can be believed: none, few, some, many or plenty."""
        steps = ((300, "plenty"), (100, "many"), (10, "some"), (1, "few"))
        return next((word for least, word in steps if self.fitted >= least), "none")


def quality_of(session: Session, project: Project) -> Quality:
    """What a manager is told. Cost: two counts by index, one over the project's reliabilities."""
    learning = session.scalar(select(Learning).where(Learning.project_id == project.id))
    decided = select(func.count()).where(Record.project_id == project.id, Record.state == "decided")
    return Quality(
        ENGINE,
        session.scalar(decided) or 0,
        learning.decided if learning else 0,
        learning.fitted_at if learning else None,
        _bins(learning.bins if learning else ()),
        _types(session, learning) if learning else (),
        learning is not None and learning.redone is not None,
    )


def _bins(stored: Sequence[Sequence[float]]) -> tuple[Bin, ...]:
    return tuple(Bin(one[0], one[1], one[2], one[3], int(one[4])) for one in stored)


def _types(session: Session, learning: Learning) -> tuple[TypeTrust, ...]:
    people = (
        select(Reliability.type, func.count()).where(
            Reliability.project_id == learning.project_id, Reliability.answers > 0
        )
    ).group_by(Reliability.type)
    counted = {of_type: count for of_type, count in session.execute(people)}
    return tuple(
        TypeTrust(of_type, Running({0: Tally(credit, answers)}).usual, answers, counted.get(of_type, 0))
        for of_type, (credit, answers) in sorted(learning.totals.items())
        if answers
    )
