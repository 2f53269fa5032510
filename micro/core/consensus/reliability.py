"""How reliable each volunteer is, learned from agreement over a whole project.

The model is the one-coin form of Dawid and Skene (1979, doi:10.2307/2346806): a volunteer gives the true value with a
probability of their own, else one of ``WRONG_WAYS`` others, and the true value may be one that nobody gave. Expectation
maximisation goes to and fro between the chance of each value and the reliability of each volunteer. With few answers
reliabilities are shrunk to a prior worth ``PRIOR_ANSWERS`` answers, so a newcomer counts like anybody. Rows that a
professional decided, and gold tasks, take part with their true value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]

PRIOR, PRIOR_ANSWERS = 0.75, 6.0
WRONG_WAYS = 4
LOWEST, HIGHEST = 0.05, 0.98
UNSEEN = 2.0  # The weight of "a value that nobody gave" beside values of weight e^score.


@dataclass(frozen=True)
class Votes:
    """Answers as numbers: answer i supports candidate ``candidate[i]`` and belongs to group ``group[i]``.

    A group is a volunteer, or a volunteer on one type of field. Candidates are numbered from 0 in the order of their
    rows: ``row[c]`` never falls, and each row has one candidate or more. ``truth[c]`` is 1 or 0 where a professional
    has decided the row (all 0: right was a value that nobody gave), else NaN.
    """

    candidate: Indices
    group: Indices
    row: Indices
    truth: Numbers
    groups: int

    @property
    def rows(self) -> int:
        return int(self.row[-1]) + 1 if len(self.row) else 0


def sums(of: NDArray[Any], at: Indices, size: int) -> Numbers:
    """The sums of the numbers ``of`` that share a place in ``at``, for the places 0 to ``size``."""
    return np.asarray(np.bincount(at, of, size), np.float64)


def chances(score: Numbers, row: Indices, rows: int, unseen: Numbers) -> tuple[Numbers, Numbers]:
    """The chance of each candidate and, per row, of none of them: softmax over a row's scores and ``unseen``."""
    starts = np.searchsorted(row, np.arange(rows))
    top = np.maximum(np.maximum.reduceat(score, starts), unseen) if rows else unseen
    given = np.exp(score - top[row])
    none = np.exp(unseen - top)
    total = sums(given, row, rows) + none
    return given / total[row], none / total


def log_odds(reliability: Numbers) -> Numbers:
    """What one vote adds to the score of the value it is for."""
    return np.asarray(np.log(reliability * WRONG_WAYS / (1 - reliability)))


def fitted(votes: Votes, rounds: int = 12) -> tuple[Numbers, Numbers]:
    """The reliability of each group and the chance of each candidate. Cost: rounds x answers; no answers: the prior."""
    reliability = np.full(votes.groups, PRIOR)
    chance = np.zeros(len(votes.row))
    if not len(votes.candidate):
        return reliability, chance
    many = np.bincount(votes.group, minlength=votes.groups)
    unseen = np.full(votes.rows, np.log(UNSEEN))
    decided = ~np.isnan(votes.truth)
    for _ in range(rounds):
        score = sums(log_odds(reliability)[votes.group], votes.candidate, len(votes.row))
        chance, _ = chances(score, votes.row, votes.rows, unseen)
        chance[decided] = votes.truth[decided]
        right = chance[votes.candidate]
        credit = sums(right, votes.group, votes.groups)
        reliability = (credit + PRIOR_ANSWERS * float(right.mean())) / (many + PRIOR_ANSWERS)
        reliability = np.clip(reliability, LOWEST, HIGHEST)
    return reliability, chance
