"""Tags: several labels, canonical, never confused with one another."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micro.core.fields import Field, parse_said, written
from micro.core.fields.tags import LONGEST_FREE, MOST_LABELS, fold, label_key
from micro.errors import BadAnswer

CHOICES = (("axe", {"en": "Axe", "fr": "Hache"}), ("sword", {"en": "Sword", "fr": "Épée"}), ("hoard", {"en": "Hoard"}))
FREE = Field("shows", "tags", {}, {}, choices=CHOICES, free=True)
CLOSED = Field("shows", "tags", {}, {}, choices=CHOICES)
MANY = Field("shows", "tags", {}, {}, choices=tuple((f"c{n}", {}) for n in range(60)), free=True)


def refusal(field: Field, value: Any) -> str:
    with pytest.raises(BadAnswer) as caught:
        parse_said(field, {"value": value})
    assert caught.value.field == "shows"
    return str(caught.value)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (["hoard", "axe", "hoard"], ["axe", "hoard"]),
        ({"codes": "hoard\r\naxe\n"}, ["axe", "hoard"]),
        ({"codes": ["hoard"], "free": ["b", "A"]}, ["hoard", {"free": "A"}, {"free": "b"}]),
        ({"codes": "", "free": " bent  tip \nBent tip"}, [{"free": "Bent tip"}]),
        ({"codes": "axe", "free": "", "typed": "épée"}, ["axe", "sword"]),
        ([{"free": "HACHE"}, {"free": "Straße"}, {"free": "STRASSE"}], ["axe", {"free": "STRASSE"}]),
        ([{"free": "ﬁbula"}, {"free": "fibula"}], [{"free": "fibula"}]),
    ],
)
def test_the_same_labels_are_the_same_list(value: Any, kept: list[Any]) -> None:
    assert parse_said(FREE, {"value": value}) == {"value": kept}


@pytest.mark.parametrize("value", [None, "", [], {}, {"codes": "\n", "free": "  \n"}, {"codes": None, "free": None}])
@pytest.mark.parametrize("field", [FREE, CLOSED])
def test_no_label_is_nothing_said_and_none_of_these_is_a_mark(field: Field, value: Any) -> None:
    assert "none of these" in refusal(field, value)
    assert parse_said(field, {"value": value, "mark": "blank"}) == {"mark": "blank"}
    assert parse_said(field, {"value": value, "mark": "unsure"}) == {"mark": "unsure"}


@pytest.mark.parametrize(
    "value",
    [
        "axe",
        5,
        True,
        [5],
        [None],
        [["axe"]],
        [{"free": 5}],
        [{"free": "a", "code": "axe"}],
        {"codes": 5},
        {"free": [1]},
    ],
)
def test_what_is_no_list_of_labels_is_refused(value: Any) -> None:
    assert refusal(FREE, value) == "Labels are given as a list."


@pytest.mark.parametrize("value", [["Axe"], ["spear"], [" axe"], {"codes": "spear"}])
def test_a_code_is_one_of_the_choices_exactly(value: Any) -> None:
    assert "is not one of the labels" in refusal(FREE, value)


def test_labels_of_ones_own_need_leave_and_measure() -> None:
    assert "is not one of the labels" in refusal(CLOSED, {"free": "spear"})
    assert parse_said(FREE, {"value": {"free": "x" * LONGEST_FREE}})
    assert "at most 80" in refusal(FREE, {"free": "x" * (LONGEST_FREE + 1)})
    assert "“|”" in refusal(FREE, {"free": "axe | sword"})


def test_there_are_at_most_fifty() -> None:
    most = [f"c{n}" for n in range(MOST_LABELS)]
    assert parse_said(MANY, {"value": most})
    assert "more than 50" in refusal(MANY, [*most, {"free": "one more"}])


def test_labels_are_written_in_the_language_of_the_reader() -> None:
    said = {"value": ["axe", "hoard", {"free": "Bent tip"}]}
    assert written(FREE, said) == "Axe | Hoard | Bent tip"
    assert written(FREE, said, "fr") == "Hache | Hoard | Bent tip"
    assert written(FREE, {"mark": "blank"}) == ""
    barred = Field("shows", "tags", {}, {}, choices=(("a", {"en": "A | B"}),))
    assert written(barred, {"value": ["a"]}) == "A / B", "what stands between labels stands in none"


def test_a_code_and_a_label_of_ones_own_never_share_a_key() -> None:
    assert label_key("axe") != label_key({"free": "axe"})
    assert label_key("=axe") != label_key({"free": "=axe"})


LABELS = st.one_of(
    st.sampled_from(["axe", "sword", "hoard"]), st.text(max_size=12).map(lambda text: {"free": text.replace("|", "")})
)


@settings(max_examples=200, deadline=None)
@given(st.lists(LABELS, max_size=12), st.randoms(use_true_random=False))
def test_what_was_kept_is_canonical(labels: list[Any], chance: Any) -> None:
    try:
        once = parse_said(FREE, {"value": labels})
    except BadAnswer:  # Only when there is nothing in it that can be seen.
        once = parse_said(FREE, {"value": [*labels, "axe"]})
        assert once == {"value": ["axe"]}
        return
    assert parse_said(FREE, once) == once
    shuffled = list(labels)
    chance.shuffle(shuffled)
    assert parse_said(FREE, {"value": shuffled}) == once
    keys = [label_key(label) for label in once["value"]]
    assert len(set(keys)) == len(keys)
    assert json.loads(json.dumps(once)) == once


@given(st.text(max_size=30))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
