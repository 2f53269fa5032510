"""How usual each candidate is in its field and project: its key, its words, its shape, over all other rows.

Counts are weighted by the chance of each candidate and leave the candidate's own row out, so a misspelling made once
does not speak for itself. A shape keeps signs, writes digits as 9 and folds letters: "34926" and "6" differ.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain

import numpy as np

from micro.core.consensus.reliability import Indices, Numbers
from micro.core.consensus.table import Table

_LETTERS, _DIGITS = re.compile(r"[^\W\d_]+"), re.compile(r"\d")
LONGEST_SHAPE = 12


@dataclass(frozen=True)
class Looks:
    """Numbers for what candidates consist of: per candidate its ``key`` and ``shape``; per word of a candidate (each
    word once) the candidate it belongs to (``owner``, never falling), its ``word``, and ``word_in_field``."""

    key: Indices
    shape: Indices
    owner: Indices
    word: Indices
    word_in_field: Indices


def looks_of(table: Table) -> Looks:
    """The keys, shapes and words of all candidates, numbered. Cost: all words."""
    split = {key: tuple(dict.fromkeys(key.split())) for key in set(table.key)}
    words = [split[key] for key in table.key]
    owner = np.repeat(np.arange(len(words)), np.array([len(each) for each in words], np.int64))
    word = _numbered(list(chain.from_iterable(words)))
    field = table.field[table.row][owner]
    return Looks(
        _numbered(table.key), _numbered(_shapes(table.key)), owner, word, field * (word.max(initial=0) + 1) + word
    )


def usualness_of(table: Table, chance: Numbers, looks: Looks) -> dict[str, Numbers]:
    """The features "key usual", "word usual", "word rarest", "word in field", "shape usual". Cost: all words."""
    field = table.field[table.row]
    filled = np.array([bool(key) for key in table.key])
    of_field = np.bincount(field, chance, table.fields)[field]
    key_count = _elsewhere(field * (looks.key.max(initial=0) + 1) + looks.key, chance)
    shape_count = _elsewhere(field * (looks.shape.max(initial=0) + 1) + looks.shape, chance)
    usual, rarest, in_field = _words(looks, chance)
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


def _words(looks: Looks, chance: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Means of the logarithms of how often a candidate's words occur elsewhere: project, rarest, field."""
    size = len(chance)
    many = np.bincount(looks.owner, minlength=size)
    weight = chance[looks.owner]
    project = np.log(_elsewhere(looks.word, weight) + 0.3)
    own_field = np.log(_elsewhere(looks.word_in_field, weight) + 0.3)
    rarest = np.zeros(size)
    if len(project):
        starts = np.concatenate(([0], np.cumsum(many)[:-1]))[many > 0]
        rarest[many > 0] = np.minimum.reduceat(project, starts)
    some = np.maximum(1, many)
    return np.bincount(looks.owner, project, size) / some, rarest, np.bincount(looks.owner, own_field, size) / some


def _shapes(keys: list[str]) -> list[str]:
    known = {key: _DIGITS.sub("9", _LETTERS.sub("a", key[:40]))[:LONGEST_SHAPE] for key in set(keys)}
    return [known[key] for key in keys]
