"""Dotted names of forms and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micro.core.fields import Field
from micro.errors import BadAnswer
from micro.web.forms import check_marks, draft_of, nested, storable, submission_key, typed
from tasks.transcribe import kind
from tests.cast import FORM

FIELDS = kind.fields(FORM)
NAMES = [field.name for field in FIELDS]


def test_names_with_dots_become_the_shape_of_an_answer() -> None:
    entries = [
        ("object.value", "Axe"),
        ("length.value.amount", "12,4"),
        ("length.value.unit", "cm"),
        ("notes.mark", "blank"),
    ]
    assert nested(entries, ["object", "length", "notes", "found_on"]) == {
        "object": {"value": "Axe"},
        "length": {"value": {"amount": "12,4", "unit": "cm"}},
        "notes": {"mark": "blank"},
        "found_on": {},
    }


@pytest.mark.parametrize(
    "name", ["csrf_token", "object", "colour.value", "object.value.a.b.c", ".value", "object..", ""]
)
def test_other_names_are_left_out(name: str) -> None:
    assert nested([(name, "x")], ["object"])["object"].get("value") is None


@pytest.mark.parametrize(
    ("ticked", "taken"),
    [
        (["unsure", "blank"], "blank"),
        (["illegible", "blank"], "blank"),
        (["unsure", "illegible"], "illegible"),
        (["unsure"], "unsure"),
        (["torn"], "torn"),
    ],
)
def test_of_several_marks_the_strongest_is_taken(ticked: list[str], taken: str) -> None:
    assert nested([("object.mark", mark) for mark in ticked], ["object"]) == {"object": {"mark": taken}}


def test_rows_of_a_table_and_lines_are_one_level_deeper() -> None:
    entries = [
        ("finds.value.r1.length.value.amount", "12"),
        ("finds.value.r1.length.mark", "unsure"),
        ("finds.value.r2.what.value", "Axe"),
        ("page.value.r1.mark", "unsure"),
        ("page.value.r1.mark", "illegible"),
        ("finds.value.x1.what.value", "no row"),
        ("finds.value.r1.a.b.c.d", "too deep"),
    ]
    said = nested(entries, ["finds", "page"])
    assert said == {
        "finds": {
            "value": {
                "r1": {"length": {"value": {"amount": "12"}, "mark": "unsure"}},
                "r2": {"what": {"value": "Axe"}},
            }
        },
        "page": {"value": {"r1": {"mark": "illegible"}}},
    }
    assert dict(typed({"finds": {"value": [{"what": {"value": "Axe"}}, {"what": {"mark": "unsure"}}]}})) == {
        "finds.value.r1.what.value": "Axe",
        "finds.value.r2.what.mark": "unsure",
    }
    assert nested(typed(said).items(), ["finds", "page"]) == said


def test_a_name_used_for_a_text_and_for_its_parts_breaks_nothing() -> None:
    assert nested([("length.value", "3"), ("length.value.amount", "4")], ["length"]) == {
        "length": {"value": {"amount": "4"}}
    }


def test_ticked_labels_of_one_name_become_one_text() -> None:
    entries = [("shows.value.codes", ""), ("shows.value.codes", "axe"), ("shows.value.codes", "hoard")]
    made = nested([*entries, ("shows.value.free", "a\nb"), ("shows.value.typed", "")], ["shows"])
    assert made == {"shows": {"value": {"codes": "axe\nhoard", "free": "a\nb", "typed": ""}}}
    assert draft_of(made, ["shows"]) == made
    assert nested([("shows.value", "x"), ("shows.value.codes", "axe")], ["shows"]) == {
        "shows": {"value": {"codes": "axe"}}
    }


def test_the_labels_of_an_answer_fill_a_form() -> None:
    assert typed({"shows": {"value": ["axe", "hoard", {"free": "Bent tip"}], "mark": "unsure"}}) == {
        "shows.value.codes": "axe\nhoard",
        "shows.value.free": "Bent tip",
        "shows.mark": "unsure",
    }
    assert typed({"shows": {"value": [5, None, [], {"free": 3}, {}]}}) == {
        "shows.value.codes": "",
        "shows.value.free": "3\n",
    }


@given(
    st.dictionaries(
        st.sampled_from(["object.value", "length.value.amount", "length.value.unit", "notes.value"]), st.text()
    )
)
def test_a_draft_comes_back_as_it_was_typed(texts: dict[str, str]) -> None:
    assert typed(nested(texts.items(), NAMES)) == texts


def test_typed_and_marked_is_a_contradiction_beside_its_field() -> None:
    said = {
        "object": {"value": "Axe", "mark": "blank"},
        "length": {"value": {"amount": "", "unit": "cm"}, "mark": "blank"},
        "notes": {"value": "?", "mark": "illegible"},
        "found_on": {"value": {"year": "1907"}, "mark": "unsure"},
        "material": {"value": "gold", "mark": "blank"},
    }
    with pytest.raises(BadAnswer) as caught:
        check_marks(said, FIELDS)
    assert [problem.field for problem in (caught.value, *caught.value.others)] == ["object", "notes"]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"codes": "axe"}, True),
        ({"codes": "", "free": "", "typed": "ax"}, True),
        ({"codes": "\n", "free": "", "typed": ""}, False),
    ],
)
def test_labels_beside_none_of_these_are_a_contradiction(value: object, says: bool) -> None:
    shows = Field("shows", "tags", {}, {}, free=True)
    said = {"shows": {"value": value, "mark": "blank"}}
    if not says:
        check_marks(said, [shows])
        return
    with pytest.raises(BadAnswer):
        check_marks(said, [shows])


def test_a_draft_keeps_texts_of_the_asked_fields_only() -> None:
    assert draft_of({"object": {"value": "a\0b\ud800"}, "secret": {"value": "x"}, "notes": 3}, ["object", "notes"]) == {
        "object": {"value": "ab"},
        "notes": {},
    }


@pytest.mark.parametrize("draft", [None, [], "text", {"object": {"value": "x" * 100_001}}])
def test_a_draft_of_another_shape_or_length_is_refused(draft: object) -> None:
    with pytest.raises(BadAnswer):
        draft_of(draft, ["object"])


def test_storable_text_is_what_every_database_keeps() -> None:
    assert storable("a\0\udfffé\n") == "aé\n"


@pytest.mark.parametrize(
    ("sent", "key"), [("abc-DEF_1", "abc-DEF_1"), ("", ""), ("x" * 41, ""), ("a\0", ""), (None, ""), (3, "")]
)
def test_a_submission_key_is_plain_or_none(sent: object, key: str) -> None:
    assert submission_key(sent) == key
