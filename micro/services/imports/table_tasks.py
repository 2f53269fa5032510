"""Tasks from a table: each row is an item with a picture, one that is elsewhere or a scan of the project."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import PurePosixPath

from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.core.geometry import WHOLE
from micro.core.imports import BadRow, is_address, last_part, source_id_of, visible
from micro.core.manifest import composed
from micro.core.tables import Cells
from micro.data.models import Item, Project, Region, Scan, Task
from micro.errors import BadAnswer, Conflict, MicroError, NotFound
from micro.services.cutting import hold_project
from micro.services.imports.meanings import Plan
from micro.services.imports.table_answers import sorted_rows
from micro.services.imports.tasks import Added, NewTask, add_tasks, task_of

WANTED_MOST = 1000
PAGE_MOST = 1_000_000_000

Row = tuple[int, NewTask, str]


def add_rows(
    session: Session,
    project: Project,
    plan: Plan,
    rows: Sequence[tuple[int, Cells | MicroError]],
    secret: str,
    now: datetime,
) -> tuple[Added, list[BadRow]]:
    """Adds those of some rows that are not here, and tells which cannot be taken. ``secret`` is for answers only."""
    hold_project(session, project)
    readable, bad = sorted_rows(rows)
    new: list[Row] = []
    for number, cells in readable:
        try:
            new.append((number, *_task(plan, cells, project.min_answers)))
        except MicroError as problem:
            bad.append(BadRow(number, problem))
    fresh, refused = _fresh(session, project, new)
    scans = _scans(session, project, {name for _, _, name in fresh if name})
    for number, task, name in fresh:
        if name:
            try:
                _on_scan(session, project, scans.get(composed(name), []), name, task, now)
            except MicroError as problem:
                refused.append(BadRow(number, problem))
    add_tasks(session, project, "", [task for _, task, name in fresh if not name], now)
    left_out = {row.number for row in refused}
    added = sum(number not in left_out for number, _, _ in fresh)
    return Added(added, len(new) - added - len(left_out)), bad + refused


def _task(plan: Plan, cells: Cells, wanted: int) -> tuple[NewTask, str]:
    """The task of a row, and the name of the file when its picture is a scan of the project."""
    picture = plan.cell(cells, "picture")
    address = picture if is_address(picture) else ""
    if not picture or (not address and "://" in picture):
        raise BadAnswer("picture", "This is neither the address of a picture nor the name of a file.")
    file_name = "" if address else PurePosixPath(picture.replace("\\", "/")).name
    stem = PurePosixPath(file_name or last_part(address)).stem
    item = visible(plan.cell(cells, "item") or stem, 200)
    if not item:
        raise BadAnswer("item", "Nothing tells what this item is called.")
    task = NewTask(
        source_id=_source_id(plan, cells, item),
        names=(item,),
        title=visible(plan.cell(cells, "title"), 300),
        reference=address,
        wanted=_whole(plan, cells, "wanted", wanted, WANTED_MOST),
        fields=tuple(plan.fields),
        details=plan.kept(cells),
        described={name: visible(plan.cell(cells, name), 300) for name in ("document", "rights", "credit")}
        | {"page": str(_whole(plan, cells, "page", 0, PAGE_MOST) or "")},
    )
    return task, file_name


def _source_id(plan: Plan, cells: Cells, item: str) -> str:
    """The row's own number, else what its item is called."""
    if "number" in plan.columns.values():
        return f"csv:{source_id_of(plan.cell(cells, 'number'), 'number')}"
    return f"csv:{item if len(item) <= 60 else hashlib.sha256(item.encode()).hexdigest()[:40]}"


def _whole(plan: Plan, cells: Cells, meaning: str, usual: int, most: int) -> int:
    """The whole number in a column, from 1; what is usual when nothing stands there."""
    typed = plan.cell(cells, meaning)
    if not typed:
        return usual
    if not (typed.isascii() and typed.isdigit() and len(typed) < 12 and 1 <= int(typed) <= most):
        raise BadAnswer(meaning, "This is not a whole number from 1 to %(most)s.", most=most)
    return int(typed)


def _fresh(session: Session, project: Project, rows: Sequence[Row]) -> tuple[list[Row], list[BadRow]]:
    """The rows that are not here; those whose item is here already, by another task, cannot be taken."""
    source_ids, names = [task.source_id for _, task, _ in rows], [task.names[0] for _, task, _ in rows]
    same = select(Task.source_id).where(Task.project_id == project.id, Task.source_id.in_(source_ids))
    known = set(session.scalars(same))
    taken = set(
        session.scalars(select(Item.identifier).where(Item.project_id == project.id, Item.identifier.in_(names)))
    )
    fresh: list[Row] = []
    bad: list[BadRow] = []
    for number, task, file_name in rows:
        if task.source_id in known:
            continue
        if task.names[0] in taken:
            bad.append(BadRow(number, Conflict("There is an item “%(item)s” already.", item=task.names[0])))
            continue
        known.add(task.source_id)
        taken.add(task.names[0])
        fresh.append((number, task, file_name))
    return fresh, bad


def _scans(session: Session, project: Project, names: set[str]) -> dict[str, list[Scan]]:
    """The project's scans by the name of their file, of which a file with several pages has several."""
    composed_names = {composed(name) for name in names} | names
    scans: dict[str, list[Scan]] = {}
    for scan in session.scalars(
        select(Scan).where(Scan.project_id == project.id, Scan.file_name.in_(composed_names)).order_by(Scan.frame)
    ):
        scans.setdefault(composed(scan.file_name), []).append(scan)
    return scans


def _on_scan(
    session: Session, project: Project, scans: Sequence[Scan], name: str, task: NewTask, now: datetime
) -> None:
    """An item and a task about all of a scan that is here."""
    if len(scans) != 1:
        raise NotFound("There is no scan “%(name)s” in this project, or it has several pages.", name=name)
    scan = scans[0]
    if scan.state != "shown" or session.scalar(select(Region.id).where(Region.scan_id == scan.id).limit(1)):
        raise Conflict("The scan “%(name)s” is cut already, or taken down.", name=name)
    item = Item(project=project, scan=scan, identifier=task.names[0], title=task.title or scan.title, created_at=now)
    region = Region(
        scan=scan,
        item=item,
        name=WHOLE,
        fields=list(task.fields),
        x_px=0,
        y_px=0,
        width_px=scan.width_px,
        height_px=scan.height_px,
    )
    session.add_all([item, region, task_of(project, item, region, task, now)])
    session.flush()
