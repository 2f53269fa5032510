"""Whom to follow about places: weights for answers, learned over a whole project from agreement alone."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from micro.core.consensus.places import SAME_PLACE_M, Point, metres_apart, vector_of


@dataclass(frozen=True)
class PlaceAnswer:
    """One volunteer's point (degrees) for one item."""

    item: Hashable
    volunteer: Hashable
    lat: float
    lon: float


PRIOR, PRIOR_ANSWERS = 0.3, 4.0
ROUNDS = 3
RARE = 0.5  # How much a coordinate that is given again and again loses: this power of how often.
COMMON = 0.25  # The same for what agreeing on such a coordinate says of the two volunteers.
LEAST_WEIGHT = 0.02


def place_weights(answers: Sequence[PlaceAnswer]) -> list[float]:
    """A weight above 0 for every answer, in their order: how much it should count in :func:`merge_places`.

    Two things are learned over all items. First who is reliable: how often others who answered the same item put it
    within SAME_PLACE_M, each of them counted by their own reliability, shrunk to PRIOR as if PRIOR_ANSWERS had been
    seen before. A disagreement of two counts against both, so that no volunteer is believed more and more for
    having been believed, as happens to Dawid and Skene's iteration when nearly all items have two answers. Second
    which coordinates are suspicious: the very same point given for many items is more often where the map began, or
    where a search for a country lands, than a place; its weight falls with the number of other items that it was
    given for. An item with one answer teaches nothing. Cost: answers, times answers an item.
    """
    items: dict[Hashable, list[int]] = defaultdict(list)
    for number, answer in enumerate(answers):
        items[answer.item].append(number)
    elsewhere = _elsewhere(answers, items)
    pairs = _pairs(answers, items, elsewhere)
    reliable = _reliabilities(answers, pairs)
    ways = len(items) + 1
    return [
        max(
            LEAST_WEIGHT,
            math.log(reliable[answer.volunteer] / (1 - reliable[answer.volunteer]))
            + RARE * math.log(ways / (elsewhere[number] + 1)),
        )
        for number, answer in enumerate(answers)
    ]


def _elsewhere(answers: Sequence[PlaceAnswer], items: Mapping[Hashable, Sequence[int]]) -> list[int]:
    """For each answer the number of other items that anybody gave exactly this point for."""
    times: Counter[Point] = Counter()
    for numbers in items.values():
        times.update({(answers[i].lat, answers[i].lon) for i in numbers})
    return [times[answer.lat, answer.lon] - 1 for answer in answers]


def _pairs(
    answers: Sequence[PlaceAnswer], items: Mapping[Hashable, Sequence[int]], elsewhere: Sequence[int]
) -> list[list[tuple[Hashable, float]]]:
    """For each answer the other volunteers of its item, and how much they agree with it (0 to 1)."""
    vectors = [vector_of(answer.lat, answer.lon) for answer in answers]
    pairs: list[list[tuple[Hashable, float]]] = [[] for _ in answers]
    for numbers in items.values():
        for i in numbers:
            for j in numbers:
                if answers[i].volunteer != answers[j].volunteer:
                    near = metres_apart(vectors[i], vectors[j]) <= SAME_PLACE_M
                    agreed = (1 + min(elsewhere[i], elsewhere[j])) ** -COMMON if near else 0.0
                    pairs[i].append((answers[j].volunteer, agreed))
    return pairs


def _reliabilities(
    answers: Sequence[PlaceAnswer], pairs: Sequence[Sequence[tuple[Hashable, float]]]
) -> dict[Hashable, float]:
    """How often each volunteer is right, 0.03 to 0.95."""
    reliable: dict[Hashable, float] = {answer.volunteer: PRIOR for answer in answers}
    for _ in range(ROUNDS):
        shares: dict[Hashable, list[float]] = defaultdict(list)
        for answer, others in zip(answers, pairs, strict=True):
            if others:
                among = math.fsum(reliable[other] for other, _ in others)
                shares[answer.volunteer].append(math.fsum(reliable[o] * agreed for o, agreed in others) / among)
        reliable = {
            one: min(
                0.95, max(0.03, (PRIOR * PRIOR_ANSWERS + math.fsum(shares[one])) / (PRIOR_ANSWERS + len(shares[one])))
            )
            for one in reliable
        }
    return reliable
