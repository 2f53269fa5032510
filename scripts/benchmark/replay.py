"""The replay study: real projects are answered again, in their order, and stopped early. How many answers were needed?

    scripts/bench --replay FOLDER [--curve FILE.csv] [--picture FILE.svg] [--orders 20] [--studies NAME …] [--kept DIR]

FOLDER holds NAME.dev.jsonl.gz with rows {"item", "field", "answers": [{"worker", "value", "at"}], "gold"}. The unit is
the whole item: one more answer is one to every field of it that has answers left. The order is that of time where it is
known, else a random one, many times with fixed seeds.

A part of the items is the pilot: answered in full, up to 300 of them checked; under every rule they are the same and
are not counted. The other items are cut in halves. Each half tunes the rule (its decided histories teach what more
answers bring and which price makes it as accurate as a fixed redundancy), and the other half is measured with it. The
gold of an item never has a part in when it is stopped. The rule is micro/core/gains.py with micro/core/retirement.py.

What is approximate: after n answers to an item, the engine knows n answers to each of the other studied items.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import importlib
import json
import pickle
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT), str(Path(__file__).parent)]

from replay_counted import Count, Point, fewer, knowing, oracle, spread_of, until_right  # noqa: E402
from replay_picture import picture  # noqa: E402
from replay_seen import (  # noqa: E402
    SEED,
    Engine,
    History,
    Row,
    givers_of,
    histories_of,
    in_order,
    lengths_of,
    parts_of,
    rounds_of,
)

from micro.core.gains import PRICES, Gains, Told  # noqa: E402
from micro.core.retirement import Redundancy, judge  # noqa: E402

EVERY = Redundancy(1, 100, 0.9999)  # One answer is allowed as a minimum.
APART = " · "  # Between an item and its field, where every field is asked for by itself.
SPLITS_FEW, FEW = 5, 400  # Few items are halved several times over.


@dataclass(frozen=True)
class Study:
    """A project, or several of a kind, and how it is replayed: items with ``least`` answers, by words or by fields.

    ``pilot``: the share of them that belongs to the pilot. ``apart``: every field is asked for by itself.
    """

    name: str
    sets: tuple[str, ...]
    least: int
    by_words: bool
    pilot: float
    apart: bool = False


STUDIES = (
    Study("crowdspeech", ("crowdspeech-test-clean", "crowdspeech-test-other"), 3, True, 1 / 3),
    Study("hmsnhs", ("hmsnhs",), 3, False, 1 / 5),
    Study("bai-wide", ("bai-wide",), 3, False, 0),
    Study("bai-wide, field by field", ("bai-wide",), 3, False, 0, apart=True),
)


@dataclass(frozen=True)
class Found:
    """A study's outcome: the points of fixed redundancy, of the rule at all prices, and of one who knows the truth; and
    by fixed redundancy the rule that was tuned to be as accurate. ``knowing``: the points of a rule that also knows how
    much is right at present; ``until_right``: of one who asks until all is right, by fixed redundancy as the most."""

    fixed: tuple[Point, ...]
    adaptive: tuple[Point, ...]
    oracle: tuple[Point, ...]
    knowing: tuple[Point, ...]
    until_right: dict[int, Point]
    tuned: dict[int, tuple[Count, Count]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a table for every study; returns the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/bench --replay", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path, help="where NAME.dev.jsonl.gz are")
    parser.add_argument("--curve", type=Path, help="write the points of all curves as CSV")
    parser.add_argument("--picture", type=Path, help="draw the curves as SVG")
    parser.add_argument("--orders", type=int, default=20, help="random orders where the time is not known")
    parser.add_argument("--engine", default="micro_engine:predictions", help="module:function, rows to predictions")
    parser.add_argument("--kept", type=Path, help="a folder that keeps what the engine said, for the next run")
    parser.add_argument("--studies", nargs="*", default=[study.name for study in STUDIES])
    asked = parser.parse_args(arguments)
    module, function = asked.engine.split(":")
    engine: Engine = getattr(importlib.import_module(module), function)
    curves: dict[str, dict[str, tuple[Point, ...]]] = {}
    for study in STUDIES:
        if study.name in asked.studies:
            found = replay(study, read(asked.folder, study), engine, asked.orders, asked.kept)
            print(report(study, found), flush=True)
            curves[study.name] = {"fixed": found.fixed, "adaptive": found.adaptive, "oracle": found.oracle}
            curves[study.name]["knowing what is right now"] = found.knowing
    if asked.curve:
        with asked.curve.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(("data", "rule", "setting", "answers an item", "accuracy %"))
            for name, rules in curves.items():
                rows.writerows(
                    (name, rule, *(round(x, 5) for x in p)) for rule, points in rules.items() for p in points
                )
    if asked.picture:
        asked.picture.write_text(picture(curves), encoding="utf-8")
    return 0


def read(folder: Path, study: Study) -> dict[str, list[Row]]:
    """The rows of every set of a study."""
    kinds = (
        json.loads((folder / "fields.json").read_text(encoding="utf-8")) if (folder / "fields.json").exists() else {}
    )
    found = {}
    for name in study.sets:
        types = kinds.get(name.split("-")[0], {})
        with gzip.open(folder / f"{name}.dev.jsonl.gz", "rt", encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        found[name] = [{**row, "type": types.get(row["field"], types.get("*", "text"))} for row in rows]
    return found


def replay(study: Study, sets: dict[str, list[Row]], engine: Engine, orders: int, kept: Path | None = None) -> Found:
    """All points of a study."""
    pairs = [pair for name, rows in sets.items() for pair in halves_of(study, name, rows, engine, orders, kept)]
    measured = [history for _, other in pairs for history in other]
    most = max(len(history.sure) for history in measured)
    fixed = [Count(measured, [min(count, len(one.sure)) for one in measured]) for count in range(1, most + 1)]
    by_price = [
        Count(measured, [stop for told, other in pairs for stop in stops(Gains.fitted(told, price), other)])
        for price in PRICES
    ]
    tuned = {}
    for count in range(2, most + 1):
        rules = [(Gains.as_good_as(told, count), other) for told, other in pairs]
        ends = [stop for rule, other in rules for stop in stops(rule, other)]
        tuned[count] = Count(measured, ends), fixed[count - 1]
    return Found(
        tuple(one.point(number) for number, one in enumerate(fixed, start=1)),
        tuple(one.point(price) for price, one in zip(PRICES, by_price, strict=True)),
        oracle(measured),
        _knowing(pairs, measured),
        {count: until_right(measured, count).point(count) for count in range(2, most + 1)},
        tuned,
    )


def _knowing(pairs: Sequence[tuple[list[Told], list[History]]], measured: list[History]) -> tuple[Point, ...]:
    """The same rule, fitted and asked told how much is right at present: what better confidences could bring."""
    known = []
    for told, other in pairs:
        usual = float(np.mean([one.whole for one in other]))
        shares = [replace(one.told, quality=tuple(right / usual for right in one.told.quality)) for one in other]
        looks = [replace(h, told=replace(h.told, looks=knowing(s).looks)) for h, s in zip(other, shares, strict=True)]
        known.append(([knowing(one) for one in told], looks))
    points = []
    for price in PRICES[::2]:
        ends = [stop for told, other in known for stop in stops(Gains.fitted(told, price), other)]
        points.append(Count(measured, ends).point(price))
    return tuple(points)


def halves_of(
    study: Study, name: str, rows: list[Row], engine: Engine, orders: int, kept: Path | None
) -> list[tuple[list[Told], list[History]]]:
    """(what one half tells, the other half's histories in every order), both ways round."""
    timed = all(answer.get("at") for row in rows for answer in row["answers"])
    lengths = lengths_of(in_order(rows, None if timed else random.Random(SEED)))
    parts = parts_of(lengths, study.least, study.pilot)
    givers = givers_of(rows, parts, study.by_words)
    histories: list[History] = []
    for order in range(1 if timed else orders):
        ordered = in_order(rows, None if timed else random.Random(SEED + order))
        rounds = _kept(kept, f"{name}-{order}", lambda given=ordered: rounds_of(given, parts, engine, study.by_words))
        if study.apart:
            rounds = [[replace(one, item=f"{one.item}{APART}{one.field}") for one in seen] for seen in rounds]
            several = {f"{row['item']}{APART}{row['field']}": lengths[row["item"]] for row in rows}
            histories += histories_of(rounds, order, givers, several)
        else:
            histories += histories_of(rounds, order, givers, lengths)
    found = []
    few = len(parts.halves[0]) < FEW and not study.apart
    for split in range(SPLITS_FEW if few else 1):
        halves = parts_of(lengths, study.least, study.pilot, split).halves
        for tuning, measuring in (halves, halves[::-1]):
            told, measured = (
                [one for one in histories if (one.item.rsplit(APART, 1)[0] if study.apart else one.item) in half]
                for half in (tuning, measuring)
            )
            found.append((told_of(told), [replace(one, name=name) for one in measured]))
    return found


def _kept(folder: Path | None, name: str, made: Any) -> Any:
    """What was made before under this name, else made now."""
    if folder is None:
        return made()
    path = folder / f"{name}.pickle"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pickle.dumps(made()))
    return pickle.loads(path.read_bytes())  # noqa: S301 Only what this script itself has written.


def told_of(histories: Sequence[History]) -> list[Told]:
    """What decided histories tell, in shares of what an item has to get right on the average."""
    usual = float(np.mean([one.whole for one in histories]))
    return [replace(one.told, quality=tuple(right / usual for right in one.told.quality)) for one in histories]


def stops(rule: Gains | None, histories: Sequence[History]) -> list[int]:
    """After how many answers each ends; at the last answer that there is at the latest."""
    return [
        next(
            (n for n in range(1, len(one.sure)) if is_done(rule, n, one.told.looks[n - 1], one.sure[n - 1])),
            len(one.sure),
        )
        for one in histories
    ]


def is_done(rule: Gains | None, answers: int, looks: tuple[float, ...], sure: float) -> bool:
    """The rule that tasks retire by."""
    worth = rule.worth(answers, looks) if rule else None
    return judge(EVERY, answers, answers, sure, worth=worth).done


def report(study: Study, found: Found) -> str:
    """A table: for every fixed redundancy, what the rule tuned to be as accurate needs, and what is possible."""
    what = "words right" if study.by_words else "fields right"
    lines = [
        f"\n{study.name} ({what})",
        "| fixed redundancy | answers | accuracy % | tuned beforehand: answers | accuracy % | fewer % (95 %) "
        "| accuracy against fixed (95 %) | fewer at equal accuracy %, on the curve "
        "| knowing what is right: fewer % | asking until all is right: fewer % | knowing what is to come: fewer % |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for count, (tuned, fixed) in found.tuned.items():
        setting, answers, accuracy = fixed.point(count)
        _, needs, reached = tuned.point(count)
        (low, high), (worse, better) = spread_of(tuned, fixed)
        curves = (found.adaptive, found.knowing, found.oracle)
        on_curve, now, bound = (_said(fewer(points, answers, accuracy)) for points in curves)
        right = _said(100 * (1 - found.until_right[count][1] / answers))
        lines.append(
            f"| {setting:.0f} | {answers:.2f} | {accuracy:.2f} | {needs:.2f} | {reached:.2f} "
            f"| {100 * (1 - needs / answers):.0f} ({low:.0f} to {high:.0f}) "
            f"| {reached - accuracy:+.2f} ({worse:+.2f} to {better:+.2f}) "
            f"| {on_curve} | {now} | {right} | {bound} |"
        )
    best = max(found.fixed, key=lambda p: (round(p[2], 1), -p[1]))
    lines.append(f"Best fixed redundancy: {best[0]:.0f} (accuracy to 0.1 %).")
    return "\n".join(lines)


def _said(percent: float | None) -> str:
    return "–" if percent is None else f"{percent:.0f}"


if __name__ == "__main__":
    sys.exit(main())
