"""How a field is asked, as inputs of its page: when, with which suggestions, marks within a text, and checks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from micro.core.fields.asking import CHECKS, TEXTS, checks_of, markings_of
from micro.core.fields.marks import MARKINGS
from micro.errors import BadAnswer

CHECK_INPUTS = ("least", "most", "earliest", "latest", "longest", "signs")


def typed_asking(body: Mapping[str, Any]) -> dict[str, str]:
    """The inputs as they show an entry of a setup."""
    condition, checks = body.get("only_if") or {}, body.get("checks") or {}
    return {
        "if_field": str(condition.get("field", "")),
        "if_is": ", ".join(map(str, condition.get("is", ()))),
        "suggest": str(body.get("suggest") or ""),
        "signs_checked": "yes" if "signs" in checks else "",
        **{f"mark_{name}": "yes" if name in (body.get("markup") or ()) else "" for name in MARKINGS},
        **{f"check_{name}": str(checks.get(name, "")) for name in CHECK_INPUTS},
    }


def asking_body(typed: Mapping[str, str], type: str) -> dict[str, Any]:
    """What was typed, as the keys of a setup; empty where nothing was. Raises BadAnswer(input)."""
    made: dict[str, Any] = {"only_if": _condition(typed), "checks": _checks(typed, type)}
    if type == "text":
        made["suggest"] = typed.get("suggest", "")
    if type in TEXTS:
        markup = [name for name in MARKINGS if typed.get(f"mark_{name}")]
        made["markup"] = list(markings_of("markup", {"type": type, "markup": markup}))
    return made


def _condition(typed: Mapping[str, str]) -> dict[str, Any] | None:
    name = typed.get("if_field", "")
    if not name:
        return None
    values = [value.strip() for value in re.split(r"[,;\n]", typed.get("if_is", ""))]
    return {"field": name, "is": [value for value in values if value]}


def _checks(typed: Mapping[str, str], type: str) -> dict[str, str]:
    made: dict[str, str] = {}
    for name in CHECKS.get(type, ()):
        given = typed.get(f"check_{name}", "").strip()
        if name == "signs":
            given, is_on = given, bool(typed.get("signs_checked"))
        else:
            given, is_on = given.replace(",", "."), bool(given)
        if is_on:
            try:
                made |= checks_of(name, {"type": type, "checks": {name: given}})
            except BadAnswer as problem:
                raise BadAnswer(f"check_{name}", problem.sentence, **problem.values) from None
    try:
        return checks_of("", {"type": type, "checks": made})
    except BadAnswer:  # Each by itself was good: the range is the wrong way round.
        first = next(name for name in CHECKS[type])
        raise BadAnswer(f"check_{first}", "The range ends before it begins.") from None
