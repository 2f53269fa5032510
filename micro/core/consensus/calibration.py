"""From what the engine believes to how often it is right: confidences fitted on what professionals have decided.

Platt's method (1999) with a prior: the log-odds of a confidence are shifted and stretched so that they fit the decided
records, and each field has a shift of its own. The prior is what other collections taught (scripts/consensus/prior.py):
everywhere votes alone were too sure, and by much the same measure. A project is pulled to it with a Gaussian, so that

* with 0 decided records a confidence is read as it was in other collections, and its interval is wide;
* with 10 it moves by a few hundredths at most;
* with 100 the project's own level is known to a few hundredths;
* with 300 the larger fields have a level of their own.

People who agree also share their mistakes, so beyond KNEE each further vote says BEYOND of what it says before.
The interval comes from Laplace's approximation: the curvature of the penalised likelihood at its maximum.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from micro.core.consensus.reliability import Numbers

SHIFT, STRETCH = -0.76, 0.61
"""What other collections taught: fitted on index cards and registers alike, and true of each left out of the fit."""

SHIFT_SD, STRETCH_SD, FIELD_SD = 0.4, 0.1, 0.5
"""Standard deviations of the prior, on the scale of log-odds: how far one project may be from others."""

KNEE, BEYOND = 4.0, 0.2
"""From which log-odds on (98 %) more votes of the same say less, and by how much."""

STEPS = 30
Z_95 = 1.959963984540054


@dataclass(frozen=True)
class Calibration:
    """How confidences of a project are to be read. ``decided``: on how many records it was fitted."""

    fields: tuple[str, ...]
    weights: tuple[float, ...]
    spread: tuple[tuple[float, ...], ...]
    decided: int

    def of(self, confidence: float, field: str) -> float:
        """The calibrated confidence (0 to 1). A larger one never becomes smaller than a smaller one of its field."""
        if confidence <= 0:
            return 0.0
        return _share(float(_line(confidence, field, self.fields) @ np.array(self.weights)))

    def interval(self, confidence: float, field: str) -> tuple[float, float]:
        """Between what and what the calibrated confidence lies, with 95 % probability."""
        line = _line(max(confidence, 1e-6), field, self.fields)
        middle = float(line @ np.array(self.weights))
        own = 0.0 if field in self.fields else FIELD_SD**2  # Nothing is known of how far this field is from others.
        away = Z_95 * math.sqrt(float(line @ np.array(self.spread) @ line) + own)
        return _share(middle - away), _share(middle + away)


def calibrated(decided: Sequence[tuple[str, float, bool]]) -> Calibration:
    """Fitted on decided records: (field, the engine's confidence, whether it was right).

    Cost: records x fields squared.
    """
    fields = tuple(sorted({field for field, _, _ in decided}))
    lines = np.array([_line(confidence, field, fields) for field, confidence, _ in decided]).reshape(
        -1, len(fields) + 2
    )
    right = np.array([float(one) for _, _, one in decided])
    prior = np.diag([1 / SHIFT_SD**2, 1 / STRETCH_SD**2, *[1 / FIELD_SD**2] * len(fields)])
    start = np.array([SHIFT, STRETCH, *[0.0] * len(fields)])
    weights, curve = _climbed(lines, right, start, prior)
    weights[1] = max(weights[1], 0.05)  # The order of confidences is kept.
    spread = np.linalg.inv(curve)
    return Calibration(fields, tuple(weights.tolist()), tuple(map(tuple, spread.tolist())), len(decided))


def _climbed(lines: Numbers, right: Numbers, start: Numbers, prior: Numbers) -> tuple[Numbers, Numbers]:
    """The weights with the largest penalised likelihood, by Newton's method, and the curvature there."""
    weights, curve = start.copy(), prior
    for _ in range(STEPS):
        expected = 1 / (1 + np.exp(-np.clip(lines @ weights, -30, 30)))
        slope = lines.T @ (right - expected) - prior @ (weights - start)
        curve = prior + (lines * (expected * (1 - expected))[:, None]).T @ lines
        step = np.linalg.solve(curve, slope)
        share, now = 1.0, _likelihood(lines, right, weights, start, prior)
        while share > 1e-4 and _likelihood(lines, right, weights + share * step, start, prior) < now:
            share /= 2  # A whole step may overshoot, and then the next one back, for ever.
        weights = weights + share * step
        if float(np.abs(step).max()) < 1e-8:
            break
    return weights, curve


def _likelihood(lines: Numbers, right: Numbers, weights: Numbers, start: Numbers, prior: Numbers) -> float:
    """The logarithm of the penalised likelihood, but for a constant."""
    score, away = lines @ weights, weights - start
    return float(right @ score - np.logaddexp(0, score).sum() - away @ prior @ away / 2)


def _line(confidence: float, field: str, fields: Sequence[str]) -> Numbers:
    kept = min(1 - 1e-6, max(1e-6, confidence))
    votes = math.log(kept / (1 - kept))
    bent = min(votes, KNEE) + BEYOND * max(0.0, votes - KNEE)
    return np.array([1.0, bent, *[float(field == one) for one in fields]])


def _share(log_odds: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, log_odds))))


def in_votes(confidence: float) -> float:
    """The confidence (0 to 1) of votes alone that is read as this one where nothing was decided.

    For models of what further independent votes would bring (retirement.py): they think in votes.
    """
    kept = min(1 - 1e-6, max(1e-6, confidence))
    bent = (math.log(kept / (1 - kept)) - SHIFT) / STRETCH
    return _share(min(bent, KNEE) + max(0.0, bent - KNEE) / BEYOND)


@dataclass(frozen=True)
class Bin:
    """Decided records whose confidence was alike: the mean of it, the share that was right, its 95 % interval (Wilson
    1927), and how many they are."""

    confidence: float
    right: float
    low: float
    high: float
    records: int


def reliability_diagram(decided: Sequence[tuple[float, bool]], bins: int = 10) -> tuple[Bin, ...]:
    """(confidence, whether right) of decided records in ``bins`` of equal width; empty bins are left out."""
    sorted_in: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in decided:
        sorted_in.setdefault(min(bins - 1, int(confidence * bins)), []).append((confidence, right))
    return tuple(_bin(sorted_in[number]) for number in sorted(sorted_in))


def _bin(records: Sequence[tuple[float, bool]]) -> Bin:
    many = len(records)
    right = sum(one for _, one in records) / many
    low, high = wilson(right, many)
    return Bin(math.fsum(confidence for confidence, _ in records) / many, right, low, high, many)


def wilson(share: float, many: float, z: float = Z_95) -> tuple[float, float]:
    """The interval of a share seen in ``many`` trials (Wilson 1927); of none: all of 0 to 1."""
    if many <= 0:
        return 0.0, 1.0
    middle = (share + z * z / (2 * many)) / (1 + z * z / many)
    away = z * math.sqrt(share * (1 - share) / many + z * z / (4 * many * many)) / (1 + z * z / many)
    return max(0.0, middle - away), min(1.0, middle + away)


def expected_error(decided: Sequence[tuple[float, bool]], bins: int = 15) -> float:
    """The expected calibration error (0 to 1) over equal bins; of nothing: 0."""
    diagram = reliability_diagram(decided, bins)
    return sum(abs(one.confidence - one.right) * one.records for one in diagram) / max(1, len(decided))
