"""The kind ``classify``: questions about what a region of a scan shows, each with answers to choose from.

A setup's body is that of a form in which every field is ``choice`` (one answer) or ``tags`` (several). A question with
``"only_if": {"field", "is": [codes]}`` is asked only after one of these answers: that makes a tree of decisions, whose
path the server checks. ``picture`` of a choice is the public id of a scan of the project that shows an example.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from micro.core.fields import Field, Said
from micro.core.kind import Column, form_columns, form_fields, form_row, parse_form
from micro.errors import BadAnswer

slug = "classify"
version = 1
TYPES = ("choice", "tags")


def fields(setup: Mapping[str, Any]) -> tuple[Field, ...]:
    """The questions in their order; raises BadAnswer for a setup that cannot be used."""
    found = form_fields(setup)
    for field in found:
        if field.type not in TYPES:
            raise BadAnswer(
                field.name, "A question needs answers to choose from; “%(name)s” has none.", name=field.name
            )
    return found


def parse(submitted: Any, setup: Mapping[str, Any]) -> dict[str, Said]:
    """The answer {question: said}; raises BadAnswer, with all further problems as ``others``.

    A question that the answers before it rule out is kept as not asked.
    """
    return parse_form(submitted, fields(setup))


def columns(setup: Mapping[str, Any]) -> tuple[Column, ...]:
    """The columns of a release: every question has its own, asked or not, so that none is ever shifted."""
    return form_columns(fields(setup))


def row(value: Mapping[str, Said], setup: Mapping[str, Any], language: str = "en") -> dict[str, str]:
    """The cells of one record, by column name."""
    return form_row(fields(setup), value, language)
