"""Addresses that visitors bring along."""

from __future__ import annotations


def path_on_this_site(wished: str) -> str | None:
    """``wished`` when it is a path of this site, else None: never another host, scheme or control character.

    Browsers read ``//host``, ``/\\host`` and the same with a tab or a newline in it as another site.

    >>> path_on_this_site("/p/finds?x=1"), path_on_this_site("//evil.example"), path_on_this_site("https:evil")
    ('/p/finds?x=1', None, None)
    """
    is_path = wished.startswith("/") and not wished.startswith("//")
    return wished if is_path and "\\" not in wished and wished.isprintable() else None
