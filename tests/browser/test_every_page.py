"""The pages that one comes to by links, in both languages, wide and narrow: axe-core finds nothing, labels point at
what is there, nothing scrolls sideways, the page says its language. test_states.py has the others, and the list of
all. The pictures are kept for people to look at."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import Running, Visitor, keep_screen, sign_in
from tests.browser.program import SLUG, Program, truths, unsettled, wait_until

# What a label or a description points at must be there, once: axe only doubts that.
LOOSE_IDS = """() => {
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  const named = ["for", "aria-labelledby", "aria-describedby", "aria-controls"].flatMap((name) =>
    [...document.querySelectorAll(`[${name}]`)].flatMap((element) => element.getAttribute(name).split(/\\s+/)));
  return [...ids.filter((id, place) => ids.indexOf(id) !== place), ...named.filter((id) => id && !ids.includes(id))];
}"""
# WCAG 2.2 AA and what axe calls good practice.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
FOR_ANYONE = (
    "/",
    "/projects",
    f"/p/{SLUG}",
    f"/p/{SLUG}/terms",
    "/about/about",
    "/about/terms",
    "/about/contact",
    "/about/privacy",
    "/about/accessibility",
    "/sign-in",
    "/sign-up",
    "/forgot",
    "/data",
    f"/data/{SLUG}/1",
    "/nothing-here",
)
FOR_VOLUNTEERS = ("/me", "/my-answers", "/my-answers/decided", "/notifications", "/thanks")
FOR_REVIEWERS = ("/review", "/review?state=settled", "/desk")
FOR_MANAGERS = (
    "/desk",
    f"/desk/{SLUG}",
    f"/desk/{SLUG}/progress",
    f"/desk/{SLUG}/cutting",
    f"/desk/{SLUG}/scans",
    f"/desk/{SLUG}/layouts",
    f"/desk/{SLUG}/volunteers",
    f"/desk/{SLUG}/quality",
    f"/desk/{SLUG}/settings",
    f"/desk/{SLUG}/state?to=finished",
    "/desk/institution/harrowby",
    "/desk/institution/harrowby/staff",
    "/desk/institution/harrowby/acts",
    "/desk/institution/harrowby/new",
)


@pytest.fixture(scope="module")
def lived_in(running: Running) -> Running:
    """A demonstration in which people have worked: a record settled, one in doubt, a release published."""
    known = truths(running)
    first = Program(running)
    first.answer_cards(2, known, {})
    card = next(iter(known))
    for number in range(4):
        wrong = {
            card: {"object": {"value": f"Something {number}"}, "description": {"value": f"Line one\nLine {number}"}}
        }
        Program(running).answer_cards(2 if number == 0 else 1, known, wrong)
        wait_until(lambda: unsettled(running) == 0)
    return running


TAB_BESIDE = """[...document.querySelectorAll(".tabs [aria-current]")].map((tab) => tab.getBoundingClientRect())
  .filter((box) => box.left < 0 || box.right > innerWidth + 1).map((box) => [box.left, box.right])"""


def check(page: Page, name: str) -> None:
    """Looks at the page that is open."""
    keep_screen(page, name)
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    assert page.evaluate(LOOSE_IDS) == [], f"{name}: ids that are there twice, or not at all"
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{name} scrolls sideways by {wide} px"
    assert page.evaluate(TAB_BESIDE) == [], f"{name}: the page one is on is not seen among the tabs"
    assert page.evaluate("document.documentElement.lang") == page.evaluate("navigator.language").partition("-")[0]


def signed_in_as(visitor: Visitor, who: str, language: str, size: str) -> Page:
    return sign_in(visitor(language, size), who)


def named(path: str, language: str, size: str) -> str:
    return f"{re.sub(r'[^a-z0-9]+', '-', path.lower()).strip('-') or 'front'}-{language}-{size}"


@pytest.fixture(params=[("en", "wide"), ("fr", "narrow"), ("en", "narrow"), ("fr", "wide")], ids="-".join)
def look(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Language and width."""
    language, size = request.param
    return language, size


def release_is_out(visitor: Visitor) -> None:
    page = sign_in(visitor(), "manager")
    if page.goto(f"/data/{SLUG}/1").status == 200:  # type: ignore[union-attr]
        return
    page.goto(f"/desk/{SLUG}")
    page.get_by_role("button", name="Publish the next release").click()
    wait_until(lambda: page.goto(f"/data/{SLUG}/1").status == 200)  # type: ignore[union-attr]


def test_pages_for_anyone(lived_in: Running, visitor: Visitor, look: tuple[str, str]) -> None:
    release_is_out(visitor)
    page = visitor(*look)
    for path in FOR_ANYONE:
        page.goto(path)
        check(page, named(path, *look))


def test_the_workbench_and_a_volunteers_own_pages(lived_in: Running, visitor: Visitor, look: tuple[str, str]) -> None:
    page = signed_in_as(visitor, "volunteer", *look)
    for path in FOR_VOLUNTEERS:
        page.goto(path)
        check(page, named(path, *look))
    page.goto(f"/p/{SLUG}")
    page.locator("main form button.button--main").first.click()
    page.wait_for_url(re.compile("/terms|/work/"))
    if "/terms" in page.url:
        page.locator("main form button.button--main").first.click()
        page.wait_for_url(re.compile("/work/"))
    check(page, named("workbench", *look))
    page.keyboard.press("Control+Enter")
    page.locator(".field__problem:not([hidden])").first.wait_for()
    check(page, named("workbench-problems", *look))


def test_the_desks(lived_in: Running, visitor: Visitor, look: tuple[str, str]) -> None:
    page = signed_in_as(visitor, "reviewer", *look)
    for path in FOR_REVIEWERS:
        page.goto(path)
        check(page, named(path, *look))
    page.goto("/review")
    page.locator(".queue__name a").first.click()
    page.wait_for_url(re.compile(r"/review/\w+"))
    check(page, named("review-record", *look))
    page.goto(page.url.partition("?")[0] + "?edit=1")
    check(page, named("review-edit", *look))
    page = signed_in_as(visitor, "manager", *look)
    for path in FOR_MANAGERS:
        page.goto(path)
        check(page, named(path, *look))
    page.goto(f"/desk/{SLUG}/volunteers")
    page.locator("tbody a[href*='/volunteers/']").first.click()
    page.wait_for_url(re.compile(r"/volunteers/\w+"))
    check(page, named("volunteer", *look))
    page.goto(f"/desk/{SLUG}/scans")
    page.locator(".thumbs a").first.click()
    page.wait_for_url(re.compile("/desk/scan/"))
    check(page, named("scan", *look))
    page.goto(f"/desk/{SLUG}/scans")
    page.locator(".plain-list a[href*='/desk/intake/']").first.click()
    page.wait_for_url(re.compile("/desk/intake/"))
    check(page, named("delivery", *look))
