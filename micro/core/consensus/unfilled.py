"""Fields in which nothing stands, where nobody could say so.

Where a form has no way to leave a field empty, or nobody knew of it, people look for something to fill it with, and
each finds something else: a number of the row, a word of the column beside. A row is then told by texts that have
nothing in common, and a whole column of a page by many such rows: it was ruled, and never filled. Two texts have
something in common when their letters are alike or one holds most of the other ("6" and "34926"), after the partial
ratio of rapidfuzz, by which the Notes from Nature project reconciles labels (label_reconciliations, 2017).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from rapidfuzz.distance import Levenshtein
from rapidfuzz.fuzz import partial_ratio

from micro.core.consensus.rows import Row
from micro.core.consensus.table import page_of

UNLIKE, PARTLY = 0.5, 75.0
"""Texts are unlike when their likeness by letters is below UNLIKE (0 to 1) and their partial ratio below PARTLY %."""

ENOUGH_ROWS = 50
COLUMN_ROWS, COLUMN_SHARE = 5, 0.5
"""A column of a page, of so many rows or more, was never filled when in this share of them some texts are unlike."""


def unfilled_rows(rows: Sequence[Row], key_of: Callable[[str], str]) -> Iterator[int]:
    """The numbers of rows in which perhaps nothing stands, in order.

    These are rows in which everybody wrote something quite different, and, in a column that was never filled, rows in
    which somebody did. Only in projects of ENOUGH_ROWS rows where nobody ever left a field empty, and only text:
    closed types say too little for that. Rows in which all agree are never among them. Cost: texts of a row squared.
    """
    if len(rows) < ENOUGH_ROWS or any(not key_of(value) for row in rows for value in row.values):
        return
    texts = {
        number: [key_of(value) for value in row.values]
        for number, row in enumerate(rows)
        if row.type in ("text", "long text")
    }
    some = {number for number, keys in texts.items() if _some_unlike(keys)}
    empty = _never_filled(rows, texts, some)
    for number in sorted(some):
        row, keys = rows[number], texts[number]
        if (page_of(row.item), row.field) in empty or _all_unlike(keys):
            yield number


def _never_filled(rows: Sequence[Row], texts: dict[int, list[str]], some: set[int]) -> set[tuple[str, str]]:
    """The columns, as page and field, that nobody filled; an item whose name has no page is in none."""
    columns: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for number in texts:
        page = page_of(rows[number].item)
        if page:
            columns[page, rows[number].field].append(number in some)
    return {
        column
        for column, unlike in columns.items()
        if len(unlike) >= COLUMN_ROWS and sum(unlike) >= COLUMN_SHARE * len(unlike)
    }


def _some_unlike(keys: Sequence[str]) -> bool:
    different = sorted(set(keys))
    return any(_unlike(one, other) for n, one in enumerate(different) for other in different[:n])


def _all_unlike(keys: Sequence[str]) -> bool:
    return len(set(keys)) == len(keys) and all(_unlike(one, other) for n, one in enumerate(keys) for other in keys[:n])


def _unlike(one: str, other: str) -> bool:
    return Levenshtein.normalized_similarity(one, other) < UNLIKE and partial_ratio(one, other) < PARTLY
