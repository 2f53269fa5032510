"""Trees that say how sure to be, and how they are grown."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from micro.core.consensus.features import features_of
from micro.core.consensus.keys import row_key
from micro.core.consensus.rows import Row
from micro.core.consensus.table import table_of
from micro.core.consensus.trees import SAME_IN_A_FIELD, Tree, corrections, leading, lines_of, log_odds

sys.path.insert(0, str(Path(__file__).parents[3] / "scripts" / "consensus"))
from growing import grown

ROWS = [
    Row("a/1", "kind", "text", ("u", "v"), ("axe", "axe")),
    Row("a/2", "kind", "text", ("u", "v"), ("socketed axe", "axe")),
    Row("a/3", "kind", "text", (), ()),
]


def test_a_tree_goes_right_only_above_its_limit() -> None:
    tree = Tree((1, 0, 0), (0.5, 2.0, 3.0), (1.0, 2.0, 3.0, 4.0))
    lines = np.array([[2.0, 0.5], [2.1, 0.5], [3.0, 0.6], [3.1, 0.6]])
    assert tree(lines).tolist() == [1.0, 2.0, 3.0, 4.0]
    assert tree(np.zeros((0, 2))).tolist() == []


def test_what_trees_see_tells_no_field_and_has_a_line_a_row() -> None:
    table = table_of(ROWS, row_key)
    chance = np.array([0.9, 0.3, 0.6, 0.1])
    lines, names = lines_of(table, features_of(table), chance, np.array([0.1, 0.1, 0.9]))
    assert lines.shape == (3, len(names))
    assert not set(SAME_IN_A_FIELD) & set(names)
    assert leading(table, chance).tolist() == [0, 2, 3]
    assert lines[1, names.index("second")] == pytest.approx(float(log_odds(np.array([0.3]))[0]))


def test_what_ships_corrects_every_row_a_little() -> None:
    table = table_of(ROWS, row_key)
    added = corrections(table, features_of(table), np.array([0.9, 0.3, 0.6, 0.1]), np.array([0.1, 0.1, 0.9]))
    assert added.shape == (3,)
    assert np.isfinite(added).all() and np.abs(added).max() < 4


def test_grown_trees_find_what_only_two_features_together_say() -> None:
    draw = np.random.default_rng(3)
    lines = draw.normal(size=(3000, 4))
    right = ((lines[:, 0] > 0) & (lines[:, 1] > 0)).astype(float)
    score = np.zeros(3000)
    for tree in grown(lines, right, score, np.ones(3000)):
        score = score + tree(lines)
    assert ((score > 0) == (right > 0)).mean() > 0.97
