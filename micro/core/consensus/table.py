"""A project's rows as arrays: which answers give the same, who gave them, and what a professional decided."""

from __future__ import annotations

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
    ``field``, ``kind`` (a place in KINDS), ``item``. ``truth`` per candidate: 1 or 0 where the row is decided, else
    NaN. A row without answers has one candidate that nobody gave, the empty key.
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


def table_of(
    rows: Sequence[Row],
    key_of: Callable[[str], str],
    more: Mapping[int, Sequence[str]] | None = None,
    checked: Checked | None = None,
) -> Table:
    """The table of ``rows``; ``more`` adds keys that nobody gave, by number of row. Cost: a key an answer."""
    key: list[str] = []
    start, given, row, candidate, worker, truth = [0], [], [], [], [], []
    gaps: list[int] = []
    fields, items, workers = _Numbered(), _Numbered(), _Numbered()
    field, item = [], []
    for number, one in enumerate(rows):
        keys = [key_of(value) for value in one.values]
        ordered = sorted(set(keys)) or [""]
        first = len(key)
        if len(ordered) == 1:
            candidate += [first] * len(keys)
            given.append(len(keys))
        else:
            place = {each: first + n for n, each in enumerate(ordered)}
            candidate += [place[each] for each in keys]
            given += [keys.count(each) for each in ordered]
        if more and number in more:
            new = [each for each in more[number] if each not in ordered]
            ordered += new
            given += [0] * len(new)
        gaps += [candidate[n - len(keys)] for n, value in enumerate(one.values) if "?" in value or "[...]" in value]
        key += ordered
        row += [number] * len(ordered)
        start.append(len(key))
        worker += [workers[each] for each in one.workers]
        field.append(fields[one.field])
        item.append(items[one.item])
        decided = checked.get((one.item, one.field)) if checked else None
        truth += _truth(ordered, None if decided is None else key_of(decided))
    whole = np.array
    return Table(
        key=key,
        row=whole(row, np.int64),
        start=whole(start, np.int64),
        given=whole(given, np.int64),
        gap=np.asarray(np.bincount(whole(gaps, np.int64), minlength=len(key)) > 0, np.float64),
        candidate=whole(candidate, np.int64),
        worker=whole(worker, np.int64),
        answer_row=np.repeat(np.arange(len(rows)), [len(one.values) for one in rows]) if rows else whole([], np.int64),
        field=whole(field, np.int64),
        kind=whole([KINDS.index(one.type) if one.type in KINDS else 0 for one in rows], np.int64),
        item=whole(item, np.int64),
        truth=whole(truth, np.float64),
        workers=len(workers),
        fields=len(fields),
    )


class _Numbered(dict[Hashable, int]):
    """Numbers for things, from 0, in the order in which they are first asked for."""

    def __missing__(self, thing: Hashable) -> int:
        number = self[thing] = len(self)
        return number


def _truth(keys: Sequence[str], decided: str | None) -> list[float]:
    if decided is None:
        return [float("nan")] * len(keys)
    return [float(key == decided) for key in keys]
