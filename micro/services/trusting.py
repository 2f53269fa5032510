"""Whom a project trusts: the reliabilities as they are kept, changed with every item that is settled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from micro.core.consensus import ENGINE
from micro.core.consensus.calibration import Calibration, calibrated
from micro.core.consensus.running import Answered, Running, Tally
from micro.data.database import locked
from micro.data.models import Learning, Record, Reliability

EVERYBODY_ELSE = 0  # Stands for all whose tallies are not loaded.
LEAST_TRUST = 0.3
"""Nobody's answer counts against what it says: a vandal's weighs next to nothing, and never less than that."""

Given = list[list[Any]]
"""[[volunteer id, type of field, credit, answers]], as a lesson keeps it."""


class Taught(NamedTuple):
    """The answers to one field of an item, and the key of the truth where it is known."""

    type: str
    answers: Sequence[Answered]
    truth: str | None


def held_learning(session: Session, project_id: int) -> Learning:
    """The project's row, held until the transaction ends; made when there is none. To be called before any task."""
    query = locked(select(Learning).where(Learning.project_id == project_id)).execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        before = session.scalar(select(Record.id).where(Record.project_id == project_id).limit(1))
        try:
            with session.begin_nested():
                # Records from before there was anything to learn are worked out anew, see redoing.py.
                session.add(Learning(project_id=project_id, engine="" if before else ENGINE, totals={}, bins=[]))
        except IntegrityError:  # Somebody else made it at the same moment.
            pass
        found = session.scalars(query).one()
    return found


class Trust:
    """The tallies of some people in a project (None: of all), by type of field; changes are kept by :meth:`keep`."""

    def __init__(self, session: Session, learning: Learning, people: Iterable[int] | None) -> None:
        self.learning = learning
        self.calibration = calibration_of(learning)
        self._known: dict[tuple[str, int], tuple[int, Tally]] = {}
        query = select(
            Reliability.id, Reliability.type, Reliability.volunteer_id, Reliability.credit, Reliability.answers
        ).where(Reliability.project_id == learning.project_id)
        if people is not None:
            query = query.where(Reliability.volunteer_id.in_(sorted(set(people))))
        for row in session.execute(query):
            self._known[row.type, row.volunteer_id] = row.id, Tally(row.credit, row.answers)
        self._running = {of_type: self._opened(of_type) for of_type in learning.totals}

    def _opened(self, of_type: str) -> Running:
        tallies: dict[Hashable, Tally] = {
            who: tally for (type_, who), (_, tally) in self._known.items() if type_ == of_type
        }
        credit, answers = self.learning.totals.get(of_type, (0.0, 0))
        rest = Tally(
            credit - sum(one.credit for one in tallies.values()), answers - sum(one.answers for one in tallies.values())
        )
        return Running({**tallies, EVERYBODY_ELSE: rest})

    def _of_type(self, of_type: str) -> Running:
        if of_type not in self._running:
            self._running[of_type] = Running()
        return self._running[of_type]

    def usual(self, of_type: str) -> float:
        """How often everybody is right about such fields (0 to 1)."""
        return self._of_type(of_type).usual

    def of(self, of_type: str, people: Sequence[int]) -> list[float]:
        """How often each of these is right about such fields, LEAST_TRUST to 1."""
        running = self._of_type(of_type)
        return [max(LEAST_TRUST, running.of(who)) for who in people]

    def learn(self, rows: Iterable[Taught]) -> Given:
        """Adds what an item's fields teach; returns what was given to whom, to be handed to :meth:`forget` later."""
        given: dict[tuple[int, str], tuple[float, int]] = defaultdict(lambda: (0.0, 0))
        for row in rows:
            for who, (credit, many) in self._of_type(row.type).learn(row.answers, row.truth).items():
                before = given[cast(int, who), row.type]
                given[cast(int, who), row.type] = before[0] + credit, before[1] + many
        exact: Given = [[who, of_type, credit, many] for (who, of_type), (credit, many) in sorted(given.items())]
        rounded = [[who, of_type, round(credit, 6), many] for who, of_type, credit, many in exact]
        self.forget([[who, of_type, credit - round(credit, 6), 0] for who, of_type, credit, _ in exact])
        return rounded

    def forget(self, given: Given) -> None:
        """Takes back what :meth:`learn` gave."""
        for who, of_type, credit, many in given:
            self._of_type(of_type).forget({who: (credit, many)})

    def keep(self, session: Session) -> None:
        """Writes what has changed."""
        changed, new = [], []
        totals: dict[str, list[float]] = {}
        for of_type, running in self._running.items():
            totals[of_type] = [
                round(sum(tally.credit for tally in running.tallies.values()), 6),
                sum(tally.answers for tally in running.tallies.values()),
            ]
            for who, tally in running.tallies.items():
                row_id, before = self._known.get((of_type, cast(int, who)), (0, Tally()))
                if who == EVERYBODY_ELSE or tally == before:
                    continue
                values = {"credit": round(tally.credit, 6), "answers": tally.answers}
                if row_id:
                    changed.append({"id": row_id, **values})
                else:
                    new.append({"project_id": self.learning.project_id, "volunteer_id": who, "type": of_type, **values})
        if changed:
            session.execute(update(Reliability), changed)
        if new:
            session.execute(insert(Reliability), new)
        self.learning.totals = totals


def calibration_of(learning: Learning | None) -> Calibration:
    """The project's calibration; before there is one, the prior's, which leaves confidences as they are."""
    state: Mapping[str, Any] | None = learning.calibration if learning is not None else None
    if not state:
        return calibrated(())
    spread = tuple(tuple(row) for row in state["spread"])
    return Calibration(tuple(state["fields"]), tuple(state["weights"]), spread, state["decided"])
