"""The form in which a manager says how scans are cut: shares are typed in percent, and come back as they were typed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from werkzeug.datastructures import MultiDict

from micro.core.cutting import MARGIN
from micro.core.fields import Field
from micro.errors import BadAnswer
from micro.web.forms import storable

WAYS = ("template", "grid", "lines", "whole")
MOST_BOXES = 200
SIDES = ("x", "y", "width", "height")
_BOX = re.compile(r"box\.(\d{1,4})\.(?:name|x|y|width|height|fields|own_task)")
# So far may the right and lower edge lie outside, in percent: two typed roundings make up for it.
ROUNDING = 0.1


@dataclass(frozen=True)
class TypedBox:
    """A box as it was typed: sides in percent of the scan, the fields that are read in it."""

    x: str = "25"
    y: str = "25"
    width: str = "50"
    height: str = "20"
    name: str = ""
    fields: tuple[str, ...] = ()
    own_task: bool = False


WHOLE_AREA = TypedBox("0", "0", "100", "100")


@dataclass(frozen=True)
class Typed:
    """What was typed for all ways, so that changing one's mind loses nothing. ``types`` None: lines of all types."""

    by: str = "template"
    boxes: tuple[TypedBox, ...] = ()
    rows: str = "10"
    columns: str = "1"
    area: TypedBox = WHOLE_AREA
    margin: str = "15"
    types: tuple[str, ...] | None = None
    number: int = 1


def typed_from_form(form: MultiDict[str, str]) -> Typed:
    """What the form says, unread."""
    plain = Typed()
    numbers = sorted({int(found[1]) for name in form if (found := _BOX.fullmatch(name))})[:MOST_BOXES]
    return Typed(
        by=form.get("by", plain.by) if form.get("by") in WAYS else plain.by,
        boxes=tuple(_typed_box(form, f"box.{number}.") for number in numbers),
        rows=_text(form, "rows", plain.rows),
        columns=_text(form, "columns", plain.columns),
        area=_typed_box(form, "area."),
        margin=_text(form, "margin", plain.margin),
        types=tuple(map(storable, form.getlist("type"))) if form.get("which") == "some" else None,
        number=_number(form.get("number", "1")),
    )


def _text(form: MultiDict[str, str], name: str, default: str = "") -> str:
    return storable(form.get(name, default)).strip()[:100]


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"\d{1,9}", text) else 1


def _typed_box(form: MultiDict[str, str], stem: str) -> TypedBox:
    x, y, width, height = (_text(form, stem + side, getattr(WHOLE_AREA, side)) for side in SIDES)
    fields = tuple(storable(name)[:60] for name in form.getlist(stem + "fields"))
    return TypedBox(x, y, width, height, _text(form, stem + "name"), fields, stem + "own_task" in form)


def typed_from_body(body: Mapping[str, Any] | None) -> Typed:
    """A way that is kept, as it would have been typed; anything in it that cannot be read stays as it is by default."""
    plain = Typed()
    if not isinstance(body, Mapping):
        return plain
    by = body.get("by", "template")
    boxes = body.get("boxes")
    shown = [box for box in boxes if isinstance(box, Mapping)] if isinstance(boxes, list) else []
    area, margin, types = body.get("area"), body.get("margin", MARGIN), body.get("types")
    return Typed(
        by=by if by in WAYS else plain.by,
        boxes=tuple(_box_of(box) for box in shown[:MOST_BOXES]),
        rows=str(body.get("rows", plain.rows)),
        columns=str(body.get("columns", plain.columns)),
        area=_box_of({**_SHARES, **area}) if isinstance(area, Mapping) else WHOLE_AREA,
        margin=percent(margin),
        types=tuple(map(str, types)) if isinstance(types, list) else None,
    )


_SHARES = {"x": 0, "y": 0, "width": 1, "height": 1}


def _box_of(box: Mapping[str, Any]) -> TypedBox:
    x, y, width, height = (percent(box.get(side)) for side in SIDES)
    name, fields = str(box.get("name", "")), box.get("fields")
    names = tuple(map(str, fields)) if isinstance(fields, list) and fields else (name,)
    return TypedBox(x, y, width, height, name, names, bool(box.get("own_task")))


def percent(share: Any) -> str:
    """A share as percent with at most three digits after the point; what is no number comes out as it is.

    >>> percent(0.125), percent(1), percent("left")
    ('12.5', '100', 'left')
    """
    if not isinstance(share, int | float) or isinstance(share, bool):
        return "" if share is None else str(share)
    return f"{share * 100:.3f}".rstrip("0").rstrip(".")


def body_of(typed: Typed, fields: Sequence[Field]) -> dict[str, Any]:
    """The way that was typed, to be checked by core/cutting.py. Raises BadAnswer(place) where no number stands."""
    match typed.by:
        case "whole":
            return {"by": "whole"}
        case "grid":
            return {
                "by": "grid",
                "rows": _whole(typed.rows, "rows"),
                "columns": _whole(typed.columns, "columns"),
                "area": _sides(typed.area, "area", 0),
            }
        case "lines":
            way: dict[str, Any] = {"by": "lines", "margin": _share(typed.margin, "margin", 0)}
            return way if typed.types is None else {**way, "types": list(typed.types)}
        case _:
            return {"boxes": _boxes(typed.boxes, fields)}


def _boxes(typed: Sequence[TypedBox], fields: Sequence[Field]) -> list[dict[str, Any]]:
    known = {field.name for field in fields}
    names: set[str] = set()
    boxes: list[dict[str, Any]] = []
    for number, box in enumerate(typed, 1):
        if not box.fields:
            raise BadAnswer(
                f"box-{number}", "Say which fields are read in box %(number)s, or delete it.", number=number
            )
        name = _free_name(box, number, names, known)
        names.add(name)
        own = {"own_task": True} if box.own_task else {}
        boxes.append({"name": name, **_sides(box, f"box-{number}", number), "fields": list(box.fields), **own})
    return boxes


def _free_name(box: TypedBox, number: int, taken: Iterable[str], known: Iterable[str]) -> str:
    """The box's own name; without one that of its first field, unless another box or the common task has it."""
    wished = box.name if box.name and not (box.name in known and box.name not in box.fields) else box.fields[0]
    if wished in taken or wished == "whole":
        return f"box_{number}"
    return wished


def _sides(box: TypedBox, place: str, number: int) -> dict[str, float]:
    x, y, width, height = (_share(getattr(box, side), place, number) for side in SIDES)
    # 33.34 % from the left and 66.67 % wide is the right edge, typed by hand.
    width = 1 - x if 1 < x + width <= 1 + ROUNDING / 100 else width
    height = 1 - y if 1 < y + height <= 1 + ROUNDING / 100 else height
    return {"x": x, "y": y, "width": round(width, 6), "height": round(height, 6)}


def _share(text: str, place: str, number: int) -> float:
    try:
        value = float(text.replace(",", ".").removesuffix("%"))
    except ValueError:
        value = float("nan")
    if not 0 <= value <= 100:
        if number:
            raise BadAnswer(place, "Box %(number)s needs numbers from 0 to 100, in percent.", number=number)
        raise BadAnswer(place, "This needs numbers from 0 to 100, in percent.")
    return round(value / 100, 6)


def _whole(text: str, place: str) -> int:
    if not re.fullmatch(r"\d{1,6}", text, re.ASCII):
        raise BadAnswer(place, "Rows and columns are whole numbers, at least 1.")
    return int(text)


def with_box_added(typed: Typed, fields: Sequence[Field]) -> Typed:
    """One box more, in the middle, for the first field that is in no box yet."""
    read = {name for box in typed.boxes for name in box.fields}
    free = tuple(field.name for field in fields if field.name not in read)[:1]
    return replace(typed, boxes=(*typed.boxes, TypedBox(fields=free))[:MOST_BOXES])


def without_box(typed: Typed, number: str) -> Typed:
    """One box less; ``number`` counts from 1."""
    return replace(typed, boxes=tuple(box for at, box in enumerate(typed.boxes, 1) if str(at) != number))


def read_json(text: str) -> dict[str, Any]:
    """A way as it is written in JSON; BadAnswer("json") when it is none."""
    try:
        body = json.loads(storable(text))
    except (ValueError, RecursionError):
        raise BadAnswer("json", "The boxes must be written as JSON.") from None
    if not isinstance(body, dict):
        raise BadAnswer("json", 'The boxes must be written as {"boxes": […]}.')
    return body
