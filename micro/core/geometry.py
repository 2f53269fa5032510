"""Boxes on scans and the template that cuts them.

All pixels are those of the **upright** full-size scan: after the EXIF turn, origin top left, x to the right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from micro.errors import BadAnswer

# EXIF orientations 5 to 8 lie on their side: width and height change places when they are put upright.
SIDEWAYS = frozenset({5, 6, 7, 8})
WHOLE = "whole"


@dataclass(frozen=True)
class Box:
    """A box in pixels; x and y are its top left corner; width and height at least 1."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class NamedBox:
    """A box of a cutting template, as shares (0 to 1) of the scan's width and height.

    ``own_task`` true: a task of its own; false: one of the fields of the scan's common task.
    """

    name: str
    x: float
    y: float
    width: float
    height: float
    fields: tuple[str, ...]
    own_task: bool


@dataclass(frozen=True)
class CutRegion:
    """What the cutting gives for one scan: a region, the fields read in it, and whether it is asked as a task."""

    name: str
    box: Box
    fields: tuple[str, ...]
    is_task: bool


def upright_size(width: int, height: int, orientation: int) -> tuple[int, int]:
    """Width and height in pixels after the EXIF turn."""
    return (height, width) if orientation in SIDEWAYS else (width, height)


def template_from_setup(body: Mapping[str, Any] | None, fields: Iterable[str]) -> tuple[NamedBox, ...]:
    """The named boxes of a template {"boxes": [{"name", "x", "y", "width", "height", "fields", "own_task"}]}.

    Every field of the form must be read in exactly one box. Raises BadAnswer(box name) otherwise, or when a box
    leaves the scan, has no size, or shares its name with another.
    """
    entries = body.get("boxes", ()) if isinstance(body, Mapping) else () if body is None else None
    if not isinstance(entries, list | tuple) or not all(isinstance(entry, Mapping) for entry in entries):
        raise BadAnswer("", 'The boxes must be written as {"boxes": […]}.')
    boxes = tuple(_named_box(entry) for entry in entries)
    fields = tuple(fields)
    names = [box.name for box in boxes]
    if not boxes:
        raise BadAnswer("", "There is no box to cut yet.")
    for name in names:
        if names.count(name) > 1:
            raise BadAnswer(name, "Two boxes are called “%(name)s”.", name=name)
    read = [field for box in boxes for field in box.fields]
    for field in fields:
        if read.count(field) != 1:
            raise BadAnswer(field, "The field “%(field)s” must be read in exactly one box.", field=field)
    if unknown := set(read) - set(fields):
        raise BadAnswer(min(unknown), "There is no field “%(field)s” in the form.", field=min(unknown))
    return boxes


def _named_box(entry: Mapping[str, Any]) -> NamedBox:
    name = str(entry.get("name", ""))
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name) or name == WHOLE:
        raise BadAnswer(name, "A box's name needs small letters, digits and underscores, and begins with a letter.")
    try:
        x, y, width, height = (float(entry[side]) for side in ("x", "y", "width", "height"))
    except (KeyError, TypeError, ValueError):
        raise BadAnswer(name, "A box needs x, y, width and height as shares of the scan, 0 to 1.") from None
    if not width > 0 or not height > 0:
        raise BadAnswer(name, "The box “%(name)s” has no width or no height.", name=name)
    if not (0 <= x < 1 and 0 <= y < 1 and 0 < width <= 1 - x + 1e-9 and 0 < height <= 1 - y + 1e-9):
        raise BadAnswer(name, "The box “%(name)s” leaves the scan.", name=name)
    fields = entry.get("fields") or [name]
    if not isinstance(fields, list | tuple):
        raise BadAnswer(name, "The fields of the box “%(name)s” must be a list of their names.", name=name)
    return NamedBox(name, x, y, width, height, tuple(str(field) for field in fields), bool(entry.get("own_task")))


def place(box: NamedBox, width_px: int, height_px: int) -> Box:
    """The box in pixels of a scan of this upright size: rounded outward to whole pixels, never outside, never empty."""
    left, top = int(box.x * width_px), int(box.y * height_px)
    right = min(width_px, -int(-(box.x + box.width) * width_px // 1))
    bottom = min(height_px, -int(-(box.y + box.height) * height_px // 1))
    left, top = min(left, width_px - 1), min(top, height_px - 1)
    return Box(left, top, max(1, right - left), max(1, bottom - top))


def union(boxes: Iterable[Box]) -> Box:
    """The smallest box around all of ``boxes``, of which there is at least one."""
    sides = [(b.x, b.y, b.x + b.width, b.y + b.height) for b in boxes]
    left, top = min(s[0] for s in sides), min(s[1] for s in sides)
    return Box(left, top, max(s[2] for s in sides) - left, max(s[3] for s in sides) - top)


def cut(template: Iterable[NamedBox], width_px: int, height_px: int) -> tuple[CutRegion, ...]:
    """The regions of one scan: every named box, and the common task's region around all that are not tasks."""
    placed = [(box, place(box, width_px, height_px)) for box in template]
    regions = [CutRegion(box.name, where, box.fields, box.own_task) for box, where in placed]
    common = [(box, where) for box, where in placed if not box.own_task]
    if common:
        fields = tuple(field for box, _ in common for field in box.fields)
        regions.insert(0, CutRegion(WHOLE, union(where for _, where in common), fields, True))
    return tuple(regions)
