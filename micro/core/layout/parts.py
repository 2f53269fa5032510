"""What an ALTO or PAGE file says of a picture, in the file's own coordinates, and how its numbers are read."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from xml.etree.ElementTree import Element  # The type only; parsing is defusedxml's, see micro/core/layout/__init__.py.

Point = tuple[float, float]
Points = tuple[Point, ...]
# x and y of the top left corner, width, height.
Sides = tuple[float, float, float, float]

# A newspaper page has some 2,000 lines; far more is no page, and no form of ours could show it.
MOST_LINES = 20_000
# Ten metres at 600 dpi, in 1/1200 inch: a coordinate beyond it is a mistake of whoever wrote it.
FARTHEST = 1_000_000.0
# The outline of a line takes some 30 points, that of an ornament some hundreds.
MOST_POINTS = 2000
LONGEST_NAME, LONGEST_TEXT = 80, 10_000


@dataclass(frozen=True)
class Block:
    """A part of the page that holds lines: a column, a margin. ``polygon`` is empty where only a box is known."""

    id: str
    type: str
    box: Sides | None
    polygon: Points


@dataclass(frozen=True)
class Line:
    """One line of writing. ``type`` is its own or its block's, see :func:`kind_of`.

    ``polygon`` and ``baseline`` are empty where the file has none. ``text`` is None where nobody has read the line;
    ``confidence`` is 0 to 1, None where the file says nothing.
    """

    id: str
    block: str
    type: str
    box: Sides
    polygon: Points
    baseline: Points
    text: str | None
    confidence: float | None


@dataclass(frozen=True)
class PageLayout:
    """All lines of a page in reading order. Width and height are those that the file names for its picture, or 0.

    They and all coordinates are in the file's own unit: pixels, tenths of a millimetre, 1/1200 inch. ``skipped`` counts
    lines without a shape. ``file_name`` is the picture's, without folders, or empty.
    """

    format: str
    width: float
    height: float
    file_name: str
    blocks: tuple[Block, ...]
    lines: tuple[Line, ...]
    skipped: int


def bounds(points: Iterable[Point]) -> Sides:
    """The box around points, of which there is at least one."""
    every = tuple(points)
    left, top = min(x for x, _ in every), min(y for _, y in every)
    return left, top, max(x for x, _ in every) - left, max(y for _, y in every) - top


def corners(box: Sides) -> Points:
    """The four corners of a box, from its top left clockwise."""
    x, y, width, height = box
    return (x, y), (x + width, y), (x + width, y + height), (x, y + height)


def name_of(tag: str) -> str:
    """The name of an element without its namespace."""
    return tag.rpartition("}")[2]


def named(parent: Element, *names: str) -> list[Element]:
    """The children of one of these names, in any namespace, in the order of the file."""
    # Comments and instructions have no name but a function.
    return [child for child in parent if isinstance(child.tag, str) and name_of(child.tag) in names]


def first(parent: Element, *way: str) -> Element | None:
    """The first element on a way of names below ``parent``."""
    found: Element | None = parent
    for name in way:
        found = next(iter(named(found, name)), None) if found is not None else None
    return found


def number(text: str | None) -> float | None:
    """A coordinate or a share; None when there is none, or it is no number, not finite or absurd."""
    if text is None or not re.fullmatch(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*", text, re.ASCII):
        return None
    value = float(text)
    return value if math.isfinite(value) and abs(value) <= FARTHEST else None


def size(text: str | None) -> float:
    """A width or height; 0 when the file does not say or says nonsense."""
    return max(0.0, number(text) or 0.0)


def points_of(text: str | None) -> Points:
    """The points of "1,2 3,4", or of "1 2 3 4" as some write it.

    Empty when anything in it is no coordinate, or half a point is left. Of far too many points every n-th is taken.
    """
    values = [number(part) for part in re.split(r"[\s,]+", text.strip())] if text and text.strip() else []
    if len(values) % 2 or None in values:
        return ()
    known = [value for value in values if value is not None]
    step = 1 + len(known) // (2 * MOST_POINTS)
    return tuple(zip(known[::2], known[1::2], strict=True))[::step]


def is_area(points: Points) -> bool:
    """Whether the points span anything at all."""
    return len(points) >= 3 and any(one != other for one, other in pairwise(points))


def share(text: str | None) -> float | None:
    """A confidence, 0 to 1; None when there is none."""
    value = number(text)
    return None if value is None or not 0 <= value <= 1 else value


def mean_confidence(parts: Iterable[tuple[str, float | None]]) -> float | None:
    """The mean confidence of words, each weighted by its length; None when no word has one."""
    known = [(max(1, len(text)), confidence) for text, confidence in parts if confidence is not None]
    return round(sum(n * c for n, c in known) / sum(n for n, _ in known), 4) if known else None


def kind_of(own: str, block: str) -> str:
    """The type that tells most: the line's own, unless it is the one that every ordinary line has; else its block's.

    SegmOnto (https://segmonto.github.io) names ordinary lines "DefaultLine", Transkribus and eScriptorium "default".
    """
    return own if own and own.casefold() not in ("default", "defaultline") else block or own


def in_order(lines: Iterable[Line], order: Iterable[str]) -> tuple[Line, ...]:
    """The lines as a reading order has them, by their own id or their block's; those it leaves out follow."""
    place: dict[str, int] = {}
    for name in order:
        place.setdefault(name, len(place))
    last = len(place)
    return tuple(sorted(lines, key=lambda line: place.get(line.id, place.get(line.block, last)) if place else 0))


def to_body(page: PageLayout) -> dict[str, Any]:
    """What is kept of a layout, as JSON."""
    return {
        "line_count": len(page.lines),
        "text_count": sum(line.text is not None for line in page.lines),
        "skipped": page.skipped,
        "picture": page.file_name,
        "blocks": [{"id": b.id, "type": b.type, "box": b.box, "polygon": b.polygon} for b in page.blocks],
        "lines": [
            {
                "id": line.id,
                "block": line.block,
                "type": line.type,
                "box": line.box,
                "polygon": line.polygon,
                "baseline": line.baseline,
                "text": line.text,
                "confidence": line.confidence,
            }
            for line in page.lines
        ],
    }


def lines_of(body: Mapping[str, Any]) -> tuple[Line, ...]:
    """The lines of a kept layout, in reading order."""
    return tuple(
        Line(
            id=kept["id"],
            block=kept["block"],
            type=kept["type"],
            box=_sides(kept["box"]),
            polygon=_points(kept["polygon"]),
            baseline=_points(kept["baseline"]),
            text=kept["text"],
            confidence=kept["confidence"],
        )
        for kept in body["lines"]
    )


def _sides(kept: list[float]) -> Sides:
    x, y, width, height = kept
    return x, y, width, height


def _points(kept: list[list[float]]) -> Points:
    return tuple((x, y) for x, y in kept)
