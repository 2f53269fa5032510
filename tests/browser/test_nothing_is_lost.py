"""What is typed stays: without a network, after a reload, with a lost cookie."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

from playwright.sync_api import Page, expect

from tests.browser.conftest import Running, Visitor
from tests.browser.program import SLUG, truths, wait_until

TEXT = "input[name='object.value']"


def at_the_bench(page: Page) -> Page:
    """A visitor without an account who has accepted the terms and got a card."""
    page.goto(f"/p/{SLUG}")
    with page.expect_navigation():
        page.locator("main form button.button--main").first.click()
    with page.expect_navigation():
        page.locator("main form button.button--main").first.click()
    expect(page.locator("#entry-title")).to_be_visible()
    return page


def fill(page: Page, running: Running) -> None:
    """Every field of the card that is open, as it stands there."""
    known = truths(running)
    said = known[next(identifier for identifier in known if identifier in page.title())]
    for name, one in said.items():
        if one.get("mark") == "blank":
            page.locator(f"input[name='{name}.mark'][value=blank]").check(force=True)
        elif name == "material":
            page.locator(f"input[name='material.value'][value={one['value']}]").check()
        elif name == "length":
            page.fill("input[name='length.value.amount']", one["value"]["amount"])
            page.select_option("select[name='length.value.unit']", one["value"]["unit"])
        elif name == "found_on":
            for part, text in zip(("year", "month", "day"), one["value"].split("-"), strict=True):
                page.fill(f"input[name='found_on.value.{part}']", "" if "X" in text else text)
        else:
            page.fill(f"[name='{name}.value']", one["value"])


def answers(running: Running) -> int:
    with closing(sqlite3.connect(running.folder / "micro.db")) as database:
        found: int = database.execute("SELECT count(*) FROM answer").fetchone()[0]
        return found


def test_a_card_sent_without_a_network_stays_and_is_sent_once_when_the_line_is_back(
    running: Running, visitor: Visitor
) -> None:
    page = at_the_bench(visitor())
    before, address = answers(running), page.url
    fill(page, running)
    typed = page.input_value(TEXT)
    page.context.set_offline(True)
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-trouble]")).to_be_visible()
    assert page.input_value(TEXT) == typed
    page.context.set_offline(False)
    page.locator("[data-again]").dblclick()
    page.wait_for_url(lambda url: url != address)
    assert answers(running) == before + 1


def test_what_was_typed_is_there_after_a_reload_even_if_the_server_never_got_it(visitor: Visitor) -> None:
    page = at_the_bench(visitor())
    page.context.set_offline(True)
    page.fill(TEXT, "Half a word")
    wait_until(lambda: "Half a word" in page.evaluate("JSON.stringify(localStorage)"))
    page.context.set_offline(False)
    page.reload()
    expect(page.locator(TEXT)).to_have_value("Half a word")


def test_a_lost_cookie_is_not_called_a_lost_network(visitor: Visitor) -> None:
    page = at_the_bench(visitor())
    page.context.clear_cookies(name=re.compile("micro_volunteer"))
    page.fill(TEXT, "Still here")
    expect(page.locator("[data-save=here]")).to_be_visible(timeout=15_000)
    assert page.input_value(TEXT) == "Still here"
