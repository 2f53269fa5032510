"""What going on asking brings in a project, learned from records that professionals have decided.

The model of retirement.py imagines volunteers who err independently. Real ones err on the same hard words, and what
they disagree on may stay in doubt for ever. Where records are decided it can be seen how much better they became with
every answer; from that a project learns when to stop asking about others that look the same. Who answered is a part of
how an item looks: one answer of somebody who is nearly always right is often enough.

The rule is an optimal stopping rule, learned backwards from the last answer by least squares on what really happened
(Longstaff and Schwartz 2001, doi:10.1093/rfs/14.1.113). A price for every answer, the same for all items, spends a
budget where it brings most.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

RIDGE = 30.0
LEAST_STEPS = 20
"""With fewer decided histories of so many answers nothing is learned about them."""

GIVER_ANSWERS = 4.0
"""A volunteer's share of right answers is shrunk to everybody's, worth so many answers."""

PARTS = 4
PRICES = tuple(0.0005 * 1.25**step for step in range(30))

Numbers = NDArray[np.float64]


class Givers:
    """How often each volunteer is right, from decided records: (volunteer, likeness of the answer to what was decided).

    The likeness is :func:`likeness` for texts and 1 or 0 for anything else. Nobody told of: 0.75 for everyone.
    """

    def __init__(self, told: Iterable[tuple[Hashable, float]]) -> None:
        self._told: dict[Hashable, tuple[float, int]] = {}
        for giver, like in told:
            before, many = self._told.get(giver, (0.0, 0))
            self._told[giver] = before + like, many + 1
        many = sum(many for _, many in self._told.values())
        self.usual = math.fsum(like for like, _ in self._told.values()) / many if many else 0.75

    def of(self, giver: Hashable) -> float:
        """Between 0 and 1; of somebody unknown, what is usual."""
        like, many = self._told.get(giver, (0.0, 0))
        return (like + GIVER_ANSWERS * self.usual) / (many + GIVER_ANSWERS)


def likeness(one: str, other: str) -> float:
    """The share of words (0 to 1) that two comparison keys have alike, in order."""
    return 1.0 - Levenshtein.normalized_distance(one.split(), other.split())


@dataclass(frozen=True)
class Sight:
    """A field as it stands. ``confidence``: the engine's, 0 to 1. ``agreement``: the mean likeness of the answers to
    the proposed value. ``contested``: the share of its words that no clear majority has. ``words``: how many it has.
    ``givers``: the reliabilities (0 to 1, Givers) of those who answered, in any order, one or more."""

    confidence: float
    agreement: float
    contested: float
    words: int
    givers: tuple[float, ...]


def sight_of(value: str, given: Sequence[str], confidence: float, givers: Sequence[float]) -> Sight:
    """The proposed value and the answers as comparison keys (keys.row_key); ``given`` and ``givers`` side by side."""
    agreement = math.fsum(likeness(value, one) for one in given) / len(given)
    return Sight(confidence, agreement, _contested(value.split(), given), len(value.split()), tuple(sorted(givers)))


def _contested(value: Sequence[str], given: Sequence[str]) -> float:
    having = [0] * len(value)
    for one in given:
        for block in Levenshtein.opcodes(value, one.split()):
            if block.tag == "equal":
                for place in range(block.src_start, block.src_end):
                    having[place] += 1
    return sum(count < 0.6 * len(given) for count in having) / max(1, len(value))


def looks_of(now: Sequence[Sight], before: Sequence[Sight] = ()) -> tuple[float, ...]:
    """How an item looks to :class:`Gains`, from its fields that have answers, now and one answer ago; () has no looks.

    Confidences (mean, its square, least, largest, change, mean doubt, mean log-odds), agreement, and who answered.
    """
    if not now:
        return (0.0,) * LOOKS
    sure = [min(0.99, max(0.01, one.confidence)) for one in now]
    mean, best = _mean(sure), _mean([max(one.givers) for one in now])
    change = mean - _mean([min(0.99, max(0.01, one.confidence)) for one in before]) if before else 0.0
    return (
        mean,
        mean * mean,
        min(sure),
        max(sure),
        change,
        _mean([one * (1 - one) for one in sure]),
        _mean([_log_odds(one) for one in sure]),
        _mean([one.agreement for one in now]),
        _mean([float(one.agreement > 0.999) for one in now]),
        _mean([one.contested for one in now]),
        best,
        _mean([_mean(one.givers) for one in now]),
        _mean([math.fsum(_log_odds(giver) for giver in one.givers) for one in now]),
        best * mean,
        math.log1p(sum(one.words for one in now)),
    )


LOOKS = 15


def _mean(numbers: Sequence[float]) -> float:
    return math.fsum(numbers) / len(numbers)


def _log_odds(share: float) -> float:
    kept = min(0.99, max(0.01, share))
    return math.log(kept / (1 - kept))


@dataclass(frozen=True)
class Told:
    """The history of a decided item: how it looked (:func:`looks_of`) after one answer, two and so on, and how much of
    it was right then, as the share of its fields (0 to 1; in any unit, if prices are meant in it). One item may be
    told in several orders of its answers."""

    item: str
    looks: tuple[tuple[float, ...], ...]
    quality: tuple[float, ...]


class _Table:
    """Histories as numbers: looks by history, answers and look; quality by history and answers; the lengths."""

    def __init__(self, told: Sequence[Told]) -> None:
        self.length = np.array([len(one.quality) for one in told], np.int64)
        most = int(self.length.max(initial=1))
        self.looks = np.zeros((len(told), most, len(told[0].looks[0]) if told else LOOKS))
        self.quality = np.zeros((len(told), most))
        for place, one in enumerate(told):
            self.looks[place, : len(one.looks)] = one.looks
            self.quality[place, : len(one.quality)] = one.quality
            self.quality[place, len(one.quality) :] = one.quality[-1]

    def of(self, chosen: NDArray[np.bool_]) -> _Table:
        part = _Table([])
        part.length, part.looks, part.quality = self.length[chosen], self.looks[chosen], self.quality[chosen]
        return part


@dataclass(frozen=True)
class _Line:
    """A ridge regression on standardised looks."""

    level: float
    middle: Numbers
    slopes: Numbers

    def of(self, looks: Numbers) -> Numbers:
        return np.asarray(self.level + (looks - self.middle) @ self.slopes)


class Gains:
    """Whether going on is worth ``price`` for every answer, by how many answers there are and how the item looks."""

    def __init__(self, price: float, lines: dict[int, _Line]) -> None:
        self.price, self._lines = price, lines

    @classmethod
    def fitted(cls, told: Sequence[Told], price: float) -> Gains:
        """``price``: by how much the share that is right must rise for one answer, such as 0.02.

        Cost: answers of all histories times looks squared.
        """
        return cls(price, _learned(_Table(told), price))

    @classmethod
    def as_good_as(cls, told: Sequence[Told], answers: int) -> Gains | None:
        """The rule with the fewest answers that is as accurate as ``answers`` for every item; None: too little is told.

        Each part of the decided items shows how accurate the rule of the others is at every price. Where no price is
        good enough, an answer costs nothing: one is asked for while any good is expected of it.
        """
        if len(told) < 2 * LEAST_STEPS:
            return None
        table = _Table(told)
        order = {item: place for place, item in enumerate(sorted({one.item for one in told}))}
        part = np.array([order[one.item] % PARTS for one in told])
        wanted = float(table.quality[:, min(answers, table.quality.shape[1]) - 1].sum())
        parts = [(table.of(part != one), table.of(part == one)) for one in range(PARTS)]
        best, fewest = 0.0, math.inf
        for price in PRICES:
            right = cost = 0.0
            for tuning, measured in parts:
                stops = _stops(_learned(tuning, price), measured)
                cost += float(stops.sum())
                right += float(measured.quality[np.arange(len(stops)), stops - 1].sum())
            if right >= wanted - 1e-9 and cost < fewest:
                best, fewest = price, cost
        return cls(best, _learned(table, best))

    def kept(self) -> dict[str, Any]:
        """As JSON can hold it; :meth:`of_kept` makes the same of it again."""
        lines = {
            str(count): [one.level, one.middle.tolist(), one.slopes.tolist()] for count, one in self._lines.items()
        }
        return {"looks": LOOKS, "price": self.price, "lines": lines}

    @classmethod
    def of_kept(cls, kept: Mapping[str, Any]) -> Gains | None:
        """None where it was kept by a version to which items look otherwise: then it must be learned anew."""
        if kept.get("looks") != LOOKS:
            return None
        lines = {
            int(count): _Line(level, np.array(middle), np.array(slopes))
            for count, (level, middle, slopes) in kept["lines"].items()
        }
        return cls(kept["price"], lines)

    def worth(self, answers: int, looks: Sequence[float]) -> float | None:
        """What going on is expected to bring beyond its price: the share that is right, less the price of each answer.

        Beyond the most answers that decided items had, as with the most; None where nothing was learned.
        """
        known = [count for count in self._lines if count <= answers]
        if not known:
            return None
        return float(self._lines[max(known)].of(np.array(looks)))


def _learned(table: _Table, price: float) -> dict[int, _Line]:
    """Backwards: what one more answer brought, and what followed where the rule would have gone on."""
    lines: dict[int, _Line] = {}
    followed = np.zeros(len(table.length))
    for answers in range(table.quality.shape[1] - 1, 0, -1):
        more = table.length > answers
        net = np.where(more, table.quality[:, answers] - table.quality[:, answers - 1] - price + followed, 0.0)
        followed = np.zeros(len(table.length))
        if int(more.sum()) >= LEAST_STEPS:
            looks = table.looks[:, answers - 1]
            lines[answers] = _ridge(looks[more], net[more])
            followed = np.where(more & (lines[answers].of(looks) > 0), net, 0.0)
    return lines


def _ridge(looks: Numbers, net: Numbers) -> _Line:
    """Hoerl and Kennard (1970)."""
    middle, spread = looks.mean(0), looks.std(0)
    scale = np.where(spread > 1e-9, 1 / np.maximum(spread, 1e-9), 0.0)
    standard = (looks - middle) * scale
    level = float(net.mean())
    slopes = np.linalg.solve(standard.T @ standard + RIDGE * np.eye(len(middle)), standard.T @ (net - level))
    return _Line(level, middle, slopes * scale)


def _stops(lines: dict[int, _Line], table: _Table) -> NDArray[np.int64]:
    """After how many answers each history ends by the rule."""
    stops = table.length.copy()
    line: Any = None
    going = np.ones(len(stops), bool)
    for answers in range(1, table.quality.shape[1]):
        line = lines.get(answers, line)
        if line is None:
            continue
        ended = going & (table.length > answers) & (line.of(table.looks[:, answers - 1]) <= 0)
        stops[ended] = answers
        going &= ~ended
    return stops
