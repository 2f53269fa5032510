"""Long texts that all differ: none is likely to be all right, so they are merged word by word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micro.core.consensus.align import aligned
from micro.core.consensus.outcome import GIVEN, Group, Outcome, against_the_marks, leading_of
from micro.core.consensus.spelling import written
from micro.core.consensus.weighing import Together

WORDY_FROM = 5
"""From so many different texts of three words or more on, when none has most of the answers."""


def is_wordy(groups: Sequence[Group]) -> bool:
    """Whether these answers are to be merged word by word."""
    texts = [group for group in groups if "value" in group.said]
    long = sum(group.key.count(" ") > 1 for group in texts)
    return long >= WORDY_FROM and 2 * groups[0].count <= sum(group.count for group in groups)


def merge_words(groups: Sequence[Group], evidence: tuple[dict[str, Any], ...]) -> Outcome:
    """The words with the most support, written as those write them who are behind them (align.py, spelling.py).

    All texts together are first voted against the marks. The weakest stretch of words gives the confidence.
    """
    best, leading = against_the_marks(groups)
    if GIVEN not in leading:
        marked = next(group for group in groups if group.key == leading[0])
        return Outcome(marked.said, best, evidence, tied=len(leading) > 1)
    texts = sorted((group for group in groups if "value" in group.said), key=lambda group: group.key)
    keys = [group.key for group in texts for _ in group.votes]
    votes = [vote for group in texts for vote in group.votes]
    together = Together(keys)
    weights = together.weights(votes)
    stretches = aligned(together.words, weights, together.backbone(weights))
    words = [word for stretch in stretches for word in stretch.words]
    value = written(words, [group.said["value"] for group in texts for _ in group.votes], weights)
    sure = min((_sure(stretch.support, stretch.words, len(keys)) for stretch in stretches), default=0.0)
    return Outcome({"value": value}, min(best, sure), evidence, tied=len(leading) > 1)


def _sure(support: dict[tuple[str, ...], float], words: tuple[str, ...], answers: int) -> float:
    """The chance of a reading, when the shares of the weight are counted as so many answers."""
    votes = {" ".join(each): [0.85] * max(1, round(share * answers)) for each, share in support.items()}
    return leading_of(votes)[2][" ".join(words)]
