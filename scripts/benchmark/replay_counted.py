"""Counting answers and what is right in the replay study: points of curves, their intervals, and what is possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from replay_seen import SEED, History

from micro.core.gains import PRICES, Told

Point = tuple[float, float, float]  # A setting, the answers an item that it needs, and the accuracy in %.
Numbers = NDArray[np.float64]
TIMES = 1000


class Count:
    """Answers and what is right, of histories that ended after so many answers; sums by order and item."""

    def __init__(self, histories: Sequence[History], stops: Sequence[int]) -> None:
        items = {key: n for n, key in enumerate(sorted({(one.name, one.item) for one in histories}))}
        orders = 1 + max(one.order for one in histories)
        self.answers, self.right, self.whole, self.times = (np.zeros((orders, len(items))) for _ in range(4))
        for one, stop in zip(histories, stops, strict=True):
            at = one.order, items[one.name, one.item]
            self.answers[at] += stop
            self.right[at] += one.told.quality[stop - 1]
            self.whole[at] += one.whole
            self.times[at] += 1

    def point(self, setting: float) -> Point:
        return setting, self.answers.sum() / self.times.sum(), 100 * self.right.sum() / self.whole.sum()


def spread_of(one: Count, other: Count) -> tuple[tuple[float, float], tuple[float, float]]:
    """95 % intervals, by drawing orders and items anew: fewer answers than the other in %, and accuracy against it."""
    chance = np.random.default_rng(SEED)
    fewer, against = [], []
    orders, items = one.answers.shape
    for _ in range(TIMES):
        by_order = np.bincount(chance.integers(0, orders, orders), minlength=orders)
        by_item = np.bincount(chance.integers(0, items, items), minlength=items)
        answers, others, right, rights, whole = (
            float(by_order @ part @ by_item) for part in (one.answers, other.answers, one.right, other.right, one.whole)
        )
        fewer.append(100 * (1 - answers / others))
        against.append(100 * (right - rights) / whole)
    low, high = np.percentile(fewer, [2.5, 97.5])
    worse, better = np.percentile(against, [2.5, 97.5])
    return (float(low), float(high)), (float(worse), float(better))


def fewer(points: Sequence[Point], answers: float, accuracy: float) -> float | None:
    """How many per cent fewer answers the curve needs for this accuracy, between its points; None: it is never so."""
    rising: list[Point] = []
    for point in sorted(points, key=lambda one: (one[1], -one[2])):
        if not rising or point[2] > rising[-1][2]:
            rising.append(point)
    if accuracy > rising[-1][2] + 1e-9:
        return None
    needs = float(np.interp(accuracy, [one[2] for one in rising], [one[1] for one in rising]))
    return 100 * (1 - needs / answers)


def knowing(one: Told) -> Told:
    """The history as seen by one who also knows how much is right at present, though not what is to come."""
    return replace(one, looks=tuple((*looks, right) for looks, right in zip(one.looks, one.quality, strict=True)))


def until_right(histories: Sequence[History], most: int) -> Count:
    """Of one who knows when an item is all right, and asks on until then, at most so often."""
    ends = [
        next((n for n in range(1, last) if one.told.quality[n - 1] >= one.whole - 1e-9), last)
        for one, last in ((one, min(most, len(one.sure))) for one in histories)
    ]
    return Count(histories, ends)


def oracle(histories: Sequence[History]) -> tuple[Point, ...]:
    """Of one who knows how right each item is after every answer to come and spends answers where they bring most."""
    usual = float(np.mean([one.whole for one in histories]))
    found = []
    for price in (1e-9, *PRICES):
        ends = [
            max(range(1, len(one.sure) + 1), key=lambda n: (one.told.quality[n - 1] / usual - price * n, -n))
            for one in histories
        ]
        found.append(Count(histories, ends).point(price))
    return tuple(found)
