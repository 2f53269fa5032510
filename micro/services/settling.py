"""Settling: answers become outcomes, outcomes become record versions, tasks retire. One drained job per project."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from micro.core.consensus import ENGINE, Outcome, merge
from micro.core.consensus.keys import key_of
from micro.core.fields import Field, Said, parse_said
from micro.core.retirement import Redundancy, judge
from micro.core.review import CHANGED, Standing, a_person_spoke, is_contentious, standing
from micro.data.database import locked
from micro.data.models import Answer, Project, Record, RecordVersion, Region, Scan, SetAside, Task, Volunteer
from micro.errors import BadAnswer
from micro.kinds import kind_named
from micro.services.assignments import current_setup
from micro.services.moves import note_move
from micro.services.occasions import came_back
from micro.services.review.order import Pace, kind_of, put_in_order
from micro.services.teaching import teach
from micro.services.what_was_said import what_was_said

# So many items are settled in one transaction: on SQLite every other writer waits for it.
ITEMS_AT_ONCE = 10


@dataclass(frozen=True)
class Engine:
    """What merges the answers to a field; its name goes into every version that it makes."""

    name: str
    merge: Callable[[Field, Sequence[Said]], Outcome]


NEWEST = Engine(ENGINE, merge)


def projects_behind(session: Session) -> list[int]:
    """The projects in which an answer waits to be merged."""
    return list(session.scalars(select(Task.project_id).where(Task.unsettled).distinct()))


def settle_some(
    session: Session, project_id: int, now: datetime, most: int = ITEMS_AT_ONCE, engine: Engine = NEWEST
) -> int:
    """Settles up to ``most`` items of the project whose answers changed; returns how many, 0 when nothing is behind.

    Run twice, it changes nothing more. Cost: a few queries an item.
    """
    items = session.scalars(
        select(Task.item_id).where(Task.project_id == project_id, Task.unsettled).distinct().limit(most)
    ).all()
    if not items:
        return 0
    project = session.get_one(Project, project_id)
    setup = current_setup(session, project_id)
    fields = {field.name: field for field in kind_named(setup.kind).fields(setup.body)}
    pace = Pace(session, setup.kind)
    for item_id in sorted(items):
        settle_item(session, project, fields, item_id, now, pace, engine)
    return len(items)


def settle_anew(session: Session, project_id: int) -> int:
    """Has everything that was answered in the project merged once more, by another engine; returns how many tasks."""
    answered = (Task.project_id == project_id, Task.answered > 0, ~Task.unsettled)
    ids = session.scalars(locked(select(Task.id).where(*answered).order_by(Task.item_id, Task.id))).all()
    marked = update(Task).where(*answered).values(unsettled=True).execution_options(synchronize_session=False)
    session.execute(marked)
    session.expire_all()
    return len(ids)


def settle_item(
    session: Session,
    project: Project,
    fields: Mapping[str, Field],
    item_id: int,
    now: datetime,
    pace: Pace | None = None,
    engine: Engine = NEWEST,
) -> Record:
    """Merges all answers that count into the item's record, and retires its tasks or asks for one answer more."""
    tasks = session.scalars(
        locked(select(Task).where(Task.item_id == item_id).order_by(Task.id)).execution_options(populate_existing=True)
    ).all()
    record = _record_of(session, project, item_id, now)
    said = what_was_said(session, project.id, [task.id for task in tasks])
    values: dict[str, Any] = {}
    rule = Redundancy(project.min_answers, project.max_answers, project.target_confidence)
    for task in tasks:
        answers = said[task.id].counted
        for name in task.fields:
            if name in fields:
                values[name] = _outcome(engine, fields[name], [answer[name] for answer in answers if name in answer])
        weakest = min((values[name]["confidence"] for name in task.fields if name in values), default=0.0)
        task.answered, task.unsettled = len(answers), False
        verdict = judge(rule, task.answered, task.wanted, weakest, said[task.id].aside)
        if not a_person_spoke(record.state, record.reason):
            task.state, task.wanted = _onward(session, task, verdict.done), verdict.wanted
    session.flush()
    finished = all(task.state == "done" for task in tasks)
    record.answers_count = sum(len(all_.counted) for all_ in said.values())
    before = Standing(record.state, record.reason)
    if _write_record(session, project, fields, record, values, finished, now, engine.name):
        put_in_order(record, values, before, pace or Pace(session, kind_of(session, project)), now)
        session.flush()
    teach(session, record, now)  # Answers may come after the decision, and whoever gave them learns of it too.
    return record


def _onward(session: Session, task: Task, done: bool) -> str:
    """The state that a verdict leads to. A held task stays held, and nobody is asked anew about a hidden scan."""
    if task.state == "held" or (done and task.state == "done"):
        return task.state
    if done or task.state == "open":
        return "done" if done else "open"
    state = select(Scan.state).join(Region, Region.scan_id == Scan.id).where(Region.id == task.region_id)
    return "open" if session.scalar(state) == "shown" else "held"


def _record_of(session: Session, project: Project, item_id: int, now: datetime) -> Record:
    """The item's record, held from here on; made when there is none yet."""
    record = session.scalar(
        locked(select(Record).where(Record.item_id == item_id)).execution_options(populate_existing=True)
    )
    if record is None:
        record = Record(
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
        session.add(record)
        session.flush()
    return record


def _outcome(engine: Engine, field: Field, answers: list[Said]) -> dict[str, Any]:
    outcome = engine.merge(field, [said for said in answers if _fits(field, said)])
    return {
        **outcome.said,
        "confidence": math.floor(outcome.confidence * 10_000) / 10_000,
        "evidence": list(outcome.evidence),
        "tied": outcome.tied,
    }


def _fits(field: Field, said: Said) -> bool:
    """Whether this can be said of the field: an answer to an older form, where its type was another, may not."""
    try:
        parse_said(field, said)
    except BadAnswer:
        return False
    return True


def bare(values: Mapping[str, Any]) -> dict[str, Said]:
    """Only what is said of each field, without confidence and evidence: for comparing two versions."""
    return {name: {part: entry[part] for part in ("value", "mark") if part in entry} for name, entry in values.items()}


def _write_record(
    session: Session,
    project: Project,
    fields: Mapping[str, Field],
    record: Record,
    values: dict[str, Any],
    finished: bool,
    now: datetime,
    engine: str,
) -> bool:
    """Writes down what came of it; returns whether the record is another one than before."""
    before = Standing(record.state, record.reason)
    current = version_of(session, record, record.current)
    by_person = current is not None and current.made_by == "decision"
    agrees = record.state == "rejected" or not by_person or _agrees(session, fields, record, current, values)
    made = _new_version(session, record, values, now, engine)
    after = standing(
        before,
        finished=finished,
        confidence=lowest(values),
        target=project.target_confidence,
        agrees=agrees,
        contentious=is_contentious(values),
    )
    if after == CHANGED and current is not None and _is_as_it_was(session, fields, record, current, values):
        after, record.confidence = Standing("decided", ""), lowest(current.values)
    if made is not None and not by_person:
        record.current, record.confidence = made.number, lowest(values)
    if after == CHANGED:
        record.confidence = lowest(values)
    if after.state != before.state:
        note_move(session, "record", record.id, None, now, before.state, after.state, after.reason or "settled")
        if before.state == "open":
            came_back(session, record, now)
    if is_another := after != before or made is not None:
        record.state, record.reason, record.changed_at = after.state, after.reason, now
        record.revision += 1
    session.flush()
    return is_another


def _agrees(
    session: Session, fields: Mapping[str, Field], record: Record, current: RecordVersion | None, values: dict[str, Any]
) -> bool:
    """Whether the newest evidence leaves a person's decision in peace.

    It does when it says what the person said, or what the engine had already proposed before. Spellings that a reader
    would call the same are the same here.
    """
    proposed = version_of(session, record, record.proposed)
    said = _compared(fields, values)
    return any(version is not None and _compared(fields, version.values) == said for version in (current, proposed))


def _is_as_it_was(
    session: Session, fields: Mapping[str, Field], record: Record, decision: RecordVersion, values: dict[str, Any]
) -> bool:
    """Whether answers were set aside and count again, and the evidence says again what it said at the decision."""
    restored = (
        select(SetAside.id)
        .join(Volunteer, or_(SetAside.volunteer_id == Volunteer.id, SetAside.volunteer_id == Volunteer.claimed_by_id))
        .join(Answer, Answer.volunteer_id == Volunteer.id)
        .join(Task, Task.id == Answer.task_id)
        .where(SetAside.project_id == record.project_id, SetAside.state == "restored", Task.item_id == record.item_id)
    )
    if decision.made_by != "decision" or session.scalar(restored.limit(1)) is None:
        return False
    earlier = RecordVersion.record_id == record.id, RecordVersion.number < decision.number
    seen = session.scalar(
        select(RecordVersion)
        .where(*earlier, RecordVersion.made_by == "engine")
        .order_by(RecordVersion.number.desc())
        .limit(1)
    )
    return seen is not None and _compared(fields, seen.values) == _compared(fields, values)


def _compared(fields: Mapping[str, Field], values: Mapping[str, Any]) -> dict[str, str | None]:
    """The comparison keys of what is said of each field."""
    return {
        name: key_of(field, values[name])
        for name, field in fields.items()
        if name in values and _fits(field, values[name])
    }


def _new_version(
    session: Session, record: Record, values: dict[str, Any], now: datetime, engine: str
) -> RecordVersion | None:
    """A new version by the engine, or None when nothing changed since its last."""
    fingerprint = hashlib.sha256(json.dumps([engine, values], sort_keys=True).encode()).hexdigest()
    last = version_of(session, record, record.proposed)
    if last is not None and last.fingerprint == fingerprint:
        return None
    made = RecordVersion(
        record_id=record.id,
        number=next_number(session, record),
        values=values,
        made_by="engine",
        engine=engine,
        fingerprint=fingerprint,
        made_at=now,
    )
    session.add(made)
    session.flush()
    record.proposed = made.number
    return made


def next_number(session: Session, record: Record) -> int:
    """The number of the record's next version."""
    return (session.scalar(select(func.max(RecordVersion.number)).where(RecordVersion.record_id == record.id)) or 0) + 1


def version_of(session: Session, record: Record, number: int) -> RecordVersion | None:
    """One version of a record, or None."""
    return session.scalar(
        select(RecordVersion).where(RecordVersion.record_id == record.id, RecordVersion.number == number)
    )


def lowest(values: Mapping[str, Any]) -> float:
    """The confidence of the weakest field, 0 to 1; 0 when there is none."""
    return min((entry["confidence"] for entry in values.values()), default=0.0)
