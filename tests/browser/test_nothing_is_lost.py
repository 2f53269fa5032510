"""What is typed stays, and counts once: whatever happens to the network, the server, the session and the lease."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.conftest import Running, Visitor
from tests.browser.losing import (
    KINDS,
    Breakable,
    answers,
    answers_that_count,
    breakable,
    is_there,
    says_it,
    sends,
    type_it,
)
from tests.browser.program import SLUG, truths, wait_until
from tests.browser.test_every_page import check
from tests.browser.test_tags import as_person, begin, window

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


def answers_in(running: Running) -> int:
    with closing(sqlite3.connect(running.folder / "micro.db")) as database:
        found: int = database.execute("SELECT count(*) FROM answer").fetchone()[0]
        return found


def test_what_is_typed_before_the_script_has_come_stays_and_is_kept(running: Running, visitor: Visitor) -> None:
    page = at_the_bench(visitor())
    held: list[Route] = []
    page.route("**/scripts/**", lambda route: held.append(route))
    page.goto(page.url, wait_until="commit")
    second = page.locator("[data-field] .input:visible").nth(1)
    second.press_sequentially("Loch 4")
    assert len(held) == 1, "the page has one script, and it is still on its way"
    held[0].continue_()
    expect(page.locator("[data-entry][data-started]")).to_be_attached()
    expect(second).to_be_focused()
    expect(second).to_have_value("Loch 4")
    expect(page.locator("[data-save=saved]")).to_be_visible(timeout=12_000)
    page.unroute("**/scripts/**")
    page.evaluate("localStorage.clear()")
    page.goto(page.url)
    expect(second).to_have_value("Loch 4")


def test_a_card_sent_without_a_network_stays_and_is_sent_once_when_the_line_is_back(
    running: Running, visitor: Visitor
) -> None:
    page = at_the_bench(visitor())
    before, address = answers_in(running), page.url
    fill(page, running)
    typed = page.input_value(TEXT)
    page.context.set_offline(True)
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-trouble]")).to_be_visible()
    assert page.input_value(TEXT) == typed
    page.context.set_offline(False)
    page.locator("[data-again]").dblclick()
    page.wait_for_url(lambda url: url != address)
    assert answers_in(running) == before + 1


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
    page.locator("input[name='material.value'][value=bronze]").check()
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-trouble]")).to_contain_text("not lent to you any more")
    mine = page.locator("#my-text")
    expect(mine).to_contain_text("Object: Still here")
    expect(mine).to_contain_text("Material: Bronze")
    expect(mine).not_to_contain_text("Length")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_text("Copy my text").click()
    expect(page.locator("[data-copy]")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == mine.text_content()
    check(page, "cookie-lost")


# Every kind, whatever happens ----------------------------------------------------------------------------------------


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(tmp_path: Path, kind: str) -> Iterator[Breakable]:
    with breakable(tmp_path, kind) as running:
        yield running


@pytest.fixture
def context(browser: Browser, server: Breakable) -> Iterator[BrowserContext]:
    opened = window(browser, server.served)
    yield opened
    opened.close()


def opened_card(context: BrowserContext) -> Page:
    page = begin(context)
    page.wait_for_selector("[data-started]")
    return page


def kept_here(page: Page) -> None:
    """Waits until this computer has a copy of what was typed."""
    wait_until(lambda: page.evaluate("Object.keys(localStorage).some((key) => key.startsWith('micro:draft:'))"))


def test_while_the_server_is_started_anew_the_text_waits_and_is_sent_once(
    server: Breakable, context: BrowserContext, kind: str
) -> None:
    page = opened_card(context)
    type_it(page, kind)
    server.stop()
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-trouble]")).to_be_visible()
    is_there(page, kind)
    server.start()
    sends(page, lambda: page.locator("[data-again]").dblclick())
    assert [says_it(value, kind) for value in answers(server)] == [True]
    assert answers_that_count(server) == 1


def test_a_server_that_dies_in_the_middle_of_a_post_took_the_answer_once(
    server: Breakable, context: BrowserContext, kind: str
) -> None:
    page = opened_card(context)
    type_it(page, kind)
    server.cut_off = 1
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-trouble]")).to_be_visible()
    is_there(page, kind)
    assert len(answers(server)) == 1, "it was kept, but nobody was told"
    server.stop()
    server.start()
    sends(page, lambda: page.locator("[data-again]").click())
    assert [says_it(value, kind) for value in answers(server)] == [True]
    assert answers_that_count(server) == 1


def test_what_was_typed_without_a_network_is_there_after_a_reload_and_after_leaving(
    server: Breakable, context: BrowserContext, kind: str
) -> None:
    page = opened_card(context)
    context.set_offline(True)
    type_it(page, kind)
    kept_here(page)
    context.set_offline(False)
    page.reload()
    is_there(page, kind)
    page.locator(".bench__project a").click()
    page.wait_for_url("**/p/finds")
    page.go_back()
    is_there(page, kind)
    sends(page, lambda: page.keyboard.press("Control+Enter"))
    assert [says_it(value, kind) for value in answers(server)] == [True]


def test_going_back_to_a_card_that_was_sent_shows_it_and_sends_nothing_again(
    server: Breakable, context: BrowserContext, kind: str
) -> None:
    page = opened_card(context)
    type_it(page, kind)
    sends(page, lambda: page.keyboard.press("Control+Enter"))
    page.go_back()
    expect(page.locator("#said")).to_be_visible()
    page.reload()
    assert len(answers(server)) == 1


def test_of_two_tabs_with_one_card_the_newer_answer_counts(
    server: Breakable, context: BrowserContext, kind: str
) -> None:
    one = opened_card(context)
    other = context.new_page()
    other.goto(one.url)
    other.wait_for_selector("[data-started]")
    type_it(one, kind, "hoard")
    type_it(other, kind)
    is_there(one, kind, "hoard")
    sends(one, lambda: one.keyboard.press("Control+Enter"))
    is_there(other, kind)
    sends(other, lambda: other.keyboard.press("Control+Enter"))
    assert [says_it(value, kind, word) for value, word in zip(answers(server), ("hoard", "axe"), strict=True)] == [
        True,
        True,
    ]
    assert answers_that_count(server) == 1


def test_a_double_click_and_enter_held_down_are_one_answer(
    server: Breakable, context: BrowserContext, kind: str
) -> None:
    page = opened_card(context)
    type_it(page, kind)
    sends(page, lambda: page.locator("[data-submit]").dblclick())
    assert [says_it(value, kind) for value in answers(server)] == [True]


def test_a_card_whose_time_ran_out_is_warned_of_kept_and_counts(
    server: Breakable, context: BrowserContext, kind: str
) -> None:
    page = opened_card(context)
    type_it(page, kind)
    wait_until(lambda: page.locator("[data-save=saved]").is_visible())
    server.served.house.clock.pass_(minutes=26)  # type: ignore[attr-defined]
    page.reload()
    expect(page.locator("[data-lease=ending]")).to_contain_text("for 4 more minutes")
    page.locator("[data-lease=ending] [data-renew]").click()
    expect(page.locator("[data-lease=ending]")).to_be_hidden()
    server.served.house.clock.pass_(hours=2)  # type: ignore[attr-defined]
    page.reload()
    expect(page.locator("[data-lease=over]")).to_be_visible()
    is_there(page, kind)
    sends(page, lambda: page.keyboard.press("Control+Enter"))
    assert [says_it(value, kind) for value in answers(server)] == [True]
    assert answers_that_count(server) == 1


def test_who_was_signed_out_meanwhile_signs_in_beside_it_and_sends_it_once(
    server: Breakable, context: BrowserContext, kind: str
) -> None:
    ada = server.served.cast.ada
    as_person(context, server.served, ada)
    page = opened_card(context)
    context.clear_cookies()
    type_it(page, kind)
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-trouble-text]")).to_contain_text("Sign in again in another window")
    is_there(page, kind)
    assert answers(server) == []
    as_person(context, server.served, ada)
    sends(page, lambda: page.locator("[data-again]").click())
    assert [says_it(value, kind) for value in answers(server)] == [True]
