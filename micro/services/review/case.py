"""One decision on its way: the record and its tasks held, the version that is made, the tasks asked or left alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.core.fields import Said
from micro.core.review import AUDIT, MAKING, Standing
from micro.core.states import TASK, check_move
from micro.data.database import locked
from micro.data.models import BatchRecord, Record, RecordVersion, Task
from micro.errors import BadAnswer, Conflict
from micro.services.moves import note_move
from micro.services.review.order import Pace, put_in_order
from micro.services.review.versions import Pair, newest_versions
from micro.services.settling import lowest, next_number, version_of

# Nobody decides on their own answer, but everybody may point at a record or pass it on.
NOT_A_JUDGEMENT = ("flag", "hand")


@dataclass
class Case:
    """One decision on its way: the record and its tasks, held, and how it was until now."""

    session: Session
    record: Record
    tasks: Sequence[Task]
    account_id: int
    action: str
    now: datetime

    def __post_init__(self) -> None:
        self.was = Standing(self.record.state, self.record.reason)
        self.before = before_decision(self.record, self.tasks)

    @cached_property
    def versions(self) -> Pair:
        """What was believed when this is first asked for, and the engine's newest."""
        return newest_versions(self.session, [self.record])[self.record.id]


def hold_case(session: Session, seen: Record, account_id: int, action: str, now: datetime) -> Case:
    """The record and its item's tasks, locked as settling locks them: tasks by id, then the record; read anew."""
    tasks = locked(select(Task).where(Task.item_id == seen.item_id).order_by(Task.id))
    held_tasks = session.scalars(tasks.execution_options(populate_existing=True)).all()
    record = locked(select(Record).where(Record.id == seen.id))
    held = session.scalars(record.execution_options(populate_existing=True)).one()
    return Case(session, held, held_tasks, account_id, action, now)


def hold_cases(session: Session, record_ids: Sequence[int], account_id: int, action: str, now: datetime) -> list[Case]:
    """The same for several records, in the order in which settling takes them: who holds two waits for nobody twice."""
    items = select(Record.item_id).where(Record.id.in_(record_ids))
    wish = select(Task).where(Task.item_id.in_(session.scalars(items).all())).order_by(Task.item_id, Task.id)
    tasks: dict[int, list[Task]] = {}
    for task in session.scalars(locked(wish).execution_options(populate_existing=True)):
        tasks.setdefault(task.item_id, []).append(task)
    records = locked(select(Record).where(Record.id.in_(record_ids)).order_by(Record.item_id))
    held = session.scalars(records.execution_options(populate_existing=True)).all()
    return [Case(session, record, tasks.get(record.item_id, []), account_id, action, now) for record in held]


def before_decision(record: Record, tasks: Sequence[Task]) -> dict[str, Any]:
    """What an undo brings back, as JSON."""
    kept = {name: getattr(record, name) for name in ("state", "reason", "current", "confidence", "assignee_id")}
    return {**kept, "question": record.question, "tasks": {str(task.id): [task.state, task.wanted] for task in tasks}}


def make_version(case: Case, parsed: Mapping[str, Said] | None, number: int) -> int | None:
    """Makes the version that the decision leads to; returns its number, None for decisions that make none."""
    if case.action == "return":
        _believe_the_engine(case)
    if case.action not in MAKING:
        return None
    session, record = case.session, case.record
    current, proposed = case.versions
    if current is None:
        raise Conflict("Nobody has answered yet, so there is nothing to decide.")
    values = dict(_reverted(case, number) if case.action == "revert" else current.values)
    evidence = (proposed or current).values
    for name, said in (parsed or {}).items():
        known = evidence.get(name, {}).get("evidence", [])
        values[name] = {**said, "confidence": 1.0, "evidence": known, "tied": False}
    return new_version(case, values, next_number(session, record)).number


def new_version(case: Case, values: dict[str, Any], number: int) -> RecordVersion:
    """A version by this decision, which the record says from now on."""
    record = case.record
    version = RecordVersion(
        record_id=record.id,
        number=number,
        values=values,
        made_by="decision",
        engine="",
        fingerprint="",
        made_at=case.now,
    )
    case.session.add(version)
    record.current, record.confidence = version.number, lowest(values)
    return version


def go_on(case: Case, after: Standing, newest: Mapping[str, Any], pace: Pace) -> None:
    """The record moves to where the decision leads, and to its place in the queue by the ``newest`` values."""
    record = case.record
    note_move(case.session, "record", record.id, case.account_id, case.now, case.was.state, after.state, case.action)
    record.state, record.reason, record.changed_at = after.state, after.reason, case.now
    record.revision = record.revision + 1
    put_in_order(record, newest, case.was, pace, case.now)


def _reverted(case: Case, number: int) -> Mapping[str, Any]:
    """What an earlier version said."""
    earlier = version_of(case.session, case.record, number) if 0 < number < 2**31 else None
    if earlier is None:
        raise BadAnswer("version", "There is no such version of this record.")
    if number == case.record.current:
        raise Conflict("This version stands already.")
    return earlier.values


def _believe_the_engine(case: Case) -> None:
    record = case.record
    proposed = case.versions[1]
    record.current, record.confidence = record.proposed, lowest(proposed.values) if proposed else 0.0


def settle_tasks(case: Case) -> None:
    """Asks for one answer more, or for none: nobody is asked in vain about what a person has decided."""
    if case.action in NOT_A_JUDGEMENT:
        return
    if case.action == "return" and case.record.project.state not in ("live", "paused", "trial"):
        raise Conflict("This project is over, so nobody can be asked for one more answer.")
    if case.action == "return" and case.record.item.scan.state != "shown":
        raise Conflict("The scan has been taken down, so nobody can be asked for one more answer.")
    for task in case.tasks:
        if case.action == "return":
            task.wanted = max(task.wanted, task.answered) + 1
        _move_task(case, task, "open" if case.action == "return" else "done")


def _move_task(case: Case, task: Task, state: str) -> None:
    if task.state != state:
        check_move(TASK, task.state, state)
        note_move(case.session, "task", task.id, case.account_id, case.now, task.state, state, case.action)
        task.state = state


def bring_back(case: Case, task: Task, before: Mapping[str, Any]) -> None:
    """The task as it was before the decision; an answer more that somebody is just giving stays asked for."""
    if (kept := before.get(str(task.id))) is None:
        return
    state, wanted = kept
    task.wanted = max(wanted, task.answered + task.lent) if task.lent else wanted
    task.unsettled = task.unsettled or task.answered > 0  # Answers may have come while nobody was asked.
    if state == "done" and task.lent:
        return
    if state == "open" and case.record.item.scan.state != "shown":
        state = "held"
    _move_task(case, task, state)


def standing_before(case: Case, before: Mapping[str, Any]) -> Standing:
    """Where an undo leads back to. Of a batch that is over no sample waits any more: the record stands as before it."""
    back = Standing(before["state"], before["reason"])
    if back != AUDIT:
        return back
    drawn = select(BatchRecord).where(BatchRecord.record_id == case.record.id, BatchRecord.state == "sample")
    newest = case.session.scalar(drawn.order_by(BatchRecord.id.desc()).limit(1))
    if newest is None or newest.before is None or newest.batch.state == "open":
        return back
    return Standing(newest.before["state"], newest.before["reason"])
