"""What a change of a form does to the template that cuts, and to tasks that are cut already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from micro.core.geometry import WHOLE
from micro.data.database import locked
from micro.data.models import Assignment, Gold, Move, Project, Region, Task
from micro.errors import Conflict

# So many rows are named in one statement.
ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class Box:
    """A box of the project's template, and the fields that are read in it."""

    name: str
    fields: tuple[str, ...]
    own_task: bool


def boxes_of(cutting: Mapping[str, Any] | None) -> tuple[Box, ...]:
    """The boxes of the way to cut; none when there is no way yet, or one without boxes."""
    if not cutting or cutting.get("by", "template") != "template":
        return ()
    return tuple(
        Box(str(box["name"]), tuple(box.get("fields") or [box["name"]]), bool(box.get("own_task")))
        for box in cutting.get("boxes", ())
    )


def _change_boxes(project: Project, change: Callable[[str, list[str]], list[str]]) -> None:
    """Gives every box other fields, by its name and those that it has; a box that is left without any goes."""
    if not boxes_of(project.cutting) or project.cutting is None:
        return
    changed = []
    for box in project.cutting["boxes"]:
        before = list(box.get("fields") or [box["name"]])
        after = change(str(box["name"]), before)
        if after:
            changed.append(box if after == before else {**box, "fields": after})
    project.cutting = {**project.cutting, "boxes": changed} if changed else None


def read_in_box(project: Project, field: str, box: str) -> None:
    """The template reads the field in this box, too; where the box stands does not change."""
    _change_boxes(project, lambda name, fields: [*fields, field] if name == box else fields)


def rename_in_boxes(project: Project, name: str, new_name: str) -> None:
    """The template knows a field by another name."""
    _change_boxes(project, lambda _, fields: [new_name if one == name else one for one in fields])


def forget_in_boxes(project: Project, name: str) -> None:
    """The template reads the field no more."""
    _change_boxes(project, lambda _, fields: [one for one in fields if one != name])


def ask_also(session: Session, project: Project, field: str, box: str) -> int:
    """Asks for a field in the tasks that nobody has opened yet; returns in how many. The project is held by the caller.

    With a template only in the tasks to which ``box`` belongs. Tasks that are being lent at this moment are passed
    over. Cost: reads the unopened tasks of the project, and writes each.
    """
    opened = select(Assignment.id).where(Assignment.task_id == Task.id)
    unopened: Any = (
        select(Task.id, Task.fields, Task.region_id, Task.item_id)
        .join(Region, Region.id == Task.region_id)
        .where(Task.project_id == project.id, Task.answered == 0, Task.lent == 0, ~opened.exists())
    )
    found = next((one for one in boxes_of(project.cutting) if one.name == box), None)
    if found is not None:
        unopened = unopened.where(Region.name == (found.name if found.own_task else WHOLE))
    tasks = session.execute(locked(unopened.order_by(Task.id), skip=True)).all()
    _add_to(session, Task, [(row.id, row.fields) for row in tasks], field)
    regions = select(Region.id, Region.fields)
    for some in _portions([row.region_id for row in tasks]):
        _add_to(session, Region, session.execute(regions.where(Region.id.in_(some))).all(), field)
    if found is not None and not found.own_task:
        for some in _portions([row.item_id for row in tasks]):
            inner = regions.where(Region.item_id.in_(some), Region.name == found.name)
            _add_to(session, Region, session.execute(inner).all(), field)
    return len(tasks)


def _portions(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + ROWS_AT_ONCE] for start in range(0, len(ids), ROWS_AT_ONCE))


def _add_to(session: Session, table: Any, rows: Iterable[Any], field: str) -> None:
    """Adds the field to the fields of these (id, fields), those with equal fields in one statement."""
    alike: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for row_id, fields in rows:
        if field not in fields:
            alike[tuple(fields)].append(row_id)
    for fields, ids in alike.items():
        for some in _portions(ids):
            session.execute(update(table).where(table.id.in_(some)).values(fields=[*fields, field]))


def drop_lone_tasks(session: Session, project: Project, name: str, form: set[str]) -> int:
    """Deletes the tasks that ask for nothing but this field of the form; returns how many.

    Raises Conflict when somebody has opened one of them. The project is held by the caller.
    """
    all_tasks: Any = select(Task.id, Task.fields).where(Task.project_id == project.id).order_by(Task.id)
    lone = [
        row.id
        for row in session.execute(locked(all_tasks))
        if name in row.fields and not (set(row.fields) & form) - {name}
    ]
    for some in _portions(lone):
        if session.scalar(select(Assignment.id).where(Assignment.task_id.in_(some)).limit(1)) is not None:
            raise Conflict(
                "There are tasks that ask for this field alone, and people have opened some of them. So it stays."
            )
    for some in _portions(lone):
        known = select(Gold.id).where(Gold.task_id.in_(some))
        session.execute(delete(Move).where(Move.subject == "gold", Move.subject_id.in_(known)))
        session.execute(delete(Gold).where(Gold.task_id.in_(some)))
        session.execute(delete(Move).where(Move.subject == "task", Move.subject_id.in_(some)))
        session.execute(delete(Task).where(Task.id.in_(some)))
    return len(lone)
