"""Types of fields: what a volunteer may say, how it is read from a form, and how it is written down.

One given value of a field is a small mapping, the same in forms, answers, records and the JSON interface:
``{"value": …}``, ``{"mark": "blank" | "illegible" | "unsure"}``, or ``{"value": …, "mark": "unsure"}``.
Blank, illegible and not sure are values of their own, never typed words. Values by type:

=========== ==================================== ===========================================
type        value                                example
=========== ==================================== ===========================================
text        one line                             ``"Socketed axe"``
long_text   lines joined by ``\\n``               ``"Found in\\na field"``
number      ``{"amount": decimal, "unit": str}``  ``{"amount": "12.4", "unit": "cm"}``
date        EDTF level 1, unknown digits as X    ``"1907-10-XX"`` (ISO 8601-2:2019)
choice      the code of one choice               ``"bronze"``
=========== ==================================== ===========================================
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from micro.errors import BadAnswer

FieldType = Literal["text", "long_text", "number", "date", "choice"]
FIELD_TYPES: tuple[FieldType, ...] = ("text", "long_text", "number", "date", "choice")
MARKS = ("blank", "illegible", "unsure")
LONGEST = {"text": 500, "long_text": 20_000}
_NUMBER = re.compile(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)", re.ASCII)
# "1,234": a thousand and more on an English card, a little more than one on a French one.
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}", re.ASCII)
_DATE = re.compile(r"(\d{4}|XXXX)-(\d{2}|XX)-(\d{2}|XX)", re.ASCII)

Said = Mapping[str, Any]
"""One given value of one field, see the module's docstring."""


@dataclass(frozen=True)
class Field:
    """A field of a form. ``labels`` and ``hints`` are by language; ``choices`` are (code, labels by language)."""

    name: str
    type: FieldType
    labels: Mapping[str, str]
    hints: Mapping[str, str]
    choices: tuple[tuple[str, Mapping[str, str]], ...] = ()
    units: tuple[str, ...] = ()
    width: str = "whole"

    def label(self, language: str) -> str:
        """The label in ``language``, else in English, else the bare name."""
        return self.labels.get(language) or self.labels.get("en") or self.name

    def hint(self, language: str) -> str:
        return self.hints.get(language) or self.hints.get("en") or ""

    def choice_label(self, code: str, language: str) -> str:
        """What a person reads for a choice's code; an unknown code is its own label."""
        labels = dict(self.choices).get(code, {})
        return labels.get(language) or labels.get("en") or code


def field_from_setup(body: Mapping[str, Any]) -> Field:
    """A Field from one entry of a setup. Raises BadAnswer(name) when the entry cannot be used."""
    if not isinstance(body, Mapping):
        raise BadAnswer("form", "Each field of a form is described by an object.")
    name = str(body.get("name", ""))
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
        raise BadAnswer(name, "A field's name needs small letters, digits and underscores, and begins with a letter.")
    if body.get("type") not in FIELD_TYPES:
        raise BadAnswer(name, "“%(type)s” is not a type of field.", type=body.get("type"))
    try:
        field = Field(
            name=name,
            type=body["type"],
            labels=dict(body.get("label", {})),
            hints=dict(body.get("hint", {})),
            choices=tuple((str(c["code"]), dict(c.get("label", {}))) for c in body.get("choices", ())),
            units=tuple(str(unit) for unit in body.get("units", ())),
            width=str(body.get("width", "whole")),
        )
    except (TypeError, ValueError, KeyError, AttributeError):
        raise BadAnswer(name, "The label, hint, choices or units of “%(name)s” are malformed.", name=name) from None
    if field.type == "choice" and not field.choices:
        raise BadAnswer(name, "A choice needs at least one possibility.")
    return field


def parse_said(field: Field, said: Any) -> Said:
    """What was said for one field in its plain form; raises BadAnswer(field.name) when it cannot be taken.

    ``said`` comes from the form or the JSON interface. Nothing said at all is refused: blank is a mark of its own.
    """
    if not isinstance(said, Mapping):
        raise BadAnswer(field.name, "This field needs a value or a mark.")
    mark = said.get("mark") or None
    if mark is not None and mark not in MARKS:
        raise BadAnswer(field.name, "“%(mark)s” is not a mark: blank, illegible or unsure.", mark=str(mark)[:40])
    if mark in ("blank", "illegible"):
        return {"mark": mark}
    value = _parse_value(field, said.get("value"))
    if value is None:
        if mark == "unsure":
            return {"mark": "unsure"}
        raise BadAnswer(field.name, "Nothing is filled in here. If nothing is written on the scan, mark it as blank.")
    return {"value": value, "mark": "unsure"} if mark else {"value": value}


def _parse_value(field: Field, value: Any) -> Any:
    match field.type:
        case "text" | "long_text":
            return _parse_text(field, value)
        case "number":
            return _parse_number(field, value)
        case "date":
            return _parse_date(field, value)
        case "choice":
            return _parse_choice(field, value)


def _parse_text(field: Field, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadAnswer(field.name, "This field takes text.")
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c)[0] != "C" or c in "\u200c\u200d")
    text = unicodedata.normalize("NFC", text)
    lines = [" ".join(line.split()) for line in text.split("\n")]
    text = "\n".join(lines).strip("\n") if field.type == "long_text" else " ".join(" ".join(lines).split())
    if len(text) > LONGEST[field.type]:
        raise BadAnswer(field.name, "This is longer than %(most)s characters.", most=LONGEST[field.type])
    return text or None


def _parse_number(field: Field, value: Any) -> dict[str, str] | None:
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


def _parse_date(field: Field, value: Any) -> str | None:
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


def _parse_choice(field: Field, value: Any) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or value not in dict(field.choices):
        raise BadAnswer(field.name, "“%(value)s” is not one of the choices.", value=str(value)[:40])
    return value


def written(field: Field, said: Said, language: str = "en") -> str:
    """The value as a person reads it: the label of a choice, "12.4 cm", the text itself; empty for a bare mark."""
    value = said.get("value")
    if value is None:
        return ""
    match field.type:
        case "number":
            return f"{value['amount']} {value['unit']}".strip()
        case "choice":
            return field.choice_label(value, language)
        case _:
            return str(value)
