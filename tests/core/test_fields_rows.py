"""Tables and lines: how rows are read, merged, and written into the cells of a release."""

from __future__ import annotations

from typing import Any

import pytest

from micro.core.consensus import merge
from micro.core.fields import field_from_setup, has_form, parse_said, written
from micro.core.kind import cells_of, columns_of
from micro.errors import BadAnswer

FINDS = field_from_setup(
    {
        "name": "finds",
        "type": "table",
        "columns": [
            {"name": "what", "type": "text", "label": {"en": "What"}},
            {"name": "length", "type": "number", "label": {"en": "Length"}, "units": ["cm", "mm"]},
            {"name": "metal", "type": "choice", "choices": [{"code": "gold", "label": {"en": "Gold"}}]},
        ],
    }
)
PAGE = field_from_setup({"name": "page", "type": "lines", "markup": ["unclear"]})
AXE = {"what": {"value": "Axe"}, "length": {"value": {"amount": "12", "unit": "cm"}}}
RING = {"what": {"value": "Ring"}, "metal": {"value": "gold"}}


def test_a_form_sends_rows_by_number_and_empty_ones_are_nothing() -> None:
    sent = {
        "r10": {
            "what": {"value": "Ring"},
            "length": {"value": {"amount": "", "unit": "cm"}},
            "metal": {"value": "gold"},
        },
        "r2": {"what": {"value": " Axe "}, "length": {"value": {"amount": "12", "unit": "cm"}}},
        "r3": {"what": {"value": ""}, "metal": {"value": ""}},
    }
    assert parse_said(FINDS, {"value": sent}) == {"value": [AXE, RING]}
    assert parse_said(FINDS, {"value": [AXE, RING]}) == {"value": [AXE, RING]}, "read again, it stays what it is"


def test_a_blank_cell_is_one_that_is_left_out() -> None:
    assert parse_said(FINDS, {"value": [{**AXE, "metal": {"mark": "blank"}}]}) == {"value": [AXE]}
    ill = {"what": {"mark": "illegible"}}
    assert parse_said(FINDS, {"value": [ill]}) == {"value": [ill]}


@pytest.mark.parametrize(
    ("value", "place", "sentence"),
    [
        ({"r2": {"length": {"value": {"amount": "twelve", "unit": "cm"}}}}, "finds.r2.length", "is not a number"),
        ([AXE, {"length": {"value": {"amount": "12"}}}], "finds.r2.length", "Choose the unit"),
        ([{"colour": {"value": "red"}}], "finds", "There is no field “colour”"),
        (["Axe"], "finds", "an object with one entry per column"),
        ({"first": {}}, "finds", "Rows are given as a list."),
        ("Axe", "finds", "Rows are given as a list."),
        ([AXE] * 201, "finds", "more than 200 rows"),
        ([], "finds", "Nothing is filled in here."),
        ({"r1": {"what": {"value": ""}}}, "finds", "Nothing is filled in here."),
    ],
)
def test_a_problem_names_its_place(value: Any, place: str, sentence: str) -> None:
    with pytest.raises(BadAnswer, match=sentence) as caught:
        parse_said(FINDS, {"value": value})
    assert caught.value.field == place


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ([], "at least one column"),
        ([{"name": "a", "type": "tags", "free": True}], "cannot be a column"),
        ([{"name": "a", "type": "table", "columns": [{"name": "b", "type": "text"}]}], "cannot be a column"),
        ([{"name": "a", "type": "text", "publish": "never"}], "cannot be a column"),
        ([{"name": "a", "type": "text"}] * 2, "Two columns are called"),
        ([{"name": "row", "type": "text"}], "Two columns are called"),
        ([{"name": f"c{n}", "type": "text"} for n in range(13)], "at most 12 columns"),
    ],
)
def test_what_is_no_table_is_refused(columns: list[dict[str, Any]], sentence: str) -> None:
    with pytest.raises(BadAnswer, match=sentence):
        field_from_setup({"name": "finds", "type": "table", "columns": columns})


def test_lines_are_read_from_a_text_or_one_by_one() -> None:
    lines = [{"value": "In the name"}, {"mark": "blank"}, {"value": "of God"}]
    assert parse_said(PAGE, {"value": "\n In the  name\r\n\nof God\n\n"}) == {"value": lines}
    sent = {
        "r1": {"value": "In the name"},
        "r2": {"value": "", "mark": "illegible"},
        "r3": {"value": "God", "mark": "unsure"},
    }
    kept = {"value": [{"value": "In the name"}, {"mark": "illegible"}, {"value": "God", "mark": "unsure"}]}
    assert parse_said(PAGE, {"value": sent}) == kept
    assert parse_said(PAGE, kept) == kept


def test_a_line_without_a_word_is_told_by_its_number() -> None:
    with pytest.raises(BadAnswer, match="Nothing is filled in here") as caught:
        parse_said(PAGE, {"value": {"r1": {"value": "In"}, "r2": {"value": ""}}})
    assert caught.value.field == "page.r2"
    with pytest.raises(BadAnswer, match="Nothing is filled in here"):
        parse_said(PAGE, {"value": "  \n "})


def test_rows_are_written_for_people_and_for_files() -> None:
    said = {"value": [AXE, RING]}
    assert written(FINDS, said) == "What: Axe; Length: 12 cm\nWhat: Ring; metal: Gold"
    assert cells_of(FINDS, said, "en") == {
        "finds": "2",
        "finds_json": '[{"what":"Axe","length":"12","length_unit":"cm","metal":""},'
        '{"what":"Ring","length":"","length_unit":"","metal":"Gold"}]',
    }
    assert [column.name for column in columns_of(FINDS)] == ["finds", "finds_json"]
    lines = {"value": [{"value": "[In?] the"}, {"mark": "illegible"}, {"mark": "blank"}]}
    assert cells_of(PAGE, lines, "en") == {
        "page": "In the\n[…]\n",
        "page_tei": '<unclear>In</unclear> the<lb/>\n<gap reason="illegible"/><lb/>\n',
    }
    assert cells_of(PAGE, {"mark": "blank"}, "en") == {"page": "", "page_tei": ""}


def test_an_older_value_of_another_type_has_not_the_form_of_rows() -> None:
    assert has_form(FINDS, [AXE]) and has_form(PAGE, [{"value": "a"}])
    assert (
        not has_form(FINDS, [{"other": {"value": "a"}}]) and not has_form(FINDS, "Axe") and not has_form(PAGE, ["axe"])
    )


def test_rows_are_merged_one_by_one_by_the_most_votes() -> None:
    wrong = {**AXE, "length": {"value": {"amount": "13", "unit": "cm"}}}
    outcome = merge(FINDS, [{"value": [AXE, RING]}, {"value": [wrong, RING]}, {"value": [AXE, RING, AXE]}])
    assert (outcome.said, outcome.tied) == ({"value": [AXE, RING]}, False)
    again = merge(FINDS, [{"value": [AXE, RING, AXE]}, {"value": [AXE, RING]}, {"value": [wrong, RING]}])
    assert again == outcome, "the order of answers never matters"


def test_a_tie_of_rows_is_told_and_marks_are_voted_first() -> None:
    outcome = merge(PAGE, [{"value": [{"value": "a"}]}, {"value": [{"value": "b"}]}])
    assert outcome.tied and outcome.confidence < 0.6
    assert merge(PAGE, [{"mark": "blank"}] * 2 + [{"value": [{"value": "b"}]}]).said == {"mark": "blank"}
    assert merge(PAGE, [{"mark": "blank"}] * 2).said == {"mark": "blank"}


def test_lines_that_agree_are_sure_of_the_weakest() -> None:
    full = merge(PAGE, [{"value": [{"value": "a"}, {"value": "B."}]}, {"value": [{"value": "A"}, {"value": "b"}]}])
    assert not full.tied and full.confidence > 0.8
    assert len(full.said["value"]) == 2
