"""How near merged values are to the true ones: a scorer of its own, which shares no code with the engine.

Two values are the same here when they are after NFKC and case folding, without apostrophes, with all other punctuation
as spaces (but "," or "." between two digits as a decimal point), and with spaces folded: "Coll’n, 3,5" is "colln 3.5".
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from rapidfuzz.distance import Levenshtein

Place = tuple[str, str]
Said = Mapping[Place, tuple[str, float]]
"""Of each item and field the merged value, and how sure the engine is (0 to 1)."""

ECE_BINS, WANTED, RESAMPLES = 15, 0.95, 300


@lru_cache(maxsize=500_000)
def plain(text: str) -> str:
    """The text as it is compared."""
    parts = re.split(r"(?<=\d)[.,](?=\d)", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(".".join("".join(map(_sign, part)) for part in parts).split())


def _sign(sign: str) -> str:
    if sign in "'’‘`´":
        return ""
    return " " if unicodedata.category(sign)[0] == "P" else sign


@dataclass(frozen=True)
class Score:
    """All in per cent: values that are right, half of its 95 % interval; expected calibration error; the largest share
    that can be accepted by confidence with 95 % right; word errors of all words; and of how many rows."""

    right: float
    within: float
    ece: float
    accepted: float
    word_errors: float
    rows: int


def scored(said: Said, gold: Mapping[Place, str]) -> Score:
    """The score over the rows of ``gold``."""
    places = sorted(gold)
    right = np.array([plain(said[place][0]) == plain(gold[place]) for place in places], float)
    sure = np.array([said[place][1] for place in places])
    wrong, words = 0, 0
    for place in places:
        true = plain(gold[place]).split()
        wrong += Levenshtein.distance(plain(said[place][0]).split(), true)
        words += len(true)
    return Score(
        100 * float(right.mean()),
        _within([item for item, _ in places], right),
        100 * calibration_error(sure, right),
        100 * _accepted(sure, right),
        100 * wrong / max(1, words),
        len(places),
    )


def calibration_error(sure: np.ndarray, right: np.ndarray) -> float:
    """The expected calibration error (0 to 1) over ECE_BINS equal bins."""
    bins = np.minimum((sure * ECE_BINS).astype(int), ECE_BINS - 1)
    here = (bins == one for one in range(ECE_BINS))
    return float(sum(abs(sure[b].mean() - right[b].mean()) * b.mean() for b in here if b.any()))


def _accepted(sure: np.ndarray, right: np.ndarray) -> float:
    """The largest share above a threshold of confidence of which WANTED is right; ties are accepted together."""
    order = np.argsort(-sure, kind="stable")
    so_far = np.cumsum(right[order]) / np.arange(1, len(right) + 1)
    ends = np.append(np.flatnonzero(np.diff(sure[order])), len(right) - 1)
    return max(((end + 1) / len(right) for end in ends.tolist() if so_far[end] >= WANTED), default=0.0)


def _within(items: Sequence[str], right: np.ndarray) -> float:
    """Half of the 95 % interval of the share that is right, in per cent: items are drawn anew (bootstrap)."""
    _, item = np.unique(items, return_inverse=True)
    many, good = np.bincount(item), np.bincount(item, right)
    chance = np.random.default_rng(1)
    draws = chance.integers(0, len(many), (RESAMPLES, len(many)))
    low, high = np.percentile(100 * good[draws].sum(1) / many[draws].sum(1), [2.5, 97.5])
    return float(high - low) / 2


def near(said: Said, gold: Mapping[Place, str], km: float = 1.0) -> float:
    """The share of points ("lon,lat"), in per cent, that lie within ``km`` of the true ones."""
    return 100 * sum(_km(said[place][0], true) <= km for place, true in gold.items()) / len(gold)


def _km(one: str, other: str) -> float:
    try:
        (lon, lat), (lon_2, lat_2) = ([math.radians(float(part)) for part in text.split(",")] for text in (one, other))
    except ValueError:
        return math.inf
    half = math.sin((lat - lat_2) / 2) ** 2 + math.cos(lat) * math.cos(lat_2) * math.sin((lon - lon_2) / 2) ** 2
    return 2 * 6371.0 * math.asin(math.sqrt(min(1.0, half)))
