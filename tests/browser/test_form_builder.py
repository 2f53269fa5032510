"""A manager takes a vocabulary in, builds a field with it by keyboard, and tries the form; with a look at all pages."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Running, Visitor
from tests.browser.program import SLUG
from tests.browser.test_every_page import check, named, signed_in_as

FORM = f"/desk/{SLUG}/form"
TABLE = (
    "code,en,fr,uri,broader,shelf\nmetal,Metal,Métal,,,3\n"
    "bronze,Bronze,Airain,http://vocab.getty.edu/aat/300010957,metal,\ngold,Gold,Or,,metal,\nb@d,Bad,,,,\n"
    + "".join(f"stone-{n},Stone {n},Pierre {n},,,\n" for n in range(60))
).encode()


@pytest.fixture(params=[("en", "wide"), ("fr", "narrow"), ("en", "narrow"), ("fr", "wide")], ids="-".join)
def look(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Language and width."""
    language, size = request.param
    return language, size


def new_vocabulary(page: Page, name: str) -> str:
    """Makes an empty vocabulary, and returns its address."""
    page.goto(FORM)
    page.locator("main a[href*='/vocabularies']").last.click()
    page.wait_for_url(re.compile("/vocabularies$"))
    page.fill("#name", name)
    page.locator("main form .button--main").click()
    page.wait_for_url(re.compile("/desk/vocabulary/"))
    return page.url


def send_table(page: Page, address: str) -> None:
    page.goto(f"{address}/import")
    page.set_input_files("#file", {"name": "m.csv", "mimeType": "text/csv", "buffer": TABLE})
    with page.expect_navigation():
        page.locator("main form .button--main").click()


def test_the_pages_of_vocabularies(running: Running, visitor: Visitor, look: tuple[str, str]) -> None:
    page = signed_in_as(visitor, "manager", *look)
    address = new_vocabulary(page, f"Materials {' '.join(look)}")
    check(page, named("vocabulary-empty", *look))
    page.goto(f"{address}/import")
    check(page, named("vocabulary-file", *look))
    send_table(page, address)
    check(page, named("vocabulary-plan", *look))
    with page.expect_navigation():
        page.locator("main form .button--main").click()
    check(page, named("vocabulary", *look))
    page.goto(f"{address}/concept/bronze")
    check(page, named("vocabulary-concept", *look))
    page.locator("main .crumbs a[href*='/vocabularies']").click()
    page.wait_for_url(re.compile("/vocabularies$"))
    check(page, named("vocabularies", *look))


def test_the_pages_of_the_form_builder(running: Running, visitor: Visitor, look: tuple[str, str]) -> None:
    page = signed_in_as(visitor, "manager", *look)
    for path in ("", "/new?type=tags", "/new?type=point", "/field/material", "/field/object/remove"):
        page.goto(FORM + path)
        check(page, named(f"form{path}", *look))
    page.goto(f"{FORM}/new?type=number")
    with page.expect_navigation():
        page.locator("main form .button--main").first.click()
    check(page, named("form-field-problems", *look))
    for width in ("phone", "wide"):
        page.goto(f"{FORM}/preview?width={width}")
        with page.expect_navigation():
            page.locator(".preview .button--main").click()
        check(page, named(f"form-preview-problems-{width}", *look))


def test_a_field_is_built_by_keyboard_with_a_vocabulary_and_tried(running: Running, visitor: Visitor) -> None:
    page = signed_in_as(visitor, "manager", "en", "wide")
    address = new_vocabulary(page, "Metals")
    send_table(page, address)
    page.get_by_role("button", name="Take it in").press("Enter")
    expect(page.get_by_text("63 concepts were added, 0 changed.")).to_be_visible()

    page.goto(FORM)
    page.get_by_role("radio", name="One line of text").focus()
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="Several labels")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("type=tags"))
    page.get_by_label("English").first.focus()
    page.keyboard.type("Made of")
    page.keyboard.press("Tab")
    page.keyboard.type("En")
    page.get_by_label("Vocabulary", exact=True).select_option(label="Metals (63)")
    page.get_by_role("button", name="Look what this gives").press("Enter")
    page.get_by_label("What is taken of it").select_option(value="below:metal")
    page.get_by_label("In which box").select_option(index=1)
    page.get_by_role("button", name="Save the field").last.press("Enter")
    expect(page.get_by_text("12 tasks ask for it, too.")).to_be_visible()

    page.get_by_role("button", name="Move Made of up").press("Enter")
    labels = page.locator(".form-field__label")
    expect(labels.nth(labels.count() - 2)).to_have_text("Made of")
    page.goto(f"{FORM}/preview")
    page.get_by_role("checkbox", name="Bronze").check()
    for field in page.locator("[data-preview] [data-field]:not([data-field=made_of])").all():
        field.locator(".mark input[value=blank]").evaluate("(mark) => mark.click()")
    page.get_by_role("button", name="Try it").press("Enter")
    expect(page.get_by_role("heading", name="This would be kept")).to_be_visible()
    expect(page.locator(".said")).to_contain_text("Bronze")
