"""The kind ``text``: a page, or a part of one, written out line by line.

A setup's body is that of a form with exactly one field of type ``lines``; short ones beside it (a folio, a hand) may be
``text``, ``number``, ``date``, ``choice`` or ``tags``. Where the scan has a layout (ALTO or PAGE), its lines in reading
order become one input each; without one the volunteer writes all lines into one, and its line ends are kept.
``markup`` of the field names the project's conventions: unclear, del, add, sup, abbr, lang.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from micro.core.fields import Field, Said
from micro.core.kind import Column, form_columns, form_fields, form_row, parse_form
from micro.errors import BadAnswer

slug = "text"
version = 1
TYPES = ("lines", "text", "number", "date", "choice", "tags")


def fields(setup: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields that are answered, in the order of the form; raises BadAnswer for a setup that cannot be used."""
    found = form_fields(setup)
    for field in found:
        if field.type not in TYPES:
            raise BadAnswer(
                field.name, "Beside a text only short fields are asked; “%(name)s” is none.", name=field.name
            )
    if sum(field.type == "lines" for field in found) != 1 and not setup.get("part"):
        raise BadAnswer("", "A form of this kind needs one text in lines, and not more.")
    return found


def parse(submitted: Any, setup: Mapping[str, Any]) -> dict[str, Said]:
    """The answer {field: said} from a form or from JSON; raises BadAnswer, with all further problems as ``others``."""
    return parse_form(submitted, fields(setup))


def columns(setup: Mapping[str, Any]) -> tuple[Column, ...]:
    """The columns of a release: the text as it reads, and with its marks where the project has any."""
    return form_columns(fields(setup))


def row(value: Mapping[str, Said], setup: Mapping[str, Any], language: str = "en") -> dict[str, str]:
    """The cells of one record, by column name."""
    return form_row(fields(setup), value, language)
