"""A manager sends a layout beside its scan, sees that its boxes lie wrongly, and mends it; by keyboard as well."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Running, Visitor, sign_in
from tests.browser.program import SLUG
from tests.browser.test_every_page import check, named, signed_in_as
from tests.core.test_layout_reading import alto, in_block

# A page that is higher than the card it speaks of.
TALL = alto(
    in_block(
        *(
            f'<TextLine ID="l{n}" HPOS="{100 + n}" VPOS="{40 * n + 20}" WIDTH="600" HEIGHT="30">'
            f'<String CONTENT="Line {n} of the card" WC="0.{n + 1}"/></TextLine>'
            for n in range(8)
        )
    ),
    page='WIDTH="1600" HEIGHT="2400"',
)


def send_layout(page: Page) -> None:
    """Sends the file, and opens the page of its boxes; the same file again is the same layout."""
    page.goto(f"/desk/{SLUG}/scans")
    page.set_input_files("#files", {"name": "card-001.xml", "mimeType": "text/xml", "buffer": TALL})
    with page.expect_navigation():
        page.get_by_role("button", name="Upload").click()
    for _ in range(40):
        page.goto(f"/desk/{SLUG}/layouts")
        if page.locator("tbody a").count():
            break
        page.wait_for_timeout(500)
    page.locator("tbody a").first.click()
    page.wait_for_url(re.compile("/layout"))


def test_boxes_that_lie_wrongly_are_seen_and_mended_dropped_and_taken_back(running: Running, visitor: Visitor) -> None:
    page = sign_in(visitor(), "manager")
    send_layout(page)
    expect(page.get_by_text("It is not certain how these boxes lie on the scan.")).to_be_visible()
    page.locator(".layout-way:not(.is-active) button").first.click()
    expect(page.get_by_text("The boxes lie so now.")).to_be_visible()
    expect(page.get_by_text("It is not certain")).to_have_count(0)
    page.get_by_role("button", name="Drop these boxes").click()
    page.get_by_role("button", name="Take them back").click()
    expect(page.get_by_text("The boxes are back.")).to_be_visible()


def test_lines_are_walked_through_by_keyboard_and_shown_on_the_scan(running: Running, visitor: Visitor) -> None:
    page = sign_in(visitor(), "manager")
    send_layout(page)
    page.locator("[name=size][value='4']").check()
    page.locator(".layout-list a").first.focus()
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    expect(page.locator("#line-6")).to_have_class(re.compile("is-active"))
    expect(page.locator("path.is-active")).to_have_count(1)
    assert page.evaluate("document.activeElement.hash") == "#line-6"
    page.locator(".layout-stage").evaluate("stage => stage.scrollTo({top: 0, left: 0, behavior: 'instant'})")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "() => { const box = document.querySelector('#line-6').getBoundingClientRect();"
        " const stage = document.querySelector('.layout-stage').getBoundingClientRect();"
        " return box.top >= stage.top && box.bottom <= stage.bottom; }"
    )
    page.locator("#line-2").click()
    assert page.evaluate("document.activeElement.hash") == "#line-2"


def test_without_a_script_the_links_show_the_lines(running: Running, visitor: Visitor) -> None:
    page = sign_in(visitor(java_script_enabled=False), "manager")
    send_layout(page)
    page.locator(".layout-list a").nth(3).click()
    assert page.url.endswith("#line-4")
    assert page.locator("#line-4").evaluate("path => path.matches(':target')")


@pytest.mark.parametrize(("language", "size"), [("en", "wide"), ("fr", "narrow")])
def test_the_page_of_the_boxes_can_be_used_by_everybody(
    running: Running, visitor: Visitor, language: str, size: str
) -> None:
    page = sign_in(visitor(), "manager")
    send_layout(page)
    address = page.url
    page = signed_in_as(visitor, "manager", language, size)
    page.goto(address)
    for ways in page.locator("details").all():
        ways.evaluate("details => { details.open = true; }")
    check(page, named("layout", language, size))
