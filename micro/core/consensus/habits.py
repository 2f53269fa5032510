"""What professionals' decisions say of how values are written: which shapes, words and whole values they keep.

A professional writes "British Museum" where cards say "BM.", or rounds weights to whole grams. For each shape, word and
key of a field this is the mean, over decided rows other than the candidate's own, of how much oftener it was right than
the votes alone would have it; shrunk to none as if ``PRIOR_ROWS`` rows had been seen (a target encoding, after
Micci-Barreca 2001, doi:10.1145/507533.507538, with each row left out of its own).
"""

from __future__ import annotations

import numpy as np

from micro.core.consensus.reliability import Indices, Numbers
from micro.core.consensus.table import Flags, Table
from micro.core.consensus.usualness import Looks

PRIOR_ROWS = 4.0


def habits_of(table: Table, chance: Numbers, looks: Looks) -> dict[str, Numbers]:
    """The features "decided key", "decided shape", "decided words" and the lowest and highest of its words', and
    the same for the column (the field on one page or in one drawer, which one person often catalogued).

    Nothing decided: all 0. Cost: words.
    """
    size = len(table.key)
    decided = ~np.isnan(table.truth) & (table.given > 0)
    if not decided.any():
        return dict.fromkeys(
            (
                "decided key",
                "decided shape",
                "decided words",
                "decided least",
                "decided most",
                "decided column",
                "decided column shape",
            ),
            np.zeros(size),
        )
    surprise = np.where(decided, np.nan_to_num(table.truth) - chance, 0.0)
    field, everyone = table.field[table.row], np.arange(size)
    column = table.column[table.row]
    words = _learned(looks.word_in_field, looks.owner, table.row, surprise, decided)
    some = np.maximum(1, np.bincount(looks.owner, minlength=size))
    least, most = np.zeros(size), np.zeros(size)
    np.minimum.at(least, looks.owner, words)
    np.maximum.at(most, looks.owner, words)
    return {
        "decided key": _learned(_both(field, looks.key), everyone, table.row, surprise, decided),
        "decided shape": _learned(_both(field, looks.shape), everyone, table.row, surprise, decided),
        "decided words": np.bincount(looks.owner, words, size) / some,
        "decided least": least,
        "decided most": most,
        "decided column": _learned(column, everyone, table.row, surprise, decided),
        "decided column shape": _learned(_both(column, looks.shape), everyone, table.row, surprise, decided),
    }


def _both(one: Indices, other: Indices) -> Indices:
    return np.asarray(one * (other.max(initial=0) + 1) + other)


def _learned(what: Indices, owner: Indices, row: Indices, surprise: Numbers, decided: Flags) -> Numbers:
    """For each thing ``what[i]`` of candidate ``owner[i]`` the shrunk mean surprise in other rows."""
    _, thing = np.unique(what, return_inverse=True)
    _, here = np.unique(_both(thing, row[owner]), return_inverse=True)
    value, count = surprise[owner], decided[owner].astype(np.float64)
    total = np.bincount(thing, value)[thing] - np.bincount(here, value)[here]
    many = np.bincount(thing, count)[thing] - np.bincount(here, count)[here]
    return np.asarray(total / (many + PRIOR_ROWS))
