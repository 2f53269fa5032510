"""How sure to be of the value that was chosen: small decision trees that see what weights alone cannot.

That two people agree says much where the word is rare and long, and little where everybody writes it; a gap counts
where answers are few. Such "where"s are products of features, and trees find them: gradient boosting (Friedman 2001,
doi:10.1214/aos/1013203451) with the second-order step of XGBoost (Chen and Guestrin 2016, doi:10.1145/2939672.2939785),
on the log-odds that ranker.py gives. They change how sure the engine is, never what it chooses. They are grown by
scripts/consensus/growing.py; no feature tells which field a row is of.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np

from micro.core.consensus.features import Features
from micro.core.consensus.reliability import Indices, Numbers
from micro.core.consensus.table import Table

FILE = "trees.json"
SAME_IN_A_FIELD = ("field agrees", "single, field agrees", "blank usual", "filled beside blank")
"""Features that are (nearly) one number a field: they would tell which field it is, not what speaks for a value."""


@dataclass(frozen=True)
class Tree:
    """A full binary tree, level by level: inner node n goes on to 2n + 1, or to 2n + 2 where its feature is above its
    limit. ``leaves`` are what is added to the log-odds, from left to right."""

    features: tuple[int, ...]
    limits: tuple[float, ...]
    leaves: tuple[float, ...]

    def __call__(self, lines: Numbers) -> Numbers:
        """What this tree adds, for each line of features."""
        node = np.zeros(len(lines), np.int64)
        feature, limit = np.array(self.features, np.int64), np.array(self.limits)
        every = np.arange(len(lines))
        while node.size and node[0] < len(feature):
            node = 2 * node + 1 + (lines[every, feature[node]] > limit[node])
        return np.array(self.leaves)[node - len(feature)]


def leading(table: Table, chance: Numbers) -> Indices:
    """The likeliest candidate of each row; of equals the first."""
    best = np.maximum.reduceat(chance, table.start[:-1]) if table.rows else chance
    at_best = np.flatnonzero(chance >= best[table.row])
    _, first = np.unique(table.row[at_best], return_index=True)
    return np.asarray(at_best[first])


def lines_of(table: Table, features: Features, chance: Numbers, none: Numbers) -> tuple[Numbers, list[str]]:
    """What the trees see of each row's leading candidate, a line a row; and the names of the columns."""
    best = leading(table, chance)
    rest = chance.copy()
    rest[best] = 0.0
    second = np.maximum.reduceat(rest, table.start[:-1]) if table.rows else rest
    of = [n for n, name in enumerate(features.names) if " × " not in name and name not in SAME_IN_A_FIELD]
    nothing = [n for n, name in enumerate(features.none_names) if name not in SAME_IN_A_FIELD]
    more = {
        "surest": log_odds(chance[best]),
        "second": log_odds(second),
        "none": log_odds(none),
        "given": table.given[best].astype(np.float64),
    }
    columns = [features.of[best][:, of], features.none[:, nothing], np.stack(list(more.values()), 1)]
    names = [features.names[n] for n in of] + [features.none_names[n] for n in nothing] + list(more)
    return np.concatenate(columns, 1), names


def log_odds(share: Numbers) -> Numbers:
    """The log-odds of shares, of which none is quite 0 or 1."""
    kept = np.clip(share, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(kept / (1 - kept)))


def corrections(table: Table, features: Features, chance: Numbers, none: Numbers) -> Numbers:
    """What the shipped trees add to the log-odds of each row's leading candidate. Cost: rows x trees."""
    trees, wanted = _shipped()
    lines, names = lines_of(table, features, chance, none)
    seen = np.ascontiguousarray(lines[:, [names.index(name) for name in wanted]])
    total = np.zeros(table.rows)
    for tree in trees:
        total += tree(seen)
    return total


@lru_cache(maxsize=1)
def _shipped() -> tuple[tuple[Tree, ...], tuple[str, ...]]:
    told: Mapping[str, Any] = json.loads((files("micro.core.consensus") / FILE).read_text("utf-8"))
    trees = tuple(Tree(tuple(one[0]), tuple(one[1]), tuple(one[2])) for one in told["trees"])
    return trees, tuple(told["names"])


def written_out(trees: Sequence[Tree], names: Sequence[str]) -> str:
    """The file's text."""
    told = [[list(tree.features), _short(tree.limits), _short(tree.leaves)] for tree in trees]
    return json.dumps({"names": list(names), "trees": told}, ensure_ascii=False, separators=(",", ":")) + "\n"


def _short(numbers: Sequence[float]) -> list[float]:
    return [float(f"{number:.4g}") for number in numbers]
