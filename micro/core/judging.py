"""Whether an answer says what a record says, field by field, as a reader would see it."""

from __future__ import annotations

from collections.abc import Mapping

from micro.core.consensus.keys import key_of
from micro.core.fields import Field, Said


def compare(form: Mapping[str, Field], value: Mapping[str, Said], believed: Mapping[str, Said]) -> dict[str, bool]:
    """By field: whether an answer says what a record says; only where both say something."""
    found = {}
    for name, field in form.items():
        if name in value and name in believed:
            one, other = _key(field, value[name]), _key(field, believed[name])
            if one is not None and other is not None:
                found[name] = one == other
    return found


def _key(field: Field, said: Said) -> str | None:
    """The comparison key, or None where an answer to an older form does not fit this field."""
    try:
        return key_of(field, said)
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError):
        return None
