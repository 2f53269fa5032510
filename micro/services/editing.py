"""Editing what others may edit too: a fingerprint of what was seen, and all problems of a form at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from micro.errors import BadAnswer


def fingerprint(values: Mapping[str, Any]) -> str:
    """A short hash of some values that go through JSON, the same in whatever order they come."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:24]


def gathered(*checks: Callable[[], Any]) -> list[Any]:
    """What each check returns; one BadAnswer with all that any of them raised, further ones as ``others``."""
    found, problems = [], list[BadAnswer]()
    for check in checks:
        try:
            found.append(check())
        except BadAnswer as problem:
            problems += [problem, *problem.others]
    if problems:
        problems[0].others = tuple(problems[1:])
        raise problems[0]
    return found
