"""Writing down what settling found: a new version of the record if anything changed, and where the record stands."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from micro.core.consensus import ENGINE
from micro.core.consensus.keys import key_of
from micro.core.fields import Field
from micro.core.review import CHANGED, Standing, is_contentious, standing
from micro.data.models import Answer, Project, Record, RecordVersion, SetAside, Task, Volunteer
from micro.services.heard import fits
from micro.services.moves import note_move
from micro.services.occasions import came_back
from micro.services.versions import lowest, next_number, version_of


def write_record(
    session: Session,
    project: Project,
    fields: Mapping[str, Field],
    record: Record,
    values: dict[str, Any],
    finished: bool,
    now: datetime,
    engine: str = ENGINE,
) -> bool:
    """Keeps the newest outcome ``values`` of a record that is held; returns whether it is another one than before.

    ``finished``: no task waits for answers. ``engine``: the name of what merged them.
    """
    before = Standing(record.state, record.reason)
    current = version_of(session, record, record.current)
    by_person = current is not None and current.made_by == "decision"
    agrees = record.state == "rejected" or not by_person or _agrees(session, fields, record, current, values, engine)
    made = _new_version(session, record, values, now, engine)
    after = standing(
        before,
        finished=finished,
        confidence=lowest(values),
        target=project.target_confidence,
        agrees=agrees,
        contentious=is_contentious(values),
    )
    if after == CHANGED and current is not None and _is_as_it_was(session, fields, record, current, values, engine):
        after, record.confidence = Standing("decided", ""), lowest(current.values)
    if made is not None and not by_person:
        record.current, record.confidence = made.number, lowest(values)
    if after == CHANGED:
        record.confidence = lowest(values)
    is_another = after != before or made is not None
    if is_another:
        _move_on(session, record, before, after, now)
    session.flush()
    return is_another


def _move_on(session: Session, record: Record, before: Standing, after: Standing, now: datetime) -> None:
    """The record stands where the outcome leads; whoever sent it back is told that it is read."""
    if after.state != before.state:
        note_move(session, "record", record.id, None, now, before.state, after.state, after.reason or "settled")
        if before.state == "open":
            came_back(session, record, now)
    record.state, record.reason, record.changed_at = after.state, after.reason, now
    record.revision += 1


def _agrees(
    session: Session,
    fields: Mapping[str, Field],
    record: Record,
    current: RecordVersion | None,
    values: dict[str, Any],
    engine: str,
) -> bool:
    """Whether the newest evidence leaves a person's decision in peace.

    It does when it says what the person said, or what the engine had already proposed before, and when nobody said
    anything new to the same engine: then micro only trusts people differently. Spellings that a reader would call the
    same are the same.
    """
    proposed = version_of(session, record, record.proposed)
    if proposed is not None and proposed.engine == engine and _heard(fields, proposed.values) == _heard(fields, values):
        return True
    said = _compared(fields, values)
    return any(version is not None and _compared(fields, version.values) == said for version in (current, proposed))


def _is_as_it_was(
    session: Session,
    fields: Mapping[str, Field],
    record: Record,
    decision: RecordVersion,
    values: dict[str, Any],
    engine: str,
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
    return seen is not None and (
        _compared(fields, seen.values) == _compared(fields, values)
        or (seen.engine == engine and _heard(fields, seen.values) == _heard(fields, values))
    )


def _heard(fields: Mapping[str, Field], values: Mapping[str, Any]) -> dict[str, dict[str | None, tuple[int, int]]]:
    """How many people said what of each field, by comparison key, and how many of them were not sure."""
    return {
        name: {
            key_of(field, one["said"]): (one["count"], one["unsure"])
            for one in values[name]["evidence"]
            if fits(field, one["said"])
        }
        for name, field in fields.items()
        if name in values
    }


def _compared(fields: Mapping[str, Field], values: Mapping[str, Any]) -> dict[str, str | None]:
    """The comparison keys of what is said of each field."""
    return {
        name: key_of(field, values[name])
        for name, field in fields.items()
        if name in values and fits(field, values[name])
    }


def _new_version(
    session: Session, record: Record, values: dict[str, Any], now: datetime, engine: str
) -> RecordVersion | None:
    """A new version by the engine, or None when nothing changed since its last."""
    fingerprint = fingerprint_of(values, engine)
    last = version_of(session, record, record.proposed)
    if last is not None and (last.engine, last.fingerprint) == (engine, fingerprint):
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


def fingerprint_of(values: Mapping[str, Any], engine: str = ENGINE) -> str:
    """A hash of what a version says and how sure it is; not of how many records were checked meanwhile."""
    told = {
        name: {part: entry[part] for part in entry if part not in ("between", "checked")}
        for name, entry in values.items()
    }
    return hashlib.sha256(json.dumps([engine, told], sort_keys=True).encode()).hexdigest()
