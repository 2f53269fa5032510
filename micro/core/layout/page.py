"""Reading PAGE XML, page content of 2010 to 2019 (PRImA, https://github.com/PRImA-Research-Lab/PAGE-XML)."""

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
    Points,
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

# Transkribus and its kin write what a region is into one attribute: custom="structure {type:marginalia;}".
_CUSTOM_TYPE = re.compile(r"structure\s*\{[^}]*?type:\s*([^;}]+)")
# Groups in groups, deeper than any page needs.
_DEEPEST = 50


def read_page(root: Element) -> PageLayout:
    """The page of a PAGE file. Raises BadPicture when it has none."""
    page = first(root, "Page")
    if page is None:
        raise BadPicture("the PAGE file describes no page")
    blocks, lines, skipped = [], [], 0
    for element in page.iter():  # Regions may stand in regions, and in tables.
        if not isinstance(element.tag, str) or name_of(element.tag) != "TextRegion":
            continue
        polygon = _polygon(element)
        block = Block(_id(element), _type(element), bounds(polygon) if polygon else None, polygon)
        blocks.append(block)
        for read in (_line(line, block) for line in named(element, "TextLine")):
            lines += [read] if read else []
            skipped += read is None
    groups = first(page, "ReadingOrder")
    return PageLayout(
        format=_format(root),
        width=size(page.get("imageWidth")),
        height=size(page.get("imageHeight")),
        file_name=PurePosixPath((page.get("imageFilename") or "").strip().replace("\\", "/")).name,
        blocks=tuple(blocks),
        lines=in_order(lines, _order(groups) if groups is not None else ()),
        skipped=skipped,
    )


def _format(root: Element) -> str:
    """ "PAGE 2019-07-15", by its namespace."""
    day = re.search(r"pagecontent/(\d{4}-\d\d-\d\d)", root.tag)
    return f"PAGE {day[1]}" if day else "PAGE"


def _id(element: Element) -> str:
    return (element.get("id") or "")[:LONGEST_NAME]


def _type(element: Element) -> str:
    """What a region or line is: what its people called it, else its type by the standard."""
    custom = _CUSTOM_TYPE.search(element.get("custom") or "")
    return (custom[1].strip() if custom else element.get("type") or "")[:LONGEST_NAME]


def _line(element: Element, block: Block) -> Line | None:
    """The line; None when it has no shape."""
    polygon = _polygon(element)
    if not polygon:
        return None
    text, confidence = _reading(element)
    return Line(
        id=_id(element),
        block=block.id,
        type=kind_of(_type(element), block.type),
        box=bounds(polygon),
        polygon=polygon,
        baseline=_points(element, "Baseline", least=2),
        text=text,
        confidence=confidence,
    )


def _polygon(element: Element) -> Points:
    points = _points(element, "Coords", least=3)
    return points if is_area(points) else ()


def _points(element: Element, name: str, least: int) -> Points:
    """The points of a shape; before 2013 each was an element of its own."""
    found = first(element, name)
    if found is None:
        return ()
    points = points_of(found.get("points"))
    if not points:
        pairs = [(number(point.get("x")), number(point.get("y"))) for point in named(found, "Point")]
        points = tuple((x, y) for x, y in pairs if x is not None and y is not None)
    return points if len(points) >= least else ()


def _reading(element: Element) -> tuple[str | None, float | None]:
    """What was read of a line, and how sure: the line's own text, else its words'."""
    text, confidence = _best(element)
    if text is not None:
        return text, confidence
    words = [(text, confidence) for text, confidence in map(_best, named(element, "Word")) if text]
    joined = " ".join(text for text, _ in words)[:LONGEST_TEXT]
    return joined or None, mean_confidence(words)


def _best(element: Element) -> tuple[str | None, float | None]:
    """The text of the lowest index, which is the one that counts when there are several."""
    readings = sorted(named(element, "TextEquiv"), key=lambda reading: number(reading.get("index")) or 0.0)
    for reading in readings[:1]:
        found = first(reading, "Unicode")
        found = found if found is not None else first(reading, "PlainText")
        text = " ".join((found.text or "").split())[:LONGEST_TEXT] if found is not None else ""
        return text or None, share(reading.get("conf")) if text else None
    return None, None


def _order(groups: Element, depth: int = 0) -> Iterator[str]:
    """The ids of regions as the reading order has them; an index says the place in an ordered group."""
    if depth > _DEEPEST:
        raise BadPicture("the reading order of the PAGE file is nested too deeply")
    members = [element for element in groups if isinstance(element.tag, str)]
    for member in sorted(members, key=lambda member: number(member.get("index")) or 0.0):
        if region := member.get("regionRef"):
            yield region[:LONGEST_NAME]
        yield from _order(member, depth + 1)
