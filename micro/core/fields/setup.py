"""Fields from the body of a setup: every entry is checked, and refused with one sentence to whoever makes the form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from micro.core.fields.asking import checks_of, condition_of, markings_of, pictures_of, suggestions_of
from micro.core.fields.field import FIELD_TYPES, WIDTHS, Field
from micro.core.fields.rows import COLUMN_TYPES, LINE
from micro.errors import BadAnswer

MOST_CHOICES = 2000
LONGEST_CODE = 80
LONGEST_WORDS = 2000
GRID_M = (100, 100_000)
MOST_COLUMNS = 12
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
# Names that stay when servers move: urn:nbn:fr:…, ark:/12148/btv1b8449691v or ark:12148/…, info:lc/….
_NAMES = re.compile(
    r"urn:[a-z0-9][a-z0-9-]{0,30}:.|ark:/?[0-9bcdfghjkmnpqrstvwxz]+/.|info:[a-z0-9.+-]+/.", re.IGNORECASE
)


def field_from_setup(body: Mapping[str, Any]) -> Field:
    """A Field from one entry of a setup. Raises BadAnswer(name) when the entry cannot be used."""
    if not isinstance(body, Mapping):
        raise BadAnswer("form", "Each field of a form is described by an object.")
    name = str(body.get("name", ""))
    if not _NAME.fullmatch(name):
        raise BadAnswer(name, "A field's name needs small letters, digits and underscores, and begins with a letter.")
    if body.get("type") not in FIELD_TYPES:
        raise BadAnswer(name, "“%(type)s” is not a type of field.", type=body.get("type"))
    choices, uris = _choices(name, body.get("choices", ()))
    field = Field(
        name=name,
        type=body["type"],
        labels=_words(name, body.get("label", {})),
        hints=_words(name, body.get("hint", {})),
        choices=choices,
        units=_units(name, body.get("units", ())),
        width=str(body.get("width") or "whole"),
        uris=uris,
        vocabulary=str(body.get("vocabulary") or ""),
        free=_free(name, body),
        publish=_publish(name, body.get("publish")),
        grid_m=_grid(name, body),
        only_if=condition_of(name, body.get("only_if")),
        suggest=suggestions_of(name, body),
        markup=markings_of(name, body),
        checks=checks_of(name, body),
        pictures=pictures_of(name, body.get("choices", ())),
        columns=_columns(name, body),
    )
    if field.width not in WIDTHS:
        raise BadAnswer(name, "“%(width)s” is not a width: whole, half, third or quarter.", width=field.width[:40])
    if field.type == "choice" and not field.choices:
        raise BadAnswer(name, "A choice needs at least one possibility.")
    if field.type == "tags" and not field.choices and not field.free:
        raise BadAnswer(name, "Tags need at least one label to choose from, or labels of one's own allowed.")
    return field


def _columns(name: str, body: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields of a table's row; lines have one of their own."""
    if body["type"] == "lines":
        return (field_from_setup({"name": LINE, "type": "text", "label": body.get("label", {}), **_marks_of(body)}),)
    if body["type"] != "table":
        return ()
    given = body.get("columns")
    if not isinstance(given, list | tuple) or not given:
        raise BadAnswer(name, "A table needs at least one column.")
    if len(given) > MOST_COLUMNS:
        raise BadAnswer(name, "A table has at most %(most)s columns.", most=MOST_COLUMNS)
    columns = tuple(field_from_setup(column) for column in given)
    names = [column.name for column in columns]
    for column in columns:
        if column.type not in COLUMN_TYPES or column.only_if or column.publish != "always":
            raise BadAnswer(name, "“%(column)s” cannot be a column of a table.", column=column.name)
        if names.count(column.name) > 1 or column.name in ("record", "identifier", "row"):
            raise BadAnswer(name, "Two columns are called “%(column)s”.", column=column.name)
    return columns


def _marks_of(body: Mapping[str, Any]) -> dict[str, Any]:
    return {"markup": body["markup"]} if body.get("markup") else {}


def _malformed(name: str) -> BadAnswer:
    return BadAnswer(name, "The label, hint, choices or units of “%(name)s” are malformed.", name=name)


def _words(name: str, given: Any) -> dict[str, str]:
    """Texts by language."""
    if not isinstance(given, Mapping) or not all(isinstance(text, str) for pair in given.items() for text in pair):
        raise _malformed(name)
    if any(len(text) > LONGEST_WORDS for text in given.values()):
        raise BadAnswer(name, "A label or hint is longer than %(most)s characters.", most=LONGEST_WORDS)
    return dict(given)


def _units(name: str, given: Any) -> tuple[str, ...]:
    if not isinstance(given, list | tuple) or not all(isinstance(unit, str) for unit in given):
        raise _malformed(name)
    return tuple(given)


def _choices(name: str, given: Any) -> tuple[tuple[tuple[str, Mapping[str, str]], ...], dict[str, str]]:
    """The choices as (code, labels), and the identifiers of those that have one, by code."""
    if not isinstance(given, list | tuple) or not all(isinstance(choice, Mapping) for choice in given):
        raise _malformed(name)
    if len(given) > MOST_CHOICES:
        raise BadAnswer(name, "A field offers at most %(most)s choices.", most=MOST_CHOICES)
    choices: dict[str, Mapping[str, str]] = {}
    uris: dict[str, str] = {}
    for choice in given:
        code = _code(name, choice.get("code"))
        if code in choices:
            raise BadAnswer(name, "Two choices have the code “%(code)s”.", code=code)
        choices[code] = _words(name, choice.get("label", {}))
        if uri := choice.get("uri"):
            uris[code] = checked_uri(name, uri)
    return tuple(choices.items()), uris


def _code(name: str, code: Any) -> str:
    """A code is one plain line: cells and forms hold several of them, told apart by bars and line ends."""
    if not isinstance(code, str) or not code or code != code.strip():
        raise BadAnswer(name, "Every choice needs a code, without spaces at its ends.")
    if len(code) > LONGEST_CODE or not code.isprintable() or "|" in code:
        raise BadAnswer(name, "The code of a choice has at most 80 characters, and no “|” or line end among them.")
    return code


def checked_uri(name: str, uri: Any) -> str:
    """An http or https address, or a urn (RFC 8141), ark or info (RFC 4452) name; BadAnswer(name) for anything else.

    Only addresses may ever be made links: names are resolved by whoever knows how.
    """
    try:
        parts = urlsplit(uri) if isinstance(uri, str) and len(uri) <= LONGEST_WORDS else None
    except ValueError:
        parts = None
    is_address = parts is not None and parts.scheme in ("http", "https") and bool(parts.netloc)
    if not (is_address or (parts is not None and _NAMES.match(uri))) or re.search(r"[\s|<>\"\x00-\x20]", uri):
        raise BadAnswer(
            name, "“%(uri)s” is not an identifier of a known form: http, https, urn, ark or info.", uri=str(uri)[:80]
        )
    return str(uri)


def _free(name: str, body: Mapping[str, Any]) -> bool:
    free = body.get("free") or False
    if not isinstance(free, bool):
        raise BadAnswer(name, "Labels of one's own are allowed or not: true or false.")
    if free and body["type"] != "tags":
        raise BadAnswer(name, "Only tags can take labels of one's own.")
    return free


def _publish(name: str, given: Any) -> str:
    """always, never, or a day as YYYY-MM-DD."""
    publish = given or "always"
    if publish in ("always", "never"):
        return str(publish)
    try:
        return date.fromisoformat(publish).isoformat() if re.fullmatch(r"\d{4}-\d{2}-\d{2}", publish) else _no_day(name)
    except (TypeError, ValueError):
        return _no_day(name)


def _no_day(name: str) -> str:
    raise BadAnswer(name, "A field is published always, never, or from a day on, such as 2030-12-31.")


def _grid(name: str, body: Mapping[str, Any]) -> int:
    grid = body.get("grid_m") or 0
    if grid == 0:
        return 0
    if body["type"] != "point":
        raise BadAnswer(name, "Only points can be blurred to a grid.")
    if isinstance(grid, bool) or not isinstance(grid, int) or not GRID_M[0] <= grid <= GRID_M[1]:
        raise BadAnswer(
            name, "A grid is a whole number of metres from %(least)s to %(most)s.", least=GRID_M[0], most=GRID_M[1]
        )
    return grid
