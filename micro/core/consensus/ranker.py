"""Choosing among candidates by their features, with a chance for each and for "none of these".

A conditional logit (McFadden 1974) with an outside alternative: the chance of a candidate is e^score over the sum of
e^score of all candidates of the row and of "none of these". Fitted by Newton's method on rows that were decided, with a
ridge that pulls each weight to where it starts: to zero for what ships, to the shipped weights for a project's own fit
(a maximum a posteriori estimate). What a project decides also moves a few weights field by field, pulled to zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from micro.core.consensus.features import Features
from micro.core.consensus.reliability import Indices, Numbers, chances
from micro.core.consensus.table import Flags, Table

OWN = ("blank", "share", "like", "length", "word in field", "best giver")
OWN_NONE = ("one", "single", "answers")
"""The weights that a project's decided rows may move field by field."""

LIKE_SHIPPED, NEW, OWN_PULL, OWN_NONE_PULL = 20.0, 3.0, 10.0, 3.0
"""How strongly weights are pulled to where they start; the unit is one decided row of middling doubt."""

NEWTON_STEPS, LONGEST_STEP = 25, 5.0


@dataclass(frozen=True)
class Weights:
    """Weights of the features in Features.of and Features.none; of ``own``, ``own_none`` a line a field, or none."""

    of: Numbers
    none: Numbers
    own: Numbers
    own_none: Numbers


def ranked(table: Table, features: Features, weights: Weights) -> tuple[Numbers, Numbers]:
    """The chance of each candidate, and per row of none of them."""
    score = features.of @ weights.of
    none = features.none @ weights.none
    if weights.own.size:
        places = [features.names.index(name) for name in OWN]
        none_places = [features.none_names.index(name) for name in OWN_NONE]
        score = score + (features.of[:, places] * weights.own[table.field[table.row]]).sum(1)
        none = none + (features.none[:, none_places] * weights.own_none[table.field]).sum(1)
    return chances(score, table.row, table.rows, none)


def fitted_weights(projects: Sequence[tuple[Table, Features]], ridge: float) -> Weights:
    """Weights fitted on the decided rows of all ``projects``, pulled to zero; none of a field's own.

    Cost: rows x weights squared, some ten times.
    """
    parts = [_decided(table, features, table.decided) for table, features in projects]
    rows = np.cumsum([0] + [len(none) for _, none, _, _ in parts])
    of, none, truth = (np.concatenate([part[n] for part in parts]) for n in range(3))
    row = np.concatenate([part[3] + first for part, first in zip(parts, rows, strict=False)])
    pull = ridge * np.concatenate((of.std(0), none.std(0))) ** 2
    found = _newton(of, none, truth, row, np.zeros(len(pull)), pull)
    empty = np.zeros((0, 0))
    return Weights(found[: of.shape[1]], found[of.shape[1] :], empty, empty)


def refitted(
    table: Table,
    features: Features,
    shipped: Weights,
    spread: Numbers,
    spread_none: Numbers,
    firmness: float = 1.0,
) -> Weights:
    """A project's own weights, from its decided rows and the shipped weights; ``spread``: standard deviations.

    ``firmness``: how many times as strongly as usual they are pulled to where they start.

    Features that what ships says nothing of (those of professionals' decisions) start at 0 with a weaker pull.
    """
    chosen = table.decided
    of, none, truth, row = _decided(table, features, chosen)
    field = table.field[chosen]
    places = [features.names.index(name) for name in OWN]
    none_places = [features.none_names.index(name) for name in OWN_NONE]
    own = _by_field(of[:, places], field[row], table.fields)
    own_none = _by_field(none[:, none_places], field, table.fields)
    pull = np.where(np.char.startswith(np.array(features.names), "decided"), NEW, LIKE_SHIPPED) * spread**2
    pulls = (
        pull,
        np.tile(OWN_PULL * spread[places] ** 2, table.fields),
        LIKE_SHIPPED * spread_none**2,
        np.full(own_none.shape[1], OWN_NONE_PULL),
    )
    begin = (shipped.of, np.zeros(own.shape[1]), shipped.none, np.zeros(own_none.shape[1]))
    found = _newton(
        np.concatenate((of, own), 1),
        np.concatenate((none, own_none), 1),
        truth,
        row,
        np.concatenate(begin),
        firmness * np.concatenate(pulls),
    )
    many, wide = len(shipped.of), own.shape[1]
    return Weights(
        found[:many],
        found[many + wide : many + wide + len(shipped.none)],
        found[many : many + wide].reshape(table.fields, -1),
        found[many + wide + len(shipped.none) :].reshape(table.fields, -1),
    )


def _by_field(columns: Numbers, field: Indices, fields: int) -> Numbers:
    """Each column once per field, zero for other fields: fields x columns wide."""
    wide = np.zeros((len(columns), fields, columns.shape[1]))
    wide[np.arange(len(columns)), field] = columns
    return wide.reshape(len(columns), -1)


def _decided(table: Table, features: Features, chosen: Flags) -> tuple[Numbers, Numbers, Numbers, Indices]:
    """The lines of decided rows: features, "none" features, truth, and the rows numbered anew."""
    lines = chosen[table.row]
    number = np.cumsum(chosen) - 1
    return features.of[lines], features.none[chosen], table.truth[lines], number[table.row[lines]]


def _newton(of: Numbers, none: Numbers, truth: Numbers, row: Indices, begin: Numbers, pull: Numbers) -> Numbers:
    """The weights with the largest penalised likelihood. Steps are shortened so that none runs away."""
    weights, wide, rows = begin.copy(), of.shape[1], len(none)
    no_truth = 1 - np.bincount(row, truth, rows)
    starts = np.searchsorted(row, np.arange(rows))
    for _ in range(NEWTON_STEPS):
        chance, nothing = chances(of @ weights[:wide], row, rows, none @ weights[wide:])
        slope = np.concatenate((of.T @ (truth - chance), none.T @ (no_truth - nothing))) - pull * (weights - begin)
        weighted = of * chance[:, None]
        mean = np.concatenate((np.add.reduceat(weighted, starts), none * nothing[:, None]), 1)
        curve = np.diag(pull + 1e-9)
        curve[:wide, :wide] += weighted.T @ of
        curve[wide:, wide:] += (none * nothing[:, None]).T @ none
        step = np.linalg.solve(curve - mean.T @ mean, slope)
        weights += step * min(1.0, LONGEST_STEP / (np.abs(step).max() + 1e-12))
        if np.abs(step).max() < 1e-4:
            break
    return weights
