"""A page's script and all that it imports as one file: a browser asks once, instead of once for each small module.

The modules stay as they are written, and a browser can still load each of them by itself. What is put together here is
only their sources, one after the other in the order of their imports, each within a function of its own.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path
from posixpath import dirname, join, normpath

from flask import Blueprint, Response, request, url_for

from micro.errors import NotFound

STATIC = Path(__file__).parents[1] / "static"
_IMPORT = re.compile(r'^import\b(?:\s*\{([^}]*)\}\s*from)?\s*"(\.{1,2}/[^"]+\.js)";[ \t]*$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|const) (\w+))", re.MULTILINE)
_OTHER = re.compile(r"^(?:import|export)\b.*|\bimport\s*[(.].*", re.MULTILINE)

blueprint = Blueprint("modules", __name__)


@blueprint.get("/scripts/<path:name>")
def script(name: str) -> Response:
    """The script of one page. Only that of a page: nothing else is asked for so, and no file outside is read."""
    if name not in _pages():
        raise NotFound("There is nothing at this address.")
    content, version = together(name)
    response = Response(content, mimetype="text/javascript")
    response.set_etag(version)
    is_this = request.args.get("v") == version
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if is_this else "no-cache"
    return response.make_conditional(request)  # type: ignore[return-value]


def script_address(name: str) -> str:
    """The address of a page's script with all that it imports; another one as soon as any of it changes."""
    return url_for("modules.script", name=name, v=together(name)[1])


@cache
def together(name: str, static: Path = STATIC) -> tuple[str, str]:
    """A module with all that it imports, and a short hash of both; ValueError for what cannot be put together."""
    names = modules_of(name, static)
    content = "".join(_within(one, names, static) for one in names)
    return content, hashlib.sha256(content.encode()).hexdigest()[:10]


@cache
def modules_of(name: str, static: Path = STATIC) -> tuple[str, ...]:
    """The names of a module and of all that it imports, directly or through others, each once and after its imports."""
    found: dict[str, None] = {}

    def visit(one: str, above: tuple[str, ...]) -> None:
        if one in above:
            raise ValueError(f"{one} imports itself, through {' and '.join(above[above.index(one) + 1 :])}.")
        for _, imported in _IMPORT.findall((static / one).read_text(encoding="utf-8")):
            if (file := _file(one, imported)) not in found:
                visit(file, (*above, one))
        found[one] = None

    visit(name, ())
    return tuple(found)


@cache
def _pages() -> frozenset[str]:
    return frozenset(str(path.relative_to(STATIC)) for path in (STATIC / "js").rglob("page.js"))


def _within(name: str, names: tuple[str, ...], static: Path) -> str:
    """One module as a function that gives what it exports. Its imports are those of the modules before."""

    def imported(found: re.Match[str]) -> str:
        wanted = " ".join((found[1] or "").replace(" as ", ": ").split())
        return f"const {{ {wanted} }} = module{names.index(_file(name, found[2]))};" if wanted else ""

    source = (static / name).read_text(encoding="utf-8")
    exported = ", ".join(_EXPORT.findall(source))
    body = _EXPORT.sub("", _IMPORT.sub(imported, source))
    if (other := _OTHER.search(body)) is not None:
        raise ValueError(f"{name} says “{other[0]}”: write imports of names and exports of functions and constants.")
    return f"// {name}\nconst module{names.index(name)} = (() => {{\n{body}\nreturn {{ {exported} }};\n}})();\n"


def _file(name: str, relative: str) -> str:
    return normpath(join(dirname(name), relative))
