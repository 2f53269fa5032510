"""Tasks and answers from any table: what its columns mean, and what its rows become."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select

from micro.core.imports import BadRow
from micro.core.tables import Table, read_table
from micro.data.models import Answer, Item, Project, Region, Scan, Task, Volunteer
from micro.errors import BadAnswer, MicroError
from micro.house import House
from micro.services.cutting import set_way
from micro.services.imports import preview, table_answers, table_tasks
from micro.services.imports.meanings import TASKS, Plan, understand
from micro.services.imports.tasks import Added
from tests.cast import Cast, add_cards, make_project

HEAD = "Inventory number;Reader;Answered on;Object;Material;Length;found on;Notes;Mood"
ROW = "HM 1;ada@example.org;2020-05-01;Socketed axe;Bronze;12,4 cm;1907;[blank];merry"


def meant(house: House, project: Project, table: Table, what: str = "", **said: Mapping[str, str]) -> Plan:
    with house.database.reading() as session:
        return understand(
            session,
            session.get_one(Project, project.id),
            table,
            what,
            said.get("meanings", {"Inventory number": "item", "Reader": "volunteer"} if not what else {}),
            said.get("marks", {}),
        )


def bring(house: House, project: Project, text: str, **options: Any) -> tuple[Added, list[BadRow]]:
    table = read_table(text.encode())
    plan = meant(house, project, table, **options)
    add = table_tasks.add_rows if plan.what == TASKS else table_answers.add_rows
    with house.database.writing() as session:
        mine = session.get_one(Project, project.id)
        return add(session, mine, plan, list(table.rows()), "secret", house.clock())


@pytest.fixture
def cards(house: House, cast: Cast) -> Project:
    """Two cards with all their tasks in one."""
    with house.database.writing() as session:
        add_cards(session, house, session.merge(cast.project), 2)
    return cast.project


# --- the table itself -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "separator", "encoding"),
    [
        ("Fiche,Été\n1,é\n".encode(), ",", "utf-8"),
        ("\ufeffFiche;Été\r\n1;é\r\n".encode(), ";", "utf-8-sig"),
        ("Fiche\tÉté\n1\té\n".encode("cp1252"), "\t", "cp1252"),
        ("Fiche|Été\r1|é\r".encode("utf-16"), "|", "utf-16"),
        ('"Fiche";"Été"\n\n\n1;"é"'.encode(), ";", "utf-8"),
    ],
)
def test_tables_are_read_as_programs_write_them(content: bytes, separator: str, encoding: str) -> None:
    table = read_table(content)
    assert (table.separator, table.encoding, table.columns) == (separator, encoding, ("Fiche", "Été"))
    assert [cells for _, cells in table.rows()] == [{"Fiche": "1", "Été": "é"}]


@pytest.mark.parametrize("limit", [131_072, 10**9])
def test_a_huge_cell_ends_only_its_row_whatever_the_limit_of_the_process(limit: int) -> None:
    before = csv.field_size_limit(limit)
    try:
        found = list(read_table(b"a,b\n" + b"x" * 200_000 + b",1\n3,4\n").rows())
    finally:
        csv.field_size_limit(before)
    assert isinstance(found[0][1], MicroError)
    assert found[1] == (3, {"a": "3", "b": "4"})


def test_rows_have_the_numbers_that_a_spreadsheet_shows_and_bad_ones_do_not_end_it() -> None:
    table = read_table(b"a,b\n1,2\n\n,\n1,2,3\n" + b"x" * 200_000 + b"\n" + b'"two\nlines",4\n5\n')
    found = list(table.rows())
    assert [number for number, _ in found] == [2, 5, 6, 7, 8]
    assert [isinstance(cells, MicroError) for _, cells in found] == [False, True, True, False, False]
    assert found[-1][1] == {"a": "5", "b": ""}


@pytest.mark.parametrize("content", [b"", b"\n\n", b"a,a\n1,2\n", b";;\n", b",".join([b"%d" % n for n in range(600)])])
def test_a_table_without_usable_columns_is_refused(content: bytes) -> None:
    with pytest.raises(BadAnswer):
        read_table(content)


# --- what its columns mean ------------------------------------------------------------------------------------------


def test_columns_are_known_by_the_forms_labels_and_by_usual_words(house: House, cards: Project) -> None:
    plan = meant(house, cards, read_table(f"{HEAD}\n{ROW}".encode()), meanings={"Reader": "volunteer"})
    assert plan.what == "answers"
    assert list(plan.columns.values()) == [
        "item",
        "volunteer",
        "time",
        "object",
        "material",
        "length",
        "found_on",
        "notes",
        "kept",
    ]


@pytest.mark.parametrize(
    ("head", "options", "part"),
    [
        ("a;b", {}, "picture"),
        ("Object;b", {}, "identifier of the item"),
        ("item;b", {"what": "answers"}, "field of the form"),
        ("item;Object", {"meanings": {"nothing": "item"}}, "no column “nothing”"),
        ("item;Object", {"meanings": {"item": "elephant"}}, "It could be: item"),
        ("item;Object;Objet", {"meanings": {"Object": "object", "Objet": "object"}}, "Two columns"),
        ("item;Object", {"marks": {"?": "perhaps"}}, "not a mark"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_sentence(
    house: House, cards: Project, head: str, options: Any, part: str
) -> None:
    with pytest.raises(BadAnswer, match=part):
        meant(house, cards, read_table(f"{head}\n1;2\n".encode()), **{"meanings": {}, **options})


# --- answers --------------------------------------------------------------------------------------------------------


def test_a_row_is_an_answer_with_values_of_every_type(house: House, cards: Project) -> None:
    done, bad = bring(house, cards, f"{HEAD}\n{ROW}\n")
    assert [row.words for row in bad] == []
    assert (done.added, done.skipped) == (1, 0)
    with house.database.reading() as session:
        (answer,) = session.scalars(select(Answer)).all()
        assert answer.value == {
            "object": {"value": "Socketed axe"},
            "material": {"value": "bronze"},
            "length": {"value": {"amount": "12.4", "unit": "cm"}},
            "found_on": {"value": "1907-XX-XX"},
            "notes": {"mark": "blank"},
        }
        assert (answer.at.isoformat(), answer.details) == ("2020-05-01T00:00:00+00:00", {"Mood": "merry"})
        assert "ada" not in str(session.scalars(select(Volunteer.source_id)).all()), "no name is kept, only a hash"


def test_an_empty_cell_for_the_time_is_the_time_of_the_import(house: House, cards: Project) -> None:
    text = "item;user;time;Object\nHM 1;ada;;Axe\nHM 2;ada; ;Axe\nHM 2;bo;2020-05-01;Axe\nHM 1;bo;soon;Axe\n"
    done, (bad,) = bring(house, cards, text, meanings={})
    assert done.added == 3 and bad.number == 5
    with house.database.reading() as session:
        times = [at.isoformat() for at in session.scalars(select(Answer.at).order_by(Answer.id))]
        assert times == [house.clock().isoformat()] * 2 + ["2020-05-01T00:00:00+00:00"]


def test_the_same_table_twice_adds_nothing_and_a_longer_one_what_is_new(house: House, cards: Project) -> None:
    bring(house, cards, f"{HEAD}\n{ROW}\n")
    done, bad = bring(house, cards, f"{HEAD}\n{ROW}\n{ROW.replace('ada', 'bo')}\n{ROW}\n")
    assert (done.added, done.skipped, bad) == (1, 2, [])
    with house.database.reading() as session:
        assert len(session.scalars(select(Volunteer)).all()) == 2


def test_rows_with_numbers_are_known_by_them(house: House, cards: Project) -> None:
    text = "id;item;user;Object\n1;HM 1;ada;Axe\n2;HM 1;ada;Spear\n"
    assert bring(house, cards, text, meanings={})[0].added == 2
    done, bad = bring(house, cards, text.replace("Axe", "Ring") + "1;HM 2;ada;Axe\n;HM 2;ada;Axe\n", meanings={})
    assert (done.added, done.skipped) == (0, 2)
    assert [row.number for row in sorted(bad, key=lambda row: row.number)] == [4, 5]
    with house.database.reading() as session:
        assert sorted(session.scalars(select(Answer.number))) == [1, 2], "one reader's second answer corrects the first"


def test_words_for_nothing_can_be_told(house: House, cards: Project) -> None:
    marks = {"?": "unsure", "": "nothing", "n.r.": "illegible"}
    text = "item;Object;Material;Notes\nHM 1;n.r.;;?\n"
    assert bring(house, cards, text, meanings={}, marks=marks)[0].added == 1
    with house.database.reading() as session:
        (value,) = session.scalars(select(Answer.value)).all()
        assert value == {"object": {"mark": "illegible"}, "notes": {"mark": "unsure"}}


@pytest.mark.parametrize(
    ("row", "part"),
    [
        ("HM 9;a;2020-05-01;Axe;;;;;", "There is no item “HM 9”"),
        ("HM 1;a;1/5/20;Axe;;;;;", "not a time"),
        ("HM 1;a;2020-05-01;Axe;wood;;;;", "material: “wood” is not one of the choices"),
        ("HM 1;a;2020-05-01;Axe;;long;;;", "length: “long” is not a number"),
        ("HM 1;a;2020-05-01;Axe;;;12 Oct;;", "found_on: A date needs"),
        ("HM 1;a;2020-05-01;Axe;;;;;;;more", "more cells"),
        (f"HM 1;a;2020-05-01;{'x' * 600};;;;;", "object: This is longer"),
    ],
)
def test_a_row_that_cannot_be_taken_is_told_and_the_others_come_in(
    house: House, cards: Project, row: str, part: str
) -> None:
    done, (bad,) = bring(house, cards, f"{HEAD}\n{row}\n{ROW}\n")
    assert done.added == 1
    assert bad.number == 2
    assert part in bad.words


def test_an_item_with_several_tasks_gets_each_part_of_a_row_where_it_was_asked(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        boxes = [
            {
                "name": "head",
                "x": 0,
                "y": 0,
                "width": 1,
                "height": 0.5,
                "own_task": True,
                "fields": ["object", "notes"],
            },
            {
                "name": "rest",
                "x": 0,
                "y": 0.5,
                "width": 1,
                "height": 0.5,
                "own_task": True,
                "fields": ["material", "length", "found_on"],
            },
        ]
        project = make_project(session, session.merge(cast.collection), house.clock(), slug="parts", cutting=None)
        set_way(session, project, {"boxes": boxes})
        add_cards(session, house, project, 1)
    text = "item;user;Object;Material\nHM 1;ada;Axe;Gold\n"
    assert bring(house, project, text, meanings={}) == (Added(1, 0), [])
    assert bring(house, project, text, meanings={}) == (Added(0, 1), [])
    with house.database.reading() as session:
        values = sorted(session.scalars(select(Answer.value)), key=str)
        assert values == [{"material": {"value": "gold"}}, {"object": {"value": "Axe"}}]


# --- tasks ----------------------------------------------------------------------------------------------------------

TASK_HEAD = "identifier,picture,title,document,page,wanted,Shelf"


def test_tasks_have_pictures_elsewhere_or_scans_of_the_project(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = make_project(session, session.merge(cast.collection), house.clock(), slug="plain", cutting=None)
        add_cards(session, house, project, 2)
    text = (
        f"{TASK_HEAD}\nA 1,https://example.org/a.jpg,An axe,Box 1,7,3,left\nA 2,Card-001.jpg,,,,,\n"
        "A 3,card-001.jpg,,,,,\n,card-002.jpg,,,,,\nA 1,https://example.org/b.jpg,,,,,\nA 5,,,,,,\n"
        "A 6,ftp://example.org/x.jpg,,,,,\nA 7,https://example.org/c.jpg,,,zero,,\nA 8,https://example.org/c.jpg,,,,0,\n"
    )
    done, bad = bring(house, project, text, what="tasks")
    assert done.added == 3
    assert sorted(row.number for row in bad) == [3, 7, 8, 9, 10]
    with house.database.reading() as session:
        items = {item.identifier: item for item in session.scalars(select(Item).where(Item.project_id == project.id))}
        assert set(items) == {"A 1", "A 3", "card-002"}
        scan = items["A 1"].scan
        assert (scan.reference, scan.document, scan.page_number) == ("https://example.org/a.jpg", "Box 1", 7)
        assert (scan.details, items["A 1"].title) == ({"Shelf": "left"}, "An axe")
        wanted = {name: count for name, count in session.execute(select(Item.identifier, Task.wanted).join(Task))}
        assert wanted == {"A 1": 3, "A 3": 2, "card-002": 2}
        region = session.scalars(select(Region).where(Region.item_id == items["A 3"].id)).one()
        assert (region.width_px, region.height_px, region.scan_id) == (400, 300, items["A 3"].scan_id)
        count = len(session.scalars(select(Scan)).all())
    done, bad = bring(house, project, text, what="tasks")
    assert (done.added, done.skipped) == (0, 4)
    with house.database.reading() as session:
        assert len(session.scalars(select(Scan)).all()) == count


def test_an_item_that_is_there_by_another_way_is_not_made_again(house: House, cards: Project) -> None:
    done, (bad,) = bring(house, cards, "identifier,picture\nHM 1,https://example.org/a.jpg\n", what="tasks")
    assert done.added == 0
    assert "There is an item “HM 1” already." in bad.words


# --- the dry run ----------------------------------------------------------------------------------------------------


def test_a_dry_run_shows_what_was_understood(house: House, cards: Project) -> None:
    table = read_table(f"{HEAD}\n{ROW}\n{ROW}\n{ROW.replace('12,4 cm', 'long')}\n{ROW}\n".encode())
    plan = meant(house, cards, table)
    with house.database.reading() as session:
        lines = list(preview.of_table(session.get_one(Project, cards.id), table, plan))
    assert lines[0] == "answers of finds; separator: semicolon; encoding: utf-8"
    assert "  Object → field object" in lines
    assert "  Mood → kept (beside the form)" in lines
    assert lines[-3].startswith("row 2: item: HM 1; volunteer: ada@example.org; time: 2020-05-01; object: Socketed axe")
    assert "length: 12.4 cm; found_on: 1907-XX-XX; notes: (blank)" in lines[-3]
    assert lines[-1] == "row 4: “long” is not a number."
