"""What a kind of volunteer task is: six members, no HTML and no I/O. See docs/add-a-kind.md.

Kinds that are a form of typed fields share what stands below the protocol: reading the form, its columns, its cells.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from micro.core.fields import UNASKED, Field, Said, as_tei, field_from_setup, parse_said, read_out, written
from micro.core.fields.asking import check_order
from micro.core.fields.rows import rows_of
from micro.core.fields.tags import BETWEEN
from micro.errors import BadAnswer


@dataclass(frozen=True)
class Column:
    """A column of a release; ``labels`` by language.

    ``holds``: string, number (decimal point), date (EDTF), unit, uri (identifiers of choices), latitude, longitude
    (degrees of WGS 84), uncertainty (whole metres), markup (a fragment of TEI), rows (how many), or json.
    """

    name: str
    holds: (
        Literal["string", "number", "date", "unit", "uri", "latitude", "longitude", "uncertainty", "markup", "rows"]
        | str
    )
    labels: Mapping[str, str]
    field: Field


class Kind(Protocol):
    """A module tasks/<slug>/kind.py. ``setup`` is always the body of a Setup, narrowed to the fields that are asked."""

    slug: str
    version: int

    def parse(self, submitted: Any, setup: Mapping[str, Any]) -> dict[str, Said]: ...

    def fields(self, setup: Mapping[str, Any]) -> tuple[Field, ...]: ...

    def columns(self, setup: Mapping[str, Any]) -> tuple[Column, ...]: ...

    def row(self, value: Mapping[str, Said], setup: Mapping[str, Any], language: str = "en") -> dict[str, str]: ...


def form_fields(setup: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields of a setup in the order of the form; raises BadAnswer for a setup that cannot be used."""
    found = tuple(field_from_setup(body) for body in setup.get("fields", ()))
    if not found:
        raise BadAnswer("", "The form has no field yet.")
    names = [field.name for field in found]
    for name in names:
        if names.count(name) > 1:
            raise BadAnswer(name, "Two fields are called “%(name)s”.", name=name)
    if not setup.get("part"):
        check_order(found)
    return found


def parse_form(submitted: Any, asked: Sequence[Field]) -> dict[str, Said]:
    """The answer {field: said} from a form or from JSON; raises BadAnswer, with all further problems as ``others``."""
    if not isinstance(submitted, Mapping):
        raise BadAnswer("", "An answer is an object with one entry per field.")
    problems: list[BadAnswer] = []
    answer: dict[str, Said] = {}
    names = {field.name for field in asked}
    for field in asked:
        said = submitted.get(field.name, {})
        try:
            if field.only_if is not None and field.only_if.field in names and field.only_if.field not in answer:
                continue  # What it depends on has a problem, which is told there.
            if not is_asked(field, answer, names):
                answer[field.name] = _unasked(field, said)
            else:
                answer[field.name] = parse_said(field, said)
                if answer[field.name].get("mark") == UNASKED and field.only_if and field.only_if.field in names:
                    raise BadAnswer(field.name, "This field needs a value or a mark.")
        except BadAnswer as problem:
            problems.append(problem)
    if unknown := sorted(str(name)[:40] for name in set(submitted) - names):
        problems.append(BadAnswer(unknown[0], "There is no field “%(field)s” in this form.", field=unknown[0]))
    if problems:
        problems[0].others = tuple(problems[1:])
        raise problems[0]
    return answer


def is_asked(field: Field, answer: Mapping[str, Said], names: Iterable[str]) -> bool:
    """Whether a field is asked, given what was said before it. ``names``: the fields of this task.

    One that depends on a field of another task is always asked.
    """
    condition = field.only_if
    if condition is None or condition.field not in names:
        return True
    value = answer.get(condition.field, {}).get("value")
    if value is None:
        return False
    given = value if isinstance(value, list) else [value]
    return not condition.values or any(one in condition.values for one in given if isinstance(one, str))


def _unasked(field: Field, said: Any) -> Said:
    """What is kept of a field that is not asked; BadAnswer when something was typed there, which would be lost."""
    value = said.get("value") if isinstance(said, Mapping) else said
    if field.type != "choice" and _says_something(value):
        raise BadAnswer(
            field.name,
            "This is not asked, because of another answer. Empty it, or change the answer that it depends on.",
        )
    return {"mark": UNASKED}


def _says_something(value: Any) -> bool:
    """Whether any text was typed; a unit or a chosen code alone is none."""
    if isinstance(value, Mapping):
        return any(_says_something(part) for name, part in value.items() if name not in ("unit", "mark"))
    if isinstance(value, list):
        return any(_says_something(part) for part in value)
    return value is not None and bool(str(value).strip())


def columns_of(field: Field) -> tuple[Column, ...]:
    """The columns of one field: its own, and beside it a unit, identifiers, or the parts of a point."""

    def column(end: str, holds: str) -> Column:
        return Column(f"{field.name}{end}", holds, field.labels, field)

    match field.type:
        case "number":
            return column("", "number"), column("_unit", "unit")
        case "date":
            return (column("", "date"),)
        case "point":
            return column("_lat", "latitude"), column("_lon", "longitude"), column("_uncertainty_m", "uncertainty")
        case "choice" | "tags" if field.uris:
            return column("", "string"), column("_uri", "uri")
        case "table":
            return column("", "rows"), column("_json", "json")
        case "text" | "long_text" | "lines" if field.markup:
            return column("", "string"), column("_tei", "markup")
        case _:
            return (column("", "string"),)


def form_columns(asked: Sequence[Field]) -> tuple[Column, ...]:
    """The columns of a form, field by field: each has its own, answered or not, so that none is ever shifted."""
    return tuple(column for field in asked for column in columns_of(field))


def form_row(asked: Sequence[Field], value: Mapping[str, Said], language: str) -> dict[str, str]:
    """The cells of one record, or of one row of a table, by column name."""
    cells: dict[str, str] = {}
    for field in asked:
        cells |= cells_of(field, value.get(field.name, {}), language)
    return cells


def cells_of(field: Field, said: Said, language: str) -> dict[str, str]:
    """The cells of one field by column name, empty where nothing is given.

    Labels for choices, the bare decimal for numbers, EDTF for dates. The identifiers of several labels stand in the
    order of the labels, with an empty place for a label that has none; the uncertainty only where a point was blurred.
    """
    given = said.get("value")
    match field.type:
        case "number":
            return {field.name: given["amount"] if given else "", f"{field.name}_unit": given["unit"] if given else ""}
        case "point":
            parts = (("_lat", "lat"), ("_lon", "lon"), ("_uncertainty_m", "uncertainty_m"))
            return {f"{field.name}{end}": str(given.get(part, "")) if given else "" for end, part in parts}
        case "choice" | "tags" if field.uris:
            return {field.name: written(field, said, language), f"{field.name}_uri": _uris(field, given)}
        case "table":
            rows = [row_cells(field, row, language) for row in rows_of(field, given)]
            return {field.name: str(len(rows)) if rows else "", f"{field.name}_json": _json(rows)}
        case "text" | "long_text" | "lines" if field.markup:
            return {field.name: read_out(field, said, language), f"{field.name}_tei": as_tei(field, said)}
        case _:
            return {field.name: written(field, said, language)}


def row_cells(field: Field, row: Mapping[str, Said], language: str) -> dict[str, str]:
    """The cells of one row of a table or of lines, by column name."""
    return form_row(field.columns, row, language)


def _json(rows: list[dict[str, str]]) -> str:
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")) if rows else ""


def _uris(field: Field, given: Any) -> str:
    labels = given if isinstance(given, list) else [] if given is None else [given]
    uris = [field.uris.get(label, "") if isinstance(label, str) else "" for label in labels]
    return BETWEEN.join(uris) if any(uris) else ""
