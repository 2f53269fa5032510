"""The kind ``tag``: labels for what one region of a scan shows.

A setup's body is that of a form, ``{"fields": [{"name", "type", "label", "hint", "choices": [{"code", "label", "uri"}],
"free"}]}``, in which every field is ``tags`` (several labels) or ``choice`` (one). Texts
are for the kind ``transcribe``, whose forms can have tags as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from micro.core.fields import Field, Said
from micro.core.kind import Column, form_columns, form_fields, form_row, parse_form
from micro.errors import BadAnswer

slug = "tag"
version = 1
TYPES = ("tags", "choice")


def fields(setup: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields that are answered, in the order of the form; raises BadAnswer for a setup that cannot be used."""
    found = form_fields(setup)
    for field in found:
        if field.type not in TYPES:
            raise BadAnswer(
                field.name, "Tagging asks for labels only; “%(name)s” asks for something else.", name=field.name
            )
    return found


def parse(submitted: Any, setup: Mapping[str, Any]) -> dict[str, Said]:
    """The answer {field: said} from a form or from JSON; raises BadAnswer, with all further problems as ``others``."""
    return parse_form(submitted, fields(setup))


def columns(setup: Mapping[str, Any]) -> tuple[Column, ...]:
    """The columns of a release: the labels of each field, and their identifiers where the vocabulary has any."""
    return form_columns(fields(setup))


def row(value: Mapping[str, Said], setup: Mapping[str, Any], language: str = "en") -> dict[str, str]:
    """The cells of one record, by column name."""
    return form_row(fields(setup), value, language)
