"""The first visit in a real browser: practice by keyboard and without a script, the guide that stays open and covers
nothing, a word for strangers, and the manager's pages of known answers and the guide."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Running, Visitor, sign_in
from tests.browser.program import SLUG, truths
from tests.browser.test_every_page import check, named, signed_in_as

PRACTICE = f"/p/{SLUG}/practice"


@pytest.fixture(params=[("en", "wide"), ("fr", "narrow")], ids="-".join)
def look(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Language and width."""
    language, size = request.param
    return language, size


def practice_cards(running: Running) -> list[dict[str, Any]]:
    """What stands on the demo's practice cards, in their order."""
    return list(truths(running).values())[-3:]


def fill(page: Page, said: dict[str, Any]) -> None:
    """Fills in a form of the demo with what is said of each field."""
    for name, one in said.items():
        if "value" not in one:
            page.locator(f"input[name='{name}.mark'][value={one['mark']}]").check(force=True)
            continue
        match name:
            case "material":
                page.locator(f"input[name='material.value'][value={one['value']}]").check()
            case "length":
                page.fill("input[name='length.value.amount']", one["value"]["amount"])
                page.select_option("select[name='length.value.unit']", one["value"]["unit"])
            case "found_on":
                for part, text in zip(("year", "month", "day"), one["value"].split("-"), strict=True):
                    page.fill(f"input[name='found_on.value.{part}']", "" if "X" in text else text)
            case _:
                page.fill(f"[name='{name}.value']", one["value"])


def press(page: Page, selector: str) -> None:
    with page.expect_navigation():
        page.locator(selector).first.click()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_the_whole_first_visit_from_the_terms_to_the_first_real_card(
    running: Running, visitor: Visitor, script: bool
) -> None:
    page = visitor(java_script_enabled=script)
    page.goto(f"/p/{SLUG}/terms")
    press(page, "button[name=practise]")
    expect(page).to_have_url(re.compile(PRACTICE))
    cards = practice_cards(running)
    for number, said in enumerate(cards, start=1):
        wrong = {**said, "object": {"value": "Something else"}} if number == 2 else said
        fill(page, wrong)
        press(page, ".practice__side form .button--main")
        if number == 2:
            expect(page.locator("#how")).to_contain_text("5 of 6 are right")
            expect(page.locator(".told--other")).to_contain_text(said["object"]["value"])
        else:
            expect(page.locator("#how")).to_contain_text("All of it is right")
        press(page, "#feedback .button--main")
    expect(page).to_have_url(re.compile("/work/"))
    expect(page.get_by_text("New here?")).to_have_count(0)
    with closing(sqlite3.connect(running.folder / "micro.db")) as database:
        assert database.execute("SELECT count(*) FROM answer").fetchone() == (0,)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_whoever_would_rather_begin_is_asked_once_and_keeps_what_was_typed(
    running: Running, visitor: Visitor, script: bool
) -> None:
    page = visitor(size="narrow", java_script_enabled=script)
    page.goto(f"/p/{SLUG}/terms")
    press(page, "main form button.button--main")
    expect(page.get_by_role("link", name="Practise on 3 cards first")).to_be_in_viewport(ratio=1)
    page.fill("input[name='object.value']", "Typed before")
    press(page, "[data-first-visit] button")
    expect(page).to_have_url(re.compile("/work/"))
    expect(page.locator("input[name='object.value']")).to_have_value("Typed before")
    expect(page.locator("[data-first-visit]")).to_have_count(0)
    if script:  # The help has it for whoever changes their mind; without a script, the guide.
        page.locator("[data-opens=help]").click()
        press(page, "dialog a")
        expect(page).to_have_url(re.compile(PRACTICE))


def test_practice_by_keyboard_alone_says_first_how_it_went(running: Running, visitor: Visitor) -> None:
    page = visitor()
    page.goto(PRACTICE)
    page.locator("input[name='object.value']").focus()
    page.keyboard.type("Axe")
    for name in ("material", "length", "findspot", "found_on", "description"):
        for _ in range(30):
            if page.evaluate("document.activeElement.name || ''") == f"{name}.mark":
                break
            page.keyboard.press("Tab")
        page.keyboard.press("Space")
    with page.expect_navigation():
        page.locator(".practice__side form .button--main").focus()
        page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "how"


def test_practice_and_its_feedback_have_no_fault(running: Running, visitor: Visitor, look: tuple[str, str]) -> None:
    page = visitor(*look)
    page.goto(PRACTICE)
    check(page, named("practice", *look))
    press(page, ".practice__side form .button--main")
    expect(page.locator(".field__problem").first).to_be_visible()
    check(page, named("practice-problems", *look))
    fill(page, {**practice_cards(running)[0], "object": {"value": "Axe"}})
    press(page, ".practice__side form .button--main")
    expect(page.locator("#how")).to_be_visible()
    check(page, named("practice-told", *look))


def on_the_bench(page: Page) -> None:
    page.goto(f"/p/{SLUG}")
    press(page, "main form button.button--main")
    if "/terms" in page.url:
        press(page, "main form button.button--main")
    page.wait_for_url(re.compile("/work/"))
    expect(page.locator(".entry[data-started]")).to_have_count(1)


def test_the_guide_stays_open_from_card_to_card_and_never_covers_the_scan(
    running: Running, visitor: Visitor, look: tuple[str, str]
) -> None:
    page = visitor(*look)
    on_the_bench(page)
    expect(page.locator("[data-guide] .guide")).to_be_hidden()
    page.locator("[data-guide] summary").click()
    expect(page.locator("[data-guide] .guide__examples img").first).to_be_visible()
    check(page, named("workbench-guide", *look))
    press(page, "[data-skip]")
    expect(page.locator("[data-guide] .guide")).to_be_visible()
    guide, scan = page.locator("[data-guide]").bounding_box(), page.locator(".viewer").bounding_box()
    assert guide and scan
    assert guide["x"] >= scan["x"] + scan["width"] or guide["y"] >= scan["y"] + scan["height"] or look[1] == "narrow"
    top = page.evaluate(
        "() => { const box = document.querySelector('.viewer__stage').getBoundingClientRect();"
        "return document.elementFromPoint(box.x + box.width / 2, box.y + box.height - 5).closest('[data-guide]') }"
    )
    assert top is None, "the guide covers the scan"
    page.locator("[data-guide] summary").click()
    press(page, "[data-skip]")
    expect(page.locator("[data-guide] .guide")).to_be_hidden()


def test_the_button_in_the_head_opens_the_guide(running: Running, visitor: Visitor) -> None:
    page = visitor()
    on_the_bench(page)
    button = page.locator("[data-guide-button]")
    expect(button).to_have_attribute("aria-expanded", "false")
    button.click()
    expect(page.locator("[data-guide] .guide")).to_be_visible()
    expect(button).to_have_attribute("aria-expanded", "true")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_stranger_reads_a_word(running: Running, visitor: Visitor, script: bool) -> None:
    page = visitor(java_script_enabled=script)
    page.goto(f"/p/{SLUG}")
    page.fill("#word", "Teapot")
    press(page, ".try .button")
    expect(page.locator("#word-said")).to_contain_text("Not quite")
    known = page.locator("#word-said b").inner_text()
    page.fill("#word", known.lower())
    press(page, ".try .button")
    expect(page.locator("#word-said")).to_contain_text("Yes, that is what it says")
    press(page, "#word-said a")
    expect(page).to_have_url(re.compile(PRACTICE))


def test_the_public_pages_after_a_guess_and_of_a_museum(
    running: Running, visitor: Visitor, look: tuple[str, str]
) -> None:
    page = visitor(*look)
    page.goto(f"/p/{SLUG}?word=Teapot#try")
    check(page, named("project-guessed", *look))
    page.goto("/m/harrowby")
    check(page, named("museum", *look))


def test_the_managers_pages_of_known_answers_and_the_guide(
    running: Running, visitor: Visitor, look: tuple[str, str]
) -> None:
    page = signed_in_as(visitor, "manager", *look)
    for path in (f"/desk/{SLUG}/known", f"/desk/{SLUG}/guide"):
        page.goto(path)
        check(page, named(path, *look))
    page.goto(f"/desk/{SLUG}/known")
    press(page, "tbody th a")
    check(page, named("known-card", *look))
    page.goto(f"/desk/{SLUG}/guide")
    press(page, "#pictures ~ form p a")
    check(page, named("guide-drawing", *look))


@pytest.mark.parametrize("by", ["hand", "keys"])
def test_a_manager_draws_what_a_picture_in_the_guide_shows(running: Running, visitor: Visitor, by: str) -> None:
    page = sign_in(visitor(), "manager")
    page.goto(f"/desk/{SLUG}/guide")
    page.fill("#card", next(iter(truths(running))))
    press(page, "#pictures ~ form button")
    canvas, numbers = page.locator("[data-canvas]"), page.locator("#box")
    canvas.scroll_into_view_if_needed()
    place = canvas.bounding_box()
    assert place is not None
    if by == "hand":
        page.mouse.move(place["x"] + place["width"] * 0.5, place["y"] + place["height"] * 0.4)
        page.mouse.down()
        page.mouse.move(place["x"] + place["width"] * 0.6, place["y"] + place["height"] * 0.6, steps=4)
        page.mouse.up()
    else:
        page.locator("[data-add]").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("ArrowRight")
    expect(numbers).to_have_value(re.compile(r"^\d+, \d+, \d+, \d+$"))
    drawn = [int(part) for part in numbers.input_value().split(", ")]
    page.fill("#caption_en", f"Drawn by {by}")
    press(page, "form[action$='/guide/picture'] p .button")
    figure = page.locator("figure", has_text=f"Drawn by {by}").locator("img")
    expect(figure).to_have_attribute("src", re.compile(",".join(map(str, drawn))))
    page.get_by_role("button", name=f"Take away “Drawn by {by}”").click()
    expect(page.locator("figure", has_text=f"Drawn by {by}")).to_have_count(0)


def test_a_manager_makes_a_card_known_and_mixes_it_in(running: Running, visitor: Visitor) -> None:
    identifier, said = list(truths(running).items())[5]
    page = sign_in(visitor(), "manager")
    page.goto(f"/desk/{SLUG}/known")
    page.fill("#card", identifier)
    press(page, "form[action$='/known/card'] button")
    fill(page, said)
    page.get_by_label("Mixed among the other cards").check()
    press(page, ".practice__side .button--main")
    row = page.get_by_role("row", name=re.compile(re.escape(identifier)))
    expect(row).to_contain_text("mixed in")
    page.get_by_label("Mix known cards among the others").check()
    page.fill("#gold_every", "1")
    press(page, "form[action$='/known/rate'] .button--main")
    expect(page.locator("#gold_every-problem")).to_be_visible()
    page.fill("#gold_every", "10")
    press(page, "form[action$='/known/rate'] .button--main")
    expect(page.locator("#gold_every")).to_have_value("10")
    with closing(sqlite3.connect(running.folder / "micro.db")) as database:
        project = database.execute("SELECT gold_every FROM project WHERE slug = ?", (SLUG,)).fetchone()
        state = database.execute(
            "SELECT record.state FROM record JOIN item ON item.id = record.item_id WHERE item.identifier = ?",
            (identifier,),
        ).fetchone()
    assert (project, state) == ((10,), ("decided",))
