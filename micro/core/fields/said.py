"""From what was sent to what is kept, and from there to what a person reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from micro.core.fields.field import MARKS, UNASKED, Field, Said
from micro.core.fields.marks import plain_text, tei
from micro.core.fields.plain import parse_choice, parse_date, parse_number, parse_text
from micro.core.fields.points import parse_point, written_point
from micro.core.fields.rows import GAP, is_rows, parse_lines, parse_table, rows_of
from micro.core.fields.tags import BETWEEN, names_of, parse_tags
from micro.errors import BadAnswer


def parse_said(field: Field, said: Any) -> Said:
    """What was said for one field in its plain form; raises BadAnswer(field.name) when it cannot be taken.

    ``said`` comes from the form or the JSON interface. Nothing said at all is refused: blank is a mark of its own.
    """
    if not isinstance(said, Mapping):
        raise BadAnswer(field.name, "This field needs a value or a mark.")
    mark = said.get("mark") or None
    if mark == UNASKED and field.only_if is not None:
        return {"mark": UNASKED}
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
        case "table":
            return parse_table(field, value, parse_said)
        case "lines":
            return parse_lines(field, value, parse_said)


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
        case "table":
            return "\n".join(_written_row(field, row, language) for row in rows_of(field, value))
        case "lines":
            return "\n".join(_written_line(line) for line in value)
        case _:
            return str(value)


def _written_row(field: Field, row: Mapping[str, Said], language: str) -> str:
    """The cells of one row that say anything, after their labels."""
    cells = ((column, row[column.name]) for column in field.columns if column.name in row)
    said = ((column, written(column, cell, language) or str(cell.get("mark") or "")) for column, cell in cells)
    return "; ".join(f"{column.label(language)}: {text}" for column, text in said)


def _written_line(line: Said) -> str:
    return str(line.get("value") or (GAP if line.get("mark") == "illegible" else ""))


def read_out(field: Field, said: Said, language: str = "en") -> str:
    """The value as it is written down for a release: as :func:`written`, without the marks within a text."""
    return plain_text(written(field, said, language), field.markup)


def as_tei(field: Field, said: Said) -> str:
    """A text with its marks as a fragment of TEI P5; empty for a bare mark. An illegible line is a gap."""
    value = said.get("value")
    if value is None:
        return ""
    if field.type != "lines":
        return tei(str(value), field.markup)
    gap = '<gap reason="illegible"/>'
    return "<lb/>\n".join(
        gap if not line.get("value") and line.get("mark") == "illegible" else tei(_written_line(line), field.markup)
        for line in value
    )


def has_form(field: Field, value: Any) -> bool:
    """Whether a value has the form of the field's type: an older form may have had another type by this name."""
    match field.type:
        case "number":
            return isinstance(value, Mapping) and "amount" in value
        case "point":
            return isinstance(value, Mapping) and "lat" in value and "lon" in value
        case "tags":
            return isinstance(value, list) and not any(isinstance(one, Mapping) and "free" not in one for one in value)
        case "table" | "lines":
            return is_rows(field, value)
        case _:
            return isinstance(value, str)
