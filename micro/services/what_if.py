"""What would have been if a project had asked or merged otherwise: its answers replayed under two settings.

Nothing is written. The answers to each task come again in the order in which they came; each setting stops where it
would have had enough. What nobody gave cannot be replayed: where a setting wants more answers than there are, the task
stays unfinished. Reliabilities and calibration are those of now, also for what taught them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.core.consensus import ENGINE, merge
from micro.core.consensus.calibration import Calibration, calibrated, in_votes
from micro.core.consensus.keys import key_of
from micro.core.fields import Field, Said
from micro.core.retirement import Patience, Redundancy, check_redundancy, judge
from micro.data.models import Answer, Item, Learning, Project, Task
from micro.errors import BadAnswer
from micro.services.checked import Checked, checked_values
from micro.services.heard import Voice, answers_query, heard_in, said_of_field
from micro.services.settling import PRICE, fields_of
from micro.services.trusting import Trust

AT_ONCE = 2000
MOST_NAMED = 20


@dataclass(frozen=True)
class Choice:
    """How to ask and to merge. ``learning``: volunteers weigh by their reliability, else all alike. ``calibrated``:
    confidences follow the project's decided records."""

    min_answers: int
    max_answers: int
    target_confidence: float
    adaptive: bool
    learning: bool = True
    calibrated: bool = True


@dataclass
class Tally:
    """What a setting led to. ``accepted``: finished records that no professional would be asked about; ``sure`` the
    sum of the confidences of their weakest fields; ``right`` of ``checked`` values are as a professional decided."""

    answers: int = 0
    finished: int = 0
    accepted: int = 0
    sure: float = 0.0
    right: int = 0
    checked: int = 0


@dataclass
class Comparison:
    """Two settings over the same ``records``; ``changed`` counts records that would say something else, and ``named``
    is some of them: (identifier, fields)."""

    records: int = 0
    given: int = 0
    now: Tally = field(default_factory=Tally)
    instead: Tally = field(default_factory=Tally)
    changed: int = 0
    named: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)


def choice_of(project: Project) -> Choice:
    """How the project asks and merges now."""
    return Choice(project.min_answers, project.max_answers, project.target_confidence, project.adaptive)


def changed_choice(choice: Choice, wished: Mapping[str, Any]) -> Choice:
    """The choice with some settings changed; BadAnswer for an unknown name or a value that cannot be."""
    known = {one.name: one.type for one in fields(Choice)}
    for name, value in wished.items():
        if name not in known:
            raise BadAnswer(
                name, "There is no setting “%(name)s”; there are: %(known)s.", name=name, known=", ".join(known)
            )
        if known[name] == "bool" and not isinstance(value, bool):
            raise BadAnswer(name, "“%(name)s” is true or false.", name=name)
    made = replace(choice, **wished)
    check_redundancy(made.min_answers, made.max_answers, made.target_confidence)
    return made


@dataclass(frozen=True)
class _Replay:
    fields: Mapping[str, Field]
    trust: Trust
    choice: Choice
    calibration: Calibration

    def outcome(self, names: Sequence[str], voices: Sequence[Voice]) -> dict[str, tuple[Said, float]]:
        found = {}
        for name in names:
            asked = self.fields[name]
            said = said_of_field(asked, voices)
            trust = self.trust.of(asked.type, [who for who, _, _ in said]) if self.choice.learning else None
            merged = merge(asked, [one for _, _, one in said], reliabilities=trust)
            found[name] = merged.said, self.calibration.of(merged.confidence, name)
        return found

    def stopped(self, names: Sequence[str], voices: Sequence[Voice]) -> tuple[int, bool, dict[str, tuple[Said, float]]]:
        """After how many answers enough is known, whether it is, and what is known then."""
        choice, wanted, found = self.choice, 0, dict[str, tuple[Said, float]]()
        rule = Redundancy(choice.min_answers, choice.max_answers, choice.target_confidence)
        patience = self._patience(names)
        for many in range(min(choice.min_answers, len(voices)), len(voices) + 1):
            found = self.outcome(names, voices[:many])
            weakest = min((sure for _, sure in found.values()), default=0.0)
            verdict = judge(rule, many, wanted, weakest, patience=patience, votes=in_votes(weakest))
            wanted = verdict.wanted
            if verdict.done:
                return many, True, found
        return len(voices), False, found

    def _patience(self, names: Sequence[str]) -> Patience | None:
        if not self.choice.adaptive or not names:
            return None
        return Patience(min(self.trust.usual(self.fields[name].type) for name in names), PRICE)


@dataclass
class _Record:
    """What both settings make of an item: (finished, weakest confidence) each, and which fields differ."""

    ends: list[tuple[bool, float]] = field(default_factory=lambda: [(True, 1.0), (True, 1.0)])
    differing: list[str] = field(default_factory=list)


def compare(session: Session, project: Project, instead: Choice) -> Comparison:
    """The project's settings of now beside others, over all answers. Cost: a merge for each answer, twice."""
    asked = fields_of(session, project.id)
    learning = session.scalar(select(Learning).where(Learning.project_id == project.id))
    known = learning or Learning(project_id=project.id, engine=ENGINE, totals={}, bins=[], decided=0)
    trust = Trust(session, known, None)
    replays = [
        _Replay(asked, trust, choice, trust.calibration if choice.calibrated else calibrated(()))
        for choice in (choice_of(project), instead)
    ]
    found, records = Comparison(), dict[int, _Record]()
    checked = checked_values(session, project.id)
    for item_id, names, voices in _tasks(session, project.id, asked):
        found.given += len(voices)
        _replay(found, records.setdefault(item_id, _Record()), replays, (item_id, names, voices), checked)
    _sum_up(session, found, records, replays)
    return found


def _replay(
    found: Comparison,
    record: _Record,
    replays: Sequence[_Replay],
    task: tuple[int, Sequence[str], Sequence[Voice]],
    checked: Checked,
) -> None:
    item_id, names, voices = task
    said: list[dict[str, tuple[Said, float]]] = []
    for place, (tally, replay) in enumerate(zip((found.now, found.instead), replays, strict=True)):
        used, done, outcome = replay.stopped(names, voices)
        tally.answers += used
        finished, weakest = record.ends[place]
        record.ends[place] = finished and done, min([weakest, *(sure for _, sure in outcome.values())])
        for name in names:
            if (item_id, name) in checked and name in outcome:
                tally.checked += 1
                asked = replay.fields[name]
                tally.right += key_of(asked, outcome[name][0]) == key_of(asked, checked[item_id, name])
        said.append(outcome)
    for name in names:
        keys = {key_of(replays[0].fields[name], outcome[name][0]) if name in outcome else None for outcome in said}
        if len(keys) > 1:
            record.differing.append(name)


def _sum_up(session: Session, found: Comparison, records: Mapping[int, _Record], replays: Sequence[_Replay]) -> None:
    found.records = len(records)
    for record in records.values():
        for tally, replay, (finished, weakest) in zip((found.now, found.instead), replays, record.ends, strict=True):
            tally.finished += finished
            tally.accepted += finished and weakest >= replay.choice.target_confidence
            tally.sure += weakest
    changed = [item_id for item_id, record in records.items() if record.differing]
    found.changed = len(changed)
    some = select(Item).where(Item.id.in_(changed[:MOST_NAMED])).order_by(Item.id)
    found.named = [(one.identifier, tuple(records[one.id].differing)) for one in session.scalars(some)]


def _tasks(
    session: Session, project_id: int, asked: Mapping[str, Field]
) -> Iterator[tuple[int, list[str], list[Voice]]]:
    """Every task with an answer that counts: its item, the names of its fields, and the answers as they came."""
    tasks: dict[int, tuple[int, list[str]]] = {
        row.id: (row.item_id, [name for name in row.fields if name in asked])
        for row in session.execute(select(Task.id, Task.item_id, Task.fields).where(Task.project_id == project_id))
    }
    query = answers_query(project_id).order_by(Answer.task_id, Answer.id).execution_options(yield_per=AT_ONCE)
    for task_id, rows in groupby(session.execute(query), key=lambda row: row.task_id):
        voices = sorted(heard_in(rows)[task_id].counted, key=lambda voice: voice.answer)
        if voices:
            yield *tasks[task_id], voices
