"""Pages of a volunteer's account that one comes to on a way: another address, cards read before signing in, the end of
a project's messages. Looked at as in test_every_page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Running, Visitor
from tests.browser.program import SLUG
from tests.browser.test_every_page import check, named, signed_in_as
from tests.browser.test_states import link_mailed, send

DEMO_PASSWORD = "micro-demo-2026"


@pytest.fixture(params=[("en", "wide"), ("fr", "narrow")], ids="-".join)
def look(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Language and width."""
    language, size = request.param
    return language, size


def test_another_address(running: Running, visitor: Visitor, look: tuple[str, str]) -> None:
    page = signed_in_as(visitor, "reviewer", *look)
    page.goto("/me/address")
    page.fill("input[name=email]", "not an address")
    page.locator("input[name=email]").evaluate("input => input.form.noValidate = true")
    page.fill("main input[type=password]", DEMO_PASSWORD)
    send(page)
    expect(page.locator(".field__problem").first).to_be_visible()
    check(page, named("address", *look))

    def change() -> None:
        page.fill("input[name=email]", f"elsewhere-{look[0]}@example.org")
        page.fill("main input[type=password]", DEMO_PASSWORD)
        send(page)

    link = link_mailed(running, change)
    check(page, named("address-posted", *look))
    page.goto(link)  # Opening it changes nothing; the button would.
    expect(page.locator("main form button")).to_be_visible()
    check(page, named("new-address", *look))


def test_cards_read_before_signing_in(running: Running, visitor: Visitor, look: tuple[str, str]) -> None:
    page = visitor(*look)
    page.goto(f"/p/{SLUG}")
    page.locator("main form button.button--main").first.click()
    page.wait_for_url(re.compile("/terms|/work/"))
    if "/terms" in page.url:
        page.locator("main form button.button--main").first.click()
        page.wait_for_url(re.compile("/work/"))
    for mark in page.locator("input[value=illegible]").all():
        mark.evaluate("input => { input.checked = true; input.dispatchEvent(new Event('change', {bubbles: true})) }")
    first = page.url
    page.keyboard.press("Control+Enter")
    page.wait_for_url(lambda url: url != first)
    page.goto("/sign-in")
    page.fill("input[name=email]", "volunteer@example.org")
    page.fill("input[name=password]", DEMO_PASSWORD)
    send(page)
    if page.evaluate("document.documentElement.lang") != look[0]:
        send(page, f"button[name=language][value={look[0]}]")
    page.goto("/me/claim")
    expect(page.locator("button[name=whose]")).to_have_count(2)
    check(page, named("claim", *look))
    send(page, "button[name=whose][value=other]")
    page.goto("/me/claim")
    page.wait_for_url(re.compile("/me$"))


def test_messages_are_ended_from_a_mail(running: Running, visitor: Visitor, look: tuple[str, str]) -> None:
    page = signed_in_as(visitor, "volunteer", *look)
    page.goto(f"/p/{SLUG}")
    send(page, "button[name=wanted][value=yes]")
    manager = signed_in_as(visitor, "manager", *look)

    def write() -> None:
        manager.goto(f"/desk/{SLUG}/news")
        manager.fill(f"input[name=message-{look[0]}-subject]", "A new drawer")
        manager.fill(f"textarea[name=message-{look[0]}-text]", "It waits for you.")
        with manager.expect_navigation():
            manager.locator("form[action$='message'] button, form[action$='messages'] button").first.click()

    before = len(running.mails.mails)
    write()
    mail = running.mails.wait_for(before + 1)[-1].get_content()
    page.goto(re.search(r"/messages/end/\S+", mail)[0])  # type: ignore[index]
    expect(page.locator("main form button")).to_be_visible()
    check(page, named("messages-wanted", *look))
    send(page, "main form button")
    check(page, named("messages-ended", *look))
    expect(page.locator("main form")).to_have_count(0)
