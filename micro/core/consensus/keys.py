"""Comparison keys: two answers that a reader would call the same have the same key."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from micro.core.fields import UNASKED, Field, Said
from micro.core.fields.marks import plain_text
from micro.core.fields.rows import rows_of
from micro.core.fields.tags import label_key

BLANK, ILLEGIBLE, _UNASKED = "\x00blank", "\x00illegible", "\x00unasked"


@lru_cache(maxsize=65_536)
def text_key(text: str) -> str:
    """NFKC, case folded; apostrophes dropped, other punctuation a space, white space folded; "3,5" and "3.5" agree.

    A text of nothing but punctuation keeps it: "?" and "-" are not the same answer.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    signs = []
    for i, sign in enumerate(folded):
        inside_number = 0 < i < len(folded) - 1 and folded[i - 1].isdigit() and folded[i + 1].isdigit()
        if sign in ".," and inside_number:
            signs.append(".")
        elif sign in "'’‘`´":
            continue
        else:
            signs.append(" " if unicodedata.category(sign)[0] == "P" else sign)
    return " ".join("".join(signs).split()) or folded.strip()


def key_of(field: Field, said: Said) -> str | None:
    """The comparison key of what was said, or None when it says nothing about the value (a bare "not sure")."""
    value = said.get("value")
    if value is None:
        return {"blank": BLANK, "illegible": ILLEGIBLE, UNASKED: _UNASKED}.get(said.get("mark", ""))
    match field.type:
        case "number":
            return f"{_plain_zero(Decimal(value['amount']).normalize()):f} {value['unit']}"
        case "text" | "long_text":
            # Whoever marked a word as unclear or deleted, and whoever did not, read the same.
            return text_key(plain_text(value, field.markup) or value)
        case "table" | "lines":
            return "\n".join(_row_key(field, row) for row in rows_of(field, value))
        case "tags":
            return "\n".join(sorted(map(label_key, value)))
        case "point":
            return " ".join(f"{_plain_zero(Decimal(value[part]).normalize()):f}" for part in ("lat", "lon"))
        case _:
            return str(value)


def _row_key(field: Field, row: Mapping[str, Said]) -> str:
    """The keys of a row's cells in the order of the columns; a cell that is left out is blank."""
    cells = (key_of(column, row.get(column.name, {"mark": "blank"})) for column in field.columns)
    return "\x1f".join(cell or "" for cell in cells)


def _plain_zero(amount: Decimal) -> Decimal:
    """The amount, without the sign that a zero may carry."""
    return abs(amount) if amount == 0 else amount
