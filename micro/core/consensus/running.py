"""Reliabilities kept up to date item by item, between two full fits (reliability.py).

Online expectation maximisation (after Cappé and Moulines 2009, doi:10.1111/j.1467-9868.2009.00698.x): when an item is
merged, the chance of each value under the present reliabilities gives every volunteer a credit, which is added to their
tally. An item that is merged again first takes back what it gave. The full fit starts from nothing and sees every item
many times; the two differ by less than ``TOLERANCE`` on the average over volunteers with ten answers or more.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from micro.core.consensus.reliability import (
    HIGHEST,
    LOWEST,
    PRIOR,
    PRIOR_ANSWERS,
    UNSEEN,
    WRONG_WAYS,
    Votes,
    fitted,
    sums,
)

TOLERANCE = 0.02


@dataclass(frozen=True)
class Tally:
    """What is known of one volunteer (or one on one type of field): answers, and how many of them were likely right."""

    credit: float = 0.0
    answers: int = 0

    def reliability(self, usual: float = PRIOR) -> float:
        """Between LOWEST and HIGHEST; without answers ``usual``, what everybody is."""
        found = (self.credit + PRIOR_ANSWERS * usual) / (self.answers + PRIOR_ANSWERS)
        return min(HIGHEST, max(LOWEST, found))


@dataclass(frozen=True)
class Answered:
    """One answer: who gave it (any group: a volunteer, or a volunteer and a type of field), and its comparison key."""

    giver: Hashable
    key: str


class Running:
    """The tallies of everybody. ``usual`` is the share of all answers that are likely right."""

    def __init__(self, tallies: Mapping[Hashable, Tally] | None = None) -> None:
        self.tallies: dict[Hashable, Tally] = dict(tallies or {})
        self._credit = sum(tally.credit for tally in self.tallies.values())
        self._answers = sum(tally.answers for tally in self.tallies.values())

    @property
    def usual(self) -> float:
        return (self._credit + PRIOR_ANSWERS * PRIOR) / (self._answers + PRIOR_ANSWERS)

    def of(self, giver: Hashable) -> float:
        """The reliability (0 to 1); of somebody unknown: what everybody is."""
        return self.tallies.get(giver, Tally()).reliability(self.usual)

    def learn(self, answers: Sequence[Answered], truth: str | None = None) -> dict[Hashable, tuple[float, int]]:
        """Adds one row's answers; ``truth`` is its key when a professional decided or it is a gold task.

        What each giver was credited with, and for how many answers, comes back: keep it for :meth:`forget`.
        """
        chance = {truth: 1.0} if truth is not None else self._chances(answers)
        given: dict[Hashable, tuple[float, int]] = {}
        for one in answers:
            credit, many = given.get(one.giver, (0.0, 0))
            given[one.giver] = credit + chance.get(one.key, 0.0), many + 1
        self._add(given, 1)
        return given

    def forget(self, given: Mapping[Hashable, tuple[float, int]]) -> None:
        """Takes back what :meth:`learn` gave, before the same row is learned again."""
        self._add(given, -1)

    def _add(self, given: Mapping[Hashable, tuple[float, int]], times: int) -> None:
        for giver, (credit, many) in given.items():
            before = self.tallies.get(giver, Tally())
            self.tallies[giver] = Tally(before.credit + times * credit, before.answers + times * many)
            self._credit += times * credit
            self._answers += times * many

    def _chances(self, answers: Sequence[Answered]) -> dict[str, float]:
        weight: dict[str, float] = {}
        for one in sorted(answers, key=lambda one: (one.key, str(one.giver))):
            reliability = self.of(one.giver)
            weight[one.key] = weight.get(one.key, 1.0) * reliability * WRONG_WAYS / (1 - reliability)
        total = sum(weight.values()) + UNSEEN
        return {key: one / total for key, one in weight.items()}


def full_fit(rows: Iterable[tuple[Sequence[Answered], str | None]]) -> dict[Hashable, Tally]:
    """Everybody's tallies from all rows at once: (answers, the key that a professional decided or None).

    Cost: answers; a million take some seconds and some hundred megabytes.
    """
    givers: dict[Hashable, int] = {}
    candidate: list[int] = []
    group: list[int] = []
    row: list[int] = []
    truth: list[float] = []
    number = 0
    for answers, decided in rows:
        if not answers:
            continue
        places: dict[str, int] = {}
        for one in answers:
            place = places.setdefault(one.key, len(row) + len(places))
            candidate.append(place)
            group.append(givers.setdefault(one.giver, len(givers)))
        row += [number] * len(places)
        truth += [np.nan if decided is None else float(key == decided) for key in places]
        number += 1
    votes = Votes(
        np.array(candidate, np.int64), np.array(group, np.int64), np.array(row, np.int64), np.array(truth), len(givers)
    )
    _, chance = fitted(votes)
    credit = sums(chance[votes.candidate], votes.group, len(givers)).tolist()
    many = np.bincount(votes.group, minlength=len(givers)).tolist()
    return {giver: Tally(credit[n], many[n]) for giver, n in givers.items()}
