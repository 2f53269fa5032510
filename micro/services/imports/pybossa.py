"""PyBossa's tasks and runs as tasks and answers of a project: what each row becomes here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from micro.core.imports import BadRow
from micro.core.pybossa import RunRow, TaskRow, answer_of
from micro.errors import MicroError, NotFound
from micro.services.imports.answers import NewAnswer
from micro.services.imports.places import Form
from micro.services.imports.tasks import NewTask


def new_tasks(tasks: Iterable[TaskRow], runs: Iterable[RunRow], form: Form) -> list[NewTask]:
    """The tasks, each asking for the fields that its runs answered, or for all of the form while it has none."""
    answered: dict[str, set[str]] = {}
    for run in runs:
        answered.setdefault(run.task, set()).update(form.fields[key].name for key in run.info if key in form.fields)
    return [
        NewTask(
            source_id=task.source_id,
            names=task.names,
            title=task.title,
            reference=task.reference,
            wanted=task.wanted,
            fields=tuple(name for name in form.order if name in (answered.get(task.source_id) or form.order)),
            details=task.details,
            described={},
        )
        for task in tasks
    ]


def new_answers(
    runs: Sequence[RunRow], form: Form, tasks: Mapping[str, int], project_key: str
) -> tuple[list[NewAnswer], list[BadRow]]:
    """The answers of some runs, and the runs that cannot be read. ``tasks`` are those of the project, by source_id.

    ``project_key`` keeps apart the people of two projects.

    A run without a user is its own anonymous volunteer: nobody can say which of them were one person.
    """
    answers: list[NewAnswer] = []
    bad: list[BadRow] = []
    for run in runs:
        try:
            task_id = tasks.get(run.task)
            if task_id is None:
                raise NotFound("There is no task %(task)s that this could answer.", task=run.task)
            value, details = answer_of(run.info, form.fields)
        except MicroError as problem:
            bad.append(BadRow(run.number, problem))
            continue
        answers.append(
            NewAnswer(
                number=run.number,
                source_id=run.source_id,
                task_id=task_id,
                volunteer=_volunteer(run, project_key),
                begun=run.begun,
                at=run.at,
                value=value,
                details=_kept(details, run.rest),
                setup_id=form.setup_id,
            )
        )
    return answers, bad


def _volunteer(run: RunRow, project_key: str) -> str:
    who = f"user:{run.user}" if run.user else f"run:{run.source_id}"
    return f"pybossa:{project_key}:{run.app}:{who}"


def _kept(details: Mapping[str, object], rest: Mapping[str, object]) -> dict[str, object]:
    return {**details, "pybossa": dict(rest)}
