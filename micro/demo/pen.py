"""A draughtsman's pen: unsteady lines of changing pressure, hatching and stippling inside outlines.

Points are arrays of shape (n, 2) in pixels of the drawing, x across and y down.
"""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Points = NDArray[np.float64]
STEP_PX = 9.0


def through(points: list[tuple[float, float]], steps: int = 8) -> Points:
    """A smooth curve through the given points (Catmull–Rom), ends included."""
    knots = np.array([points[0], *points, points[-1]], dtype=np.float64)
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = []
    for before, start, end, after in zip(knots, knots[1:], knots[2:], knots[3:], strict=False):
        bend = (2 * before - 5 * start + 4 * end - after) * t**2 + (3 * (start - end) + after - before) * t**3
        pieces.append(0.5 * (2 * start + (end - before) * t + bend))
    return np.concatenate([*pieces, knots[-1:]])


class Pen:
    """Ink on one drawing of `size_px`; `nib_px` is the width of a line drawn with plain pressure."""

    def __init__(self, size_px: tuple[int, int], nib_px: float, source: np.random.Generator) -> None:
        self.mask = Image.new("L", size_px, 0)
        self._draw = ImageDraw.Draw(self.mask)
        self._nib_px = nib_px
        self._source = source

    def line(self, points: Points, pressure: float = 1.0, wobble_px: float = 1.3) -> None:
        """An open line; the hand trembles a little and the pen is lifted at both ends."""
        path = _evenly(points)
        count = len(path)
        path = path + self._tremor(count)[:, None] * wobble_px * _normals(path)
        taper = np.minimum(1, 0.45 + np.minimum(np.arange(count), np.arange(count)[::-1]) / 4)
        widths = self._nib_px * pressure * taper * (1 + 0.28 * self._tremor(count))
        for start, end, width in zip(path, path[1:], widths[1:], strict=False):
            stroke = max(1, round(float(width)))
            self._draw.line((*start, *end), fill=255, width=stroke)
            if stroke > 2:
                r = stroke / 2 - 0.5
                self._draw.ellipse((end[0] - r, end[1] - r, end[0] + r, end[1] + r), fill=255)

    def outline(self, points: Points, pressure: float = 1.35) -> None:
        """A closed line that overshoots its beginning by a hair."""
        self.line(np.concatenate([points, points[:2]]), pressure)

    def hatch(
        self, outlines: list[Points], angle_deg: float, gap_px: float, depth: float, pressure: float = 0.6
    ) -> None:
        """Parallel strokes from the right-hand edge inwards over about `depth` (0–1) of each span of the figure."""
        turn = _rotation(angle_deg)
        for y, start, end in self._spans(outlines, turn, gap_px):
            reach = depth * (end - start) * self._source.uniform(0.65, 1.2)
            if reach > 3:
                inner = max(start, end - reach)
                self.line(np.array([(inner, y), (end, y)]) @ turn, pressure, wobble_px=0.7)

    def stipple(self, outlines: list[Points], gap_px: float, density: float) -> None:
        """Dots, thick at the right-hand edge and thinning out to the left."""
        for y, start, end in self._spans(outlines, _rotation(0), gap_px):
            count = int(self._source.poisson(density * math.sqrt(max(0.0, end - start))))
            for inwards in self._source.exponential(0.27, count):
                x, r = end - min(float(inwards), 1.0) * (end - start), self._source.uniform(0.8, 1.9) * self._nib_px / 3
                dot_y = y + self._source.uniform(-gap_px, gap_px) / 2
                self._draw.ellipse((x - r, dot_y - r, x + r, dot_y + r), fill=235)

    def dot(self, x: float, y: float, radius_px: float) -> None:
        """A filled spot."""
        self._draw.ellipse((x - radius_px, y - radius_px, x + radius_px, y + radius_px), fill=255)

    def fill(self, points: Points) -> None:
        """Blackens the inside of an outline."""
        self._draw.polygon([(float(x), float(y)) for x, y in points], fill=245)

    def erase(self, points: Points) -> None:
        """Clears the inside of an outline, so that what is drawn later stands in front."""
        self._draw.polygon([(float(x), float(y)) for x, y in points], fill=0)

    def _tremor(self, count: int) -> NDArray[np.float64]:
        """Smooth noise of about unit size along a line of `count` points."""
        rough = self._source.normal(0, 1, count + 10)
        return np.convolve(rough, np.hanning(13)[1:-1] / 2.06, "valid")

    def _spans(self, outlines: list[Points], turn: Points, gap_px: float) -> list[tuple[float, float, float]]:
        """Where parallel lines cross the inside of the outlines (even–odd): y, start and end in the turned frame."""
        edges = np.concatenate([np.stack([ring, np.roll(ring, -1, axis=0)], axis=1) for ring in outlines]) @ turn.T
        low, high = float(edges[..., 1].min()), float(edges[..., 1].max())
        spans: list[tuple[float, float, float]] = []
        for level in np.arange(low + gap_px / 2, high, gap_px):
            y = float(level + self._source.normal(0, gap_px * 0.12))
            (x0, y0), (x1, y1) = edges[:, 0].T, edges[:, 1].T
            crossed = (y0 <= y) != (y1 <= y)
            share = (y - y0[crossed]) / (y1[crossed] - y0[crossed])
            xs = np.sort(x0[crossed] + share * (x1[crossed] - x0[crossed]))
            spans.extend((y, float(start), float(end)) for start, end in zip(xs[::2], xs[1::2], strict=False))
        return spans


def _rotation(angle_deg: float) -> Points:
    angle = math.radians(angle_deg)
    return np.array([(math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))])


def _evenly(points: Points) -> Points:
    """The same line with a point about every STEP_PX."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    marks = np.linspace(0, along[-1], max(2, math.ceil(along[-1] / STEP_PX) + 1))
    return np.stack([np.interp(marks, along, points[:, axis]) for axis in (0, 1)], axis=1)


def _normals(path: Points) -> Points:
    ahead = np.gradient(path, axis=0)
    lengths = np.maximum(np.hypot(ahead[:, 0], ahead[:, 1]), 1e-9)[:, None]
    return np.stack([-ahead[:, 1], ahead[:, 0]], axis=1) / lengths
