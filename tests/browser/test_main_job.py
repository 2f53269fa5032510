"""The whole main job as people do it: sign up, three cards by keyboard, a reviewer decides, a release is downloaded."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Running, Visitor, keep_screen, sign_in
from tests.browser.program import SLUG, Program, truths, unsettled, wait_until


def sign_up_by_mail(page: Page, running: Running, email: str) -> None:
    page.goto("/sign-up")
    page.fill("input[name=name]", "Grace")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", "correct horse battery")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    mail = running.mails.wait_for(1)[-1].get_content()
    page.goto(re.search(r"http://127\.0\.0\.1:\d+(/\S+)", mail)[1])  # type: ignore[index]
    page.fill("#password", "correct horse battery")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Grace")).to_be_visible()


def type_card(page: Page, said: dict[str, Any]) -> None:
    """Fills in one card with the keyboard alone: from the first field, which has the focus, to Ctrl+Enter."""
    for name in ("object", "material", "length", "findspot", "found_on", "description"):
        _type_field(page, name, said[name])
    page.keyboard.press("Control+Enter")


def _type_field(page: Page, name: str, said: dict[str, Any]) -> None:
    _tab_to(page, f"{name}.value")
    if said.get("mark") == "blank":
        page.keyboard.press("Alt+b")
        return
    value = said["value"]
    match name:
        case "material":
            page.keyboard.press("Space")
            for _ in range(8):
                if page.evaluate("document.activeElement.value") == value:
                    break
                page.keyboard.press("ArrowRight")
        case "length":
            page.keyboard.type(value["amount"])
            page.keyboard.press("Tab")
            page.keyboard.type(value["unit"])
        case "found_on":
            year, month, day = value.split("-")
            for part in (day, month, year):
                if "X" not in part:
                    page.keyboard.type(part)
                page.keyboard.press("Tab")
        case _:
            page.keyboard.type(value)


def _tab_to(page: Page, prefix: str) -> None:
    """Presses Tab until the focus is in an input whose name begins so."""
    for _ in range(40):
        if page.evaluate("document.activeElement.name || ''").startswith(prefix):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {prefix}")


def test_the_whole_main_job_from_sign_up_to_a_release_that_says_what_the_cards_say(
    running: Running, visitor: Visitor
) -> None:
    known = truths(running)
    page = visitor()
    sign_up_by_mail(page, running, "grace@example.org")
    page.goto(f"/p/{SLUG}")
    keep_screen(page, "project")
    page.get_by_role("button", name="Read one card").first.click()
    page.locator("main form button.button--main").click()  # the terms of contribution
    read: list[str] = []
    for number in range(3):
        expect(page.locator("#entry-title")).to_be_visible()
        identifier = next(i for i in known if i in page.title())
        assert identifier not in read, "never the same card twice"
        address = page.url
        if number == 0:
            keep_screen(page, "workbench")
        type_card(page, known[identifier])
        page.wait_for_url(lambda url, before=address: url != before)
        read.append(identifier)

    # Others read the same cards. About the date of the first no two agree, until the most that may be asked.
    for number in range(4):
        doubt = {read[0]: {"found_on": {"value": f"{1850 + number}-0{1 + number}-XX"}}}
        Program(running).answer_cards(3 if number == 0 else 1, known, doubt)
        wait_until(lambda: unsettled(running) == 0)

    _decide(visitor(), known, read[0])
    _publish(visitor(), running)
    _compare(visitor(), known, read)
    log = (running.folder.parent / "up.log").read_text()
    assert not any(word in log for word in ("grace@", "Grace", known[read[0]]["findspot"]["value"])), log


def _decide(page: Page, known: dict[str, dict[str, Any]], identifier: str) -> None:
    """The reviewer finds the card about which readers differ, sees why, and writes what stands there."""
    sign_in(page, "reviewer")
    page.goto("/review")
    keep_screen(page, "review-queue")
    with page.expect_navigation():
        page.get_by_role("link", name=re.compile(re.escape(identifier))).first.click()
    keep_screen(page, "review-record")
    page.keyboard.press("e")
    page.wait_for_url(re.compile("edit=1"))
    keep_screen(page, "review-edit")
    said = known[identifier]["found_on"]
    for part, text in zip(("year", "month", "day"), said["value"].split("-"), strict=True):
        page.fill(f"input[name='found_on.value.{part}']", "" if "X" in text else text)
    with page.expect_navigation():
        page.locator("button[name=action][value=amend]").first.click()
    expect(page.locator(".notice--good").first).to_be_visible()


def _publish(page: Page, running: Running) -> None:
    sign_in(page, "manager")
    page.goto(f"/desk/{SLUG}")
    keep_screen(page, "desk")
    page.get_by_role("button", name="Publish the next release").click()
    wait_until(lambda: page.goto(f"/data/{SLUG}/1").status == 200)  # type: ignore[union-attr]


def _compare(page: Page, known: dict[str, dict[str, Any]], read: list[str]) -> None:
    """A researcher without an account downloads the file; every cell is what the card says."""
    page.goto(f"/data/{SLUG}/1")
    keep_screen(page, "release")
    with page.expect_download() as started:
        page.get_by_role("link", name=re.compile("Download CSV")).first.click()
    text = Path(started.value.path()).read_bytes().decode("utf-8-sig")
    rows = {row["identifier"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}
    for identifier in read:
        row, said = rows[identifier], known[identifier]
        for field in ("object", "findspot", "found_on", "description"):
            assert row[field] == said[field].get("value", ""), (identifier, field)
            assert row[f"{field}_status"] == said[field].get("mark", "given")
        length = said["length"].get("value", {"amount": "", "unit": ""})
        assert (row["length"], row["length_unit"]) == (length["amount"], length["unit"])
        assert row["material"].lower() == said["material"].get("value", "")
    assert rows[read[0]]["state"] == "checked"
