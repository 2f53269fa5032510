"""How well each volunteer writes, learned from the words of those who transcribed the same; for aligning."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence

from rapidfuzz.distance import Levenshtein

from micro.core.consensus.align import Words, voted

STEEP, STEEP_HERE = 8, 2
"""A volunteer's weight: accuracy to the power STEEP, times likeness to the others on this text to STEEP_HERE."""

PRIOR_WORDS = 50
LEAST = 1e-3


class Writers:
    """The share of words that each volunteer gets right, by the texts merged so far; shrunk to everybody's."""

    def __init__(self) -> None:
        self._wrong: dict[Hashable, float] = defaultdict(float)
        self._words: dict[Hashable, float] = defaultdict(float)
        self._all_wrong = self._all_words = 0.0

    def saw(self, worker: Hashable, text: Words, merged: Words) -> None:
        """One volunteer's text, and what it was merged to."""
        wrong, words = Levenshtein.distance(text, merged), max(1, len(merged))
        self._wrong[worker] += wrong
        self._words[worker] += words
        self._all_wrong += wrong
        self._all_words += words

    def accuracy(self, worker: Hashable) -> float:
        """The share of words (LEAST to 1); 0.85 before anything was seen."""
        usual = self._all_wrong / self._all_words if self._all_words else 0.15
        wrong = self._wrong.get(worker, 0.0) + PRIOR_WORDS * usual
        return max(LEAST, 1 - wrong / (self._words.get(worker, 0.0) + PRIOR_WORDS))


def weights_for(keys: Sequence[str], accuracies: Sequence[float]) -> tuple[list[float], int]:
    """A weight above 0 for each text, and the number of the one most like all others (the backbone).

    Of equals the backbone is the first by letters. Cost: texts squared.
    """
    many = len(keys)
    like = [[1.0] * many for _ in keys]
    for one in range(many):
        for other in range(one):
            like[one][other] = like[other][one] = Levenshtein.normalized_similarity(keys[one], keys[other])
    weights = [
        max(LEAST, accuracy**STEEP * max(0.02, (sum(row) - 1) / max(1, many - 1)) ** STEEP_HERE)
        for row, accuracy in zip(like, accuracies, strict=True)
    ]
    central = [sum(x * w for x, w in zip(row, weights, strict=True)) for row in like]
    return weights, min(range(many), key=lambda n: (-round(central[n], 9), keys[n]))


def merged_words(keys: Sequence[str], accuracies: Sequence[float]) -> tuple[Words, float]:
    """The words that the texts are merged to, and the least support (0 to 1) of a stretch of them."""
    weights, backbone = weights_for(keys, accuracies)
    return voted([tuple(key.split()) for key in keys], weights, backbone)
