"""Every column of every file of a release: one list for the header, the dictionary and the schema."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from micro.core.fields import Field
from micro.core.kind import Column
from micro.core.release.fixed import (
    ANSWER_HEAD,
    DICTIONARY,
    HEAD,
    JSON_KEYS,
    ROW_HEAD,
    SAID_STATUSES,
    STATES,
    STATUSES,
    TAIL,
    VALUES,
    VOCABULARY,
    Described,
)

__all__ = [
    "ANSWER_HEAD",
    "DICTIONARY",
    "HEAD",
    "JSON_KEYS",
    "ROW_HEAD",
    "SAID_STATUSES",
    "STATES",
    "STATUSES",
    "TAIL",
    "VALUES",
    "VOCABULARY",
    "Described",
    "FieldColumns",
    "dictionary_rows",
    "field_columns",
    "flat",
    "held_back_rows",
    "schema",
]
EDTF_PATTERN = "(\\d{4}|XXXX)-(\\d{2}|XX)-(\\d{2}|XX)"
NO_FILE = "(none)"  # In the dictionary, for a field that no file holds.


@dataclass(frozen=True)
class FieldColumns:
    """The columns of one field: those of its kind as (name in the kind, column), and the one of its status."""

    field: Field
    cells: tuple[tuple[str, Described], ...]
    status: Described


def field_columns(
    columns: Iterable[Column], language: str, taken: Iterable[str], statuses: Sequence[str]
) -> tuple[FieldColumns, ...]:
    """The columns of every field, followed by ``<field>_status``; a name that is taken gets ``_2``, ``_3``…"""
    used = set(taken)
    by_field: dict[str, list[Column]] = {}
    for column in columns:
        by_field.setdefault(column.field.name, []).append(column)
    return tuple(_one_field(name, group, language, used, statuses) for name, group in by_field.items())


def _one_field(
    name: str, group: Sequence[Column], language: str, used: set[str], statuses: Sequence[str]
) -> FieldColumns:
    field = group[0].field
    cells = tuple((column.name, _described(column, _free(column.name, used), language)) for column in group)
    status = Described(
        _free(f"{name}_status", used),
        "string",
        f"{field.label('en')}: status",
        f"{field.label('fr')} : statut",
        f"What is known of {name}: {', '.join(statuses)}.",
        tuple(statuses),
    )
    return FieldColumns(field, cells, status)


# What a column beside a field's own holds -> its type, its words after the field's label (en, fr), and its meaning.
_BESIDE: dict[str, tuple[str, str, str, str]] = {
    "unit": ("string", ": unit", " : unité", "The unit of the number, as written on the scan."),
    "uri": (
        "string",
        ": identifiers",
        " : identifiants",
        "Identifiers of the labels in their vocabularies, in the order of the labels, “ | ” between them; an empty "
        "place for a label that has none.",
    ),
    "latitude": ("number", ": latitude", " : latitude", "Degrees of WGS 84, north positive."),
    "longitude": ("number", ": longitude", " : longitude", "Degrees of WGS 84, east positive."),
    "markup": (
        "string",
        ": with marks",
        " : avec les signes",
        "The same text with what is unclear, del(eted), add(ed) and so on, as a fragment of TEI P5.",
    ),
    "json": (
        "string",
        ": rows as JSON",
        " : lignes en JSON",
        "The rows as a list in JSON, each with the cells that the file of the group has.",
    ),
    "uncertainty": (
        "integer",
        ": uncertainty",
        " : incertitude",
        "How far, in metres, the true point can be from this one, the centre of a cell of a grid; empty where the "
        "point stands as it was read.",
    ),
}
_MEANINGS = {
    "number": "A decimal number; its unit stands beside it.",
    "date": "The date, unknown digits as X.",
    "choice": "The label of the choice.",
    "tags": "The labels, “ | ” between them.",
    "table": "How many rows there are; they stand in a file of their own.",
    "lines": "The lines, one under the other; […] for one that is illegible.",
}


def _described(column: Column, name: str, language: str) -> Described:
    field = column.field
    english, french = field.label("en"), field.label("fr")
    if column.holds in _BESIDE:
        holds, more_english, more_french, meaning = _BESIDE[column.holds]
        note = " | ".join(field.units) if column.holds == "unit" else _grid_note(field) if field.grid_m else ""
        return Described(name, holds, english + more_english, french + more_french, meaning, note=note)
    meaning = _MEANINGS.get(field.type, "As written on the scan.")
    if hint := field.hint("en"):
        meaning = f"{meaning} Asked as: {hint}"
    # A vocabulary of hundreds has a file of its own.
    names = [field.choice_label(code, language) for code, _ in field.choices]
    return Described(
        name,
        {"number": "number", "date": "edtf", "rows": "integer"}.get(column.holds, "string"),
        english,
        french,
        meaning,
        note="see vocabulary.csv" if field.type == "tags" and names else " | ".join(names),
    )


def _grid_note(field: Field) -> str:
    return f"centres of cells of {field.grid_m} m"


def _free(name: str, used: set[str]) -> str:
    """The name, or the name with the first number that makes it new; it is used from here on."""
    candidate, number = name, 1
    while candidate in used:
        number += 1
        candidate = f"{name}_{number}"
    used.add(candidate)
    return candidate


def flat(groups: Iterable[FieldColumns]) -> tuple[Described, ...]:
    """The columns of all fields in their order."""
    return tuple(column for group in groups for column in (*(cell for _, cell in group.cells), group.status))


def dictionary_rows(files: dict[str, Sequence[Described]]) -> list[list[str]]:
    """The rows of dictionary.csv: {file: its columns} -> one row per column."""
    return [
        [
            file,
            column.name,
            column.holds,
            column.en,
            column.fr,
            column.meaning,
            " | ".join(column.values) or column.note,
        ]
        for file, columns in files.items()
        for column in columns
    ]


def held_back_rows(fields: Iterable[Field]) -> list[list[str]]:
    """The rows of dictionary.csv for fields whose values are in no file: that they exist, and until when."""
    return [
        [
            NO_FILE,
            field.name,
            {"date": "edtf", "number": "number"}.get(field.type, "string"),
            field.label("en"),
            field.label("fr"),
            "Not for publication: its values are in no file of this release."
            if field.publish == "never"
            else f"Closed until {field.publish}: its values are in no file of this release.",
            "",
        ]
        for field in fields
    ]


def schema(columns: Iterable[Described], keys: Sequence[str], record_file: str = "") -> dict[str, Any]:
    """A Frictionless Table Schema (v1); ``record_file`` names the resource that the column ``record`` refers to."""
    body: dict[str, Any] = {
        "fields": [_schema_field(column) for column in columns],
        "missingValues": [""],
        "primaryKey": list(keys),
    }
    if record_file:
        body["foreignKeys"] = [{"fields": "record", "reference": {"resource": record_file, "fields": "record"}}]
    return body


def _schema_field(column: Described) -> dict[str, Any]:
    limits: dict[str, Any] = {"required": True} if column.required else {}
    if column.values:
        limits["enum"] = list(column.values)
    if column.holds == "edtf":
        limits["pattern"] = EDTF_PATTERN
    if column.name == "confidence":
        limits |= {"minimum": 0, "maximum": 1}
    made = {
        "name": column.name,
        "type": "string" if column.holds == "edtf" else column.holds,
        "title": column.en,
        "description": column.meaning,
    }
    return made | ({"constraints": limits} if limits else {})
