"""Settling: answers become outcomes, outcomes become record versions, tasks retire. One drained job per project.

Who holds what (PostgreSQL): the project's learning first, so that one settles at a time; then tasks by item and id;
then records by item.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from micro.core.consensus import ENGINE, Outcome, merge
from micro.core.consensus.calibration import in_votes
from micro.core.consensus.lessons import taught
from micro.core.fields import Field, Said
from micro.core.retirement import Patience, Redundancy, judge
from micro.core.review import Standing, a_person_spoke
from micro.data.database import locked
from micro.data.models import ItemLesson, Project, Record, Region, Scan, Task
from micro.kinds import kind_named
from micro.services.assignments import current_setup
from micro.services.checked import Checked, checked_values
from micro.services.heard import Heard, Voice, heard_of, said_of_field
from micro.services.recording import write_record
from micro.services.review.order import Pace, pace_of, put_in_order
from micro.services.teaching import teach
from micro.services.trusting import Given, Taught, Trust, held_learning
from micro.services.versions import bare, lowest, next_number, version_of

__all__ = [
    "NEWEST",
    "Engine",
    "bare",
    "lowest",
    "next_number",
    "projects_behind",
    "settle_anew",
    "settle_item",
    "settle_items",
    "settle_some",
    "version_of",
]

# So many items are settled in one transaction: on SQLite every other writer waits for it.
ITEMS_AT_ONCE = 10
PRICE = 0.02
"""An adaptive project asks once more when that is expected to make a task's weakest field surer by this much."""


@dataclass(frozen=True)
class Engine:
    """What merges the answers to a field; its name goes into every version that it makes."""

    name: str
    merge: Callable[..., Outcome]


NEWEST = Engine(ENGINE, merge)


def projects_behind(session: Session) -> list[int]:
    """The projects in which an answer waits to be merged."""
    return list(session.scalars(select(Task.project_id).where(Task.unsettled).distinct()))


def settle_some(
    session: Session, project_id: int, now: datetime, most: int = ITEMS_AT_ONCE, engine: Engine = NEWEST
) -> int:
    """Settles up to ``most`` items of the project whose answers changed; returns how many, 0 when nothing is behind.

    Run twice, it changes nothing more. Cost: some ten queries, and some more an item.
    """
    items = session.scalars(
        select(Task.item_id).where(Task.project_id == project_id, Task.unsettled).distinct().limit(most)
    ).all()
    if not items:
        return 0
    project, fields = session.get_one(Project, project_id), fields_of(session, project_id)
    settle_items(session, project, fields, items, now, engine=engine)
    return len(items)


def settle_anew(session: Session, project_id: int) -> int:
    """Has everything that was answered in the project merged once more, by another engine; returns how many tasks."""
    answered = (Task.project_id == project_id, Task.answered > 0, ~Task.unsettled)
    ids = session.scalars(locked(select(Task.id).where(*answered).order_by(Task.item_id, Task.id))).all()
    marked = update(Task).where(*answered).values(unsettled=True).execution_options(synchronize_session=False)
    session.execute(marked)
    session.expire_all()
    return len(ids)


def fields_of(session: Session, project_id: int) -> dict[str, Field]:
    """The fields that the project's newest form asks for, by name."""
    setup = current_setup(session, project_id)
    return {field.name: field for field in kind_named(setup.kind).fields(setup.body)}


def settle_item(session: Session, project: Project, fields: Mapping[str, Field], item_id: int, now: datetime) -> Record:
    """Merges all answers that count into the item's record, and retires its tasks or asks for one answer more."""
    return settle_items(session, project, fields, [item_id], now)[0]


@dataclass(frozen=True)
class _Round:
    """What settling some items needs to know about all of them. ``anew``: whether done tasks may be opened again."""

    session: Session
    project: Project
    fields: Mapping[str, Field]
    trust: Trust
    checked: Checked
    now: datetime
    anew: bool
    engine: Engine
    pace: Pace

    def outcome(self, field: Field, voices: Sequence[Voice]) -> dict[str, Any]:
        """A field's entry in a version of the record."""
        said = said_of_field(field, voices)
        reliabilities = self.trust.of(field.type, [person for person, _, _ in said])
        found = self.engine.merge(field, [one for _, _, one in said], reliabilities=reliabilities)
        sure = self.trust.calibration.of(found.confidence, field.name)
        low, high = self.trust.calibration.interval(found.confidence, field.name) if found.confidence else (0.0, 0.0)
        return {
            **found.said,
            "confidence": math.floor(sure * 10_000) / 10_000,
            "between": [math.floor(low * 100) / 100, math.ceil(high * 100) / 100],
            "checked": self.trust.learning.decided,
            "evidence": list(found.evidence),
            "tied": found.tied,
        }

    def patience(self, task: Task) -> Patience | None:
        """What one more answer must bring to a task; None where a project asks until its target is reached."""
        types = [self.fields[name].type for name in task.fields if name in self.fields]
        if not self.project.adaptive or not types:
            return None
        return Patience(min(self.trust.usual(of_type) for of_type in types), PRICE)


def settle_items(
    session: Session,
    project: Project,
    fields: Mapping[str, Field],
    item_ids: Sequence[int],
    now: datetime,
    anew: bool = True,
    engine: Engine = NEWEST,
) -> list[Record]:
    """Settles these items together, in the order of their ids; ``anew`` false leaves tasks that are done alone."""
    ids = sorted(item_ids)
    learning = held_learning(session, project.id)
    of_items = locked(select(Task).where(Task.item_id.in_(ids)).order_by(Task.item_id, Task.id))
    tasks = session.scalars(of_items.execution_options(populate_existing=True)).all()
    records = _records_of(session, project, ids, now)
    heard = heard_of(session, project.id, [task.id for task in tasks])
    lessons = {one.item_id: one for one in session.scalars(select(ItemLesson).where(ItemLesson.item_id.in_(ids)))}
    people = {voice.person for one in heard.values() for voice in one.counted}
    people |= {who for lesson in lessons.values() for who, *_ in lesson.given}
    trust = Trust(session, learning, people)
    checked, pace = checked_values(session, project.id, ids), pace_of(session, project)
    of_all = _Round(session, project, fields, trust, checked, now, anew, engine, pace)
    for item_id in ids:
        theirs = [task for task in tasks if task.item_id == item_id]
        _settle(of_all, records[item_id], theirs, heard, lessons.get(item_id))
    trust.keep(session)
    session.flush()
    return [records[item_id] for item_id in ids]


def _settle(
    of_all: _Round, record: Record, tasks: Sequence[Task], heard: Mapping[int, Heard], lesson: ItemLesson | None
) -> None:
    _unlearn(of_all, tasks, heard, lesson)
    values: dict[str, Any] = {}
    project = of_all.project
    rule = Redundancy(project.min_answers, project.max_answers, project.target_confidence)
    for task in tasks:
        said = heard[task.id]
        for name in task.fields:
            if name in of_all.fields:
                values[name] = of_all.outcome(of_all.fields[name], said.counted)
        weakest = min((values[name]["confidence"] for name in task.fields if name in values), default=0.0)
        task.answered, task.unsettled = len(said.counted), False
        patience = of_all.patience(task)
        votes = in_votes(weakest)
        verdict = judge(rule, task.answered, task.wanted, weakest, said.aside, patience=patience, votes=votes)
        if not a_person_spoke(record.state, record.reason) and (of_all.anew or task.state != "done"):
            task.state, task.wanted = _onward(of_all.session, task, verdict.done), verdict.wanted
    _learn(of_all, record.item_id, tasks, heard, lesson)
    of_all.session.flush()
    finished = all(task.state == "done" for task in tasks)
    record.answers_count = sum(len(heard[task.id].counted) for task in tasks)
    before = Standing(record.state, record.reason)
    if write_record(of_all.session, project, of_all.fields, record, values, finished, of_all.now, of_all.engine.name):
        put_in_order(record, values, before, of_all.pace, of_all.now)
        of_all.session.flush()
    teach(
        of_all.session, record, of_all.now
    )  # Answers may come after the decision; whoever gave them learns of it too.


def lesson_rows(
    fields: Mapping[str, Field],
    item_id: int,
    asked: Sequence[tuple[Sequence[str], Sequence[Voice]]],
    checked: Checked,
) -> list[Taught]:
    """What an item's answers teach: for each task the names of its fields, and who said what."""
    rows = []
    for names, voices in asked:
        for name in names:
            if name in fields:
                said: list[tuple[int, Said]] = [(who, one) for who, _, one in said_of_field(fields[name], voices)]
                rows.append(Taught(fields[name].type, *taught(fields[name], said, checked.get((item_id, name)))))
    return rows


def _unlearn(of_all: _Round, tasks: Sequence[Task], heard: Mapping[int, Heard], lesson: ItemLesson | None) -> None:
    """Takes back what the item taught before, so that its own answers are not judged by themselves."""
    learning, trust = of_all.trust.learning, of_all.trust
    if lesson is not None and lesson.fits == learning.fits:
        trust.forget(lesson.given)
        return
    known = [(t.fields, [v for v in heard[t.id].counted if v.answer <= learning.last_answer]) for t in tasks]
    if any(voices for _, voices in known):  # The full fit saw these, and kept no lesson of them.
        rows = lesson_rows(of_all.fields, tasks[0].item_id, known, of_all.checked)
        given = trust.learn(rows)
        trust.forget(given)
        trust.forget(given)


def _learn(
    of_all: _Round, item_id: int, tasks: Sequence[Task], heard: Mapping[int, Heard], lesson: ItemLesson | None
) -> None:
    learning = of_all.trust.learning
    asked = [(task.fields, heard[task.id].counted) for task in tasks]
    given: Given = of_all.trust.learn(lesson_rows(of_all.fields, item_id, asked, of_all.checked))
    learning.turn += 1
    before = max((answers for *_, answers in lesson.given), default=0) if lesson is not None else 0
    learning.new_answers += max(1, sum(len(voices) for _, voices in asked) - before)
    if lesson is None:
        lesson = ItemLesson(item_id=item_id, project_id=learning.project_id)
        of_all.session.add(lesson)
    lesson.fits, lesson.turn, lesson.given = learning.fits, learning.turn, given


def _onward(session: Session, task: Task, done: bool) -> str:
    """The state that a verdict leads to. A held task stays held, and nobody is asked anew about a hidden scan."""
    if task.state == "held" or (done and task.state == "done"):
        return task.state
    if done or task.state == "open":
        return "done" if done else "open"
    state = select(Scan.state).join(Region, Region.scan_id == Scan.id).where(Region.id == task.region_id)
    return "open" if session.scalar(state) == "shown" else "held"


def _records_of(session: Session, project: Project, item_ids: Sequence[int], now: datetime) -> dict[int, Record]:
    """The items' records, held from here on; made where there is none yet."""
    held = locked(select(Record).where(Record.item_id.in_(item_ids)).order_by(Record.item_id))
    found = {one.item_id: one for one in session.scalars(held.execution_options(populate_existing=True))}
    for item_id in item_ids:
        if item_id not in found:
            found[item_id] = Record(
                project_id=project.id,
                item_id=item_id,
                state="open",
                reason="",
                confidence=0.0,
                answers_count=0,
                current=0,
                proposed=0,
                revision=0,
                changed_at=now,
            )
            session.add(found[item_id])
    session.flush()
    return found
