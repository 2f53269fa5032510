"""What one more answer brings in this project, learned from records that professionals have decided.

The model of retirement.py imagines volunteers who err independently. Real ones err on the same hard words, and what
they disagree on may stay in doubt for ever. Where records are decided it can be seen how much better they became with
every answer; from that a project learns what to expect of others that look the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

RIDGE = 0.5
LEAST_STEPS = 20
"""With fewer decided histories of so many answers nothing is learned about them."""


@dataclass(frozen=True)
class Step:
    """A decided item after ``answers`` answers: how it looked, and how much of it was right then and later.

    ``looks`` is made by :func:`looks_of`. ``quality``: the share (0 to 1) that is right now, after one answer more,
    after two, and so on.
    """

    answers: int
    looks: tuple[float, ...]
    quality: tuple[float, ...]


def looks_of(
    confidences: Sequence[float], before: Sequence[float] = (), more: Sequence[float] = ()
) -> tuple[float, ...]:
    """How an item looks, from the confidences (0 to 1) of its fields now and one answer ago, and whatever else is seen.

    The mean, its square, the weakest, the strongest, the change of the mean; no field counts as one half.
    """
    now = confidences or (0.5,)
    mean = sum(now) / len(now)
    change = mean - sum(before) / len(before) if before else 0.0
    return (1.0, mean, mean * mean, min(now), max(now), change, *more)


class Gains:
    """The expected rise of the share that is right per answer more, by how many answers there are and how it looks."""

    def __init__(self, slopes: dict[tuple[int, int], np.ndarray[Any, np.dtype[np.float64]]]) -> None:
        self._slopes = slopes

    @classmethod
    def fitted(cls, steps: Sequence[Step]) -> Gains:
        """Ridge regressions (Hoerl and Kennard 1970) of what so many answers more brought, one for each number of
        answers before and more. What has fewer than LEAST_STEPS examples is left out. Cost: steps times looks squared.
        """
        examples: dict[tuple[int, int], list[tuple[tuple[float, ...], float]]] = defaultdict(list)
        for step in steps:
            for more in range(1, len(step.quality)):
                examples[step.answers, more].append((step.looks, step.quality[more] - step.quality[0]))
        slopes = {}
        for key, seen in sorted(examples.items()):
            if len(seen) >= LEAST_STEPS:
                looks, rises = np.array([one for one, _ in seen]), np.array([rise for _, rise in seen])
                ridge = RIDGE * np.eye(looks.shape[1])
                slopes[key] = np.linalg.solve(looks.T @ looks + ridge, looks.T @ rises)
        return cls(slopes)

    def expected(self, answers: int, looks: Sequence[float], ahead: int) -> float | None:
        """The best rise per answer of all numbers up to ``ahead``; None where nothing was learned."""
        rises = [
            float(np.dot(self._slopes[answers, more], looks)) / more
            for more in range(1, ahead + 1)
            if (answers, more) in self._slopes
        ]
        return max(rises, default=None)
