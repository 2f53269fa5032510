"""Which modules a page's script needs: the page names them at once, or a browser finds them one after the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from posixpath import dirname, join, normpath

STATIC = Path(__file__).parents[1] / "static"
_IMPORTED = re.compile(r'^(?:import|export)\b[^;]*?"(\.{1,2}/[^"]+\.js)"', re.MULTILINE)


@cache
def modules_of(name: str) -> tuple[str, ...]:
    """The names of all static modules that a module imports, directly or through others, each once; not its own."""
    found: dict[str, None] = {}
    waiting = [name]
    while waiting:
        for imported in _imports(waiting.pop(0)):
            if imported not in found and imported != name:
                found[imported] = None
                waiting.append(imported)
    return tuple(found)


def _imports(name: str) -> Iterator[str]:
    for relative in _IMPORTED.findall((STATIC / name).read_text(encoding="utf-8")):
        yield normpath(join(dirname(name), relative))
