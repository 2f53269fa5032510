"""Places: points that lie close together mean the same place, and its geometric median stands for all of them.

Distances are those of the sphere, so neither the antimeridian nor a pole is an edge. Nothing depends on the order of
the answers. :func:`merge_places` merges bare points with weights, which place_weights.py learns over a project;
:func:`merge_points` merges a field of a form.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from micro.core.consensus.confidence import WRONG_WAYS
from micro.core.consensus.outcome import Group, Outcome, leading_of
from micro.core.fields.points import EARTH_M, decimal_text

SAME_PLACE_M = 1000.0
"""Two points at most this far apart, in metres, may be one place."""

CLOSE_ENOUGH_M = 0.001
MOST_STEPS = 200
LEAST_WEIGHT = 0.02  # Of one answer, be its giver ever so unreliable.
LIKE = 1e-9  # Weights that differ by less than this share are the same.

Vector = tuple[float, float, float]
Point = tuple[float, float]


@dataclass(frozen=True)
class Place:
    """Where a place is (degrees of WGS 84), and who says so.

    ``support`` is the share (0 to 1) of all weight that lies in it, ``rival`` the share of the next heaviest place;
    ``members`` are the numbers of the points that it was made of; ``spread_m`` is their weighted median distance from
    it, in metres. ``given`` is the number of the point that is exactly here, or None when it lies between the points.
    ``tied``: another place weighs the same, and this one is only a guess.
    """

    lat: float
    lon: float
    support: float
    rival: float
    spread_m: float
    members: tuple[int, ...]
    given: int | None
    tied: bool


def merge_places(points: Sequence[Point], weights: Sequence[float], radius_m: float = SAME_PLACE_M) -> Place | None:
    """The heaviest place among points (lat, lon in degrees) with weights above 0; None without a point.

    A place is a point that somebody gave with all that lie within ``radius_m`` of it. The heaviest comes first, of
    equals the one whose points lie closest to its middle, then the one furthest south and west. Weights may be scaled
    by any factor. Cost: points squared.
    """
    if not points:
        return None
    total = math.fsum(weights)
    vectors = [vector_of(*point) for point in points]
    order = sorted(range(len(points)), key=lambda i: (points[i], -weights[i]))
    groups = _balls(vectors, [weight / total for weight in weights], order, radius_m)
    (support, members), rivals = groups[0], [share for share, _ in groups[1:]]
    rival = max(rivals, default=0.0)
    centre, given = _median(vectors, weights, members, points)
    lat, lon = points[given] if given is not None else _degrees(centre)
    far = sorted((metres_apart(centre, vectors[i]), weights[i]) for i in members)
    return Place(
        lat, lon, support, rival, _weighted_median(far), tuple(sorted(members)), given, rival > support * (1 - LIKE)
    )


def geometric_median(points: Sequence[Point], weights: Sequence[float]) -> Point:
    """The point with the least weighted sum of distances on the sphere to ``points`` (lat, lon), of which there is one.

    Weiszfeld's iteration with the step of Vardi and Zhang (2000, doi:10.1073/pnas.97.4.1423), which may begin and end
    on a given point, in the tangent plane of the sphere as of Fletcher and others (2009,
    doi:10.1016/j.neuroimage.2008.10.052). Where a whole line is best, such as between two points of equal weight, it is
    the given point furthest south and west.
    """
    order = sorted(range(len(points)), key=lambda i: (points[i], -weights[i]))
    centre, given = _median([vector_of(*point) for point in points], weights, order, points)
    return points[given] if given is not None else _degrees(centre)


def _balls(
    vectors: Sequence[Vector], shares: Sequence[float], order: Sequence[int], radius_m: float
) -> list[tuple[float, list[int]]]:
    """All points in places: [(share of the weight, numbers of its points)], the heaviest first."""
    left, found = list(order), []
    while left:
        ranked = []
        for place, i in enumerate(left):
            away = {j: metres_apart(vectors[i], vectors[j]) for j in left}
            near = [j for j in left if away[j] <= radius_m]
            weight = math.fsum(shares[j] for j in near)
            ranked.append((-round(weight, 9), round(math.fsum(shares[j] * away[j] for j in near), 3), place, near))
        minus, _, _, near = min(ranked)
        found.append((-minus, near))
        left = [j for j in left if j not in near]
    return found


def _median(
    vectors: Sequence[Vector], weights: Sequence[float], members: Sequence[int], points: Sequence[Point]
) -> tuple[Vector, int | None]:
    """The geometric median of the members, and the number of the given point that it is."""
    mass: dict[Point, float] = defaultdict(float)
    first: dict[Point, int] = {}
    for i in members:
        mass[points[i]] += weights[i]
        first.setdefault(points[i], i)
    spots = [(first[point], mass[point]) for point in sorted(mass)]
    total = math.fsum(weight for _, weight in spots)
    for i, weight in spots:  # A given point is best when what pulls it away weighs no more than it does.
        if 2 * weight >= total * (1 - LIKE) or _pull(vectors[i], spots, vectors) <= weight + LIKE * total:
            return vectors[i], i
    return _weiszfeld(spots, vectors), None


def _pull(at: Vector, spots: Sequence[tuple[int, float]], vectors: Sequence[Vector]) -> float:
    """How strongly all others pull a point away, each with its weight along its direction."""
    pulls = [[weight * part for part in _unit(_towards(at, vectors[i]))] for i, weight in spots if vectors[i] != at]
    return math.hypot(*(math.fsum(pull[axis] for pull in pulls) for axis in range(3)))


def _weiszfeld(spots: Sequence[tuple[int, float]], vectors: Sequence[Vector]) -> Vector:
    """The iteration from the weighted mean on; it stops when a step is shorter than CLOSE_ENOUGH_M."""
    mean = [math.fsum(weight * vectors[i][axis] for i, weight in spots) for axis in range(3)]
    at = _unit((mean[0], mean[1], mean[2])) if math.hypot(*mean) > LIKE else vectors[spots[0][0]]
    for _ in range(MOST_STEPS):
        steps = [(weight, _towards(at, vectors[i])) for i, weight in spots]
        pulls = [(weight / math.hypot(*step), step) for weight, step in steps if math.hypot(*step) > 1e-15]
        whole = math.fsum(pull for pull, _ in pulls)
        step = [math.fsum(pull * part[axis] for pull, part in pulls) / whole for axis in range(3)]
        length = math.hypot(*step)
        if length * EARTH_M < CLOSE_ENOUGH_M:
            break
        ahead = [math.cos(length) * here + math.sin(length) / length * go for here, go in zip(at, step, strict=True)]
        at = _unit((ahead[0], ahead[1], ahead[2]))
    return at


def vector_of(lat: float, lon: float) -> Vector:
    lat, lon = math.radians(lat), math.radians(lon)
    return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)


def _degrees(at: Vector) -> Point:
    """Latitude and longitude, to seven decimals as fields keep them."""
    x, y, z = at
    return round(math.degrees(math.atan2(z, math.hypot(x, y))), 7), round(math.degrees(math.atan2(y, x)), 7)


def metres_apart(one: Vector, other: Vector) -> float:
    """The distance along a great circle; exact also for points that are very close or opposite."""
    (a, b, c), (x, y, z) = one, other
    return EARTH_M * math.atan2(math.hypot(b * z - c * y, c * x - a * z, a * y - b * x), a * x + b * y + c * z)


def _towards(at: Vector, to: Vector) -> Vector:
    """The direction from one point to the other in the tangent plane, as long as the angle between them (radians)."""
    along = sum(a * b for a, b in zip(at, to, strict=True))
    x, y, z = (b - along * a for a, b in zip(at, to, strict=True))
    length = math.hypot(x, y, z)
    if length < 1e-15:
        return 0.0, 0.0, 0.0
    turn = math.atan2(length, along) / length
    return x * turn, y * turn, z * turn


def _unit(vector: Vector) -> Vector:
    length = math.hypot(*vector)
    return (vector[0] / length, vector[1] / length, vector[2] / length) if length else (0.0, 0.0, 0.0)


def _weighted_median(ordered: Sequence[tuple[float, float]]) -> float:
    """The lower weighted median of (value, weight) in order of the values."""
    half, so_far = math.fsum(weight for _, weight in ordered) / 2, 0.0
    for value, weight in ordered:
        so_far += weight
        if so_far >= half * (1 - LIKE):
            return value
    return ordered[-1][0]


def merge_points(groups: Sequence[Group], evidence: tuple[dict[str, Any], ...]) -> Outcome:
    """The place with the most support, against all other places and the marks."""
    left = [group for group in groups if "value" in group.said]
    spots = [(float(group.said["value"]["lat"]), float(group.said["value"]["lon"])) for group in left]
    weights = [_weight(group) for group in left]
    votes: dict[str, list[float]] = {group.key: group.votes for group in groups if "value" not in group.said}
    found: dict[str, tuple[Place, list[Group]]] = {}
    while left:
        place = merge_places(spots, weights)
        assert place is not None
        inside = set(place.members)
        members = [left[i] for i in place.members]
        key = min(group.key for group in members)
        found[key] = place, members
        votes[key] = [vote for group in members for vote in group.votes]
        rest = [i for i in range(len(left)) if i not in inside]
        left, spots, weights = [left[i] for i in rest], [spots[i] for i in rest], [weights[i] for i in rest]
    best, leading, _ = leading_of(votes)
    first = next(iter(found))
    chosen = first if first in leading else leading[0]
    if chosen not in found:
        said = next(group.said for group in groups if group.key == chosen)
        return Outcome(said, best, evidence, tied=len(leading) > 1)
    return Outcome(_said(*found[chosen]), best, evidence, tied=len(leading) > 1)


def _said(place: Place, members: Sequence[Group]) -> dict[str, Any]:
    """The place as a value: as somebody wrote it, or to seven decimals when it lies between what was written."""
    for group in sorted(members, key=lambda g: g.key):
        value = group.said["value"]
        if (float(value["lat"]), float(value["lon"])) == (place.lat, place.lon):
            return {"value": value}
    return {"value": {"lat": decimal_text(Decimal(repr(place.lat))), "lon": decimal_text(Decimal(repr(place.lon)))}}


def _weight(group: Group) -> float:
    """The evidence of these answers in the terms of confidence.py, by the reliability of each giver; above 0."""
    return math.fsum(max(LEAST_WEIGHT, _log_odds(vote)) for vote in group.votes)


def _log_odds(reliability: float) -> float:
    return math.log(reliability) - math.log((1 - reliability) / WRONG_WAYS)
