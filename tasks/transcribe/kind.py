"""The kind ``transcribe``: a form of typed fields, filled in from one region of a scan.

A setup's body is ``{"fields": [{"name", "type", "label": {"en", "fr"}, "hint", "choices", "units", "width"}]}``, with
the types of core/fields.py. A task that asks for part of the form gets a setup with these fields only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from micro.core.fields import Field, Said, field_from_setup, parse_said, written
from micro.core.kind import Column
from micro.errors import BadAnswer

slug = "transcribe"
version = 1


def fields(setup: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields that are answered, in the order of the form; raises BadAnswer for a setup that cannot be used."""
    found = tuple(field_from_setup(body) for body in setup.get("fields", ()))
    if not found:
        raise BadAnswer("", "The form has no field yet.")
    names = [field.name for field in found]
    for name in names:
        if names.count(name) > 1:
            raise BadAnswer(name, "Two fields are called “%(name)s”.", name=name)
    return found


def parse(submitted: Any, setup: Mapping[str, Any]) -> dict[str, Said]:
    """The answer {field: said} from a form or from JSON; raises BadAnswer, with all further problems as ``others``."""
    if not isinstance(submitted, Mapping):
        raise BadAnswer("", "An answer is an object with one entry per field.")
    asked = fields(setup)
    problems: list[BadAnswer] = []
    answer: dict[str, Said] = {}
    for field in asked:
        try:
            answer[field.name] = parse_said(field, submitted.get(field.name, {}))
        except BadAnswer as problem:
            problems.append(problem)
    if unknown := sorted(str(name)[:40] for name in set(submitted) - {field.name for field in asked}):
        problems.append(BadAnswer(unknown[0], "There is no field “%(field)s” in this form.", field=unknown[0]))
    if problems:
        problems[0].others = tuple(problems[1:])
        raise problems[0]
    return answer


def columns(setup: Mapping[str, Any]) -> tuple[Column, ...]:
    """The columns of a release: one per field, and one more for the unit of a number."""
    made: list[Column] = []
    for field in fields(setup):
        made.append(
            Column(field.name, {"number": "number", "date": "date"}.get(field.type, "string"), field.labels, field)
        )
        if field.type == "number":
            made.append(Column(f"{field.name}_unit", "unit", field.labels, field))
    return tuple(made)


def row(value: Mapping[str, Said], setup: Mapping[str, Any], language: str = "en") -> dict[str, str]:
    """The cells of one record, by column name: labels for choices, the bare decimal for numbers, EDTF for dates."""
    cells: dict[str, str] = {}
    for field in fields(setup):
        said = value.get(field.name, {})
        given = said.get("value")
        if field.type == "number":
            cells[field.name] = given["amount"] if given else ""
            cells[f"{field.name}_unit"] = given["unit"] if given else ""
        else:
            cells[field.name] = written(field, said, language)
    return cells
