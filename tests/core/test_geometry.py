"""Boxes of a cutting template, and where they lie on a scan."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micro.core.geometry import WHOLE, Box, NamedBox, cut, place, template_from_setup, union, upright_size
from micro.errors import BadAnswer


def box(name: str = "object", **changed: Any) -> dict[str, Any]:
    return {"name": name, "x": 0.1, "y": 0.2, "width": 0.3, "height": 0.4, **changed}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_only_orientations_on_their_side_change_width_and_height(orientation: int) -> None:
    assert upright_size(30, 20, orientation) == ((30, 20) if orientation < 5 else (20, 30))


def test_a_box_is_a_field_of_the_common_task_or_a_task_of_its_own() -> None:
    template = template_from_setup(
        {
            "boxes": [
                box("object"),
                box("notes", x=0.5, y=0.5, own_task=True),
                box("both", y=0.7, height=0.1, fields=["length", "material"]),
            ]
        },
        ["object", "notes", "length", "material"],
    )
    regions = {region.name: region for region in cut(template, 1000, 500)}
    assert [name for name, region in regions.items() if region.is_task] == [WHOLE, "notes"]
    assert regions[WHOLE].fields == ("object", "length", "material")
    assert regions[WHOLE].box == Box(100, 100, 300, 300)
    assert regions["notes"].box == Box(500, 250, 300, 200)
    assert not regions["object"].is_task


def test_without_a_common_field_there_is_no_common_task() -> None:
    template = template_from_setup({"boxes": [box("object", own_task=True)]}, ["object"])
    assert [region.name for region in cut(template, 100, 100)] == ["object"]


@pytest.mark.parametrize(
    ("boxes", "field"),
    [
        ([], ""),
        ([box("object"), box("object")], "object"),
        ([box("notes")], "object"),
        ([box("object"), box("more")], "more"),
        ([box("object"), box("more", fields=["object"])], "object"),
        ([box("Object")], "Object"),
        ([box(WHOLE, fields=["object"])], WHOLE),
        ([box(x=-0.1)], "object"),
        ([box(x=0.8)], "object"),
        ([box(y=1)], "object"),
        ([box(width=0)], "object"),
        ([box(height=-0.1)], "object"),
        ([box(x=math.nan)], "object"),
        ([box(width=math.inf)], "object"),
        ([box(x="left")], "object"),
        ([box(x=None)], "object"),
        ([{"name": "object"}], "object"),
        ([box(fields="object")], "object"),
        (["object"], ""),
        ({"object": 1}, ""),
        (None, ""),
    ],
)
def test_a_template_that_cannot_cut_is_refused_by_the_name_of_its_box(boxes: Any, field: str) -> None:
    with pytest.raises(BadAnswer) as caught:
        template_from_setup({"boxes": boxes}, ["object"])
    assert caught.value.field == field
    assert str(caught.value)


@pytest.mark.parametrize("body", [None, {}, [], "boxes"])
def test_a_template_without_boxes_is_refused(body: Any) -> None:
    with pytest.raises(BadAnswer):
        template_from_setup(body, ["object"])


share = st.floats(0, 1, exclude_max=True)


@given(x=share, y=share, right=share, down=share, width_px=st.integers(1, 30_000), height_px=st.integers(1, 30_000))
def test_a_placed_box_is_never_empty_never_outside_and_never_cuts_anything_off(
    x: float, y: float, right: float, down: float, width_px: int, height_px: int
) -> None:
    named = NamedBox("object", x, y, max(1e-9, (1 - x) * right), max(1e-9, (1 - y) * down), ("object",), False)
    placed = place(named, width_px, height_px)
    assert placed.width >= 1
    assert placed.height >= 1
    assert 0 <= placed.x <= placed.x + placed.width <= width_px
    assert 0 <= placed.y <= placed.y + placed.height <= height_px
    assert placed.x <= x * width_px
    assert placed.x + placed.width >= min(width_px, (x + named.width) * width_px) - 1e-6
    assert placed.width <= named.width * width_px + 2


boxes = st.builds(Box, st.integers(0, 99), st.integers(0, 99), st.integers(1, 99), st.integers(1, 99))


@given(st.lists(boxes, min_size=1, max_size=6))
def test_a_union_holds_every_box_and_touches_them(some: list[Box]) -> None:
    whole = union(some)
    for one in some:
        assert whole.x <= one.x
        assert whole.y <= one.y
        assert one.x + one.width <= whole.x + whole.width
        assert one.y + one.height <= whole.y + whole.height
    assert whole.x in {one.x for one in some}
    assert whole.y + whole.height in {one.y + one.height for one in some}
    assert union(reversed(some)) == whole
