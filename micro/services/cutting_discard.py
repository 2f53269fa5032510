"""Discarding a cutting that nobody has worked on, so that another way can be chosen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session

from micro.core.states import CUTTING, check_move
from micro.data.database import locked
from micro.data.models import (
    Answer,
    Assignment,
    CuttingRun,
    Decision,
    Gold,
    Item,
    Layout,
    Move,
    Project,
    Record,
    RecordVersion,
    Region,
    Report,
    Scan,
    Task,
)
from micro.errors import Conflict
from micro.services.cutting import hold_project, waiting_run
from micro.services.moves import note_move

# Whoever waits for a task must not see it go: a project that takes answers is paused first.
BEFORE_DISCARDING = frozenset({"draft", "trial", "paused"})


@dataclass(frozen=True)
class Discarded:
    """How many items and tasks a project's cutting made."""

    items: int
    tasks: int


def discardable(session: Session, project: Project) -> Discarded | None:
    """What discarding the cutting would delete; None when there is nothing, or somebody has worked on it."""
    try:
        check_unworked(session, project)
    except Conflict:
        return None
    counted = _counts(session, project)
    return counted if counted.items else None


def _counts(session: Session, project: Project) -> Discarded:
    items, tasks = (
        session.scalar(select(func.count()).select_from(table).where(table.project_id == project.id)) or 0
        for table in (Item, Task)
    )
    return Discarded(items, tasks)


def check_unworked(session: Session, project: Project) -> None:
    """Raises Conflict, with the reason, unless all tasks of the project may be deleted."""
    answers, leases = (
        session.scalar(select(func.count()).select_from(table).where(table.project_id == project.id)) or 0
        for table in (Answer, Assignment)
    )
    decided = select(Decision.id).join(Record).where(Record.project_id == project.id).limit(1)
    imported = select(Task.id).where(Task.project_id == project.id, Task.source_id.is_not(None)).limit(1)
    if answers:
        raise Conflict("People have answered already (%(count)s so far). This cutting stays as it is.", count=answers)
    if leases:
        raise Conflict("People have begun to read these tasks. This cutting stays as it is.")
    if session.scalar(decided) is not None:
        raise Conflict("Somebody has decided on a record already. This cutting stays as it is.")
    if session.scalar(imported) is not None:
        raise Conflict("These tasks were imported. They are not cut anew.")
    if project.state not in BEFORE_DISCARDING:
        raise Conflict("Only a draft, a trial or a paused project can be cut in another way.")


def discard_cutting(session: Session, project: Project, account_id: int | None, now: datetime, seen: int) -> Discarded:
    """Deletes all items, regions, tasks and records of a project that nobody has worked on; returns how many.

    Its way stays, to be changed; nothing is cut again until somebody starts a run. ``seen`` is the number of tasks
    that whoever confirmed it had read. Conflict when there are others meanwhile, or somebody has begun to read.
    """
    hold_project(session, project)
    # Nobody is lent a task from here on: lenders pass over rows that are held.
    session.execute(locked(select(Task.id).where(Task.project_id == project.id).order_by(Task.id)))
    check_unworked(session, project)
    counted = _counts(session, project)
    if counted.tasks != seen:
        raise Conflict("There are %(count)s tasks by now. Look at the page again first.", count=counted.tasks)
    _delete_all(session, project)
    _stop(session, project, account_id, now)
    session.flush()
    session.expire_all()
    return counted


def _delete_all(session: Session, project: Project) -> None:
    tasks = select(Task.id).where(Task.project_id == project.id)
    records = select(Record.id).where(Record.project_id == project.id)
    items = select(Item.id).where(Item.project_id == project.id)
    scans = select(Scan.id).where(Scan.project_id == project.id)
    known = select(Gold.id).where(Gold.project_id == project.id)
    # A database may give the number of a deleted row again: its log must not tell of another one.
    _delete(session, Move, Move.subject_id.in_(records), Move.subject == "record")
    _delete(session, Move, Move.subject_id.in_(tasks), Move.subject == "task")
    _delete(session, RecordVersion, RecordVersion.record_id.in_(records))
    _delete(session, Record, Record.project_id == project.id)
    _delete(session, Report, Report.task_id.in_(tasks))
    _delete(session, Move, Move.subject_id.in_(known), Move.subject == "gold")
    _delete(session, Gold, Gold.project_id == project.id)
    _delete(session, Task, Task.project_id == project.id)
    _delete(session, Region, Region.item_id.in_(items))
    _delete(session, Item, Item.project_id == project.id)
    _propose_layouts(session, scans)


def _delete(session: Session, table: Any, *where: Any) -> None:
    session.execute(delete(table).where(*where).execution_options(synchronize_session=False))


def _propose_layouts(session: Session, scans: Select[int]) -> None:
    used = (Layout.scan_id.in_(scans), Layout.state == "used")
    session.execute(update(Layout).where(*used).values(state="proposed").execution_options(synchronize_session=False))


def _stop(session: Session, project: Project, account_id: int | None, now: datetime) -> None:
    """Leaves a cancelled run as the newest, so that neither a worker nor a new scan begins to cut again."""
    run = waiting_run(session, project.id)
    if run is None:
        way = dict(project.cutting or {})
        run = CuttingRun(project=project, account_id=account_id, way=way, state="waiting", total=0, created_at=now)
        session.add(run)
        session.flush()
    note_move(session, "cutting", run.id, account_id, now, run.state, "cancelled", "discarded")
    check_move(CUTTING, run.state, "cancelled")
    run.state, run.ended_at = "cancelled", now
