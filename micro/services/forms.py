"""Building a project's form: every change makes a newer setup, and no setup is ever changed.

What a change does to what is there already, whatever the state of the project:

- volunteers who have the form open keep theirs, and their answers are read by it;
- a field that is added is asked in scans that are cut from then on, and, if so wished, in the tasks that nobody has
  opened yet. Tasks that somebody opened never change under their hands;
- a field that is removed is not asked any more. Its answers stay where they are, and leave the records at their next
  settling;
- a field's name, by which answers, boxes and releases know it, changes only while there are neither tasks nor answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from micro.core.fields import Field
from micro.core.vocabularies import make_code
from micro.data.models import Answer, Assignment, Project, Setup, Task
from micro.errors import BadAnswer, Closed, Conflict, MicroError, NotFound, to_translate
from micro.kinds import kind_named
from micro.services import form_tasks
from micro.services.assignments import current_setup
from micro.services.cutting import hold_project
from micro.services.form_tasks import Box, boxes_of

FIELDS_MOST = 60
NAME_LONGEST = 40
TYPES_BY_KIND: Mapping[str, tuple[str, ...]] = {
    "transcribe": ("text", "long_text", "number", "date", "choice", "tags", "point", "table"),
    "text": ("lines", "text", "number", "date", "choice", "tags"),
    "classify": ("choice", "tags"),
    "tag": ("tags", "choice"),
}
FieldBody = dict[str, Any]
CHANGED = to_translate(
    "A colleague has changed this form while you had it open. What you typed is still here: look at it, and save again."
)


@dataclass(frozen=True)
class FormState:
    """A project's form as its builder needs it.

    ``tasks`` counts all tasks, ``unopened`` those that nobody was ever lent. ``unread``: fields that no box of the
    template reads, so that nothing can be cut until one does.
    """

    setup: Setup
    fields: tuple[Field, ...]
    has_answers: bool
    tasks: int
    unopened: int
    boxes: tuple[Box, ...]
    unread: tuple[Field, ...]

    @property
    def bodies(self) -> list[FieldBody]:
        return list(self.setup.body.get("fields", ()))

    @property
    def types(self) -> tuple[str, ...]:
        """The types of fields that the project's kind asks for."""
        return TYPES_BY_KIND.get(self.setup.kind, TYPES_BY_KIND["transcribe"])

    @property
    def names_are_fixed(self) -> bool:
        return self.has_answers or self.tasks > 0

    def body_of(self, name: str) -> FieldBody:
        """The entry of one field; NotFound otherwise."""
        return _body_of(self.bodies, name)


def form_state(session: Session, project: Project) -> FormState:
    """The form as it is. Cost: a few counts by index."""
    setup = current_setup(session, project.id)
    fields = kind_named(setup.kind).fields(setup.body)
    boxes = boxes_of(project.cutting)
    read = {name for box in boxes for name in box.fields}
    return FormState(
        setup=setup,
        fields=fields,
        has_answers=has_answers(session, project.id),
        tasks=session.scalar(select(func.count()).select_from(Task).where(Task.project_id == project.id)) or 0,
        unopened=_unopened(session, project.id),
        boxes=boxes,
        unread=tuple(field for field in fields if boxes and field.name not in read),
    )


def has_answers(session: Session, project_id: int) -> bool:
    return session.scalar(select(Answer.id).where(Answer.project_id == project_id).limit(1)) is not None


def _unopened(session: Session, project_id: int) -> int:
    opened = select(Assignment.id).where(Assignment.task_id == Task.id)
    unopened = select(func.count()).select_from(Task).where(Task.project_id == project_id, ~opened.exists())
    return session.scalar(unopened) or 0


def change_setup(session: Session, project: Project, body: Mapping[str, Any], now: datetime, seen: int = 0) -> Setup:
    """A newer version of the project's form; tasks that are lent keep the one that was on the screen.

    ``seen`` is the version that whoever changes it had before their eyes (0: any): Conflict when it is not the newest
    any more. Raises BadAnswer(field) when it cannot be used, Closed in an archived project.
    """
    hold_project(session, project)
    newest = current_setup(session, project.id)
    if project.state == "archived":
        raise Closed("This project is archived. Its form stays as it is.")
    if seen and newest.version != seen:
        raise Conflict(CHANGED)
    kind_named(newest.kind).fields(body)
    made = Setup(
        project_id=project.id,
        version=newest.version + 1,
        kind=newest.kind,
        kind_version=kind_named(newest.kind).version,
        body=dict(body),
        created_at=now,
    )
    session.add(made)
    session.flush()
    return made


def _change_fields(
    session: Session,
    project: Project,
    seen: int,
    change: Callable[[list[FieldBody]], Sequence[FieldBody]],
    now: datetime,
) -> Setup:
    """A newer version with other fields; the one that is there when they are the same."""
    hold_project(session, project)
    setup = current_setup(session, project.id)
    body = {**setup.body, "fields": list(change(list(setup.body["fields"])))}
    unchanged = body == setup.body and seen in (0, setup.version)
    return setup if unchanged else change_setup(session, project, body, now, seen)


def _body_of(bodies: Sequence[FieldBody], name: str) -> FieldBody:
    for body in bodies:
        if body["name"] == name:
            return body
    raise NotFound("There is no field “%(name)s” in this form.", name=name[:40])


def add_field(
    session: Session, project: Project, seen: int, body: FieldBody, now: datetime, *, box: str = "", also: bool = False
) -> tuple[str, int]:
    """Adds a field at the end; returns its name, made from its label, and how many tasks ask for it from now on.

    ``box`` is the box of the cutting template that it is read in; empty: none yet, which is possible only while there
    are no tasks. ``also``: it is asked in the tasks that nobody has opened yet, too. Raises BadAnswer, Conflict.
    """
    hold_project(session, project)
    state = form_state(session, project)
    _check_type(state, body)
    if len(state.fields) >= FIELDS_MOST:
        raise BadAnswer("label_en", "A form has at most %(most)s fields.", most=FIELDS_MOST)
    name = free_name(session, project, state, body)
    if state.boxes and box not in {found.name for found in state.boxes} and (box or state.tasks):
        raise BadAnswer("box", "Choose where on the scan this is read.")
    _change_fields(session, project, seen, lambda fields: [*fields, {**body, "name": name}], now)
    if box:
        form_tasks.read_in_box(project, name, box)
    asked = form_tasks.ask_also(session, project, name, box) if also and state.tasks else 0
    session.flush()
    return name, asked


def _check_type(state: FormState, body: FieldBody) -> None:
    if body.get("type") not in state.types:
        raise BadAnswer("type", "Choose what kind of field it is.")


def free_name(session: Session, project: Project, state: FormState, body: FieldBody) -> str:
    """A name for a new field out of its label: one that answers never meant something else by.

    Nor does any column of a release get the name of another ("length_unit").
    """
    labels = body.get("label", {})
    wished = re.sub(r"[^a-z0-9]+", "_", make_code(labels.get("en") or next(iter(labels.values()), "")).lower()).strip(
        "_"
    )
    wished = (wished if wished[:1].isalpha() else f"field_{wished}")[: NAME_LONGEST - 4].strip("_")
    taken = {"whole"} | {field.name for field in state.fields}
    if state.names_are_fixed:
        older = session.scalars(select(Setup.body).where(Setup.project_id == project.id))
        taken |= {str(field.get("name")) for setup in older for field in setup.get("fields", ())}
    number, name = 1, wished
    while name in taken or _columns_collide(state, {**body, "name": name}):
        number += 1
        name = f"{wished}_{number}"
    return name


def _columns_collide(state: FormState, body: FieldBody) -> bool:
    try:
        columns = kind_named(state.setup.kind).columns({**state.setup.body, "fields": [*state.bodies, body]})
    except MicroError:  # What is wrong with the field is told when it is added.
        return False
    names = [column.name for column in columns]
    return len(set(names)) < len(names)


def edit_field(
    session: Session, project: Project, seen: int, name: str, body: FieldBody, now: datetime, *, new_name: str = ""
) -> None:
    """Puts ``body`` in the place of a field, whose type stays. Raises BadAnswer, NotFound, Conflict.

    ``new_name`` is another name for it, possible only while there are neither tasks nor answers.
    """
    hold_project(session, project)
    state = form_state(session, project)
    if state.setup.version != seen:
        raise Conflict(CHANGED)
    before = state.body_of(name)
    if new_name and new_name != name:
        _check_name(state, new_name)
        form_tasks.rename_in_boxes(project, name, new_name)
    after = {**body, "name": new_name or name, "type": before["type"]}
    _change_fields(
        session, project, seen, lambda fields: [after if one["name"] == name else one for one in fields], now
    )


def _check_name(state: FormState, new_name: str) -> None:
    if state.names_are_fixed:
        raise BadAnswer("name", "There are tasks or answers that know this field by its name, and so it stays.")
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", new_name) or new_name == "whole":
        raise BadAnswer("name", "A field's name needs small letters, digits and underscores, and begins with a letter.")
    if any(field.name == new_name for field in state.fields):
        raise BadAnswer("name", "Two fields are called “%(name)s”.", name=new_name)


def removed_fields(session: Session, project_id: int) -> list[FieldBody]:
    """The fields that the form once had and has no more, as they were last, those removed last first."""
    bodies = session.scalars(select(Setup.body).where(Setup.project_id == project_id).order_by(Setup.version.desc()))
    found: dict[str, FieldBody] = {}
    for body in bodies:
        for field in body.get("fields", ()):
            found.setdefault(str(field["name"]), field)
    there = {str(field["name"]) for field in current_setup(session, project_id).body.get("fields", ())}
    return [field for name, field in found.items() if name not in there]


def put_field_back(session: Session, project: Project, seen: int, name: str, box: str, now: datetime) -> None:
    """Puts a removed field back at the end, as it was last: answers that were given to it count again.

    ``box`` is where it is read, as for a new field. Tasks that were cut with it ask for it again. Raises NotFound for
    a field that was never there, BadAnswer("box"), Conflict when its place is taken by now.
    """
    hold_project(session, project)
    state = form_state(session, project)
    if state.setup.version != seen:
        raise Conflict(CHANGED)
    if any(field.name == name for field in state.fields):
        return
    body = _body_of(removed_fields(session, project.id), name)
    if len(state.fields) >= FIELDS_MOST:
        raise Conflict("A form has at most %(most)s fields.", most=FIELDS_MOST)
    if _columns_collide(state, body):
        raise Conflict("Another field has taken its place in releases, and so it cannot come back.")
    if state.boxes and box not in {found.name for found in state.boxes} and (box or state.tasks):
        raise BadAnswer("box", "Choose where on the scan this is read.")
    _change_fields(session, project, seen, lambda fields: [*fields, body], now)
    if box:
        form_tasks.read_in_box(project, name, box)
    session.flush()


def move_field(session: Session, project: Project, seen: int, name: str, steps: int, now: datetime) -> None:
    """Moves a field up (-1) or down (1) in the form; at its end nothing happens."""

    def moved(fields: list[FieldBody]) -> list[FieldBody]:
        place = fields.index(_body_of(fields, name))
        aim = min(max(0, place + steps), len(fields) - 1)
        fields.insert(aim, fields.pop(place))
        return fields

    _change_fields(session, project, seen, moved, now)


def remove_field(session: Session, project: Project, seen: int, name: str, now: datetime) -> None:
    """Takes a field out of the form. Its answers stay, and leave the records at their next settling.

    Tasks that ask for nothing else go with it, unless somebody has opened one: then Conflict, for an open form cannot
    lose its only question. The boxes of the template forget the field; a box that reads nothing else goes.
    """
    hold_project(session, project)
    state = form_state(session, project)
    if state.setup.version != seen:
        raise Conflict(CHANGED)
    state.body_of(name)
    if len(state.fields) == 1:
        raise Conflict("A form needs at least one field. Add another one first.")
    form_tasks.drop_lone_tasks(session, project, name, {field.name for field in state.fields})
    form_tasks.forget_in_boxes(project, name)
    _change_fields(session, project, seen, lambda fields: [one for one in fields if one["name"] != name], now)
