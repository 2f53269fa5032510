"""The commands that bring existing work in: ``micro import-pybossa`` and ``micro import-csv``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

import click
from sqlalchemy import select

from micro import jobs
from micro.cli_acts import commanding
from micro.cli_ready import one_line, ready_house
from micro.config import BadSetting
from micro.core.addresses import address_from
from micro.core.import_form import look_over
from micro.core.imports import BadRow
from micro.core.pybossa import RunRow, TaskRow, read_runs, read_tasks, rows_of, usual_wanted
from micro.core.tables import read_table
from micro.data.models import Membership, Project
from micro.house import House
from micro.services.imports import answers, places, preview, pybossa, table_answers, table_tasks, tasks
from micro.services.imports.meanings import ANSWERS, TASKS, Plan, understand
from micro.services.imports.places import Wished
from micro.services.imports.tasks import Added
from micro.services.projects import project_named

Row = TypeVar("Row")
RUNS = "runs"
AT_ONCE = 300  # Rows in one transaction: on SQLite every other writer waits for it.


@click.command("import-pybossa")
@click.option("--tasks", "tasks_file", required=True, type=click.Path(path_type=Path), help="X_task.json, or its zip.")
@click.option(
    "--runs", "runs_file", required=True, type=click.Path(path_type=Path), help="X_task_run.json, or its zip."
)
@click.option("--project", "slug", default="", help="The project's address; made when there is none. Else from X.")
@click.option("--institution", default="", help="The institution's address; not needed when there is only one.")
@click.option("--institution-name", default="", help="Its name: then it is made when there is none at the address.")
@click.option("--collection", default="", help="What the scans belong to; the title when left out.")
@click.option("--title", default="", help="What visitors read; X when left out.")
@click.option("--licence", default="", help="The licence of the data; CC-BY-4.0 when left out.")
@click.option("--language", default="", help="The language of the cards, as in en, fr; en when left out.")
@click.option("--dry-run", is_flag=True, help="Only tell what was understood and what would be added.")
def import_pybossa(tasks_file: Path, runs_file: Path, slug: str, dry_run: bool, **said: str) -> None:
    """Brings in the tasks and task runs of a PyBossa project: items, answers, records. Twice adds nothing."""
    house = ready_house()
    name = tasks_file.stem.removesuffix("_task").removesuffix(".json")
    wished = Wished(name=name, slug=slug or address_from(name), named=bool(slug), **said)
    found_tasks, bad_tasks = read_tasks(rows_of(tasks_file.read_bytes()))
    found_runs, bad_runs = read_runs(rows_of(runs_file.read_bytes()))
    if dry_run:
        with house.database.reading() as session:
            for line in preview.of_pybossa(session, wished, found_tasks, found_runs):
                click.echo(one_line(line))
        finish(tell_bad(TASKS, bad_tasks) + tell_bad(RUNS, bad_runs))
        return
    with commanding(house, "command.import_pybossa") as command:
        importing = _Importing(house, wished, found_tasks, found_runs, command.result)
        importing.add_tasks(bad_tasks)
        importing.add_runs(bad_runs)
        settle(house, importing.project_id)
    farewell(house, importing.project_id)
    finish(importing.bad)


class _Importing:
    """One import of PyBossa's rows: opens the project, then adds some hundred rows a transaction.

    ``result`` gets what became of them.
    """

    def __init__(
        self,
        house: House,
        wished: Wished,
        found_tasks: list[TaskRow],
        found_runs: list[RunRow],
        result: dict[str, str],
    ) -> None:
        self.house, self.wished, self.tasks, self.runs, self.bad = house, wished, found_tasks, found_runs, 0
        self.result = result
        with house.database.reading() as session:
            project = places.wished_project(session, wished)
            self.known = answers.known_answers(session, project.id) if project else {}
        new = [run for run in found_runs if run.source_id not in self.known]
        seen = look_over(run.info for run in new)
        with house.database.writing() as session:
            opened, _ = places.open_project(session, wished, seen, usual_wanted(found_tasks), house.clock())
            self.form = places.form_for(session, opened, seen)
            self.project_id, self.slug, self.key = opened.id, opened.slug, opened.public_id

    def add_tasks(self, bad: Sequence[BadRow]) -> None:
        """Adds the tasks that are not here, and tells of it."""
        new, done = pybossa.new_tasks(self.tasks, self.runs, self.form), Added()
        for some in lots(TASKS, new):
            with self.house.database.writing() as session:
                project = session.get_one(Project, self.project_id)
                done += tasks.add_tasks(session, project, self.wished.name, some, self.house.clock())
        self.bad += tell(TASKS, len(new) + len(bad), done, bad, result=self.result)

    def add_runs(self, bad: Sequence[BadRow]) -> None:
        """Adds the runs that are not here, and tells of it."""
        with self.house.database.reading() as session:
            here = tasks.task_ids(session, self.project_id)
        # One whose number is here about another task goes on, to be refused by its row.
        new = [run for run in self.runs if self.known.get(run.source_id, -1) != here.get(run.task)]
        done, refused = Added(0, len(self.runs) - len(new)), list(bad)
        for some in lots(RUNS, new):
            found, unread = pybossa.new_answers(some, self.form, here, self.key)
            with self.house.database.writing() as session:
                project = session.get_one(Project, self.project_id)
                added, not_taken = answers.add_answers(session, project, found, self.house.clock())
            done += Added(len(added), len(found) - len(added) - len(not_taken))
            refused += unread + not_taken
        self.bad += tell(RUNS, len(self.runs) + len(bad), done, refused, result=self.result)


@click.command("import-csv")
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--project", "slug", required=True, help="The project's address; it is there, with its form.")
@click.option("--as", "what", type=click.Choice([TASKS, ANSWERS]), help="What the rows are; guessed when left out.")
@click.option(
    "--map", "meanings", multiple=True, metavar="COLUMN=MEANING", help="What a column is, or the field's name."
)
@click.option("--mark", "marks", multiple=True, metavar="WORD=MARK", help="blank, illegible, unsure, or nothing.")
@click.option("--dry-run", is_flag=True, help="Only tell what was understood and what would be added.")
def import_csv(
    table: Path, slug: str, what: str | None, meanings: tuple[str, ...], marks: tuple[str, ...], dry_run: bool
) -> None:
    """Brings in tasks or answers from any table of rows and columns. Twice adds nothing."""
    house = ready_house()
    read = read_table(table.read_bytes())
    with house.database.reading() as session:
        project = project_named(session, slug)
        plan = understand(session, project, read, what or "", pairs(meanings), pairs(marks))
        project_id = project.id
        if dry_run:
            for line in preview.of_table(project, read, plan):
                click.echo(one_line(line))
    rows = list(read.rows())
    if dry_run:
        done, refused = _add_rows(house, project_id, plan, rows, dry_run=True)
        finish(tell(plan.what, len(rows), done, refused, "would be added"))
        return
    with commanding(house, "command.import_csv") as command:
        done, refused = _add_rows(house, project_id, plan, rows)
        failed = tell(plan.what, len(rows), done, refused, result=command.result)
        if plan.what != TASKS:
            settle(house, project_id)
    finish(failed)


def _add_rows(
    house: House, project_id: int, plan: Plan, rows: Sequence[Any], dry_run: bool = False
) -> tuple[Added, list[BadRow]]:
    """Adds the rows, some hundred a transaction; ``dry_run`` takes each of these back."""
    add_rows = table_tasks.add_rows if plan.what == TASKS else table_answers.add_rows
    done, refused = Added(), list[BadRow]()
    for some in lots(plan.what, rows, quiet=dry_run):
        with house.database.writing() as session:
            project = session.get_one(Project, project_id)
            added, bad = add_rows(session, project, plan, some, house.secret, house.clock())
            if dry_run:
                session.rollback()
        done += added
        refused += bad
    return done, refused


def pairs(given: Iterable[str]) -> dict[str, str]:
    """Options such as "Column=field" as a mapping; BadSetting for one without the sign between."""
    found = {}
    for text in given:
        left, sign, right = text.rpartition("=")
        if not sign:
            raise BadSetting(f"“{text}” needs an equals sign, as in Column=field")
        found[left] = right
    return found


def lots(what: str, rows: Sequence[Row], quiet: bool = False) -> Iterator[Sequence[Row]]:
    """Some hundred rows at a time, with a bar that shows how far it is."""
    with click.progressbar(length=len(rows), label=f"adding {what}", file=StringIO() if quiet else None) as bar:
        for start in range(0, len(rows), AT_ONCE):
            yield rows[start : start + AT_ONCE]
            bar.update(min(AT_ONCE, len(rows) - start))


def tell(
    what: str,
    count: int,
    done: Added,
    refused: Sequence[BadRow],
    verb: str = "added",
    result: dict[str, str] | None = None,
) -> int:
    """Says what became of the rows, and keeps it in ``result``; returns how many are left out."""
    bad = tell_bad(what, refused)
    said = f"{count} read, {done.added} {verb}, {done.skipped} skipped (here already), {bad} bad"
    click.echo(f"{what}: {said}")
    if result is not None:
        result[what] = said
    return bad


def tell_bad(what: str, refused: Sequence[BadRow]) -> int:
    """Says of each row that is left out its number and why; returns how many."""
    for row in sorted(refused, key=lambda row: row.number):
        click.echo(one_line(f"{what}, row {row.number}: {row.words}"), err=True)
    return len(refused)


def settle(house: House, project_id: int) -> None:
    """Merges what waits: here and now while no worker could, else by a job."""
    if house.queue.is_reachable():
        house.queue.settle(project_id)
        click.echo("a worker makes the records now")
    else:
        click.echo(f"{jobs.drain_settling(house, project_id)} records made")


def farewell(house: House, project_id: int) -> None:
    """Says where the project is, and what it still needs before anybody sees it."""
    with house.database.reading() as session:
        project = session.get_one(Project, project_id)
        institution = project.collection.institution
        has_staff = session.scalar(select(Membership.id).where(Membership.institution_id == institution.id).limit(1))
        click.echo(f"{house.settings.public_url}/desk/{project.slug} ({project.state})")
        if project.state == "draft":
            click.echo("Only staff see it until it is made live on that page.")
        if has_staff is None:
            click.echo(f"Nobody works there yet: micro admin create EMAIL --institution {institution.slug}")


def finish(bad: int) -> None:
    """Ends with exit code 1 when a row was left out."""
    if bad:
        raise SystemExit(1)
