"""Points: those that lie close together mean the same place, and the one in their middle stands for all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from micro.core.consensus.confidence import SURE, UNSURE, WRONG_WAYS
from micro.core.consensus.outcome import Group, Outcome, leading_of
from micro.core.fields.points import metres_between

SAME_PLACE_M = 1000.0
"""Two points at most this far apart, in metres, may be one place."""


def merge_points(groups: Sequence[Group], evidence: tuple[dict[str, Any], ...]) -> Outcome:
    """The place with the most support, against all other places and the marks.

    A place is a point that somebody gave with all that lie within SAME_PLACE_M of it. The heaviest place comes first,
    then the heaviest among what is left, and so on; of equals the one whose points lie closest to its middle.
    Cost: groups squared.
    """
    left = [group for group in groups if "value" in group.said]
    places: dict[str, tuple[Group, list[Group]]] = {}
    while left:
        middle, near = _heaviest(left)
        places[middle.key] = middle, near
        left = [group for group in left if group not in near]
    votes = {key: [vote for group in near for vote in group.votes] for key, (_, near) in places.items()}
    votes |= {group.key: group.votes for group in groups if "value" not in group.said}
    best, leading, _ = leading_of(votes)
    first = next(iter(places))
    chosen = first if first in leading else leading[0]
    said = places[chosen][0].said if chosen in places else next(g.said for g in groups if g.key == chosen)
    return Outcome(said, best, evidence, tied=len(leading) > 1)


def _heaviest(groups: Sequence[Group]) -> tuple[Group, list[Group]]:
    """The point with the most support round it, and all points near it, itself among them."""

    def rank(group: Group) -> tuple[float, float, str]:
        near = _near(group, groups)
        spread = math.fsum(other.count * metres_between(group.said["value"], other.said["value"]) for other in near)
        return -_weight(near), round(spread, 3), group.key

    middle = min(groups, key=rank)
    return middle, _near(middle, groups)


def _near(middle: Group, groups: Sequence[Group]) -> list[Group]:
    return [other for other in groups if metres_between(middle.said["value"], other.said["value"]) <= SAME_PLACE_M]


def _weight(groups: Sequence[Group]) -> float:
    """The evidence of these answers in the terms of confidence.py, so that the heaviest place is the likeliest."""
    unsure = sum(group.unsure for group in groups)
    sure = sum(group.count for group in groups) - unsure
    return round(sure * _log_odds(SURE) + unsure * _log_odds(UNSURE), 9)


def _log_odds(reliability: float) -> float:
    return math.log(reliability) - math.log((1 - reliability) / WRONG_WAYS)
