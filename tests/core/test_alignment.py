"""Readings aligned place by place with what is proposed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from micro.core.alignment import Alignment, align

WORDS = st.lists(st.sampled_from(["a", "b", "c", "axe", "\n"]), max_size=12).map(" ".join)


def cells(made: Alignment) -> list[list[str]]:
    return [[" ".join(f"{piece.how}:{piece.text}" for piece in cell) for cell in place.cells] for place in made.places]


def test_each_reading_has_one_cell_in_each_place() -> None:
    made = align("Rosalie Grale Bancel 104 , Bd", ["Rosalie Grale Bancel 104 , Bd", "Rosalie Carale Bancel 104 Bd"])
    assert [(place.text, place.before, place.after) for place in made.places] == [
        ("Grale", "Rosalie", "Bancel 104"),
        (",", "Bancel 104", "Bd"),
    ]
    assert cells(made) == [["same:Grale", "other:Carale"], ["same:,", "missing:,"]]
    assert [(one.text, one.place) for one in made.stretches] == [
        ("Rosalie", 0), ("Grale", 1), ("Bancel 104", 0), (",", 2), ("Bd", 0),
    ]  # fmt: skip


def test_words_that_are_only_added_are_a_place_without_text() -> None:
    made = align("one two", ["one and two", "one two three", "one two"])
    assert [place.text for place in made.places] == ["", ""]
    assert cells(made) == [["added:and", "", ""], ["", "added:three", ""]]


def test_changes_that_touch_are_one_place() -> None:
    made = align("one two three four", ["one 2 three four", "one two 3 four"])
    assert [place.text for place in made.places] == ["two three"]
    assert cells(made) == [["other:2 same:three", "same:two other:3"]]


def test_nothing_differs_and_nothing_is_there() -> None:
    assert align("one two", ["one two"]).places == ()
    assert align("", []).stretches == ()
    assert [place.text for place in align("", ["a b"]).places] == [""]
    assert cells(align("a b", [""])) == [["missing:a b"]]


@given(WORDS, st.lists(WORDS, max_size=4))
def test_the_stretches_are_the_proposal_and_the_cells_the_readings(proposal: str, readings: list[str]) -> None:
    made = align(proposal, readings)
    assert " ".join(one.text for one in made.stretches).split() == proposal.split()
    assert [place.number for place in made.places] == list(range(1, len(made.places) + 1))
    for number, reading in enumerate(readings):
        words: list[str] = []
        for one in made.stretches:
            if not one.place:
                words += one.text.split()
                continue
            cell = made.places[one.place - 1].cells[number]
            words += [word for piece in cell if piece.how != "missing" for word in piece.text.split()]
        assert words == reading.split()
