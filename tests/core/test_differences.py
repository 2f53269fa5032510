"""How one reading differs from another, word by word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micro.core.differences import Letters, Piece, differences

WORDS = st.lists(st.text("abc,.", min_size=1, max_size=4) | st.just("\n"), max_size=8)


def test_equal_readings_are_one_piece() -> None:
    assert differences("Socketed axe", "Socketed axe") == (Piece("same", "Socketed axe"),)


def test_two_empty_readings_have_no_piece() -> None:
    assert differences("", "  ") == ()


@pytest.mark.parametrize(
    ("proposal", "reading", "found"),
    [
        ("a big axe", "a axe", [("same", "a"), ("missing", "big"), ("same", "axe")]),
        ("a axe", "a big axe", [("same", "a"), ("added", "big"), ("same", "axe")]),
        ("", "axe", [("added", "axe")]),
        ("axe", "", [("missing", "axe")]),
        ("Palstave", "Socketed axe", [("other", "Socketed axe")]),
        ("one\ntwo", "one two", [("same", "one"), ("missing", "\n"), ("same", "two")]),
    ],
)
def test_words_are_left_out_or_added(proposal: str, reading: str, found: list[tuple[str, str]]) -> None:
    assert [(piece.how, piece.text) for piece in differences(proposal, reading)] == found


def test_other_letters_of_one_word_are_told_apart() -> None:
    _, other, _ = differences("Rosalie Grale Bancel", "Rosalie Carale Bancel")
    assert other.how == "other"
    assert other.letters == (Letters("other", "Ca"), Letters("same", "rale"))


def test_a_letter_left_out_is_still_seen() -> None:
    (other,) = differences("104,", "104")
    assert other.letters == (Letters("same", "104"), Letters("gone", ","))


def test_words_with_little_in_common_differ_as_a_whole() -> None:
    (other,) = differences("bronze", "gold")
    assert other.letters == (Letters("other", "gold"),)


@given(WORDS, WORDS)
def test_the_pieces_give_the_reading_back(old: list[str], new: list[str]) -> None:
    pieces = differences(" ".join(old), " ".join(new))
    kept = " ".join(piece.text for piece in pieces if piece.how != "missing")
    assert kept.split() == " ".join(new).split()
    for piece in pieces:
        if piece.how == "other":
            assert "".join(run.text for run in piece.letters if run.how != "gone") == piece.text


@given(WORDS)
def test_nothing_differs_from_itself(words: list[str]) -> None:
    assert all(piece.how == "same" for piece in differences(" ".join(words), " ".join(words)))
