"""The engine as it does on items that its shipped coefficients were not fitted on.

What ships was fitted on the same sets that are at hand for measuring. So the items are divided into FOLDS parts as
fit.py divides them, and every item is merged with coefficients and trees fitted on the other parts alone. What a
project learns by itself (whom to trust, what is usual, what was decided) it learns from all of its rows, as always.

Parts of one collection are alike, and a new project is like none of them. What it has to expect is told by coefficients
that were fitted without any set of the collection (``elsewhere``).
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from fit import (
    DECIDED,
    FOLDS,
    RIDGE,
    SETS,
    Forest,
    Gold,
    Sets,
    fitted_weights,
    folds_of,
    forest_of,
    hidden,
    prepared,
    read,
)

from micro.core.consensus import project, trees
from micro.core.consensus.own_weights import own_weights
from micro.core.consensus.ranker import Weights, ranked
from micro.core.consensus.rows import Checked, Prediction, Row, in_order
from micro.core.consensus.shipped import shipped_for

Coefficients = tuple[Weights, Forest]


class UnseenProject(project.TextProject):
    """A project whose row n is merged with ``coefficients[fold[n]]``."""

    def __init__(
        self, rows: Sequence[Row], checked: Checked, fold: np.ndarray, coefficients: Sequence[Coefficients]
    ) -> None:
        self.coefficients = coefficients
        super().__init__([in_order(row) for row in rows], checked, project.Keys({}))
        table, features = self.table, self.features
        candidates, chances = fold[table.row], []
        for weights, forest in map(self.own, coefficients):
            chance, none = ranked(table, features, weights)
            lines, _ = trees.lines_of(table, features, chance, none)
            added = sum((tree(lines) for tree in forest), np.zeros(table.rows))[table.row]
            sure = np.where(table.given > 0, 1 / (1 + np.exp(-trees.log_odds(chance) - added)), chance)
            chances.append((chance, sure))
        self.chance, self.sure = (np.choose(candidates, [one[n] for one in chances]) for n in range(2))
        self.rewrites = self._rewrites(checked)

    def _weights(self) -> Weights:
        return self.own(self.coefficients[0])[0]

    def own(self, coefficients: Coefficients) -> Coefficients:
        """The coefficients as the project's decided rows move them, where there are enough of these."""
        weights, forest = coefficients
        if self.table.decided.sum() < project.ENOUGH_DECIDED:
            return coefficients
        shipped = shipped_for(self.features)
        return own_weights(self.table, self.features, weights, shipped.spread, shipped.spread_none), forest


class Unseen:
    """All sets, and the coefficients of each part."""

    def __init__(self, folder: Path, kept: Path | None = None) -> None:
        """``kept``: a file that holds the fitted coefficients, or will; delete it when the engine or fit.py changes."""
        self.data: dict[str, tuple[list[Row], Gold]] = {name: read(folder, name) for name in SETS}
        if kept and kept.is_file():
            self.folds, self.coefficients, self.elsewhere = pickle.loads(kept.read_bytes())  # noqa: S301 - a file of our own
            return
        sets = {name: prepared(*self.data[name]) for name in SETS}
        sets |= {f"{name}, {many} decided": prepared(*self.data[name], many) for name, many in DECIDED.items()}
        self.folds = folds_of(self.data, sets)
        self.coefficients = [self._fitted(sets, fold) for fold in range(FOLDS)]
        self.elsewhere = {one: _fitted_elsewhere(sets, one) for one in sorted(set(map(collection_of, SETS)))}
        if kept:
            kept.write_bytes(pickle.dumps((self.folds, self.coefficients, self.elsewhere)))

    def _fitted(self, sets: Sets, fold: int) -> Coefficients:
        """The coefficients that every part but this one gives."""
        print(f"fitting without part {fold + 1} of {FOLDS}", file=sys.stderr, flush=True)
        seen = {name: (hidden(t, self.folds[name] == fold), f) for name, (t, f) in sets.items()}
        weights = fitted_weights(list(seen.values()), RIDGE)
        return weights, forest_of(seen, weights)

    def merged(self, name: str, checked: Checked, elsewhere: bool = False) -> list[Prediction]:
        """One prediction for each row of a set. ``elsewhere``: with coefficients from other collections only."""
        rows, _ = self.data[name]
        if elsewhere:
            nothing = np.zeros(len(rows), np.int64)
            return list(UnseenProject(rows, checked, nothing, [self.elsewhere[collection_of(name)]]).predictions())
        return list(UnseenProject(rows, checked, self.folds[name], self.coefficients).predictions())


def collection_of(name: str) -> str:
    """Sets of one collection share the first part of their names."""
    return name.split("-")[0].split(",")[0]


def _fitted_elsewhere(sets: Sets, left: str) -> Coefficients:
    """The coefficients that all other collections give."""
    print(f"fitting without {left}", file=sys.stderr, flush=True)
    seen = {name: one for name, one in sets.items() if collection_of(name) != left}
    weights = fitted_weights(list(seen.values()), RIDGE)
    return weights, forest_of(seen, weights)


def drawn(gold: Gold, many: int, seed: int = 1) -> dict[tuple[str, str], str]:
    """The true values of ``many`` items, at most half of them; a longer draw with the same seed holds a shorter one."""
    items = sorted({item for item, _ in gold})
    chosen = set(np.random.default_rng(seed).permutation(items)[: min(many, len(items) // 2)].tolist())
    return {place: value for place, value in gold.items() if place[0] in chosen}


def not_drawn(gold: Gold, most: int, seed: int = 1) -> Gold:
    """The rows of all items that a draw of ``most`` leaves."""
    left = drawn(gold, most, seed)
    return {place: value for place, value in gold.items() if place not in left}
