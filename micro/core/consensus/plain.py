"""Merging a row by itself: nothing is learned, everybody counts the same. The engine of ``--no-learning``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from micro.core.consensus.confidence import SURE, posterior
from micro.core.consensus.rows import Prediction, Row
from micro.core.consensus.spelling import best_spelling

ALIGNED_FROM = 5
"""From so many different texts of three words or more on, none of them is likely to be all right: they are aligned."""


def merged_alone(row: Row, key_of: Callable[[str], str], keys_aligned: Callable[[Sequence[str]], str]) -> Prediction:
    """The value with the most answers; of equals the one most like all others (the medoid), told as a tie.

    ``keys_aligned`` merges the words of long texts that all differ. Cost: answers, and squared among equals.
    """
    if not row.values:
        return Prediction(row.item, row.field, "", 0.0)
    keys = [key_of(value) for value in row.values]
    first = keys[0]
    if keys.count(first) == len(keys):
        return Prediction(row.item, row.field, _written(row.values), _sure((len(keys),)))
    counts = Counter(keys)
    ordered = sorted(counts, key=lambda key: (-counts[key], key))
    sure = _sure(tuple(counts[key] for key in ordered))
    if wordy(counts):
        return Prediction(row.item, row.field, keys_aligned(row.values), sure)
    most = counts[ordered[0]]
    leaders = [key for key in ordered if counts[key] == most]
    best = leaders[0] if len(leaders) == 1 else _medoid(leaders, counts)
    value = _written([value for value, key in zip(row.values, keys, strict=True) if key == best])
    return Prediction(row.item, row.field, value, sure, len(leaders) > 1)


def wordy(keys: Counter[str]) -> bool:
    """Whether these are ALIGNED_FROM or more different texts of three words or more, none given by most."""
    if len(keys) < ALIGNED_FROM or 2 * max(keys.values()) > keys.total():
        return False
    return sum(key.count(" ") > 1 for key in keys) >= ALIGNED_FROM


def _written(values: Sequence[str]) -> str:
    if values.count(values[0]) == len(values):
        return values[0].strip()
    return best_spelling(values, [1.0] * len(values))


@lru_cache(maxsize=4096)
def _sure(counts: tuple[int, ...]) -> float:
    return max(posterior({str(n): [SURE] * count for n, count in enumerate(counts)}).values())


def _medoid(leaders: Sequence[str], counts: Counter[str]) -> str:
    def away(key: str) -> float:
        return sum(many * Levenshtein.normalized_distance(key, other) for other, many in sorted(counts.items()))

    return min(leaders, key=lambda key: (round(away(key), 9), key))
