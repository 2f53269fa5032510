"""Tables: rows find their like although some are skipped or split, then cells are merged."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micro.core.consensus.tables import MergedRow, TableAnswer, merge_tables, row_likeness

NAMES = ["Ada Lovelace", "Ben Nevis", "Cleo Patra", "Dora Maar", "Emil Nolde", "Flora Tristan"]
ROWS = st.builds(lambda name, age: {"name": name, "age": age}, st.sampled_from(NAMES), st.sampled_from(["7", "41", ""]))
TABLES = st.lists(st.lists(ROWS, max_size=5), min_size=1, max_size=4)


def heaviest(_: str, cells: Sequence[str], weights: Sequence[float]) -> str:
    shares: Counter[str] = Counter()
    for cell, weight in zip(cells, weights, strict=True):
        shares[cell] += weight  # type: ignore[assignment]
    return min(shares, key=lambda cell: (-round(shares[cell], 9), cell))


def merged(*tables: Sequence[dict[str, str]], weights: Sequence[float] = ()) -> list[MergedRow[str]]:
    answers = [TableAnswer(number, table) for number, table in enumerate(tables)]
    return merge_tables(answers, heaviest, lambda _, cell: cell.casefold(), weights)


def people(*names: str) -> list[dict[str, str]]:
    return [{"name": name, "age": str(20 + NAMES.index(name))} for name in names]


def names(rows: Sequence[MergedRow[str]]) -> list[str]:
    return [row.cells["name"] for row in rows]


@settings(max_examples=200, deadline=None)
@given(TABLES, st.randoms(use_true_random=False))
def test_the_order_of_answers_never_matters(tables: list[list[dict[str, str]]], chance: random.Random) -> None:
    answers = [TableAnswer(number, table) for number, table in enumerate(tables)]
    mixed = list(answers)
    chance.shuffle(mixed)
    one, other = (merge_tables(some, heaviest, lambda _, cell: cell) for some in (answers, mixed))
    assert [(row.cells, row.seen, row.chance) for row in one] == [(row.cells, row.seen, row.chance) for row in other]


@settings(max_examples=200, deadline=None)
@given(TABLES)
def test_every_row_is_kept_once_and_in_its_order(tables: list[list[dict[str, str]]]) -> None:
    rows = merged(*tables)
    for number, table in enumerate(tables):
        assert [row.origins[number] for row in rows if number in row.origins] == list(range(len(table)))
    assert all(row.seen == len(row.origins) and row.looked == len(tables) for row in rows)


@settings(max_examples=100, deadline=None)
@given(TABLES, st.sampled_from([0.01, 7.0, 1000.0]))
def test_the_scale_of_weights_never_matters(tables: list[list[dict[str, str]]], scale: float) -> None:
    weights = [1.0, 2.0, 0.5, 1.5][: len(tables)]
    assert merged(*tables, weights=weights) == merged(*tables, weights=[w * scale for w in weights])


@given(st.lists(ROWS, max_size=6), st.integers(1, 5))
def test_a_table_that_all_give_is_returned(table: list[dict[str, str]], times: int) -> None:
    rows = merged(*[table] * times)
    assert [row.cells for row in rows] == table
    assert all(row.seen == times and not row.doubtful for row in rows)


def test_no_answers_and_empty_tables_give_no_rows() -> None:
    assert merged() == []
    assert merged([], []) == []


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.sampled_from(NAMES), max_size=4, unique=True).map(sorted), min_size=1, max_size=3))
def test_one_more_who_gives_the_same_table_never_makes_a_row_less_sure(tables: list[list[str]]) -> None:
    given_tables = [people(*table) for table in tables]
    before = merged(*given_tables)
    after = merged(*given_tables, [dict(row.cells) for row in before])
    assert names(after) == names(before)
    assert all(b.chance >= a.chance - 1e-12 for a, b in zip(before, after, strict=True))


def test_a_row_that_one_skipped_is_kept_at_its_place() -> None:
    rows = merged(people(*NAMES[:5]), people(*NAMES[:2], *NAMES[3:5]), people(*NAMES[1:5]))
    assert names(rows) == NAMES[:5]
    assert [row.seen for row in rows] == [2, 3, 2, 3, 3]
    assert not any(row.doubtful for row in rows)


def test_a_row_that_only_one_has_is_kept_and_doubtful() -> None:
    rows = merged(people("Ada Lovelace"), people("Ada Lovelace"), people("Ada Lovelace", "Flora Tristan"))
    assert [(row.cells["name"], row.doubtful) for row in rows] == [("Ada Lovelace", False), ("Flora Tristan", True)]


def test_misreadings_do_not_keep_rows_apart_and_cells_are_voted() -> None:
    rows = merged(
        [{"name": "Ada Lovelace", "age": "36"}, {"name": "Ben Nevis", "age": "44"}],
        [{"name": "Ada Lovelase", "age": "36"}, {"name": "Ben Nevis", "age": "44"}],
        [{"name": "Ada Lovelace", "age": "30"}, {"name": "Ben Nevls", "age": "44"}],
    )
    assert [row.cells for row in rows] == [{"name": "Ada Lovelace", "age": "36"}, {"name": "Ben Nevis", "age": "44"}]


def test_a_cell_that_some_left_out_is_merged_from_the_others() -> None:
    rows = merged([{"name": "Ada Lovelace"}], [{"name": "Ada Lovelace", "age": "36"}])
    assert rows[0].cells == {"name": "Ada Lovelace", "age": "36"}


def test_weight_decides_a_cell() -> None:
    tables = [{"name": "Ada Lovelace", "age": "36"}], [{"name": "Ada Lovelace", "age": "86"}]
    assert merged(*tables, weights=[1.0, 2.0])[0].cells["age"] == "86"
    assert merged(*tables, weights=[2.0, 1.0])[0].cells["age"] == "36"


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ({"a": "axe"}, {"a": "axe"}, 1.0, 1.0),
        ({"a": "axe"}, {"a": "zzz"}, 0.0, 0.0),
        ({}, {}, 1.0, 1.0),
        ({"a": "Socketed axe", "b": "1"}, {"a": "Socketed axe", "b": "2"}, 0.7, 0.9),
    ],
)
def test_how_similar_rows_are(one: dict[str, str], other: dict[str, str], low: float, high: float) -> None:
    assert low <= row_likeness(one, other) <= high


def test_a_register_of_two_hundred_rows_with_gaps_is_put_together_again() -> None:
    chance = random.Random(3)
    truth = [{"name": f"{chance.choice(NAMES)} {n}", "age": str(chance.randrange(90))} for n in range(200)]
    tables = [[row for row in truth if chance.random() > 0.1] for _ in range(3)]
    rows = merged(*tables)
    seen = [row for row in truth if any(row in table for table in tables)]
    assert sum(row.cells in seen for row in rows) >= len(seen) - 6
    assert len(rows) <= len(seen) + 6
