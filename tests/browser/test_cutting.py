"""A manager draws boxes on a scan, looks at them over several scans, cuts, and discards; by mouse, finger and keys."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from micro.demo.seed import PROJECTS
from tests.browser.conftest import Running, Visitor, keep_screen, sign_in
from tests.browser.program import SLUG
from tests.browser.test_every_page import check, named, signed_in_as

PAGE = "/desk/to-cut/cutting"


@pytest.fixture(scope="module")
def to_cut(running: Running) -> Running:
    """A draft with the demonstration's cards, none of them cut."""
    plan = {**{part: said for part, said in PROJECTS[0].items() if part != "boxes"}, "slug": "to-cut"}
    file = running.folder.parent / "plan.json"
    file.write_text(json.dumps(plan))
    micro(running, "project", "create", str(file))
    micro(running, "ingest", str(running.folder / "demo" / SLUG), "--project", "to-cut")
    return running


def micro(running: Running, *words: str) -> None:
    known = {name: value for name, value in os.environ.items() if not name.startswith("MICRO_")}
    environ = {**known, "MICRO_DATA": str(running.folder), "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run([sys.executable, "-m", "micro", *words], env=environ, check=True, capture_output=True)


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draws from one point of the scan to another, in shares of it."""
    canvas = page.locator("[data-canvas]")
    canvas.scroll_into_view_if_needed()
    place = canvas.bounding_box()
    assert place is not None
    points = [(place["x"] + place["width"] * x, place["y"] + place["height"] * y) for x, y in (start, end)]
    page.mouse.move(*points[0])
    page.mouse.down()
    page.mouse.move(*((a + b) / 2 for a, b in zip(*points, strict=True)))
    page.mouse.move(*points[1])
    page.mouse.up()


def sides(page: Page, number: int) -> list[float]:
    return [float(page.input_value(f"#box-{number}-{side}")) for side in ("x", "y", "width", "height")]


def test_boxes_are_drawn_looked_at_cut_and_discarded(to_cut: Running, visitor: Visitor) -> None:
    page = sign_in(visitor(), "manager")
    page.goto(PAGE)
    for number in range(6):
        drag(page, (0.05, 0.16 + 0.125 * number), (0.6, 0.25 + 0.125 * number))
    boxes = page.locator("[data-boxes] [data-box]")
    expect(boxes).to_have_count(6)
    assert sides(page, 1) == pytest.approx([5, 16, 55, 9], abs=0.5)
    expect(page.locator("[data-unread-line]")).to_be_hidden()  # Each drawn box took the next field of the form.
    page.locator("[data-undo]").click()
    expect(boxes).to_have_count(5)
    expect(page.locator("[data-unread]")).to_have_text("Notes")
    drag(page, (0.05, 0.8), (0.6, 0.88))
    check(page, "cutting-drawn")
    with page.expect_navigation():
        page.get_by_role("button", name="Look at it first").last.click()
    expect(page.locator(".cut-plate")).to_have_count(6)
    check(page, "cutting-look")
    with page.expect_navigation():
        page.get_by_role("button", name="Change it").click()
    expect(boxes).to_have_count(6)
    with page.expect_navigation():
        page.get_by_role("button", name="Look at it first").last.click()
    with page.expect_navigation():
        page.get_by_role("button", name="Cut 12 scans").click()
    expect(page.get_by_text("12 of 12 scans are cut.")).to_be_visible()
    check(page, "cutting-state")
    page.get_by_text("Discard this cutting").click()
    with page.expect_navigation():
        page.get_by_role("button", name="Discard 12 tasks").click()
    expect(page.get_by_text("12 tasks were discarded.")).to_be_visible()
    expect(boxes).to_have_count(6)


def test_a_box_is_made_moved_sized_and_deleted_by_keys_alone(to_cut: Running, visitor: Visitor) -> None:
    page = sign_in(visitor(), "manager")
    page.goto(PAGE)
    count = page.locator("[data-boxes] [data-box]").count()
    page.locator("[data-add]").focus()
    page.keyboard.press("Enter")
    number = count + 1
    before = sides(page, number)
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Shift+ArrowRight", "Shift+ArrowUp"):
        page.keyboard.press(key)
    after = sides(page, number)
    assert [round(b - a, 2) for a, b in zip(before, after, strict=True)] == [1, 0.5, 0.5, -0.5]
    expect(page.locator("[data-said]")).to_contain_text(f"x {after[0]:g} %")
    page.keyboard.press("Control+z")
    assert sides(page, number)[3] == before[3]
    page.locator(f'.cut-box[data-index="{number - 1}"]').focus()
    page.keyboard.press("Delete")
    expect(page.locator("[data-boxes] [data-box]")).to_have_count(count)
    assert page.evaluate("document.activeElement.matches('[data-add]')"), "the focus is not lost"


def test_the_chosen_box_is_moved_and_a_box_inside_another_is_drawn(to_cut: Running, visitor: Visitor) -> None:
    page = sign_in(visitor(), "manager")
    page.goto(PAGE)
    count = page.locator("[data-boxes] [data-box]").count()
    drag(page, (0.64, 0.3), (0.95, 0.9))
    page.keyboard.press("Escape")
    drag(page, (0.7, 0.4), (0.8, 0.6))
    expect(page.locator("[data-boxes] [data-box]")).to_have_count(count + 2)
    drag(page, (0.75, 0.5), (0.85, 0.6))
    assert sides(page, count + 2) == pytest.approx([80, 50, 10, 20], abs=1)
    drag(page, (0.9, 0.7), (0.93, 0.75))
    assert sides(page, count + 2) == pytest.approx([80, 50, 13, 25], abs=1)


def test_a_finger_draws_the_area_of_a_grid(to_cut: Running, visitor: Visitor) -> None:
    page = sign_in(visitor(size="narrow", has_touch=True), "manager")
    page.goto(PAGE)
    page.get_by_label("By a grid").check()
    page.fill("#rows", "4")
    page.locator("[data-canvas]").scroll_into_view_if_needed()
    page.evaluate(
        """() => {
          const canvas = document.querySelector("[data-canvas]");
          canvas.setPointerCapture = () => {};
          const place = canvas.getBoundingClientRect();
          const at = (type, x, y) => canvas.dispatchEvent(new PointerEvent(type, { bubbles: true, pointerType: "touch",
            clientX: place.x + place.width * x, clientY: place.y + place.height * y }));
          at("pointerdown", 0.1, 0.2);
          at("pointermove", 0.5, 0.5);
          at("pointermove", 0.9, 0.8);
          at("pointerup", 0.9, 0.8);
        }"""
    )
    assert float(page.input_value("#area-width")) == pytest.approx(80, abs=1)
    assert float(page.input_value("#area-y")) == pytest.approx(20, abs=1)
    expect(page.locator("[data-drawn=grid] .cut-outline").first).to_have_attribute("d", re.compile("M.*v.*|M.*h.*"))
    check(page, "cutting-grid-narrow")


@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_every_way_is_free_of_barriers_in_both_languages(to_cut: Running, visitor: Visitor, size: str) -> None:
    page = signed_in_as(visitor, "manager", "en", size)
    page.goto(PAGE)
    for way in ("template", "grid", "lines", "whole"):
        page.check(f"input[value={way}]")
        check(page, named(f"cutting-{way}", "en", size))


def test_without_a_script_boxes_are_typed_and_cut(to_cut: Running, visitor: Visitor) -> None:
    page = sign_in(visitor(java_script_enabled=False), "manager")
    page.goto(PAGE)
    page.get_by_label("As a whole").check()
    with page.expect_navigation():
        page.get_by_role("button", name="Look at it first").last.click()
    expect(page.get_by_text("By", exact=False).first).to_be_visible()
    expect(page.locator(".cut-plate")).to_have_count(6)
    with page.expect_navigation():
        page.get_by_role("button", name="Change it").click()
    page.get_by_label("By a template").check()
    with page.expect_navigation():
        page.locator("section[data-way=template]").get_by_role("button", name="Add a box").click()
    assert page.locator("[data-boxes] [data-box]").count() >= 1
    keep_screen(page, "cutting-without-script")


# The pure module ---------------------------------------------------------------------------------------------------


@pytest.fixture
def call(to_cut: Running, visitor: Visitor) -> Callable[..., Any]:
    """Calls a function of boxes.js with JSON values."""
    page = visitor()
    page.goto("/")
    return lambda name, *values: page.evaluate(
        "async ([name, values]) => (await import('/static/js/cutting/boxes.js'))[name](...values)", [name, list(values)]
    )


def box(x: float, y: float, width: float, height: float) -> dict[str, float]:
    return {"x": x, "y": y, "width": width, "height": height}


def test_a_box_never_leaves_the_scan(call: Callable[..., Any]) -> None:
    assert call("moved", box(90, 90, 20, 5), 50, 50) == box(80, 95, 20, 5)
    assert call("moved", box(5, 5, 20, 5), -50, -50) == box(0, 0, 20, 5)
    assert call("drawn", {"x": 130, "y": 20}, {"x": 40, "y": -9}) == box(40, 0, 60, 20)
    assert call("drawn", {"x": 100, "y": 100}, {"x": 100, "y": 100}) == box(99.5, 99.5, 0.5, 0.5)
    assert call("resized", box(10, 10, 20, 20), "nw", {"x": 50, "y": 15}) == box(29.5, 15, 0.5, 15)
    assert call("nudged", box(0, 0, 100, 100), "ArrowRight", True) == box(0, 0, 100, 100)
    assert call("nudged", box(0, 0, 10, 10), "Tab", False) is None


def test_the_chosen_box_is_held_at_its_edges_and_inside(call: Callable[..., Any]) -> None:
    reach = {"x": 3, "y": 3}
    held = {
        (11, 11): "nw",
        (29, 29): "se",
        (20, 11): "n",
        (11, 20): "w",
        (20, 20): "inside",
        (9.5, 20): "w",
        (8, 20): "",
    }
    for (x, y), grip in held.items():
        assert call("grip", box(10, 10, 20, 20), {"x": x, "y": y}, reach) == grip, (x, y)
    assert call("grip", box(0, 0, 100, 100), {"x": 50, "y": 50}, reach) == ""
    assert call("under", [box(0, 0, 90, 90), box(10, 10, 5, 5), None], {"x": 12, "y": 12}) == 1
    assert call("under", [box(0, 0, 9, 9)], {"x": 50, "y": 50}) == -1


@pytest.mark.parametrize(
    "texts", [["", "1", "1", "1"], ["a", "1", "1", "1"], ["-1", "1", "1", "1"], ["60", "1", "60", "1"]]
)
def test_what_is_no_box_is_not_drawn(call: Callable[..., Any], texts: list[str]) -> None:
    assert call("readBox", texts) is None
    assert call("readBox", ["1,5", "2", "3", "4"]) == box(1.5, 2, 3, 4)
