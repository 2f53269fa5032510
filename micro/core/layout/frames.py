"""How a layout's coordinates lie on the scan: its frame, as a short text.

micro knows only pixels of the upright scan, after the EXIF turn. Whoever wrote a layout may have looked at the picture
otherwise, and at another size. A frame says how:

* ``stored``: at the file's pixels, before the EXIF turn; what most programs do;
* ``upright``: at the picture as it stands after the EXIF turn;
* ``turned-90``, ``turned-180``, ``turned-270``: at the upright picture turned clockwise by so many degrees.

By itself a frame is scaled by the page size that the layout names, across and down apart. With ``@width=1416`` behind
it the page size counts for nothing: the picture was 1416 units wide as they saw it, and is scaled evenly.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from micro.core.geometry import Box, upright_size
from micro.core.layout.parts import Line, Point, Points, bounds, corners
from micro.errors import BadAnswer

# Each look at the picture as the EXIF orientation that would put it upright; that of "stored" is the picture's own.
LOOKS = {"stored": 0, "upright": 1, "turned-90": 8, "turned-180": 3, "turned-270": 6}
# Page sizes are whole pixels or tenths of a millimetre, often those of a smaller copy: they fit if the two scales do.
FITTING = 0.01
_FRAME = re.compile(r"([a-z]+(?:-\d+)?)(?:@width=(\d{1,7}(?:\.\d{1,2})?))?", re.ASCII)


@dataclass(frozen=True)
class Upright:
    """The picture that lines are put on: upright size in pixels, and the EXIF orientation (1 to 8) it is stored in."""

    width_px: int
    height_px: int
    orientation: int


@dataclass(frozen=True)
class Frame:
    """A frame, taken apart: one of LOOKS, and the width in the layout's units, or None: by the page size."""

    look: str
    width: float | None = None

    def __str__(self) -> str:
        return self.look if self.width is None else f"{self.look}@width={self.width:.2f}".rstrip("0").rstrip(".")


@dataclass(frozen=True)
class PlacedShape:
    """A line on the upright scan, in whole pixels: its box lies within and is at least 1 px wide and high."""

    box: Box
    polygon: tuple[tuple[int, int], ...]
    baseline: tuple[tuple[int, int], ...]


def read_frame(text: str) -> Frame:
    """The frame that a text names; BadAnswer("frame") otherwise.

    >>> read_frame("upright@width=1416")
    Frame(look='upright', width=1416.0)
    """
    found = _FRAME.fullmatch(text)
    if not found or found[1] not in LOOKS or (found[2] is not None and float(found[2]) < 1):
        raise BadAnswer("frame", "This is no way in which boxes can lie on a scan.")
    return Frame(found[1], float(found[2]) if found[2] else None)


def place(points: Iterable[Point], frame: Frame, page: Point, scan: Upright) -> Points:
    """Points of a layout as points of the upright scan, in pixels; they may lie beside it.

    ``page`` is the page size in the layout's units; where it is 0 the layout's units are pixels.
    """
    orientation = LOOKS[frame.look] or scan.orientation
    width, height = seen_size(frame, scan)
    if frame.width is not None:
        across = down = width / frame.width
    else:
        across = width / page[0] if page[0] > 0 else 1.0
        down = height / page[1] if page[1] > 0 else 1.0
    return tuple(_turned(x * across, y * down, width, height, orientation) for x, y in points)


def seen_size(frame: Frame, scan: Upright) -> tuple[int, int]:
    """Width and height in pixels of the picture as whoever wrote the layout saw it, at its full size."""
    return upright_size(scan.width_px, scan.height_px, LOOKS[frame.look] or scan.orientation)


def _turned(x: float, y: float, width: float, height: float, orientation: int) -> Point:
    """A point of a picture of this size after the turn that its EXIF orientation asks for (EXIF 2.32, 4.6.4)."""
    match orientation:
        case 2:
            return width - x, y
        case 3:
            return width - x, height - y
        case 4:
            return x, height - y
        case 5:
            return y, x
        case 6:
            return height - y, x
        case 7:
            return height - y, width - x
        case 8:
            return y, width - x
        case _:
            return x, y


def place_line(line: Line, frame: Frame, page: Point, scan: Upright) -> PlacedShape | None:
    """Where a line lies on the scan; None when it lies wholly beside it. What sticks out is cut off.

    The box is the polygon's where there is one.
    """
    shape = place(line.polygon or corners(line.box), frame, page, scan)
    x, y, width, height = bounds(shape)
    if x >= scan.width_px or y >= scan.height_px or x + width <= 0 or y + height <= 0:
        return None
    return PlacedShape(
        box=within(bounds(shape), scan),
        polygon=_pixels(shape, scan) if line.polygon else (),
        baseline=_pixels(place(line.baseline, frame, page, scan), scan),
    )


def within(sides: tuple[float, float, float, float], scan: Upright) -> Box:
    """The box rounded outward to whole pixels, cut off at the scan's edges, at least 1 px wide and high."""
    x, y, width, height = sides
    left, right = _span(x, x + width, scan.width_px)
    top, bottom = _span(y, y + height, scan.height_px)
    return Box(left, top, right - left, bottom - top)


def _span(low: float, high: float, whole: int) -> tuple[int, int]:
    # A hair beyond a pixel's edge comes from reckoning, not from whoever drew the box.
    begin = min(max(0, math.floor(low + 1e-6)), whole - 1)
    return begin, max(begin + 1, min(whole, math.ceil(high - 1e-6)))


def _pixels(points: Points, scan: Upright) -> tuple[tuple[int, int], ...]:
    return tuple((min(max(0, round(x)), scan.width_px), min(max(0, round(y)), scan.height_px)) for x, y in points)


def guess(page: Point, scan: Upright, lines: Sequence[Line] = ()) -> tuple[Frame, bool]:
    """The likeliest frame, and whether it is certain, because the page has the proportions of the picture.

    Where nothing fits it is the stored picture, as most programs see it. Of a picture with an EXIF turn there is doubt
    even when the size fits, if its lines would then stand on end or upside down: some programs write the size of the
    stored picture beside boxes of the turned one.
    """
    stored, upright = Frame("stored"), Frame("upright")
    fitting = [frame for frame in (stored, upright) if _fits(page, seen_size(frame, scan))]
    if not fitting:
        return stored, False
    return fitting[0], scan.orientation == 1 or _lie(lines, fitting[0], page, scan)


def _fits(page: Point, seen: tuple[int, int]) -> bool:
    """Whether both sides of the page ask for the same scale."""
    if page[0] <= 0 or page[1] <= 0 or not seen[0] or not seen[1]:
        return False
    return abs(page[0] * seen[1] / (page[1] * seen[0]) - 1) <= FITTING


def _lie(lines: Sequence[Line], frame: Frame, page: Point, scan: Upright) -> bool:
    """Whether lines would run from left to right rather than up, down or backwards; true where there is none."""
    if not lines:
        return True
    across, down = map(sum, zip(*(_run(line) for line in lines), strict=True))
    (x, y), (to_x, to_y) = place([(0, 0), (across, down)], frame, page, scan)
    return to_x - x >= abs(to_y - y)


def _run(line: Line) -> Point:
    """The way a line goes: along its baseline, else along the longer side of its box."""
    if len(line.baseline) >= 2:
        (x, y), (to_x, to_y) = line.baseline[0], line.baseline[-1]
        return to_x - x, to_y - y
    _, _, width, height = line.box
    return (width, 0.0) if width >= height else (0.0, height)


def choices(page: Point, scan: Upright, lines: Sequence[Line]) -> list[Frame]:
    """The frames worth looking at, the likeliest first: each puts the boxes somewhere else.

    A frame comes later if lines stand on end in it, lie beside the scan, or are stretched.
    """
    found: dict[tuple[float, ...], Frame] = {}
    for look in LOOKS:
        widths = [width for width in (page[0], seen_size(Frame(look), scan)[0]) if width >= 1]
        for frame in (Frame(look), *(Frame(look, float(width)) for width in widths)):
            ends = place([(0, 0), (1000, 0), (0, 1000)], frame, page, scan)
            found.setdefault(tuple(round(side, 1) for point in ends for side in point), frame)
    return sorted(found.values(), key=lambda frame: _oddness(frame, page, scan, lines))


def _oddness(frame: Frame, page: Point, scan: Upright, lines: Sequence[Line]) -> tuple[bool, float, bool]:
    placed = [place(corners(line.box), frame, page, scan) for line in lines[:200]]
    outside = sum(not _is_inside(points, scan) for points in placed) / max(1, len(placed))
    stretched = frame.width is None and page[0] > 0 and not _fits(page, seen_size(frame, scan))
    return not _lie(lines, frame, page, scan), round(outside, 1), stretched


def _is_inside(points: Points, scan: Upright) -> bool:
    slack = 0.01 * max(scan.width_px, scan.height_px)
    x, y, width, height = bounds(points)
    return min(x, y) >= -slack and x + width <= scan.width_px + slack and y + height <= scan.height_px + slack
