"""Charts as figures for an inline SVG: pure geometry, made on the server. Every chart has its table beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from micro.core.forecast import Forecast

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


def bar_chart(counted: Sequence[tuple[str, int]], top: int = 0) -> Chart:
    """A chart of counts in their order, up to ``top``, or (0) to the next round number above the most.

    A count above nothing is at least a hair high; no counts give no bars.
    """
    top = top or nice_ceiling(max((count for _, count in counted), default=0))
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


@dataclass(frozen=True)
class Row:
    """One bar that lies under its label: heights of both, how long it is, and where its interval begins and ends."""

    label: str
    share: float
    words_y: float
    y: float
    width: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Rows:
    """Lying bars of shares, one under the other."""

    rows: tuple[Row, ...]
    height: int
    width: int = WIDTH
    right: int = RIGHT
    bar: int = 12


def row_chart(shares: Sequence[tuple[str, float, float | None, float | None]]) -> Rows:
    """Bars of (label, share, low, high), each share 0 to 1; low and high may be unknown. All is the full width."""
    high, made = 46, []
    for place, (label, share, low, top) in enumerate(shares):
        ends = [None if end is None else round(RIGHT * end, 1) for end in (low, top)]
        made.append(Row(label, share, place * high + 16, place * high + 23, round(RIGHT * share, 1), *ends))
    return Rows(tuple(made), max(len(shares) * high, 1))


# --- lines, bands and dots --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Curve:
    """A course towards an end: paths in units of the drawing, labels as (words, x, anchor), the place of today.

    ``band`` and ``guess`` are empty without a forecast. ``goal`` is the height of the whole.
    """

    ticks: tuple[tuple[int, float], ...]
    trend: str
    guess: str
    band: str
    goal: float
    today: tuple[float, float]
    days: tuple[tuple[date, float, str], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    floor: int = FLOOR


def curve_chart(history: Sequence[tuple[date, int]], whole: float, ahead: Forecast | None) -> Curve:
    """The sums of the last days (oldest first, at least one) and where they lead: to ``whole``, if anything is known.

    The band is cut off at the right where its later end is out of sight.
    """
    first, (today, now) = history[0][0], history[-1]
    span = max((today - first).days, 1)
    if ahead is not None:
        soon, late = (ahead.expected - today).days, ((ahead.latest or ahead.expected) - today).days
        span += max(1, round(max(min(late, 3 * soon), 1.15 * soon)))
    top = max(whole, now, 1) * 1.08

    def at(day: date, count: float) -> tuple[float, float]:
        across = (RIGHT - LEFT) * (day - first).days / span
        return round(LEFT + across, 1), round(FLOOR - (FLOOR - TOP) * count / top, 1)

    trend = "M" + "L".join("{} {}".format(*at(day, count)) for day, count in history)
    here, guess, band = at(today, now), "", ""
    if ahead is not None:
        start = f"M{here[0]} {here[1]}"
        goal_x, goal_y = at(ahead.expected, whole)
        guess = f"{start}L{goal_x} {goal_y}"
        early_x, _ = at(ahead.earliest, whole)
        late_x, late_y = at(ahead.latest, whole) if ahead.latest else (RIGHT + 1.0, here[1])
        if late_x > RIGHT:  # Where the slow edge leaves the drawing.
            part = (RIGHT - here[0]) / (late_x - here[0])
            band = f"{start}L{early_x} {goal_y}H{RIGHT}V{round(here[1] + (late_y - here[1]) * part, 1)}z"
        else:
            band = f"{start}L{early_x} {goal_y}H{late_x}z"
    steps = _steps(top)
    ticks = tuple((step, round(FLOOR - (FLOOR - TOP) * step / top, 1)) for step in steps)
    ends = [(first, at(first, 0)[0], "start"), (first + timedelta(days=span), float(RIGHT), "end")]
    return Curve(ticks, trend, guess, band, at(today, whole)[1], here, tuple(ends))


def _steps(top: float) -> tuple[int, ...]:
    """Nothing, and one or two round numbers below the top."""
    step = 1
    while step * 2.5 < top:
        step = nice_ceiling(step + 1)
    return tuple(number for number in (0, step, 2 * step) if number < top * 0.98)


@dataclass(frozen=True)
class Dot:
    """A share with its interval, all 0 to 1 in ``about``; the rest in units of the drawing."""

    x: float
    y: float
    top: float
    bottom: float
    about: str


@dataclass(frozen=True)
class Dots:
    """Claimed against found, with the line on which both are the same."""

    dots: tuple[Dot, ...]
    ideal: str
    ticks: tuple[tuple[float, float], ...]
    marks: tuple[tuple[float, float], ...]
    width: int = WIDTH
    height: int = HEIGHT + 16
    left: int = LEFT
    right: int = RIGHT
    floor: int = FLOOR


def dots_chart(shares: Sequence[tuple[float, float, float, float, str]]) -> Dots:
    """Dots of (claimed, found, low, high, words), each share 0 to 1; both axes begin below the least of them."""
    least = min((min(claimed, low) for claimed, _, low, _, _ in shares), default=0.0)
    least = math.floor(least * 5) / 5 if least < 1 else 0.8

    def across(share: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * (share - least) / (1 - least), 1)

    def up(share: float) -> float:
        return round(FLOOR - (FLOOR - TOP) * (share - least) / (1 - least), 1)

    dots = tuple(Dot(across(x), up(y), up(high), up(low), words) for x, y, low, high, words in shares)
    steps = [round(least + (1 - least) * part / 2, 2) for part in (0, 1, 2)]
    ideal = f"M{LEFT} {FLOOR}L{RIGHT} {TOP}"
    return Dots(dots, ideal, tuple((one, up(one)) for one in steps), tuple((one, across(one)) for one in steps))


def mean_line(chart: Chart, days: int = 7) -> str:
    """A path through the mean of each bar and those before it, ``days`` in all; empty with fewer than two bars."""
    if len(chart.bars) < 2:
        return ""
    tops = [chart.floor - bar.y if bar.count else 0.0 for bar in chart.bars]
    points = []
    for place, bar in enumerate(chart.bars):
        some = tops[max(0, place + 1 - days) : place + 1]
        points.append(f"{bar.middle} {round(chart.floor - sum(some) / len(some), 1)}")
    return "M" + "L".join(points)
