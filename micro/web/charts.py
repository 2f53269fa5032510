"""Bar charts as figures for an inline SVG: pure geometry, made on the server. Every chart has its table beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 372, 196
LEFT, RIGHT, TOP, FLOOR = 48, 366, 14, 170


@dataclass(frozen=True)
class Bar:
    """One bar: its box in units of the drawing, and what it stands for."""

    label: str
    count: int
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True)
class Chart:
    """Bars over a floor, with ticks as (count, y)."""

    bars: tuple[Bar, ...]
    ticks: tuple[tuple[int, float], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    floor: int = FLOOR


def bar_chart(counted: Sequence[tuple[str, int]]) -> Chart:
    """A chart of counts in their order. A count above nothing is at least a hair high; no counts give no bars."""
    top = nice_ceiling(max((count for _, count in counted), default=0))
    slot = (RIGHT - LEFT) / max(len(counted), 1)
    wide = min(slot * 0.82, 60)
    bars = []
    for place, (label, count) in enumerate(counted):
        high = max((FLOOR - TOP) * count / top, 1 if count else 0)
        bars.append(
            Bar(
                label,
                count,
                round(LEFT + place * slot + (slot - wide) / 2, 1),
                round(FLOOR - high, 1),
                round(wide, 1),
                round(high, 1),
            )
        )
    steps = (0, top) if top % 2 else (0, top // 2, top)
    return Chart(tuple(bars), tuple((step, round(FLOOR - (FLOOR - TOP) * step / top, 1)) for step in steps))


def nice_ceiling(most: int) -> int:
    """The next round number at or above ``most``, at least 1.

    >>> [nice_ceiling(most) for most in (0, 1, 3, 7, 14, 51, 114, 7920)]
    [1, 1, 3, 8, 15, 60, 120, 8000]
    """
    power = 1
    while True:
        for step in (10, 12, 15, 20, 25, 30, 40, 50, 60, 80):
            if step * power % 10 == 0 and step * power // 10 >= most:
                return step * power // 10
        power *= 10
