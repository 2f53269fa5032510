"""What the kind ``tag`` promises beyond its examples: columns, rows, and the form as HTML."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask, render_template

from micro.errors import BadAnswer
from micro.kinds import kind_named, narrowed
from micro.web.forms import nested, typed
from tasks.tag import kind

FEW: dict[str, Any] = {
    "name": "shows",
    "type": "tags",
    "label": {"en": "What it shows"},
    "choices": [{"code": code, "label": {"en": code.title()}} for code in ("axe", "hoard")],
}
MANY: dict[str, Any] = {
    "name": "parishes",
    "type": "tags",
    "free": True,
    "label": {"en": "Parishes"},
    "choices": [
        {"code": f"p{number}", "label": {"en": f"Parish {number}"}, "uri": f"https://p.example/{number}"}
        for number in range(13)
    ],
}
FORM = {"fields": [FEW, MANY]}


def test_the_kind_is_found() -> None:
    assert kind_named("tag") is kind


def test_every_row_has_exactly_the_columns() -> None:
    said = {"shows": {"value": ["axe"]}, "parishes": {"mark": "blank"}}
    cells = kind.row(kind.parse(said, FORM), FORM)
    assert list(cells) == [column.name for column in kind.columns(FORM)] == ["shows", "parishes", "parishes_uri"]


@pytest.mark.parametrize("type_", ["text", "long_text", "number", "date", "point"])
def test_only_labels_can_be_asked_for(type_: str) -> None:
    with pytest.raises(BadAnswer, match="asks for something else"):
        kind.fields({"fields": [FEW, {"name": "other", "type": type_}]})


def test_a_task_for_part_of_the_form_asks_for_that_part_only() -> None:
    assert kind.parse({"shows": {"mark": "blank"}}, narrowed(FORM, ["shows"])) == {"shows": {"mark": "blank"}}


@pytest.fixture
def form_html(app: Flask) -> Any:
    """Renders the form for a draft and its problems."""

    def render(draft: dict[str, Any], problems: dict[str, str] | None = None) -> str:
        with app.test_request_context():
            return render_template(
                "kinds/tag/answer.html",
                fields=kind.fields(FORM),
                typed=typed(draft),
                problems=problems or {},
                boxes={},
                content_language="la",
            )

    return render


def test_every_label_is_a_tick_box_that_a_draft_ticks(form_html: Any) -> None:
    html = form_html(
        {"shows": {"value": {"codes": "axe"}}, "parishes": {"value": {"codes": "p1\np12", "free": "My own"}}}
    )
    assert re.findall(r'value="(\w+)" checked', html) == ["axe", "p1", "p12"]
    assert "My own</textarea>" in html
    assert html.count('type="checkbox"') == 2 + 13 + 2 * 3


def test_only_many_labels_and_ones_own_need_a_search(form_html: Any) -> None:
    html = form_html({})
    assert html.count('role="combobox"') == 1
    assert "field-shows-find" not in html


def test_none_of_these_stands_where_blank_does_elsewhere(form_html: Any) -> None:
    html = form_html({"shows": {"mark": "blank"}})
    assert html.count("none of these") == 2
    assert 'name="shows.mark" value="blank" checked' in html


def test_a_problem_stands_beside_its_field(form_html: Any) -> None:
    html = form_html({}, {"parishes": "Too many."})
    assert html.count("Too many.") == 1
    assert 'id="field-parishes-problem" hidden' not in html


def test_what_was_typed_is_never_markup(form_html: Any) -> None:
    html = form_html({"parishes": {"value": {"free": "</textarea><script>", "typed": '"><script>'}}})
    assert "<script>" not in html


def test_an_answer_is_shown_with_its_labels(app: Flask) -> None:
    with app.test_request_context():
        html = render_template(
            "kinds/tag/show.html",
            fields=kind.fields(FORM),
            values={"shows": {"value": ["axe", "hoard"]}, "parishes": {"mark": "blank"}},
            content_language="en",
        )
    assert "Axe; Hoard" in html
    assert "none of these" in html


def test_the_form_sends_what_the_kind_reads() -> None:
    sent = [("shows.value.codes", ""), ("shows.value.codes", "hoard"), ("parishes.value.typed", "parish 3")]
    assert kind.parse(nested(sent, ["shows", "parishes"]), FORM) == {
        "shows": {"value": ["hoard"]},
        "parishes": {"value": ["p3"]},
    }
