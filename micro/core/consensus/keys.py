"""Comparison keys: two answers that a reader would call the same have the same key."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from functools import lru_cache

from micro.core.fields import Field, Said
from micro.core.fields.tags import label_key

BLANK, ILLEGIBLE = "\x00blank", "\x00illegible"


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
        return {"blank": BLANK, "illegible": ILLEGIBLE}.get(said.get("mark", ""))
    match field.type:
        case "number":
            return f"{_plain_zero(Decimal(value['amount']).normalize()):f} {value['unit']}"
        case "text" | "long_text":
            return text_key(value)
        case "tags":
            return "\n".join(sorted(map(label_key, value)))
        case "point":
            return " ".join(f"{_plain_zero(Decimal(value[part]).normalize()):f}" for part in ("lat", "lon"))
        case _:
            return str(value)


def _plain_zero(amount: Decimal) -> Decimal:
    """The amount, without the sign that a zero may carry."""
    return abs(amount) if amount == 0 else amount
