"""What speaks for and against each candidate of a row, as numbers: who gave it, how it looks, and how usual it is.

Everything is taken from the project's own answers: the reliability of those who gave a candidate (reliability.py), its
likeness to what others gave, and how usual its words, its key and its shape are in the field, counted over all other
rows and weighted by the chance of each. The names below are the names in the shipped coefficients.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from micro.core.consensus.habits import habits_of
from micro.core.consensus.likeness import Likeness, likeness_of
from micro.core.consensus.reliability import Numbers, Votes, fitted, log_odds
from micro.core.consensus.table import KINDS, Table
from micro.core.consensus.usualness import looks_of, usualness_of

CELL_ANSWERS = 8.0
"""A volunteer's reliability in one field is shrunk to what volunteer and field say, worth so many answers."""


@dataclass(frozen=True)
class Features:
    """One line per candidate (``of``) and one per row for "none of these" (``none``); names beside them.

    ``chance`` is the chance of each candidate by reliability alone; ``reliability`` that of each answer's giver.
    """

    of: Numbers
    names: tuple[str, ...]
    none: Numbers
    none_names: tuple[str, ...]
    chance: Numbers
    reliability: Numbers


def features_of(table: Table, merged: Numbers | None = None) -> Features:
    """All features. ``merged``: per candidate, the least support of a word where aligning made it, else 0.

    Cost: answers, and for rows with rivals candidates squared.
    """
    undecided = np.full(len(table.key), np.nan)  # A row's own truth must not show in its features.
    votes = Votes(table.candidate, table.worker, table.row, undecided, table.workers)
    by_worker, chance = fitted(votes)
    cell_reliability, by_field = _by_field(table, by_worker, chance)
    likeness = likeness_of(table)
    named: dict[str, Numbers] = {}
    _who(named, table, by_worker, cell_reliability)
    named["item"] = _same_item(table, chance, by_field)
    _looks(named, table, likeness, chance)
    looks = looks_of(table)
    named |= usualness_of(table, chance, looks)
    named |= _decided_by(table) | habits_of(table, chance, looks)
    _aligned(named, table, merged if merged is not None else np.zeros(len(table.key)))
    single = (np.diff(table.start) == 1)[table.row].astype(np.float64)
    crossed = {
        f"{name} × {kind}": named[name] * (table.kind[table.row] == n)
        for name in BY_KIND
        for n, kind in enumerate(KINDS)
    }
    crossed |= {f"{name} × single": named[name] * single for name in WHEN_SINGLE}
    named |= crossed
    none = _none(table, likeness, named, chance)
    return Features(
        np.stack(list(named.values()), 1),
        tuple(named),
        np.stack(list(none.values()), 1),
        tuple(none),
        chance,
        cell_reliability,
    )


BY_KIND = ("share", "lead", "odds", "like", "length", "blank usual", "key usual", "word usual", "contains", "item")
WHEN_SINGLE = (
    "lead",
    "odds",
    "best giver",
    "key usual",
    "word rarest",
    "word usual",
    "word in field",
    "shape usual",
    "long",
    "digits",
    "gap",
    "item",
    "decided worker",
    "decided cell",
    "decided best",
    "decided sum",
    "decided key",
    "decided shape",
    "decided words",
    "decided least",
    "decided column",
    "decided column shape",
)


def _logit(share: Numbers) -> Numbers:
    clipped = np.clip(share, 0.02, 0.98)
    return np.asarray(np.log(clipped / (1 - clipped)))


def _by_field(table: Table, by_worker: Numbers, chance: Numbers) -> tuple[Numbers, Numbers]:
    """Each answer's reliability by volunteer and field, shrunk to both; and each field's share of likely answers."""
    right = chance[table.candidate]
    fields = table.field[table.answer_row]
    by_field = np.bincount(fields, right, table.fields) / np.maximum(1, np.bincount(fields, minlength=table.fields))
    mean = np.array(float(right.mean()) if len(right) else 0.5)
    expected = _logit(by_worker)[table.worker] + _logit(by_field)[fields] - _logit(mean)
    prior = 1 / (1 + np.exp(-expected))
    cell = table.worker * table.fields + fields
    size = table.workers * table.fields
    total = np.bincount(cell, right, size)[cell] + CELL_ANSWERS * prior
    found = total / (np.bincount(cell, minlength=size)[cell] + CELL_ANSWERS)
    return np.clip(found, 0.05, 0.98), by_field


def _who(named: dict[str, Numbers], table: Table, by_worker: Numbers, reliability: Numbers) -> None:
    answers = np.bincount(table.answer_row, minlength=table.rows)[table.row]
    odds = _logit(reliability)
    support = table.per_candidate(odds)
    named["share"] = table.given / np.maximum(1, answers)
    named["odds"] = support
    named["lead"] = 2 * support - table.per_row(support)[table.row]
    named["odds of givers"] = table.per_candidate(log_odds(by_worker)[table.worker])
    named["best giver"] = _most(odds, table)


def _most(of_answers: Numbers, table: Table) -> Numbers:
    """The largest over the answers of each candidate; of a candidate that nobody gave, that of its row's least."""
    found = np.full(len(table.key), -4.0)
    np.maximum.at(found, table.candidate, of_answers)
    return found


def _same_item(table: Table, chance: Numbers, by_field: Numbers) -> Numbers:
    """How much likelier than usual the givers' other answers on the same item are, shrunk, their mean."""
    ahead = chance[table.candidate] - by_field[table.field[table.answer_row]]
    _, pair = np.unique(table.item[table.answer_row] * table.workers + table.worker, return_inverse=True)
    others = (np.bincount(pair, ahead)[pair] - ahead) / (np.bincount(pair)[pair] + 2) if len(pair) else ahead
    return table.per_candidate(others) / np.maximum(1, table.given)


def _looks(named: dict[str, Numbers], table: Table, likeness: Likeness, chance: Numbers) -> None:
    length = np.array([len(key) for key in table.key], float)
    blank = length == 0
    rivals = (np.diff(table.start) > 1)[table.row]
    filled_answers = table.per_row(table.given * ~blank)[table.row]
    mean = table.per_row(table.given * length)[table.row] / np.maximum(1, filled_answers)
    named["like"], named["contains"] = likeness.like, likeness.contains
    named["contained"], named["same letters"] = likeness.contained, likeness.same_letters
    named["length"] = np.where(blank, 0, np.log((length + 3) / (mean + 3)))
    named["odd length"] = np.abs(named["length"])
    named["long"] = np.log1p(length)
    share = (np.bincount(table.field[table.row], chance * blank, table.fields) + 1) / (
        np.bincount(table.field[table.row], chance, table.fields) + 4
    )
    usual = _logit(share)[table.field[table.row]]
    answers = table.per_row(table.given.astype(np.float64))[table.row]
    named["blank"], named["blank with rivals"] = blank * 1.0, (blank & rivals) * 1.0
    named["blank usual"] = blank * usual
    named["alone filled"] = (~blank & (filled_answers == 1)) * 1.0
    named["filled beside blank"] = (~blank & (filled_answers < answers)) * usual
    never_blank = not (blank & (table.given > 0)).any()
    added = (table.given == 0) & blank & rivals & never_blank
    named["nothing there"] = added * 1.0
    named["nothing there, few"] = added * (answers == 2)
    named["gap"] = table.gap
    named["digits"] = likeness.digits


def _decided_by(table: Table) -> dict[str, Numbers]:
    """How often the givers were right where professionals decided other rows, beyond the field's share; shrunk."""
    decided = table.decided[table.answer_row].astype(np.float64)
    right = np.nan_to_num(table.truth)[table.candidate] * decided
    fields = table.field[table.answer_row]
    usual = (np.bincount(fields, right, table.fields) + 1.8) / (np.bincount(fields, decided, table.fields) + 3)
    ahead = (right - usual[fields]) * decided
    worker = (np.bincount(table.worker, ahead, table.workers)[table.worker] - ahead) / (
        np.bincount(table.worker, decided, table.workers)[table.worker] - decided + 10
    )
    cell, size = table.worker * table.fields + fields, table.workers * table.fields
    in_field = (np.bincount(cell, ahead, size)[cell] - ahead + 5 * worker) / (
        np.bincount(cell, decided, size)[cell] - decided + 5
    )
    many = np.maximum(1, table.given)
    best = np.where(table.given > 0, np.maximum(_most(in_field, table), -1), 0)
    return {
        "decided worker": table.per_candidate(worker) / many,
        "decided cell": table.per_candidate(in_field) / many,
        "decided best": best,
        "decided sum": table.per_candidate(in_field),
    }


def _aligned(named: dict[str, Numbers], table: Table, merged: Numbers) -> None:
    made = merged > 0
    words = np.array([key.count(" ") + 1 for key in table.key], np.float64) if made.any() else np.ones(len(table.key))
    named["aligned"] = made.astype(np.float64)
    named["aligned, weakest word"] = np.where(made, _logit(merged), 0.0)
    named["aligned, words"] = np.where(made, np.log(words), 0.0)
    named["aligned and given"] = (made & (table.given > 0)).astype(np.float64)


def _none(table: Table, likeness: Likeness, named: dict[str, Numbers], chance: Numbers) -> dict[str, Numbers]:
    """Features of "none of these", per row."""
    many = np.maximum(1, table.per_row(table.given.astype(np.float64)))
    single = (np.diff(table.start) == 1).astype(np.float64)
    agreeing = np.bincount(table.field, single, table.fields) / np.maximum(
        1, np.bincount(table.field, minlength=table.fields)
    )
    usual = _logit(agreeing)[table.field]
    length = np.log1p(table.per_row(table.given * np.expm1(named["long"])) / many)
    blank = table.per_row((named["blank"] > 0) * (table.given > 0) * 1.0) > 0
    first = table.start[:-1]
    none = {
        "one": np.ones(table.rows),
        "single": single,
        "answers": np.log(many),
        "single, answers": single * np.log(many),
        "field agrees": usual,
        "single, field agrees": single * usual,
        "rivals": np.log(np.diff(table.start)),
        "best chance": np.maximum.reduceat(chance, first) if table.rows else chance,
        "most like": np.maximum.reduceat(likeness.like, first) if table.rows else chance,
        "length": length,
        "single, length": single * length,
        "a blank": blank * 1.0,
        "all blank": blank * single,
    }
    for number, kind in enumerate(KINDS):
        none[f"is {kind}"] = (table.kind == number) * 1.0
        none[f"single {kind}"] = (table.kind == number) * single
    return none
