"""The order of the queue: stored with each record, so that an index gives it; see core/review_order.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from micro.core import review_order
from micro.core.review import REASONS, Standing
from micro.core.review_order import FIELD_S, LEAST_ERRORS, LONGEST_S, LOOK_S, MEASURED
from micro.data.models import Decision, Project, Record, Setup

# A pace that moved by less leaves the queue as it is.
WORTH_MOVING = 0.1
AT_ONCE = 1000


class Pace:
    """How long decisions take, by reason, for one kind of task; measured when it is first asked for.

    ``kind`` is called then: most decisions leave the queue, and ask for no pace.
    """

    def __init__(self, session: Session, kind: Callable[[], str]) -> None:
        self._session, self._kind, self._known = session, kind, dict[str, float]()

    def __getitem__(self, reason: str) -> float:
        if reason not in REASONS:
            return 1.0
        if reason not in self._known:
            self._known[reason] = review_order.pace(self._measured(reason))
        return self._known[reason]

    def _measured(self, reason: str) -> list[tuple[float, int]]:
        of_kind = select(Setup.project_id).where(Setup.kind == self._kind())
        found = self._session.execute(
            select(Decision.took_s, Decision.fields_count)
            .join(Record, Record.id == Decision.record_id)
            .where(Decision.asked == reason, Decision.took_s.is_not(None), Record.project_id.in_(of_kind))
            .order_by(Decision.id.desc())
            .limit(MEASURED)
        )
        return [(took_s or 0.0, fields) for took_s, fields in found]


def pace_of(session: Session, project: Project) -> Pace:
    """The pace of the kind of task that a project has."""
    return Pace(session, lambda: kind_of(session, project))


def kept_s(took_s: float | None) -> float | None:
    """How long a decision took, as it may be measured: None for what cannot be true, or was a coffee."""
    return took_s if took_s is not None and 0 < took_s <= LONGEST_S else None


def put_in_order(record: Record, values: Mapping[str, Any], before: Standing, pace: Pace, now: datetime) -> None:
    """Stores where the record stands in the queue, after its state or its values changed.

    ``values``: what is to be looked at, the newest outcome. ``before``: how it stood; a new reason waits from now on.
    """
    record.errors, record.fields_count = review_order.expected_errors(values, record.reason), len(values)
    record.cost_s = review_order.cost_s(record.errors, record.fields_count, pace[record.reason])
    if record.asked_at is None or before != Standing(record.state, record.reason):
        record.asked_at = now


def projects_decided_lately(session: Session, now: datetime, minutes: int = 10) -> list[int]:
    """The projects in which somebody decided a moment ago: their queues may have another pace now."""
    lately = select(Decision.record_id).where(Decision.at > now - timedelta(minutes=minutes))
    return list(session.scalars(select(Record.project_id).where(Record.id.in_(lately)).distinct()))


def rerank_some(session: Session, project_id: int, after: int = 0) -> tuple[int, int] | None:
    """Brings the next AT_ONCE waiting records of the project up to the pace as it is measured now.

    ``after`` is the id that this begins behind; returns the last id and how many moved, None when nothing was left.
    Only those are written whose place moves, and their revision stays: nobody's sight of a record becomes old by it.
    """
    kind = session.scalar(
        select(Setup.kind).where(Setup.project_id == project_id).order_by(Setup.version.desc()).limit(1)
    )
    ids = session.scalars(
        select(Record.id)
        .where(Record.project_id == project_id, Record.state == "review", Record.id > after)
        .order_by(Record.id)
        .limit(AT_ONCE)
    ).all()
    if kind is None or not ids:
        return None
    pace = Pace(session, lambda: kind)
    factor = case(*((Record.reason == reason, pace[reason]) for reason in REASONS), else_=1.0)
    errors = case((Record.errors > LEAST_ERRORS, Record.errors), else_=LEAST_ERRORS)
    cost = factor * (LOOK_S + FIELD_S * Record.fields_count) / errors
    moved = session.execute(
        update(Record)
        .where(Record.id.in_(ids), Record.state == "review")
        .where(func.abs(Record.cost_s - cost) > WORTH_MOVING * Record.cost_s)
        .values(cost_s=cost)
        .execution_options(synchronize_session=False)
    )
    return ids[-1], int(moved.rowcount)  # type: ignore[attr-defined]


def kind_of(session: Session, project: Project) -> str:
    """The kind of task of a project, by its newest setup; empty while it has none."""
    newest = select(Setup.kind).where(Setup.project_id == project.id).order_by(Setup.version.desc()).limit(1)
    return session.scalar(newest) or ""
