"""The columns of a table as lines: "what = What / Quoi : text", "weight = Weight / Poids : number g, kg"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from micro.core.fields.rows import COLUMN_TYPES
from micro.core.vocabularies import make_code
from micro.core.vocabularies.entries import visible
from micro.errors import BadAnswer, to_translate

MOST_WORDS = 120


def written_columns(columns: Iterable[Mapping[str, Any]]) -> str:
    """The columns of a setup as lines.

    >>> written_columns([{"name": "what", "type": "text", "label": {"en": "What", "fr": "Quoi"}},
    ...                  {"name": "weight", "type": "number", "label": {"en": "Weight"}, "units": ["g", "kg"]}])
    'what = What / Quoi : text\\nweight = Weight : number g, kg'
    """
    return "\n".join(_line(column) for column in columns)


def _line(column: Mapping[str, Any]) -> str:
    label = column.get("label", {})
    words = " / ".join(text for text in (label.get("en", ""), label.get("fr", "")) if text) or column["name"]
    offers = [_name(choice) for choice in column.get("choices", ())] or list(column.get("units", ()))
    return f"{column['name']} = {words} : {column['type']} {', '.join(offers)}".rstrip()


def _name(choice: Mapping[str, Any]) -> str:
    label = choice.get("label", {})
    return str(label.get("en") or next(iter(label.values()), choice["code"]))


def read_columns(text: str, before: Iterable[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
    """The columns of such lines; without a type it is text, without a name one is made from the label.

    What ``before`` says of a column of the same name and type is kept where a line cannot say it: hints, and the codes
    of choices of the same label. Raises BadAnswer("columns") with the number of the first line that cannot be read.
    """
    known = {str(column["name"]): column for column in before}
    made: list[dict[str, Any]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if visible(line):
            column = _column(line, number, known)
            if any(other["name"] == column["name"] for other in made):
                raise BadAnswer("columns", "Line %(number)s has the name of another column.", number=number)
            made.append(column)
    if not made:
        raise BadAnswer("columns", "Write at least one line.")
    return made


def _column(line: str, number: int, known: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    head, colon, tail = line.rpartition(" : ")
    name, equals, words = (head if colon else line).partition("=")
    label = _label(words if equals else name)
    name = visible(name) if equals else re.sub(r"[^a-z0-9]+", "_", make_code(next(iter(label.values()), "")).lower())
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
        sentence = to_translate("Line %(number)s needs a name of small letters, digits and underscores before its “=”.")
        raise BadAnswer("columns", sentence, number=number)
    type_, _, offers = tail.strip().partition(" ") if colon else ("text", "", "")
    if type_ not in COLUMN_TYPES:
        types = ", ".join(COLUMN_TYPES)
        raise BadAnswer("columns", "Line %(number)s: after “ : ” comes one of %(types)s.", number=number, types=types)
    before = known.get(name, {})
    made = {**(before if before.get("type") == type_ else {}), "name": name, "type": type_, "label": label}
    listed = [visible(one) for one in offers.split(",") if visible(one)]
    if type_ == "number":
        made["units"] = listed
    if type_ == "choice":
        if not listed:
            raise BadAnswer("columns", "Line %(number)s needs what can be chosen, with commas between.", number=number)
        made["choices"] = _choices(listed, before.get("choices", ()))
    return made


def _label(words: str) -> dict[str, str]:
    texts = [visible(text)[:MOST_WORDS] for text in words.split(" / ", 1)]
    return {language: text for language, text in zip(("en", "fr"), texts, strict=False) if text}


def _choices(names: Iterable[str], before: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    known = {_name(choice): dict(choice) for choice in before}
    return [known.get(name) or {"code": make_code(name).lower(), "label": {"en": name}} for name in names]
