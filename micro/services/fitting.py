"""The full fit: everything that a project can learn, from all of its answers and decisions at once.

Three steps, so that nobody waits for it: :func:`gather` reads, in one unmoving picture; :func:`fit` works, outside of
any transaction; fit_keeping.py writes, in a short one. Items that were settled in between keep what they taught then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from micro.core.consensus.calibration import Calibration
from micro.core.consensus.conduct import Conduct as Seen
from micro.core.consensus.conduct import Deed
from micro.core.consensus.lessons import taught
from micro.core.consensus.running import Answered, Running, Tally, full_fit
from micro.core.fields import Field, Said
from micro.data.models import Answer, Decision, Learning, Record, Task
from micro.data.snapshot import hold_still
from micro.services.calibrating import CheckedRow, calibrated_on
from micro.services.checked import Checked, checked_values
from micro.services.conducting import Deeds, flags_of
from micro.services.gold import checked_answers
from micro.services.heard import Heard, answers_query, heard_in, said_of_field
from micro.services.settling import fields_of

ENOUGH_ANSWERS, ENOUGH_DECISIONS, LONGEST = 500, 10, timedelta(days=1)
"""A full fit is due after so many new answers or decisions (a tenth of all if that is more), or after a day."""

AT_ONCE = 2000
NO_ITEM = 0
"""Of a known card nothing is settled, so no item ever takes back what it taught."""
NUMBERS = tuple(str(number) for number in range(1000))  # Keys are only compared within a row: small texts do.


@dataclass(frozen=True)
class FitRow:
    """One field of one item: who answered, with the number of the key that each gave, and that of the truth."""

    item: int
    people: tuple[int, ...]
    keys: tuple[int, ...]
    truth: int | None

    def answered(self) -> list[Answered]:
        return [Answered(who, NUMBERS[key]) for who, key in zip(self.people, self.keys, strict=True)]

    def truth_key(self) -> str | None:
        return None if self.truth is None else NUMBERS[self.truth]


@dataclass
class Gathered:
    """All that a full fit needs: rows by type of field, the checked ones whole, the newest deeds."""

    project_id: int
    fits: int
    turn: int
    new_answers: int
    last_answer: int
    last_decision: int
    fields: Mapping[str, Field]
    rows: dict[str, list[FitRow]] = field(default_factory=lambda: defaultdict(list))
    checked: list[CheckedRow] = field(default_factory=list)
    deeds: Deeds = field(default_factory=Deeds)


@dataclass(frozen=True)
class Fitted:
    """What a full fit found."""

    gathered: Gathered
    tallies: Mapping[str, Mapping[int, Tally]]
    calibration: Calibration
    decided: int
    bins: list[list[float]]
    conduct: Mapping[Any, Seen]


# --- when -----------------------------------------------------------------------------------------------------------


def projects_to_fit(session: Session, now: datetime) -> list[int]:
    """The projects in which enough is new since their last full fit."""
    return [
        one.project_id for one in session.scalars(select(Learning).order_by(Learning.id)) if _is_due(session, one, now)
    ]


def is_due(session: Session, project_id: int, now: datetime) -> bool:
    """Whether a full fit is due in this project."""
    learning = session.scalar(select(Learning).where(Learning.project_id == project_id))
    return learning is not None and _is_due(session, learning, now)


def _is_due(session: Session, learning: Learning, now: datetime) -> bool:
    decisions = _new_decisions(session, learning)
    if not learning.new_answers and not decisions:
        return False
    if learning.fitted_at is None or now - learning.fitted_at >= LONGEST:
        return True
    answers = sum(many for _, many in learning.totals.values())
    return learning.new_answers >= max(ENOUGH_ANSWERS, answers // 10) or decisions >= max(
        ENOUGH_DECISIONS, learning.decided // 10
    )


def _new_decisions(session: Session, learning: Learning) -> int:
    newer = select(func.count()).select_from(Decision).join(Record, Record.id == Decision.record_id)
    return (
        session.scalar(newer.where(Decision.id > learning.last_decision, Record.project_id == learning.project_id)) or 0
    )


# --- reading --------------------------------------------------------------------------------------------------------


def gather(session: Session, project_id: int) -> Gathered | None:
    """Reads a project's answers; None where nothing was ever settled. To be called first in a session of its own.

    Cost: one query over all answers, some hundred bytes of memory for each field of an item.
    """
    hold_still(session)
    learning = session.scalar(select(Learning).where(Learning.project_id == project_id))
    if learning is None:
        return None
    newest = session.scalar(select(func.max(Answer.id)).where(Answer.project_id == project_id)) or 0
    decision = select(func.max(Decision.id)).join(Record).where(Record.project_id == project_id)
    found = Gathered(
        project_id,
        learning.fits,
        learning.turn,
        learning.new_answers,
        newest,
        session.scalar(decision) or 0,
        fields_of(session, project_id),
    )
    checked = checked_values(session, project_id)
    of_task: dict[int, tuple[int, list[str]]] = {
        row.id: (row.item_id, row.fields)
        for row in session.execute(
            select(Task.id, Task.item_id, Task.fields).where(Task.project_id == project_id, Task.answered > 0)
        )
    }
    for task_id, heard in _tasks_heard(session, project_id):
        if task_id in of_task and heard.counted:
            _add(found, *of_task[task_id], heard, checked)
    _add_known(session, found)
    return found


def _add_known(session: Session, found: Gathered) -> None:
    """How people did on cards whose answer was known: each field is one answer, right or not."""
    for one in checked_answers(session, found.project_id):
        asked = found.fields.get(one.field)
        if asked is not None:
            found.rows[asked.type].append(FitRow(NO_ITEM, (one.volunteer_id,), (0,), 0 if one.right else 1))


def _tasks_heard(session: Session, project_id: int) -> Iterator[tuple[int, Heard]]:
    query = answers_query(project_id).order_by(Answer.task_id, Answer.id).execution_options(yield_per=AT_ONCE)
    for task_id, rows in groupby(session.execute(query), key=lambda row: row.task_id):
        yield task_id, heard_in(rows)[task_id]


def _add(found: Gathered, item_id: int, names: Iterable[str], heard: Heard, checked: Checked) -> None:
    number_of = {voice.person: voice.answer for voice in heard.counted}
    for name in names:
        asked = found.fields.get(name)
        if asked is None:
            continue
        said: list[tuple[int, Said]] = [(who, one) for who, _, one in said_of_field(asked, heard.counted)]
        truth = checked.get((item_id, name))
        answers, right = taught(asked, said, truth)
        if not answers:
            continue
        places: dict[str, int] = {}
        keys = tuple(min(len(NUMBERS) - 1, places.setdefault(one.key, len(places))) for one in answers)
        people = tuple(int(str(one.giver)) for one in answers)
        known = None if right is None else places.setdefault(right, len(places))
        row = FitRow(item_id, people, keys, known)
        found.rows[asked.type].append(row)
        if truth and right is not None:
            found.checked.append(CheckedRow(asked, said, right, row.answered(), row.truth_key(), item_id))
        for one in answers:
            who = int(str(one.giver))
            found.deeds.add(Deed(who, (item_id, name), one.key, number_of[who]))


# --- working --------------------------------------------------------------------------------------------------------


def fit(gathered: Gathered) -> Fitted:
    """Learns whom to trust, how sure to be and whose answers to look at. Cost: some ten microseconds a field."""
    runnings = {of_type: Running(dict(full_fit(_rows(rows)))) for of_type, rows in sorted(gathered.rows.items())}
    tallies = {of_type: _summed(runnings[of_type], gathered.rows[of_type]) for of_type in runnings}
    runnings = {of_type: running_of(known) for of_type, known in tallies.items()}
    calibration, decided, bins = calibrated_on(gathered.checked, runnings)
    return Fitted(gathered, tallies, calibration, decided, bins, flags_of(gathered.deeds))


def _rows(rows: Iterable[FitRow]) -> Iterator[tuple[list[Answered], str | None]]:
    return ((row.answered(), row.truth_key()) for row in rows)


def running_of(tallies: Mapping[int, Tally]) -> Running:
    """Reliabilities from a full fit's tallies."""
    known: dict[Hashable, Tally] = {who: tally for who, tally in tallies.items()}
    return Running(known)


def given_by(running: Running, row: FitRow) -> dict[int, tuple[float, int]]:
    """What a row teaches by these reliabilities: {person: (credit, answers)}; nothing is changed."""
    given = running.learn(row.answered(), row.truth_key())
    running.forget(given)
    return {int(str(who)): credit for who, credit in given.items()}


def _summed(running: Running, rows: Iterable[FitRow]) -> dict[int, Tally]:
    """What all rows teach together, so that what one of them gave can be taken back."""
    credit: dict[int, float] = defaultdict(float)
    many: dict[int, int] = defaultdict(int)
    for row in rows:
        for who, (part, count) in given_by(running, row).items():
            credit[who] += part
            many[who] += count
    return {who: Tally(round(credit[who], 6), many[who]) for who in credit}
