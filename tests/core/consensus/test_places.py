"""Places: properties of the geometric median on the sphere and of the heaviest place, then learning whom to follow."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micro.core.consensus.place_weights import PlaceAnswer, place_weights
from micro.core.consensus.places import (
    SAME_PLACE_M,
    geometric_median,
    merge_places,
)
from micro.core.fields.points import EARTH_M, metres_between

Point = tuple[float, float]
DEGREE_M = math.radians(1) * EARTH_M
ANYWHERE = st.tuples(
    st.integers(-90_000, 90_000).map(lambda n: n / 1000), st.integers(-180_000, 180_000).map(lambda n: n / 1000)
)
# A small neighbourhood that lies across the antimeridian, and one about the pole.
NEAR = st.one_of(
    st.tuples(st.sampled_from([-17.0, -17.002, -17.004]), st.sampled_from([179.999, -179.999, 179.997])),
    st.tuples(st.sampled_from([89.999, 89.998]), st.sampled_from([0.0, 90.0, 180.0, -45.0])),
    st.tuples(st.sampled_from([51.5, 51.505, 51.52]), st.sampled_from([-0.9, -0.905])),
)
WEIGHTS = st.sampled_from([0.25, 0.5, 1.0, 1.5, 2.0, 3.0])
WEIGHED = st.lists(st.tuples(st.one_of(NEAR, ANYWHERE), WEIGHTS), min_size=1, max_size=7)


def away(one: Point, other: Point) -> float:
    return metres_between({"lat": one[0], "lon": one[1]}, {"lat": other[0], "lon": other[1]})


def cost(at: Point, weighed: list[tuple[Point, float]]) -> float:
    return math.fsum(weight * away(at, point) for point, weight in weighed)


@settings(max_examples=200, deadline=None)
@given(WEIGHED, st.randoms(use_true_random=False))
def test_the_order_of_points_never_matters(weighed: list[tuple[Point, float]], chance: random.Random) -> None:
    mixed = list(weighed)
    chance.shuffle(mixed)
    one, other = (merge_places([p for p, _ in some], [w for _, w in some]) for some in (weighed, mixed))
    assert one is not None
    assert other is not None
    assert (one.lat, one.lon, one.support, one.rival, one.tied) == (
        other.lat,
        other.lon,
        other.support,
        other.rival,
        other.tied,
    )
    assert sorted(weighed[i] for i in one.members) == sorted(mixed[i] for i in other.members)


@settings(max_examples=200, deadline=None)
@given(WEIGHED, st.sampled_from([0.001, 0.5, 7.0, 1000.0]))
def test_the_scale_of_weights_never_matters(weighed: list[tuple[Point, float]], scale: float) -> None:
    points = [point for point, _ in weighed]
    once = merge_places(points, [weight for _, weight in weighed])
    scaled = merge_places(points, [weight * scale for _, weight in weighed])
    assert once is not None
    assert scaled is not None
    assert (once.members, once.given, once.tied) == (scaled.members, scaled.given, scaled.tied)
    assert away((once.lat, once.lon), (scaled.lat, scaled.lon)) < 0.1
    assert once.support == pytest.approx(scaled.support)


@settings(max_examples=200, deadline=None)
@given(WEIGHED)
def test_every_point_twice_is_the_same_as_each_with_twice_the_weight(weighed: list[tuple[Point, float]]) -> None:
    points, weights = [p for p, _ in weighed], [w for _, w in weighed]
    twice, heavier = merge_places(points * 2, weights * 2), merge_places(points, [2 * w for w in weights])
    assert twice is not None
    assert heavier is not None
    assert (twice.lat, twice.lon, twice.tied) == (heavier.lat, heavier.lon, heavier.tied)


@given(st.one_of(NEAR, ANYWHERE), st.integers(1, 6))
def test_what_everybody_says_is_the_place(point: Point, times: int) -> None:
    place = merge_places([point] * times, [1.0] * times)
    assert place is not None
    assert (place.lat, place.lon) == point
    assert (place.support, place.rival, place.spread_m, place.tied) == (pytest.approx(1.0), 0.0, 0.0, False)


def test_without_a_point_there_is_no_place() -> None:
    assert merge_places([], []) is None
    assert place_weights([]) == []


@settings(max_examples=200, deadline=None)
@given(WEIGHED)
def test_one_more_who_says_the_same_never_lowers_the_support(weighed: list[tuple[Point, float]]) -> None:
    points, weights = [p for p, _ in weighed], [w for _, w in weighed]
    before = merge_places(points, weights)
    assert before is not None
    after = merge_places([*points, (before.lat, before.lon)], [*weights, 1.0])
    assert after is not None
    assert after.support >= before.support - 1e-9
    assert not after.tied
    assert set(before.members) <= set(after.members)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(NEAR, WEIGHTS), min_size=1, max_size=6))
def test_no_point_nearby_is_better_than_the_geometric_median(weighed: list[tuple[Point, float]]) -> None:
    """Judged by an own measure: the weighted sum of haversine distances, at the median and round about it."""
    clustered = [(p, w) for p, w in weighed if away(p, weighed[0][0]) < 5000]
    lat, lon = geometric_median([p for p, _ in clustered], [w for _, w in clustered])
    least = cost((lat, lon), clustered)
    for step in (0.05, 1.0, 100.0):
        north = step / DEGREE_M
        east = north / max(0.001, math.cos(math.radians(lat)))
        for up, right in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1)):
            moved = (max(-90.0, min(90.0, lat + up * north)), lon + right * east)
            assert cost(moved, clustered) >= least - 0.005 * sum(w for _, w in clustered)


def test_the_median_lies_between_three_points_that_surround_it() -> None:
    lat, lon = geometric_median([(0.0, 0.0), (0.0, 0.01), (0.00866, 0.005)], [1.0, 1.0, 1.0])
    assert (lat, lon) == (pytest.approx(0.002887, abs=2e-5), pytest.approx(0.005, abs=2e-6))  # Fermat's point.


def test_one_far_away_does_not_drag_the_place_along() -> None:
    place = merge_places([(51.5, -0.9), (51.501, -0.9), (51.502, -0.9), (51.509, -0.9)], [1.0] * 4)
    assert place is not None
    assert 51.5 <= place.lat <= 51.502


@pytest.mark.parametrize("one_lon", [179.9995, -179.9995])
def test_neither_the_antimeridian_nor_a_pole_is_an_edge(one_lon: float) -> None:
    place = merge_places([(-17.0, one_lon), (-17.0, -one_lon), (-17.004, 180.0), (10.0, 0.0)], [1.0] * 4)
    assert place is not None
    assert (place.members, place.lat) == ((0, 1, 2), pytest.approx(-17.0, abs=0.001))
    assert abs(place.lon) == pytest.approx(180, abs=0.001)
    polar = merge_places([(89.999, 0.0), (89.999, 120.0), (89.999, -120.0)], [1.0] * 3)
    assert polar is not None
    assert len(polar.members) == 3
    assert polar.lat == pytest.approx(90, abs=1e-5)


def test_two_places_of_the_same_weight_are_a_tie_whoever_came_first() -> None:
    one, other = (
        merge_places(points, [1.0, 1.0]) for points in ([(51.5, 0.0), (40.0, 0.0)], [(40.0, 0.0), (51.5, 0.0)])
    )
    assert one is not None
    assert other is not None
    assert one.tied
    assert (one.lat, one.lon) == (other.lat, other.lon)


def test_weight_decides_where_counting_heads_does_not() -> None:
    place = merge_places([(51.5, 0.0), (40.0, 0.0)], [1.0, 1.5])
    assert place is not None
    assert (place.lat, place.tied, place.support) == (40.0, False, pytest.approx(0.6))


def test_the_stated_distance_is_that_of_one_place() -> None:
    near, far = SAME_PLACE_M * 0.99 / DEGREE_M, SAME_PLACE_M * 1.01 / DEGREE_M
    for step, together in ((near, 2), (far, 1)):
        place = merge_places([(51.5, 0.0), (51.5 + step, 0.0)], [1.0, 2.0])
        assert place is not None
        assert len(place.members) == together


START = (45.46662, 9.19062)


def looking_for(items: int, seed: int) -> tuple[list[PlaceAnswer], dict[int, Point]]:
    """Two answers an item, by five careful volunteers and two who leave the map where it began half of the time."""
    chance = random.Random(seed)
    answers, truth = [], {}
    for item in range(items):
        truth[item] = (round(chance.uniform(49, 58), 5), round(chance.uniform(-8, 1), 5))
        for who in chance.sample(range(7), 2):
            if who >= 5 and chance.random() < 0.6:
                where = START
            elif chance.random() < (0.9 if who < 5 else 0.5):
                where = truth[item]
            else:
                where = (round(chance.uniform(49, 58), 5), round(chance.uniform(-8, 1), 5))
            answers.append(PlaceAnswer(item, who, *where))
    return answers, truth


def found(answers: list[PlaceAnswer], weights: list[float]) -> dict[int, Point]:
    places = {}
    for item in {answer.item for answer in answers}:
        mine = [i for i, answer in enumerate(answers) if answer.item == item]
        place = merge_places([(answers[i].lat, answers[i].lon) for i in mine], [weights[i] for i in mine])
        assert place is not None
        places[item] = (place.lat, place.lon)
    return places


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_those_who_leave_the_map_where_it_began_are_not_followed(seed: int) -> None:
    answers, truth = looking_for(200, seed)
    weights = place_weights(answers)
    learned, blind = found(answers, weights), found(answers, [1.0] * len(answers))
    right = [sum(away(places[item], truth[item]) < 1000 for item in truth) for places in (learned, blind)]
    assert right[0] > right[1] + 20
    assert max(w for w, a in zip(weights, answers, strict=True) if (a.lat, a.lon) == START) < min(
        w for w, a in zip(weights, answers, strict=True) if a.volunteer == 0
    )


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False))
def test_what_is_learned_does_not_depend_on_the_order_of_answers(chance: random.Random) -> None:
    answers, _ = looking_for(30, 4)
    weights = dict(zip(((a.item, a.volunteer) for a in answers), place_weights(answers), strict=True))
    mixed = list(answers)
    chance.shuffle(mixed)
    assert {(a.item, a.volunteer): w for a, w in zip(mixed, place_weights(mixed), strict=True)} == pytest.approx(
        weights
    )


def test_a_newcomer_is_not_punished() -> None:
    answers, _ = looking_for(200, 5)
    weights = place_weights([*answers, PlaceAnswer(999, "new", 53.0, -1.0), PlaceAnswer(999, 0, 54.0, -1.0)])
    idle = [w for w, a in zip(weights, answers, strict=False) if a.volunteer == 6 and (a.lat, a.lon) != START]
    assert max(idle) < weights[-2] < weights[-1]
