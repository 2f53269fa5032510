"""Keeping what a full fit found: in the place of what was known, in one short transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from micro.core.consensus.running import Tally
from micro.data.models import Conduct, ItemLesson, Learning, Reliability
from micro.services.fitting import Fitted, given_by, running_of
from micro.services.trusting import held_learning


def keep(session: Session, fitted: Fitted, now: datetime) -> bool:
    """Puts what was found in the place of what was known; False when another fit was faster, and nothing is changed."""
    gathered = fitted.gathered
    learning = held_learning(session, gathered.project_id)
    if learning.fits != gathered.fits:
        return False
    learning.fits += 1
    tallies = {(of_type, who): tally for of_type, known in fitted.tallies.items() for who, tally in known.items()}
    _learned_meanwhile(session, learning, fitted, tallies)
    _replace(session, learning, tallies)
    learning.calibration = {
        "fields": list(fitted.calibration.fields),
        "weights": list(fitted.calibration.weights),
        "spread": [list(row) for row in fitted.calibration.spread],
        "decided": fitted.calibration.decided,
    }
    learning.decided, learning.bins = fitted.decided, fitted.bins
    learning.last_answer, learning.last_decision = gathered.last_answer, gathered.last_decision
    learning.new_answers = max(0, learning.new_answers - gathered.new_answers)
    learning.fitted_at = now
    _replace_conduct(session, fitted)
    session.flush()
    return True


def _learned_meanwhile(
    session: Session, learning: Learning, fitted: Fitted, tallies: dict[tuple[str, int], Tally]
) -> None:
    """Items that were settled since the answers were read: their newest lesson takes the place of what the fit saw."""
    newer = select(ItemLesson).where(
        ItemLesson.project_id == learning.project_id, ItemLesson.turn > fitted.gathered.turn
    )
    lessons = {lesson.item_id: lesson for lesson in session.scalars(newer)}
    if not lessons:
        return
    for of_type, rows in fitted.gathered.rows.items():
        running = running_of(fitted.tallies[of_type])
        for row in rows:
            if row.item in lessons:
                for who, (credit, many) in given_by(running, row).items():
                    _change(tallies, (of_type, who), -credit, -many)
    for lesson in lessons.values():
        lesson.fits = learning.fits
        for who, of_type, credit, many in lesson.given:
            _change(tallies, (of_type, who), credit, many)


def _change(tallies: dict[tuple[str, int], Tally], place: tuple[str, int], credit: float, many: int) -> None:
    before = tallies.get(place, Tally())
    tallies[place] = Tally(round(before.credit + credit, 6), before.answers + many)


def _replace(session: Session, learning: Learning, tallies: Mapping[tuple[str, int], Tally]) -> None:
    session.execute(delete(Reliability).where(Reliability.project_id == learning.project_id))
    rows = [
        {
            "project_id": learning.project_id,
            "volunteer_id": who,
            "type": of_type,
            "credit": tally.credit,
            "answers": tally.answers,
        }
        for (of_type, who), tally in sorted(tallies.items())
        if tally.answers > 0
    ]
    if rows:
        session.execute(insert(Reliability), rows)
    totals: dict[str, list[float]] = {}
    for (of_type, _), tally in tallies.items():
        credit, answers = totals.get(of_type, (0.0, 0))
        totals[of_type] = [round(credit + tally.credit, 6), answers + tally.answers]
    learning.totals = totals


def _replace_conduct(session: Session, fitted: Fitted) -> None:
    project_id = fitted.gathered.project_id
    session.execute(delete(Conduct).where(Conduct.project_id == project_id))
    rows = [
        {
            "project_id": project_id,
            "volunteer_id": who,
            "kind": flag.kind,
            "share": flag.share,
            "expected": flag.expected,
            "answers": flag.answers,
            "other_id": flag.other,
        }
        for who, seen in sorted(fitted.conduct.items())
        for flag in seen.flags
    ]
    if rows:
        session.execute(insert(Conduct), rows)
