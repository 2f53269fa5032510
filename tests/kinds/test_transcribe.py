"""What the kind ``transcribe`` promises beyond its examples: columns, rows, and the form as HTML."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, render_template
from hypothesis import given
from hypothesis import strategies as st

from micro.core.geometry import Box
from micro.kinds import narrowed
from micro.web.forms import typed
from tasks.transcribe import kind
from tests.cast import FORM, good_answer


def test_a_number_has_a_column_for_its_unit() -> None:
    assert [(column.name, column.holds) for column in kind.columns(FORM)] == [
        ("object", "string"),
        ("material", "string"),
        ("length", "number"),
        ("length_unit", "unit"),
        ("found_on", "date"),
        ("notes", "string"),
    ]


def test_every_row_has_exactly_the_columns() -> None:
    cells = kind.row(kind.parse(good_answer(), FORM), FORM)
    assert list(cells) == [column.name for column in kind.columns(FORM)]


def test_a_row_says_choices_in_the_language_of_the_reader() -> None:
    value = kind.parse(good_answer(material={"value": "gold"}), FORM)
    assert (kind.row(value, FORM)["material"], kind.row(value, FORM, "fr")["material"]) == ("Gold", "Or")


def test_a_task_for_part_of_the_form_asks_for_that_part_only() -> None:
    part = narrowed(FORM, ["length"])
    assert kind.parse({"length": {"mark": "blank"}}, part) == {"length": {"mark": "blank"}}


@given(st.text(max_size=80))
def test_whatever_is_typed_is_read_the_same_twice(text: str) -> None:
    form = narrowed(FORM, ["object"])
    said = {"object": {"value": text, "mark": "unsure"}}
    once = kind.parse(said, form)
    assert kind.parse(once, form) == once


@pytest.fixture
def form_html(app: Flask) -> Any:
    """Renders the form for a draft and its problems."""

    def render(draft: dict[str, Any], problems: dict[str, str] | None = None) -> str:
        with app.test_request_context():
            return render_template(
                "kinds/transcribe/answer.html",
                fields=kind.fields(FORM),
                typed=typed(draft),
                problems=problems or {},
                boxes={"object": Box(1, 2, 3, 4)},
                content_language="la",
            )

    return render


def test_the_form_names_every_input_by_its_place_in_the_answer(form_html: Any) -> None:
    html = form_html({})
    for name in (
        "object.value",
        "object.mark",
        "material.value",
        "length.value.amount",
        "length.value.unit",
        "found_on.value.year",
        "found_on.value.month",
        "found_on.value.day",
        "notes.value",
        "notes.mark",
    ):
        assert f'name="{name}"' in html


def test_the_form_marks_the_language_of_what_is_copied(form_html: Any) -> None:
    assert form_html({}).count('lang="la"') == 2


def test_the_form_knows_where_a_field_is_read(form_html: Any) -> None:
    assert 'data-box="1 2 3 4"' in form_html({})


def test_the_form_shows_a_problem_beside_its_field(form_html: Any) -> None:
    html = form_html({"length": {"value": {"amount": "twelve"}}}, {"length": "Not a number."})
    assert 'value="twelve"' in html
    assert html.count("Not a number.") == 1
    assert html.count('aria-invalid="true"') == 2, "both inputs of the length, and nothing else"


def test_what_was_typed_is_never_markup(form_html: Any) -> None:
    html = form_html({"object": {"value": '"><script>x</script>'}, "notes": {"value": "</textarea><script>"}})
    assert "<script>" not in html
