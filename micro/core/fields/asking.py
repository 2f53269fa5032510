"""What a field can say of how it is asked: when, with which suggestions, marks, checks and pictures. From its setup."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from micro.core.fields.field import Condition, Field
from micro.core.fields.marks import MARKINGS
from micro.errors import BadAnswer

# The checks that each type of field can have. They warn whoever types, and never refuse anything.
CHECKS: Mapping[str, tuple[str, ...]] = {
    "text": ("longest", "signs"),
    "long_text": ("longest", "signs"),
    "lines": ("longest", "signs"),
    "number": ("least", "most"),
    "date": ("earliest", "latest"),
}
TEXTS = ("text", "long_text", "lines")
LONGEST_SIGNS = 200
MOST_VALUES = 200


def condition_of(name: str, given: Any) -> Condition | None:
    """``only_if``: {"field": name, "is": [codes]}; without codes, whenever that field has any value."""
    if given in (None, {}, ""):
        return None
    if not isinstance(given, Mapping) or not isinstance(given.get("field"), str) or not given["field"]:
        raise BadAnswer(name, "“%(name)s” depends on a field that is not named.", name=name)
    values = given.get("is") or ()
    if not isinstance(values, list | tuple) or not all(isinstance(one, str) for one in values):
        raise BadAnswer(name, "“%(name)s” depends on values that are malformed.", name=name)
    if len(values) > MOST_VALUES:
        raise BadAnswer(name, "A field depends on at most %(most)s values.", most=MOST_VALUES)
    return Condition(given["field"], tuple(values))


def check_order(fields: Sequence[Field]) -> None:
    """Raises BadAnswer(field) where a field depends on one that does not come before it, or on what it cannot say."""
    before: dict[str, Field] = {}
    for field in fields:
        if field.only_if is not None:
            _check_condition(field, field.only_if, before.get(field.only_if.field))
        before[field.name] = field


def _check_condition(field: Field, condition: Condition, other: Field | None) -> None:
    if other is None:
        raise BadAnswer(
            field.name,
            "“%(name)s” depends on “%(other)s”, which does not come before it in the form.",
            name=field.name,
            other=condition.field[:40],
        )
    codes = {code for code, _ in other.choices} if other.type in ("choice", "tags") else set()
    if unknown := [value for value in condition.values if value not in codes]:
        raise BadAnswer(
            field.name,
            "“%(name)s” depends on “%(value)s”, which “%(other)s” does not offer.",
            name=field.name,
            value=unknown[0][:40],
            other=other.name,
        )


def suggestions_of(name: str, body: Mapping[str, Any]) -> str:
    """``suggest``: the slug of a vocabulary whose labels are suggested while a text is typed."""
    slug = body.get("suggest") or ""
    if not slug:
        return ""
    if not isinstance(slug, str) or body["type"] != "text":
        raise BadAnswer(name, "Only one line of text can have suggestions.")
    return slug


def markings_of(name: str, body: Mapping[str, Any]) -> tuple[str, ...]:
    """``markup``: which marks may stand within the text, in the order of MARKINGS."""
    given = body.get("markup") or ()
    if not given:
        return ()
    if not isinstance(given, list | tuple) or not all(one in MARKINGS for one in given):
        raise BadAnswer(name, "The marks within a text are: %(marks)s.", marks=", ".join(MARKINGS))
    if body["type"] not in TEXTS:
        raise BadAnswer(name, "Only texts can have marks within them.")
    return tuple(one for one in MARKINGS if one in given)


def checks_of(name: str, body: Mapping[str, Any]) -> dict[str, str]:
    """``checks``: texts by name, see CHECKS. ``signs``: what is usual beside letters, digits and common punctuation."""
    given = body.get("checks") or {}
    if not isinstance(given, Mapping):
        raise BadAnswer(name, "The checks of “%(name)s” are malformed.", name=name)
    known = CHECKS.get(body["type"], ())
    checks: dict[str, str] = {}
    for check, setting in given.items():
        if check not in known or isinstance(setting, bool) or not isinstance(setting, str | int | float):
            raise BadAnswer(name, "“%(check)s” is no check for this type of field.", check=str(check)[:40])
        if (text := str(setting).strip()) or check == "signs":
            checks[check] = _setting(name, check, text)
    for low, high in (("least", "most"), ("earliest", "latest")):
        if low in checks and high in checks and Decimal(checks[low]) > Decimal(checks[high]):
            raise BadAnswer(name, "The range of “%(name)s” ends before it begins.", name=name)
    return checks


def _setting(name: str, check: str, text: str) -> str:
    if check == "signs":
        return text[:LONGEST_SIGNS]
    if check in ("earliest", "latest"):
        if not re.fullmatch(r"\d{4}", text, re.ASCII):
            raise BadAnswer(name, "Give the years of the range with four digits.")
        return text
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise BadAnswer(name, "“%(typed)s” is not a number.", typed=text[:40]) from None
    if not amount.is_finite() or abs(amount.adjusted()) > 15 or (check == "longest" and amount < 1):
        raise BadAnswer(name, "“%(typed)s” is not a number that can be kept.", typed=text[:40])
    return f"{amount:f}"


def pictures_of(name: str, choices: Any) -> dict[str, str]:
    """The public ids of the scans that are shown as examples, by the code of their choice."""
    pictures: dict[str, str] = {}
    for choice in choices:
        if picture := choice.get("picture"):
            if not isinstance(picture, str) or not re.fullmatch(r"[A-Za-z0-9_-]{4,40}", picture):
                raise BadAnswer(name, "A picture is named by the public id of a scan of the project.")
            pictures[choice["code"]] = picture
    return pictures
