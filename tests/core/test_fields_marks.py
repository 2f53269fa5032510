"""Marks within a text: the same examples as the script's, and texts that nobody thought of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micro.core.consensus import merge
from micro.core.fields import as_tei, field_from_setup, read_out, written
from micro.core.fields.marks import MARKINGS, Marked, plain_text, read_marks, tei

SHARED = json.loads((Path(__file__).parent / "marks.json").read_text(encoding="utf-8"))
NOTES = field_from_setup({"name": "notes", "type": "long_text", "markup": ["unclear", "del", "add"]})


def as_lists(pieces: tuple[str | Marked, ...]) -> list[Any]:
    return [piece if isinstance(piece, str) else [piece.name, as_lists(piece.inside), piece.more] for piece in pieces]


@pytest.mark.parametrize("example", SHARED["examples"], ids=lambda example: repr(example["text"]))
def test_the_shared_example_is_true(example: dict[str, Any]) -> None:
    assert as_lists(read_marks(example["text"], SHARED["allowed"])) == example["read"]
    assert plain_text(example["text"], SHARED["allowed"]) == example["plain"]
    assert tei(example["text"], SHARED["allowed"]) == example["tei"]


def test_a_mark_that_the_field_does_not_allow_is_a_bracket() -> None:
    assert read_marks("[a=b] [c?]", ["unclear"]) == ("[a=b] ", Marked("unclear", ("c",)))
    assert plain_text("[c?]", []) == "[c?]"


@given(st.text(alphabet="ab[]?-+^=:\n &<", max_size=60))
def test_whatever_is_typed_gives_well_formed_tei(text: str) -> None:
    ElementTree.fromstring(f'<p xmlns:xml="http://www.w3.org/XML/1998/namespace">{tei(text, MARKINGS)}</p>')


def test_brackets_in_brackets_without_end_take_no_time() -> None:
    assert plain_text("[" * 5000, MARKINGS) == "[" * 5000


def test_a_text_is_kept_as_typed_and_released_plain_and_as_tei() -> None:
    said = {"value": "an [-old-] [axe?]"}
    assert written(NOTES, said) == "an [-old-] [axe?]"
    assert read_out(NOTES, said) == "an axe"
    assert as_tei(NOTES, said) == "an <del>old</del> <unclear>axe</unclear>"
    assert (as_tei(NOTES, {"mark": "blank"}), read_out(NOTES, {"mark": "blank"})) == ("", "")


def test_who_marked_a_word_and_who_did_not_read_the_same() -> None:
    outcome = merge(NOTES, [{"value": "an [axe?]"}, {"value": "an axe"}, {"value": "an [axe?]"}])
    assert (outcome.said, len(outcome.evidence)) == ({"value": "an [axe?]"}, 1)
