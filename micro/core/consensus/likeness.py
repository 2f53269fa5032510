"""How candidates of one row look beside each other: likeness by letters, words that one has beyond the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import Levenshtein

from micro.core.consensus.reliability import Numbers
from micro.core.consensus.table import Table

LONG = 80
"""Of longer texts only the likeness by letters is looked at: none contains the other."""


@dataclass(frozen=True)
class Likeness:
    """Per candidate, means over the row's answers that gave something else (0 where there are none).

    ``like``: likeness by letters (0 to 1). ``contains`` / ``contained``: whether it has all words of the other, or the
    other has all of its own. ``same_letters``: whether only spaces differ. By itself: ``digits``, their share.
    """

    like: Numbers
    contains: Numbers
    contained: Numbers
    same_letters: Numbers
    digits: Numbers


def likeness_of(table: Table) -> Likeness:
    """The likeness of all candidates of rows with more than one. Cost: pairs of candidates of a row."""
    size = len(table.key)
    firsts, seconds = _pairs(table)
    scores = np.array([_pair(table.key[a], table.key[b]) for a, b in zip(firsts, seconds, strict=True)], float)
    scores = scores.reshape(len(firsts), 4)
    one, other = np.array(firsts, np.int64), np.array(seconds, np.int64)
    given = table.given.astype(float)
    rest = np.maximum(1, table.per_row(given)[table.row] - given)

    def mean(for_first: Numbers, for_second: Numbers) -> Numbers:
        total = np.bincount(one, for_first * given[other], size) + np.bincount(other, for_second * given[one], size)
        return np.asarray(total / rest)

    like, has, had, same = scores.T
    return Likeness(
        mean(like, like),
        mean(has, had),
        mean(had, has),
        mean(same, same),
        np.array([_digits(key) for key in table.key], float),
    )


def _pairs(table: Table) -> tuple[list[int], list[int]]:
    firsts: list[int] = []
    seconds: list[int] = []
    many = np.diff(table.start)
    for start, count in zip(table.start[:-1][many > 1].tolist(), many[many > 1].tolist(), strict=True):
        for later in range(start + 1, start + count):
            for earlier in range(start, later):
                firsts.append(earlier)
                seconds.append(later)
    return firsts, seconds


def _pair(one: str, other: str) -> tuple[float, bool, bool, bool]:
    if not one or not other:
        return 0.0, False, False, False
    has = had = same = False
    if (" " in one or " " in other) and min(len(one), len(other)) < LONG:
        words, others = set(one.split()), set(other.split())
        has, had = words >= others, others >= words
        same = one.replace(" ", "") == other.replace(" ", "")
    return Levenshtein.normalized_similarity(one, other), has, had, same


def _digits(key: str) -> float:
    if not key or key.isalpha():
        return 0.0
    return sum(map(str.isdigit, key)) / len(key)
