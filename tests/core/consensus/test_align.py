"""Alignment and what is shown of it: where answers differ, and how the merged text is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micro.core.consensus.align import aligned, voted
from micro.core.consensus.differing import differences
from micro.core.consensus.keys import row_key, text_key
from micro.core.consensus.spelling import best_spelling, written
from micro.core.consensus.weighing import merged_words

WORDS = st.lists(st.sampled_from(["a", "b", "be", "may", "maybe", "the", "there"]), max_size=7).map(tuple)
TEXTS = st.lists(WORDS, min_size=1, max_size=6)


@given(TEXTS, st.data())
def test_stretches_make_up_the_text_and_account_for_all_weight(
    texts: list[tuple[str, ...]], data: st.DataObject
) -> None:
    weights = data.draw(st.lists(st.floats(0.1, 1), min_size=len(texts), max_size=len(texts)))
    backbone = data.draw(st.integers(0, len(texts) - 1))
    stretches = aligned(texts, weights, backbone)
    for stretch in stretches:
        assert sum(stretch.support.values()) == pytest.approx(1)
        assert sum(stretch.counts.values()) == len(texts)
        assert stretch.words in stretch.support
    whole = tuple(word for stretch in stretches for word in stretch.words)
    assert voted(texts, weights, backbone)[0] == whole
    scaled = voted(texts, [7 * weight for weight in weights], backbone)
    assert scaled[0] == whole


@given(WORDS, st.integers(1, 5))
def test_texts_that_agree_are_returned(text: tuple[str, ...], many: int) -> None:
    assert voted([text] * many, [1.0] * many, 0) == (text, 1.0)


@given(st.lists(WORDS.map(" ".join), min_size=1, max_size=6))
def test_the_order_of_texts_does_not_matter(keys: list[str]) -> None:
    forward, back = merged_words(keys, [0.8] * len(keys)), merged_words(keys[::-1], [0.8] * len(keys))
    assert forward[0] == back[0]


def test_words_written_together_compete_with_words_written_apart() -> None:
    keys = ["it may be all", "it maybe all", "it may be all", "it may bee all"]
    assert merged_words(keys, [0.8] * 4)[0] == ("it", "may", "be", "all")


def test_the_heavier_writers_win() -> None:
    keys = ["a red axe", "a read axe", "a read axe"]
    assert merged_words(keys, [0.99, 0.6, 0.6])[0] == ("a", "red", "axe")


def test_differences_show_each_reading_with_its_support() -> None:
    parts = differences(["Found near Bray, 1907", "Found near Brey, 1907", "found near Bray 1907"])
    assert [part.readings[0].text for part in parts] == ["Found near", "Bray", "1907"]
    assert [part.disputed for part in parts] == [False, True, False]
    assert [(reading.text, reading.answers) for reading in parts[1].readings] == [("Bray", 2), ("Brey", 1)]
    assert parts[1].readings[0].share == pytest.approx(2 / 3)


def test_a_word_that_some_left_out_is_a_difference() -> None:
    parts = differences(["a big axe", "a axe", "a big axe"])
    assert [(reading.text, reading.answers) for reading in parts[1].readings] == [("big", 2), ("", 1)]


def test_of_nothing_there_are_no_differences() -> None:
    assert differences([]) == ()
    assert differences(["", "-"]) == ()


@given(st.lists(st.text(max_size=20), max_size=5))
def test_differences_account_for_every_answer(values: list[str]) -> None:
    for part in differences(values):
        assert sum(reading.answers for reading in part.readings) == len(values)


def test_spelling_case_and_lines_are_voted_apart() -> None:
    values = ["Found at Bray\nby A. Smith", "found at Bray\nby a. smith", "Found at bray\nby A. Smith"]
    assert written(text_key(values[0]).split(), values, [1, 1, 1]) == "Found at Bray\nby A. Smith"


def test_the_spelling_of_the_more_reliable_is_chosen() -> None:
    assert best_spelling(["AXE", "axe"], [0.9, 0.6]) == "AXE"
    assert best_spelling(["AXE", "axe"], [0.6, 0.9]) == "axe"


@pytest.mark.parametrize("text", ["-", " – ", "", "--"])
def test_a_dash_in_a_table_means_blank(text: str) -> None:
    assert row_key(text) == ""


def test_a_question_mark_is_an_answer() -> None:
    assert row_key("?") == "?"
