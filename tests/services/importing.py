"""Bringing in PyBossa's rows in tests, as the command does, and looking at what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from micro import jobs
from micro.core.import_form import look_over
from micro.core.imports import BadRow
from micro.core.pybossa import read_runs, read_tasks, usual_wanted
from micro.data.models import Project
from micro.house import House
from micro.services.imports import answers, places, pybossa, tasks
from micro.services.imports.tasks import Added

PICTURE = "https://pictures.example.org/cards/card-{}_b.jpg"


@dataclass(frozen=True)
class Outcome:
    """What an import said: tasks added and skipped, how many runs were added, and the bad rows."""

    project_id: int
    tasks: Added
    runs: int
    bad: list[BadRow]


def import_rows(
    house: House, task_rows: Sequence[Any], run_rows: Sequence[Any], slug: str = "cards", **wished: str
) -> Outcome:
    """Imports these rows in one transaction a step, and settles them."""
    found_tasks, bad_tasks = read_tasks(task_rows)
    found_runs, bad_runs = read_runs(run_rows)
    wish = places.Wished(name="cards", slug=slug, named=True, **wished)
    with house.database.writing() as session:
        before = places.wished_project(session, wish)
        known = answers.known_answers(session, before.id) if before else {}
        seen = look_over(one.info for one in found_runs if one.source_id not in known)
        project, _ = places.open_project(session, wish, seen, usual_wanted(found_tasks), house.clock())
        form, project_id = places.form_for(session, project, seen), project.id
    with house.database.writing() as session:
        project = session.get_one(Project, project_id)
        new_tasks = pybossa.new_tasks(found_tasks, found_runs, form)
        added = tasks.add_tasks(session, project, "cards", new_tasks, house.clock())
    with house.database.writing() as session:
        project = session.get_one(Project, project_id)
        here = tasks.task_ids(session, project_id)
        fresh = [one for one in found_runs if known.get(one.source_id, -1) != here.get(one.task)]
        new, unread = pybossa.new_answers(fresh, form, here, project.public_id)
        given, refused = answers.add_answers(session, project, new, house.clock())
    jobs.drain_settling(house, project_id)
    return Outcome(project_id, added, len(given), [*bad_tasks, *bad_runs, *unread, *refused])


def bring_in(house: House, task_rows: list[Any], run_rows: list[Any], slug: str = "cards", **wished: str) -> int:
    """Imports these rows, all of them good; returns the project's id."""
    made = import_rows(house, task_rows, run_rows, slug, **wished)
    assert [row.words for row in made.bad] == []
    return made.project_id


def task(number: int, **changed: Any) -> dict[str, Any]:
    return {"id": number, "app_id": 41, "n_answers": 2, "info": {"url_b": PICTURE.format(number)}, **changed}


def run(number: int, about: int, **changed: Any) -> dict[str, Any]:
    info = {"objectType": "Flat axe", "description": "Found in\na field"}
    at = f"2014-08-18T16:{number % 60:02}:01.569802"
    made = {"id": number, "task_id": about, "app_id": 41, "user_id": number, "finish_time": at, "info": info}
    return {**made, **changed}
