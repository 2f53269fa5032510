"""What a volunteer may say in each type of field, and what is refused."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micro.core.fields import LONGEST, MARKS, Field, field_from_setup, parse_said, written
from micro.errors import BadAnswer

NO_LABELS: dict[str, str] = {}
TEXT = Field("object", "text", NO_LABELS, NO_LABELS)
LONG = Field("notes", "long_text", NO_LABELS, NO_LABELS)
LENGTH = Field("length", "number", NO_LABELS, NO_LABELS, units=("cm", "mm"))
WEIGHT = Field("weight", "number", NO_LABELS, NO_LABELS, units=("g",))
COUNT = Field("count", "number", NO_LABELS, NO_LABELS)
DATE = Field("found_on", "date", NO_LABELS, NO_LABELS)
MATERIAL = Field(
    "material",
    "choice",
    NO_LABELS,
    NO_LABELS,
    choices=(("bronze", {"en": "Bronze", "fr": "Bronze"}), ("gold", {"en": "Gold", "fr": "Or"})),
)
ALL = (TEXT, LONG, LENGTH, WEIGHT, COUNT, DATE, MATERIAL)


def refusal(field: Field, said: Any) -> BadAnswer:
    with pytest.raises(BadAnswer) as caught:
        parse_said(field, said)
    assert caught.value.field == field.name
    assert str(caught.value)
    return caught.value


@pytest.mark.parametrize("field", ALL, ids=lambda field: field.name)
@pytest.mark.parametrize("mark", MARKS)
def test_blank_illegible_and_not_sure_are_values_of_every_field(field: Field, mark: str) -> None:
    assert parse_said(field, {"mark": mark}) == {"mark": mark}


@pytest.mark.parametrize("mark", ["blank", "illegible"])
def test_blank_and_illegible_leave_no_value_beside_them(mark: str) -> None:
    assert parse_said(TEXT, {"value": "axe", "mark": mark}) == {"mark": mark}


def test_a_guess_keeps_its_value() -> None:
    assert parse_said(TEXT, {"value": " axe ", "mark": "unsure"}) == {"value": "axe", "mark": "unsure"}


@pytest.mark.parametrize("field", ALL, ids=lambda field: field.name)
@pytest.mark.parametrize("said", [{}, {"value": None}, {"value": ""}, {"mark": ""}, None, "axe", [], 3])
def test_nothing_said_is_refused_because_blank_is_a_mark(field: Field, said: Any) -> None:
    refusal(field, said)


@pytest.mark.parametrize("mark", ["empty", "BLANK", 5, ["blank"], {"blank": 1}])
def test_an_unknown_mark_is_refused(mark: Any) -> None:
    refusal(TEXT, {"value": "axe", "mark": mark})


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Socketed   axe ", "Socketed axe"),
        ("two\nlines", "two lines"),
        ("tab\there", "tab here"),
        ("nul\x00and\x07bell", "nulandbell"),
        ("e\u0301", "\u00e9"),
        ("e\u200b\u0301", "\u00e9"),
        ("half \ud800 sign", "half sign"),
        ("right\u202eto left", "rightto left"),
        ("क्\u200dष", "क्\u200dष"),
        ("𝔘 😀", "𝔘 😀"),
    ],
)
def test_text_is_one_clean_line(typed: str, kept: str) -> None:
    assert parse_said(TEXT, {"value": typed}) == {"value": kept}


def test_long_text_keeps_its_lines() -> None:
    assert parse_said(LONG, {"value": "\r\n Found  in\r\n\r\na field\r"}) == {"value": "Found in\n\na field"}


@pytest.mark.parametrize("typed", ["   ", "\x00", "\n\r\t", "\u200b"])
def test_text_of_nothing_that_can_be_seen_is_nothing(typed: str) -> None:
    refusal(TEXT, {"value": typed})


@pytest.mark.parametrize("field", [TEXT, LONG])
def test_text_has_a_longest_length(field: Field) -> None:
    assert parse_said(field, {"value": "x" * LONGEST[field.type]})
    refusal(field, {"value": "x" * (LONGEST[field.type] + 1)})


@pytest.mark.parametrize("value", [5, True, ["axe"], {"axe": 1}])
def test_text_takes_only_text(value: Any) -> None:
    refusal(TEXT, {"value": value})


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ({"amount": "12,4", "unit": "cm"}, "12.4"),
        ({"amount": " 12.40 ", "unit": "cm"}, "12.40"),
        ({"amount": 12, "unit": "cm"}, "12"),
        ({"amount": "1 000", "unit": "cm"}, "1000"),
        ({"amount": "-3", "unit": "cm"}, "-3"),
        ({"amount": "1\u202f000,5", "unit": "cm"}, "1000.5"),
    ],
)
def test_a_number_is_an_exact_decimal(value: Any, amount: str) -> None:
    assert parse_said(LENGTH, {"value": value}) == {"value": {"amount": amount, "unit": "cm"}}


@pytest.mark.parametrize(
    "amount", ["twelve", "NaN", "1,2,3", "1e3", "1e-99", "9" * 31, "0x10", "1_000", "٣", "1,234", "-12,500", True]
)
def test_what_is_not_a_number_is_refused(amount: Any) -> None:
    refusal(LENGTH, {"value": {"amount": amount, "unit": "cm"}})


@pytest.mark.parametrize("unit", ["", None, "inch", ["cm"]])
def test_a_number_with_several_units_needs_one_of_them(unit: Any) -> None:
    refusal(LENGTH, {"value": {"amount": "3", "unit": unit}})


def test_the_only_unit_goes_without_saying() -> None:
    assert parse_said(WEIGHT, {"value": {"amount": "3"}}) == {"value": {"amount": "3", "unit": "g"}}


def test_a_number_without_units_takes_none() -> None:
    assert parse_said(COUNT, {"value": "3"}) == {"value": {"amount": "3", "unit": ""}}
    refusal(COUNT, {"value": {"amount": "3", "unit": "x" * 10_000}})


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("1907-10-12", "1907-10-12"),
        ({"year": "1907", "month": "10", "day": ""}, "1907-10-XX"),
        ({"year": 1907, "month": 3}, "1907-03-XX"),
        ({"day": "5"}, "XXXX-XX-05"),
        ("1907-02-31", "1907-02-31"),
    ],
)
def test_a_date_may_have_unknown_parts(value: Any, kept: str) -> None:
    assert parse_said(DATE, {"value": value}) == {"value": kept}


@pytest.mark.parametrize(
    "value",
    [
        "1907",
        "1907-13-01",
        "1907-00-01",
        "1907-10-32",
        "07-10-1912",
        "1907-10-12T00:00",
        "١٩٠٧-10-12",
        {"year": "19x7"},
        {"year": "12345"},
        {"month": "-5"},
        1907,
        ["1907-10-12"],
    ],
)
def test_what_is_not_a_date_is_refused(value: Any) -> None:
    refusal(DATE, {"value": value})


@pytest.mark.parametrize("value", ["XXXX-XX-XX", {"year": "", "month": "", "day": ""}])
def test_a_date_of_nothing_but_unknowns_is_nothing(value: Any) -> None:
    refusal(DATE, {"value": value})


@pytest.mark.parametrize("value", ["iron", "Bronze", 5, ["bronze"], {"code": "bronze"}])
def test_only_the_choices_may_be_chosen(value: Any) -> None:
    refusal(MATERIAL, {"value": value})


def test_values_are_written_for_people() -> None:
    assert written(MATERIAL, {"value": "gold"}, "fr") == "Or"
    assert written(MATERIAL, {"value": "gold"}, "de") == "Gold"
    assert written(LENGTH, {"value": {"amount": "12.4", "unit": "cm"}}) == "12.4 cm"
    assert written(COUNT, {"value": {"amount": "3", "unit": ""}}) == "3"
    assert written(DATE, {"mark": "illegible"}) == ""


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(
    field=st.sampled_from(ALL),
    said=anything
    | st.fixed_dictionaries({"value": anything, "mark": anything})
    | st.fixed_dictionaries({"value": st.fixed_dictionaries({"amount": anything, "unit": anything})}),
)
def test_whatever_is_sent_is_read_or_refused_never_worse(field: Field, said: Any) -> None:
    try:
        read = parse_said(field, said)
    except BadAnswer as problem:
        read = {"value": problem.field} if problem.field == field.name else {}
    assert set(read) <= {"value", "mark"}
    assert read


@settings(max_examples=200, deadline=None)
@given(field=st.sampled_from([TEXT, LONG]), typed=st.text(st.characters(), max_size=60))
def test_what_was_kept_is_kept_as_it_is_the_next_time(field: Field, typed: str) -> None:
    try:
        once = parse_said(field, {"value": typed})
    except BadAnswer:
        return
    assert parse_said(field, once) == once
    assert unicodedata.is_normalized("NFC", once["value"])
    once["value"].encode("utf-8")
    assert "\0" not in once["value"]


@settings(max_examples=200, deadline=None)
@given(amount=st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=4))
def test_numbers_survive_being_kept(amount: Any) -> None:
    once = parse_said(LENGTH, {"value": {"amount": str(amount), "unit": "mm"}})
    assert parse_said(LENGTH, once) == once


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ({"name": "Object", "type": "text"}, "Object"),
        ({"name": "", "type": "text"}, ""),
        ({"type": "text"}, ""),
        ({"name": "a" * 41, "type": "text"}, "a" * 41),
        ({"name": "object", "type": "essay"}, "object"),
        ({"name": "material", "type": "choice"}, "material"),
        ({"name": "material", "type": "choice", "choices": []}, "material"),
    ],
)
def test_a_form_with_a_field_that_cannot_be_used_is_refused(entry: dict[str, Any], field: str) -> None:
    with pytest.raises(BadAnswer) as caught:
        field_from_setup(entry)
    assert caught.value.field == field


def test_labels_fall_back_to_english_and_then_to_the_name() -> None:
    field = field_from_setup({"name": "object", "type": "text", "label": {"en": "Object"}, "hint": {"fr": "Copiez."}})
    assert (field.label("fr"), field.hint("fr"), field.hint("de")) == ("Object", "Copiez.", "")
    assert field_from_setup({"name": "object", "type": "text"}).label("en") == "object"
