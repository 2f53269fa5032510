"""Comparison keys: two answers that a reader would call the same have the same key."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from micro.core.consensus.measurements import Amount, base_of
from micro.core.fields import UNASKED, Field, Said
from micro.core.fields.marks import plain_text
from micro.core.fields.rows import rows_of
from micro.core.fields.tags import label_key

BLANK, ILLEGIBLE, _UNASKED = "\x00blank", "\x00illegible", "\x00unasked"
DECIMAL = re.compile(r"(?<=\d)[.,](?=\d)")
_POINT = "\ue000"  # Stands for a decimal point while punctuation is taken away; a private sign of Unicode.
_DASHES = "-‐‑‒–—―"


class _Signs(dict[int, str]):
    """What stands for each sign in a key: nothing for apostrophes, a space for other punctuation. Filled on demand."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        kept = "" if sign in "'’‘`´" else " " if unicodedata.category(sign)[0] == "P" else sign
        self[code] = kept
        return kept


_SIGNS = _Signs()


@lru_cache(maxsize=65_536)
def text_key(text: str) -> str:
    """NFKC, case folded; apostrophes dropped, other punctuation a space, white space folded; "3,5" and "3.5" agree.

    Line marks ("[;]", "|", "/") are punctuation, so they never count. A text of nothing but punctuation keeps it: "?"
    and "-" are not the same answer.

    >>> text_key("A.D. Passmore [;]  Coll’n, 3,5 cm.")
    'a d passmore colln 3.5 cm'
    """
    folded = (text if text.isascii() else unicodedata.normalize("NFKC", text)).casefold()
    return bare_key(folded) or folded.strip()


def bare_key(folded: str) -> str:
    """The key of a text that is already NFKC and case folded; of nothing but punctuation: empty."""
    if "." in folded or "," in folded:
        folded = DECIMAL.sub(_POINT, folded)
    return " ".join(folded.replace("|", " ").translate(_SIGNS).split()).replace(_POINT, ".")


def row_key(text: str, abbreviations: Mapping[str, str] | None = None) -> str:
    """The key of a value from a table of answers, where an empty text or a mere dash means blank: the empty key.

    ``abbreviations`` replaces whole words of the key, both sides as keys: {"st": "saint"}.
    """
    key = text_key(text)
    if not key.strip(_DASHES + " "):
        return ""
    if abbreviations:
        return " ".join(abbreviations.get(word, word) for word in key.split())
    return key


def key_of(field: Field, said: Said) -> str | None:
    """The comparison key of what was said, or None when it says nothing about the value (a bare "not sure")."""
    value = said.get("value")
    if value is None:
        return {"blank": BLANK, "illegible": ILLEGIBLE, UNASKED: _UNASKED}.get(said.get("mark", ""))
    match field.type:
        case "number":
            what, amount = base_of(Amount(Decimal(value["amount"]), value["unit"]))  # 12 cm are 120 mm.
            return f"{amount:f} {what}"
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
