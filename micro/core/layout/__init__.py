"""Layouts: what ALTO and PAGE files say of the picture that they lie beside."""

from __future__ import annotations

from xml.etree.ElementTree import Element, ParseError

# The standard parser, but without what makes a small file eat all memory, or read other files. It belongs into core:
# it opens nothing but the bytes that it is handed.
from defusedxml import DefusedXmlException
from defusedxml import ElementTree as SafeTree

from micro.core.layout.alto import read_alto
from micro.core.layout.page import read_page
from micro.core.layout.parts import MOST_LINES, PageLayout, name_of
from micro.errors import BadPicture

# A newspaper page with every letter boxed takes some 30 MB; a tree of elements takes about ten times its file.
LARGEST_BYTES = 50_000_000


def read_layout(content: bytes) -> PageLayout:
    """What an ALTO (2, 3, 4) or PAGE file says: its lines in reading order, in its own coordinates.

    Raises BadPicture with the reason: none of the two, damaged, more than a page, far too large.
    """
    root = _parsed(content)
    match name_of(root.tag):
        case "alto":
            page = read_alto(root)
        case "PcGts":
            page = read_page(root)
        case _:
            raise BadPicture("this is neither an ALTO nor a PAGE file")
    if len(page.lines) > MOST_LINES:
        raise BadPicture(
            "the file names %(count)s lines; at most %(most)s are taken", count=len(page.lines), most=MOST_LINES
        )
    return page


def _parsed(content: bytes) -> Element:
    if len(content) > LARGEST_BYTES:
        raise BadPicture(
            "the file has %(size)s MB; at most %(most)s are taken",
            size=len(content) // 1_000_000,
            most=LARGEST_BYTES // 1_000_000,
        )
    try:
        root: Element = SafeTree.fromstring(content, forbid_dtd=True)
    except DefusedXmlException:
        raise BadPicture("the XML defines entities of its own, which no ALTO or PAGE file needs") from None
    except (ParseError, ValueError, LookupError) as error:  # The last two: encodings that nobody knows.
        why = "".join(sign for sign in str(error) if sign.isprintable())
        raise BadPicture("the XML is damaged or cut off (%(why)s)", why=why[:120]) from None
    return root
