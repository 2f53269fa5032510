"""Rows of a table of answers whose values have a form are merged by that form, not as words."""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

import pytest

from micro.core.consensus.project import merge_project
from micro.core.consensus.rows import Prediction, Row, Settings
from micro.core.consensus.units import in_one_unit

ALONE = Settings(learning=False)


def row(of_type: str, *values: str, item: str = "1") -> Row:
    return Row(item, "f", of_type, tuple(f"w{n}" for n in range(len(values))), values)


def merged(of_type: str, *values: str, settings: Settings = ALONE) -> Prediction:
    every = [merge_project([row(of_type, *some)], settings=settings)[0] for some in permutations(values)]
    (told,) = {one._replace(trusts=()) for one in every}
    return told  # Whatever the order of answers.


@pytest.mark.parametrize("settings", [ALONE, Settings()], ids=["alone", "learning"])
@pytest.mark.parametrize(
    ("of_type", "values", "value"),
    [
        # Nobody wrote exactly this date; every part has two of three behind it.
        ("date", ("1907-10-13", "1907-11-12", "1908-10-12"), "1907-10-12"),
        ("date", ("1907", "1907-XX-XX", ""), "1907-XX-XX"),
        # Nobody chose exactly these labels.
        ("tags", ("axe | hoard", "Axe|sword", "hoard | pin"), "axe | hoard"),
        ("tags", ("", "-", "axe"), ""),
        ("lines", ("In the name\nof God", "of God", "In the name\nof God."), "In the name\nof God"),
        ("number", ("120 mm", "12 cm", "13 cm"), "12 cm"),
        ("choice", ("gold", "Gold", "iron"), "gold"),
        ("point", ("-0.9,51.5", "-0.9,51.5", "2,48"), "-0.9,51.5"),
    ],
)
def test_every_type_is_merged_by_its_own_rule(
    of_type: str, values: tuple[str, ...], value: str, settings: Settings
) -> None:
    told = merged(of_type, *values, settings=settings)
    assert told.value.casefold().rstrip(".") == value.casefold()
    assert 0 < told.confidence < 1


def table(*rows: dict[str, Any]) -> str:
    return json.dumps(rows)


def test_a_table_is_merged_row_by_row() -> None:
    axe, ring, pin = {"what": "Axe", "cm": 12}, {"what": "Ring", "cm": "3.5"}, {"what": "Pin", "cm": ""}
    told = merged("table", table(axe, ring, pin), table(ring, pin), table(axe, {**ring, "cm": "3,5"}, pin))
    rows = json.loads(told.value)
    assert [one["what"] for one in rows] == ["Axe", "Ring", "Pin"]
    assert rows[0]["cm"] == "12" and rows[1]["cm"] in ("3.5", "3,5") and "cm" not in rows[2]
    assert merged("table", "[]", "[]").value == ""


@pytest.mark.parametrize(
    ("of_type", "value"),
    [
        ("date", "Spring 1907"),
        ("date", "1907-13-01"),
        ("tags", "x" * 81),
        ("table", "an axe"),
        ("table", '{"what": "axe"}'),
        ("table", '[{"what": ["axe"]}]'),
        ("table", "[" * 5000),
    ],
)
def test_a_type_is_a_hint_and_other_texts_are_merged_as_texts(of_type: str, value: str) -> None:
    told = merged(of_type, value, value, settings=Settings())
    assert told.value == value and told.confidence > 0


def test_who_is_often_right_about_dates_is_believed_where_two_differ() -> None:
    rows = [
        Row(
            str(n), "found", "date", ("good", "bad", "other"), (f"19{n:02}-01-01", f"18{n:02}-02-02", f"19{n:02}-01-01")
        )
        for n in range(30)
    ]
    told = merge_project([*rows, Row("last", "found", "date", ("bad", "good"), ("1850-05-05", "1907-10-12"))])
    assert told[-1].value == "1907-10-12" and not told[-1].tied
    assert merge_project([rows[0], Row("last", "found", "date", ("a", "b"), ("1850-05-05", "1907-10-12"))])[1].tied


def test_decided_dates_teach_how_sure_to_be() -> None:
    rows = [row("date", "1907-10-12", "1907-10-12", item=str(n)) for n in range(60)]
    wrong = {(str(n), "f"): "1907-10-13" for n in range(40)}
    right = {(str(n), "f"): "1907-10-12" for n in range(40)}
    doubted, before, sure = (merge_project(rows, checked)[-1].confidence for checked in (wrong, {}, right))
    assert doubted < 0.5 < before < sure


def test_only_numbers_with_known_units_are_put_into_one() -> None:
    def together(*values: str) -> tuple[str, ...]:
        return in_one_unit(row("number", *values), str.casefold).values

    assert together("12 cm", "120mm", "4 cm", "12 cm.") == ("12 cm", "12 cm", "4 cm", "12 cm")
    assert together("12", "120", "12 cubits", "socket 12 cm") == ("12", "120", "12 cubits", "socket 12 cm")
    assert together("1 lb", "16 oz") == ("1 lb", "1 lb"), "of equals the first by its text"
