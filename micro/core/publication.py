"""What the public may see of what is known: fields held back, and points blurred to a grid. Only this place decides.

A field is public always, never, or from a day on. A point with a grid is replaced by the centre of its cell, the same
for all points of the cell, with the greatest distance from there to any of them. Public pages, search and releases take
their values from here; reviewers and the volunteer who gave an answer see what was said.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from micro.core.consensus.keys import key_of
from micro.core.fields import Field, Said, has_form
from micro.core.fields.points import EARTH_M, metres_between

_DEGREE_M = EARTH_M * math.pi / 180
_DECIMALS = 5  # A metre, and the finest grid has a hundred.


@dataclass(frozen=True)
class Cell:
    """A cell of a grid: its centre as decimal degrees, and how far from there a point of it can be, in metres."""

    lat: str
    lon: str
    uncertainty_m: int


def is_public(field: Field, on: date) -> bool:
    """Whether the field's values may be seen by everybody on this day."""
    if field.publish in ("always", "never"):
        return field.publish == "always"
    return on >= date.fromisoformat(field.publish)


def public_fields(fields: Iterable[Field], on: date) -> tuple[Field, ...]:
    """Those of the fields that are public on this day."""
    return tuple(field for field in fields if is_public(field, on))


def held_back(fields: Iterable[Field], on: date) -> tuple[Field, ...]:
    """Those of the fields that are not public on this day; ``publish`` says until when."""
    return tuple(field for field in fields if not is_public(field, on))


def told_exactly(fields: Iterable[Field], on: date) -> frozenset[str]:
    """The names of those of the fields whose values everybody may see just as they are."""
    return frozenset(field.name for field in public_fields(fields, on) if not field.grid_m)


def public_said(field: Field, said: Said, on: date) -> Said:
    """What everybody may see of what was said: nothing ({}) of a field that is held back, a blurred point, else all."""
    return blurred(field, said) if is_public(field, on) else {}


def blurred(field: Field, said: Said) -> Said:
    """What was said, a point as the centre of its cell where the field has a grid. Blurred twice is as blurred once.

    A value that has not the form of a point (it was said to an older form) is nothing where there is a grid: a place
    may have been written down as a text before.
    """
    value = said.get("value")
    if value is None or not field.grid_m:
        return said
    if not has_form(field, value):
        return {}
    cell = cell_of(float(value["lat"]), float(value["lon"]), field.grid_m)
    return {**said, "value": {"lat": cell.lat, "lon": cell.lon, "uncertainty_m": cell.uncertainty_m}}


def public_answer(
    value: Mapping[str, Said], own: Iterable[Field], now: Mapping[str, Field], on: date
) -> dict[str, Said]:
    """What everybody may see of one answer: ``own`` are the fields of its form, ``now`` those of the newest by name.

    The newest form that has a field says whether and how it is published; a form that had a grid keeps it as well.
    """
    shown: dict[str, Said] = {}
    for field in own:
        newest = now.get(field.name)
        if newest is None or field.name not in value:
            continue
        said = public_said(newest, value[field.name], on)
        if not newest.grid_m:
            said = blurred(field, said)
        if said:
            shown[field.name] = said
    return shown


def public_values(values: Mapping[str, Any], fields: Iterable[Field], on: date) -> dict[str, Any]:
    """A record's values as everybody may see them: {field: {"value" or "mark", "confidence", "evidence", "tied"}}.

    Only these fields are in it, and of them only the public ones. Competing answers that are the same once they are
    blurred are counted together.
    """
    return {
        field.name: _public_entry(field, values[field.name], on)
        for field in public_fields(fields, on)
        if field.name in values
    }


def _public_entry(field: Field, entry: Mapping[str, Any], on: date) -> dict[str, Any]:
    if not field.grid_m:
        return dict(entry)
    said = public_said(field, {part: entry[part] for part in ("value", "mark") if part in entry}, on)
    others = {part: entry[part] for part in entry if part not in ("value", "mark", "evidence")}
    evidence = entry.get("evidence")
    return {**said, **others} | ({} if evidence is None else {"evidence": _public_evidence(field, evidence, on)})


def _public_evidence(field: Field, evidence: Iterable[Mapping[str, Any]], on: date) -> list[dict[str, Any]]:
    together: dict[str, dict[str, Any]] = {}
    for one in evidence:
        said = public_said(field, one["said"], on)
        key = key_of(field, said)
        if key is None:
            continue
        kept = together.setdefault(key, {"said": dict(said), "count": 0, "unsure": 0})
        kept["count"], kept["unsure"] = kept["count"] + one["count"], kept["unsure"] + one["unsure"]
    return sorted(together.values(), key=lambda one: (-one["count"], key_of(field, one["said"]) or ""))


def cell_of(lat: float, lon: float, grid_m: int) -> Cell:
    """The cell in which a point (degrees of WGS 84) lies.

    The sphere is cut into rows of equal height from pole to pole, and each row into cells of equal width from -180 on;
    both are at least ``grid_m`` high and, along the row's middle, wide. A point on a border belongs to the cell north
    or east of it; 180 is -180. Cells at a pole are slices of its cap. Cost: constant.
    """
    rows = max(1, math.floor(180 * _DEGREE_M / grid_m))
    row = min(rows - 1, math.floor(Fraction(lat + 90) * rows / 180))
    south, north = (-90 + 180 * edge / rows for edge in (row, row + 1))
    middle = (south + north) / 2
    columns = max(1, math.floor(360 * _DEGREE_M * math.cos(math.radians(middle)) / grid_m))
    column = math.floor(Fraction(lon + 180) * columns / 360) % columns
    west, east = (-180 + 360 * edge / columns for edge in (column, column + 1))
    centre = {"lat": _degrees(middle), "lon": _degrees((west + east) / 2)}
    # Along a meridian, and along a parallel, the farthest point from the centre is an end: a corner is the farthest.
    far = max(metres_between(centre, {"lat": y, "lon": x}) for y in (south, north) for x in (west, east))
    return Cell(centre["lat"], centre["lon"], math.ceil(far))


def _degrees(angle: float) -> str:
    return f"{round(angle, _DECIMALS) + 0.0:.{_DECIMALS}f}"
