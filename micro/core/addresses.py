"""Addresses of institutions and projects, as they stand in links: small letters, digits and single hyphens."""

from __future__ import annotations

import re
import unicodedata

from micro.errors import BadAnswer

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SLUG_LONGEST = 60
# First parts of addresses below /desk/ that are not projects; a test compares them with the routes.
RESERVED = frozenset(
    (
        "export",
        "import",
        "imports",
        "institution",
        "institutions",
        "intake",
        "intakes",
        "invitation",
        "item",
        "layout",
        "message",
        "messages",
        "new",
        "news",
        "project",
        "projects",
        "record",
        "release",
        "run",
        "runs",
        "scan",
        "scans",
        "settings",
        "staff",
        "trial",
        "vocabularies",
        "vocabulary",
    )
)
_LIGATURES = (("œ", "oe"), ("æ", "ae"), ("ß", "ss"), ("ø", "o"), ("ł", "l"))


def address_from(title: str) -> str:
    """An address that a title suggests, without accents, at most 60 signs; empty when no letter of it can be kept.

    >>> address_from("  L’Œuvre d’été, 1907–1912 "), address_from("日本")
    ('l-oeuvre-d-ete-1907-1912', '')
    """
    plain = title.lower()
    for sign, letters in _LIGATURES:
        plain = plain.replace(sign, letters)
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(sign))
    return re.sub(r"[^a-z0-9]+", "-", bare).strip("-")[:SLUG_LONGEST].strip("-")


def checked_slug(typed: str) -> str:
    """The address without spaces round it; BadAnswer("slug") when it cannot be one."""
    slug = typed.strip()
    if not SLUG.fullmatch(slug) or len(slug) > SLUG_LONGEST:
        raise BadAnswer("slug", "An address needs small letters, digits and single hyphens, at most 60 of them.")
    return slug
