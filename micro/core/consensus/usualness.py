"""How usual each candidate is in its field and project: its key, its words, its shape, over all other rows.

Counts are weighted by the chance of each candidate and leave the candidate's own row out, so a misspelling made once
does not speak for itself. A shape keeps signs and folds runs of letters and digits: "III 1 O" and "18 380" differ.
"""

from __future__ import annotations

import re
from itertools import chain

import numpy as np

from micro.core.consensus.reliability import Indices, Numbers
from micro.core.consensus.table import Table

_LETTERS, _DIGITS = re.compile(r"[^\W\d_]+"), re.compile(r"\d+")
LONGEST_SHAPE = 12


def usualness_of(table: Table, chance: Numbers) -> dict[str, Numbers]:
    """The features "key usual", "word usual", "word rarest", "word in field", "shape usual". Cost: all words."""
    field = table.field[table.row]
    filled = np.array([bool(key) for key in table.key])
    keys = _numbered(table.key)
    shapes = _numbered(_shapes(table.key))
    of_field = np.bincount(field, chance, table.fields)[field]
    key_count = _elsewhere(field * (keys.max(initial=0) + 1) + keys, chance)
    shape_count = _elsewhere(field * (shapes.max(initial=0) + 1) + shapes, chance)
    usual, rarest, in_field = _words(table, chance, field)
    return {
        "key usual": np.where(filled, np.log(key_count + 0.5), 0.0),
        "word usual": usual,
        "word rarest": rarest,
        "word in field": in_field,
        "shape usual": np.where(filled, np.log((shape_count + 0.3) / (of_field + 1)), 0.0),
    }


def _numbered(things: list[str]) -> Indices:
    places: dict[str, int] = {}
    return np.array([places.setdefault(thing, len(places)) for thing in things], np.int64)


def _elsewhere(what: Indices, chance: Numbers) -> Numbers:
    """The weight of the same thing in other candidates."""
    _, inverse = np.unique(what, return_inverse=True)
    return np.asarray(np.maximum(0.0, np.bincount(inverse, chance)[inverse] - chance))


def _words(table: Table, chance: Numbers, field: Indices) -> tuple[Numbers, Numbers, Numbers]:
    """Means of the logarithms of how often a candidate's words occur elsewhere: project, rarest, field."""
    split = {key: tuple(dict.fromkeys(key.split())) for key in set(table.key)}
    words = [split[key] for key in table.key]
    many = np.array([len(each) for each in words], np.int64)
    zero = np.zeros(len(words))
    if not many.any():
        return zero, zero, zero
    word = _numbered(list(chain.from_iterable(words)))
    owner = np.repeat(np.arange(len(words)), many)
    weight = chance[owner]
    project = np.log(np.maximum(0.0, np.bincount(word, weight)[word] - weight) + 0.3)
    own_field = np.log(_elsewhere(field[owner] * (word.max() + 1) + word, weight) + 0.3)
    some = np.maximum(1, many)
    starts = np.concatenate(([0], np.cumsum(many)[:-1]))[many > 0]
    rarest = zero.copy()
    rarest[many > 0] = np.minimum.reduceat(project, starts)
    size = len(words)
    return np.bincount(owner, project, size) / some, rarest, np.bincount(owner, own_field, size) / some


def _shapes(keys: list[str]) -> list[str]:
    known = {key: _DIGITS.sub("9", _LETTERS.sub("a", key[:40]))[:LONGEST_SHAPE] for key in set(keys)}
    return [known[key] for key in keys]
