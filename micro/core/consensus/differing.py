"""Where answers differ, token by token, with the support of each reading: the evidence beside a merged value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from micro.core.consensus.align import Words, aligned
from micro.core.consensus.keys import row_key
from micro.core.consensus.spelling import written
from micro.core.consensus.weighing import Together


@dataclass(frozen=True)
class Reading:
    """What some volunteers have at a place ("" for nothing), their share of the weight (0 to 1), and how many."""

    text: str
    share: float
    answers: int


@dataclass(frozen=True)
class Part:
    """One stretch of the texts, in order. All agree when there is one reading; the heaviest comes first."""

    readings: tuple[Reading, ...]

    @property
    def disputed(self) -> bool:
        return len(self.readings) > 1


def differences(values: Sequence[str], weights: Sequence[float] | None = None) -> tuple[Part, ...]:
    """The texts aligned word by word: stretches on which all agree, and those where readings differ.

    Words are compared by their keys, so case, punctuation and line breaks make no difference. ``weights``: above 0, one
    a text; none given, all weigh the same. No texts, or only blank ones: nothing. Cost: texts x words.
    """
    if not values:
        return ()
    weigh = list(weights) if weights is not None else [1.0] * len(values)
    keys = [row_key(value) for value in values]
    texts = [tuple(key.split()) for key in keys]
    if not any(texts):
        return ()
    backbone = Together(keys).backbone([1.0] * len(keys))
    parts: list[Part] = []
    agreed: Words = ()
    for stretch in aligned(texts, weigh, backbone):
        if len(stretch.support) == 1:
            agreed += stretch.words
            continue
        if agreed:
            parts.append(_agreed(agreed, values, weigh))
            agreed = ()
        parts.append(_disputed(stretch.support, stretch.counts, values, weigh))
    if agreed:
        parts.append(_agreed(agreed, values, weigh))
    return tuple(parts)


def _agreed(words: Words, values: Sequence[str], weights: Sequence[float]) -> Part:
    return Part((Reading(written(words, values, weights), 1.0, len(values)),))


def _disputed(
    support: dict[Words, float], counts: dict[Words, int], values: Sequence[str], weights: Sequence[float]
) -> Part:
    """The readings, heaviest first, then by letters; each as it is written by those who wrote it."""
    ordered = sorted(support, key=lambda words: (-round(support[words], 9), words))
    return Part(tuple(Reading(written(words, values, weights), support[words], counts[words]) for words in ordered))
