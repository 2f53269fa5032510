"""Existing work in: what PyBossa's tasks and runs become, once, whatever happens meanwhile."""

from __future__ import annotations

import json
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from micro.core.pybossa import rows_of
from micro.data.models import (
    Answer,
    Assignment,
    Collection,
    Institution,
    Item,
    Project,
    Record,
    Region,
    Scan,
    Setup,
    Task,
    Volunteer,
)
from micro.errors import BadAnswer, Closed, Conflict
from micro.house import House
from micro.services import trials
from micro.services.assignments import current_setup
from micro.services.forms import change_setup
from micro.services.imports import places
from micro.services.projects import move_project
from tests.cast import Cast
from tests.services.importing import PICTURE, bring_in, import_rows, run, task

REAL = Path(os.environ.get("MICRO_REAL_DATA", "")) / "pybossa"
real_data = pytest.mark.skipif(not os.environ.get("MICRO_REAL_DATA"), reason="MICRO_REAL_DATA is not set")


def counted(house: House) -> dict[str, int]:
    with house.database.reading() as session:
        return {
            what.__tablename__: session.scalar(select(func.count()).select_from(what)) or 0
            for what in (Scan, Item, Region, Task, Assignment, Answer, Volunteer, Record, Setup)
        }


# --- the three drawers ----------------------------------------------------------------------------------------------


@real_data
@pytest.mark.parametrize(
    ("name", "tasks", "runs", "anonymous", "people", "surplus", "wanted"),
    [("drawerA1", 277, 574, 74, 24, 20, 2), ("bmswords", 64, 192, 1, 17, 0, 3), ("ThamesSwords", 38, 114, 0, 6, 0, 3)],
)
def test_a_real_drawer_comes_in_whole_and_once(
    house: House, name: str, tasks: int, runs: int, anonymous: int, people: int, surplus: int, wanted: int
) -> None:
    rows = [rows_of((REAL / f"{name}_{part}.json").read_bytes()) for part in ("task", "task_run")]
    made = import_rows(house, *rows)
    assert [row.words for row in made.bad] == []
    assert (made.tasks.added, made.runs) == (tasks, runs)
    whole = counted(house)
    assert whole["task"] == whole["scan"] == whole["item"] == whole["record"] == tasks
    assert whole["answer"] == whole["assignment"] == runs
    assert whole["volunteer"] == anonymous + people
    with house.database.reading() as session:
        assert session.scalar(select(func.count()).where(Answer.surplus)) == surplus
        alone = select(func.count()).where(Volunteer.source_id.contains(":run:"))
        assert session.scalar(alone) == anonymous
        assert set(session.scalars(select(Task.wanted))) == {wanted}
        assert all(address.endswith("_b.jpg") for address in session.scalars(select(Scan.reference)))
        assert len(current_setup(session, made.project_id).body["fields"]) == 22
        found = {answer.source_id: answer for answer in session.scalars(select(Answer))}
        states = Counter(session.scalars(select(Record.state)))
    given = rows[1][0]
    first = found[str(given["id"])]
    assert first.at == datetime.fromisoformat(given["finish_time"]).replace(tzinfo=UTC)
    assert first.value["object_type"] == {"value": given["info"]["objectType"]}
    assert first.value["date_discovery_day"] == {"mark": "blank"}
    assert (first.details or {}).get("geojson") == given["info"].get("geojson")
    assert states["open"] == 0, "nobody waits for an answer that nobody was asked for"
    assert states["review"] > 0
    again = import_rows(house, *rows)
    assert (again.tasks.added, again.tasks.skipped, again.runs, again.bad) == (0, tasks, 0, [])
    assert counted(house) == whole


@real_data
def test_three_drawers_in_one_project_are_three_groups_of_people(house: House) -> None:
    for name in ("drawerA1", "bmswords", "ThamesSwords"):
        bring_in(house, *(rows_of((REAL / f"{name}_{part}.json").read_bytes()) for part in ("task", "task_run")))
    whole = counted(house)
    assert (whole["task"], whole["answer"]) == (277 + 64 + 38, 574 + 192 + 114)
    assert whole["volunteer"] == 74 + 24 + 1 + 17 + 6, "user 1 of one app is not user 1 of another"


# --- tasks ----------------------------------------------------------------------------------------------------------


def test_a_task_is_a_scan_that_is_elsewhere_an_item_a_region_and_a_question(house: House, cast: Cast) -> None:
    project_id = bring_in(house, [task(7, n_answers=3)], [run(1, 7)], institution="harrowby", collection="Drawer 7")
    with house.database.reading() as session:
        made = session.scalars(select(Task).where(Task.project_id == project_id)).one()
        scan, region, project = made.region.scan, made.region, made.project
        assert (made.source_id, made.wanted, made.answered, made.state) == ("7", 3, 1, "open")
        assert made.fields == region.fields == ["object_type", "description"]
        assert (scan.reference, scan.storage_key, scan.width_px, scan.height_px) == (PICTURE.format(7), "", 0, 0)
        assert scan.details["url_b"] == PICTURE.format(7)
        assert (made.item.identifier, scan.document, scan.page_number) == ("card-7_b", "cards", 1)
        assert (project.state, project.min_answers, project.max_answers) == ("draft", 3, 3)
        assert project.collection.name == "Drawer 7"


def test_two_tasks_about_one_picture_are_two_items(house: House, cast: Cast) -> None:
    same = {"url_b": PICTURE.format(1)}
    bring_in(house, [task(1, info=same), task(2, info=same)], [run(1, 1)], institution="harrowby")
    import_rows(house, [task(3, info=same)], [])
    with house.database.reading() as session:
        assert sorted(session.scalars(select(Scan.frame))) == [0, 1, 2]
        assert set(session.scalars(select(Item.identifier))) == {"1", "2", "card-1_b"}


def test_a_name_that_an_item_has_already_is_not_given_twice(house: House, cast: Cast) -> None:
    bring_in(house, [task(1, info={"title": "2"})], [run(1, 1)], institution="harrowby")
    bring_in(house, [task(2, info={"title": "2"}), task(3, info={"title": "2"})], [run(2, 2)])
    with house.database.reading() as session:
        assert set(session.scalars(select(Item.identifier))) == {"2", "2 (2)", "3"}


def test_a_task_twice_in_a_file_is_one(house: House, cast: Cast) -> None:
    made = import_rows(house, [task(1), task(1)], [run(1, 1)], institution="harrowby")
    assert (made.tasks.added, made.tasks.skipped) == (1, 1)


# --- answers --------------------------------------------------------------------------------------------------------


def test_everybody_without_a_number_is_somebody_of_their_own(house: House, cast: Cast) -> None:
    rows = [run(1, 1, user_id=None), run(2, 1, user_id=None), run(3, 2, user_id=None), run(4, 2, user_id=9)]
    bring_in(house, [task(1), task(2)], [*rows, run(5, 1, user_id=9)], institution="harrowby")
    with house.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Volunteer)) == 4
        nine = select(Answer.volunteer_id).where(Answer.source_id.in_(["4", "5"])).distinct()
        assert len(session.scalars(nine).all()) == 1


def test_what_came_after_enough_answers_is_kept_as_surplus(house: House, cast: Cast) -> None:
    bring_in(house, [task(1)], [run(30, 1), run(10, 1), run(20, 1)], institution="harrowby")
    with house.database.reading() as session:
        found = session.execute(select(Answer.source_id, Answer.surplus).order_by(Answer.at))
        assert [tuple(row) for row in found] == [("10", False), ("20", False), ("30", True)]
        made = session.scalars(select(Task)).one()
        assert (made.answered, made.wanted, made.unsettled) == (3, 2, False)


def test_who_answered_twice_is_counted_once_and_the_later_counts(house: House, cast: Cast) -> None:
    later = run(5, 1, user_id=9, info={"objectType": "Spear", "description": ""})
    earlier = run(4, 1, user_id=9)
    bring_in(house, [task(1, n_answers=1)], [later, earlier], institution="harrowby")
    with house.database.reading() as session:
        found = session.execute(select(Answer.source_id, Answer.number, Answer.surplus).order_by(Answer.number))
        assert [tuple(row) for row in found] == [("4", 1, False), ("5", 2, False)]
        assert session.scalars(select(Task)).one().answered == 1
        assert session.scalars(select(Assignment)).one().state == "answered"
        record = session.scalars(select(Record)).one()
    again = import_rows(house, [], [run(6, 1, user_id=9, info={"objectType": "Ring", "description": ""})])
    assert again.runs == 1
    with house.database.reading() as session:
        assert session.scalar(select(func.max(Answer.number))) == 3
        assert session.get_one(Record, record.id).current > record.current


def test_a_longer_file_adds_what_is_new_and_a_new_key_makes_a_newer_form(house: House, cast: Cast) -> None:
    bring_in(house, [task(1), task(2)], [run(1, 1)], institution="harrowby")
    more = run(2, 2, info={"objectType": "Ring", "material": "Gold"})
    made = import_rows(house, [task(1), task(2), task(3)], [run(1, 1), more])
    assert (made.tasks.added, made.tasks.skipped, made.runs) == (1, 2, 1)
    with house.database.reading() as session:
        setups = session.scalars(select(Setup).where(Setup.project_id == made.project_id).order_by(Setup.version)).all()
        assert [[one["name"] for one in setup.body["fields"]] for setup in setups] == [
            ["object_type", "description"],
            ["object_type", "description", "material"],
        ]
        asked = {one.source_id: one.fields for one in session.scalars(select(Task))}
        assert asked["1"] == ["object_type", "description"], "what nobody was asked stays unasked"
        assert asked["2"] == ["object_type", "description", "material"]
        used = {name: setup for name, setup in session.execute(select(Answer.source_id, Answer.setup_id))}
        assert used == {"1": setups[0].id, "2": setups[1].id}


def test_a_field_that_a_manager_took_out_does_not_come_back_with_the_same_file(house: House, cast: Cast) -> None:
    rows = [task(1)], [run(1, 1)]
    project_id = bring_in(house, *rows, institution="harrowby")
    with house.database.writing() as session:
        project = session.get_one(Project, project_id)
        body = current_setup(session, project_id).body
        change_setup(session, project, {"fields": body["fields"][:1]}, house.clock())
    import_rows(house, *rows)
    with house.database.reading() as session:
        assert [one["name"] for one in current_setup(session, project_id).body["fields"]] == ["object_type"]


def test_bad_rows_are_told_and_the_others_come_in(house: House, cast: Cast) -> None:
    rows = [
        run(1, 1),
        "nothing",
        run(2, 99),
        run(3, 1, info={"objectType": "x" * 30_000}),
        run(4, 1, finish_time="soon"),
        run(5, 1, info={}),
        run(1, 2),
        run(6, 1),
    ]
    made = import_rows(house, [task(1), {"id": 5}, task(2)], rows, institution="harrowby")
    assert made.runs == 2
    told = sorted((row.number, row.words) for row in made.bad)
    assert [number for number, _ in told] == [2, 2, 3, 4, 5, 6, 7]
    words = " ".join(text for _, text in told)
    assert "There is no task 99" in words
    assert "object_type: This is longer than" in words
    assert "here already, about another task" in words


# --- where it goes --------------------------------------------------------------------------------------------------


def opened(house: House, **wished: Any) -> Project:
    with house.database.writing() as session:
        seen = {"a": places.Seen(is_typed=True)}
        given = {"name": "Drawer", "slug": "drawer", "named": False, **wished}
        return places.open_project(session, places.Wished(**given), seen, 2, house.clock())[0]


def test_an_empty_system_gets_an_institution_for_what_is_imported(house: House) -> None:
    project = opened(house)
    with house.database.reading() as session:
        made = session.scalars(select(Institution)).one()
        assert (made.slug, made.name) == ("imported", "Imported work")
        assert session.get_one(Collection, project.collection_id).name == "Drawer"
    assert opened(house).id == project.id, "a second time it is there"


def test_the_only_institution_is_taken_and_among_several_one_is_named(house: House, cast: Cast) -> None:
    with pytest.raises(BadAnswer, match="several institutions"):
        opened(house)
    assert opened(house, institution="valmont").collection_id is not None
    made = opened(house, slug="other", institution_name="Musée d’Été")
    with house.database.reading() as session:
        owner = session.get_one(Collection, made.collection_id).institution
        assert (owner.slug, owner.name) == ("musee-d-ete", "Musée d’Été")


def test_work_never_lands_in_a_project_by_chance(house: House, cast: Cast) -> None:
    with pytest.raises(Conflict, match="was not imported"):
        opened(house, slug="finds")
    with pytest.raises(Conflict, match="another institution"):
        opened(house, slug="finds", named=True, institution="valmont")
    assert opened(house, slug="finds", named=True).id == cast.project.id
    with house.database.writing() as session:
        session.get_one(Project, cast.project.id).state = "archived"
    with pytest.raises(Closed):
        opened(house, slug="finds", named=True)


@pytest.mark.parametrize("wished", [{"licence": "all rights"}, {"slug": "No!"}, {"language": "klingon"}])
def test_what_cannot_be_wished_is_refused_and_leaves_nothing(house: House, wished: dict[str, str]) -> None:
    with pytest.raises(BadAnswer):
        opened(house, **wished)
    with house.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Institution)) == 0


def test_imported_answers_stay_when_the_project_goes_live_after_a_trial(house: House, cast: Cast) -> None:
    project_id = bring_in(house, [task(1)], [run(1, 1), run(2, 1)], institution="harrowby")
    for state in ("trial", "live"):
        with house.database.writing() as session:
            project = session.get_one(Project, project_id)
            assert trials.trial_work(session, project).answers == 0
            move_project(session, project, state, None, house.clock())
    with house.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Answer)) == 2


def test_two_imports_at_once_bring_each_row_once(house: House, cast: Cast) -> None:
    tasks, runs = [task(n) for n in range(1, 21)], [run(n, n % 20 + 1, user_id=n % 7) for n in range(1, 61)]
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: import_rows(house, tasks, runs, institution="harrowby"), range(2)))
    assert [one.bad for one in both] == [[], []]
    assert sum(one.tasks.added for one in both) == 20
    assert sum(one.runs for one in both) == 60
    assert counted(house)["answer"] == 60


def test_the_same_rows_as_json_in_strings_are_the_same(house: House, cast: Cast) -> None:
    written = [{**row, "info": json.dumps(row["info"])} for row in (task(1), task(2))]
    bring_in(house, written, [run(1, 1)], institution="harrowby")
    assert import_rows(house, [task(1), task(2)], [run(1, 1)]).tasks.skipped == 2
