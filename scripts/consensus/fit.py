"""Fits the coefficients that ship with the consensus engine, on sets of answers whose true values are known.

    python scripts/consensus/fit.py FOLDER [--write] [--leave-out SET]

FOLDER holds NAME.dev.jsonl.gz and fields.json. Without --write it prints how the fit does on items that it did not see
(five folds), and with --leave-out how a fit on all other sets does on that one.
"""

from __future__ import annotations

import argparse
import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from micro.core.consensus import project, shipped
from micro.core.consensus.features import Features
from micro.core.consensus.keys import row_key
from micro.core.consensus.ranker import Weights, fitted_weights, ranked
from micro.core.consensus.rows import Row
from micro.core.consensus.table import Table

SETS = (
    "bai",
    "bai-wide",
    "hmsnhs",
    "crowdspeech-dev-clean",
    "crowdspeech-dev-other",
    "crowdspeech-test-clean",
    "crowdspeech-test-other",
)
RIDGE, FOLDS = 10.0, 5
Gold = dict[tuple[str, str], str]
Sets = dict[str, tuple[Table, Features]]


def read(folder: Path, name: str) -> tuple[list[Row], Gold]:
    """The rows of a set, and the true values."""
    types = json.loads((folder / "fields.json").read_text("utf-8")).get(name.split("-")[0], {})
    rows, gold = [], {}
    with gzip.open(folder / f"{name}.dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            told = json.loads(line)
            field = told["field"]
            answers = told["answers"]
            rows.append(
                Row(
                    told["item"],
                    field,
                    types.get(field, types.get("*", "text")),
                    tuple(str(a["worker"]) for a in answers),
                    tuple(a["value"] for a in answers),
                )
            )
            gold[told["item"], field] = told["gold"]
    return rows, gold


def prepared(rows: list[Row], gold: Gold) -> tuple[Table, Features]:
    """The table with the truth as labels, and features that were made without it."""
    made = project.TextProject([project.in_order(row) for row in rows], {}, project.Keys({}))
    truth = [
        float(key == row_key(gold[rows[r].item, rows[r].field]))
        for key, r in zip(made.table.key, made.table.row, strict=True)
    ]
    return replace(made.table, truth=np.array(truth)), made.features


def score(table: Table, features: Features, weights: Weights, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Confidence, and whether right, of the likeliest candidate of the rows."""
    chance, _ = ranked(table, features, weights)
    best = np.array([a + int(np.argmax(chance[a:b])) for a, b in zip(table.start[:-1], table.start[1:], strict=True)])
    return chance[best][rows], table.truth[best][rows]


def summary(name: str, confidence: np.ndarray, right: np.ndarray) -> str:
    bins = np.minimum((confidence * 15).astype(int), 14)
    ece = sum(
        abs(confidence[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean()
        for b in range(15)
        if (bins == b).any()
    )
    order = np.argsort(-confidence)
    accuracy = np.cumsum(right[order]) / np.arange(1, len(right) + 1)
    share = max(np.nonzero(accuracy >= 0.95)[0], default=-1) + 1
    return (
        f"{name:24s} right {100 * right.mean():6.2f} %  calibration error {100 * ece:5.2f} %"
        f"  at 95 % right {100 * share / len(right):5.1f} %"
    )


def folds_of(data: dict[str, tuple[list[Row], Gold]], sets: Sets) -> dict[str, np.ndarray]:
    """Per set the fold of each row; an item is in the same fold in all sets that have it."""
    draw = np.random.default_rng(7)
    items = sorted({(name.split("-")[0], row.item) for name, (rows, _) in data.items() for row in rows})
    fold = {item: int(draw.integers(FOLDS)) for item in items}
    return {name: np.array([fold[name.split("-")[0], row.item] for row in data[name][0]]) for name in sets}


def unseen_scores(sets: Sets, folds: dict[str, np.ndarray]) -> None:
    """Prints how the fit does on items that it did not see."""
    found: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {name: [] for name in sets}
    for fold in range(FOLDS):
        weights = fitted_weights([(hidden(t, folds[name] == fold), f) for name, (t, f) in sets.items()], RIDGE)
        for name, one in sets.items():
            found[name].append(score(*one, weights, folds[name] == fold))
    for name, parts in found.items():
        print(summary(name, *(np.concatenate(part) for part in zip(*parts, strict=True))))


def hidden(table: Table, rows: np.ndarray) -> Table:
    """The table with the truth of some rows hidden."""
    return replace(table, truth=np.where(rows[table.row], np.nan, table.truth))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--write", action="store_true")
    options.add_argument("--leave-out")
    chosen = options.parse_args()
    data = {name: read(chosen.folder, name) for name in SETS}
    sets = {name: prepared(*data[name]) for name in SETS}
    if chosen.leave_out:
        left = chosen.leave_out.split("-")[0]
        weights = fitted_weights([one for name, one in sets.items() if name.split("-")[0] != left], RIDGE)
        for name in (name for name in SETS if name.split("-")[0] == left):
            print(summary(name, *score(*sets[name], weights, np.ones(sets[name][0].rows, bool))))
        return
    unseen_scores(sets, folds_of(data, sets))
    if chosen.write:
        weights = fitted_weights(list(sets.values()), RIDGE)
        target = Path(shipped.__file__).with_name(shipped.FILE)
        target.write_text(shipped.written_out([features for _, features in sets.values()], weights), "utf-8")
        print(target, target.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
