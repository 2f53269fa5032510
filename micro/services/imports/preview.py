"""What an import would do, in lines for whoever asked: nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from sqlalchemy.orm import Session

from micro.core.fields import written
from micro.core.import_form import grown, look_over, names_by_key
from micro.core.imports import visible
from micro.core.pybossa import RunRow, TaskRow, usual_wanted
from micro.core.tables import Table
from micro.data.models import Project
from micro.errors import MicroError
from micro.services.assignments import current_setup
from micro.services.imports.answers import known_answers
from micro.services.imports.meanings import KEPT, Plan
from micro.services.imports.places import Wished, wished_project
from micro.services.imports.table_answers import said_of
from micro.services.imports.tasks import task_ids

SHOWN_ROWS = 3
SHOWN_TEXT = 60
SEPARATOR_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


def of_pybossa(session: Session, wished: Wished, tasks: Sequence[TaskRow], runs: Sequence[RunRow]) -> Iterator[str]:
    """Where it would go, its form, and how many rows are new. Raises what the import itself would raise."""
    project = wished_project(session, wished)
    here = task_ids(session, project.id) if project else {}
    known = known_answers(session, project.id) if project else {}
    new = [run for run in runs if run.source_id not in known]
    seen = look_over(run.info for run in new)
    before = current_setup(session, project.id).body.get("fields", []) if project else []
    fields = grown(before, seen)
    yield f"project: {wished.slug} ({project.state if project else 'new'})"
    for field in fields:
        news = "" if field in before else ", new"
        yield f"  field {field['name']}: {field['type']}, “{field['label']['en']}”{news}"
    names = names_by_key(fields, seen)
    if kept := [key for key in seen if key not in names]:
        yield f"  kept beside the form: {', '.join(kept)}"
    yield f"  answers wanted for each task: {usual_wanted(tasks)}"
    asked = {task.source_id for task in tasks}
    people = {run.user for run in runs if run.user}
    anonymous = sum(not run.user for run in runs)
    yield f"tasks: {len(asked)}, {len(asked - set(here))} would be added"
    lost = sum(run.task not in asked and run.task not in here for run in new)
    yield f"runs: {len(runs)}, {len(new) - lost} would be added, {lost} about a task that is not there"
    yield f"volunteers: {len(people)} known by a number, {anonymous} anonymous"


def of_table(project: Project, table: Table, plan: Plan) -> Iterator[str]:
    """How the table is written, what its columns mean, and the first rows as they would be."""
    separator = SEPARATOR_NAMES.get(table.separator, table.separator)
    yield f"{plan.what} of {project.slug}; separator: {separator}; encoding: {table.encoding}"
    for column, meaning in plan.columns.items():
        kind = "field " if meaning in plan.fields else ""
        yield f"  {column} → {kind}{meaning}{' (beside the form)' if meaning == KEPT else ''}"
    for number, cells in islice(table.rows(), SHOWN_ROWS):
        if isinstance(cells, MicroError):
            yield f"row {number}: {cells}"
            continue
        parts = [f"{one}: {_short(plan.cell(cells, one))}" for one in plan.columns.values() if _is_shown(plan, one)]
        try:
            said = said_of(plan, cells)
        except MicroError as problem:
            yield f"row {number}: {problem}"
            continue
        parts += [
            f"{name}: {_short(written(plan.fields[name], one)) or '(' + str(one.get('mark')) + ')'}"
            for name, one in said.items()
        ]
        yield f"row {number}: {'; '.join(parts)}"


def _is_shown(plan: Plan, meaning: str) -> bool:
    return meaning != KEPT and meaning not in plan.fields


def _short(text: str) -> str:
    seen = visible(text, 10_000)
    return seen if len(seen) <= SHOWN_TEXT else seen[: SHOWN_TEXT - 1] + "…"
