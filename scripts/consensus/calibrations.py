"""Compares ways to read the engine's confidences after some records were decided.

    python scripts/consensus/calibrations.py FOLDER [SET]

FOLDER holds NAME.dev.jsonl.gz and fields.json. The engine's votes alone (what a project's settling starts from) are
merged without learning; then each method is fitted on 10, 100 and 300 decided records, drawn at random DRAWS times, and
judged on all others: expected calibration error, and Brier's score (mean squared error), both in per cent. On bai:

    decided                         10             100             300
    as_it_is               16.2 / 20.7     16.2 / 20.7     16.2 / 20.7
    platt_with_prior       10.2 / 19.2      6.8 / 17.9      6.3 / 17.4
    platt                  18.7 / 22.9      6.9 / 18.5      6.1 / 18.2
    beta                   17.2 / 21.9      6.9 / 18.6      5.1 / 18.2
    isotonic               16.6 / 21.9      6.7 / 18.5      4.8 / 18.1

Platt's method with a prior is kept: the best with few records, and by Brier's score with any number.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from fit import read

from micro.core.consensus.calibration import calibrated, expected_error
from micro.core.consensus.keys import row_key
from micro.core.consensus.project import merge_project
from micro.core.consensus.rows import Settings

DRAWS = 5
Known = tuple[str, float, bool]
Reading = Callable[[str, float], float]


def as_it_is(decided: Sequence[Known]) -> Reading:
    return lambda field, confidence: confidence


def platt_with_prior(decided: Sequence[Known]) -> Reading:
    """What the engine uses: log-odds shifted and stretched, a shift for each field, all pulled to nothing."""
    fitted = calibrated(decided)
    return lambda field, confidence: fitted.of(confidence, field)


def platt(decided: Sequence[Known]) -> Reading:
    """Log-odds shifted and stretched, with next to no prior."""
    return _logistic(decided, lambda sure: [np.log(sure / (1 - sure))])


def beta(decided: Sequence[Known]) -> Reading:
    """Kull, Silva Filho and Flach 2017: both logarithms of a confidence have a weight."""
    return _logistic(decided, lambda sure: [np.log(sure), -np.log(1 - sure)])


def isotonic(decided: Sequence[Known]) -> Reading:
    """Pool adjacent violators: the rising steps that fit best."""
    alike: dict[float, list[bool]] = {}
    for _, confidence, right in decided:
        alike.setdefault(confidence, []).append(right)
    steps: list[list[float]] = []  # The confidence where it begins, the share that is right, how many.
    for confidence, known in sorted(alike.items()):
        steps.append([confidence, sum(known) / len(known), len(known)])
        while len(steps) > 1 and steps[-2][1] >= steps[-1][1]:
            (begin, share, many), (_, other, more) = steps[-2:]
            steps[-2:] = [[begin, (share * many + other * more) / (many + more), many + more]]
    begins, shares = np.array([one[0] for one in steps]), [one[1] for one in steps]
    return lambda field, confidence: shares[max(0, int(np.searchsorted(begins, confidence, side="right")) - 1)]


def _logistic(decided: Sequence[Known], columns: Callable[[float], list[float]]) -> Reading:
    def line(confidence: float) -> np.ndarray:
        return np.array([1.0, *columns(min(1 - 1e-6, max(1e-6, confidence)))])

    lines = np.array([line(confidence) for _, confidence, _ in decided])
    right, weights = np.array([float(one) for _, _, one in decided]), np.zeros(lines.shape[1])
    for _ in range(30):
        expected = 1 / (1 + np.exp(-np.clip(lines @ weights, -30, 30)))
        curve = (lines * (expected * (1 - expected))[:, None]).T @ lines + 0.01 * np.eye(len(weights))
        step = np.linalg.solve(curve, lines.T @ (right - expected) - 0.01 * weights)
        weights = weights + step * min(1.0, 2.0 / (float(np.abs(step).max()) + 1e-12))
    return lambda field, confidence: float(1 / (1 + np.exp(-np.clip(line(confidence) @ weights, -30, 30))))


METHODS = (as_it_is, platt_with_prior, platt, beta, isotonic)


def main() -> None:
    folder, name = Path(sys.argv[1]), (sys.argv[2:] or ["bai"])[0]
    rows, gold = read(folder, name)
    told = merge_project(rows, settings=Settings(learning=False))
    known = [(one.field, one.confidence, row_key(one.value) == row_key(gold[one.item, one.field])) for one in told]
    print(f"{name}: calibration error / Brier's score in %, mean of {DRAWS} draws")
    print(f"{'decided':18s}" + "".join(f"{many:>16d}" for many in (10, 100, 300)))
    for method in METHODS:
        cells = [judged(method, known, many) for many in (10, 100, 300)]
        print(f"{method.__name__:18s}" + "".join(f"{error:9.1f} / {brier:4.1f}" for error, brier in cells))


def judged(method: Callable[[Sequence[Known]], Reading], known: Sequence[Known], many: int) -> tuple[float, float]:
    """The mean calibration error and Brier's score, in per cent, over the records that were not decided."""
    found = []
    for draw in range(DRAWS):
        order = np.random.default_rng(draw).permutation(len(known)).tolist()
        reading = method([known[n] for n in order[:many]])
        rest = [(reading(field, sure), right) for field, sure, right in (known[n] for n in order[many:])]
        found.append((expected_error(rest), sum((sure - right) ** 2 for sure, right in rest) / len(rest)))
    error, brier = (100 * float(np.mean(part)) for part in zip(*found, strict=True))
    return error, brier


if __name__ == "__main__":
    main()
