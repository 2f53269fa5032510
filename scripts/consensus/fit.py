"""Fits the coefficients that ship with the consensus engine, on sets of answers whose true values are known.

    python scripts/consensus/fit.py FOLDER [--write] [--leave-out SET]

FOLDER holds NAME.dev.jsonl.gz and fields.json. Without --write it prints how the fit does on items that it did not see
(five folds), and with --leave-out how a fit on all other sets does on that one, beside the engine that learns nothing.
Sets in DECIDED take part twice: with nothing decided, and as if some of their items had been.
"""

from __future__ import annotations

import argparse
import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from growing import grown

from micro.core.consensus import project, shipped, trees
from micro.core.consensus.features import Features
from micro.core.consensus.keys import row_key
from micro.core.consensus.ranker import Weights, fitted_weights, ranked
from micro.core.consensus.rows import Row, Settings, in_order
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
DECIDED = {"bai": 300, "bai-wide": 300}
"""How many items of a set are taken as decided when it takes part the second time."""

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


def prepared(rows: list[Row], gold: Gold, decided: int = 0) -> tuple[Table, Features]:
    """The table with the truth as labels, and features that were made without it, but for some decided items.

    What a professional decided of a row is never in its own features.
    """
    items = sorted({row.item for row in rows})
    chosen = set(np.random.default_rng(11).permutation(items)[:decided].tolist())
    checked = {place: value for place, value in gold.items() if place[0] in chosen}
    made = project.TextProject([in_order(row) for row in rows], checked, project.Keys({}))
    truth = [
        float(key == row_key(gold[rows[r].item, rows[r].field]))
        for key, r in zip(made.table.key, made.table.row, strict=True)
    ]
    return replace(made.table, truth=np.array(truth)), made.features


Forest = list[trees.Tree]


def seen_by_trees(table: Table, features: Features, weights: Weights) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A line of features for each row, whether its likeliest candidate is right, and the log-odds of that."""
    chance, none = ranked(table, features, weights)
    lines, _ = trees.lines_of(table, features, chance, none)
    best = trees.leading(table, chance)
    return lines, table.truth[best], trees.log_odds(chance[best])


def forest_of(sets: Sets, weights: Weights) -> Forest:
    """Trees grown on the rows of all sets that have a truth."""
    parts = [seen_by_trees(table, features, weights) for table, features in sets.values()]
    lines, right, begin = (np.concatenate([part[n] for part in parts]) for n in range(3))
    known = ~np.isnan(right)
    return grown(lines[known], right[known], begin[known], np.ones(int(known.sum())))


def score(
    table: Table, features: Features, weights: Weights, forest: Forest, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Confidence, and whether right, of the likeliest candidate of the rows."""
    lines, right, begin = seen_by_trees(table, features, weights)
    for tree in forest:
        begin = begin + tree(lines)
    return 1 / (1 + np.exp(-begin[rows])), right[rows]


def unfitted(rows: list[Row], gold: Gold) -> tuple[np.ndarray, np.ndarray]:
    """Confidence, and whether right, of the engine that learns nothing (--no-learning)."""
    told = project.merge_project(rows, settings=Settings(learning=False))
    right = [float(row_key(one.value) == row_key(gold[one.item, one.field])) for one in told]
    return np.array([one.confidence for one in told]), np.array(right)


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
    base = {name: name.split(",")[0] for name in sets}
    fold = {item: int(draw.integers(FOLDS)) for item in items}
    return {name: np.array([fold[one.split("-")[0], row.item] for row in data[one][0]]) for name, one in base.items()}


def unseen_scores(sets: Sets, folds: dict[str, np.ndarray]) -> None:
    """Prints how the fit does on items that it did not see."""
    found: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {name: [] for name in sets}
    for fold in range(FOLDS):
        seen = {name: (hidden(t, folds[name] == fold), f) for name, (t, f) in sets.items()}
        weights = fitted_weights(list(seen.values()), RIDGE)
        forest = forest_of(seen, weights)
        for name, one in sets.items():
            found[name].append(score(*one, weights, forest, folds[name] == fold))
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
    sets |= {f"{name}, {many} decided": prepared(*data[name], many) for name, many in DECIDED.items()}
    if chosen.leave_out:
        left = chosen.leave_out.split("-")[0]
        seen = {name: one for name, one in sets.items() if name.split("-")[0].split(",")[0] != left}
        weights = fitted_weights(list(seen.values()), RIDGE)
        forest = forest_of(seen, weights)
        for name in (name for name in SETS if name.split("-")[0] == left):
            print(summary(name, *score(*sets[name], weights, forest, np.ones(sets[name][0].rows, bool))))
            print(summary("  nothing learned", *unfitted(*data[name])))
        return
    unseen_scores(sets, folds_of(data, sets))
    if chosen.write:
        weights = fitted_weights(list(sets.values()), RIDGE)
        target = Path(shipped.__file__).with_name(shipped.FILE)
        target.write_text(shipped.written_out([features for _, features in sets.values()], weights), "utf-8")
        print(target, target.stat().st_size, "bytes")
        table, features = sets["bai"]
        chance, none = ranked(table, features, weights)
        names = trees.lines_of(table, features, chance, none)[1]
        target = Path(trees.__file__).with_name(trees.FILE)
        target.write_text(trees.written_out(forest_of(sets, weights), names), "utf-8")
        print(target, target.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
