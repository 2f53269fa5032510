"""A reviewer at work in a real browser: fifty records by keyboard alone, an undo, a colleague, no script at all."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select

from micro.data.models import Decision, Item
from tests.browser.test_every_page import check
from tests.browser.test_tags import Served, as_person, serve, window
from tests.cast import FORM, add_cards, make_project
from tests.services.reading import read, settle, tasks_of

pytestmark = pytest.mark.browser
RECORDS = 54
DECIDED = 50
LONG = "Found in the gravel pit at Nether Aldersby by the ferryman while dredging below the old weir in October"
# Counts from the key to the moment when another record's name is painted.
WATCH = """() => {

  addEventListener("keydown", (event) => { if (!window.pressedAt) window.pressedAt = performance.now(); }, true);
  new MutationObserver(() => {
    const name = document.querySelector("h1")?.textContent;
    if (name && name !== window.before) {
      window.before = name;
      const painted = () => { document.documentElement.dataset.shown = performance.now() - window.pressedAt; };
      requestAnimationFrame(() => setTimeout(painted, 0));
    }
  }).observe(document.documentElement, { childList: true, subtree: true });
}"""


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A drawer of cards about which readers differ, each in one of three ways."""
    for served in serve(tmp_path_factory.mktemp("desk"), "transcribe", FORM):
        house = served.house
        with house.database.writing() as session:
            project = make_project(
                session, session.merge(served.cast.collection), house.clock(), slug="drawer", target_confidence=0.999
            )
            add_cards(session, house, project, RECORDS)
            items = session.scalars(select(Item).where(Item.project_id == project.id).order_by(Item.id)).all()
            for number, item in enumerate(items):
                for who in ("one", "two", "three", "four"):
                    read(session, house, tasks_of(session, item)[0], who, **_said(number, who))
            settle(session, house, project)
        yield served


def _said(number: int, who: str) -> dict[str, object]:
    odd = who in ("two", "four")
    match number % 3:
        case 0:
            return {"material": {"value": "gold" if odd else "bronze"}}
        case 1:
            return {"object": {"value": "Sokceted axe" if odd else "Socketed axe"}}
        case _:
            other = LONG.replace("Nether", "Nedder").replace("weir", "mill") if odd else LONG
            return {"notes": {"value": other}}


def open_queue(browser: Browser, desk: Served, who: str = "ben", size: str = "wide", **options: object) -> Page:
    context = window(browser, desk, size, **options)
    as_person(context, desk, getattr(desk.cast, who))
    page = context.new_page()
    page.goto("/review?project=drawer")
    return page


def press(page: Page, key: str) -> float:
    """Presses a key that leads to another record; returns how long it took in milliseconds."""
    page.evaluate(
        "delete document.documentElement.dataset.shown; window.pressedAt = 0; "
        "window.before = document.querySelector('h1').textContent"
    )
    page.keyboard.press(key)
    page.locator("html[data-shown]").wait_for(state="attached")
    return float(page.evaluate("document.documentElement.dataset.shown"))


def test_fifty_records_are_decided_by_keyboard_alone(browser: Browser, desk: Served) -> None:
    page = open_queue(browser, desk)
    page.keyboard.press("Enter")
    page.wait_for_url("**/review/*project=drawer*")
    page.evaluate(WATCH)
    begun, times = time.monotonic(), []
    for number in range(DECIDED):
        page.wait_for_timeout(150)  # Somebody looks at it.
        key = "r" if number % 17 == 16 else "f" if number % 13 == 12 else "a"
        if number % 5 == 4:  # Another answer than the proposal: taken, then saved.
            page.keyboard.press("2")
            if number % 10 == 4:  # Else in one go: the hand is quicker than the page.
                page.wait_for_url("**take=*")
                page.wait_for_timeout(150)
            key = "a"
        times.append(press(page, key))
    seconds = (time.monotonic() - begun) / DECIDED
    ordered = sorted(times)
    print(
        f"\n{DECIDED} records by keyboard: {seconds:.2f} s each with the looking; from the key to the next record on "
        f"the screen {statistics.median(times):.0f} ms (median), {ordered[int(DECIDED * 0.95)]:.0f} ms (95 %)"
    )
    with desk.house.database.reading() as session:
        made = dict(session.execute(select(Decision.action, func.count()).group_by(Decision.action)).all())  # type: ignore[arg-type]
        took = session.scalars(select(Decision.took_s)).all()
    assert sum(made.values()) == DECIDED
    assert {"accept", "amend", "flag", "return"} == set(made)
    assert all(one is not None and 0.1 < one < 30 for one in took)


@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_the_desk_is_for_everybody_and_keys_undo_ask_for_help_and_rest_in_fields(
    browser: Browser, desk: Served, size: str
) -> None:
    page = open_queue(browser, desk, "mia", size)
    check(page, f"review-queue-{size}")
    page.locator(".queue__name a").first.click()
    page.wait_for_url("**/review/*project=drawer*")
    check(page, f"review-desk-record-{size}")
    cells = page.locator(".aligned__reading").evaluate_all("(all) => all.map((one) => one.offsetWidth)")
    assert all(width >= 144 for width in cells), "a narrow screen breaks no word at each letter"
    page.emulate_media(forced_colors="active")
    outlines = page.locator(".record-field").evaluate_all(
        "(all) => all.map((one) => getComputedStyle(one).outlineStyle)"
    )
    assert sorted(outlines)[-2:] == ["none", "solid"], "the field one looks at is marked without colours of ours"
    page.emulate_media(forced_colors="none")
    name = page.locator("h1").text_content()
    page.keyboard.press("?")
    expect(page.locator("[data-keys-switch]")).to_be_visible()
    page.fill("#reason", "a")
    page.keyboard.press("f")  # Typed, and no decision.
    expect(page.locator("#reason")).to_have_value("af")
    page.keyboard.press("Enter")  # No decision either: whoever writes why may be about to reject it.
    page.locator("h1").focus()
    page.keyboard.press("2")
    page.wait_for_url("**take=*")
    expect(page.locator("#reason")).to_have_value("af")  # What was typed stays when an answer is taken.
    page.get_by_role("link", name="Leave it as it was").click()
    expect(page.locator(".notice--good:visible")).to_have_count(0)
    page.locator("h1").focus()
    page.keyboard.press("f")
    expect(page.locator("[data-said]")).to_contain_text("is flagged for your colleagues")
    assert page.locator("h1").text_content() != name
    page.keyboard.press("u")
    expect(page.locator("h1")).to_have_text(name or "")
    expect(page.locator(".notice--good").first).to_contain_text("is as it was")
    page.locator("#who button").click() if page.locator("#who[open]").count() else page.locator("#who summary").click()
    page.locator("#who button").click()
    expect(page.locator("#who code")).to_have_count(4)
    page.locator("details").evaluate_all("(all) => all.forEach((one) => { one.open = true; })")
    check(page, f"review-desk-open-{size}")
    page.get_by_role("link", name="Every version").click()
    check(page, f"review-past-{size}")


def test_a_colleagues_record_can_be_taken_over_and_an_old_sight_is_told(browser: Browser, desk: Served) -> None:
    ben, mia = open_queue(browser, desk), open_queue(browser, desk, "mia")
    address = ben.locator(".queue__name a").first.get_attribute("href") or ""
    ben.goto(address)
    ben.wait_for_timeout(300)
    mia.goto(address)
    expect(mia.locator(".notice--warn")).to_contain_text("Ben has this record open")
    check(mia, "review-held")
    mia.keyboard.press("t")
    expect(mia.get_by_text("Yours until")).to_be_visible()
    mia.wait_for_load_state("load")
    mia.keyboard.press("a")
    expect(mia.locator("[data-said]")).to_contain_text("is accepted")
    ben.fill("#reason", "my own words")
    ben.locator("h1").focus()
    ben.keyboard.press("a")
    expect(ben.locator("#refused")).to_contain_text("changed after you opened it")
    expect(ben.locator("#reason")).to_have_value("my own words")
    check(ben, "review-refused-at-once")


def test_everything_works_without_a_script(browser: Browser, desk: Served) -> None:
    page = open_queue(browser, desk, java_script_enabled=False)
    page.locator(".queue__name a").first.click()
    name = page.locator("h1").text_content()
    expect(page.locator("[data-zoom]").first).to_be_hidden()  # They need the script.
    page.get_by_role("button", name="Flag").click()
    expect(page.locator(".notice--good").first).to_contain_text(f"{name} is flagged")
    page.locator("[data-undo] button").click()
    expect(page.locator("h1")).to_have_text(name or "")
