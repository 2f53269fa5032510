"""Few decided records move what ships where it does not fit, and leave it alone where it does."""

from __future__ import annotations

import random

import numpy as np
import pytest

from micro.core.consensus.own_weights import FEW_ITEMS, own_weights
from micro.core.consensus.project import Keys, TextProject
from micro.core.consensus.ranker import refitted
from micro.core.consensus.rows import Row
from micro.core.consensus.shipped import shipped_for

PLACES = ("Bath", "Leeds", "York", "Wells", "Ely", "Truro")


def cards(many: int, seed: int) -> list[Row]:
    """Three people read a place and a kind on each card; each errs in one of four."""
    draw = random.Random(seed)
    rows = []
    for n in range(many):
        for field in ("place", "kind", "note"):
            true = PLACES[n % len(PLACES)]
            said = tuple(true if draw.random() < 0.75 else draw.choice(PLACES) for _ in range(3))
            rows.append(Row(str(n), field, "text", ("ada", "ben", "cy"), said))
    return rows


def truths(rows: list[Row], many: int, wrong: bool) -> dict[tuple[str, str], str]:
    """What was decided of the first cards: what stands on them, or something that nobody wrote."""
    return {
        (row.item, row.field): "elsewhere" if wrong else PLACES[int(row.item) % len(PLACES)]
        for row in rows
        if int(row.item) < many
    }


def surest(rows: list[Row], decided: dict[tuple[str, str], str]) -> float:
    """The mean chance that the likeliest value of each undecided row has."""
    made = TextProject(rows, decided, Keys({}))
    chance = made.chance.tolist()
    starts = made.table.start.tolist()
    open_ = [n for n, row in enumerate(rows) if (row.item, row.field) not in decided]
    return sum(max(chance[starts[n] : starts[n + 1]]) for n in open_) / len(open_)


def test_few_records_that_contradict_what_ships_bring_it_down() -> None:
    rows = cards(60, 1)
    before = surest(rows, {})
    assert surest(rows, truths(rows, 14, wrong=True)) < before - 0.3
    assert abs(surest(rows, truths(rows, 14, wrong=False)) - before) < 0.2


def moved(made: TextProject, firmness: float | None) -> float:
    """How far the weights lie from those that ship; None: as far as the project itself chooses."""
    shipped = shipped_for(made.features)
    start = (shipped.weights, shipped.spread, shipped.spread_none)
    if firmness is None:
        own = own_weights(made.table, made.features, *start)
    else:
        own = refitted(made.table, made.features, *start, firmness)
    return float(np.linalg.norm(own.of - shipped.weights.of)) + float(np.linalg.norm(own.own))


def as_shipped(rows: list[Row], many: int, seed: int) -> dict[tuple[str, str], str]:
    """Decisions about the first cards as often as what ships believes: it fits this project perfectly."""
    made, draw = TextProject(rows, {}, Keys({})), random.Random(seed)
    found = {}
    for number, row in enumerate(rows):
        if int(row.item) < many:
            place = slice(int(made.table.start[number]), int(made.table.start[number + 1]))
            chances = [*made.chance[place].tolist(), float(made.none[number])]
            found[row.item, row.field] = draw.choices([*made.table.key[place], "elsewhere"], chances)[0]
    return found


def test_where_what_ships_fits_few_records_hardly_move_it() -> None:
    rows = cards(60, 2)
    far = [[moved(made, None), moved(made, 1.0), moved(made, 100.0)] for made in projects_as_shipped(rows)]
    own, usual, firm = np.array(far).T
    assert (own <= usual + 1e-9).all() and (own < 0.5 * usual).any(), "where the usual pull is too weak, it is seen"
    assert (firm < 0.3 * usual).all(), "the firmer, the less"


def projects_as_shipped(rows: list[Row]) -> list[TextProject]:
    return [TextProject(rows, as_shipped(rows, 14, seed), Keys({})) for seed in range(6)]


def test_with_many_decided_items_nothing_is_tried() -> None:
    rows = cards(80, 2)
    made = TextProject(rows, truths(rows, FEW_ITEMS, wrong=False), Keys({}))
    assert moved(made, None) == pytest.approx(moved(made, 1.0))


def test_the_order_of_rows_decides_nothing() -> None:
    rows = cards(30, 4)
    decided = truths(rows, 12, wrong=False)
    mixed = list(rows)
    random.Random(5).shuffle(mixed)
    assert surest(rows, decided) == pytest.approx(surest(mixed, decided), abs=1e-6)
