"""ORCID iDs: sixteen digits that name a researcher, the last a checksum (ISO 7064, MOD 11-2)."""

from __future__ import annotations

import re

_WRITTEN = re.compile(r"(?:https?://orcid\.org/)?(\d{4})-?(\d{4})-?(\d{4})-?(\d{3}[\dXx])/?", re.ASCII)


def read_orcid(text: str) -> str:
    """The iD as it is printed, with hyphens; empty when it is none.

    >>> read_orcid("https://orcid.org/0000-0002-1825-0097")
    '0000-0002-1825-0097'
    >>> read_orcid("0000-0002-1825-0098")
    ''
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        return ""
    digits = "".join(found.groups()).upper()
    total = 0
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    if digits[-1] != ("X" if check == 10 else str(check)):
        return ""
    return "-".join(digits[place : place + 4] for place in range(0, 16, 4))
