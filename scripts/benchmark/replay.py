"""The replay study: real projects are answered again, in their order, and stopped early. How many answers were needed?

    scripts/bench --replay FOLDER [--curve FILE.csv] [--orders 20] [--engine module:function]

FOLDER holds NAME.dev.jsonl.gz with rows {"item", "field", "answers": [{"worker", "value", "at"}], "gold"}. The unit is
the whole item: one more answer is one to every field of it that has answers left. The order is that of time where it is
known, else a random one, many times with fixed seeds.

Fixed redundancy asks for the same number of answers for every item. Adaptive redundancy judges every item after every
answer with micro/core/retirement.py, at different prices. It never sees the gold of the item that it judges: what it
knows is the engine's confidence, calibrated on up to 300 checked items which are then left out of the study, and the
project's reliability, which is how often single answers to those checked items were right.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import importlib
import json
import math
import random
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT), str(Path(__file__).parent)]

from replay_seen import Calibrator, Engine, Row, Seen, look, wholes  # noqa: E402

from micro.core.gains import Gains, Step, looks_of  # noqa: E402
from micro.core.retirement import Patience, Redundancy, expected_gain, judge  # noqa: E402

CHECKED = 300
SEED = 20261123
PRICES = [0.0, *(0.0003 * 1.25**step for step in range(30))]
AHEAD = 6
EVERY = Redundancy(1, 100, 0.9999)  # One answer is allowed as a minimum.
Point = tuple[float, float, float]  # A setting, the answers an item that it needs, and the accuracy in %.


@dataclass(frozen=True)
class Study:
    """A project, or several of a kind, and how it is replayed: items with ``least`` answers, by words or by fields."""

    name: str
    sets: tuple[str, ...]
    least: int
    by_words: bool


STUDIES = (
    Study("crowdspeech", ("crowdspeech-test-clean", "crowdspeech-test-other"), 3, True),
    Study("hmsnhs", ("hmsnhs",), 3, False),
    Study("bai-wide", ("bai-wide",), 3, False),
)


@dataclass(frozen=True)
class State:
    """An item after some answers: how much of it is right, of how much, how sure the fields are, and how it looks."""

    answers: int
    right: float
    whole: float
    chances: tuple[float, ...]
    looks: tuple[float, ...]

    @property
    def quality(self) -> float:
        return self.right / self.whole if self.whole else 1.0


@dataclass(frozen=True)
class Project:
    """What a project knows: how often its volunteers are right, and what more answers brought to checked items."""

    reliability: float
    gains: Gains | None

    def is_done(self, state: State, price: float) -> bool:
        """Whether one more answer is not expected to bring its price, by the rule that tasks retire by."""
        gain = self.gains.expected(state.answers, state.looks, AHEAD) if self.gains else None
        sure = math.fsum(state.chances) / len(state.chances) if state.chances else 0.0
        patience = Patience(self.reliability, price)
        if gain is None and state.chances:
            gain = math.fsum(
                expected_gain(round(one, 3), self.reliability, AHEAD, answers=state.answers) for one in state.chances
            ) / len(state.chances)
        return judge(EVERY, state.answers, state.answers, sure, patience=patience, gain=gain).done


@dataclass(frozen=True)
class History:
    """An item answer by answer, in a project."""

    states: tuple[State, ...]
    project: Project

    def after(self, answers: int) -> State:
        return self.states[min(answers, len(self.states)) - 1]

    def stopped(self, price: float) -> State:
        """Where the adaptive rule stops; at the last answer that there is at the latest."""
        return next((state for state in self.states[:-1] if self.project.is_done(state, price)), self.states[-1])


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a table for every study; returns the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/bench --replay", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path, help="where NAME.dev.jsonl.gz are")
    parser.add_argument("--curve", type=Path, help="write the points of all curves as CSV")
    parser.add_argument("--orders", type=int, default=20, help="random orders where the time is not known")
    parser.add_argument("--engine", default="micro_engine:predictions", help="module:function, rows to predictions")
    parser.add_argument("--model-only", action="store_true", help="do not learn from checked items what answers bring")
    parser.add_argument("--studies", nargs="*", default=[study.name for study in STUDIES])
    asked = parser.parse_args(arguments)
    module, function = asked.engine.split(":")
    engine: Engine = getattr(importlib.import_module(module), function)
    curve: list[tuple[Any, ...]] = [("data", "rule", "setting", "answers an item", "accuracy %")]
    for study in STUDIES:
        if study.name in asked.studies:
            fixed, adaptive = replay(study, read(asked.folder, study), engine, asked.orders, not asked.model_only)
            print(report(study, fixed, adaptive), flush=True)
            for rule, points in (("fixed", fixed), ("adaptive", adaptive)):
                curve += [(study.name, rule, *(round(part, 5) for part in point)) for point in points]
    if asked.curve:
        with asked.curve.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(curve)
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


def replay(
    study: Study, sets: dict[str, list[Row]], engine: Engine, orders: int, learn: bool = True
) -> tuple[list[Point], list[Point]]:
    """The points of fixed redundancy and of adaptive redundancy."""
    histories = [one for rows in sets.values() for one in histories_of(study, rows, engine, orders, learn)]
    most = max(len(history.states) for history in histories)
    fixed = [point(count, [history.after(count) for history in histories]) for count in range(1, most + 1)]
    adaptive = [point(price, [history.stopped(price) for history in histories]) for price in PRICES]
    return fixed, adaptive


def point(setting: float, ends: Sequence[State]) -> Point:
    right, whole = math.fsum(end.right for end in ends), math.fsum(end.whole for end in ends)
    return setting, math.fsum(end.answers for end in ends) / len(ends), 100 * right / whole


def in_order(rows: Sequence[Row], chance: random.Random | None) -> list[Row]:
    """The rows with "turns": for every answer when it came for its item, from 1; by time, or each row's at random."""
    if chance is not None:
        return [
            {**row, "turns": list(enumerate(chance.sample(row["answers"], len(row["answers"])), 1))} for row in rows
        ]
    came: dict[str, dict[Any, str]] = defaultdict(dict)
    for row in rows:
        for answer in row["answers"]:
            came[row["item"]].setdefault(answer["worker"], answer["at"])
    turns = {
        item: {who: turn for turn, who in enumerate(sorted(at, key=lambda one: (at[one], str(one))), 1)}
        for item, at in came.items()
    }
    return [{**row, "turns": [(turns[row["item"]][a["worker"]], a) for a in row["answers"]]} for row in rows]


def histories_of(study: Study, rows: Sequence[Row], engine: Engine, orders: int, learn: bool) -> list[History]:
    """All studied items of a project in every order, each judged by what others that are checked have taught."""
    timed = all(answer.get("at") for row in rows for answer in row["answers"])
    replays = []
    for number in range(1 if timed else orders):
        ordered = in_order(rows, None if timed else random.Random(SEED + number))
        replays.append(rounds_of(study, ordered, engine))
    whole, lengths = wholes(rows, study.by_words), lengths_of(in_order(rows, None if timed else random.Random(SEED)))
    found = []
    for checked, studied in drawn(lengths, study.least):
        known = [one for rounds in replays for seen in rounds for one in seen if one.item in checked]
        singles = [one for one in known if one.answers == 1]
        reliability = math.fsum(one.right for one in singles) / math.fsum(one.whole for one in singles)
        calibrator = Calibrator(known)
        told = [states_of(rounds, sorted(checked), lengths, whole, calibrator) for rounds in replays]
        steps = [step for one in told for states in one for step in steps_of(states)]
        project = Project(reliability, Gains.fitted(steps) if learn else None)
        for rounds in replays:
            found += [History(s, project) for s in states_of(rounds, studied, lengths, whole, calibrator)]
    return found


def rounds_of(study: Study, rows: Sequence[Row], engine: Engine) -> list[list[Seen]]:
    """What is seen when every item of the project has one answer, two, and so on."""
    rounds = []
    for count in range(1, max(turn for row in rows for turn, _ in row["turns"]) + 1):
        known = [{**row, "answers": [a for turn, a in row["turns"] if turn <= count]} for row in rows]
        rounds.append(look([row for row in known if row["answers"]], engine, study.by_words))
    return rounds


def lengths_of(rows: Sequence[Row]) -> dict[str, int]:
    """How many answers every item has."""
    lengths: dict[str, int] = defaultdict(int)
    for row in rows:
        lengths[row["item"]] = max(lengths[row["item"]], *(turn for turn, _ in row["turns"]))
    return lengths


def states_of(
    rounds: Sequence[Sequence[Seen]],
    items: Sequence[str],
    lengths: dict[str, int],
    whole: dict[str, float],
    calibrator: Calibrator,
) -> list[tuple[State, ...]]:
    """Every item answer by answer."""
    states: dict[str, list[State]] = {item: [] for item in items}
    for count, seen in enumerate(rounds, start=1):
        for item, fields in by_item(seen, items).items():
            if count > lengths[item]:
                continue
            chances = tuple(calibrator.chances(fields))
            before = states[item][-1].chances if states[item] else ()
            among = max(1, len(fields))
            more = (
                math.fsum(one.agreement for one in fields) / among,
                math.fsum(one.agreement > 0.999 for one in fields) / among,
                math.fsum(one.contested for one in fields) / among,
            )
            right = math.fsum(one.right for one in fields)
            states[item].append(State(count, right, whole[item], chances, looks_of(chances, before, more)))
    return [tuple(one) for one in states.values()]


def steps_of(states: Sequence[State]) -> list[Step]:
    """What a checked item teaches: how it looked, and what became of it."""
    return [
        Step(state.answers, state.looks, tuple(one.quality for one in states[place : place + AHEAD + 1]))
        for place, state in enumerate(states[:-1])
    ]


def drawn(lengths: dict[str, int], least: int) -> list[tuple[set[str], list[str]]]:
    """Which items are checked and which are studied: [(checked, studied)], an item never being both in one of them.

    Studied are items with ``least`` answers. Where half of them is more than CHECKED, so many others of them are
    checked. Otherwise each half is checked for the other, filled up to CHECKED with items that have fewer answers.
    """
    chance = random.Random(SEED)
    enough, others = (sorted(i for i in lengths if (lengths[i] >= least) == wanted) for wanted in (True, False))
    chance.shuffle(enough)
    if len(enough) >= 2 * CHECKED:
        return [(set(enough[:CHECKED]), enough[CHECKED:])]
    half = len(enough) // 2
    more = set(chance.sample(others, min(len(others), CHECKED - (len(enough) - half))))
    return [(set(enough[half:]) | more, enough[:half]), (set(enough[:half]) | more, enough[half:])]


def by_item(seen: Sequence[Seen], items: Sequence[str]) -> dict[str, list[Seen]]:
    found: dict[str, list[Seen]] = {item: [] for item in items}
    for one in seen:
        if one.item in found:
            found[one.item].append(one)
    return found


def report(study: Study, fixed: Sequence[Point], adaptive: Sequence[Point]) -> str:
    """A table: for every fixed redundancy, what the adaptive rule needs to be as accurate."""
    what = "words right" if study.by_words else "fields right"
    lines = [
        f"\n{study.name} ({what})",
        "| fixed redundancy | answers an item | accuracy % | adaptive: answers an item | accuracy % | fewer % |",
        "|---|---|---|---|---|---|",
    ]
    for setting, answers, accuracy in fixed:
        least = min((p for p in adaptive if p[2] >= accuracy - 1e-9), key=lambda p: p[1], default=None)
        cells = [f"{setting:.0f}", f"{answers:.2f}", f"{accuracy:.2f}"]
        cells += [f"{least[1]:.2f}", f"{least[2]:.2f}", f"{100 * (1 - least[1] / answers):.0f}"] if least else ["–"] * 3
        lines.append("| " + " | ".join(cells) + " |")
    best = max(fixed, key=lambda p: (round(p[2], 3), -p[1]))
    least = min((p for p in adaptive if p[2] >= best[2] - 1e-9), key=lambda p: p[1], default=None)
    if least:
        fewer = 100 * (1 - least[1] / best[1])
        lines.append(
            f"Best fixed redundancy: {best[0]:.0f}. As accurate with {fewer:.0f} % fewer answers, at {least[0]:.4f}."
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
