"""How a volunteer wants to be named in public: by a credit name, by the real name, with an ORCID iD, or not at all."""

from __future__ import annotations

from dataclasses import dataclass

from micro.core.orcid import read_orcid
from micro.core.plain import plain_line
from micro.errors import BadAnswer

NAME_LONGEST = 80
SORTS = ("alias", "real", "orcid", "none")


@dataclass(frozen=True)
class Credit:
    """``sort`` is one of SORTS, or empty while nothing was chosen; ``name`` and ``orcid`` are what may be shown."""

    sort: str = ""
    name: str = ""
    orcid: str = ""


def checked_credit(sort: str, name: str, orcid: str) -> Credit:
    """The choice as it is kept; nothing of a name or an iD where it is not to be shown.

    Raises BadAnswer("credit", "credit_name" or "credit_orcid").
    """
    if sort not in SORTS:
        raise BadAnswer("credit", "Choose one of these.")
    if sort == "none":
        return Credit(sort)
    name = plain_line(name)
    if not any(sign.isalpha() for sign in name):
        raise BadAnswer("credit_name", "Write the name, or choose no name.")
    if len(name) > NAME_LONGEST:
        raise BadAnswer("credit_name", "At most %(most)s signs.", most=NAME_LONGEST)
    if "@" in name or "://" in name:
        raise BadAnswer("credit_name", "A name, please, and no address: everybody will be able to read it.")
    if sort != "orcid":
        return Credit(sort, name)
    if not (found := read_orcid(orcid)):
        raise BadAnswer("credit_orcid", "This is no ORCID iD. One looks like 0000-0002-1825-0097.")
    return Credit(sort, name, found)
