"""The kinds text and classify in a real browser: by keyboard alone, without a script, looked at and reviewed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from micro.data.models import Record
from micro.services.settling import settle_some, version_of
from tests.browser.conftest import keep_screen
from tests.browser.forms import served_with
from tests.browser.program import wait_until
from tests.browser.test_every_page import check
from tests.browser.test_tags import Served, answers, as_person, begin, drafts, window
from tests.forms import PAGE, TREE, with_lines

pytestmark = pytest.mark.browser


@pytest.fixture
def page_of_lines(tmp_path: Path) -> Iterator[Served]:
    yield from served_with(tmp_path, "text", PAGE, with_lines)


@pytest.fixture
def plain_page(tmp_path: Path) -> Iterator[Served]:
    yield from served_with(tmp_path, "text", PAGE)


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Served]:
    yield from served_with(tmp_path, "classify", TREE)


def started(page: Page) -> Page:
    page.wait_for_selector("[data-started]")
    return page


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.closest('[data-field]')?.dataset.field ?? ''"))


# Lines -------------------------------------------------------------------------------------------------------------


def test_a_page_is_written_out_with_the_keyboard_alone(browser: Browser, page_of_lines: Served) -> None:
    context = window(browser, page_of_lines)
    page = started(begin(context))
    assert focused(page) == "text.r1", "the first line has the caret"
    assert page.locator("[data-strip]:visible").count() == 1, "its piece of the scan stands above it"
    page.keyboard.type("Je soussigné")
    expect(page.locator(".entry__head")).to_contain_text("Line 1 of 3")
    page.keyboard.press("Enter")
    assert focused(page) == "text.r2"
    expect(page.locator(".entry__head")).to_contain_text("Line 2 of 3")
    page.keyboard.type("né à Rennes")
    page.keyboard.press("Control+Shift+ArrowLeft")
    page.keyboard.press("Alt+u")
    assert page.locator("[id='field-text.r2']").input_value() == "né à [Rennes?]"
    page.keyboard.press("Shift+Enter")
    assert focused(page) == "text.r1"
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.keyboard.press("Alt+l")
    assert page.locator("[id='field-text.r3']").is_disabled()
    page.keyboard.press("Control+Enter")
    page.get_by_text("Sent. Thank you.", exact=True).wait_for()
    assert answers(page_of_lines) == [
        {"text": {"value": [{"value": "Je soussigné"}, {"value": "né à [Rennes?]"}, {"mark": "illegible"}]}}
    ]
    page.goto("/my-answers")
    assert page.locator(".unclear").inner_text().startswith("Rennes")
    context.close()


def test_a_line_that_was_forgotten_is_told_where_it_stands(browser: Browser, page_of_lines: Served) -> None:
    context = window(browser, page_of_lines)
    page = started(begin(context))
    page.keyboard.type("One")
    page.keyboard.press("Control+Enter")
    page.locator("[id='field-text.r2-problem']:not([hidden])").wait_for()
    assert focused(page) == "text.r2"
    assert page.locator("[id='field-text.r1-problem']").is_hidden()
    assert page.locator("[id='field-text.r1']").input_value() == "One"
    context.close()


def test_the_preview_shows_the_marks_and_the_palette_sets_them(browser: Browser, page_of_lines: Served) -> None:
    context = window(browser, page_of_lines)
    page = started(begin(context))
    page.keyboard.type("Vve Paul")
    page.keyboard.press("Home")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    page.get_by_role("button", name="in full").click()
    page.keyboard.type("Veuve")
    assert page.locator("[id='field-text.r1']").input_value() == "[Vve=Veuve] Paul"
    page.keyboard.press("End")
    page.get_by_role("button", name="œ").click()
    assert page.locator("[id='field-text.r1']").input_value() == "[Vve=Veuve] Paulœ"
    assert focused(page) == "text.r1", "the caret stays in the text"
    page.get_by_text("Preview", exact=True).click()
    assert page.locator("[data-line-rendered] abbr").get_attribute("title") == "Veuve"
    page.locator("[id='field-text.r2']").fill("an [-old-] one")
    assert page.locator("[data-line-rendered] del").inner_text() == "old"
    context.close()


def test_on_a_telephone_the_view_follows_the_caret_along_the_line(browser: Browser, page_of_lines: Served) -> None:
    context = window(browser, page_of_lines, "narrow", reduced_motion="reduce")
    page = started(begin(context))

    def view() -> str:
        return str(page.locator("[data-moved]").first.get_attribute("transform"))

    page.keyboard.type("J")
    page.wait_for_timeout(300)
    begin_of_line = view()
    page.keyboard.type("e soussigné, né à Rennes le deux février")
    wait_until(lambda: view() != begin_of_line)
    context.close()


def test_a_draft_of_lines_comes_back(browser: Browser, page_of_lines: Served) -> None:
    context = window(browser, page_of_lines)
    page = started(begin(context))
    page.keyboard.type("Kept")
    page.locator("[data-save=saved]:not([hidden])").wait_for()
    assert drafts(page_of_lines)[0]["text"]["value"]["r1"] == {"value": "Kept"}
    page.reload()
    started(page)
    assert page.locator("[id='field-text.r1']").input_value() == "Kept"
    context.close()


def test_a_page_without_a_layout_is_one_text_whose_line_ends_are_kept(browser: Browser, plain_page: Served) -> None:
    context = window(browser, plain_page)
    page = started(begin(context))
    page.keyboard.type("One")
    page.keyboard.press("Enter")
    page.keyboard.type("two")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Sent. Thank you.", exact=True).wait_for()
    assert answers(plain_page) == [{"text": {"value": [{"value": "One"}, {"value": "two"}]}}]
    context.close()


def test_lines_need_no_script(browser: Browser, page_of_lines: Served) -> None:
    context = window(browser, page_of_lines, java_script_enabled=False)
    page = begin(context)
    for number, text in enumerate(("One", "two", ""), start=1):
        page.locator(f"[id='field-text.r{number}']").fill(text)
    page.locator("[name='text.value.r3.mark'][value=blank]").check()
    keep_screen(page, "lines-without-script")
    expect(page.locator(".entry__head")).to_contain_text("3 lines")
    page.locator("[data-submit]").click()
    page.get_by_text("Sent. Thank you.", exact=True).wait_for()
    assert answers(page_of_lines) == [{"text": {"value": [{"value": "One"}, {"value": "two"}, {"mark": "blank"}]}}]
    context.close()


@pytest.mark.parametrize(("locale", "size"), [("en", "wide"), ("fr", "wide"), ("en", "narrow"), ("fr", "narrow")])
def test_a_page_of_lines_is_for_everybody(browser: Browser, page_of_lines: Served, locale: str, size: str) -> None:
    context = window(browser, page_of_lines, size, locale=locale)
    page = started(begin(context))
    page.keyboard.type("Je soussigné [Rébuffé?] né à Rennes le deux février mil huit cent")
    page.keyboard.press("Enter")
    check(page, f"lines-{locale}-{size}")
    page.keyboard.press("Control+Enter")
    page.locator(".field__problem:not([hidden])").first.wait_for()
    check(page, f"lines-problems-{locale}-{size}")
    context.close()


def test_a_reviewer_amends_a_line(browser: Browser, page_of_lines: Served) -> None:
    for words in ("One", "One", "Oen"):
        context = window(browser, page_of_lines)
        page = started(begin(context))
        for text in (words, "two", "three"):
            page.keyboard.type(text)
            page.keyboard.press("Enter")
        page.keyboard.press("Control+Enter")
        page.get_by_text("Sent. Thank you.", exact=True).wait_for()
        context.close()
    with page_of_lines.house.database.writing() as session:
        settle_some(session, page_of_lines.cast.project.id, page_of_lines.house.clock())
    context = window(browser, page_of_lines)
    as_person(context, page_of_lines, page_of_lines.cast.ben)
    page = context.new_page()
    page.goto("/review?state=settled")
    if not page.locator(".queue__name a").count():
        page.goto("/review")
    page.locator(".queue__name a").first.click()
    page.goto(page.url.partition("?")[0] + "?edit=1&field=text")
    page.locator("[id='field-text.r2']").fill("zwei")
    check(page, "review-lines-edit")
    page.get_by_role("button", name="Save these values").click()
    page.get_by_text("is kept with your values").wait_for()
    with page_of_lines.house.database.reading() as session:
        record = session.scalars(select(Record).where(Record.state == "decided")).one()
        version = version_of(session, record, record.current)
        assert version is not None
        assert [line["value"] for line in version.values["text"]["value"]] == ["One", "zwei", "three"]
    context.close()


# Questions ---------------------------------------------------------------------------------------------------------


def test_questions_are_answered_with_number_keys(browser: Browser, tree: Served) -> None:
    context = window(browser, tree)
    page = started(begin(context))
    assert page.get_by_text("Which part of it?", exact=True).is_hidden(), "nobody asks that yet"
    page.keyboard.press("1")
    assert focused(page) == "part"
    page.keyboard.press("2")
    assert focused(page) == "decor"
    page.keyboard.press("2")
    assert page.get_by_role("checkbox", name="Dots").is_checked()
    page.keyboard.press("Control+Enter")
    page.get_by_text("Sent. Thank you.", exact=True).wait_for()
    assert answers(tree) == [{"shows": {"value": "vessel"}, "part": {"value": "sherd"}, "decor": {"value": ["dots"]}}]
    context.close()


def test_a_box_as_large_as_the_piece_is_not_tinted(browser: Browser, tree: Served) -> None:
    context = window(browser, tree)
    page = begin(context)
    page.wait_for_selector("[data-started]")
    assert page.locator("[data-box]").count(), "the question knows where its answer stands: anywhere on the piece"
    assert page.locator("[data-lit]").get_attribute("d") == ""
    context.close()


def test_what_is_not_asked_any_more_is_kept_but_not_sent(browser: Browser, tree: Served) -> None:
    context = window(browser, tree)
    page = started(begin(context))
    page.keyboard.press("1")
    page.keyboard.press("2")
    page.keyboard.press("1")
    page.get_by_label("A coin").check()
    assert page.get_by_text("What is on it?", exact=True).is_hidden()
    page.get_by_label("A vessel").check()
    assert page.get_by_role("checkbox", name="Lines").is_checked(), "it is still there"
    page.get_by_label("A coin").check()
    page.keyboard.press("Control+Enter")
    page.get_by_text("Sent. Thank you.", exact=True).wait_for()
    assert answers(tree) == [{"shows": {"value": "coin"}, "part": {"mark": "unasked"}, "decor": {"mark": "unasked"}}]
    context.close()


def test_a_number_in_a_text_is_a_number_and_keys_can_be_switched_off(browser: Browser, tree: Served) -> None:
    context = window(browser, tree)
    page = started(begin(context))
    page.locator("#report summary").click()
    page.get_by_label("What is wrong?").focus()
    page.keyboard.type("12")
    assert page.get_by_label("What is wrong?").input_value() == "12"
    assert not page.get_by_label("A vessel").is_checked()
    page.evaluate("localStorage.setItem('micro:keys', '\"off\"')")
    page.get_by_label("A coin").focus()
    page.keyboard.press("1")
    assert not page.get_by_label("A vessel").is_checked()
    context.close()


def test_questions_need_no_script(browser: Browser, tree: Served) -> None:
    context = window(browser, tree, java_script_enabled=False)
    page = begin(context)
    assert page.get_by_text("Only if “What is it?” is “A vessel”.").is_visible(), "what depends on what is explained"
    keep_screen(page, "questions-without-script")
    page.get_by_label("A coin").check()
    page.get_by_role("checkbox", name="Dots").check()
    page.locator("[data-submit]").click()
    page.get_by_text("This is not asked, because of another answer.").wait_for()
    page.get_by_role("checkbox", name="Dots").uncheck()
    page.locator("[data-submit]").click()
    page.get_by_text("Sent. Thank you.", exact=True).wait_for()
    assert answers(tree)[0]["decor"] == {"mark": "unasked"}
    context.close()


@pytest.mark.parametrize(("locale", "size"), [("en", "wide"), ("fr", "narrow"), ("en", "narrow")])
def test_questions_are_for_everybody(browser: Browser, tree: Served, locale: str, size: str) -> None:
    context = window(browser, tree, size, locale=locale)
    page = started(begin(context))
    check(page, f"questions-{locale}-{size}")
    page.keyboard.press("1")
    page.keyboard.press("2")
    wait_until(lambda: focused(page) == "decor")
    check(page, f"questions-asked-{locale}-{size}")
    context.close()
