"""How well each volunteer writes, learned from the words of those who transcribed the same; for aligning."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from operator import mul

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


class Together:
    """Texts of one row, ready to be merged: their words, and how like they are to each other by letters (0 to 1).

    Cost: texts squared.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        many = len(keys)
        self.keys, self.words = keys, [tuple(key.split()) for key in keys]
        self.like = [[1.0] * many for _ in keys]
        for one in range(many):
            for other in range(one):
                likeness = Levenshtein.normalized_similarity(keys[one], keys[other])
                self.like[one][other] = self.like[other][one] = likeness
        self._usual = [max(0.02, (sum(row) - 1) / max(1, many - 1)) ** STEEP_HERE for row in self.like]

    def weights(self, accuracies: Sequence[float]) -> list[float]:
        """A weight above 0 for each text."""
        return [max(LEAST, one**STEEP * usual) for one, usual in zip(accuracies, self._usual, strict=True)]

    def backbone(self, weights: Sequence[float]) -> int:
        """The number of the text most like all others; of equals the first by letters."""
        central = [sum(map(mul, row, weights)) for row in self.like]
        most = max(central) - 1e-9
        return min((n for n, one in enumerate(central) if one >= most), key=self.keys.__getitem__)

    def merged(self, accuracies: Sequence[float]) -> tuple[Words, float]:
        """The words that the texts are merged to, and the least support (0 to 1) of a stretch of them."""
        weights = self.weights(accuracies)
        return voted(self.words, weights, self.backbone(weights))


def merged_words(keys: Sequence[str], accuracies: Sequence[float]) -> tuple[Words, float]:
    """The words that the texts are merged to, and the least support (0 to 1) of a stretch of them."""
    return Together(keys).merged(accuracies)
