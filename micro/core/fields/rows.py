"""Tables and lines: values that are lists. A table is a group of fields that occurs many times, lines are a text.

A table's value is a list of rows, each a mapping {column: said}; a column that is left out is blank there. The value of
lines is a list of what is said of each line, in reading order. Both have ``columns``; those of lines are one, "line".
A form sends ``{"r1": …, "r2": …}``, in the order of the numbers; problems name their place, "finds.r2.length".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from micro.core.fields.field import Field, Said
from micro.core.fields.plain import clean_lines
from micro.errors import BadAnswer

MOST_ROWS = 200
MOST_LINES = 500
LINE = "line"
COLUMN_TYPES = ("text", "long_text", "number", "date", "choice")
GAP = "[…]"
_ROW = re.compile(r"r([1-9]\d{0,3})", re.ASCII)
Reader = Callable[[Field, Any], Said]


def parse_table(field: Field, value: Any, read: Reader) -> list[dict[str, Said]] | None:
    """The rows that say anything; None for none. ``read`` reads one cell as any other field is read."""
    if value is None or value == "":
        return None
    rows: list[dict[str, Said]] = []
    for number, given in _numbered(field, value, MOST_ROWS):
        if not isinstance(given, Mapping):
            raise BadAnswer(field.name, "Each row of a table is an object with one entry per column.")
        if unknown := sorted(str(name)[:40] for name in set(given) - {column.name for column in field.columns}):
            raise BadAnswer(field.name, "There is no field “%(field)s” in this form.", field=unknown[0])
        row: dict[str, Said] = {}
        for column in field.columns:
            if not _is_empty(column, given.get(column.name)):
                said = read(replace(column, name=f"{field.name}.r{number}.{column.name}"), given[column.name])
                if said.get("mark") != "blank":
                    row[column.name] = said
        if row:
            rows.append(row)
    return rows or None


def parse_lines(field: Field, value: Any, read: Reader) -> list[Said] | None:
    """What is said of each line; None for nothing at all. A text is taken line by line, an empty line is blank."""
    if value is None:
        return None
    if isinstance(value, str):
        texts = "\n".join(clean_lines(value)).strip("\n").split("\n")
        value = [{"value": text} if text else {"mark": "blank"} for text in texts]
        if value == [{"mark": "blank"}]:
            return None
    lines: list[Said] = []
    for number, given in _numbered(field, value, MOST_LINES):
        said = {"value": given} if isinstance(given, str) else given
        lines.append(read(replace(field.columns[0], name=f"{field.name}.r{number}"), said))
    return lines or None


def _numbered(field: Field, value: Any, most: int) -> list[tuple[int, Any]]:
    """The rows with their numbers, from 1."""
    if isinstance(value, list):
        rows = list(enumerate(value, start=1))
    elif isinstance(value, Mapping) and all(isinstance(name, str) and _ROW.fullmatch(name) for name in value):
        rows = sorted((int(name[1:]), given) for name, given in value.items()) if value else []
    else:
        raise BadAnswer(field.name, "Rows are given as a list.")
    if len(rows) > most:
        raise BadAnswer(field.name, "These are more than %(most)s rows.", most=most)
    return rows


def _is_empty(column: Field, said: Any) -> bool:
    """Whether nothing was said of a cell; a unit alone says nothing."""
    if said is None or said == {}:
        return True
    if not isinstance(said, Mapping) or said.get("mark"):
        return False
    value = said.get("value")
    if isinstance(value, Mapping):
        return not any(str(part or "").strip() for name, part in value.items() if name != "unit")
    return value is None or (isinstance(value, str) and not value.strip())


def rows_of(field: Field, value: Any) -> Iterator[Mapping[str, Said]]:
    """The rows of a table, or the lines as rows of one column."""
    for row in value or ():
        yield row if field.type == "table" else {LINE: row}


def is_rows(field: Field, value: Any) -> bool:
    """Whether a value has the form of rows that this field can hold."""
    names = {column.name for column in field.columns}
    if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
        return False
    return field.type == "lines" or all(set(row) <= names for row in value)
