"""Addresses that visitors bring along."""

from __future__ import annotations

import re

_PATH = re.compile(r"/(?![/\\])[^\x00-\x20\\\x7f]*")


def path_on_this_site(wished: str) -> str | None:
    """``wished`` when it is a path of this site, else None: never another host, scheme or control character.

    >>> path_on_this_site("/p/finds?x=1"), path_on_this_site("//evil.example"), path_on_this_site("/\\\\evil")
    ('/p/finds?x=1', None, None)
    """
    return wished if _PATH.fullmatch(wished) else None
