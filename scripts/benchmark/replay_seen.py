"""What the replay study sees after so many answers: predictions, how good they are, and how good they are believed."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rapidfuzz.distance import Levenshtein

Row = dict[str, Any]
Engine = Callable[[Sequence[Row]], Iterable[Mapping[str, Any]]]

PULL = 3.0  # The ridge: so many checked fields speak against a slope of 1.
_POINT = "\ue000"


@dataclass(frozen=True)
class Seen:
    """A row after some answers. ``right`` of ``whole``: words of the gold, or 1 of 1 where the whole value is right."""

    item: str
    field: str
    answers: int
    agreement: float
    contested: float
    confidence: float
    right: float
    whole: float


def look(rows: Sequence[Row], engine: Engine, by_words: bool) -> list[Seen]:
    """Merges the rows and compares with the gold, which only checked items may be judged by."""
    bare = [{name: row[name] for name in ("item", "field", "type", "answers")} for row in rows]
    said = {(one["item"], one["field"]): one for one in engine(bare)}
    return [_seen(row, said[row["item"], row["field"]], by_words) for row in rows]


def _seen(row: Row, said: Mapping[str, Any], by_words: bool) -> Seen:
    value, gold = normalised(said["value"]), normalised(row["gold"])
    given = [normalised(answer["value"]).split() for answer in row["answers"]]
    agreement = math.fsum(_alike(value.split(), words) for words in given) / len(given)
    contested = _contested(value.split(), given)
    if by_words:
        whole = float(len(gold.split()))
        right = whole - Levenshtein.distance(value.split(), gold.split())
    else:
        whole, right = 1.0, float(value == gold)
    return Seen(row["item"], row["field"], len(given), agreement, contested, float(said["confidence"]), right, whole)


def _alike(one: Sequence[str], other: Sequence[str]) -> float:
    return 1.0 - Levenshtein.normalized_distance(one, other)


def _contested(value: Sequence[str], given: Sequence[Sequence[str]]) -> float:
    """The share of the proposed words that no clear majority of the answers has in their place."""
    having = [0] * len(value)
    for words in given:
        for block in Levenshtein.opcodes(value, words):
            if block.tag == "equal":
                for place in range(block.src_start, block.src_end):
                    having[place] += 1
    return sum(count < 0.6 * len(given) for count in having) / max(1, len(value))


def normalised(text: str) -> str:
    """Case, apostrophes, punctuation and white space folded; a decimal comma is a point."""
    text = re.sub(r"(?<=\d)[.,](?=\d)", _POINT, unicodedata.normalize("NFKC", text).casefold())
    signs = ("" if sign in "'’‘`´" else " " if unicodedata.category(sign)[0] == "P" else sign for sign in text)
    return " ".join("".join(signs).split()).replace(_POINT, ".")


class Calibrator:
    """The chance that a field is right, from what can be seen, fitted on checked items only.

    A logistic regression with a ridge, by Newton's method: on the engine's confidence, the agreement of the answers
    with what is proposed, how many answers there are, and the field.
    """

    def __init__(self, checked: Sequence[Seen]) -> None:
        self._fields = {name: place for place, name in enumerate(sorted({one.field for one in checked}))}
        features = self._features(checked)
        target = np.array([min(1.0, max(0.0, one.right / one.whole if one.whole else 1.0)) for one in checked])
        ridge = np.full(features.shape[1], PULL)
        ridge[0] = 1e-6
        slopes = np.zeros(features.shape[1])
        for _ in range(30):
            chance = 1 / (1 + np.exp(-features @ slopes))
            step = features.T @ (target - chance) - ridge * slopes
            curve = (features.T * np.maximum(chance * (1 - chance), 1e-6)) @ features + np.diag(ridge)
            slopes = slopes + np.linalg.solve(curve, step)
        self._slopes = slopes

    def chances(self, seen: Sequence[Seen]) -> list[float]:
        """The chance of each, 0 to 1."""
        if not seen:
            return []
        return [float(one) for one in 1 / (1 + np.exp(-self._features(seen) @ self._slopes))]

    def _features(self, seen: Sequence[Seen]) -> np.ndarray[Any, np.dtype[np.float64]]:
        table = np.zeros((len(seen), 7 + len(self._fields)))
        for place, one in enumerate(seen):
            sure = min(max(one.confidence, 0.01), 0.99)
            single = one.answers == 1
            table[place, :7] = (
                1.0,
                math.log(sure / (1 - sure)),
                0.0 if single else 4 * one.agreement - 3,
                0.0 if single else float(one.agreement > 0.999),
                single,
                min(one.answers, 5) / 3,
                0.0 if single else one.contested,
            )
            if one.field in self._fields:
                table[place, 7 + self._fields[one.field]] = 1.0
        return table


def wholes(rows: Sequence[Row], by_words: bool) -> dict[str, float]:
    """How many words, or fields, every item has to get right."""
    count: dict[str, float] = defaultdict(float)
    for row in rows:
        count[row["item"]] += len(normalised(row["gold"]).split()) if by_words else 1
    return count
