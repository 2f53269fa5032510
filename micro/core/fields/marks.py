"""Marks within a text: what is unclear, deleted, added, raised, abbreviated or in another language. Pure.

A field whose setup allows marks keeps them in its text, in square brackets that can be typed by hand:

=================== ============ =============================================== ==================
written             name         TEI P5                                          read as
=================== ============ =============================================== ==================
``[Grale?]``        unclear      ``<unclear>Grale</unclear>``                    ``Grale``
``[-lost-]``        del          ``<del>lost</del>``                             nothing
``[+new+]``         add          ``<add>new</add>``                              ``new``
``[^re^]``          sup          ``<hi rend="superscript">re</hi>``              ``re``
``[Vve=Veuve]``     abbr         ``<choice><abbr>Vve</abbr><expan>Veuve</…>``    ``Vve``
``[la:ibidem]``     lang         ``<foreign xml:lang="la">ibidem</foreign>``     ``ibidem``
=================== ============ =============================================== ==================

Marks may lie in each other. A bracket that is none of these, or of a mark that the field does not allow, is a plain
bracket: nothing that a card says can be a mistake. The same examples run here and in static/js/bench/marks.js
(tests/core/marks.json).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

MARKINGS = ("unclear", "del", "add", "sup", "abbr", "lang")
DEEPEST = 8
_AROUND = {"-": "del", "+": "add", "^": "sup"}
_LANGUAGE = re.compile(r"([a-z]{2,3}):(.+)", re.DOTALL)


@dataclass(frozen=True)
class Marked:
    """A marked stretch: ``inside`` are texts and marked stretches; ``more`` is the expansion, or the language."""

    name: str
    inside: tuple[str | Marked, ...]
    more: str = ""


def read_marks(text: str, allowed: Collection[str], depth: int = 0) -> tuple[str | Marked, ...]:
    """The text as plain stretches and marked ones, in order. Cost: length times depth of the brackets, at most 8."""
    pieces: list[str | Marked] = []
    plain, at = "", 0
    while at < len(text):
        end = _closing(text, at) if text[at] == "[" and depth < DEEPEST else -1
        marked = _marked(text[at + 1 : end], allowed, depth) if end > 0 else None
        if marked is None or end < 0:
            plain, at = plain + text[at], at + 1
            continue
        pieces += [plain, marked] if plain else [marked]
        plain, at = "", end + 1
    return (*pieces, plain) if plain else tuple(pieces)


def _closing(text: str, start: int) -> int:
    """Where the bracket that opens at ``start`` closes; -1 when it does not."""
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] == "[") - (text[at] == "]")
        if depth == 0:
            return at
    return -1


def _marked(inner: str, allowed: Collection[str], depth: int) -> Marked | None:
    """What stands between two brackets, when it is a mark."""
    name, inside, more = "", inner, ""
    if len(inner) > 2 and inner[0] == inner[-1] and inner[0] in _AROUND:
        name, inside = _AROUND[inner[0]], inner[1:-1]
    elif len(inner) > 1 and inner.endswith("?"):
        name, inside = "unclear", inner[:-1]
    elif found := _LANGUAGE.fullmatch(inner):
        name, more, inside = "lang", found[1], found[2]
    elif (parts := inner.split("=")) and len(parts) == 2 and all(part.strip() for part in parts):
        name, inside, more = "abbr", parts[0], parts[1]
    if name not in allowed or not inside.strip():
        return None
    return Marked(name, read_marks(inside, allowed, depth + 1), more)


def plain_text(text: str, allowed: Collection[str]) -> str:
    """The text as it reads, without its marks: what is deleted is left out, an abbreviation stays as it stands."""
    if not allowed:
        return text
    read = _plain(read_marks(text, allowed))
    return "\n".join(" ".join(line.split()) for line in read.split("\n"))


def _plain(pieces: Sequence[str | Marked]) -> str:
    return "".join(
        piece if isinstance(piece, str) else "" if piece.name == "del" else _plain(piece.inside) for piece in pieces
    )


def tei(text: str, allowed: Collection[str]) -> str:
    """The text as a fragment of TEI P5; a line end becomes ``<lb/>`` and a line end."""
    return _tei(read_marks(text, allowed)).replace("\n", "<lb/>\n")


def _tei(pieces: Sequence[str | Marked]) -> str:
    return "".join(escape(piece) if isinstance(piece, str) else _element(piece) for piece in pieces)


def _element(piece: Marked) -> str:
    inside = _tei(piece.inside)
    match piece.name:
        case "sup":
            return f'<hi rend="superscript">{inside}</hi>'
        case "abbr":
            return f"<choice><abbr>{inside}</abbr><expan>{escape(piece.more)}</expan></choice>"
        case "lang":
            return f"<foreign xml:lang={quoteattr(piece.more)}>{inside}</foreign>"
        case _:
            return f"<{piece.name}>{inside}</{piece.name}>"
