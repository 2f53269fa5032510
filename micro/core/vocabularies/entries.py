"""An entry of a vocabulary as a file says it, and the codes that are made for entries which bring none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from micro.errors import BadAnswer

LANGUAGES = ("en", "fr")
CONCEPTS_MOST = 20_000
LABEL_LONGEST = 300
URI_LONGEST = 1000
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,79}")
_MADE_LONGEST = 60
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
# Schemes that run or hold something, or mean another thing on every computer.
_NO_NAMES = frozenset({"javascript", "vbscript", "data", "blob", "file", "about", "view-source"})


@dataclass(frozen=True)
class Entry:
    """One concept. ``labels`` are by language, ``broader`` is the code or the URI of the concept above it.

    ``place`` is where it stands in its file: the number of a row, or its URI. ``code_is_said`` is false when the code
    was made here, from the URI or the label, and may be made anew if another concept has it.
    """

    code: str
    labels: Mapping[str, str]
    uri: str = ""
    broader: str = ""
    place: str = ""
    code_is_said: bool = True

    @property
    def label(self) -> str:
        """The label in English, else in any language, else the code."""
        return self.labels.get("en") or next(iter(self.labels.values()), self.code)


@dataclass(frozen=True)
class Read:
    """What a file says: its entries in order, a problem for each row that was left out, and the name of the whole.

    The ``field`` of a problem is its place. ``columns`` are the headings of a table that were not understood.
    """

    entries: tuple[Entry, ...]
    problems: tuple[BadAnswer, ...] = ()
    name: str = ""
    uri: str = ""
    columns: tuple[str, ...] = field(default=())


def make_code(text: str) -> str:
    """A code out of a label, a notation or the last part of a URI; "concept" when nothing of it is left.

    >>> make_code("Bronze à l’étain")
    'Bronze-a-l-etain'
    """
    plain = unicodedata.normalize("NFKD", text.replace("’", "-").replace("œ", "oe").replace("Œ", "OE"))
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    made = re.sub(r"[^A-Za-z0-9_.:]+", "-", plain)[:_MADE_LONGEST].strip("-_.:")
    return made or "concept"


def code_of_uri(uri: str) -> str:
    """A code out of the last part of a URI.

    >>> code_of_uri("http://vocab.getty.edu/aat/300010957")
    '300010957'
    """
    return make_code(unquote(re.split(r"[#/:]", uri.rstrip("#/:"))[-1]))


def is_uri(text: str) -> bool:
    """Whether the text has the form of a URI with a scheme (RFC 3986) that can name something; it is never fetched."""
    scheme = text.partition(":")[0].lower()
    return len(text) <= URI_LONGEST and _URI.fullmatch(text) is not None and scheme not in _NO_NAMES


def visible(text: str) -> str:
    """One line without signs that nobody sees: some of them turn the writing round on a page."""
    seen = "".join(s if unicodedata.category(s)[0] != "C" or s in "\u200c\u200d" else " " for s in text)
    return unicodedata.normalize("NFC", " ".join(seen.split()))


def checked(entry: Entry) -> Entry:
    """The same entry; BadAnswer(its place) when it has no label, or a part of it cannot be kept."""
    if not entry.labels:
        raise BadAnswer(entry.place, "There is no label.")
    if max(map(len, entry.labels.values())) > LABEL_LONGEST:
        raise BadAnswer(entry.place, "A label is longer than %(most)s characters.", most=LABEL_LONGEST)
    if not CODE.fullmatch(entry.code):
        raise BadAnswer(
            entry.place,
            "The code “%(code)s” may hold unaccented letters, digits, points, colons, hyphens and underscores only.",
            code=entry.code[:80],
        )
    if entry.uri and not is_uri(entry.uri):
        raise BadAnswer(entry.place, "“%(uri)s” is no complete web address or URI.", uri=entry.uri[:80])
    return entry
