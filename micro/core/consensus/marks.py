"""Marks on a scan: points, boxes and polygons of several volunteers matched to the things that they marked.

Each thing that anybody marked is kept: with the mean point, the median box or the voted polygon, with how many saw it,
and with the probability that it is really there, which is low where few did.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from micro.core.consensus.outlines import Outline, box_overlap, overlap, voted_outline

Kind = Literal["point", "box", "polygon"]

NEAR = 0.02
"""Two points at most this far apart may be one thing; by default in shares of the scan's size."""

ALIKE = 0.4
"""Two boxes or polygons may be one thing when their intersection over union is at least this much."""

FINDS, INVENTS, THERE = 0.8, 0.1, 0.5
LIKE = 1e-9


@dataclass(frozen=True)
class Mark:
    """One volunteer's mark: a point (x, y), a box (left, top, right, bottom), or a polygon's corners one after
    another."""

    volunteer: Hashable
    kind: Kind
    shape: tuple[float, ...]
    label: str = ""

    @property
    def outline(self) -> Outline:
        """The corners of a polygon."""
        return tuple(zip(self.shape[::2], self.shape[1::2], strict=True))


@dataclass(frozen=True)
class Thing:
    """What marks agree on. ``seen`` of ``looked`` volunteers marked it; ``chance`` (0 to 1) that it is really there.

    ``label`` is the one with most weight, and ``label_tied`` whether another has as much. ``members`` are the numbers
    of the marks.
    """

    kind: Kind
    shape: tuple[float, ...]
    label: str
    label_tied: bool
    seen: int
    looked: int
    chance: float
    members: tuple[int, ...]


def merge_marks(
    marks: Sequence[Mark],
    looked: Collection[Hashable],
    weights: Mapping[Hashable, float] | None = None,
    finds: Mapping[Hashable, float] | None = None,
    near: float = NEAR,
) -> list[Thing]:
    """All things that anybody marked, the surest first, then from top to bottom.

    ``looked`` are all who looked at the scan, also those who marked nothing; ``weights`` how much each counts for
    shapes and labels (1 when left out), by any scale; ``finds`` how likely each sees a thing that is there (FINDS when
    left out). No mark: no thing. The probability of a thing is that of Dawid and Skene's model with two answers, seen
    or not: a volunteer marks what is there with ``finds`` and what is not with INVENTS. Cost: pairs of marks that
    touch.
    """
    everyone = sorted({*looked, *(mark.volunteer for mark in marks)}, key=repr)
    heavy = {who: (weights or {}).get(who, 1.0) for who in everyone}
    things = []
    for members in _clusters(marks, near):
        mine = [marks[i] for i in members]
        shares = [heavy[mark.volunteer] for mark in mine]
        label, label_tied = _label(mine, shares)
        saw = {mark.volunteer for mark in mine}
        chance = _chance(everyone, saw, finds or {})
        things.append(
            Thing(
                mine[0].kind, _shape(mine, shares), label, label_tied, len(saw), len(everyone), chance, tuple(members)
            )
        )
    return sorted(things, key=lambda one: (-round(one.chance, 9), one.kind, one.shape[1::-1], one.shape, one.label))


def _clusters(marks: Sequence[Mark], near: float) -> list[list[int]]:
    """The marks matched, none of a volunteer twice in one cluster: [numbers of marks, ascending].

    Agglomerative clustering with average linkage and cannot-link constraints (Davidson and Ravi 2005, Agglomerative
    hierarchical clustering with constraints): the closest pair is joined first, and two clusters only when they share
    no volunteer and their marks are on average close enough. Of pairs equally close, those whose marks come first by
    shape are joined first, so that the order of the answers decides nothing.
    """
    order = sorted(
        range(len(marks)), key=lambda i: (marks[i].kind, marks[i].shape, marks[i].label, repr(marks[i].volunteer))
    )
    far: dict[tuple[int, int], float] = {}
    for a in range(len(order)):
        for b in range(a + 1, len(order)):
            away = _apart(marks[order[a]], marks[order[b]], near)
            if away < 1:
                far[a, b] = away
    cluster_of = {place: [place] for place in range(len(order))}
    for a, b in sorted(far, key=lambda pair: (round(far[pair], 9), pair)):
        one, other = cluster_of[a], cluster_of[b]
        if one is other or not _may_join(one, other, [marks[i].volunteer for i in order], far):
            continue
        joined = sorted([*one, *other])
        for place in joined:
            cluster_of[place] = joined
    distinct = {id(cluster): cluster for cluster in cluster_of.values()}
    return [sorted(order[place] for place in cluster) for cluster in distinct.values()]


def _may_join(
    one: Sequence[int], other: Sequence[int], volunteers: Sequence[Hashable], far: Mapping[tuple[int, int], float]
) -> bool:
    if {volunteers[a] for a in one} & {volunteers[b] for b in other}:
        return False
    pairs = [far.get((min(a, b), max(a, b)), 1.5) for a in one for b in other]
    return math.fsum(pairs) / len(pairs) < 1


def _apart(one: Mark, other: Mark, near: float) -> float:
    """How far apart two marks are: 0 for the same, below 1 for what may be one thing."""
    if one.kind != other.kind or one.volunteer == other.volunteer:
        return math.inf
    if one.shape == other.shape:
        return 0.0
    if one.kind == "point":
        away = math.dist(one.shape, other.shape) / near if near > 0 else math.inf
        return away * (1 - LIKE)
    alike = box_overlap(one.shape, other.shape) if one.kind == "box" else overlap(one.outline, other.outline)
    return (1 - alike) / (1 - ALIKE) * (1 - LIKE)


def _shape(marks: Sequence[Mark], weights: Sequence[float]) -> tuple[float, ...]:
    shapes = {mark.shape for mark in marks}
    if len(shapes) == 1:
        return next(iter(shapes))
    match marks[0].kind:
        case "point":
            total = math.fsum(weights)
            return tuple(
                math.fsum(weight * mark.shape[axis] for mark, weight in zip(marks, weights, strict=True)) / total
                for axis in (0, 1)
            )
        case "box":
            return tuple(
                _median([(m.shape[side], w) for m, w in zip(marks, weights, strict=True)]) for side in range(4)
            )
        case "polygon":
            voted = voted_outline([mark.outline for mark in marks], weights)
            return tuple(part for corner in voted for part in corner)


def _median(weighed: Sequence[tuple[float, float]]) -> float:
    """The weighted median; where half of the weight lies on each side, the middle between the two."""
    ordered = sorted(weighed)
    half, so_far = math.fsum(weight for _, weight in ordered) / 2, 0.0
    for place, (value, weight) in enumerate(ordered):
        so_far += weight
        if abs(so_far - half) <= LIKE * half and place + 1 < len(ordered):
            return (value + ordered[place + 1][0]) / 2
        if so_far > half:
            return value
    return ordered[-1][0]


def _label(marks: Sequence[Mark], weights: Sequence[float]) -> tuple[str, bool]:
    """The label with most weight, of equals the first by its text, and whether there are such equals."""
    given: dict[str, list[float]] = defaultdict(list)
    for mark, weight in zip(marks, weights, strict=True):
        given[mark.label].append(weight)
    total = math.fsum(weights)
    shares = {label: round(math.fsum(parts) / total, 9) for label, parts in given.items()}
    best = max(shares.values())
    leaders = sorted(label for label, share in shares.items() if share == best)
    return leaders[0], len(leaders) > 1


def _chance(everyone: Sequence[Hashable], saw: Collection[Hashable], finds: Mapping[Hashable, float]) -> float:
    """The probability that a thing is there, from who of all who looked saw it."""
    odds = math.log(THERE / (1 - THERE))
    for who in everyone:
        found = min(max(finds.get(who, FINDS), INVENTS + 0.01), 0.99)
        odds += math.log(found / INVENTS) if who in saw else math.log((1 - found) / (1 - INVENTS))
    return 1 / (1 + math.exp(-odds)) if odds > -700 else 0.0
