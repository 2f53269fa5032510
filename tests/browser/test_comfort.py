"""The workbench as each volunteer likes it: keys, divider, full screen, the way back, and every way to look at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import keep_screen
from tests.browser.losing import KINDS, Breakable, answers, breakable, is_there, says_it, sends, type_it
from tests.browser.program import wait_until
from tests.browser.test_every_page import check
from tests.browser.test_tags import begin, window

pytestmark = pytest.mark.browser
Card = Callable[..., Page]


@pytest.fixture(params=["transcribe"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(tmp_path: Path, kind: str) -> Iterator[Breakable]:
    with breakable(tmp_path, kind) as running:
        yield running


@pytest.fixture
def card(browser: Browser, server: Breakable) -> Iterator[Card]:
    """Opens a card in a fresh window: ``card(size="narrow", locale="fr")``."""
    contexts: list[BrowserContext] = []

    def open_card(size: str = "wide", **options: Any) -> Page:
        contexts.append(window(browser, server.served, size, **options))
        page = begin(contexts[-1])
        if options.get("java_script_enabled", True):
            page.wait_for_selector("[data-started]")
        return page

    yield open_card
    for context in contexts:
        context.close()


# Keys ------------------------------------------------------------------------------------------------------------


def test_a_letter_is_changed_trades_places_and_is_remembered(card: Card) -> None:
    page = card()
    page.locator("[data-opens=help]").click()
    page.locator("[data-letter=i]").fill("t")
    expect(page.locator("[data-letter=t]")).to_have_value("I")
    expect(page.locator("[data-letters-said]")).to_contain_text("Alt with T")
    keep_screen(page, "help-letters")
    page.keyboard.press("Escape")
    expect(page.locator("[data-key-shown=i]")).to_have_text("T")
    page.reload()
    page.wait_for_selector("[data-started]")
    page.keyboard.press("Alt+t")
    assert page.evaluate("document.activeElement.hasAttribute('data-stage')")
    page.keyboard.press("Alt+i")
    assert page.evaluate("document.activeElement.name") == "object.value"
    page.locator("[data-opens=help]").click()
    page.locator("[data-letters-reset]").click()
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+i")
    assert page.evaluate("document.activeElement.hasAttribute('data-stage')")


def test_what_is_no_letter_changes_no_key(card: Card) -> None:
    page = card()
    page.locator("[data-opens=help]").click()
    for odd in ("7", "é", " "):
        page.locator("[data-letter=s]").fill(odd)
        page.locator("[data-letter=u]").focus()
        expect(page.locator("[data-letter=s]")).to_have_value("S")


def test_keys_that_are_switched_off_stay_off(card: Card) -> None:
    page = card()
    page.locator("[data-opens=help]").click()
    page.get_by_label("Use these shortcuts").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    page.wait_for_selector("[data-started]")
    address = page.url
    page.locator("[name='object.value']").focus()
    for key in ("Alt+s", "Alt+i", "Control+Enter", "?"):
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    assert page.url == address
    assert page.evaluate("document.activeElement.name") == "object.value"


def test_no_letter_typed_into_a_field_does_anything_but_stand_there(card: Card) -> None:
    page = card()
    page.keyboard.type("?iI sS tT 0+-rR uU")
    expect(page.locator("[name='object.value']")).to_have_value("?iI sS tT 0+-rR uU")
    assert page.locator("dialog[open]").count() == 0


A_MAC = """
Object.defineProperty(Navigator.prototype, "platform", { get: () => "MacIntel" });
Object.defineProperty(Navigator.prototype, "userAgentData", { get: () => ({ platform: "macOS" }) });
"""
OPTION_S = "new KeyboardEvent('keydown', {key: 'ß', code: 'KeyI', altKey: true, bubbles: true, cancelable: true%s})"


def test_on_a_mac_option_types_in_a_text_and_is_a_key_elsewhere(card: Card) -> None:
    page = card()
    assert "Alt+S" in str(page.locator("[data-skip]").get_attribute("title"))
    page.context.add_init_script(A_MAC)
    page.reload()
    page.wait_for_selector("[data-started]")
    focused = "document.activeElement.name ?? document.activeElement.className"

    def press(more: str = "") -> bool:
        """Whether the browser may still do what it does with the key: type the character."""
        return bool(page.evaluate(f"document.activeElement.dispatchEvent({OPTION_S % more})"))

    assert press() and page.evaluate(focused) == "object.value", "a character is typed, and nothing else happens"
    assert not press(", ctrlKey: true") and "viewer__stage" in page.evaluate(focused)
    page.locator("[data-submit]").focus()
    assert not press() and "viewer__stage" in page.evaluate(focused)
    assert page.locator("[data-keys-line] kbd", has_text="Option").count() == 2
    assert "Option+S" in str(page.locator("[data-skip]").get_attribute("title"))
    page.locator("[data-opens=help]").click()
    expect(page.get_by_text("hold Control as well")).to_be_visible()
    assert page.locator("dialog kbd", has_text="Alt").count() == 0
    keep_screen(page, "help-mac")


# Divider and full screen -----------------------------------------------------------------------------------------


def share(page: Page) -> int:
    return int(page.locator("[data-divider]").get_attribute("aria-valuenow") or 0)


def test_the_divider_moves_by_mouse_and_keyboard_and_remembers(card: Card) -> None:
    page = card()
    before = share(page)
    place = page.locator("[data-divider]").bounding_box()
    assert place
    page.mouse.move(place["x"] + place["width"] / 2, 400)
    page.mouse.down()
    page.mouse.move(place["x"] - 150, 400, steps=5)
    page.mouse.up()
    dragged = share(page)
    assert dragged < before
    stage = page.locator("[data-stage]").bounding_box()
    assert stage and abs(stage["width"] / 1280 - dragged / 100) < 0.05, "the scan is as wide as it says"
    page.locator("[data-divider]").focus()
    page.keyboard.press("ArrowRight")
    assert share(page) == dragged + 2
    page.reload()
    page.wait_for_selector("[data-started]")
    assert share(page) == dragged + 2


def test_on_a_telephone_the_form_keeps_two_fifths_of_the_height(card: Card) -> None:
    page = card("narrow")
    page.locator("[data-divider]").focus()
    page.keyboard.press("End")
    form = page.locator("#entry").bounding_box()
    assert form and form["height"] >= 0.4 * 844 - 1
    keep_screen(page, "narrow-divider-end")


def test_a_telephone_on_its_side_has_scan_and_form_side_by_side(card: Card) -> None:
    page = card("narrow")
    page.set_viewport_size({"width": 844, "height": 390})
    expect(page.locator("[data-divider]")).to_have_attribute("aria-orientation", "vertical")
    scan, form = page.locator("[data-stage]").bounding_box(), page.locator("#entry").bounding_box()
    assert scan and form and scan["x"] + scan["width"] < form["x"] and scan["height"] > 0.5 * 390
    page.locator(".entry__scroll .input").first.focus()
    first, end = page.locator(".entry__scroll .input").first.bounding_box(), page.locator(".entry__end").bounding_box()
    assert first and end and first["y"] + first["height"] <= end["y"], "the field in use is seen whole"
    keep_screen(page, "telephone-on-its-side")
    page.set_viewport_size({"width": 320, "height": 640})
    rows = {one.bounding_box()["y"] for one in page.locator("[data-tools] > .tool:visible").all()}  # type: ignore[index]
    assert len(rows) == 1, "the tools have one row on the smallest telephone"
    skip, send = page.locator("[data-skip]").bounding_box(), page.locator("[data-submit]").bounding_box()
    assert skip and send and skip["x"] + skip["width"] <= send["x"]
    assert page.evaluate("document.documentElement.scrollWidth") == 320


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_a_problem_is_reported_from_the_head_of_the_card(card: Card, script: bool) -> None:
    page = card(java_script_enabled=script)
    words = page.locator("#report-words")
    assert not words.is_visible()
    page.locator(".entry__head").get_by_role("link", name="Report a problem").click()
    expect(words).to_be_visible()
    expect(words).to_be_focused()


def test_full_screen_has_an_exit_that_is_seen(card: Card) -> None:
    for size in ("wide", "narrow"):
        page = card(size)
        page.locator("[data-tool=full-screen]").click()
        expect(page.get_by_role("button", name="Leave full screen")).to_be_visible()
        expect(page.locator(".tool__leave")).to_be_visible()
        keep_screen(page, f"full-screen-{size}")
        page.get_by_role("button", name="Leave full screen").click()
        wait_until(lambda page=page: page.evaluate("document.fullscreenElement === null"))


# The way back, and what fails --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS, indirect=True)
def test_the_last_card_is_undone_and_what_is_sent_then_counts(server: Breakable, card: Card, kind: str) -> None:
    page = card()
    type_it(page, kind, "hoard")
    sends(page, lambda: page.keyboard.press("Control+Enter"))
    page.locator("[data-undo]").click()
    page.wait_for_url("**/correct")
    page.wait_for_selector("[data-started]")
    is_there(page, kind, "hoard")
    check(page, f"correcting-{kind}")
    type_it(page, kind)
    expect(page.locator("[data-save=here]")).to_be_visible()
    page.reload()
    is_there(page, kind)
    sends(page, lambda: page.keyboard.press("Control+Enter"))
    expect(page.locator("[data-said]").first).to_contain_text("Corrected.")
    assert [says_it(value, kind) for value in answers(server)] == [False, True]


@pytest.mark.parametrize("script", [True, False])
def test_something_is_said_about_the_card_just_sent_and_the_next_one_waits(
    server: Breakable, card: Card, script: bool
) -> None:
    page = card(java_script_enabled=script)
    expect(page.locator("[data-comment]")).to_have_count(0)
    page.locator("#field-object").fill("Hoard")
    page.locator("#field-notes").fill("none")
    if script:
        sends(page, lambda: page.keyboard.press("Control+Enter"))
        page.wait_for_selector("[data-started]")
        expect(page.locator("#field-object")).to_be_focused()  # The way to say something is quiet.
    else:
        page.locator("[data-submit]").click()
    following = page.url
    tab_to(page, "[data-comment]", "Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/comments")
    if script:
        check(page, "comments-by-keyboard")
    tab_to(page, "#words")
    page.keyboard.type("A drawing of an axe.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".spoken__words")).to_have_text("A drawing of an axe.")
    expect(page.locator(".notice--good")).to_contain_text("Thank you.")
    tab_to(page, "main .button--main")
    page.keyboard.press("Enter")
    page.wait_for_url(following)
    assert len(answers(server)) == 1


def tab_to(page: Page, selector: str, key: str = "Tab") -> None:
    """Presses the key until the focus is there; fails where it never comes."""
    if key == "Shift+Tab":
        page.locator("#field-object").focus()
    for _ in range(60):
        if page.locator(f"{selector}:focus").count():
            return
        page.keyboard.press(key)
    raise AssertionError(f"{selector} is not reached by {key}")


def test_a_scan_that_does_not_come_is_reported_and_the_next_card_taken(browser: Browser, server: Breakable) -> None:
    context = window(browser, server.served)
    context.route("**/iiif/**", lambda route: route.abort())
    page = begin(context)
    expect(page.locator("[data-failed]")).to_be_visible(timeout=20_000)
    keep_screen(page, "scan-failed")
    check(page, "scan-failed")
    page.locator("[data-tell]").click()
    page.keyboard.type("The picture does not come.")
    page.get_by_role("button", name="Send the report").click()
    expect(page.locator("[data-said]").first).to_contain_text("the museum will look at it")
    address = page.url
    sends(page, lambda: page.locator("[data-failed]").get_by_role("button", name="Next card").click())
    assert page.url != address
    assert answers(server) == []
    context.close()


# Ways to look ------------------------------------------------------------------------------------------------------

LOOKS: dict[str, dict[str, Any]] = {
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True},
    "zoomed": {"viewport": {"width": 640, "height": 450}},
    "forced": {"viewport": {"width": 1280, "height": 900}, "forced_colors": "active"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "dark-phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
}


@pytest.mark.parametrize("locale", ["en", "fr"])
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("kind", KINDS, indirect=True)
def test_a_card_is_read_from_the_terms_to_my_answers(
    server: Breakable, browser: Browser, kind: str, look: str, locale: str
) -> None:
    context = browser.new_context(locale=locale, base_url=server.url, **LOOKS[look])
    page = begin(context)
    page.wait_for_selector("[data-started]")
    check(page, f"{kind}-{look}-{locale}")
    type_it(page, kind)
    submit = page.locator("[data-submit]")
    assert submit.is_visible()
    sends(page, submit.click)
    assert [says_it(value, kind) for value in answers(server)] == [True]
    page.goto("/my-answers")
    check(page, f"{kind}-{look}-{locale}-mine")
    context.close()


@pytest.mark.parametrize(("look", "locale"), [("phone", "fr"), ("dark", "en"), ("forced", "fr"), ("zoomed", "en")])
def test_thanks_are_for_everybody(server: Breakable, browser: Browser, kind: str, look: str, locale: str) -> None:
    context = browser.new_context(locale=locale, base_url=server.url, accept_downloads=True, **LOOKS[look])
    page = begin(context)
    page.wait_for_selector("[data-started]")
    type_it(page, kind)
    sends(page, page.locator("[data-submit]").click)
    page.goto("/my-answers")
    page.locator("a[href='/thanks']").click()
    check(page, f"thanks-{look}-{locale}")
    page.locator("#orcid").fill("0000-0002-1825-0098")
    page.locator("#name").fill("Ada Łukasiewicz")
    page.locator("main .button--main").click()
    expect(page.locator("#orcid-problem")).to_be_visible()
    expect(page.locator("#name")).to_have_value("Ada Łukasiewicz")
    check(page, f"thanks-problem-{look}-{locale}")
    page.locator("#orcid").fill("")
    with page.expect_download() as download:
        page.locator("main .button--main").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")
    context.close()
