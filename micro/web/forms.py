"""Dotted names of forms, ``length.value.amount=12``, and the shape of answers, {"length": {"value": {"amount": "12"}}}.

A form has one input per part of a value and a checkbox per mark, all named by their place in the answer. The same
shape, unread, is kept as a draft, so that what was typed comes back exactly as it was typed. The ticked labels of tags
are all called ``shows.value.codes`` and become one text, a code a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from micro.core.fields import MARKS, Field
from micro.errors import BadAnswer, to_translate

DEEPEST = 3
DEEPEST_IN_ROWS = 6
CODES = ["value", "codes"]
LONGEST_DRAFT_TEXT = 100_000
_ROW = re.compile(r"r[1-9]\d{0,3}", re.ASCII)
_KEY = re.compile(r"[A-Za-z0-9_-]{1,40}")


def nested(entries: Iterable[tuple[str, str]], fields: Iterable[str]) -> dict[str, Any]:
    """What a form said of each of ``fields``: {field: {"value": …, "mark": …}}; other names are left out.

    Of several ticked marks the strongest is taken: blank, then illegible, then not sure. Ticked codes are joined.

    >>> nested([("length.value.amount", "12"), ("length.mark", "unsure"), ("csrf_token", "x")], ["length"])
    {'length': {'value': {'amount': '12'}, 'mark': 'unsure'}}
    """
    made: dict[str, Any] = {field: {} for field in fields}
    for name, text in entries:
        field, *parts = name.split(".")
        if field not in made or not parts or not all(map(str.isidentifier, parts)):
            continue
        if len(parts) >= (DEEPEST_IN_ROWS if _is_row(parts) else DEEPEST):
            continue
        if parts == CODES:
            _put(made[field], parts, _joined(made[field].get("value"), text))
        elif parts[-1] == "mark":
            _put(made[field], parts, _stronger(_found(made[field], parts), text))
        else:
            _put(made[field], parts, text)
    return made


def _is_row(parts: list[str]) -> bool:
    """Whether this is a place within a table or within lines: value.r3.length.mark, value.r3.mark."""
    return len(parts) > 2 and parts[0] == "value" and bool(_ROW.fullmatch(parts[1]))


def _found(place: Any, parts: list[str]) -> str:
    """The text at a place so far, or none."""
    for part in parts:
        place = place.get(part) if isinstance(place, dict) else None
    return place if isinstance(place, str) else ""


def _joined(value: Any, code: str) -> str:
    """One code more, a line each."""
    before = value.get("codes") if isinstance(value, dict) else None
    return f"{before}\n{code}" if before else code


def _put(place: dict[str, Any], parts: list[str], text: str) -> None:
    *way, last = parts
    for part in way:
        if not isinstance(place.get(part), dict):
            place[part] = {}
        place = place[part]
    place[last] = text


def _stronger(one: str, other: str) -> str:
    return min(other, one, key=lambda mark: MARKS.index(mark) if mark in MARKS else len(MARKS))


def typed(said: Mapping[str, Any]) -> dict[str, str]:
    """The way back, for filling in a form: {"length.value.amount": "12", "length.mark": "unsure"}.

    >>> typed({"length": {"value": {"amount": "12"}, "mark": "unsure"}, "notes": {}})
    {'length.value.amount': '12', 'length.mark': 'unsure'}
    """
    return dict(_leaves("", said))


def _leaves(name: str, value: Any) -> Iterable[tuple[str, str]]:
    if isinstance(value, Mapping):
        for part, inner in value.items():
            yield from _leaves(f"{name}.{part}" if name else str(part), inner)
    elif isinstance(value, list) and any(_is_said_of_row(one) for one in value):  # Rows, or lines.
        for number, row in enumerate(value, start=1):
            yield from _leaves(f"{name}.r{number}", row)
    elif isinstance(value, list):  # The labels of tags, as an answer has them.
        yield f"{name}.codes", "\n".join(label for label in value if isinstance(label, str))
        yield f"{name}.free", "\n".join(str(label.get("free", "")) for label in value if isinstance(label, Mapping))
    elif value is not None:
        yield name, str(value)


def _is_said_of_row(one: Any) -> bool:
    if not isinstance(one, Mapping):
        return False
    return any(name in ("value", "mark") or isinstance(part, Mapping) for name, part in one.items())


def check_marks(said: Mapping[str, Any], fields: Iterable[Field]) -> None:
    """Raises BadAnswer where something was typed and marked as blank or illegible as well.

    The script disables what is marked; without it, taking the mark would throw away what was typed without a word.
    A choice is nothing typed, and cannot be unticked without a script: there the mark counts.
    """
    both = to_translate("You typed something here and marked it as well. Keep one of the two.")
    problems = [
        BadAnswer(place, both)
        for field in fields
        for place, entry in _places(field, said.get(field.name, {}))
        if entry.get("mark") in ("blank", "illegible") and field.type != "choice" and _says_something(entry)
    ]
    if problems:
        problems[0].others = tuple(problems[1:])
        raise problems[0]


def _places(field: Field, entry: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """What was said of a field, and of each line or cell in it, by its place in the form."""
    yield field.name, entry
    rows = entry.get("value") if field.columns else None
    for row, given in rows.items() if isinstance(rows, Mapping) else ():
        if not isinstance(given, Mapping):
            continue
        cells = {f".{name}": cell for name, cell in given.items()} if field.type == "table" else {"": given}
        yield from ((f"{field.name}.{row}{name}", cell) for name, cell in cells.items() if isinstance(cell, Mapping))


def _says_something(entry: Mapping[str, Any]) -> bool:
    # A unit alone is nothing that was typed.
    return any(text.strip() for name, text in typed({"": entry.get("value")}).items() if not name.endswith("unit"))


def draft_of(said: Any, fields: Iterable[str]) -> dict[str, Any]:
    """A draft as it may be kept: texts of the asked fields only; BadAnswer when it has another shape or is too long."""
    if not isinstance(said, Mapping):
        raise BadAnswer("", "A draft is an object with one entry per field.")
    leaves = list(typed(said).items())
    if sum(len(name) + len(text) for name, text in leaves) > LONGEST_DRAFT_TEXT:
        raise BadAnswer("", "This is too long to be kept as a draft.")
    return nested(((name, storable(text)) for name, text in leaves), fields)


def storable(text: str) -> str:
    """The text without what no database keeps: zero bytes and halves of characters."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


def submission_key(sent: Any) -> str:
    """The key that makes a repeated post one, or empty for anything that is none."""
    return sent if isinstance(sent, str) and _KEY.fullmatch(sent) else ""
