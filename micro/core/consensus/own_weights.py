"""How far a project's few decided records may move the shipped weights: chosen by the project itself.

Where what ships already fits a project, ten checked cards fit their own noise; where it does not, they are worth gold.
Which it is nobody knows beforehand, so with few decided items several strengths of the pull to what ships are tried,
each judged by cross-validation on the decided items (Stone 1974): fitted on some, it is asked about the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from micro.core.consensus.features import Features
from micro.core.consensus.ranker import Weights, ranked, refitted
from micro.core.consensus.reliability import Indices, Numbers
from micro.core.consensus.table import Flags, Table

PULLS = (1.0, 12.0)
"""How many times as strong as with many decided items; beside them, what ships as it is."""

FEW_ITEMS, FOLDS = 60, 3
"""From so many decided items on the usual pull is right everywhere, and nothing is tried."""


def own_weights(table: Table, features: Features, shipped: Weights, spread: Numbers, spread_none: Numbers) -> Weights:
    """The project's own weights, from its decided rows and the shipped weights; see ranker.refitted.

    Cost: with few decided items some seven fits to them, else one.
    """

    def fitted(known: Table, pull: float) -> Weights:
        return refitted(known, features, shipped, spread, spread_none, pull) if pull else shipped

    items = np.unique(table.item[table.decided])
    if len(items) >= FEW_ITEMS:
        return fitted(table, 1.0)
    fold = _folds(table, features.chance, items)
    worth = dict.fromkeys((0.0, *reversed(PULLS)), 0.0)  # Of equals what ships, then what moves least.
    for part in range(FOLDS):
        held = table.decided & (fold == part)
        known = _without(table, held)
        if held.any() and known.decided.any():
            for pull in worth:
                worth[pull] += _log_chance(table, features, fitted(known, pull), held)
    return fitted(table, _best(worth))


def _best(worth: Mapping[float, float]) -> float:
    return max(worth, key=lambda pull: round(worth[pull], 6))


def _folds(table: Table, chance: Numbers, items: Indices) -> Indices:
    """Per row the part that its item is in. Parts are about equally large, and no order of rows or items decides."""
    many = int(table.item.max()) + 1
    size = np.bincount(table.item[table.decided], minlength=many)
    doubt = np.round(np.bincount(table.item[table.row], chance**2, many), 6)
    order = items[np.lexsort((doubt[items], -size[items]))]
    part = np.zeros(many, np.int64)
    part[order] = np.arange(len(order)) % FOLDS
    return np.asarray(part[table.item])


def _without(table: Table, held: Flags) -> Table:
    """The table as if these rows had not been decided."""
    return replace(table, truth=np.where(held[table.row], np.nan, table.truth))


def _log_chance(table: Table, features: Features, weights: Weights, held: Flags) -> float:
    """The logarithm of the chance that weights give to what was decided, over some rows."""
    chance, none = ranked(table, features, weights)
    true = np.bincount(table.row, np.nan_to_num(table.truth) * chance, table.rows)
    found = np.bincount(table.row, np.nan_to_num(table.truth), table.rows) > 0
    return float(np.log(np.maximum(np.where(found, true, none)[held], 1e-9)).sum())
