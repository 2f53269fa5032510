"""Answers from a table: what each of its rows becomes."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.core.fields import Said
from micro.core.imports import BadRow, moment_of, said_in, source_id_of, visible
from micro.core.tables import Cells
from micro.data.models import Item, Project, Region, Task
from micro.errors import BadAnswer, MicroError, NotFound
from micro.services.imports.answers import NewAnswer, add_answers
from micro.services.imports.meanings import Plan
from micro.services.imports.tasks import Added


def add_rows(
    session: Session,
    project: Project,
    plan: Plan,
    rows: Sequence[tuple[int, Cells | MicroError]],
    secret: str,
    now: datetime,
) -> tuple[Added, list[BadRow]]:
    """Adds those of some rows that are not here, and tells which cannot be taken.

    ``secret`` hides who the volunteers are: only a keyed hash of what the table calls them is kept.
    """
    readable, bad = sorted_rows(rows)
    tasks = _tasks_of(session, project, {_item_of(plan, cells) for _, cells in readable})
    new: list[NewAnswer] = []
    for number, cells in readable:
        try:
            new += _answers(project, plan, number, cells, tasks, secret, now)
        except MicroError as problem:
            bad.append(BadRow(number, problem))
    added, refused = add_answers(session, project, new, now)
    # One row may answer several tasks of its item: it is one row all the same.
    rows_added = {answer.number for answer in added}
    skipped = {answer.number for answer in new} - rows_added - {row.number for row in refused}
    return Added(len(rows_added), len(skipped)), bad + refused


def sorted_rows(rows: Iterable[tuple[int, Cells | MicroError]]) -> tuple[list[tuple[int, Cells]], list[BadRow]]:
    """The rows that could be read, and those that could not."""
    found: list[tuple[int, Cells]] = []
    bad: list[BadRow] = []
    for number, cells in rows:
        if isinstance(cells, MicroError):
            bad.append(BadRow(number, cells))
        else:
            found.append((number, cells))
    return found, bad


def _item_of(plan: Plan, cells: Cells) -> str:
    return visible(plan.cell(cells, "item"), 200)


Asked = tuple[int, str, Sequence[str]]


def _tasks_of(session: Session, project: Project, items: set[str]) -> dict[str, list[Asked]]:
    """By the identifier of the item: its tasks, each with the name of its region and the fields that it asks for."""
    found = session.execute(
        select(Item.identifier, Task.id, Region.name, Task.fields)
        .join(Task, Task.item_id == Item.id)
        .join(Region, Region.id == Task.region_id)
        .where(Item.project_id == project.id, Item.identifier.in_(items))
        .order_by(Task.id)
    )
    tasks: dict[str, list[Asked]] = {}
    for item, task_id, region, fields in found:
        tasks.setdefault(item, []).append((task_id, region, fields))
    return tasks


def _answers(
    project: Project,
    plan: Plan,
    number: int,
    cells: Cells,
    tasks: Mapping[str, Sequence[Asked]],
    secret: str,
    now: datetime,
) -> list[NewAnswer]:
    """The answers of one row: one for each task of its item that asks for a field of which the row says something."""
    item = _item_of(plan, cells)
    if item not in tasks:
        raise NotFound("There is no item “%(item)s” in this project.", item=item)
    written = plan.cell(cells, "time")
    at = moment_of(written, "time") if written else now
    said = said_of(plan, cells)
    source_id = _source_id(plan, cells)
    parts = [(task, {name: said[name] for name in task[2] if name in said}) for task in tasks[item]]
    parts = [(task, value) for task, value in parts if value]
    if not parts:
        raise BadAnswer("", "It says nothing that is asked about “%(item)s”.", item=item)
    return [
        NewAnswer(
            number=number,
            source_id=source_id if len(tasks[item]) == 1 else f"{source_id}/{region}",
            task_id=task_id,
            volunteer=_volunteer(project, plan, cells, source_id, secret),
            begun=at,
            at=at,
            value=value,
            details=plan.kept(cells),
            setup_id=plan.setup_id,
        )
        for (task_id, region, _), value in parts
    ]


def said_of(plan: Plan, cells: Cells) -> dict[str, Said]:
    """What a row says of each field; BadAnswer(field) for a cell that its field cannot take."""
    said = {
        meaning: said_in(plan.fields[meaning], cells[column], plan.marks)
        for column, meaning in plan.columns.items()
        if meaning in plan.fields
    }
    return {name: one for name, one in said.items() if one is not None}


def _source_id(plan: Plan, cells: Cells) -> str:
    """The row's own number, else a hash of all that it says: the same row again is the same answer."""
    if "number" in plan.columns.values():
        return f"csv:{source_id_of(plan.cell(cells, 'number'), 'number')}"
    written = json.dumps(sorted(cells.items()), ensure_ascii=True)
    return f"csv:{hashlib.sha256(written.encode()).hexdigest()[:40]}"


def _volunteer(project: Project, plan: Plan, cells: Cells, source_id: str, secret: str) -> str:
    """Who answered, as a keyed hash: a table may name people. Without a name each row is somebody of its own."""
    name = visible(plan.cell(cells, "volunteer"), 500)
    who = hmac.new(secret.encode(), name.encode(), hashlib.sha256).hexdigest()[:40] if name else source_id
    return f"csv:{project.public_id}:{who}"
