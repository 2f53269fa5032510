"""Rows of answers as any table has them, without a project's own types: what `micro consensus` merges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

HINTS = ("text", "long text", "number", "choice", "point", "date", "tags", "table", "lines")
"""What a row may say of its type. It is a hint: any text may stand under any of them, except that points are places.
How the last four are written: typed_rows.py."""


class Row(NamedTuple):
    """What volunteers wrote for one field of one item; ``workers`` and ``values`` run side by side, in any order."""

    item: str
    field: str
    type: str
    workers: tuple[str, ...]
    values: tuple[str, ...]


class Prediction(NamedTuple):
    """The merged value of a row and the probability (0 to 1) that it is right; no answers: empty and 0.

    ``tied`` is true when another value had the same support: then ``value`` is only a guess. ``trusts``: how often the
    giver of each answer was taken to be right (0 to 1), where that was learned, in the order of :func:`in_order`.
    """

    item: str
    field: str
    value: str
    confidence: float
    tied: bool = False
    trusts: tuple[float, ...] = ()


def in_order(row: Row) -> Row:
    """The row with its answers in an order of their own."""
    if len(row.values) < 2 or row.values.count(row.values[0]) == len(row.values):
        return row
    both = sorted(zip(row.values, row.workers, strict=True))
    return row._replace(values=tuple(v for v, _ in both), workers=tuple(w for _, w in both))


@dataclass(frozen=True)
class Settings:
    """How to merge. ``learning`` false: nothing is learned from the other rows and every volunteer counts the same.

    ``abbreviations`` replaces whole words of comparison keys ({"st": "saint"}), both sides written as keys.
    """

    learning: bool = True
    abbreviations: Mapping[str, str] = field(default_factory=dict)


Checked = Mapping[tuple[str, str], str]
"""The values that professionals have decided: {(item, field): value}."""
