"""Growing the decision trees of micro/core/consensus/trees.py, one after the other, each on what is still wrong.

Features are sorted into BINS of equal numbers of rows, and each tree sees a random half of them; leaves are shrunk by
PULL. Everything is drawn from one seed, so the same data give the same trees.
"""

from __future__ import annotations

import numpy as np

from micro.core.consensus.reliability import Indices, Numbers
from micro.core.consensus.trees import Tree

ROUNDS, DEPTH, STEP = 150, 3, 0.1
PULL, LEAST = 20.0, 8.0
"""Leaves are pulled to 0 as if by so much more curvature (p (1 - p) a row), and have at least LEAST of it."""

BINS, SEEN = 24, 0.5


def grown(lines: Numbers, right: Numbers, begin: Numbers, weight: Numbers, seed: int = 5) -> list[Tree]:
    """Trees that move the log-odds ``begin`` of rows (a line of features each) to whether they were ``right``.

    Cost: rows x features x trees.
    """
    draw = np.random.default_rng(seed)
    limits = [_limits(column) for column in lines.T]
    binned = np.stack([np.searchsorted(limit, column) for limit, column in zip(limits, lines.T, strict=True)])
    score, trees = begin.copy(), []
    for _ in range(ROUNDS):
        expected = 1 / (1 + np.exp(-score))
        slope, curve = (right - expected) * weight, expected * (1 - expected) * weight
        seen = draw.choice(len(limits), int(len(limits) * SEEN), replace=False)
        tree = _tree(binned, limits, slope, curve, seen)
        trees.append(tree)
        score += tree(lines)
    return trees


def _limits(column: Numbers) -> Numbers:
    """Where bins end; as exact as the file keeps them."""
    found = np.quantile(column, np.linspace(0, 1, BINS + 1)[1:-1])
    return np.unique([float(f"{one:.4g}") for one in found])


def _tree(binned: Indices, limits: list[Numbers], slope: Numbers, curve: Numbers, seen: Indices) -> Tree:
    rows = binned.shape[1]
    node, every = np.zeros(rows, np.int64), np.arange(rows)
    features, ends = list[int](), list[float]()
    for level in range(DEPTH):
        feature, place = _splits(binned, node, 2**level, slope, curve, seen)
        for one, end in zip(feature.tolist(), place.tolist(), strict=True):
            features.append(max(one, 0))
            ends.append(float(limits[one][end]) if one >= 0 else 1e9)
        over = (feature[node] >= 0) & (binned[np.maximum(feature, 0)[node], every] > place[node])
        node = 2 * node + over
    leaves = STEP * np.bincount(node, slope, 2**DEPTH) / (np.bincount(node, curve, 2**DEPTH) + PULL)
    return Tree(tuple(features), tuple(ends), tuple(leaves.tolist()))


def _splits(
    binned: Indices, node: Indices, nodes: int, slope: Numbers, curve: Numbers, seen: Indices
) -> tuple[Indices, Indices]:
    """For each node the feature and the bin to split after that gain most; -1 where nothing gains."""
    best, feature, place = np.full(nodes, 1e-6), np.full(nodes, -1), np.zeros(nodes, np.int64)
    whole, all_curve = np.bincount(node, slope, nodes)[:, None], np.bincount(node, curve, nodes)[:, None]
    for one in seen.tolist():
        at = node * BINS + binned[one]
        left = np.bincount(at, slope, nodes * BINS).reshape(nodes, BINS).cumsum(1)[:, :-1]
        bent = np.bincount(at, curve, nodes * BINS).reshape(nodes, BINS).cumsum(1)[:, :-1]
        gain = left**2 / (bent + PULL) + (whole - left) ** 2 / (all_curve - bent + PULL)
        gain = np.where((bent < LEAST) | (all_curve - bent < LEAST), 0, gain - whole**2 / (all_curve + PULL))
        most = gain.argmax(1)
        better = gain[np.arange(nodes), most] > best
        best = np.where(better, gain[np.arange(nodes), most], best)
        feature, place = np.where(better, one, feature), np.where(better, most, place)
    return feature, place
