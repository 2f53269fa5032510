"""What all imports of existing work share: a bad row, times, numbers of rows elsewhere, and words for nothing. Pure."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from micro.core.fields import Field, Said, parse_said
from micro.errors import BadAnswer, MicroError

# Longer than any number that a program gives its rows. With its prefix it fits the column.
SOURCE_ID_LONGEST = 60
ADDRESS_LONGEST = 2000
DETAILS_LONGEST = 500_000
DEEPEST = 20
EARLIEST, LATEST = 1900, 2200
_ADDRESS = re.compile(r"https?://[^\s\"<>\\^`{|}\x00-\x1f\x7f]+", re.IGNORECASE)
_PARTIAL_DATE = re.compile(r"\d{4}(-\d{2})?", re.ASCII)


@dataclass(frozen=True)
class BadRow:
    """A row that is left out, by its number from 1, and the sentence why."""

    number: int
    problem: MicroError

    @property
    def words(self) -> str:
        """The sentence, after the name of the field that it is about."""
        place = self.problem.field if isinstance(self.problem, BadAnswer) else ""
        return f"{place}: {self.problem}" if place else str(self.problem)


def source_id_of(given: Any, what: str) -> str:
    """A number or short name that a row has where it comes from; BadAnswer(what) when there is none."""
    text = str(given).strip() if isinstance(given, int | str) and not isinstance(given, bool) else ""
    if not text:
        raise BadAnswer(what, "There is no number here, so nobody could tell this row from others.")
    if len(text) > SOURCE_ID_LONGEST or not text.isprintable():
        raise BadAnswer(what, "This is not a number that can be kept.")
    return text


def moment_of(given: Any, what: str) -> datetime:
    """A time in UTC from ISO 8601; without a zone it is UTC already. BadAnswer(what) otherwise."""
    try:
        at = datetime.fromisoformat(given.strip())
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (AttributeError, ValueError, OverflowError):
        raise BadAnswer(what, "“%(given)s” is not a time such as 2014-08-18T15:31:13.", given=str(given)[:40]) from None
    if not EARLIEST <= at.year <= LATEST:
        raise BadAnswer(what, "The year %(year)s cannot be meant.", year=at.year)
    return at


def is_address(given: Any) -> bool:
    """Whether this is an address on the web that may be kept and linked to; nothing is ever fetched."""
    return isinstance(given, str) and len(given) <= ADDRESS_LONGEST and bool(_ADDRESS.fullmatch(given.strip()))


def last_part(address: str) -> str:
    """The last part of an address or path, without what follows a question mark: a file's name.

    >>> last_part("https://example.org/a/card-7_b.jpg?size=large")
    'card-7_b.jpg'
    """
    return re.split(r"[?#]", address, maxsplit=1)[0].rstrip("/").rpartition("/")[2]


def visible(given: Any, longest: int) -> str:
    """The text on one line, without signs that nobody sees, cut to ``longest``; empty for anything but text."""
    if not isinstance(given, str):
        return ""
    seen = (" " if sign in "\t\r\n" else sign for sign in given)
    text = "".join(sign for sign in seen if unicodedata.category(sign)[0] != "C" or sign in "\u200c\u200d")
    return " ".join(text.split())[:longest].rstrip()


def storable(given: Any) -> Any:
    """JSON as any database takes it: no NUL, no half signs, no infinite number. BadAnswer when too deep or too long."""
    kept = _storable(given, 0)
    if len(json.dumps(kept)) > DETAILS_LONGEST:
        raise BadAnswer("", "There is more in this row than can be kept.")
    return kept


def _storable(given: Any, depth: int) -> Any:
    if depth > DEEPEST:
        raise BadAnswer("", "Its lists lie in each other too deeply.")
    match given:
        case str():
            return _text(given)
        case float() if not math.isfinite(given):
            return None
        case Mapping():
            return {_text(str(key)): _storable(value, depth + 1) for key, value in given.items()}
        case list():
            return [_storable(value, depth + 1) for value in given]
        case _:
            return given


def _text(given: str) -> str:
    if "\0" not in given and given.isascii():
        return given
    return "".join(sign for sign in given if sign != "\0" and not "\ud800" <= sign <= "\udfff")


def said_in(field: Field, text: str, marks: Mapping[str, str]) -> Said | None:
    """What a cell says of a field: a mark where the whole text is a word for one, else the value as its type reads it.

    ``marks`` is {word: "blank" | "illegible" | "unsure" | "nothing"}; None for "nothing": not asked, not said.
    Choices go by code or label, numbers may have their unit behind them, dates may end with the year or the month.
    Raises BadAnswer(field.name) when it cannot be taken.
    """
    word = text.strip()
    is_empty = all(unicodedata.category(sign)[0] in "CZ" for sign in word)
    mark = marks.get("", "blank") if is_empty else marks.get(word)
    if mark == "nothing":
        return None
    if mark is not None:
        return {"mark": mark}
    return parse_said(field, {"value": _value(field, word)})


def _value(field: Field, word: str) -> Any:
    match field.type:
        case "choice":
            return _code_of(field, word)
        case "number":
            return _with_unit(word, field.units)
        case "tags":
            return _labels(field, word)
        case "date" if _PARTIAL_DATE.fullmatch(word):
            return word + "-XX" * (2 - word.count("-"))
        case _:
            return word


def _code_of(field: Field, word: str) -> str:
    folded = word.casefold()
    for code, labels in field.choices:
        if folded in (code.casefold(), *(str(label).casefold() for label in labels.values())):
            return code
    return word


def _labels(field: Field, word: str) -> list[Any]:
    """Labels with bars or line ends between them; one that is no code is looked up by its name, or is a free one."""
    codes = dict(field.choices)
    parts = (part.strip() for part in re.split(r"[|\r\n]+", word))
    return [part if part in codes else {"free": part} for part in parts if part]


def _with_unit(word: str, units: Iterable[str]) -> dict[str, str]:
    for unit in sorted(units, key=len, reverse=True):
        if word.endswith(unit):
            return {"amount": word.removesuffix(unit).strip(), "unit": unit}
    return {"amount": word}
