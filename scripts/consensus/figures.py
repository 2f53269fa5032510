"""Charts of what was measured, as SVG: axes, lines with points, whiskers. Pure drawing; compare.py has the numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDE, HIGH, LEFT, TOP, BETWEEN, LEGEND = 300, 220, 62, 44, 84, 22
COLOURS = ("#0b5fa5", "#9a5b00", "#5b6470", "#2a7a4b")
DASHES = ("", "6 3", "2 3", "9 3 2 3")


@dataclass(frozen=True)
class Line:
    """A named line: points (x, y), and for each perhaps what lies (low, high) around it."""

    name: str
    points: Sequence[tuple[float, float]]
    whiskers: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True)
class Panel:
    """One chart. ``marks``: where the horizontal axis has labels, (x, label); x between the first and the last."""

    title: str
    across: str
    up: str
    lines: Sequence[Line]
    marks: Sequence[tuple[float, str]]
    low: float
    high: float
    diagonal: bool = False


def picture(title: str, panels: Sequence[Panel]) -> str:
    """The whole file: panels side by side, and below them what each line is."""
    names = list(dict.fromkeys(line.name for panel in panels for line in panel.lines))
    wide = len(panels) * (WIDE + BETWEEN) + LEFT - 54
    high = TOP + HIGH + 54 + LEGEND * len(names)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" role="img" '
        'font-family="system-ui, sans-serif" font-size="12" fill="#1d2329">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{wide}" height="{high}" fill="#ffffff"/>',
    ]
    for place, panel in enumerate(panels):
        parts += _panel(panel, LEFT + place * (WIDE + BETWEEN), names)
    for place, name in enumerate(names):
        y = TOP + HIGH + 58 + place * LEGEND
        parts.append(
            f'<path d="M{LEFT} {y - 4}h28" {_stroke(place)}/><text x="{LEFT + 36}" y="{y}">{escape(name)}</text>'
        )
    return "\n".join([*parts, "</svg>\n"])


def _stroke(place: int) -> str:
    look = place % len(COLOURS)
    return f'fill="none" stroke="{COLOURS[look]}" stroke-width="2" stroke-dasharray="{DASHES[look]}"'


def _panel(panel: Panel, left: float, names: Sequence[str]) -> list[str]:
    first, last = panel.marks[0][0], panel.marks[-1][0]

    def across(x: float) -> float:
        return round(left + 12 + (WIDE - 24) * (x - first) / (last - first), 1)

    def up(y: float) -> float:
        return round(TOP + HIGH * (1 - (y - panel.low) / (panel.high - panel.low)), 1)

    parts = [
        f'<text x="{left}" y="{TOP - 14}" font-weight="600">{escape(panel.title)}</text>',
        f'<text x="{left + WIDE / 2}" y="{TOP + HIGH + 34}" text-anchor="middle">{escape(panel.across)}</text>',
        f'<text transform="translate({left - 42} {TOP + HIGH / 2}) rotate(-90)" text-anchor="middle">'
        f"{escape(panel.up)}</text>",
    ]
    for value in ticks(panel.low, panel.high):
        parts.append(f'<path d="M{left} {up(value)}h{WIDE}" stroke="#e4e8ec"/>')
        parts.append(f'<text x="{left - 8}" y="{up(value) + 4}" text-anchor="end">{value:g}</text>')
    parts.append(f'<path d="M{left} {TOP}v{HIGH}h{WIDE}" fill="none" stroke="#aab2bb"/>')
    for x, label in panel.marks:
        parts.append(f'<text x="{across(x)}" y="{TOP + HIGH + 16}" text-anchor="middle">{escape(label)}</text>')
    if panel.diagonal:
        parts.append(
            f'<path d="M{across(panel.low)} {up(panel.low)}L{across(panel.high)} {up(panel.high)}" '
            'stroke="#aab2bb" stroke-dasharray="4 4"/>'
        )
    for line in panel.lines:
        place = names.index(line.name)
        colour = COLOURS[place % len(COLOURS)]
        for (x, _), (low, high) in zip(line.points, line.whiskers, strict=False):
            bottom, top = up(max(low, panel.low)), up(min(high, panel.high))
            parts.append(f'<path d="M{across(x)} {bottom}V{top}" stroke="{colour}" stroke-width="1.5"/>')
        path = " ".join(f"{across(x)},{up(y)}" for x, y in line.points)
        parts.append(f'<polyline points="{path}" {_stroke(place)}/>')
        parts += [f'<circle cx="{across(x)}" cy="{up(y)}" r="3.5" fill="{colour}"/>' for x, y in line.points]
    return parts


def ticks(low: float, high: float) -> list[float]:
    """Some four to seven round numbers from ``low`` to ``high``."""
    rough = (high - low) / 6
    power = 10 ** math.floor(math.log10(rough))
    step = next(one * power for one in (1, 2, 5, 10) if one * power >= rough)
    return [round(step * n, 6) for n in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def frame(values: Sequence[float], step: float = 5) -> tuple[float, float]:
    """Round limits around some values."""
    return math.floor((min(values) - 0.2) / step) * step, math.ceil((max(values) + 0.2) / step) * step
