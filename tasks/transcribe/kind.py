"""The kind ``transcribe``: a form of typed fields, filled in from one region of a scan.

A setup's body is ``{"fields": [{"name", "type", "label": {"en", "fr"}, "hint", "choices", "units", "width"}]}``, with
the types of core/fields and what else micro.core.fields.setup reads. A task that asks for part of the form gets a setup
with these fields only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from micro.core.fields import Field, Said
from micro.core.kind import Column, form_columns, form_fields, form_row, parse_form

slug = "transcribe"
version = 1


def fields(setup: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields that are answered, in the order of the form; raises BadAnswer for a setup that cannot be used."""
    return form_fields(setup)


def parse(submitted: Any, setup: Mapping[str, Any]) -> dict[str, Said]:
    """The answer {field: said} from a form or from JSON; raises BadAnswer, with all further problems as ``others``."""
    return parse_form(submitted, fields(setup))


def columns(setup: Mapping[str, Any]) -> tuple[Column, ...]:
    """The columns of a release, field by field."""
    return form_columns(fields(setup))


def row(value: Mapping[str, Said], setup: Mapping[str, Any], language: str = "en") -> dict[str, str]:
    """The cells of one record, by column name."""
    return form_row(fields(setup), value, language)
