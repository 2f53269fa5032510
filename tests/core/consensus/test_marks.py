"""Marks: matched to things whoever came first, no two of one volunteer together, and how sure it is that they exist."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micro.core.consensus.marks import Mark, Thing, merge_marks
from micro.core.consensus.outlines import area_of, box_overlap, overlap, voted_outline

GRID = st.sampled_from([n / 100 for n in range(0, 100, 3)])
POINTS = st.builds(
    lambda who, x, y, label: Mark(who, "point", (x, y), label),
    st.integers(1, 4),
    GRID,
    GRID,
    st.sampled_from(["", "axe", "sword"]),
)
BOXES = st.builds(
    lambda who, x, y, w, h: Mark(who, "box", (x, y, x + w, y + h)),
    st.integers(1, 4),
    GRID,
    GRID,
    st.sampled_from([0.1, 0.2]),
    st.sampled_from([0.1, 0.3]),
)
MARKS = st.lists(st.one_of(POINTS, BOXES), max_size=10)


def told(things: list[Thing], marks: list[Mark]) -> list[tuple[object, ...]]:
    return [
        (
            t.kind,
            tuple(round(x, 9) for x in t.shape),
            t.label,
            t.label_tied,
            t.seen,
            t.chance,
            sorted(repr(marks[i]) for i in t.members),
        )
        for t in things
    ]


@settings(max_examples=200, deadline=None)
@given(MARKS, st.randoms(use_true_random=False))
def test_the_order_of_answers_never_matters(marks: list[Mark], chance: random.Random) -> None:
    mixed = list(marks)
    chance.shuffle(mixed)
    assert told(merge_marks(marks, {1, 2, 3, 4}), marks) == told(merge_marks(mixed, {4, 3, 2, 1}), mixed)


@settings(max_examples=200, deadline=None)
@given(MARKS)
def test_every_mark_is_in_one_thing_and_no_volunteer_twice_in_any(marks: list[Mark]) -> None:
    things = merge_marks(marks, {1, 2, 3, 4})
    assert sorted(i for thing in things for i in thing.members) == list(range(len(marks)))
    for thing in things:
        volunteers = [marks[i].volunteer for i in thing.members]
        assert len(set(volunteers)) == len(volunteers) == thing.seen
        assert 0 < thing.chance < 1
        assert len({marks[i].kind for i in thing.members}) == 1


@settings(max_examples=100, deadline=None)
@given(MARKS, st.sampled_from([0.01, 5.0, 1000.0]))
def test_the_scale_of_weights_never_matters(marks: list[Mark], scale: float) -> None:
    weights = {1: 1.0, 2: 2.0, 3: 0.5, 4: 1.5}
    scaled = {who: weight * scale for who, weight in weights.items()}
    assert told(merge_marks(marks, weights, weights), marks) == told(merge_marks(marks, weights, scaled), marks)


@given(st.one_of(POINTS, BOXES), st.integers(1, 5))
def test_what_all_mark_is_one_thing_as_they_marked_it(mark: Mark, times: int) -> None:
    marks = [Mark(who, mark.kind, mark.shape, mark.label) for who in range(times)]
    (thing,) = merge_marks(marks, range(times))
    assert (thing.shape, thing.label, thing.seen, thing.looked) == (mark.shape, mark.label, times, times)
    assert thing.chance > 0.8


def test_where_nobody_marked_there_is_nothing() -> None:
    assert merge_marks([], {1, 2, 3}) == []


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from([(0.1, 0.1), (0.5, 0.5), (0.9, 0.2)]), min_size=1, max_size=3, unique=True),
    st.sets(st.tuples(st.integers(1, 3), st.integers(0, 2))),
    st.integers(0, 2),
)
def test_one_more_who_marks_the_same_makes_it_surer(
    spots: list[tuple[float, float]], saw: set[tuple[int, int]], again: int
) -> None:
    marks = [Mark(who, "point", spots[n]) for who, n in sorted(saw) if n < len(spots)]
    before = {thing.shape: thing.chance for thing in merge_marks(marks, {1, 2, 3})}
    spot = spots[again % len(spots)]
    after = {thing.shape: thing.chance for thing in merge_marks([*marks, Mark(9, "point", spot)], {1, 2, 3})}
    assert after[spot] > before.get(spot, 0.0)


def test_few_who_saw_it_keep_it_with_low_confidence() -> None:
    marks = [Mark(who, "point", (0.2, 0.2)) for who in (1, 2, 3)] + [Mark(3, "point", (0.8, 0.8))]
    sure, doubtful = merge_marks(marks, {1, 2, 3, 4})
    assert (sure.seen, sure.looked, doubtful.seen) == (3, 4, 1)
    assert sure.chance > 0.95
    assert doubtful.chance < 0.2


def test_who_finds_little_says_little_by_not_marking() -> None:
    marks = [Mark(1, "point", (0.2, 0.2))]
    (blind,) = merge_marks(marks, {1, 2}, finds={2: 0.2})
    (keen,) = merge_marks(marks, {1, 2}, finds={2: 0.95})
    assert blind.chance > 0.8 > keen.chance


def test_two_things_close_together_stay_two() -> None:
    marks = [Mark(who, "point", (x + who / 1000, 0.5)) for who in (1, 2, 3) for x in (0.5, 0.515)]
    things = merge_marks(marks, {1, 2, 3})
    assert [thing.seen for thing in things] == [3, 3]
    assert sorted(round(thing.shape[0], 3) for thing in things) == [0.502, 0.517]


def test_points_become_their_weighted_mean_and_boxes_their_median() -> None:
    points = [Mark(1, "point", (0.50, 0.5)), Mark(2, "point", (0.51, 0.5))]
    (thing,) = merge_marks(points, {1, 2}, {1: 3.0, 2: 1.0})
    assert thing.shape == (pytest.approx(0.5025), pytest.approx(0.5))
    boxes = [
        Mark(1, "box", (0.1, 0.1, 0.5, 0.5)),
        Mark(2, "box", (0.12, 0.1, 0.5, 0.5)),
        Mark(3, "box", (0.13, 0.1, 0.7, 0.5)),
    ]
    (box,) = merge_marks(boxes, {1, 2, 3})
    assert box.shape == (0.12, 0.1, 0.5, 0.5)


def test_labels_are_voted_and_a_tie_is_told() -> None:
    marks = [Mark(1, "point", (0.5, 0.5), "axe"), Mark(2, "point", (0.5, 0.5), "sword")]
    (thing,) = merge_marks(marks, {1, 2})
    assert thing.label_tied
    (weighed,) = merge_marks(marks, {1, 2}, {1: 1.0, 2: 2.0})
    assert (weighed.label, weighed.label_tied) == ("sword", False)


def circle(x: float, y: float, radius: float, corners: int, turn: float = 0.0) -> tuple[float, ...]:
    angles = [turn + 2 * math.pi * n / corners for n in range(corners)]
    return tuple(part for a in angles for part in (x + radius * math.cos(a), y + radius * math.sin(a)))


def test_polygons_are_voted_whatever_their_corners() -> None:
    marks = [
        Mark(1, "polygon", circle(0.5, 0.5, 0.1, 40)),
        Mark(2, "polygon", circle(0.502, 0.5, 0.1, 7, turn=0.3)),
        Mark(3, "polygon", circle(0.5, 0.501, 0.1, 90, turn=1)),
        Mark(4, "polygon", circle(0.56, 0.5, 0.12, 30)),
    ]
    (thing,) = merge_marks(marks, {1, 2, 3, 4})
    assert thing.seen == 4
    voted = tuple(zip(thing.shape[::2], thing.shape[1::2], strict=True))
    assert overlap(voted, marks[0].outline) > 0.9
    assert len(voted) < 60


def test_the_voted_polygon_is_where_most_overlap() -> None:
    squares = [((x, 0.0), (x + 10.0, 0.0), (x + 10.0, 10.0), (x, 10.0)) for x in (0.0, 4.0, 8.0)]
    voted = voted_outline(squares, [1.0, 1.0, 1.0])
    assert area_of(voted) == pytest.approx(100, rel=0.05)  # From 4 to 14, which two of three enclose.
    assert min(x for x, _ in voted) == pytest.approx(4, abs=0.2)
    heavy = voted_outline(squares, [3.0, 1.0, 1.0])
    assert heavy == squares[0]


def test_polygons_that_share_nothing_still_give_one_of_them() -> None:
    squares = [((x, 0.0), (x + 1.0, 0.0), (x + 1.0, 1.0), (x, 1.0)) for x in (0.0, 4.0)]
    assert area_of(voted_outline(squares, [1.0, 1.0])) == pytest.approx(1, rel=0.15)


@settings(max_examples=60, deadline=None)
@given(BOXES, BOXES)
def test_overlap_on_the_grid_is_about_the_exact_one(one: Mark, other: Mark) -> None:
    def corners(box: Mark) -> tuple[tuple[float, float], ...]:
        a, b, c, d = box.shape
        return ((a, b), (c, b), (c, d), (a, d))

    assert overlap(corners(one), corners(other)) == pytest.approx(box_overlap(one.shape, other.shape), abs=0.06)


def test_shapes_without_area_overlap_with_nothing() -> None:
    line = ((0.0, 0.0), (1.0, 1.0))
    assert overlap(line, line) == 0.0
    assert box_overlap((0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0)) == 0.0
