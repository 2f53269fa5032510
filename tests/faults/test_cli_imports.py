"""`micro import-pybossa` and `micro import-csv`: what they say, and what they leave when something fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from micro.data.models import Act, Answer, Institution, Item, Project, Record, Scan, Task
from tests.faults.commanding import CHECKOUT, Micro
from tests.services.importing import run, task

REAL = Path(os.environ.get("MICRO_REAL_DATA", "")) / "pybossa"


def files(micro: Micro, tasks: Any, runs: Any, name: str = "Drawer 7") -> tuple[str | Path, ...]:
    return (
        "import-pybossa",
        "--tasks",
        micro.file(f"{name}_task.json", tasks),
        "--runs",
        micro.file(f"{name}_task_run.json", runs),
    )


@pytest.mark.skipif(not os.environ.get("MICRO_REAL_DATA"), reason="MICRO_REAL_DATA is not set")
def test_the_bare_command_brings_a_real_drawer_into_an_empty_system(micro: Micro) -> None:
    micro.does("migrate")
    command = (
        "import-pybossa",
        "--tasks",
        REAL / "ThamesSwords_task.json",
        "--runs",
        REAL / "ThamesSwords_task_run.json",
    )
    said = micro.does(*command)
    assert "tasks: 38 read, 38 added, 0 skipped (here already), 0 bad\n" in said
    assert "runs: 114 read, 114 added, 0 skipped (here already), 0 bad\n" in said
    assert "38 records made\n" in said, "no worker runs, so they are settled at once"
    assert "/desk/thamesswords (draft)\n" in said
    assert "micro admin create EMAIL --institution imported" in said
    assert micro.count(Record) == 38
    said = micro.does(*command)
    assert "tasks: 38 read, 0 added, 38 skipped" in said
    assert "runs: 114 read, 0 added, 114 skipped" in said
    assert "\n0 records made\n" in said
    assert micro.count(Answer) == 114


def test_options_say_where_it_goes(micro: Micro) -> None:
    micro.does("migrate")
    options = "--project axes --institution bm --institution-name Museum --collection Cards --title Axes --language fr"
    micro.does(*files(micro, [task(1)], [run(1, 1)]), *options.split(), "--licence", "CC0-1.0")
    with micro.reading() as session:
        project = session.scalars(select(Project)).one()
        owner = project.collection.institution
        assert (project.slug, owner.slug, owner.name, project.collection.name) == ("axes", "bm", "Museum", "Cards")
        assert (project.licence, project.content_language, project.text("title", "en")) == ("CC0-1.0", "fr", "Axes")


def test_a_dry_run_tells_everything_and_writes_nothing(micro: Micro) -> None:
    micro.does("migrate")
    command = files(micro, [task(1)], [run(1, 1), run(2, 1, user_id=None), run(3, 9)])
    said = micro.does(*command, "--dry-run")
    assert "project: drawer-7 (new)" in said
    assert "  field object_type: text, “Object type”, new" in said
    assert "tasks: 1, 1 would be added" in said
    assert "runs: 3, 2 would be added, 1 about a task that is not there" in said
    assert "volunteers: 2 known by a number, 1 anonymous" in said
    assert (micro.count(Project), micro.count(Institution)) == (0, 0)


def test_each_bad_row_is_a_line_on_stderr_and_the_exit_code_says_so(micro: Micro) -> None:
    micro.does("migrate")
    rows = [run(1, 1), 7, run(2, 5), run(3, 1, info="two\nlines")]
    result = micro.run(*files(micro, [task(1), None], rows))
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "tasks, row 2: This row is not an object.",
        "runs, row 2: This row is not an object.",
        "runs, row 3: There is no task 5 that this could answer.",
        "runs, row 4: info: This is neither an object nor one written as JSON.",
    ]
    assert "tasks: 2 read, 1 added, 0 skipped (here already), 1 bad\n" in result.stdout
    assert "runs: 4 read, 1 added, 0 skipped (here already), 3 bad\n" in result.stdout
    assert micro.count(Record) == 1


@pytest.mark.parametrize(
    ("tasks", "runs", "options", "part"),
    [
        ("{", [], (), "This is not JSON"),
        ([task(1)], {}, (), "not a list of rows"),
        ([task(1)], [], (), "no form to make"),
        ([task(1)], [run(1, 1)], ("--institution", "nowhere"), "no institution called “nowhere”"),
        ([task(1)], [run(1, 1)], ("--licence", "mine"), "open licences"),
        ([task(1)], [run(1, 1)], ("--project", "Not an address"), "address"),
        ([task(1)], [run(1, 1, info={"geojson": {"a": 1}})], (), "no form to make"),
    ],
)
def test_what_cannot_be_imported_is_one_line_and_leaves_nothing(
    micro: Micro, tasks: Any, runs: Any, options: tuple[str, ...], part: str
) -> None:
    micro.does("migrate")
    assert part in micro.fails(*files(micro, tasks, runs), *options)
    assert (micro.count(Project), micro.count(Institution), micro.count(Scan)) == (0, 0, 0)


def test_a_file_that_is_not_there_and_a_database_that_is_not_ready_are_one_line(micro: Micro) -> None:
    command = files(micro, [task(1)], [run(1, 1)])
    assert "micro migrate" in micro.fails(*command)
    micro.does("migrate")
    assert "nowhere.json" in micro.fails(*command[:2], "nowhere.json", *command[3:])


def test_an_import_that_was_stopped_half_way_is_run_again(micro: Micro) -> None:
    micro.does("migrate")
    tasks = [task(n) for n in range(1, 801)]
    runs = [run(n, n) for n in range(1, 801)]
    micro.does(*files(micro, tasks[:500], runs[:400]))
    with micro.writing() as session:  # Killed before it settled.
        for one in session.scalars(select(Task).where(Task.answered > 0).limit(50)):
            one.unsettled = True
    said = micro.does(*files(micro, tasks, runs))
    assert "tasks: 800 read, 300 added, 500 skipped" in said
    assert "runs: 800 read, 400 added, 400 skipped" in said
    assert "450 records made" in said
    with micro.reading() as session:
        assert session.scalar(select(func.count(func.distinct(Item.identifier)))) == 800


def test_an_import_that_is_killed_leaves_whole_rows_and_can_be_run_again(embedded: Micro) -> None:
    embedded.does("migrate")
    count = 3000
    command = files(embedded, [task(n) for n in range(1, 301)], [run(n, n % 300 + 1) for n in range(1, count + 1)])
    environment = {name: value for name, value in embedded.environment.items() if value is not None}
    words = [sys.executable, "-m", "micro", *map(str, command)]
    running = subprocess.Popen(words, env={**os.environ, **environment}, cwd=CHECKOUT, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: embedded.count(Answer) > 0)
    finally:
        running.kill()
        running.wait()
    before = embedded.count(Answer)
    assert 0 < before < count, "it was killed too late to show anything"
    assert told_in_the_log(embedded) == ["made"], "that it began, and no end"
    said = embedded.does(*command)
    assert f"runs: {count} read, {count - before} added, {before} skipped" in said
    assert embedded.count(Answer) == count
    assert told_in_the_log(embedded)[-1] == "done"
    with embedded.reading() as session:
        assert session.scalar(select(func.sum(Task.answered))) == count
        assert session.scalar(select(func.count()).where(Task.unsettled)) == 0


def told_in_the_log(micro: Micro) -> list[str]:
    with micro.reading() as session:
        return list(session.scalars(select(Act.to_state).order_by(Act.id)))


def wait_until(true: Callable[[], bool]) -> None:
    for _ in range(600):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come so far in half a minute")


def test_a_project_of_the_same_address_is_not_taken_by_chance(micro: Micro) -> None:
    micro.prepare("drawer-7")
    command = files(micro, [task(1)], [run(1, 1)])
    assert "name it with --project" in micro.fails(*command)
    micro.does(*command, "--project", "drawer-7")
    assert micro.count(Project) == 1


# --- tables ---------------------------------------------------------------------------------------------------------

TASKS = "identifier;picture\nA 1;https://example.org/1.jpg\nA 2;https://example.org/2.jpg\n"
ANSWERS = "Carte;Qui;Object;Notes\nA 1;ada;Axe;\nA 1;bo;Axe;None\nA 9;ada;Axe;\n"


def test_tables_of_tasks_and_answers_come_in_and_twice_adds_nothing(micro: Micro) -> None:
    micro.prepare("cards", boxes=[])
    tasks = ("import-csv", micro.file("tasks.csv", TASKS), "--project", "cards")
    assert "tasks: 2 read, 2 added, 0 skipped (here already), 0 bad\n" in micro.does(*tasks)
    maps = ("--map", "Carte=item", "--map", "Qui=volunteer", "--mark", "None=blank")
    command = ("import-csv", micro.file("answers.csv", ANSWERS), "--project", "cards", *maps)
    result = micro.run(*command)
    assert result.exit_code == 1
    assert result.stderr == "answers, row 4: There is no item “A 9” in this project.\n"
    assert "answers: 3 read, 2 added, 0 skipped (here already), 1 bad\n1 records made\n" in result.stdout
    assert "tasks: 2 read, 0 added, 2 skipped" in micro.does(*tasks)
    assert "answers: 3 read, 0 added, 2 skipped" in micro.run(*command).stdout
    assert (micro.count(Answer), micro.count(Record)) == (2, 1)


def test_a_dry_run_of_a_table_shows_columns_and_first_rows_and_writes_nothing(micro: Micro) -> None:
    micro.prepare("cards", boxes=[])
    said = micro.does("import-csv", micro.file("tasks.csv", TASKS), "--project", "cards", "--dry-run")
    assert said.splitlines() == [
        "tasks of cards; separator: semicolon; encoding: utf-8",
        "  identifier → item",
        "  picture → picture",
        "row 2: item: A 1; picture: https://example.org/1.jpg",
        "row 3: item: A 2; picture: https://example.org/2.jpg",
        "tasks: 2 read, 2 would be added, 0 skipped (here already), 0 bad",
    ]
    assert (micro.count(Scan), micro.count(Task)) == (0, 0)


@pytest.mark.parametrize(
    ("content", "options", "part"),
    [
        (TASKS, ("--project", "nowhere"), "no such project"),
        ("", ("--project", "cards"), "names of the columns"),
        (TASKS, ("--project", "cards", "--map", "picture"), "equals sign"),
        (TASKS, ("--project", "cards", "--as", "answers"), "field of the form"),
        (TASKS, ("--project", "cards", "--map", "picture=song"), "It could be"),
    ],
)
def test_a_table_that_cannot_be_used_is_one_line(
    micro: Micro, content: str, options: tuple[str, ...], part: str
) -> None:
    micro.prepare("cards", boxes=[])
    assert part in micro.fails("import-csv", micro.file("table.csv", content), *options)


def test_the_guide_names_both_commands_and_their_options(embedded: Micro) -> None:
    guide = (Path(__file__).parents[2] / "docs/operator.md").read_text(encoding="utf-8")
    for command in ("import-pybossa", "import-csv"):
        words = json.dumps(embedded.does(command, "--help"))
        options = {word for word in words.replace("\\n", " ").split() if word.startswith("--") and word != "--help"}
        missing = {option.strip('."') for option in options} - set(guide.replace("`", " ").split())
        assert not missing, f"{command}: {missing}"
