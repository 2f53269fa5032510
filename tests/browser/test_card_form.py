"""All that the form of a card can do beyond plain inputs, in a real browser: suggestions, conditions, groups, marks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import keep_screen
from tests.browser.forms import served_with
from tests.browser.program import wait_until
from tests.browser.test_every_page import check
from tests.browser.test_kinds import focused, started
from tests.browser.test_tags import Served, answers, begin, drafts, window
from tests.forms import CARD, with_parishes

pytestmark = pytest.mark.browser


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Served]:
    yield from served_with(tmp_path, "transcribe", CARD, with_parishes)


def value_of(page: Page, place: str) -> str:
    return page.locator(f"[id='field-{place}']").input_value()


def test_a_whole_card_with_the_keyboard_alone(browser: Browser, card: Served) -> None:
    context = window(browser, card)
    page = started(begin(context))
    page.keyboard.type("chel")
    page.get_by_role("option", name="Old Chelles").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert value_of(page, "parish") == "Old Chelles" and focused(page) == "parish"
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")  # The second of the metals.
    assert page.get_by_label("Gold").is_checked()
    page.keyboard.press("Enter")
    assert focused(page) == "alloy"
    page.keyboard.type("tin")
    page.keyboard.press("Enter")
    page.keyboard.type("900")
    page.keyboard.press("Enter")
    page.get_by_text("This is more than 60. If the card says so, keep it.").wait_for()
    assert focused(page) == "notes"
    page.keyboard.type("an old axe")
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Tab")  # The characters are one stop, and arrows move among them.
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert value_of(page, "notes") == "an [-old-] axe"
    page.locator("[id='field-finds.r1.what']").focus()
    page.keyboard.type("Axe")
    page.keyboard.press("Enter")
    page.keyboard.type("12")
    page.get_by_role("button", name="Add a row").focus()
    page.keyboard.press("Enter")
    assert focused(page) == "finds.r2.what"
    page.keyboard.type("Ring")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Sent. Thank you.", exact=True).wait_for()
    assert answers(card) == [
        {
            "parish": {"value": "Old Chelles"},
            "metal": {"value": "gold"},
            "alloy": {"value": "tin"},
            "length": {"value": {"amount": "900", "unit": "cm"}},
            "notes": {"value": "an [-old-] axe"},
            "finds": {
                "value": [
                    {"what": {"value": "Axe"}, "weight": {"value": {"amount": "12", "unit": "g"}}},
                    {"what": {"value": "Ring"}},
                ]
            },
        }
    ], "a warning stops nobody"
    context.close()


def test_suggestions_only_suggest(browser: Browser, card: Served) -> None:
    context = window(browser, card)
    page = started(begin(context))
    page.keyboard.type("chel")
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("Escape")
    assert page.get_by_role("option").count() == 0 or page.get_by_role("listbox").is_hidden()
    page.keyboard.type("sea, or so")
    page.keyboard.press("Enter")
    assert value_of(page, "parish") == "chelsea, or so" and focused(page) == "metal"
    page.route("**/suggest/**", lambda route: route.abort())
    page.locator("#field-parish").fill("mel")
    page.wait_for_timeout(400)
    assert value_of(page, "parish") == "mel", "without the server it is a plain text"
    context.close()


def test_what_is_odd_is_told_when_its_field_is_left_and_goes_when_it_is_mended(browser: Browser, card: Served) -> None:
    context = window(browser, card)
    page = started(begin(context))
    page.locator("#field-length").fill("0,5")
    assert page.locator("#field-length-odd").is_hidden(), "not while somebody is typing"
    page.locator("#field-notes").focus()
    assert "This is less than 1." in page.locator("#field-length-odd").inner_text()
    assert "field-length-odd" in (page.locator("#field-length").get_attribute("aria-describedby") or "")
    page.locator("#field-length").fill("5")
    assert page.locator("#field-length-odd").is_hidden()
    page.locator("#field-notes").fill("ab ☃ Ж †")
    page.locator("#field-parish").focus()
    told = page.locator("#field-notes-odd").inner_text()
    assert "☃" in told and "Ж" in told and "†" not in told, "the project's own characters are usual"
    context.close()


def test_hidden_fields_keep_what_was_typed_in_drafts_too(browser: Browser, card: Served) -> None:
    context = window(browser, card)
    page = started(begin(context))
    assert page.locator("#field-alloy").is_hidden()
    page.get_by_label("Bronze").check()
    page.locator("#field-alloy").fill("tin")
    page.get_by_label("None").check()
    assert page.locator("#field-alloy").is_hidden()
    page.locator("[data-save=saved]:not([hidden])").wait_for()
    wait_until(lambda: any(draft.get("metal") == {"value": "none"} for draft in drafts(card)))
    page.reload()
    started(page)
    assert page.locator("#field-alloy").is_hidden()
    page.get_by_label("Gold").check()
    assert value_of(page, "alloy") == "tin"
    context.close()


def test_rows_come_back_with_a_draft_of_this_computer_and_can_be_removed(browser: Browser, card: Served) -> None:
    context = window(browser, card)
    page = started(begin(context))
    page.evaluate("() => { window.fetch = () => Promise.reject(new Error('no network')); }")
    page.locator("[id='field-finds.r1.what']").fill("Axe")
    for number in (2, 3):
        page.get_by_role("button", name="Add a row").click()
        page.locator(f"[id='field-finds.r{number}.what']").fill(f"Find {number}")
    page.get_by_role("button", name="Remove row 2").click()
    wait_until(lambda: page.evaluate("Object.values(localStorage).some((text) => text.includes('Find 3'))"))
    page.wait_for_timeout(600)
    page.reload()
    started(page)
    assert value_of(page, "finds.r1.what") == "Axe" and value_of(page, "finds.r3.what") == "Find 3"
    assert page.locator("[id='field-finds.r2.what']").count() == 0
    page.locator("[name='finds.mark'][value=blank]").first.check(force=True)
    assert page.locator("[id='field-finds.r3.what']").is_disabled(), "a group that is blank rests as a whole"
    context.close()


def test_all_of_it_works_without_a_script(browser: Browser, card: Served) -> None:
    context = window(browser, card, java_script_enabled=False)
    page = begin(context)
    assert page.get_by_text("Only if “Metal” is “Bronze” or “Gold”.").is_visible()
    filled: dict[str, Any] = {"parish": "Melun", "length": "900", "notes": "[axe?]", "alloy": "tin"}
    for name, text in filled.items():
        page.locator(f"[id='field-{name}']").fill(text)
    page.get_by_label("None").check()
    page.locator("[id='field-finds.r1.what']").fill("Axe")
    page.locator("[id='field-finds.r3.weight']").fill("twelve")
    keep_screen(page, "card-without-script")
    page.locator("[data-submit]").click()
    page.get_by_text("This is not asked, because of another answer.").wait_for()
    assert page.get_by_text("“twelve” is not a number.").is_visible(), "beside its cell"
    page.locator("#field-alloy").fill("")
    page.locator("[id='field-finds.r3.weight']").fill("12")
    page.locator("[data-submit]").click()
    page.get_by_text("Sent. Thank you.", exact=True).wait_for()
    (given,) = answers(card)
    assert given["alloy"] == {"mark": "unasked"}
    assert given["finds"]["value"] == [
        {"what": {"value": "Axe"}},
        {"weight": {"value": {"amount": "12", "unit": "g"}}},
    ]
    context.close()


@pytest.mark.parametrize(("locale", "size"), [("en", "wide"), ("fr", "wide"), ("en", "narrow"), ("fr", "narrow")])
def test_the_form_is_for_everybody(browser: Browser, card: Served, locale: str, size: str) -> None:
    context = window(browser, card, size, locale=locale)
    page = started(begin(context))
    page.keyboard.type("chel")
    page.get_by_role("option").first.wait_for()
    check(page, f"card-suggests-{locale}-{size}")
    page.keyboard.press("Escape")
    page.get_by_label("Gold").check()
    page.locator("#field-length").fill("900")
    page.locator("#field-notes").focus()
    check(page, f"card-{locale}-{size}")
    page.locator("[data-row-add]").click()
    page.keyboard.press("Control+Enter")
    page.locator(".field__problem:not([hidden]):not(.field__problem--odd)").first.wait_for()
    check(page, f"card-problems-{locale}-{size}")
    context.close()
