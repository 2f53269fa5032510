"""When a field is asked, and what else its setup says of how: conditions, suggestions, marks, checks, pictures."""

from __future__ import annotations

from typing import Any

import pytest

from micro.core.consensus import merge
from micro.core.fields import Condition, field_from_setup
from micro.core.kind import form_fields, parse_form
from micro.errors import BadAnswer
from micro.kinds import narrowed

METAL = {
    "name": "metal",
    "type": "choice",
    "choices": [{"code": code} for code in ("bronze", "gold", "none")],
}
ALLOY = {"name": "alloy", "type": "text", "only_if": {"field": "metal", "is": ["bronze", "gold"]}}
LAB = {"name": "lab", "type": "text", "only_if": {"field": "alloy"}}
FORM: dict[str, Any] = {"fields": [METAL, ALLOY, LAB]}


def said(**given: Any) -> dict[str, Any]:
    return {name: value if isinstance(value, dict) else {"value": value} for name, value in given.items()}


def test_a_field_is_asked_when_the_other_has_one_of_the_values() -> None:
    answer = parse_form(said(metal="gold", alloy="tin", lab="Bonn"), form_fields(FORM))
    assert answer == said(metal="gold", alloy="tin", lab="Bonn")


def test_what_is_not_asked_says_so_and_nothing_else() -> None:
    answer = parse_form(said(metal="none"), form_fields(FORM))
    assert answer == {"metal": {"value": "none"}, "alloy": {"mark": "unasked"}, "lab": {"mark": "unasked"}}
    assert parse_form(answer, form_fields(FORM)) == answer, "read again, it stays what it is"


def test_a_blank_field_asks_for_nothing_that_depends_on_it() -> None:
    answer = parse_form(said(metal="gold", alloy={"mark": "blank"}), form_fields(FORM))
    assert answer["lab"] == {"mark": "unasked"}


@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        (said(metal="gold", lab="x"), "alloy", "Nothing is filled in here."),
        (said(metal="none", alloy="tin"), "alloy", "This is not asked, because of another answer."),
        (said(metal="gold", alloy={"mark": "unasked"}), "alloy", "This field needs a value or a mark."),
        (said(metal={"mark": "unasked"}), "metal", "is not a mark"),
    ],
)
def test_the_server_checks_the_path(given: dict[str, Any], field: str, sentence: str) -> None:
    with pytest.raises(BadAnswer, match=sentence) as caught:
        parse_form(given, form_fields(FORM))
    assert caught.value.field == field


def test_a_problem_of_the_first_field_hides_none_of_its_own() -> None:
    with pytest.raises(BadAnswer) as caught:
        parse_form(said(metal="lead", alloy="tin"), form_fields(FORM))
    assert [one.field for one in (caught.value, *caught.value.others)] == ["metal"]


def test_a_field_whose_condition_is_asked_in_another_task_is_always_asked() -> None:
    part = narrowed(FORM, ["alloy"])
    assert parse_form(said(alloy="tin"), form_fields(part)) == said(alloy="tin")
    kept = {"alloy": {"mark": "unasked"}}
    assert parse_form(kept, form_fields(part)) == kept, "what was taken from an answer to the whole form is kept"


def test_labels_can_decide_as_well() -> None:
    tags = {"name": "shows", "type": "tags", "free": True, "choices": [{"code": "ship"}, {"code": "tree"}]}
    name = {"name": "ship", "type": "text", "only_if": {"field": "shows", "is": ["ship"]}}
    fields = form_fields({"fields": [tags, name]})
    assert parse_form(said(shows=["tree"]), fields)["ship"] == {"mark": "unasked"}
    assert parse_form(said(shows=["tree", "ship"], ship="Argo"), fields)["ship"] == {"value": "Argo"}


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ([ALLOY, METAL], "does not come before it"),
        ([METAL, {**ALLOY, "only_if": {"field": "metal", "is": ["lead"]}}], "does not offer"),
        ([METAL, {**ALLOY, "only_if": {"field": "alloy"}}], "does not come before it"),
        ([METAL, {**ALLOY, "only_if": {"field": ""}}], "not named"),
        ([METAL, {**ALLOY, "only_if": {"field": "metal", "is": "gold"}}], "malformed"),
        ([METAL, {**ALLOY, "only_if": ["metal"]}], "not named"),
    ],
)
def test_a_condition_that_can_never_be_told_is_refused(fields: list[dict[str, Any]], sentence: str) -> None:
    with pytest.raises(BadAnswer, match=sentence):
        form_fields({"fields": fields})


def test_not_asked_is_an_answer_that_others_outvote() -> None:
    alloy = form_fields(FORM)[1]
    assert merge(alloy, [{"mark": "unasked"}] * 2 + [{"value": "tin"}]).said == {"mark": "unasked"}
    assert merge(alloy, [{"mark": "unasked"}] + [{"value": "tin"}] * 3).said == {"value": "tin"}


def test_a_setup_says_how_its_field_is_asked() -> None:
    field = field_from_setup(
        {
            "name": "place",
            "type": "text",
            "suggest": "parishes",
            "markup": ["add", "unclear"],
            "checks": {"longest": 40, "signs": "†"},
            "only_if": {"field": "metal", "is": ["gold"]},
        }
    )
    assert (field.suggest, field.markup) == ("parishes", ("unclear", "add"))
    assert (dict(field.checks), field.only_if) == ({"longest": "40", "signs": "†"}, Condition("metal", ("gold",)))


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"type": "number", "suggest": "parishes"}, "Only one line of text can have suggestions."),
        ({"type": "text", "markup": ["bold"]}, "The marks within a text are"),
        ({"type": "number", "markup": ["del"]}, "Only texts can have marks within them."),
        ({"type": "text", "checks": {"least": 1}}, "“least” is no check"),
        ({"type": "number", "checks": {"least": "few"}}, "“few” is not a number."),
        ({"type": "number", "checks": {"least": "NaN"}}, "not a number that can be kept"),
        ({"type": "number", "checks": {"least": 9, "most": 3}}, "ends before it begins"),
        ({"type": "date", "checks": {"earliest": "190"}}, "four digits"),
        ({"type": "date", "checks": ["earliest"]}, "malformed"),
        ({"type": "choice", "choices": [{"code": "a", "picture": "../secret"}]}, "public id"),
    ],
)
def test_what_cannot_be_meant_is_refused(body: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadAnswer, match=sentence):
        field_from_setup({"name": "place", **body})
