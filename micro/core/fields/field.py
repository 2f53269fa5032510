"""What a field of a form is: its type, its words, and what it offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

FieldType = Literal["text", "long_text", "number", "date", "choice", "tags", "point", "table", "lines"]
FIELD_TYPES: tuple[FieldType, ...] = (
    "text",
    "long_text",
    "number",
    "date",
    "choice",
    "tags",
    "point",
    "table",
    "lines",
)
MARKS = ("blank", "illegible", "unsure")
UNASKED = "unasked"
"""The mark of a field that the form did not ask, because of what another field says. Nobody chooses it."""
WIDTHS = ("whole", "half", "third", "quarter")

Said = Mapping[str, Any]
"""One given value of one field, see the docstring of micro.core.fields."""


@dataclass(frozen=True)
class Condition:
    """A field is asked only if another one has one of these values (codes); without any, if it has a value at all."""

    field: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Field:
    """A field of a form. ``labels`` and ``hints`` are by language; ``choices`` are (code, labels by language).

    ``uris``: identifiers of choices elsewhere, by code; those that have none are not in it. ``vocabulary``: the slug of
    the vocabulary that the choices were copied from. ``free``: labels of one's own may be given (tags). ``publish``:
    "always", "never", or the day from which on it is public, as "2030-12-31". ``grid_m``: metres of the grid to which
    points are blurred when published, 0 for none; see core/publication.py. ``only_if``, ``suggest`` (the slug of a
    vocabulary), ``markup``, ``checks`` and ``pictures`` (scans as examples, by code): see asking.py. ``columns``: the
    fields of one row of a table or of lines, see rows.py.
    """

    name: str
    type: FieldType
    labels: Mapping[str, str]
    hints: Mapping[str, str]
    choices: tuple[tuple[str, Mapping[str, str]], ...] = ()
    units: tuple[str, ...] = ()
    width: str = "whole"
    uris: Mapping[str, str] = field(default_factory=dict)
    vocabulary: str = ""
    free: bool = False
    publish: str = "always"
    grid_m: int = 0
    only_if: Condition | None = None
    suggest: str = ""
    markup: tuple[str, ...] = ()
    checks: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[Field, ...] = ()

    def label(self, language: str) -> str:
        """The label in ``language``, else in English, else the bare name."""
        return self.labels.get(language) or self.labels.get("en") or self.name

    def hint(self, language: str) -> str:
        return self.hints.get(language) or self.hints.get("en") or ""

    def choice_label(self, code: str, language: str) -> str:
        """What a person reads for a choice's code; an unknown code is its own label."""
        labels = dict(self.choices).get(code, {})
        return labels.get(language) or labels.get("en") or code
