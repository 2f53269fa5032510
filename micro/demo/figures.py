"""Figures of finds as an archaeological draughtsman inks them: outline, inner lines, shading from the upper left.

Every figure is drawn in units of the find's length, centred on (0, 0), x across and y down; `Frame` brings it to
pixels.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from micro.demo.pen import Pen, Points, through


@dataclass(frozen=True)
class Frame:
    """Where a figure lies on the drawing: centre and scale in pixels, and a turn in degrees, clockwise."""

    centre_px: tuple[float, float]
    scale_px: float
    turn_deg: float

    def __call__(self, points: Points | list[tuple[float, float]]) -> Points:
        """Unit points as pixel points, shape (n, 2)."""
        angle = math.radians(self.turn_deg)
        turn = np.array([(math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))])
        placed: Points = np.asarray(points, dtype=np.float64) @ turn * self.scale_px + self.centre_px
        return placed


def both_sides(right: Points) -> Points:
    """A closed outline from its right-hand half, given top to bottom."""
    return np.concatenate([right, right[::-1] * (-1, 1)])


def arc(x: float, y: float, across: float, down: float, start_deg: float = 0, stop_deg: float = 360) -> Points:
    """Part of an ellipse; angles run clockwise from the right."""
    angles = np.radians(np.linspace(start_deg, stop_deg, max(8, int(abs(stop_deg - start_deg) / 6))))
    return np.stack([x + across * np.cos(angles), y + down * np.sin(angles)], axis=1)


def sword(pen: Pen, at: Frame, source: np.random.Generator) -> None:
    """Hilt above, leaf-shaped blade below, two grooves along the blade, rivets, and the blade's section beside it."""
    swell = source.uniform(0.038, 0.052)
    hilt = through([(0.0, -0.5), (0.045, -0.497), (0.046, -0.48), (0.02, -0.46), (0.019, -0.37), (0.055, -0.335)])
    blade = through([(0.05, -0.31), (0.033, -0.24), (0.034, 0.0), (swell, 0.2), (0.03, 0.38), (0.0, 0.5)])
    body = at(both_sides(np.concatenate([hilt, blade])))
    pen.outline(body)
    for side in (-1, 1):
        groove = through([(0.0, 0.46), (0.014, 0.36), (swell * 0.5, 0.2), (0.014, 0.0), (0.013, -0.3)])
        pen.line(at(groove * (side, 1)), 0.7)
        pen.line(at(groove[:-4] * (side * 0.55, 0.97)), 0.45)
    for x, y in ((0.0, -0.43), (0.0, -0.38), (-0.034, -0.315), (0.034, -0.315)):
        pen.outline(at(arc(x, y, 0.0065, 0.0065)), 0.7)
    pen.hatch([body], -24, 9, 0.38, 0.5)
    _section(pen, at, 0.155, 0.12, 0.05)


def _section(pen: Pen, at: Frame, x: float, y: float, half: float) -> None:
    """A lens-shaped cross-section, hatched all over, with the two ticks that say where it was taken."""
    ring = at(
        np.concatenate(
            [
                through([(x - half, y), (x, y - half * 0.34), (x + half, y)]),
                through([(x + half, y), (x, y + half * 0.34), (x - half, y)]),
            ]
        )
    )
    pen.outline(ring, 0.9)
    pen.hatch([ring], -50, 7, 1.6, 0.5)
    pen.line(at([(x - half * 1.9, y), (x - half * 1.35, y)]), 0.6)


def dagger(pen: Pen, at: Frame, source: np.random.Generator) -> None:
    """A broad triangular blade with a rounded heel, rivets and lines that follow the edges."""
    heel = source.uniform(0.15, 0.18)
    edge = through([(0.0, -0.5), (heel * 0.62, -0.47), (heel, -0.36), (heel * 0.86, -0.26)])
    blade = through([(heel * 0.86, -0.26), (0.105, 0.0), (0.06, 0.3), (0.0, 0.5)])
    body = at(both_sides(np.concatenate([edge, blade])))
    pen.outline(body)
    pen.line(at(through([(-heel * 0.82, -0.3), (-0.05, -0.28), (0.0, -0.33), (0.05, -0.28), (heel * 0.82, -0.3)])), 0.7)
    for side in (-1, 1):
        for share in (0.34, 0.52):
            rib = through([(0.0, 0.44), (0.07 * share, 0.28), (0.13 * share, 0.0), (0.16 * share, -0.24)])
            pen.line(at(rib * (side, 1)), 0.6)
        for x, y in ((0.05, -0.43), (0.115, -0.36)):
            pen.outline(at(arc(x * side, y, 0.015, 0.015)), 0.8)
    pen.line(at([(0.0, 0.42), (0.0, -0.26)]), 0.5)
    pen.hatch([body], -20, 11, 0.33, 0.55)
    _section(pen, at, 0.3, 0.02, 0.1)


def spearhead(pen: Pen, at: Frame, source: np.random.Generator) -> None:
    """A leaf-shaped blade on a socket that runs up into the midrib; point above, peg hole below."""
    width = source.uniform(0.10, 0.13)
    blade = through(
        [(0.0, -0.5), (0.035, -0.38), (width * 0.86, -0.15), (width, 0.02), (width * 0.6, 0.16), (0.04, 0.2)]
    )
    socket = through([(0.04, 0.2), (0.046, 0.35), (0.056, 0.5)])
    body = at(both_sides(np.concatenate([blade, socket])))
    pen.outline(body)
    for side in (-1, 1):
        pen.line(at(through([(0.0, -0.42), (0.018, -0.25), (0.03, 0.05), (0.04, 0.21)]) * (side, 1)), 0.8)
        bevel = through([(0.014, -0.4), (width * 0.62, -0.14), (width * 0.76, 0.02), (0.06, 0.15)])
        pen.line(at(bevel * (side, 1)), 0.5)
    pen.line(at(arc(0.0, 0.5, 0.056, 0.012, 180, 0)), 0.7)
    pen.outline(at(arc(0.004, 0.39, 0.011, 0.011)), 0.9)
    for y in (0.455, 0.468):
        pen.line(at(arc(0.0, y, 0.052, 0.012, 0, 180)), 0.5)
    pen.hatch([body], -28, 10, 0.34, 0.55)


def socketed_axe(pen: Pen, at: Frame, source: np.random.Generator) -> None:
    """Collared mouth above, loop on the left, flaring edge below, ribs or a facet on the face."""
    spread = source.uniform(0.24, 0.3)
    collar = through([(0.17, -0.48), (0.195, -0.455), (0.175, -0.425)])
    side = through([(0.165, -0.41), (0.14, -0.2), (0.145, 0.1), (0.19, 0.33), (spread, 0.45)])
    edge = through([(spread, 0.45), (spread * 0.55, 0.487), (0.0, 0.5)])
    body = at(both_sides(np.concatenate([collar, side, edge])))
    loop = at(np.concatenate([arc(-0.155, -0.26, 0.105, 0.115, 95, 265)]))
    pen.line(loop, 1.3)
    pen.line(at(arc(-0.15, -0.26, 0.06, 0.07, 100, 260)), 1.0)
    pen.outline(body)
    pen.outline(at(arc(0, -0.475, 0.168, 0.03)), 0.9)
    pen.outline(at(arc(0, -0.472, 0.128, 0.02)), 0.7)
    for y in (-0.43, -0.395):
        pen.line(at(arc(0, y, 0.17, 0.022, 0, 180)), 0.7)
    for x in (-0.07, 0.0, 0.07):
        pen.line(at(through([(x * 0.85, -0.33), (x, -0.05), (x * 1.15, 0.14)])), 0.9)
    pen.line(at(through([(-spread * 0.93, 0.415), (0, 0.455), (spread * 0.93, 0.415)])), 0.6)
    mouth = at(arc(0, -0.472, 0.128, 0.02))
    pen.hatch([mouth], 0, 5, 0.9, 0.5)
    pen.hatch([body], -18, 11, 0.3, 0.6)


def flat_axe(pen: Pen, at: Frame, source: np.random.Generator) -> None:
    """A plain tapering axe, edge below, stippled as stone is drawn, with a few scars of flaking."""
    butt = source.uniform(0.1, 0.14)
    right = through(
        [(0.0, -0.5), (butt * 0.7, -0.485), (butt, -0.42), (0.185, 0.1), (0.225, 0.36), (0.14, 0.47), (0.0, 0.5)]
    )
    body = at(both_sides(right))
    pen.outline(body)
    pen.line(at(through([(-0.2, 0.36), (-0.1, 0.31), (0.02, 0.295), (0.12, 0.32), (0.205, 0.365)])), 0.6)
    pen.line(at(through([(-butt * 0.5, -0.4), (-0.08, -0.1), (-0.09, 0.28)])), 0.45)
    for _ in range(int(source.integers(3, 6))):
        x, y = float(source.uniform(-0.09, 0.1)), float(source.uniform(-0.42, 0.15))
        pen.line(at(arc(x, y, 0.035, 0.05, 200, 200 + float(source.uniform(80, 150)))), 0.55)
    pen.stipple([body], 9, 1.05)


def arrowhead(pen: Pen, at: Frame, source: np.random.Generator) -> None:
    """Point above, two barbs and a tang below; ripples of retouch run in from both edges."""
    barb = source.uniform(0.3, 0.35)
    edge = through([(0.0, -0.5), (0.1, -0.22), (0.23, 0.1), (barb, 0.34)])
    notch = through([(barb, 0.34), (barb - 0.09, 0.39), (0.13, 0.27), (0.085, 0.24)])
    tang = through([(0.085, 0.24), (0.09, 0.4), (0.06, 0.49), (0.0, 0.5)])
    body = at(both_sides(np.concatenate([edge, notch, tang])))
    pen.outline(body)
    for share in np.linspace(0.12, 0.98, 11):
        y, x = -0.5 + 0.84 * share, barb * share * 0.96
        for side in (-1, 1):
            inwards = float(x * source.uniform(0.3, 0.75))
            scar = through([(x, y), (x - inwards * 0.5, y - 0.012), (x - inwards, y + 0.035)])
            pen.line(at(scar * (side, 1)), 0.55)
    ridge = [(float(source.normal(0, 0.016)), y) for y in (-0.42, -0.25, -0.08, 0.1, 0.26, 0.42)]
    pen.line(at(through(ridge)), 0.7)
    pen.stipple([body], 11, 0.5)
    pen.hatch([body], -32, 12, 0.22, 0.45)


def brooch(pen: Pen, at: Frame, source: np.random.Generator) -> None:
    """Seen from the side: arched bow, coiled spring at the left, straight pin below, catch-plate at the right."""
    rise = source.uniform(0.24, 0.3)
    upper = through(
        [(-0.44, 0.0), (-0.36, -rise * 0.75), (-0.12, -rise), (0.16, -rise * 0.6), (0.36, -0.02), (0.5, 0.04)]
    )
    lower = through(
        [(0.5, 0.065), (0.34, 0.035), (0.13, -rise * 0.36), (-0.1, -rise * 0.68), (-0.3, -rise * 0.5), (-0.38, 0.02)]
    )
    bow = at(np.concatenate([upper, lower]))
    plate = at([(0.26, -0.0), (0.49, 0.065), (0.47, 0.15), (0.29, 0.155)])
    pen.outline(plate, 0.9)
    pen.hatch([plate], -60, 11, 0.5, 0.45)
    pen.erase(bow)
    pen.outline(bow)
    for x in (-0.26, -0.22, -0.1, -0.06, 0.06, 0.1):
        height = float(np.interp(x, upper[:, 0], upper[:, 1]))
        foot = float(np.interp(x, lower[::-1, 0], lower[::-1, 1]))
        pen.line(at(through([(x - 0.01, height), (x + 0.02, (height + foot) / 2), (x + 0.02, foot)])), 0.6)
    pen.hatch([bow], 65, 10, 0.4, 0.5)
    pen.line(at(through([(-0.41, 0.145), (0.0, 0.163), (0.485, 0.145)])), 1.2)
    pen.line(at(through([(-0.41, 0.125), (0.0, 0.148), (0.485, 0.14)])), 0.8)
    for coil in range(5):
        ring = at(arc(-0.435 + 0.018 * coil, 0.06, 0.042, 0.088))
        pen.erase(ring)
        pen.outline(ring, 1.0)


def ring(pen: Pen, at: Frame, source: np.random.Generator) -> None:
    """A hoop seen from above, with notches, and its round section beside it."""
    thickness = source.uniform(0.075, 0.1)
    outer, inner = at(arc(0, 0, 0.5, 0.49)), at(arc(0.004, 0.004, 0.5 - thickness, 0.49 - thickness))
    pen.outline(outer)
    pen.outline(inner, 1.1)
    pen.line(at(arc(0, 0, 0.5 - thickness * 0.45, 0.49 - thickness * 0.45, 150, 330)), 0.45)
    for angle in np.radians(np.arange(200, 341, 9)):
        way = np.array([math.cos(angle), math.sin(angle)])
        pen.line(at(np.stack([way * 0.49, way * (0.5 - thickness * 0.6)])), 0.6)
    pen.hatch([outer, inner], 38, 11, 0.5, 0.6)
    section = at(arc(0.66, 0.0, thickness / 2, thickness / 2))
    pen.outline(section, 0.9)
    pen.hatch([section], -45, 7, 1.6, 0.5)


def pin(pen: Pen, at: Frame, source: np.random.Generator) -> None:
    """A long pin, point below: a ring or a globe for a head, grooves beneath it."""
    shaft = through([(0.013, -0.39), (0.0145, -0.2), (0.011, 0.2), (0.0, 0.5)])
    body = at(both_sides(shaft))
    pen.outline(body, 1.2)
    if source.random() < 0.5:
        outer, inner = at(arc(0, -0.445, 0.056, 0.055)), at(arc(0, -0.445, 0.036, 0.035))
        pen.outline(outer)
        pen.outline(inner)
        pen.hatch([outer, inner], 30, 7, 0.5, 0.5)
    else:
        globe = at(arc(0, -0.44, 0.056, 0.052))
        pen.outline(globe)
        pen.line(at(arc(0, -0.445, 0.054, 0.016, 0, 180)), 0.6)
        pen.stipple([globe], 6, 1.3)
    for y in (-0.375, -0.365, -0.355, -0.315, -0.305, -0.295, -0.25):
        pen.line(at(arc(0, y, 0.0145, 0.004, 0, 180)), 0.8)
    pen.hatch([body], -30, 9, 0.45, 0.5)
    section = at(arc(0.085, -0.1, 0.014, 0.014))
    pen.outline(section, 0.8)
    pen.hatch([section], -45, 6, 1.6, 0.5)


DrawFigure = Callable[[Pen, Frame, np.random.Generator], None]

# Each figure with the width and height it takes, in units of the find's length.
SLENDER_FIGURES: Mapping[str, tuple[DrawFigure, float, float]] = {
    "sword": (sword, 0.42, 1.0),
    "dagger": (dagger, 0.8, 1.0),
    "spearhead": (spearhead, 0.36, 1.0),
    "socketed axe": (socketed_axe, 0.66, 1.0),
    "flat axe": (flat_axe, 0.5, 1.0),
    "arrowhead": (arrowhead, 0.72, 1.0),
    "brooch": (brooch, 1.0, 0.5),
    "ring": (ring, 1.4, 1.0),
    "pin": (pin, 0.24, 1.0),
}
