"""Merging a whole project: properties that hold whatever volunteers write."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micro.core.consensus.keys import row_key
from micro.core.consensus.project import ENOUGH_DECIDED, merge_project
from micro.core.consensus.rows import Prediction, Row, Settings

TEXTS = st.sampled_from(
    [
        "",
        "-",
        "axe",
        "Axe.",
        "socketed axe",
        "socketted axe",
        "12,5",
        "12.5",
        "found in a field",
        "found in [...] field",
    ]
) | st.text(max_size=12)
KINDS = st.sampled_from(["text", "long text", "number", "choice", "point", "something else"])


@st.composite
def some_rows(draw: st.DrawFn, least: int = 0) -> list[Row]:
    rows = []
    for number in range(draw(st.integers(1, 6))):
        values = draw(st.lists(TEXTS, min_size=least, max_size=6))
        workers = draw(st.permutations([f"w{n}" for n in range(6)]))[: len(values)]
        rows.append(Row(f"i{number // 2}", f"f{number % 2}", draw(KINDS), tuple(workers), tuple(values)))
    return rows


def told(predictions: list[Prediction]) -> list[tuple[str, str, str, float, bool]]:
    return [(one.item, one.field, one.value, round(one.confidence, 9), one.tied) for one in predictions]


@settings(max_examples=60, deadline=None)
@given(some_rows(), st.randoms(), st.booleans())
def test_the_order_of_answers_decides_nothing(rows: list[Row], draw: object, learning: bool) -> None:
    turned = [row._replace(workers=row.workers[::-1], values=row.values[::-1]) for row in rows]
    as_told = Settings(learning=learning)
    assert told(merge_project(rows, None, as_told)) == told(merge_project(turned, None, as_told))


@settings(max_examples=60, deadline=None)
@given(some_rows(), st.booleans())
def test_every_row_has_a_prediction_with_a_probability(rows: list[Row], learning: bool) -> None:
    found = merge_project(rows, None, Settings(learning=learning))
    assert [(one.item, one.field) for one in found] == [(row.item, row.field) for row in rows]
    assert all(0 <= one.confidence <= 1 for one in found)
    assert all(one.value == "" and one.confidence == 0 for one, row in zip(found, rows, strict=True) if not row.values)


@settings(max_examples=60, deadline=None)
@given(some_rows(), TEXTS, st.integers(1, 5), st.sampled_from(["text", "long text", "number"]), st.booleans())
def test_a_unanimous_answer_is_returned(rows: list[Row], text: str, many: int, kind: str, learning: bool) -> None:
    row = Row("last", "f0", kind, tuple(f"w{n}" for n in range(many)), (text,) * many)
    assert merge_project([*rows, row], None, Settings(learning=learning))[-1].value == text.strip()


@settings(max_examples=40, deadline=None)
@given(some_rows(least=1))
def test_names_of_volunteers_mean_nothing(rows: list[Row]) -> None:
    renamed = [row._replace(workers=tuple(f"somebody {9 - int(w[1:])}" for w in row.workers)) for row in rows]
    pairs = zip(merge_project(rows), merge_project(renamed), strict=True)
    assert all(one.confidence == pytest.approx(other.confidence) for one, other in pairs)


def test_a_tie_is_told_and_not_decided_by_who_came_first() -> None:
    for learning in (True, False):
        row = Row("i", "f", "choice", ("a", "b"), ("gold", "iron"))
        turned = row._replace(values=("iron", "gold"))
        first, second = (merge_project([one], None, Settings(learning=learning))[0] for one in (row, turned))
        assert (first.value, first.confidence) == (second.value, second.confidence)
        assert first.confidence < 0.6


def a_project(good: str = "good", bad: str = "bad") -> list[Row]:
    """Forty items: on thirty a third volunteer shows who is right; on ten there are only two, who differ."""
    rows = []
    numbers = count(100)
    for item in range(30):
        true, wrong = f"{next(numbers)} cm", f"{next(numbers)} cm"
        rows.append(Row(f"i{item}", "length", "number", (good, bad, f"third {item % 3}"), (true, wrong, true)))
    for item in range(30, 40):
        rows.append(Row(f"i{item}", "length", "number", (good, bad), (f"{item}1 cm", f"{item}7 cm")))
    return rows


def test_between_two_who_differ_the_more_reliable_is_followed() -> None:
    found = merge_project(a_project())
    assert [one.value for one in found[30:]] == [f"{item}1 cm" for item in range(30, 40)]
    other = merge_project(a_project(good="bad", bad="good"))
    assert [one.value for one in other[30:]] == [f"{item}1 cm" for item in range(30, 40)]


def test_what_professionals_decided_outweighs_agreement() -> None:
    rows = [Row(f"i{n}", "patina", "text", ("a", "b"), (f"green {n}", f"brown {n}")) for n in range(2 * ENOUGH_DECIDED)]
    decided = {(f"i{n}", "patina"): f"brown {n}" for n in range(ENOUGH_DECIDED + 10)}
    found = merge_project(rows, decided)[ENOUGH_DECIDED + 10 :]
    assert all(one.value.startswith("brown") for one in found)
    assert sum(one.confidence for one in found) / len(found) > 0.6


def test_without_learning_rows_know_nothing_of_each_other() -> None:
    rows = a_project()
    alone = [merge_project([row], None, Settings(learning=False))[0] for row in rows]
    assert merge_project(rows, None, Settings(learning=False)) == alone


def test_an_outlier_is_seen_by_its_shape() -> None:
    rows = [Row(f"i{n}", "number", "text", ("a", "b"), (f"{34000 + n}",) * 2) for n in range(40)]
    rows.append(Row("last", "number", "text", ("a", "b"), ("6", "34926")))
    assert merge_project(rows)[-1].value == "34926"


def test_abbreviations_of_a_project_are_the_same_word() -> None:
    row = Row("i", "site", "text", ("a", "b", "c"), ("St. Albans", "Saint Albans", "Verulam"))
    assert row_key("St. Albans", {"st": "saint"}) == row_key("Saint Albans")
    plain = merge_project([row], None, Settings(abbreviations={"st": "saint"}))[0]
    assert row_key(plain.value, {"st": "saint"}) == "saint albans"


def test_texts_that_all_differ_are_merged_word_by_word() -> None:
    texts = (
        "the quick brown fox jumps over the lasy dog",
        "the quick brawn fox jumps over the lazy dog",
        "the quik brown fox jumps over the lazy dog",
        "The quick brown fox jumped over the lazy dog.",
        "the quick brown fox jumps over a lazy dog",
    )
    for learning in (True, False):
        found = merge_project([Row("i", "f", "long text", tuple("abcde"), texts)], None, Settings(learning=learning))
        assert row_key(found[0].value) == "the quick brown fox jumps over the lazy dog"


def test_no_rows_are_no_predictions() -> None:
    assert merge_project([]) == []
    assert merge_project([], {}, Settings(learning=False)) == []
