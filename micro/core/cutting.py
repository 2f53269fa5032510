"""The four ways to cut a scan: by a template of named boxes, as a whole, by a grid, by the lines of its layout.

A way is stored as JSON, see :func:`way_from_body`; :func:`regions_of` says what it makes of one scan. All pixels are
those of the upright full-size scan, origin top left; shares are 0 to 1 of its width or height.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from micro.core.geometry import WHOLE, Box, NamedBox, cut, place, template_from_setup
from micro.errors import BadAnswer, Conflict, to_translate

MOST_CELLS = 2_000
MOST_LINES = 5_000  # A page of a newspaper has some thousand.
# Tasks of one scan count on from its page's number times this: page order first, then reading order.
PAGE_SPAN = 10_000
LAST_PAGE = 200_000  # Beyond it PAGE_SPAN times the page would leave the database's integers.
MARGIN = 0.15
WIDEST_MARGIN = 1.0
LONGEST_TYPE = 80
NO_LAYOUT = to_translate("There is no layout (ALTO or PAGE) beside it.")


class Line(Protocol):
    """A line of a layout where it lies on the scan. ``position`` orders the lines as they are read."""

    @property
    def position(self) -> int: ...

    @property
    def type(self) -> str: ...

    @property
    def box(self) -> Box: ...

    @property
    def polygon(self) -> Sequence[Sequence[float]] | None: ...

    @property
    def baseline(self) -> Sequence[Sequence[float]] | None: ...

    @property
    def text(self) -> str | None: ...

    @property
    def confidence(self) -> float | None: ...


@dataclass(frozen=True)
class Area:
    """A part of a scan, as shares of its width and height."""

    x: float = 0.0
    y: float = 0.0
    width: float = 1.0
    height: float = 1.0


@dataclass(frozen=True)
class Template:
    """One item a scan; the boxes say where each of its fields is read."""

    boxes: tuple[NamedBox, ...]


@dataclass(frozen=True)
class Whole:
    """One item a scan, asked as a whole."""

    fields: tuple[str, ...]


@dataclass(frozen=True)
class Grid:
    """Cells of equal size over an area; each is an item of its own that asks for all fields."""

    rows: int
    columns: int
    area: Area
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Lines:
    """Every line of the scan's layout is an item of its own that asks for all fields.

    ``types``: only lines of these types; None: all. ``margin`` widens a line's box by this share of its height on
    every side, because layouts often cut the tallest letters off.
    """

    types: frozenset[str] | None
    margin: float
    fields: tuple[str, ...]


Way = Template | Whole | Grid | Lines


@dataclass(frozen=True)
class Reference:
    """What a layout says of a line: its type, its shape as lists of [x, y], an earlier reading of it (0 to 1 sure)."""

    type: str = ""
    polygon: list[list[int]] | None = None
    baseline: list[list[int]] | None = None
    text: str | None = None
    confidence: float | None = None


@dataclass(frozen=True)
class ItemRegion:
    """A region of an item. ``position`` is its place in the reading order of the scan, from 0."""

    name: str
    box: Box
    fields: tuple[str, ...]
    is_task: bool
    position: int
    reference: Reference = Reference()


@dataclass(frozen=True)
class CutItem:
    """An item with its regions. ``suffix`` comes after the scan's identifier: "", "r03c02", "l003"."""

    suffix: str
    regions: tuple[ItemRegion, ...]


def way_from_body(body: Any, fields: Iterable[str]) -> Way:
    """The way that a project's ``cutting`` describes, for a form of these fields.

    {"by": "template", "boxes": […]} ("by" may be missing), {"by": "whole"}, {"by": "grid", "rows", "columns", "area":
    {"x", "y", "width", "height"}}, {"by": "lines", "types": […] or absent, "margin": share of a line's height}. Raises
    BadAnswer(part, or name of a box or field) for anything else; fields beside a template are all asked everywhere.
    """
    if not isinstance(body, Mapping):
        raise BadAnswer("", 'The boxes must be written as {"boxes": […]}.')
    names = tuple(fields)
    match body.get("by", "template"):
        case "template":
            return Template(template_from_setup(body, names))
        case "whole":
            return Whole(names)
        case "grid":
            return _grid(body, names)
        case "lines":
            return Lines(_types(body.get("types")), _margin(body.get("margin", MARGIN)), names)
        case _:
            raise BadAnswer("by", "Choose how the scans are cut.")


def _grid(body: Mapping[str, Any], fields: tuple[str, ...]) -> Grid:
    rows, columns = (_count(body, side) for side in ("rows", "columns"))
    if rows * columns > MOST_CELLS:
        raise BadAnswer(
            "rows", "This grid has %(count)s cells; at most %(most)s are cut.", count=rows * columns, most=MOST_CELLS
        )
    return Grid(rows, columns, _area(body.get("area", {})), fields)


def _count(body: Mapping[str, Any], side: str) -> int:
    count = body.get(side)
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MOST_CELLS:
        raise BadAnswer(side, "Rows and columns are whole numbers, at least 1.")
    return count


def _area(said: Any) -> Area:
    whole = Area()
    try:
        x, y, width, height = (float(said.get(side, getattr(whole, side))) for side in ("x", "y", "width", "height"))
    except (AttributeError, TypeError, ValueError, OverflowError):
        raise BadAnswer("area", "The area of the grid needs x, y, width and height as shares of the scan.") from None
    if not width > 0 or not height > 0:
        raise BadAnswer("area", "The area of the grid has no width or no height.")
    if not (0 <= x < 1 and 0 <= y < 1 and 0 < width <= 1 - x + 1e-9 and 0 < height <= 1 - y + 1e-9):
        raise BadAnswer("area", "The area of the grid leaves the scan.")
    return Area(x, y, width, height)


def _types(said: Any) -> frozenset[str] | None:
    if said is None:
        return None
    if not isinstance(said, list) or not all(isinstance(one, str) for one in said) or not said:
        raise BadAnswer("types", "Choose at least one type of line.")
    return frozenset(said)


def _margin(said: Any) -> float:
    if not isinstance(said, int | float) or isinstance(said, bool) or not 0 <= said <= WIDEST_MARGIN:
        raise BadAnswer("margin", "The margin round a line lies between 0 and 1 times its height.")
    return float(said)


def regions_of(way: Way, width_px: int, height_px: int, lines: Sequence[Line] | None = None) -> tuple[CutItem, ...]:
    """The items and regions of one scan of this upright size; ``lines`` is its layout, None when it has none.

    A scan without a picture has the size 0 × 0 and is cut only as a whole. Raises Conflict with the reason when this
    scan cannot be cut this way. The result is never empty.
    """
    if isinstance(way, Whole):
        return (CutItem("", (ItemRegion(WHOLE, Box(0, 0, width_px, height_px), way.fields, True, 0),)),)
    if not width_px or not height_px:
        raise Conflict("There is no picture of it here, so it can only be cut as a whole.")
    match way:
        case Template():
            return (CutItem("", _of_template(way, width_px, height_px)),)
        case Grid():
            return _of_grid(way, width_px, height_px)
        case Lines():
            return _of_lines(way, width_px, height_px, lines)


def _of_template(way: Template, width_px: int, height_px: int) -> tuple[ItemRegion, ...]:
    made = cut(way.boxes, width_px, height_px)
    return tuple(ItemRegion(one.name, one.box, one.fields, one.is_task, place) for place, one in enumerate(made))


def _of_grid(way: Grid, width_px: int, height_px: int) -> tuple[CutItem, ...]:
    area = way.area
    whole = place(NamedBox("", area.x, area.y, area.width, area.height, (), True), width_px, height_px)
    if whole.width < way.columns or whole.height < way.rows:
        raise Conflict("It is too small for so many rows and columns.")
    across, down = _edges(whole.x, whole.width, way.columns), _edges(whole.y, whole.height, way.rows)
    row_digits, column_digits = (max(2, len(str(count))) for count in (way.rows, way.columns))
    items: list[CutItem] = []
    for row in range(way.rows):
        for column in range(way.columns):
            name = f"r{row + 1:0{row_digits}}c{column + 1:0{column_digits}}"
            left, top = across[column], down[row]
            box = Box(left, top, across[column + 1] - left, down[row + 1] - top)
            items.append(CutItem(name, (ItemRegion(name, box, way.fields, True, len(items)),)))
    return tuple(items)


def _edges(start: int, length: int, parts: int) -> list[int]:
    """The edges of ``parts`` equal parts in whole pixels: neighbours share theirs, so that nothing is left out."""
    return [start + length * part // parts for part in range(parts + 1)]


def _of_lines(way: Lines, width_px: int, height_px: int, lines: Sequence[Line] | None) -> tuple[CutItem, ...]:
    if lines is None:
        raise Conflict(NO_LAYOUT)
    if len(lines) > MOST_LINES:
        raise Conflict("Its layout has %(count)s lines; at most %(most)s are cut.", count=len(lines), most=MOST_LINES)
    numbered = enumerate(sorted(lines, key=lambda line: line.position))
    wanted = [(at, line) for at, line in numbered if way.types is None or line.type in way.types]
    if not wanted:
        raise Conflict("Its layout names no line that is to be cut.")
    digits = max(3, len(str(len(lines))))
    # Numbers are those of the whole layout: leaving a type out renames nothing.
    return tuple(_line_item(way, width_px, height_px, f"l{at + 1:0{digits}}", at, line) for at, line in wanted)


def _line_item(way: Lines, width_px: int, height_px: int, name: str, at: int, line: Line) -> CutItem:
    said = Reference(
        line.type[:LONGEST_TYPE], _points(line.polygon), _points(line.baseline), line.text or None, line.confidence
    )
    box = with_margin(line.box, way.margin, width_px, height_px)
    return CutItem(name, (ItemRegion(name, box, way.fields, True, at, said),))


def _points(points: Sequence[Sequence[float]] | None) -> list[list[int]] | None:
    return [[round(x), round(y)] for x, y in points] if points else None


def with_margin(box: Box, margin: float, width_px: int, height_px: int) -> Box:
    """The box, wider on every side by a share of the line's height (its shorter side), clipped to the scan.

    Never empty: a box that lies beyond an edge becomes one pixel at it.
    """
    more = math.ceil(min(box.width, box.height) * margin)
    left = min(max(0, box.x - more), width_px - 1)
    top = min(max(0, box.y - more), height_px - 1)
    right = max(left + 1, min(width_px, box.x + box.width + more))
    bottom = max(top + 1, min(height_px, box.y + box.height + more))
    return Box(left, top, right - left, bottom - top)


def task_position(way: Way, page_number: int, position: int) -> int:
    """Where a task stands in its project: by page, then in reading order. Ways of one item a scan count pages alone."""
    if isinstance(way, Template | Whole):
        return page_number
    return min(max(0, page_number), LAST_PAGE) * PAGE_SPAN + position


def tasks_per_scan(way: Way) -> int | None:
    """How many tasks every scan gives; None when that depends on its layout."""
    match way:
        case Template():
            return sum(box.own_task for box in way.boxes) + any(not box.own_task for box in way.boxes)
        case Whole():
            return 1
        case Grid():
            return way.rows * way.columns
        case Lines():
            return None
