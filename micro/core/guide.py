"""The text of a guide: paragraphs, headings, lists and **strong** words, read into plain values. No HTML is made here.

A line of "## " is a heading, lines of "- " or "1. " are a list, an empty line ends a paragraph.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from micro.errors import BadAnswer

LONGEST = 20_000
_STRONG = re.compile(r"\*\*(\S(?:.*?\S)?)\*\*")
_POINT = re.compile(r"[-*•] +(.*)")
_NUMBER = re.compile(r"\d{1,3}[.)] +(.*)")
Piece = tuple[Literal["plain", "strong"], str]


@dataclass(frozen=True)
class Block:
    """A part of a guide: ``lines`` of pieces; one line for a heading and a paragraph, one a point for the lists."""

    what: Literal["heading", "paragraph", "points", "steps"]
    lines: tuple[tuple[Piece, ...], ...]


def read_guide(text: str) -> tuple[Block, ...]:
    """The blocks of a guide's text; anything that is no mark of ours stays as it was typed.

    >>> [block.what for block in read_guide("## Letters\\n- one\\n- two\\n\\nThe end.")]
    ['heading', 'points', 'paragraph']
    """
    blocks: list[tuple[str, list[str]]] = []
    fresh = True
    for line in text.replace("\r\n", "\n").split("\n"):
        line = line.strip()
        if not line:
            fresh = True
            continue
        what, words = _kind_of(line)
        same = bool(blocks) and not fresh and blocks[-1][0] == what and what != "heading"
        if same and what == "paragraph":
            blocks[-1][1][-1] += f" {words}"
        elif same:
            blocks[-1][1].append(words)
        else:
            blocks.append((what, [words]))
        fresh = False
    return tuple(Block(what, tuple(map(pieces, lines))) for what, lines in blocks)  # type: ignore[arg-type]


def _kind_of(line: str) -> tuple[str, str]:
    if line.startswith("#") and line.lstrip("#").startswith(" "):
        return "heading", line.lstrip("#").strip()
    if (point := _POINT.fullmatch(line)) is not None:
        return "points", point[1]
    if (number := _NUMBER.fullmatch(line)) is not None:
        return "steps", number[1]
    return "paragraph", line


def pieces(line: str) -> tuple[Piece, ...]:
    """A line cut where it is strong.

    >>> pieces("write **as it stands**.")
    (('plain', 'write '), ('strong', 'as it stands'), ('plain', '.'))
    """
    parts = _STRONG.split(line)
    found: list[Piece] = [("strong" if place % 2 else "plain", part) for place, part in enumerate(parts)]
    return tuple(piece for piece in found if piece[1])


def checked_text(language: str, typed: str) -> str:
    """The text as it is kept; BadAnswer("text_<language>") when it is too long."""
    text = typed.replace("\r\n", "\n").strip()
    if len(text) > LONGEST:
        raise BadAnswer(f"text_{language}", "Please take at most %(most)s characters.", most=LONGEST)
    return text
