"""Reading ALTO 2, 3 and 4 (Library of Congress, https://www.loc.gov/standards/alto/)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from xml.etree.ElementTree import Element

from micro.core.layout.parts import (
    LONGEST_NAME,
    LONGEST_TEXT,
    Block,
    Line,
    PageLayout,
    Point,
    Points,
    Sides,
    bounds,
    first,
    in_order,
    is_area,
    kind_of,
    mean_confidence,
    name_of,
    named,
    number,
    points_of,
    share,
    size,
)
from micro.errors import BadPicture

# Tags that say what a block or line is; a named entity is what it speaks of.
_KINDS = ("LayoutTag", "StructureTag", "RoleTag", "OtherTag")


def read_alto(root: Element) -> PageLayout:
    """The one page of an ALTO file. Raises BadPicture when it has none, or several."""
    pages = [page for layout in named(root, "Layout") for page in named(layout, "Page")]
    if len(pages) != 1:
        raise BadPicture("the ALTO file describes %(count)s pages; one is taken", count=len(pages))
    tags = _tags(root)
    blocks, lines, skipped = [], [], 0
    for element in pages[0].iter():
        if isinstance(element.tag, str) and name_of(element.tag) == "TextBlock":
            block = Block(_id(element), _type(element, tags), _sides(element), _polygon(element))
            blocks.append(block)
            for read in (_line(line, block, tags) for line in named(element, "TextLine")):
                lines += [read] if read else []
                skipped += read is None
    width, height = _page_size(pages[0])
    ordered = in_order(lines, _order(root))
    return PageLayout(_format(root), width, height, _picture(root), tuple(blocks), ordered, skipped)


def _format(root: Element) -> str:
    """ "ALTO 4.2", by what the file says of its schema; else by its namespace."""
    where = next((value for name, value in root.items() if name_of(name) == "schemaLocation"), "")
    said = re.search(r"alto-(\d)-(\d)", where) or re.match(r"(\d)\.(\d)", root.get("SCHEMAVERSION", ""))
    if said:
        return f"ALTO {said[1]}.{said[2]}"
    space = re.search(r"ns-v(\d)", root.tag)
    return f"ALTO {space[1]}" if space else "ALTO"


def _picture(root: Element) -> str:
    """The picture's file name, without the folders of whoever wrote the file."""
    found = first(root, "Description", "sourceImageInformation", "fileName")
    text = (found.text or "") if found is not None else ""
    return PurePosixPath(text.strip().replace("\\", "/")).name


def _page_size(page: Element) -> Point:
    """The page's width and height; the far corner of its print space where it names none; else 0."""
    width, height = size(page.get("WIDTH")), size(page.get("HEIGHT"))
    space = first(page, "PrintSpace")
    if (not width or not height) and space is not None and (sides := _sides(space)):
        return sides[0] + sides[2], sides[1] + sides[3]
    return width, height


def _tags(root: Element) -> dict[str, str]:
    return {
        _id(tag): (tag.get("LABEL") or "")[:LONGEST_NAME]
        for tags in named(root, "Tags")
        for tag in named(tags, *_KINDS)
    }


def _type(element: Element, tags: dict[str, str]) -> str:
    return next((tags[name] for name in element.get("TAGREFS", "").split() if tags.get(name)), "")


def _id(element: Element) -> str:
    return (element.get("ID") or "")[:LONGEST_NAME]


def _line(element: Element, block: Block, tags: dict[str, str]) -> Line | None:
    """The line; None when it has no shape at all."""
    polygon = _polygon(element)
    box = bounds(polygon) if polygon else _sides(element) or _around(element)
    if box is None:
        return None
    words = [(word.get("CONTENT") or "", share(word.get("WC"))) for word in named(element, "String")]
    return Line(
        id=_id(element),
        block=block.id,
        type=kind_of(_type(element, tags), block.type),
        box=box,
        polygon=polygon,
        baseline=_baseline(element, box),
        text=_text(element),
        confidence=mean_confidence(words),
    )


def _sides(element: Element) -> Sides | None:
    x, y = number(element.get("HPOS")), number(element.get("VPOS"))
    width, height = size(element.get("WIDTH")), size(element.get("HEIGHT"))
    return (x, y, width, height) if x is not None and y is not None and width and height else None


def _around(element: Element) -> Sides | None:
    """The box around a line's words, where only they have one."""
    sides = [box for word in named(element, "String") if (box := _sides(word))]
    return bounds([point for x, y, w, h in sides for point in ((x, y), (x + w, y + h))]) if sides else None


def _polygon(element: Element) -> Points:
    found = first(element, "Shape", "Polygon")
    points = points_of(found.get("POINTS")) if found is not None else ()
    return points if is_area(points) else ()


def _baseline(element: Element, box: Sides) -> Points:
    """Points since ALTO 4.1; before it, and by the habit of some programs, the one height of a level line."""
    text = element.get("BASELINE")
    if (level := number(text)) is not None:
        return (box[0], level), (box[0] + box[2], level)
    points = points_of(text)
    return points if len(points) >= 2 else ()


def _text(element: Element) -> str | None:
    """What was read: words and the spaces between them, which some programs leave out; None when nothing was."""
    parts = named(element, "String", "SP", "HYP")
    gap = "" if any(name_of(part.tag) == "SP" for part in parts) else " "
    text = ""
    for part in parts:
        match name_of(part.tag):
            case "SP":
                text += " "
            case "HYP":
                text += part.get("CONTENT") or "-"
            case _:
                text += (gap if text else "") + (part.get("CONTENT") or "")
    return " ".join(text.split())[:LONGEST_TEXT] or None


def _order(root: Element) -> Iterator[str]:
    """The ids of blocks and lines as the ReadingOrder of ALTO 4.3 has them; what a block is composed of follows it."""
    inner = {
        _id(outer): [_id(block) for block in outer]
        for outer in root.iter()
        if isinstance(outer.tag, str) and name_of(outer.tag) == "ComposedBlock"
    }
    groups = [element for order in named(root, "ReadingOrder") for element in order.iter()]  # Depth first.
    waiting = [name for element in reversed(groups) for name in reversed((element.get("REF") or "").split())]
    seen: set[str] = set()
    while waiting:
        if (name := waiting.pop()) not in seen:
            seen.add(name)
            waiting += reversed(inner.get(name, ()))
            yield name
