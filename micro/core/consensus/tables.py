"""Tables: the rows of all answers are aligned first, for one volunteer skips a row and the next splits one; then every
cell is merged by its own type, by whatever the caller hands in for that.

Rows are aligned as sequences are (Needleman and Wunsch 1970), several at once by a star: the answer that is most like
all others stands in the middle, and the others are aligned to it one after another, what they have more being put in
between (Feng and Doolittle 1987, progressive alignment). Rows that no majority has are kept and told as doubtful.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from rapidfuzz.distance import Indel

Cell = TypeVar("Cell")
Row = Mapping[str, Cell]

ALIKE = 0.5
"""Two rows may be one when their cells are on average at least this similar, 0 to 1."""

UNREAD = "\x00"
"""The text of a cell that nobody could read: it says nothing on which row this is."""

FINDS, INVENTS = 0.9, 0.1
_TEXT_MOST = 200  # So much of a cell is compared: rows are told apart by their beginnings.


@dataclass(frozen=True)
class TableAnswer(Generic[Cell]):
    """One volunteer's table: rows of {column: cell}, from top to bottom; a cell left out was not answered."""

    volunteer: Hashable
    rows: Sequence[Row[Cell]]


@dataclass(frozen=True)
class MergedRow(Generic[Cell]):
    """A row of the merged table.

    ``cells`` are what the caller's merge gave; ``seen`` of ``looked`` volunteers have the row; ``chance`` (0 to 1) that
    it is really there; ``origins`` the number of the row in each answer that has it, by the number of the answer.
    """

    cells: Mapping[str, Cell]
    seen: int
    looked: int
    chance: float
    origins: Mapping[int, int]

    @property
    def doubtful(self) -> bool:
        """Whether the row is not more likely there than not, so that a person should look."""
        return self.chance <= 0.5


def merge_tables(
    answers: Sequence[TableAnswer[Cell]],
    merge_cell: Callable[[str, Sequence[Cell], Sequence[float]], Cell],
    text_of: Callable[[str, Cell], str],
    weights: Sequence[float] = (),
) -> list[MergedRow[Cell]]:
    """The merged table, from top to bottom; no rows in any answer: none.

    ``merge_cell(column, cells, weights)`` merges the cells of one place, in an order that does not depend on who came
    first; ``text_of(column, cell)`` is what is compared to align rows, best a comparison key, or UNREAD. ``weights``
    are above 0, one an answer (1 when left out), by any scale; they are handed on, and choose the middle of the star.
    Cost: answers squared times rows squared.
    """
    texts = [[{c: text_of(c, cell)[:_TEXT_MOST] for c, cell in row.items()} for row in one.rows] for one in answers]
    order = sorted(
        range(len(answers)), key=lambda i: ([sorted(row.items()) for row in texts[i]], repr(answers[i].volunteer))
    )
    heavy = list(weights) or [1.0] * len(answers)
    merged = []
    for place in _star(order, texts, heavy, _Likeness(texts)):
        columns = sorted({column for i, at in place.items() for column in answers[i].rows[at]})
        cells = {}
        for column in columns:
            having = [i for i in order if i in place and column in answers[i].rows[place[i]]]
            given = [answers[i].rows[place[i]][column] for i in having]
            cells[column] = merge_cell(column, given, [heavy[i] for i in having])
        chance = _chance(len(place), len(answers))
        merged.append(MergedRow(cells, len(place), len(answers), chance, dict(sorted(place.items()))))
    return merged


def row_likeness(one: Mapping[str, str], other: Mapping[str, str]) -> float:
    """How similar two rows are, 0 to 1: the mean over all columns that either fills of how much the cells' texts share.

    Longer cells count more, up to ten times an empty one: they say more on which row it is.
    """
    total = weight = 0.0
    for column in sorted(one.keys() | other.keys()):
        a, b = one.get(column, ""), other.get(column, "")
        if (a or b) and UNREAD not in (a, b):
            counts = math.log2(1 + min(max(len(a), len(b)), 1000))
            total += counts * Indel.normalized_similarity(a, b)
            weight += counts
    return total / weight if weight else 1.0


class _Likeness:
    """The similarity of rows by their numbers, each pair of texts compared once."""

    def __init__(self, texts: Sequence[Sequence[Mapping[str, str]]]) -> None:
        self._texts = texts
        self._known: dict[tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]], float] = {}
        self._keys = [[tuple(sorted(row.items())) for row in rows] for rows in texts]

    def of(self, one: tuple[int, int], other: tuple[int, int]) -> float:
        first, second = self._keys[one[0]][one[1]], self._keys[other[0]][other[1]]
        if first == second:
            return 1.0
        pair = (first, second) if first < second else (second, first)
        if pair not in self._known:
            self._known[pair] = row_likeness(dict(pair[0]), dict(pair[1]))
        return self._known[pair]


def _star(
    order: Sequence[int], texts: Sequence[Sequence[Mapping[str, str]]], weights: Sequence[float], likeness: _Likeness
) -> list[dict[int, int]]:
    """The rows of all answers aligned: for every row of the merged table {number of the answer: number of its row}."""
    filled = [i for i in order if texts[i]]
    if not filled:
        return []
    total = math.fsum(weights[i] for i in filled)
    closeness = {
        i: math.fsum(weights[j] / total * _score(i, j, texts, likeness) for j in filled if j != i) for i in filled
    }
    rank = {i: place for place, i in enumerate(filled)}
    others = sorted(filled, key=lambda i: (-round(closeness[i], 9), -round(weights[i] / total, 9), rank[i]))
    places: list[dict[int, int]] = [{others[0]: row} for row in range(len(texts[others[0]]))]
    for i in others[1:]:
        places = _joined(places, i, len(texts[i]), likeness)
    return places


def _score(i: int, j: int, texts: Sequence[Sequence[Mapping[str, str]]], likeness: _Likeness) -> float:
    """How well two whole tables fit, 0 to 1."""
    pairs = _aligned(len(texts[i]), len(texts[j]), lambda a, b: likeness.of((i, a), (j, b)))
    alike = math.fsum(likeness.of((i, a), (j, b)) for a, b in pairs if a is not None and b is not None)
    return 2 * alike / (len(texts[i]) + len(texts[j]))


def _joined(places: Sequence[dict[int, int]], i: int, rows: int, likeness: _Likeness) -> list[dict[int, int]]:
    """One more answer aligned to what is there; a row is like a place as it is, on average, like the rows in it."""

    def alike(place: int, row: int) -> float:
        there = places[place]
        return math.fsum(likeness.of((j, at), (i, row)) for j, at in there.items()) / len(there)

    joined: list[dict[int, int]] = []
    for place, row in _aligned(len(places), rows, alike):
        here = dict(places[place]) if place is not None else {}
        if row is not None:
            here[i] = row
        joined.append(here)
    return joined


def _aligned(ones: int, others: int, alike: Callable[[int, int], float]) -> list[tuple[int | None, int | None]]:
    """Two sequences aligned so that the sum of (similarity - ALIKE) over pairs is greatest; gaps cost nothing.

    Of equal ways the one that pairs more and earlier is taken, and what only the first has comes before what only the
    second has.
    """
    gain = [[alike(a, b) - ALIKE for b in range(others)] for a in range(ones)]
    best = [[0.0] * (others + 1) for _ in range(ones + 1)]
    for a in range(ones - 1, -1, -1):
        for b in range(others - 1, -1, -1):
            best[a][b] = max(best[a + 1][b + 1] + gain[a][b], best[a + 1][b], best[a][b + 1])
    pairs: list[tuple[int | None, int | None]] = []
    a = b = 0
    while a < ones or b < others:
        if a < ones and b < others and gain[a][b] >= 0 and best[a][b] <= best[a + 1][b + 1] + gain[a][b] + 1e-9:
            pairs.append((a, b))
            a, b = a + 1, b + 1
        elif a < ones and (b == others or best[a][b] <= best[a + 1][b] + 1e-9):
            pairs.append((a, None))
            a += 1
        else:
            pairs.append((None, b))
            b += 1
    return pairs


def _chance(seen: int, looked: int) -> float:
    """The probability that a row is there, from how many have it: what is there is typed with FINDS, else INVENTS."""
    odds = seen * math.log(FINDS / INVENTS) + (looked - seen) * math.log((1 - FINDS) / (1 - INVENTS))
    return 1 / (1 + math.exp(-odds))
