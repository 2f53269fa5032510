"""A project's rows as arrays: which answers give the same, who gave them, and what a professional decided."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from micro.core.consensus.reliability import Indices, Numbers, sums
from micro.core.consensus.rows import Checked, Row

Flags = NDArray[np.bool_]
KINDS = ("text", "long text", "number", "choice")


@dataclass(frozen=True)
class Table:
    """Rows, and their candidates (the different comparison keys of a row), each numbered from 0.

    Per candidate: ``key``, ``row`` (never falls), ``given`` (how many answers), ``gap`` (1 when a word was left out
    as "[...]" or doubted with "?"). Per answer, in the order of rows:
    ``candidate``, ``worker``, ``answer_row``. Per row: ``start`` (its first candidate; one more number at the end),
    ``field``, ``kind`` (a place in KINDS), ``item``, ``column`` (the field on one page: see :func:`page_of`). ``truth``
    per candidate: 1 or 0 where the row is decided, else NaN. A row without answers has one candidate that nobody gave,
    the empty key.
    """

    key: list[str]
    row: Indices
    start: Indices
    given: Indices
    gap: Numbers
    candidate: Indices
    worker: Indices
    answer_row: Indices
    field: Indices
    kind: Indices
    item: Indices
    column: Indices
    truth: Numbers
    workers: int
    fields: int

    @property
    def rows(self) -> int:
        return len(self.field)

    @property
    def decided(self) -> Flags:
        """Per row: whether a professional has decided it."""
        return np.asarray(~np.isnan(self.truth[self.start[:-1]]))

    def per_row(self, of_candidates: NDArray[Any]) -> Numbers:
        """The sum over the candidates of each row."""
        return sums(of_candidates, self.row, self.rows)

    def per_candidate(self, of_answers: NDArray[Any]) -> Numbers:
        """The sum over the answers of each candidate."""
        return sums(of_answers, self.candidate, len(self.key))


def page_of(item: str) -> str:
    """What an item is a part of, by its name: the page (or drawer) of "page/row"; of a plain name nothing.

    >>> page_of("ledger 7/12"), page_of("12")
    ('ledger 7', '')
    """
    return item.rpartition("/")[0]


def table_of(
    rows: Sequence[Row],
    key_of: Callable[[str], str],
    more: Mapping[int, Sequence[str]] | None = None,
    checked: Checked | None = None,
) -> Table:
    """The table of ``rows``; ``more`` adds keys that nobody gave, by number of row. Cost: a key an answer."""
    found = _Growing()
    for number, one in enumerate(rows):
        decided = checked.get((one.item, one.field)) if checked else None
        found.add(one, [key_of(value) for value in one.values], more.get(number, ()) if more else ())
        found.decide(None if decided is None else key_of(decided))
    return found.table(rows)


class _Growing:
    """A table while rows are added to it."""

    def __init__(self) -> None:
        self.key: list[str] = []
        self.start, self.given, self.row = [0], list[int](), list[int]()
        self.candidate, self.worker, self.gaps = list[int](), list[int](), list[int]()
        self.field, self.item, self.truth = list[int](), list[int](), list[float]()
        self.fields, self.items, self.workers = _Numbered(), _Numbered(), _Numbered()
        self.column, self.columns = list[int](), _Numbered()

    def add(self, row: Row, keys: Sequence[str], more: Sequence[str]) -> None:
        """One row, the keys of its answers, and keys that nobody gave."""
        ordered = sorted(set(keys)) or [""]
        first, answer = len(self.key), len(self.candidate)
        if len(ordered) == 1:
            self.candidate += [first] * len(keys)
            self.given.append(len(keys))
        else:
            place = {each: first + n for n, each in enumerate(ordered)}
            self.candidate += [place[each] for each in keys]
            self.given += [keys.count(each) for each in ordered]
        new = [each for each in more if each not in ordered]
        ordered += new
        self.given += [0] * len(new)
        for n, value in enumerate(row.values):
            if "?" in value or "[...]" in value:
                self.gaps.append(self.candidate[answer + n])
        self.key += ordered
        self.row += [len(self.start) - 1] * len(ordered)
        self.start.append(len(self.key))
        self.worker += [self.workers[each] for each in row.workers]
        self.field.append(self.fields[row.field])
        self.item.append(self.items[row.item])
        self.column.append(self.columns[page_of(row.item), row.field])

    def decide(self, key: str | None) -> None:
        """The truth of the row that was added last; None: not decided."""
        for one in self.key[self.start[-2] :]:
            self.truth.append(math.nan if key is None else float(one == key))

    def table(self, rows: Sequence[Row]) -> Table:
        """What was added, for these rows."""
        given = np.array(self.gaps, np.int64)
        answers = np.array([len(one.values) for one in rows], np.int64)
        return Table(
            key=self.key,
            row=np.array(self.row, np.int64),
            start=np.array(self.start, np.int64),
            given=np.array(self.given, np.int64),
            gap=np.asarray(np.bincount(given, minlength=len(self.key)) > 0, np.float64),
            candidate=np.array(self.candidate, np.int64),
            worker=np.array(self.worker, np.int64),
            answer_row=np.repeat(np.arange(len(rows)), answers),
            field=np.array(self.field, np.int64),
            kind=np.array([KINDS.index(one.type) if one.type in KINDS else 0 for one in rows], np.int64),
            item=np.array(self.item, np.int64),
            column=np.array(self.column, np.int64),
            truth=np.array(self.truth, np.float64),
            workers=len(self.workers),
            fields=len(self.fields),
        )


class _Numbered(dict[Hashable, int]):
    """Numbers for things, from 0, in the order in which they are first asked for."""

    def __missing__(self, thing: Hashable) -> int:
        number = self[thing] = len(self)
        return number
