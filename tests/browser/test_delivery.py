"""A manager sends pictures by the form and watches them being taken in by the worker."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Running, Visitor, keep_screen, sign_in
from tests.browser.program import SLUG
from tests.cast import card_picture


def test_an_upload_is_taken_in_while_its_page_looks_on(running: Running, visitor: Visitor) -> None:
    page = sign_in(visitor(size="narrow"), "manager")
    page.goto(f"/desk/{SLUG}/scans")
    pictures = [
        {"name": f"new-{n}.jpg", "mimeType": "image/jpeg", "buffer": card_picture(n, 1600, 1000)} for n in range(3)
    ]
    broken = {"name": "broken.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}
    page.set_input_files("#files", [*pictures, broken])  # type: ignore[list-item]
    with page.expect_navigation():
        page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("3 scans were taken in.")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("rowheader", name="broken.jpg")).to_be_visible()
    keep_screen(page, "delivery-after-upload")
    page.get_by_role("link", name="Back to the scans").click()
    page.get_by_role("link", name="Overview").click()
    expect(page.locator(".figures dd").first).to_have_text("15")
