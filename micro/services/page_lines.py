"""The lines of a part of a scan in reading order, where an ALTO or PAGE file names them."""

from __future__ import annotations

from sqlalchemy.orm import Session

from micro.core.cutting import MARGIN, with_margin
from micro.core.geometry import Box
from micro.data.models import Region
from micro.services.layouts import layout_of, placed_lines

MOST = 500
"""More lines than these are no page that somebody writes out at one go."""


def lines_in(session: Session, region: Region) -> list[Box]:
    """Where the lines of a region lie on its scan, in reading order, with a margin; empty where nothing names them.

    A line belongs to the region in which its middle lies. A layout that was only guessed to fit its scan is not used
    before somebody has looked at it. Cost: reads one layout.
    """
    layout = layout_of(session, region.scan_id)
    if layout is None or not (layout.certain or layout.state == "used"):
        return []
    boxes = [line.box for line in placed_lines(layout, region.scan) if _lies_in(line.box, region)]
    scan = region.scan
    return [with_margin(box, MARGIN, scan.width_px, scan.height_px) for box in boxes] if len(boxes) <= MOST else []


def _lies_in(box: Box, region: Region) -> bool:
    across, down = box.x + box.width / 2 - region.x_px, box.y + box.height / 2 - region.y_px
    return 0 <= across < region.width_px and 0 <= down < region.height_px
