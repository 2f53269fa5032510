"""Tags: several labels, from a vocabulary or of one's own.

A value is a list without repetitions: the codes in the order of the choices, then the free labels, each as
``{"free": "text"}`` and so never to be taken for a code, in alphabetical order. The same labels always give the same
list, whatever the order in which they were given. A form sends ``{"codes": …, "free": …, "typed": …}``, one label a
line; ``typed`` is what stands in the search and was not chosen: a label too, so that nothing that was typed is lost.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from micro.core.fields.field import Field
from micro.core.fields.plain import clean_lines
from micro.errors import BadAnswer

Label = str | Mapping[str, str]
"""A code, or {"free": text}."""

MOST_LABELS = 50
LONGEST_FREE = 80
BETWEEN = " | "  # Between the labels of one cell; no label holds it.


def fold(text: str) -> str:
    """What two ways to write one free label share: compatible signs, case and white space are all one."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).split())


def label_key(label: Label) -> str:
    """A label's own key: codes and free labels never share one."""
    return f"={label}" if isinstance(label, str) else f"~{fold(label['free'])}"


def free_text(label: Label) -> str:
    """The text of a free label; empty for a code."""
    return "" if isinstance(label, str) else label["free"]


def parse_tags(field: Field, value: Any) -> list[Label] | None:
    """The labels in their canonical order; None for none.

    A free label that names a choice, in any language, becomes its code.
    """
    codes: set[str] = set()
    free: dict[str, str] = {}
    known = _by_name(field)
    for given in _given(field, value):
        if isinstance(given, str):
            codes.add(_code(field, given))
        elif text := " ".join(clean_lines(given["free"])).strip():
            if code := known.get(fold(text)):
                codes.add(code)
            else:
                key = fold(_checked(field, text))
                free[key] = min(free.get(key, text), text)
    if len(codes) + len(free) > MOST_LABELS:
        raise BadAnswer(field.name, "These are more than %(most)s labels.", most=MOST_LABELS)
    made: list[Label] = [code for code, _ in field.choices if code in codes]
    return [*made, *({"free": free[key]} for key in sorted(free))] or None


def _given(field: Field, value: Any) -> Iterator[str | dict[str, str]]:
    """Every label of a list, or of a form's {"codes", "free", "typed"}, as a code or as {"free": text}."""
    if isinstance(value, Mapping):
        yield from (code for code in _lines(field, value.get("codes")) if code.strip())
        for part in ("free", "typed"):
            yield from ({"free": text} for text in _lines(field, value.get(part)))
    elif isinstance(value, list):
        for label in value:
            if isinstance(label, Mapping) and set(label) == {"free"} and isinstance(label["free"], str):
                yield {"free": label["free"]}
            elif isinstance(label, str):
                yield label
            else:
                raise BadAnswer(field.name, "Labels are given as a list.")
    elif value is not None and value != "":
        raise BadAnswer(field.name, "Labels are given as a list.")


def _lines(field: Field, given: Any) -> list[str]:
    """One label a line, or a list of them."""
    if given is None:
        return []
    if isinstance(given, str):
        return given.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if isinstance(given, list) and all(isinstance(line, str) for line in given):
        return given
    raise BadAnswer(field.name, "Labels are given as a list.")


def _code(field: Field, code: str) -> str:
    if code not in dict(field.choices):
        raise BadAnswer(field.name, "“%(label)s” is not one of the labels.", label=code[:LONGEST_FREE])
    return code


def _checked(field: Field, text: str) -> str:
    if not field.free:
        raise BadAnswer(field.name, "“%(label)s” is not one of the labels.", label=text[:LONGEST_FREE])
    if len(text) > LONGEST_FREE:
        raise BadAnswer(field.name, "A label of your own has at most %(most)s characters.", most=LONGEST_FREE)
    if "|" in text:
        raise BadAnswer(field.name, "A label of your own cannot hold the sign “|”.")
    return text


def _by_name(field: Field) -> dict[str, str]:
    """The code by each name that only one choice has: two cranes, the bird and the machine, stay unnamed."""
    named: dict[str, set[str]] = {}
    for code, labels in field.choices:
        for name in labels.values():
            named.setdefault(fold(name), set()).add(code)
    return {name: codes.pop() for name, codes in named.items() if len(codes) == 1}


def names_of(field: Field, value: list[Label], language: str) -> list[str]:
    """What a person reads for each label; without the sign that stands between labels."""
    names = (field.choice_label(label, language) if isinstance(label, str) else label["free"] for label in value)
    return [name.replace("|", "/") for name in names]
