"""Outlines in a plane: how much two overlap, and the outline that most agree on. Points are (x, y) in any one unit."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

XY = tuple[float, float]
Outline = tuple[XY, ...]
Mask = np.ndarray[Any, np.dtype[np.bool_]]
Votes = np.ndarray[Any, np.dtype[np.float64]]

CELLS = 96  # Along the longer side of the grid: an error of one cell is one per cent of the shape.


def overlap(one: Outline, other: Outline) -> float:
    """Intersection over union of two outlines, 0 to 1 (Jaccard 1901), counted on a grid; 0 when either has no area.

    Boxes that do not touch cost nothing; the rest is CELLS² times the corners.
    """
    if one == other:
        return 1.0 if area_of(one) else 0.0
    if not _boxes_touch(one, other):
        return 0.0
    grid = _Grid([one, other])
    a, b = grid.inside(one), grid.inside(other)
    either = int(np.count_nonzero(a | b))
    return int(np.count_nonzero(a & b)) / either if either else 0.0


def box_overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union of two boxes (left, top, right, bottom), exactly; 0 when either has no area."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    both = max(0.0, wide) * max(0.0, high)
    either = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)) - both
    return both / either if either > 0 else 0.0


def voted_outline(outlines: Sequence[Outline], weights: Sequence[float]) -> Outline:
    """What more than half of the weight encloses, as one outline: the majority mask, largest part, without holes.

    Vertices are never matched, so it does not matter how many each volunteer set or where they began. An outline that
    more than half of the weight gave is returned as it is; when no place is enclosed by more than half, the largest
    part that most enclose. There is at least one outline. Cost: CELLS² times all corners.
    """
    given: dict[Outline, list[float]] = defaultdict(list)
    for outline, weight in zip(outlines, weights, strict=True):
        given[outline].append(weight)
    total = math.fsum(weights)
    shares = {outline: math.fsum(parts) / total for outline, parts in given.items()}
    first = min(shares, key=lambda outline: (-round(shares[outline], 9), outline))
    if shares[first] > 0.5 or len(shares) == 1:
        return first
    grid = _Grid(sorted(shares))
    votes: Votes = np.zeros(grid.shape)
    for outline in sorted(shares):
        votes += shares[outline] * grid.inside(outline)
    mask = votes > 0.5 + 1e-9
    if not mask.any():
        mask = votes >= votes.max() - 1e-9
    return grid.outline(mask) if votes.any() else first


def area_of(outline: Outline) -> float:
    """The area inside (shoelace formula), never negative."""
    turned = (*outline[1:], *outline[:1])
    return abs(math.fsum(x * v - u * y for (x, y), (u, v) in zip(outline, turned, strict=True))) / 2


class _Grid:
    """A grid of square cells over outlines, with one empty cell around them."""

    def __init__(self, outlines: Sequence[Outline]) -> None:
        xs, ys = ([point[axis] for outline in outlines for point in outline] for axis in (0, 1))
        self._side = max(max(xs) - min(xs), max(ys) - min(ys), 1e-12) / CELLS
        self._left, self._top = min(xs) - self._side, min(ys) - self._side
        self.shape = tuple(math.ceil((max(s) - min(s)) / self._side) + 2 for s in (ys, xs))

    def inside(self, outline: Outline) -> Mask:
        """Which cells have their middle inside, by the even-odd rule."""
        y, x = np.mgrid[0 : self.shape[0], 0 : self.shape[1]]
        x, y = self._left + (x + 0.5) * self._side, self._top + (y + 0.5) * self._side
        mask: Mask = np.zeros(self.shape, dtype=np.bool_)
        for (x1, y1), (x2, y2) in zip(outline, (*outline[1:], *outline[:1]), strict=True):
            if y1 != y2:
                mask ^= ((y1 > y) != (y2 > y)) & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
        return mask

    def outline(self, mask: Mask) -> Outline:
        """The outline of the mask's largest part, holes filled, with no more corners than one cell of exactness
        needs."""
        loops = [[(self._left + x * self._side, self._top + y * self._side) for x, y in loop] for loop in _loops(mask)]
        largest = max(loops, key=lambda loop: (round(area_of(tuple(loop)) / self._side**2), loop))
        return _simplified(largest, self._side)


def _loops(mask: Mask) -> list[list[tuple[int, int]]]:
    """The borders of a mask as closed loops of cell corners (x, y); a border keeps its inside at its right hand."""
    steps: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for y, x in np.argwhere(mask):
        x, y = int(x), int(y)
        for dx, dy, start, end in (
            (0, -1, (x, y), (x + 1, y)),
            (1, 0, (x + 1, y), (x + 1, y + 1)),
            (0, 1, (x + 1, y + 1), (x, y + 1)),
            (-1, 0, (x, y + 1), (x, y)),
        ):
            if not mask[y + dy, x + dx]:
                steps[start].append(end)
    loops = []
    while steps:
        begin = here = min(steps)
        loop = []
        while True:
            loop.append(here)
            onward = steps[here].pop(0)
            if not steps[here]:
                del steps[here]
            here = onward
            if here == begin:
                break
        loops.append(loop)
    return loops


def _simplified(loop: Sequence[XY], most: float) -> Outline:
    """Fewer corners, none of the left out further than ``most`` away (Douglas and Peucker 1973), for a closed loop."""
    far = max(range(len(loop)), key=lambda i: (math.dist(loop[0], loop[i]), -i))
    halves = (loop[: far + 1], [*loop[far:], loop[0]])
    kept = [point for half in halves for point in _line(half, most)[:-1]]
    return tuple(kept) if len(kept) >= 3 else tuple(loop)


def _line(points: Sequence[XY], most: float) -> list[XY]:
    """The points of a line that are needed, the first and the last among them."""
    keep, todo = {0, len(points) - 1}, [(0, len(points) - 1)]
    while todo:
        begin, end = todo.pop()
        if end - begin < 2:
            continue
        away = [_distance(points[i], points[begin], points[end]) for i in range(begin + 1, end)]
        furthest = max(range(len(away)), key=lambda i: (away[i], -i))
        if away[furthest] > most:
            middle = begin + 1 + furthest
            keep.add(middle)
            todo += [(begin, middle), (middle, end)]
    return [points[i] for i in sorted(keep)]


def _distance(point: XY, begin: XY, end: XY) -> float:
    """The distance of a point from the line through two others."""
    dx, dy = end[0] - begin[0], end[1] - begin[1]
    length = math.hypot(dx, dy)
    if not length:
        return math.dist(point, begin)
    return abs(dy * (point[0] - begin[0]) - dx * (point[1] - begin[1])) / length


def _boxes_touch(one: Outline, other: Outline) -> bool:
    return all(
        max(min(p[axis] for p in shape) for shape in (one, other))
        < min(max(p[axis] for p in shape) for shape in (one, other))
        for axis in (0, 1)
    )
