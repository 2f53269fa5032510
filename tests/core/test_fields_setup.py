"""Fields from a setup: what a form may ask, and one sentence for everything else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micro.core.fields import FIELD_TYPES, field_from_setup
from micro.errors import BadAnswer

AXE = {"code": "axe", "label": {"en": "Axe"}}


def entry(**body: Any) -> dict[str, Any]:
    return {"name": "shows", "type": "tags", "choices": [AXE], **body}


def test_everything_that_a_setup_says_is_in_the_field() -> None:
    field = field_from_setup(
        entry(
            choices=[{**AXE, "uri": "https://vocabulary.example/axe"}, {"code": "sword"}],
            free=True,
            vocabulary="finds",
            publish="2030-12-31",
            width="half",
        )
    )
    assert field.uris == {"axe": "https://vocabulary.example/axe"}
    assert (field.free, field.vocabulary, field.publish, field.width) == (True, "finds", "2030-12-31", "half")
    assert [code for code, _ in field.choices] == ["axe", "sword"]
    assert field_from_setup({"name": "spot", "type": "point", "grid_m": 1000}).grid_m == 1000


@pytest.mark.parametrize("type_", FIELD_TYPES)
def test_what_is_left_out_is_as_usual(type_: str) -> None:
    more = {"publish": None, "grid_m": None, "free": None, "width": None, "vocabulary": None, "only_if": None}
    field = field_from_setup(entry(type=type_, columns=[{"name": "part", "type": "text"}], **more))
    assert (field.publish, field.grid_m, field.free, field.width, field.uris) == ("always", 0, False, "whole", {})


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"choices": []}, "Tags need at least one label to choose from, or labels of one's own allowed."),
        ({"choices": "axe"}, "malformed"),
        ({"choices": ["axe"]}, "malformed"),
        ({"choices": [{"label": {"en": "Axe"}}]}, "Every choice needs a code"),
        ({"choices": [{"code": ""}]}, "Every choice needs a code"),
        ({"choices": [{"code": " axe"}]}, "Every choice needs a code"),
        ({"choices": [{"code": 5}]}, "Every choice needs a code"),
        ({"choices": [{"code": "a|b"}]}, "no “|” or line end"),
        ({"choices": [{"code": "a\nb"}]}, "no “|” or line end"),
        ({"choices": [{"code": "a" * 81}]}, "at most 80 characters"),
        ({"choices": [AXE, AXE]}, "Two choices have the code “axe”."),
        ({"choices": [{"code": f"c{n}"} for n in range(2001)]}, "at most 2000 choices"),
        ({"choices": [{**AXE, "label": {"en": 5}}]}, "malformed"),
        ({"choices": [{**AXE, "label": "Axe"}]}, "malformed"),
        *(
            ({"choices": [{**AXE, "uri": uri}]}, "is not an identifier of a known form")
            for uri in (
                "javascript:alert(1)",
                "ftp://x.example/a",
                "axe",
                "urn:axe",
                "ark:axe",
                "info:",
                "data:text/html,x",
                "ark:/12148/a b",
                "http://",
                "https://a b",
                "http://[",
                5,
                ["x"],
            )
        ),
        ({"label": ["Shows"]}, "malformed"),
        ({"label": {"en": "x" * 2001}}, "longer than 2000"),
        ({"width": "sixth"}, "“sixth” is not a width"),
        ({"free": "yes"}, "true or false"),
        ({"type": "choice", "free": True}, "Only tags"),
        *(
            ({"publish": publish}, "published always, never, or from a day on")
            for publish in (
                "sometimes",
                "2030",
                "2030-13-01",
                "2030-02-30",
                "20301231",
                "2030-12-31T00:00",
                2030,
                ["never"],
            )
        ),
        ({"grid_m": 1000}, "Only points"),
        *(
            ({"type": "point", "grid_m": grid}, "from 100 to 100000")
            for grid in (99, 100_001, -1000, 1000.5, "1000", True, [1000])
        ),
    ],
)
def test_what_cannot_be_used_is_refused_with_one_sentence(body: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadAnswer) as caught:
        field_from_setup(entry(**body))
    assert caught.value.field == "shows"
    assert sentence in str(caught.value)


OPTIONAL = ("label", "hint", "choices", "units", "width", "vocabulary", "free", "publish", "grid_m")
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(
    st.fixed_dictionaries(
        {"name": st.just("shows"), "type": st.sampled_from(FIELD_TYPES)},
        optional=dict.fromkeys(OPTIONAL, anything),
    )
)
def test_whatever_a_form_says_is_a_field_or_a_sentence(body: dict[str, Any]) -> None:
    refused: BadAnswer | None = None
    try:
        assert field_from_setup(body).name == "shows"
    except BadAnswer as problem:
        refused = problem
    assert refused is None or (refused.field == "shows" and str(refused))


@pytest.mark.parametrize(
    "uri",
    [
        "https://example.org/a",
        "urn:nbn:fr:bnf:12345",
        "URN:ISBN:0451450523",
        "ark:/12148/btv1b8449691v",
        "ark:12148/btv1b8449691v",
        "info:lc/authorities/sh85010350",
    ],
)
def test_identifiers_that_are_no_addresses_are_kept_as_they_are(uri: str) -> None:
    field = field_from_setup({"name": "object", "type": "choice", "choices": [{**AXE, "uri": uri}]})
    assert field.uris == {"axe": uri}
