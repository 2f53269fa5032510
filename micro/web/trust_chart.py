"""The reliability diagram as figures for an inline SVG: what was claimed from left to right, what was right upwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from micro.core.consensus.calibration import Bin

WIDTH, HEIGHT = 420, 300
LEFT, RIGHT, TOP, FLOOR = 48, 402, 12, 248
STEPS = 5


@dataclass(frozen=True)
class Dot:
    """One bin: its place in units of the drawing, the ends of its interval, and the bin itself."""

    x: float
    y: float
    low: float
    high: float
    bin: Bin


@dataclass(frozen=True)
class TrustChart:
    """Dots over a grid; ``ticks`` are (share 0 to 1, x, y), from the share at which both axes begin."""

    dots: tuple[Dot, ...]
    ticks: tuple[tuple[float, float, float], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    top: int = TOP
    floor: int = FLOOR

    @property
    def middle(self) -> float:
        return (LEFT + RIGHT) / 2


def trust_chart(bins: Sequence[Bin]) -> TrustChart:
    """Both axes begin at the last fifth below everything that is shown, and end at 1; no bins give an empty grid."""
    least = min((min(one.low, one.confidence) for one in bins), default=0.0)
    start = int(least * STEPS) / STEPS if least < 1 else 1 - 1 / STEPS
    ticks = [step / STEPS for step in range(round(start * STEPS), STEPS + 1)]

    def across(share: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * (share - start) / (1 - start), 1)

    def up(share: float) -> float:
        return round(FLOOR - (FLOOR - TOP) * (share - start) / (1 - start), 1)

    dots = (Dot(across(one.confidence), up(one.right), up(one.low), up(one.high), one) for one in bins)
    return TrustChart(tuple(dots), tuple((share, across(share), up(share)) for share in ticks))
