"""Plain words of people: what they typed without the signs that nobody sees and that rearrange a page."""

from __future__ import annotations

import re
import unicodedata

_UNSEEN = ("Cc", "Cn", "Co", "Cs", "Zl", "Zp")
# Signs that turn the direction of a text round them, or of all that follows.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain_line(text: str) -> str:
    """One line: control signs become spaces, signs that turn the direction go, and spaces are single.

    >>> plain_line("  Ada\\u202e \\t L. ")
    'Ada L.'
    """
    seen = "".join(" " if unicodedata.category(sign) in _UNSEEN else sign for sign in text)
    return " ".join("".join(sign for sign in seen if sign not in _TURNING).split())


def plain_text(text: str) -> str:
    """Several lines, each a plain line; never more than one empty line between two others.

    >>> plain_text(" A drawing!\\r\\n\\r\\n\\r\\n\\r\\nOf an axe. ")
    'A drawing!\\n\\nOf an axe.'
    """
    lines = "\n".join(plain_line(line) for line in re.split("\r\n|\r|\n", text))
    return re.sub("\n{3,}", "\n\n", lines).strip("\n")
