"""Imported tasks: each becomes a scan without a picture, an item, a region that is all of it, and a task."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from micro.core.geometry import WHOLE
from micro.core.imports import last_part
from micro.data.models import Item, Project, Region, Scan, Task
from micro.services.cutting import hold_project

NAME_LONGEST, FILE_NAME_LONGEST, DOCUMENT_LONGEST = 200, 255, 200


@dataclass(frozen=True)
class NewTask:
    """A task that was made elsewhere. ``names``: what its item may be called, the best first; ``reference``: the
    address of its picture, which is kept and never fetched, or empty. ``described`` are further columns of the scan.
    """

    source_id: str
    names: tuple[str, ...]
    title: str
    reference: str
    wanted: int
    fields: tuple[str, ...]
    details: Mapping[str, Any]
    described: Mapping[str, str]


@dataclass
class Added:
    """What became of some rows: how many are new, and how many were here already."""

    added: int = 0
    skipped: int = 0

    def __iadd__(self, more: Added) -> Added:
        self.added += more.added
        self.skipped += more.skipped
        return self


def add_tasks(session: Session, project: Project, document: str, tasks: Sequence[NewTask], now: datetime) -> Added:
    """Adds those of some tasks that are not here, in their order. ``document`` is what their scans stand in together.

    Holds the project, so that two imports add each task once. Cost: six queries for all of them.
    """
    hold_project(session, project)
    here = set(
        session.scalars(
            select(Task.source_id).where(
                Task.project_id == project.id, Task.source_id.in_([task.source_id for task in tasks])
            )
        )
    )
    new = list({task.source_id: task for task in reversed(tasks) if task.source_id not in here}.values())[::-1]
    names = _free_names(session, project, new)
    frames = _frames(session, project, new)
    pages = _pages(session, project, document, new)
    for task in new:
        where = _document(task, document)
        pages[where] = pages.get(where, 0) + 1
        scan = _scan(project, task, where, pages[where], now)
        scan.frame = frames.setdefault(scan.sha256, 0)
        frames[scan.sha256] += 1
        scan.identifier = names[task.source_id]
        _add(session, project, scan, task, now)
    session.flush()
    return Added(len(new), len(tasks) - len(new))


def _document(task: NewTask, usual: str) -> str:
    return (task.described.get("document") or usual)[:DOCUMENT_LONGEST]


def _pages(session: Session, project: Project, document: str, tasks: Iterable[NewTask]) -> dict[str, int]:
    """The last page of each document."""
    documents = {_document(task, document) for task in tasks}
    found = session.execute(
        select(Scan.document, func.max(Scan.page_number))
        .where(Scan.project_id == project.id, Scan.document.in_(documents))
        .group_by(Scan.document)
    )
    return {name: page for name, page in found}


def address_sum(task: NewTask) -> str:
    """What stands for the bytes of a picture that is not here: the hash of its address, else of the task's number."""
    return hashlib.sha256((task.reference or f"task {task.source_id}").encode()).hexdigest()


def _scan(project: Project, task: NewTask, document: str, page: int, now: datetime) -> Scan:
    """A scan that is elsewhere: no file, no size."""
    said = task.described
    return Scan(
        project=project,
        sha256=address_sum(task),
        format="",
        size_bytes=0,
        width_px=0,
        height_px=0,
        orientation=1,
        storage_key="",
        reference=task.reference,
        file_name=last_part(task.reference)[:FILE_NAME_LONGEST],
        title=task.title,
        document=document,
        page_number=int(said.get("page") or page),
        rights=said.get("rights", "")[:200],
        credit=said.get("credit", "")[:300],
        details=dict(task.details),
        created_at=now,
    )


def _add(session: Session, project: Project, scan: Scan, task: NewTask, now: datetime) -> None:
    item = Item(project=project, scan=scan, identifier=scan.identifier, title=task.title, created_at=now)
    # One pixel stands for all of it: boxes have a size, and nothing is divided by nought.
    region = Region(scan=scan, item=item, name=WHOLE, fields=list(task.fields), x_px=0, y_px=0, width_px=1, height_px=1)
    session.add_all([scan, item, region, task_of(project, item, region, task, now)])


def task_of(project: Project, item: Item, region: Region, task: NewTask, now: datetime) -> Task:
    """The task that asks about the region, open, nobody's answer in it yet."""
    return Task(
        project=project,
        item=item,
        region=region,
        fields=list(task.fields),
        state="open",
        position=item.scan.page_number,
        wanted=task.wanted,
        source_id=task.source_id,
        created_at=now,
    )


def _free_names(session: Session, project: Project, tasks: Iterable[NewTask]) -> dict[str, str]:
    """An identifier for each task that no item has: the best of its names that is free, at last one with its number."""
    wishes = {
        task.source_id: (
            *(name[:NAME_LONGEST] for name in task.names),
            task.source_id,
            f"{(task.names or (task.source_id,))[0][:120]} ({task.source_id})",
            f"{task.source_id} ({address_sum(task)})",
        )
        for task in tasks
    }
    asked = {name for names in wishes.values() for name in names}
    same = select(Item.identifier).where(Item.project_id == project.id, Item.identifier.in_(asked))
    taken = set(session.scalars(same))
    chosen: dict[str, str] = {}
    for source_id, names in wishes.items():
        chosen[source_id] = next(name for name in names if name not in taken)
        taken.add(chosen[source_id])
    return chosen


def _frames(session: Session, project: Project, tasks: Iterable[NewTask]) -> dict[str, int]:
    """The next free frame of each address: two tasks about one picture are two scans of it."""
    sums = {address_sum(task) for task in tasks}
    found = session.execute(
        select(Scan.sha256, func.max(Scan.frame))
        .where(Scan.project_id == project.id, Scan.sha256.in_(sums))
        .group_by(Scan.sha256)
    )
    return {sha256: frame + 1 for sha256, frame in found}


def task_ids(session: Session, project_id: int) -> dict[str, int]:
    """All tasks of the project that came from elsewhere, by source_id. Cost: some 150 bytes a task."""
    found = session.execute(select(Task.source_id, Task.id).where(Task.project_id == project_id))
    return {source_id: task_id for source_id, task_id in found if source_id is not None}
