"""The inputs of one field's page, and the entry of a setup that they make."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from micro.core.fields.field import WIDTHS
from micro.core.fields.setup import GRID_M
from micro.core.vocabularies.choices import Choice, read_lines, written_lines
from micro.core.vocabularies.entries import visible
from micro.errors import BadAnswer
from micro.web.desk.field_asking import asking_body, typed_asking
from micro.web.desk.field_columns import read_columns, written_columns

LABEL_LONGEST = 120
HINT_LONGEST = 500
UNITS_MOST, UNIT_LONGEST = 30, 20
WITH_CHOICES = ("choice", "tags")


def typed_of(body: Mapping[str, Any]) -> dict[str, str]:
    """The inputs as they show an entry of a setup; of an empty one, for a field that is new."""
    label, hint, publish = body.get("label", {}), body.get("hint", {}), str(body.get("publish") or "always")
    is_day = publish not in ("always", "never")
    return {
        "label_en": label.get("en", ""),
        "label_fr": label.get("fr", ""),
        "hint_en": hint.get("en", ""),
        "hint_fr": hint.get("fr", ""),
        "width": str(body.get("width") or "whole"),
        "units": ", ".join(body.get("units", ())),
        "choices": written_lines(body.get("choices", ())),
        "vocabulary": str(body.get("vocabulary") or ""),
        "part": str(body.get("vocabulary_part") or ""),
        "free": "yes" if body.get("free") else "",
        "publish": "until" if is_day else publish,
        "publish_day": publish if is_day else "",
        "grid_m": str(body.get("grid_m") or ""),
        "columns": written_columns(body.get("columns", ())),
        **typed_asking(body),
    }


def field_body(
    typed: Mapping[str, str], type: str, before: Mapping[str, Any], choices: Sequence[Choice] | None
) -> dict[str, Any]:
    """The entry of a setup that was typed; keys of ``before`` that have no input here stay as they are.

    ``choices`` are those of a vocabulary, None without one. Raises BadAnswer(input), with all problems as ``others``.
    """
    made: dict[str, Any] = {**before, "type": type}
    parts: dict[str, Callable[[Mapping[str, str]], Any]] = {
        "label": _labels,
        "hint": _hints,
        "width": _width,
        "publish": _publish,
    }
    if type == "number":
        parts["units"] = _units
    if type == "point":
        parts["grid_m"] = _grid
    if type == "table":
        parts["columns"] = lambda given: read_columns(given.get("columns", ""), before.get("columns", ()))
    if type in WITH_CHOICES and choices is None:
        parts["choices"] = lambda given: read_lines(given.get("choices", ""))
    problems: list[BadAnswer] = []
    for key, read in parts.items():
        try:
            made[key] = read(typed)
        except BadAnswer as problem:
            problems.append(problem)
    try:
        made = _without_empty(made | asking_body(typed, type))
    except BadAnswer as problem:
        problems.append(problem)
    if type in WITH_CHOICES and not problems:
        made |= _offered(typed, type, made.get("choices", []) if choices is None else list(choices))
    if problems:
        problems[0].others = tuple(problems[1:])
        raise problems[0]
    return made


def _without_empty(body: dict[str, Any]) -> dict[str, Any]:
    """The entry without what a field has only when somebody asked for it."""
    return {key: given for key, given in body.items() if given or key not in ("only_if", "checks", "suggest", "markup")}


def _labels(typed: Mapping[str, str]) -> dict[str, str]:
    return _words(typed, "label", LABEL_LONGEST, "Give a label in at least one language.")


def _hints(typed: Mapping[str, str]) -> dict[str, str]:
    return _words(typed, "hint", HINT_LONGEST, "")


def _words(typed: Mapping[str, str], name: str, most: int, needed: str) -> dict[str, str]:
    words = {language: visible(typed.get(f"{name}_{language}", "")) for language in ("en", "fr")}
    for language, text in words.items():
        if len(text) > most:
            raise BadAnswer(f"{name}_{language}", "This is longer than %(most)s characters.", most=most)
    if needed and not any(words.values()):
        raise BadAnswer(f"{name}_en", needed)
    return {language: text for language, text in words.items() if text}


def _width(typed: Mapping[str, str]) -> str:
    width = typed.get("width") or "whole"
    if width not in WIDTHS:
        raise BadAnswer("width", "Choose one of the widths.")
    return width


def _publish(typed: Mapping[str, str]) -> str:
    publish, day = typed.get("publish") or "always", typed.get("publish_day", "").strip()
    if publish in ("always", "never"):
        return publish
    try:
        return date.fromisoformat(day if re.fullmatch(r"\d{4}-\d{2}-\d{2}", day) else "").isoformat()
    except ValueError:
        raise BadAnswer("publish_day", "Give the day as year, month and day, such as 2040-12-31.") from None


def _units(typed: Mapping[str, str]) -> list[str]:
    units = [visible(unit) for unit in re.split(r"[,;\n]", typed.get("units", ""))]
    units = list(dict.fromkeys(unit for unit in units if unit))
    if len(units) > UNITS_MOST or any(len(unit) > UNIT_LONGEST for unit in units):
        raise BadAnswer(
            "units",
            "At most %(most)s units, each of at most %(longest)s characters.",
            most=UNITS_MOST,
            longest=UNIT_LONGEST,
        )
    return units


def _grid(typed: Mapping[str, str]) -> int:
    sent = "".join(typed.get("grid_m", "").split())
    if not sent:
        return 0
    if not (sent.isascii() and sent.isdigit() and len(sent) < 9 and GRID_M[0] <= int(sent) <= GRID_M[1]):
        raise BadAnswer(
            "grid_m", "A grid is a whole number of metres from %(least)s to %(most)s.", least=GRID_M[0], most=GRID_M[1]
        )
    return int(sent)


def _offered(typed: Mapping[str, str], type: str, choices: list[Choice]) -> dict[str, Any]:
    """What a choice or tags offer, and where it comes from."""
    free = type == "tags" and bool(typed.get("free"))
    if not choices and not free:
        raise BadAnswer("choices", "Write at least one line, or take a vocabulary.")
    vocabulary = typed.get("vocabulary", "")
    made: dict[str, Any] = {"choices": choices, "vocabulary": vocabulary}
    made["vocabulary_part"] = typed.get("part", "") if vocabulary else ""
    return made | ({"free": free} if type == "tags" else {})
