"""The ways to cut a scan: template, whole, grid, lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micro.core.cutting import (
    MOST_CELLS,
    MOST_LINES,
    PAGE_SPAN,
    Area,
    CutItem,
    Grid,
    Lines,
    Template,
    Whole,
    regions_of,
    task_position,
    tasks_per_scan,
    way_from_body,
    with_margin,
)
from micro.core.geometry import WHOLE, Box
from micro.errors import BadAnswer, Conflict

FIELDS = ("text", "hand")


A_LINE = Box(100, 200, 300, 40)


@dataclass(frozen=True)
class ALine:
    """A line of a layout as it lies on the scan."""

    position: int
    box: Box = A_LINE
    type: str = ""
    polygon: list[list[float]] | None = None
    baseline: list[list[float]] | None = None
    text: str | None = None
    confidence: float | None = None


def grid(**changed: Any) -> dict[str, Any]:
    return {"by": "grid", "rows": 3, "columns": 2, **changed}


def lines(**changed: Any) -> dict[str, Any]:
    return {"by": "lines", **changed}


def regions(items: tuple[CutItem, ...]) -> list[tuple[str, str, Box]]:
    return [(item.suffix, region.name, region.box) for item in items for region in item.regions]


# What is stored --------------------------------------------------------------------------------------------------


def test_a_way_without_a_word_is_a_template() -> None:
    boxes = [{"name": "text", "x": 0, "y": 0, "width": 1, "height": 1, "fields": list(FIELDS)}]
    assert isinstance(way_from_body({"boxes": boxes}, FIELDS), Template)
    assert way_from_body({"boxes": boxes}, FIELDS) == way_from_body({"by": "template", "boxes": boxes}, FIELDS)


def test_every_region_but_a_templates_asks_for_all_fields() -> None:
    assert way_from_body({"by": "whole"}, FIELDS) == Whole(FIELDS)
    assert way_from_body(grid(), FIELDS) == Grid(3, 2, Area(), FIELDS)
    assert way_from_body(lines(types=["Main"], margin=0), FIELDS) == Lines(frozenset({"Main"}), 0, FIELDS)
    assert way_from_body(lines(), FIELDS) == Lines(None, 0.15, FIELDS)


@pytest.mark.parametrize(
    ("body", "part"),
    [
        (None, ""),
        ([], ""),
        ("whole", ""),
        ({"by": "scissors"}, "by"),
        ({"by": None}, "by"),
        ({"by": ["whole"]}, "by"),
        (grid(rows=0), "rows"),
        (grid(rows="3"), "rows"),
        (grid(rows=2.5), "rows"),
        (grid(columns=True), "columns"),
        (grid(columns=10**30), "columns"),
        (grid(rows=41, columns=49), "rows"),
        ({"by": "grid"}, "rows"),
        (grid(area=[]), "area"),
        (grid(area=None), "area"),
        (grid(area={"x": "left"}), "area"),
        (grid(area={"x": 10**400}), "area"),
        (grid(area={"x": 0.5}), "area"),
        (grid(area={"width": 0}), "area"),
        (grid(area={"height": float("nan")}), "area"),
        (grid(area={"y": -0.1, "height": 0.5}), "area"),
        (lines(types=[]), "types"),
        (lines(types="Main"), "types"),
        (lines(types=[1]), "types"),
        (lines(margin=-0.1), "margin"),
        (lines(margin=1.1), "margin"),
        (lines(margin="wide"), "margin"),
        (lines(margin=True), "margin"),
        (lines(margin=float("nan")), "margin"),
    ],
)
def test_a_way_that_cannot_be_is_refused_by_the_name_of_its_part(body: Any, part: str) -> None:
    with pytest.raises(BadAnswer) as caught:
        way_from_body(body, FIELDS)
    assert caught.value.field == part
    assert str(caught.value)


def test_a_template_must_still_fit_the_form() -> None:
    boxes = [{"name": "text", "x": 0, "y": 0, "width": 1, "height": 1, "fields": ["text"]}]
    with pytest.raises(BadAnswer) as caught:
        way_from_body({"boxes": boxes}, FIELDS)
    assert caught.value.field == "hand"


# What it makes of a scan -----------------------------------------------------------------------------------------


def test_a_template_gives_one_item_with_the_boxes_in_their_order() -> None:
    boxes = [
        {"name": "text", "x": 0.1, "y": 0.1, "width": 0.5, "height": 0.5},
        {"name": "hand", "x": 0.7, "y": 0.1, "width": 0.2, "height": 0.2, "own_task": True},
    ]
    way = way_from_body({"boxes": boxes}, FIELDS)
    [item] = regions_of(way, 1000, 500)
    assert item.suffix == ""
    assert [(r.name, r.is_task, r.position) for r in item.regions] == [
        (WHOLE, True, 0),
        ("text", False, 1),
        ("hand", True, 2),
    ]
    assert tasks_per_scan(way) == 2


def test_a_whole_scan_is_one_region_with_all_fields_even_without_a_picture() -> None:
    [item] = regions_of(Whole(FIELDS), 640, 480)
    [region] = item.regions
    assert (item.suffix, region.name, region.box, region.fields) == ("", WHOLE, Box(0, 0, 640, 480), FIELDS)
    assert regions_of(Whole(FIELDS), 0, 0)[0].regions[0].is_task


@pytest.mark.parametrize("body", [grid(), lines()])
def test_without_a_picture_there_is_nothing_to_cut_but_the_whole(body: dict[str, Any]) -> None:
    with pytest.raises(Conflict, match="no picture"):
        regions_of(way_from_body(body, FIELDS), 0, 0, [])


def test_a_grid_names_its_cells_by_row_and_column_in_reading_order() -> None:
    way = way_from_body(grid(area={"x": 0.1, "y": 0.2, "width": 0.8, "height": 0.6}), FIELDS)
    items = regions_of(way, 100, 50)
    assert [item.suffix for item in items] == ["r01c01", "r01c02", "r02c01", "r02c02", "r03c01", "r03c02"]
    assert [region.position for item in items for region in item.regions] == list(range(6))
    assert items[0].regions[0].box == Box(10, 10, 40, 10)
    assert items[5].regions[0].box == Box(50, 30, 40, 10)
    assert all(region.fields == FIELDS and region.is_task for item in items for region in item.regions)


def test_a_grid_of_many_rows_keeps_the_order_of_names() -> None:
    items = regions_of(way_from_body(grid(rows=120, columns=1), FIELDS), 500, 500)
    suffixes = [item.suffix for item in items]
    assert suffixes[0] == "r001c01" and suffixes == sorted(suffixes)


sizes = st.integers(1, 5_000)
parts = st.integers(1, 44)


@given(sizes, sizes, parts, parts)
def test_the_cells_of_a_grid_cover_its_area_once(width: int, height: int, rows: int, columns: int) -> None:
    way = way_from_body(grid(rows=rows, columns=columns), FIELDS)
    if width < columns or height < rows:
        with pytest.raises(Conflict, match="too small"):
            regions_of(way, width, height)
        return
    boxes = [box for _, _, box in regions(regions_of(way, width, height))]
    assert len(boxes) == rows * columns <= MOST_CELLS
    assert sum(box.width * box.height for box in boxes) == width * height
    assert all(box.width >= 1 and box.height >= 1 for box in boxes)
    assert max(box.width for box in boxes) - min(box.width for box in boxes) <= 1


def test_a_line_brings_everything_that_its_layout_says() -> None:
    line = ALine(
        1, Box(100, 200, 300, 40), "Main", [[100.4, 200], [400, 240]], [[100, 235.6], [400, 236]], "Laurent", 0.93
    )
    [item] = regions_of(way_from_body(lines(margin=0.1), FIELDS), 1000, 1000, [line])
    [region] = item.regions
    assert (item.suffix, region.name, region.box) == ("l001", "l001", Box(96, 196, 308, 48))
    said = region.reference
    assert (said.type, said.text, said.confidence) == ("Main", "Laurent", 0.93)
    assert said.polygon == [[100, 200], [400, 240]]
    assert said.baseline == [[100, 236], [400, 236]]
    assert region.fields == FIELDS


def test_lines_come_in_reading_order_and_keep_their_numbers_when_a_type_is_left_out() -> None:
    layout = [ALine(7, type="Main"), ALine(2, type="Margin"), ALine(5, type="Main")]
    everything = regions_of(way_from_body(lines(), FIELDS), 1000, 1000, layout)
    assert [(i.suffix, i.regions[0].reference.type) for i in everything] == [
        ("l001", "Margin"),
        ("l002", "Main"),
        ("l003", "Main"),
    ]
    chosen = regions_of(way_from_body(lines(types=["Main"]), FIELDS), 1000, 1000, layout)
    assert [(item.suffix, item.regions[0].position) for item in chosen] == [("l002", 1), ("l003", 2)]


@pytest.mark.parametrize(
    ("layout", "types", "why"),
    [
        (None, None, "no layout"),
        ([], None, "names no line"),
        ([ALine(0, type="Main")], ["Margin"], "names no line"),
        ([ALine(at) for at in range(MOST_LINES + 1)], None, "at most"),
    ],
)
def test_a_layout_that_gives_no_lines_says_why(layout: list[ALine] | None, types: list[str] | None, why: str) -> None:
    body = lines(types=types) if types else lines()
    with pytest.raises(Conflict, match=why):
        regions_of(way_from_body(body, FIELDS), 1000, 1000, layout)


anywhere = st.integers(-2_000, 2_000)


@given(anywhere, anywhere, st.integers(1, 900), st.integers(1, 900), st.floats(0, 1), sizes, sizes)
def test_a_margin_never_leaves_the_scan_and_never_cuts_off_what_lies_on_it(
    x: int, y: int, width: int, height: int, margin: float, wide: int, high: int
) -> None:
    line = Box(x, y, width, height)
    made = with_margin(line, margin, wide, high)
    assert 0 <= made.x < made.x + made.width <= wide
    assert 0 <= made.y < made.y + made.height <= high
    if x >= 0 and y >= 0 and x + width <= wide and y + height <= high:
        assert made.x <= x and made.y <= y
        assert made.x + made.width >= x + width and made.y + made.height >= y + height
        assert made.width - width <= 2 * (min(width, height) * margin + 1)


def test_an_upright_line_is_widened_by_its_shorter_side() -> None:
    assert with_margin(Box(100, 100, 20, 400), 0.5, 1000, 1000) == Box(90, 90, 40, 420)


# Order and counts ------------------------------------------------------------------------------------------------


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, MOST_LINES), st.integers(0, MOST_LINES))
def test_tasks_go_by_page_and_then_in_reading_order(one: int, other: int, first: int, second: int) -> None:
    way = Grid(1, 1, Area(), FIELDS)
    here, there = task_position(way, one, first), task_position(way, other, second)
    assert max(here, there) < 2**31
    if (one, first) < (other, second) and other < 200_000:
        assert here < there


def test_ways_of_one_item_a_scan_count_pages() -> None:
    assert task_position(Whole(FIELDS), 12, 0) == 12
    assert task_position(Lines(None, 0, FIELDS), 12, 3) == 12 * PAGE_SPAN + 3


def test_how_many_tasks_a_scan_gives_is_known_but_for_lines() -> None:
    assert tasks_per_scan(Whole(FIELDS)) == 1
    assert tasks_per_scan(Grid(4, 5, Area(), FIELDS)) == 20
    assert tasks_per_scan(Lines(None, 0, FIELDS)) is None
