"""The shapes of a cutting for the page's drawings, in pixels of the upright scan. No query but for one scan's lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session

from micro.core.cutting import MOST_CELLS, Lines
from micro.core.geometry import WHOLE, Box
from micro.data.models import Scan
from micro.errors import MicroError
from micro.services import cutting
from micro.services.cutting_preview import Sample
from micro.web.desk.cutting_form import Typed, TypedBox

# More shapes than these are drawn without corners: brackets on small boxes are only noise.
CORNERED = 40


@dataclass(frozen=True)
class Shape:
    """A box to draw, with the fields that are read in it."""

    box: Box
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Plate:
    """A scan with what would be cut of it: ``outline`` is one SVG path of all boxes, ``shapes`` the few to label."""

    scan: Scan
    tasks: int
    problem: MicroError | None
    outline: str
    shapes: tuple[Shape, ...]


@dataclass(frozen=True)
class Drawing:
    """What is drawn over the scan of the form: boxes, the area, and the lines of its layout as one SVG path."""

    boxes: tuple[Box | None, ...]
    area: Box | None
    lines: str


def plate_of(sample: Sample) -> Plate:
    """A sample as it is drawn: a template by its labelled boxes, many cells or lines by one outline."""
    items = sample.items
    regions = [region for item in items for region in item.regions]
    drawn = [region for region in regions if len(regions) == 1 or region.name != WHOLE]
    few = len(items) == 1 and len(drawn) <= CORNERED
    shapes = tuple(Shape(region.box, region.fields) for region in drawn) if few else ()
    outline = "" if few else outlined(region.box for region in drawn)
    return Plate(sample.scan, sample.tasks, sample.problem, outline, shapes)


def outlined(boxes: Iterable[Box]) -> str:
    """One SVG path round all boxes."""
    return "".join(f"M{b.x} {b.y}h{b.width}v{b.height}h-{b.width}z" for b in boxes)


def drawing_of(session: Session, scan: Scan, typed: Typed) -> Drawing:
    """What was typed, where it can be drawn, over one scan."""
    return Drawing(
        tuple(_placed(box, scan) for box in typed.boxes), _placed(typed.area, scan), _lines_on(session, scan)
    )


def _placed(box: TypedBox, scan: Scan) -> Box | None:
    try:
        x, y, width, height = (float(side.replace(",", ".")) / 100 for side in (box.x, box.y, box.width, box.height))
    except ValueError:
        return None
    if not (0 <= x <= 1 and 0 <= y <= 1 and 0 < width <= 1 and 0 < height <= 1):
        return None
    return Box(
        round(x * scan.width_px),
        round(y * scan.height_px),
        max(1, round(width * scan.width_px)),
        max(1, round(height * scan.height_px)),
    )


def _lines_on(session: Session, scan: Scan) -> str:
    try:
        _, items = cutting.items_of(session, scan, Lines(None, 0, ()))
    except MicroError:
        return ""
    return outlined(region.box for item in items for region in item.regions)


def grid_lines(area: Box | None, rows: str, columns: str) -> str:
    """The lines between the cells of a grid, as an SVG path; empty while something in it is no number."""
    few = len(rows) < 7 and len(columns) < 7 and rows.isdecimal() and columns.isdecimal()
    if area is None or not (few and 0 < int(rows) * int(columns) <= MOST_CELLS):
        return ""
    across = (round(area.x + area.width * part / int(columns)) for part in range(1, int(columns)))
    down = (round(area.y + area.height * part / int(rows)) for part in range(1, int(rows)))
    return "".join([f"M{x} {area.y}v{area.height}" for x in across] + [f"M{area.x} {y}h{area.width}" for y in down])


def way_in_words(body: Mapping[str, Any] | None) -> str:
    """The way of a project in a few words; empty when it has none."""
    match (body or {}).get("by", "template" if body else ""):
        case "template":
            count = len((body or {}).get("boxes", ()))
            return str(ngettext("By a template of %(num)s box", "By a template of %(num)s boxes", count))
        case "whole":
            return str(gettext("Each scan as a whole"))
        case "grid":
            size = {"rows": (body or {}).get("rows"), "columns": (body or {}).get("columns")}
            return str(gettext("By a grid of %(rows)s × %(columns)s cells", **size))
        case "lines":
            return str(gettext("By the lines of their layouts"))
        case _:
            return ""
