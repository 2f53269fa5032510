"""The figures of docs/consensus.md, from what compare.py measures, and one table (CSV) of every number in them."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from figures import Line, Panel, frame, picture
from fit import Gold
from scoring import Said, plain, scored
from unseen import drawn, not_drawn

from micro.core.consensus.calibration import reliability_diagram, wilson

if TYPE_CHECKING:
    from compare import Compared

CHECKED = 300
TITLES = {
    "bai": "index cards",
    "bai-wide": "index cards with all answers",
    "hmsnhs": "hospital registers",
}
CURVE = (0, 10, 30, 100, 220)
LEAST_ROWS = 40


def drawn_pictures(compared: Compared, folder: Path, draws: int) -> None:
    """Writes the pictures and the CSV into a folder."""
    made = {
        "consensus-reliability": ("What the engine says and how often it is right", reliability(compared)),
        "consensus-answers": ("Right values by number of answers", by_answers(compared)),
        "consensus-checked": ("What checked cards teach", by_checked(compared, draws)),
    }
    numbers: list[tuple[str, ...]] = []
    for name, (title, panels) in made.items():
        (folder / f"{name}.svg").write_text(picture(title, panels), "utf-8")
        numbers += [(name, *row) for panel in panels for row in numbers_of(panel)]
    with (folder / "consensus-measured.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("figure", "chart", "line", "across", "up", "low", "high"))
        table.writerows(numbers)


def numbers_of(panel: Panel) -> Iterator[tuple[str, ...]]:
    """A row of texts for each point: chart, line, where it lies, and what lies around it."""
    labels = dict(panel.marks)
    for line in panel.lines:
        around = line.whiskers or [None] * len(line.points)
        for (x, y), limits in zip(line.points, around, strict=True):
            low, high = (f"{one:.2f}" for one in limits) if limits else ("", "")
            yield f"{panel.title}: {panel.up}", line.name, labels.get(x, f"{x:.2f}"), f"{y:.2f}", low, high


def right_of(said: Said, gold: Gold) -> list[tuple[float, bool]]:
    return [(said[place][1], plain(said[place][0]) == plain(true)) for place, true in sorted(gold.items())]


def reliability(compared: Compared) -> list[Panel]:
    """How often values were right of which the engine was as sure as the horizontal axis says."""
    panels = []
    for name in ("bai", "bai-wide"):
        gold = not_drawn(compared.unseen.data[name][1], CHECKED)
        lines = []
        for label, engine in (
            ("nothing checked, a new collection", "elsewhere"),
            ("nothing checked, fitted on other cards of the collection", "micro"),
            (f"{CHECKED} cards checked (or half of all), a new collection", f"elsewhere {CHECKED}"),
        ):
            bins = reliability_diagram(right_of(compared.said(name, engine), gold))
            points = [(100 * one.confidence, 100 * one.right) for one in bins if one.records >= LEAST_ROWS]
            around = [(100 * one.low, 100 * one.high) for one in bins if one.records >= LEAST_ROWS]
            lines.append(Line(label, points, around))
        marks = [(float(n), str(n)) for n in range(0, 101, 20)]
        panels.append(Panel(TITLES[name], "confidence, %", "right, %", lines, marks, 0, 100, diagonal=True))
    return panels


def by_answers(compared: Compared) -> list[Panel]:
    """How many values are right where so many people answered."""
    panels = []
    for name, engine in (("bai-wide", f"micro {CHECKED}"), ("hmsnhs", "micro")):
        rows, gold = compared.unseen.data[name]
        gold = not_drawn(gold, CHECKED) if engine != "micro" else gold
        many = {(row.item, row.field): len(row.values) for row in rows}
        counts = defaultdict(list)
        for place in gold:
            counts[min(many[place], 9)].append(place)
        groups = sorted(count for count, places in counts.items() if len(places) >= LEAST_ROWS)
        named = (
            ("the value that most wrote", "plurality"),
            ("micro", engine),
            ("a perfect choice of what was given", "perfect"),
        )
        lines = [
            Line(label, *_shares(compared.said(name, one), gold, [(n, counts[n]) for n in groups]))
            for label, one in named
        ]
        low, high = frame([y for line in lines for _, y in line.points], 10)
        marks = [(float(n), str(n)) for n in groups]
        panels.append(Panel(TITLES[name], "answers", "right, %", lines, marks, low, min(100, high)))
    return panels


def _shares(said: Said, gold: Gold, groups: Sequence[tuple[int, Sequence[tuple[str, str]]]]) -> tuple[list, list]:
    points, around = [], []
    for count, places in groups:
        share = sum(plain(said[place][0]) == plain(gold[place]) for place in places) / len(places)
        low, high = wilson(share, len(places))
        points.append((float(count), 100 * share))
        around.append((100 * low, 100 * high))
    return points, around


def by_checked(compared: Compared, draws: int) -> list[Panel]:
    """What more checked cards bring, on cards that were never checked; the mean of some random draws."""
    right, errors = [], []
    for name, elsewhere in (("bai", False), ("bai", True), ("bai-wide", False), ("bai-wide", True)):
        label = TITLES[name] + (", a new collection" if elsewhere else "")
        means = [_mean(compared, name, many, elsewhere, draws) for many in CURVE]
        right.append(Line(label, [(float(n), one) for n, (one, _) in enumerate(means)]))
        errors.append(Line(label, [(float(n), one) for n, (_, one) in enumerate(means)]))
    marks = [(float(n), str(many)) for n, many in enumerate(CURVE)]
    low, high = frame([y for line in right for _, y in line.points])
    _, most = frame([y for line in errors for _, y in line.points])
    return [
        Panel("values that are right", "checked cards", "right, %", right, marks, low, high),
        Panel("calibration error", "checked cards", "off by, %", errors, marks, 0, most),
    ]


def _mean(compared: Compared, name: str, many: int, elsewhere: bool, draws: int) -> tuple[float, float]:
    """Right values and calibration error, in per cent, after ``many`` checked cards."""
    _, gold = compared.unseen.data[name]
    scores = []
    for seed in range(1, draws + 1):
        predictions = compared.unseen.merged(name, drawn(gold, many, seed), elsewhere)
        said = {(one.item, one.field): (one.value, one.confidence) for one in predictions}
        scores.append(scored(said, not_drawn(gold, CURVE[-1], seed)))
    return float(np.mean([one.right for one in scores])), float(np.mean([one.ece for one in scores]))
