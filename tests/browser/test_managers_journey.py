"""From an empty system to a live project and back: whoever runs the network, the manager whom they invite, and a
visitor who tries it out. Every refusal on the way is one sentence beside what was typed, which stays."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Running, Visitor, micro_up
from tests.browser.program import wait_until
from tests.browser.test_every_page import check, named
from tests.cast import card_picture
from tests.servers import Mailbox

PASSWORD = "correct horse battery"
SLUG = "finds-of-2026"
LOOKS = [("en", "wide"), ("fr", "narrow")]


@pytest.fixture(scope="module", params=LOOKS, ids="-".join)
def look(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Language and width: the whole way is gone in each."""
    language, size = request.param
    return language, size


@pytest.fixture(scope="module")
def running(look: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A micro in which there is nothing and nobody but one network admin, made by the command."""
    with micro_up(tmp_path_factory.mktemp("empty") / "var", demo=False) as up:
        known = {name: value for name, value in os.environ.items() if not name.startswith("MICRO_")}
        subprocess.run(
            [
                sys.executable,
                *["-m", "micro", "admin", "create", "root@example.org", "--name", "Root", "--password"],
                PASSWORD,
            ],
            env={**known, "MICRO_DATA": str(up.folder), "PYTHONPATH": str(Path(__file__).parents[2])},
            check=True,
            capture_output=True,
        )
        yield up


def press(page: Page, selector: str = "main form .button--main") -> None:
    with page.expect_navigation():
        page.locator(selector).last.click()


def to_state(page: Page, state: str) -> None:
    page.goto(f"/desk/{SLUG}")
    press(page, f"button[name=state][value={state}], a[href*='to={state}']")


def refused(page: Page, selector: str, *, says: str = "") -> None:
    """A refusal stands beside its field, is tied to it, and says more than that something is wrong."""
    press(page, selector)
    problem = page.locator(".field__problem, .notice--bad").first
    expect(problem).to_be_visible()
    assert len(problem.inner_text().strip()) > 15, problem.inner_text()
    assert says in page.locator("main").inner_text()


def link_in(mails: Mailbox, count: int) -> str:
    text = mails.wait_for(count)[-1].get_content()
    found = re.search(r"http://127\.0\.0\.1:\d+(/\S+)", text)
    assert found, text
    return found[1]


def sign_in(page: Page, email: str, look: tuple[str, str]) -> Page:
    page.goto("/sign-in")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", PASSWORD)
    press(page)
    if page.evaluate("document.documentElement.lang") != look[0]:
        with page.expect_navigation():
            page.locator(f"button[name=language][value={look[0]}]").click()
    return page


def test_from_an_empty_system_to_a_live_project_and_back(
    running: Running, visitor: Visitor, look: tuple[str, str]
) -> None:
    an_institution_joins(running, visitor, look)
    manager = visitor(*look)
    the_invitation_is_accepted(running, manager, look)
    a_project_is_made(manager, look)
    scans_come_in_and_are_cut(manager, look)
    it_is_tried_out(manager, visitor(*look), look)
    it_opens_and_rests_and_ends(manager, look)


def an_institution_joins(running: Running, visitor: Visitor, look: tuple[str, str]) -> None:
    stranger = visitor(*look)
    for path in ("/", "/projects", "/data"):
        stranger.goto(path)
        check(stranger, named(f"empty-{path}", *look))
    page = sign_in(visitor(*look), "root@example.org", look)
    page.goto("/desk")
    check(page, named("desk-empty", *look))
    page.goto("/desk/institutions")
    check(page, named("institutions-empty", *look))
    page.goto("/desk/institutions/new")
    page.locator("input[name=name]").fill("Museum of Harbour and Sea")
    page.locator("input[name=website]").fill("no address")
    refused(page, "main form .button--main")
    assert page.input_value("input[name=name]") == "Museum of Harbour and Sea"
    check(page, named("institution-new", *look))
    page.locator("input[name=website]").fill("https://museum.example.org")
    press(page)
    page.goto("/desk/institutions")
    check(page, named("institutions", *look))
    page.locator("main tbody a").first.click()
    page.wait_for_url(re.compile("/desk/institution/"))
    check(page, named("institution", *look))
    page.goto(page.url + "/staff")
    page.fill("input[name=email]", "nobody")
    page.locator("main form input[name=email]").evaluate("input => input.form.noValidate = true")
    refused(page, "main form:has(input[name=email]) .button--main")
    page.fill("input[name=email]", "mia@example.org")
    press(page, "main form:has(input[name=email]) .button--main")
    assert len(running.mails.wait_for(1)) == 1
    check(page, named("staff-invited", *look))


def the_invitation_is_accepted(running: Running, page: Page, look: tuple[str, str]) -> None:
    link = link_in(running.mails, 1)
    page.goto(link)
    page.fill("input[name=name]", "Mia Manager")
    page.fill("input[name=password]", "short")
    refused(page, "main form .button--main")
    assert page.input_value("input[name=name]") == "Mia Manager"
    check(page, named("invitation", *look))
    page.fill("input[name=password]", PASSWORD)
    press(page)
    page.goto(link)
    expect(page.locator("input[name=password]")).to_have_count(0)
    check(page, named("invitation-over", *look))


def a_project_is_made(page: Page, look: tuple[str, str]) -> None:
    page.goto("/desk")
    check(page, named("desk-first", *look))
    page.locator("main a[href$='/new']").first.click()
    page.wait_for_url(re.compile("/new$"))
    page.fill("input[name=title_en]", "Finds of 2026")
    page.fill("input[name=max_answers]", "0")
    page.locator("input[name=max_answers]").evaluate("input => input.form.noValidate = true")
    page.fill("input[name=collection]", "Finds")
    refused(page, "main form .button--main")
    assert page.input_value("input[name=title_en]") == "Finds of 2026"
    check(page, named("project-new", *look))
    page.fill("input[name=max_answers]", "3")
    press(page)
    page.wait_for_url(re.compile(f"/desk/{SLUG}"))
    check(page, named("project-draft", *look))
    page.goto(f"/desk/{SLUG}/settings")
    page.fill("input[name=target_confidence]", "200")
    page.locator("input[name=target_confidence]").evaluate("input => input.form.noValidate = true")
    refused(page, "main form .button--main")
    check(page, named("settings-refused", *look))
    page.fill("input[name=target_confidence]", "80")
    press(page)
    check(page, named("settings-saved", *look))


def scans_come_in_and_are_cut(page: Page, look: tuple[str, str]) -> None:
    page.goto(f"/desk/{SLUG}")
    to_state(page, "live")  # Too early: there is nothing to read.
    assert page.locator("main").inner_text().strip()
    page.goto(f"/desk/{SLUG}/scans")
    check(page, named("scans-empty", *look))
    files = [
        {"name": f"card-{n}.jpg", "mimeType": "image/jpeg", "buffer": card_picture(n, 1200, 800)} for n in range(3)
    ]
    page.set_input_files("#files", [*files, {"name": "notes.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}])  # type: ignore[list-item]
    with page.expect_navigation(url=re.compile("/desk/intake/")):
        page.locator("form[data-module=upload] button:not([type])").click()
    expect(page.get_by_role("rowheader", name="notes.jpg")).to_be_visible(timeout=30_000)
    wait_until(lambda: has_scans(page, 3))
    check(page, named("scans-three", *look))
    page.goto(f"/desk/{SLUG}/form")
    check(page, named("form-of-template", *look))
    page.goto(f"/desk/{SLUG}/cutting")
    page.locator("input[name=by][value=whole]").check()
    check(page, named("cutting-whole", *look))
    press(page, "#cutting button[name=do][value=look]:visible")
    check(page, named("cutting-whole-looked-at", *look))
    press(page, "button[name=do][value=cut]:visible, main form .button--main:visible")
    wait_until(lambda: shown(page, f"/desk/{SLUG}", ".todo li:nth-child(3) svg") == 1)


def has_scans(page: Page, count: int) -> bool:
    return shown(page, f"/desk/{SLUG}/scans", ".thumbs li") == count


def shown(page: Page, path: str, selector: str) -> int:
    page.goto(path)
    return page.locator(selector).count()


def it_is_tried_out(page: Page, friend: Page, look: tuple[str, str]) -> None:
    to_state(page, "trial")
    check(page, named("project-trial", *look))
    link = page.locator(".copied a").get_attribute("href") or ""
    assert friend.goto(f"/p/{SLUG}").status == 404  # type: ignore[union-attr]
    friend.goto(link)
    check(friend, named("trial-for-a-friend", *look))
    press(friend, ".hero form .button--main")
    if "/terms" in friend.url:
        press(friend)
    friend.wait_for_url(re.compile("/work/"))
    for mark in friend.locator("input[type=radio][value=illegible], input[value=illegible]").all():
        mark.evaluate("input => { input.checked = true; input.dispatchEvent(new Event('change', {bubbles: true})) }")
    friend.keyboard.press("Control+Enter")
    wait_until(lambda: "1" in figure(page, 1))
    page.goto(f"/desk/{SLUG}")
    check(page, named("project-trial-answered", *look))


def figure(page: Page, place: int) -> str:
    page.goto(f"/desk/{SLUG}")
    return page.locator(".figures dd").nth(place).inner_text()


def it_opens_and_rests_and_ends(page: Page, look: tuple[str, str]) -> None:
    to_state(page, "live")
    check(page, named("state-asked", *look))
    press(page, "button[name=state][value=live]")
    assert figure(page, 1).startswith("0"), "the answers of the trial are gone"
    check(page, named("project-live", *look))
    for path in ("", "/scans", "/form", "/cutting", "/layouts", "/volunteers", "/news", "/settings"):
        page.goto(f"/desk/{SLUG}{path}")
        check(page, named(f"young-project{path}", *look))
    write_news(page, look)
    to_state(page, "paused")
    page.goto(f"/p/{SLUG}")
    check(page, named("public-paused", *look))
    to_state(page, "live")
    to_state(page, "finished")
    check(page, named("state-finish-asked", *look))
    press(page, "button[name=state][value=finished]")
    to_state(page, "archived")
    press(page, "button[name=state][value=archived]")
    page.goto(f"/desk/{SLUG}")
    expect(page.locator("button[name=state], a[href*='to=']")).to_have_count(0)
    check(page, named("project-archived", *look))


def write_news(page: Page, look: tuple[str, str]) -> None:
    page.goto(f"/desk/{SLUG}/news")
    refused(page, "form[action$='/news'] .button--main, section:first-of-type form .button--main")
    page.fill(f"input[name=news-{look[0]}-title]", "The first drawer is open")
    page.fill(f"textarea[name=news-{look[0]}-text]", "Three cards wait.")
    press(page, "section:first-of-type form .button--main")
    check(page, named("news-written", *look))
    page.goto(f"/p/{SLUG}/news")
    expect(page.get_by_text("The first drawer is open")).to_be_visible()
    check(page, named("news", *look))
