"""Reading what was typed into the plain types of fields: text, number, date and choice.

Each function returns the value in its plain form, None when nothing was said, and raises BadAnswer(field.name) for what
cannot be taken.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from micro.core.fields.field import Field
from micro.errors import BadAnswer

LONGEST = {"text": 500, "long_text": 20_000}
_NUMBER = re.compile(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)", re.ASCII)
# "1,234": a thousand and more on an English card, a little more than one on a French one.
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}", re.ASCII)
_DATE = re.compile(r"(\d{4}|XXXX)-(\d{2}|XX)-(\d{2}|XX)", re.ASCII)


def clean_lines(text: str) -> list[str]:
    """The lines of a text as they are kept: NFC, no control or invisible signs, white space folded."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c)[0] != "C" or c in "\u200c\u200d")
    return [" ".join(line.split()) for line in unicodedata.normalize("NFC", text).split("\n")]


def parse_text(field: Field, value: Any) -> str | None:
    """One line, or for long_text several."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadAnswer(field.name, "This field takes text.")
    lines = clean_lines(value)
    text = "\n".join(lines).strip("\n") if field.type == "long_text" else " ".join(" ".join(lines).split())
    if len(text) > LONGEST[field.type]:
        raise BadAnswer(field.name, "This is longer than %(most)s characters.", most=LONGEST[field.type])
    return text or None


def parse_number(field: Field, value: Any) -> dict[str, str] | None:
    """An exact decimal with its unit: {"amount", "unit"}."""
    given = value if isinstance(value, Mapping) else {"amount": value}
    raw = given.get("amount")
    typed = "" if raw is None else str(raw).strip().replace("\u202f", "").replace("\u00a0", "").replace(" ", "")
    unit = str(given.get("unit") or (field.units[0] if len(field.units) == 1 else "")).strip()
    if not typed:
        return None
    if not _NUMBER.fullmatch(typed.replace("−", "-")):
        raise BadAnswer(field.name, "“%(typed)s” is not a number.", typed=typed[:40])
    if _THOUSANDS.fullmatch(typed):
        raise BadAnswer(
            field.name,
            "“%(typed)s” can be read in two ways. Leave out the comma if it divides thousands; else write a point.",
            typed=typed[:40],
        )
    amount = Decimal(typed.replace("−", "-").replace(",", "."))
    if abs(amount.adjusted()) > 15 or len(typed) > 30:
        raise BadAnswer(field.name, "“%(typed)s” is not a number that can be kept.", typed=typed[:40])
    if field.units and unit not in field.units:
        raise BadAnswer(field.name, "Choose the unit that is written on the scan.")
    if unit and not field.units:
        raise BadAnswer(field.name, "This number has no unit.")
    return {"amount": f"{amount:f}", "unit": unit}


def parse_date(field: Field, value: Any) -> str | None:
    """EDTF from "1907-10-XX" or from parts {"year", "month", "day"}, of which any may be unknown.

    Only the form is checked: an impossible day such as 31 February may well stand on the card.
    """
    if isinstance(value, Mapping):
        parts = [str(value.get(part) or "").strip() for part in ("year", "month", "day")]
        if not any(parts):
            return None
        value = "-".join(
            part.zfill(width) if part else "X" * width for part, width in zip(parts, (4, 2, 2), strict=True)
        )
    if value is None or value == "":
        return None
    found = _DATE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise BadAnswer(field.name, "A date needs a year of four digits, and a month and a day as numbers.")
    month, day = found[2], found[3]
    if (month != "XX" and not 1 <= int(month) <= 12) or (day != "XX" and not 1 <= int(day) <= 31):
        raise BadAnswer(field.name, "A day is a number from 1 to 31, a month one from 1 to 12.")
    return None if value == "XXXX-XX-XX" else value


def parse_choice(field: Field, value: Any) -> str | None:
    """The code of one choice."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or value not in dict(field.choices):
        raise BadAnswer(field.name, "“%(value)s” is not one of the choices.", value=str(value)[:40])
    return value
