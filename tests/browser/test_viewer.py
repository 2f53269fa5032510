"""The scan on the workbench in a real browser: tiles by IIIF, the view, the field's box, and the page's budget."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Running, Visitor, keep_screen
from tests.browser.test_nothing_is_lost import at_the_bench

pytestmark = pytest.mark.browser
BUDGET_BYTES = 300_000
STAGE, TILES = "[data-stage]", "[data-tiles] canvas"


def transform_of(page: Page) -> str:
    return page.locator("[data-moved]").get_attribute("transform") or ""


def scale_of(page: Page) -> float:
    return float(re.search(r"scale\(([\d.]+)\)", transform_of(page))[1])  # type: ignore[index]


def tiles_come(page: Page) -> None:
    """The library is there and all tiles of the view are drawn: then the plain picture of the piece is gone."""
    expect(page.locator(TILES).first).to_be_attached()
    expect(page.locator("[data-moved] image")).to_have_count(0)


def colour_at(page: Page, x: float, y: float) -> list[int]:
    """The colour that the tiles have at a place of the stage, in shares of its sides."""
    found: list[int] = page.locator(TILES).first.evaluate(
        "(canvas, [x, y]) => [...canvas.getContext('2d').getImageData("
        " Math.round(x * canvas.width), Math.round(y * canvas.height), 1, 1).data]",
        [x, y],
    )
    return found


def test_the_scan_comes_in_tiles_that_lie_under_the_brackets(visitor: Visitor) -> None:
    page = visitor()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    at_the_bench(page)
    tiles_come(page)
    assert any(re.search(r"/iiif/3/\w+/\d+,\d+,\d+,\d+/\d+,\d+/0/default\.jpg$", url) for url in asked)
    assert colour_at(page, 0.5, 0.5)[3] == 255
    page.locator("[data-tool=page]").click()
    page.wait_for_timeout(300)
    # Where the viewer says that the page ends, the tiles end: they follow the same view.
    edges: dict[str, float] = page.evaluate(
        """() => {
          const root = document.querySelector('[data-viewer]'), stage = document.querySelector('[data-stage]');
          const [width, height] = root.dataset.scanSize.split(' ').map(Number);
          const matrix = document.querySelector('[data-moved]').getCTM();
          const at = (x, y) => new DOMPoint(x, y).matrixTransform(matrix);
          const [from, to] = [at(0, 0), at(width, height)];
          return {left: from.x / stage.clientWidth, right: to.x / stage.clientWidth,
                  top: from.y / stage.clientHeight, bottom: to.y / stage.clientHeight};
        }"""
    )
    middle, near = (edges["top"] + edges["bottom"]) / 2, 0.006
    assert 0 < edges["left"] < edges["right"] < 1
    assert colour_at(page, edges["left"] + near, middle)[3] == 255 == colour_at(page, edges["right"] - near, middle)[3]
    assert colour_at(page, edges["left"] - near, middle)[3] == 0 == colour_at(page, edges["right"] + near, middle)[3]


def test_the_scan_is_moved_by_buttons_wheel_and_keys(visitor: Visitor) -> None:
    page = at_the_bench(visitor())
    tiles_come(page)
    fitted, scale = transform_of(page), scale_of(page)
    page.locator("[data-tool=zoom-in]").click()
    assert scale_of(page) == pytest.approx(1.25 * scale, rel=0.01)
    page.locator("[data-tool=fit]").click()
    assert transform_of(page) == fitted
    page.locator(STAGE).hover()
    page.mouse.wheel(0, -240)
    page.wait_for_function(
        "(before) => document.querySelector('[data-moved]').getAttribute('transform') !== before", arg=fitted
    )
    assert page.evaluate("scrollY") == 0 and scale_of(page) > scale
    page.locator("#entry-title").hover()
    before = transform_of(page)
    page.mouse.wheel(0, -240)
    page.wait_for_timeout(200)
    assert transform_of(page) == before, "the wheel zooms over the image only"
    page.keyboard.press("Alt+i")
    for key in ("ArrowLeft", "ArrowUp", "+", "-", "r"):
        before = transform_of(page)
        page.keyboard.press(key)
        assert transform_of(page) != before, key
    assert "rotate(90)" in transform_of(page)
    page.keyboard.press("Shift+R")
    page.keyboard.press("0")
    assert transform_of(page) == fitted
    page.locator("[data-tool=invert]").click()
    assert "invert(1)" in page.locator("[data-tiles]").evaluate("(tiles) => tiles.style.filter")
    page.locator("[data-tool=turn-left]").click()
    page.locator("[data-tool=reset]").click()
    assert transform_of(page) == fitted
    assert "invert" not in page.locator("[data-tiles]").evaluate("(tiles) => tiles.style.filter")


def test_the_box_of_the_field_in_use_is_lit_and_comes_into_view(visitor: Visitor) -> None:
    page = at_the_bench(visitor())
    tiles_come(page)
    lit = page.locator("[data-lit]")
    first = lit.get_attribute("d")
    assert first
    for _ in range(5):
        page.locator("[data-tool=zoom-in]").click()
    page.focus("[name='description.value']")
    assert lit.get_attribute("d") not in ("", first)
    page.wait_for_timeout(400)
    inside: bool = page.evaluate(
        "() => { const box = document.querySelector('[data-lit]').getBoundingClientRect();"
        " const stage = document.querySelector('[data-stage]').getBoundingClientRect();"
        " return box.bottom > stage.top && box.top < stage.bottom"
        "   && box.right > stage.left && box.left < stage.right; }"
    )
    assert inside
    keep_screen(page, "workbench-box-lit")


def test_without_a_script_or_without_the_library_the_piece_is_there(visitor: Visitor) -> None:
    def shown(page: Page) -> None:
        address = page.locator("[data-moved] image").get_attribute("href")
        assert address and page.request.get(address).headers["content-type"] == "image/jpeg"

    shown(at_the_bench(visitor(java_script_enabled=False)))
    page = visitor()
    page.route("**/openseadragon.min.js*", lambda route: route.abort())
    at_the_bench(page)
    before = transform_of(page)
    page.locator("[data-tool=zoom-in]").click()
    assert transform_of(page) != before
    shown(page)


def test_a_scan_that_does_not_come_says_so_and_is_fetched_again(visitor: Visitor) -> None:
    page = visitor()
    page.route("**/iiif/**", lambda route: route.abort())
    at_the_bench(page)
    expect(page.locator("[data-failed]")).to_be_visible()
    page.unroute("**/iiif/**")
    page.locator("[data-reload]").click()
    expect(page.locator("[data-failed]")).to_be_hidden()
    tiles_come(page)


def test_a_network_that_went_and_came_back_leaves_the_scan_where_it_is(visitor: Visitor) -> None:
    page = at_the_bench(visitor())
    tiles_come(page)
    page.context.set_offline(True)
    page.context.set_offline(False)
    page.wait_for_timeout(500)
    assert colour_at(page, 0.5, 0.5)[3] == 255, "nothing was missing, and nothing is taken away"


def test_the_view_is_kept_for_the_same_page(visitor: Visitor) -> None:
    page = at_the_bench(visitor())
    tiles_come(page)
    for _ in range(3):
        page.locator("[data-tool=zoom-in]").click()
    page.locator("[data-tool=turn-right]").click()
    scale = scale_of(page)
    page.reload()
    tiles_come(page)
    assert scale_of(page) == pytest.approx(scale, rel=0.01) and "rotate(90)" in transform_of(page)


def test_the_first_visit_stays_within_its_budget(running: Running, visitor: Visitor) -> None:
    """All but the scan itself, as it goes over the line. How long it takes is for scripts/bench to tell."""
    page = at_the_bench(visitor())
    address = page.url
    devtools: Any = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    kinds: dict[str, str] = {}
    sent: dict[str, int] = {}
    devtools.on("Network.responseReceived", lambda one: kinds.update({one["requestId"]: one["response"]["url"]}))
    devtools.on("Network.loadingFinished", lambda one: sent.update({one["requestId"]: int(one["encodedDataLength"])}))
    page.goto(address)
    page.wait_for_function("document.activeElement?.name === 'object.value'")
    tiles_come(page)
    bytes_by_address = {kinds[key]: size for key, size in sent.items() if key in kinds}
    pictures = sum(size for url, size in bytes_by_address.items() if "/iiif/" in url or "/pictures/" in url)
    others = sum(bytes_by_address.values()) - pictures
    assert 60_000 < others < BUDGET_BYTES, sorted(bytes_by_address.items(), key=lambda one: -one[1])[:12]
