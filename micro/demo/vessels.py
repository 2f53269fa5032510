"""Figures of pots and of small household things, drawn like those in figures.py."""

from collections.abc import Mapping

import numpy as np

from micro.demo.figures import SLENDER_FIGURES, DrawFigure, Frame, arc, both_sides
from micro.demo.pen import Pen, Points, through


def pot(pen: Pen, at: Frame, source: np.random.Generator) -> None:
    """A round-bellied urn with an everted rim, a band of incised ornament and sometimes a crack."""
    belly, neck = source.uniform(0.4, 0.46), source.uniform(0.24, 0.3)
    right = through(
        [(neck + 0.07, -0.47), (neck, -0.36), (belly * 0.86, -0.2), (belly, 0.03), (belly * 0.72, 0.33), (0.17, 0.5)]
    )
    _vessel(pen, at, right, neck + 0.07)
    if source.random() < 0.5:
        _zigzag(pen, at, right, -0.17, 0.0)
    else:
        _cordon(pen, at, right, -0.15)
    x = float(source.uniform(-0.2, 0.05))
    pen.line(at([(x, -0.43), (x + 0.03, -0.34), (x + 0.005, -0.27), (x + 0.05, -0.2)]), 0.7)


def jug(pen: Pen, at: Frame, source: np.random.Generator) -> None:
    """A jug with a tall neck and a strap handle on the right."""
    belly = source.uniform(0.33, 0.37)
    handle = through([(0.16, -0.4), (0.36, -0.42), (0.47, -0.25), (belly * 0.94, -0.0)])
    inside = through([(0.16, -0.33), (0.32, -0.345), (0.4, -0.23), (belly * 0.85, -0.06)])
    pen.line(at(handle), 1.3)
    pen.line(at(inside), 1.1)
    strap = at(np.concatenate([handle, inside[::-1]]))
    pen.hatch([strap], 30, 10, 0.6, 0.5)
    right = through(
        [
            (0.19, -0.48),
            (0.15, -0.38),
            (0.155, -0.25),
            (belly * 0.85, -0.1),
            (belly, 0.1),
            (belly * 0.8, 0.34),
            (0.19, 0.5),
        ]
    )
    pen.erase(at(both_sides(right)))
    _vessel(pen, at, right, 0.19)
    for y in (-0.27, -0.245):
        _round(pen, at, right, y, 0.8)
    _round(pen, at, right, 0.02, 0.6)


def _vessel(pen: Pen, at: Frame, right: Points, rim: float) -> None:
    """Outline, open mouth with its dark inside, foot, and stippled shade."""
    body = at(both_sides(right))
    pen.outline(body)
    top = float(right[0, 1])
    mouth = at(arc(0, top, rim, rim * 0.16))
    pen.erase(mouth)
    pen.outline(mouth, 1.2)
    inside = at(arc(0, top + 0.008, rim * 0.88, rim * 0.11))
    pen.outline(inside, 0.6)
    pen.hatch([inside], 0, 6, 0.75, 0.5)
    _round(pen, at, right, float(right[-1, 1]) - 0.025, 0.6)
    pen.stipple([body], 8, 1.25)
    pen.hatch([body], 24, 12, 0.16, 0.5)


def _half_width(right: Points, y: float) -> float:
    return float(np.interp(y, right[:, 1], right[:, 0]))


def _round(pen: Pen, at: Frame, right: Points, y: float, pressure: float) -> None:
    """A line round the body, curved as one sees it from a little above."""
    half = _half_width(right, y)
    pen.line(at(arc(0, y, half, half * 0.1, 4, 176)), pressure)


def _zigzag(pen: Pen, at: Frame, right: Points, top: float, bottom: float) -> None:
    """Two lines round the shoulder with a zigzag between them, its teeth closer together towards the sides."""
    _round(pen, at, right, top, 0.8)
    _round(pen, at, right, bottom, 0.8)
    teeth = []
    for place, angle in enumerate(np.linspace(176, 4, 25)):
        y = top if place % 2 else bottom
        teeth.append(arc(0, y, _half_width(right, y), _half_width(right, y) * 0.1, angle, angle)[0])
    pen.line(at(np.array(teeth)), 0.8)


def _cordon(pen: Pen, at: Frame, right: Points, y: float) -> None:
    """A raised band pressed in with the finger-tip."""
    _round(pen, at, right, y, 0.9)
    _round(pen, at, right, y + 0.05, 0.9)
    half = _half_width(right, y + 0.025)
    for angle in np.linspace(168, 12, 17):
        x, press_y = arc(0, y + 0.025, half, half * 0.1, angle, angle)[0]
        pen.line(at(arc(float(x), float(press_y), 0.012, 0.016, 60, 300)), 0.7)


def comb(pen: Pen, at: Frame, source: np.random.Generator) -> None:
    """A one-sided bone comb: arched back with ring-and-dot ornament, teeth below, a few broken off."""
    back = at(
        np.concatenate([through([(-0.5, 0.0), (-0.46, -0.2), (-0.2, -0.3), (0.2, -0.3), (0.46, -0.2), (0.5, 0.0)])])
    )
    pen.outline(back)
    pen.line(at([(-0.485, -0.05), (0.485, -0.05)]), 0.7)
    pen.line(at(through([(-0.45, -0.17), (-0.2, -0.26), (0.2, -0.26), (0.45, -0.17)])), 0.6)
    for x in (-0.33, -0.165, 0.0, 0.165, 0.33):
        pen.outline(at(arc(x, -0.145, 0.036, 0.036)), 0.8)
        centre = at([(x, -0.145)])[0]
        pen.dot(float(centre[0]), float(centre[1]), 5)
    for x in np.linspace(-0.47, 0.47, 24):
        is_broken = source.random() < 0.16
        foot = float(source.uniform(0.05, 0.14) if is_broken else 0.3 - 0.12 * abs(x) + source.normal(0, 0.004))
        tooth = at([(x - 0.014, 0.0), (x - 0.008, foot), (x + 0.006, foot), (x + 0.013, 0.0)])
        pen.line(tooth, 0.9)
        pen.hatch([tooth], 0, 12, 0.4, 0.4)
    pen.stipple([back], 9, 0.7)


def whorl(pen: Pen, at: Frame, source: np.random.Generator) -> None:
    """A spindle whorl from above with strokes about the hole, and from the side beneath."""
    outer, hole = at(arc(0, -0.26, 0.5, 0.49)), at(arc(0.0, -0.26, 0.12, 0.118))
    pen.outline(outer)
    pen.outline(hole)
    pen.stipple([outer, hole], 9, 0.95)
    pen.hatch([hole], -45, 8, 0.6, 0.55)
    for angle in np.radians(np.arange(0, 360, 20) + source.uniform(0, 20)):
        way = np.array([np.cos(angle), np.sin(angle)])
        bent = np.array([np.cos(angle + 0.16), np.sin(angle + 0.16)])
        pen.line(at(np.stack([way * 0.2, bent * 0.38]) - np.array([0, 0.26])), 0.8)
    side = at(through([(-0.3, 0.36), (-0.5, 0.52), (-0.3, 0.72), (0.3, 0.72), (0.5, 0.52), (0.3, 0.36), (-0.3, 0.36)]))
    pen.outline(side)
    pen.line(at([(-0.49, 0.525), (0.49, 0.525)]), 0.5)
    pen.stipple([side], 9, 0.9)


FIGURES: Mapping[str, tuple[DrawFigure, float, float]] = {
    **SLENDER_FIGURES,
    "pot": (pot, 0.96, 1.02),
    "jug": (jug, 0.86, 1.02),
    "comb": (comb, 1.0, 0.64),
    "whorl": (whorl, 1.0, 1.52),
}
