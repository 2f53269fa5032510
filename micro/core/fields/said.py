"""From what was sent to what is kept, and from there to what a person reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from micro.core.fields.field import MARKS, Field, Said
from micro.core.fields.plain import parse_choice, parse_date, parse_number, parse_text
from micro.core.fields.points import parse_point, written_point
from micro.core.fields.tags import BETWEEN, names_of, parse_tags
from micro.errors import BadAnswer


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
        if field.type == "tags":
            raise BadAnswer(field.name, "No label is chosen here. If none fits, mark it as “none of these”.")
        raise BadAnswer(field.name, "Nothing is filled in here. If nothing is written on the scan, mark it as blank.")
    return {"value": value, "mark": "unsure"} if mark else {"value": value}


def _parse_value(field: Field, value: Any) -> Any:
    match field.type:
        case "text" | "long_text":
            return parse_text(field, value)
        case "number":
            return parse_number(field, value)
        case "date":
            return parse_date(field, value)
        case "choice":
            return parse_choice(field, value)
        case "tags":
            return parse_tags(field, value)
        case "point":
            return parse_point(field, value)


def written(field: Field, said: Said, language: str = "en") -> str:
    """The value as a person reads it: the label of a choice, "12.4 cm", "51.5357, -0.9028", the text itself.

    Labels of tags stand one after the other, " | " between them. Empty for a bare mark.
    """
    value = said.get("value")
    if value is None:
        return ""
    match field.type:
        case "number":
            return f"{value['amount']} {value['unit']}".strip()
        case "choice":
            return field.choice_label(value, language)
        case "tags":
            return BETWEEN.join(names_of(field, value, language))
        case "point":
            return written_point(value)
        case _:
            return str(value)


def has_form(field: Field, value: Any) -> bool:
    """Whether a value has the form of the field's type: an older form may have had another type by this name."""
    match field.type:
        case "number":
            return isinstance(value, Mapping) and "amount" in value
        case "point":
            return isinstance(value, Mapping) and "lat" in value and "lon" in value
        case "tags":
            return isinstance(value, list)
        case _:
            return isinstance(value, str)
