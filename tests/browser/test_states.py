"""The pages that a visitor reaches on a way only: by a mail, after a refusal, when nothing is left. Looked at as in
test_every_page; test_no_page_forgotten.py has the list of all."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from itsdangerous import URLSafeSerializer
from playwright.sync_api import Page, expect

from tests.browser.conftest import Running, Visitor
from tests.browser.program import SLUG, unsettled, wait_until
from tests.browser.test_every_page import check, named, signed_in_as

OTHER = "valmont-trouvailles"  # These tests lend, skip and pause; the first project stays as the others need it.
PASSWORD = "correct horse battery"


@pytest.fixture(params=[("en", "wide"), ("fr", "narrow")], ids="-".join)
def look(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Language and width."""
    language, size = request.param
    return language, size


# --- accounts ------------------------------------------------------------------------------------------------------


def send(page: Page, selector: str = "main form .button--main") -> None:
    """Presses a button that leads to another page."""
    with page.expect_navigation():
        page.locator(selector).first.click()


def link_mailed(running: Running, ask: Callable[[], None]) -> str:
    """The path of the link in the mail that comes when one asks for it."""
    before = len(running.mails.mails)
    ask()
    mail = running.mails.wait_for(before + 1)[-1].get_content()
    return re.search(r"http://127\.0\.0\.1:\d+(/\S+)", mail)[1]  # type: ignore[index]


def test_the_pages_between_signing_up_and_being_let_in(
    running: Running, visitor: Visitor, look: tuple[str, str]
) -> None:
    page, email = visitor(*look), f"henriette-{look[0]}@example.org"

    def sign_up() -> None:
        page.goto("/sign-up")
        for name, text in (("name", "Henriette"), ("email", email), ("password", PASSWORD)):
            page.fill(f"input[name={name}]", text)
        send(page)

    link = link_mailed(running, sign_up)
    check(page, named("posted", *look))
    page.goto("/sign-in")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", "not the password")
    send(page)
    check(page, named("sign-in-refused", *look))
    page.fill("input[name=password]", PASSWORD)
    send(page)
    expect(page.locator("button[name=again]")).to_be_visible()
    check(page, named("unconfirmed", *look))
    page.goto(link)
    expect(page.locator("#password")).to_be_visible()
    check(page, named("confirm", *look))
    page.goto("/confirm/no-such-link")
    check(page, named("confirm-link-over", *look))


def test_the_pages_on_the_way_to_a_new_password(running: Running, visitor: Visitor, look: tuple[str, str]) -> None:
    page = visitor(*look)

    def forget() -> None:
        page.goto("/forgot")
        page.fill("input[name=email]", "volunteer@example.org")
        send(page)

    link = link_mailed(running, forget)
    check(page, named("posted-forgot", *look))
    page.goto(link)
    page.fill("#password", "short")
    send(page)
    expect(page.locator("#password-problem")).to_be_visible()
    check(page, named("reset", *look))
    page.goto("/reset/no-such-link")
    check(page, named("reset-link-over", *look))


# --- the workbench -------------------------------------------------------------------------------------------------


def ask(page: Page, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Asks the JSON interface as the visitor of this window."""
    answer = page.request.post(f"/api/v1{path}", data=body)
    assert answer.ok, answer.text()
    found: dict[str, Any] = answer.json()
    return found


def test_what_the_workbench_says_when_there_is_no_card_to_take(
    running: Running, visitor: Visitor, look: tuple[str, str]
) -> None:
    page, manager = visitor(*look), signed_in_as(visitor, "manager", *look)

    def waiting(project: str, name: str) -> None:
        page.goto(f"/p/{project}/take")
        check(page, named(f"waiting-{name}", *look))

    waiting(OTHER, "free")
    expect(page.locator("main form")).to_be_visible()
    accepted = {"terms": page.request.get(f"/api/v1/projects/{OTHER}").json()["terms"]["version"]}
    for _ in range(3):
        ask(page, f"/projects/{OTHER}/take", {**accepted, "fresh": True})
    waiting(OTHER, "held")
    expect(page.locator("main a[href*='/work/']")).to_have_count(1)
    waiting(SLUG, "too-many")
    expect(page.locator("main a[href*='/work/']")).to_have_count(3)
    while lent := ask(page, f"/projects/{OTHER}/take", accepted).get("assignment"):
        ask(page, f"/assignments/{lent}/skip", {})
    waiting(OTHER, "nothing-left")
    expect(page.locator("main a[href='/my-answers']")).to_be_visible()
    move(manager, "paused")
    try:
        waiting(OTHER, "paused")
        page.goto(f"/p/{OTHER}")
        check(page, named("project-paused", *look))
    finally:
        move(manager, "live")


def move(manager: Page, state: str) -> None:
    manager.goto(f"/desk/{OTHER}")
    send(manager, f"button[name=state][value={state}]")


def a_card_in_hand(page: Page) -> str:
    """Takes a card; returns the path of its workbench."""
    page.goto(f"/p/{OTHER}")
    send(page, "main form button.button--main")
    if "/terms" in page.url:
        send(page, "main form button.button--main")
    page.wait_for_url(re.compile("/work/"))
    return "/work/" + page.url.rpartition("/work/")[2]


def answer_all_blank(page: Page) -> None:
    page.locator("#entry .mark input[value=blank]").evaluate_all("(marks) => marks.forEach((mark) => mark.click())")
    before = page.url
    page.locator("[data-submit]").click()
    page.wait_for_url(lambda url: url != before)


def misuse(page: Page, form: str, path: str) -> None:
    """Sends a form of the page somewhere else, as a program does, or a page that was open for long."""
    with page.expect_navigation():
        page.locator(form).first.evaluate("(form, path) => { form.action = path; form.submit(); }", path)


def record_of(running: Running, work: str) -> str:
    """The path of the review page of what was read on a workbench."""
    wait_until(lambda: unsettled(running) == 0)
    with closing(sqlite3.connect(running.folder / "micro.db")) as database:
        found = database.execute(
            "SELECT record.public_id FROM record JOIN task ON task.item_id = record.item_id "
            "JOIN assignment ON assignment.task_id = task.id WHERE assignment.public_id = ?",
            (work.removeprefix("/work/"),),
        ).fetchone()
    return f"/review/{found[0]}"


def test_a_card_that_was_sent_and_its_record_in_review(
    running: Running, visitor: Visitor, look: tuple[str, str]
) -> None:
    page = signed_in_as(visitor, "reviewer", *look)
    work = a_card_in_hand(page)
    page.locator("[data-opens=help]").click()
    expect(page.locator("#help")).to_be_visible()
    check(page, named("workbench-help", *look))
    page.keyboard.press("Escape")
    answer_all_blank(page)
    page.goto(work)
    expect(page.locator("#said")).to_be_visible()
    check(page, named("sent", *look))
    misuse(page, "main form", work + "/skip")
    expect(page.locator(".eyebrow")).to_have_text("409")
    check(page, named("error-409", *look))
    page.goto(work + "/comments")
    check(page, named("comments-none", *look))
    page.fill("#words", "There is a drawing on the back.\nIt shows an axe.")
    page.locator("main .button:not(.button--main)").first.click()
    expect(page.locator(".spoken__words")).to_contain_text("a drawing on the back")
    check(page, named("comments", *look))

    record = record_of(running, work)
    page.goto(record)
    expect(page.locator(".notice--warn")).to_be_visible()
    expect(page.locator("button[name=action][value=accept], button[name=action][value=amend]")).to_have_count(0)
    page.locator("details").evaluate_all("(all) => all.forEach((one) => { one.open = true; })")
    check(page, named("review-own-answer-and-history", *look))
    refusals_of_a_decision(signed_in_as(visitor, "manager", *look), record, look)


def refusals_of_a_decision(page: Page, record: str, look: tuple[str, str]) -> None:
    """Two windows decide differently about one record; then a value that cannot be kept."""
    amend = "button[name=action][value=amend]"
    page.goto(record + "?edit=1")
    other = page.context.new_page()
    other.goto(record + "?edit=1")
    write_object(other, "Hache")
    other.locator(amend).first.click()
    expect(other.locator(".notice--good").first).to_be_visible()
    page.locator(amend).first.click()
    expect(page.locator("#refused")).to_be_visible()
    check(page, named("review-refused", *look))
    write_object(page, "Hache plate")
    page.locator("input[name='found_on.mark'][value=blank]").evaluate("(mark) => mark.click()")
    page.fill("input[name='found_on.value.month']", "13")
    page.locator(amend).first.click()
    expect(page.locator("#field-found_on-problem")).to_be_visible()
    check(page, named("review-edit-problems", *look))


def write_object(page: Page, text: str) -> None:
    """Takes the mark “blank” off the first field and writes there."""
    page.locator("input[name='object.mark'][value=blank]").evaluate("(mark) => mark.click()")
    page.fill("#field-object", text)


# --- errors --------------------------------------------------------------------------------------------------------


def test_the_pages_that_refuse(running: Running, visitor: Visitor, look: tuple[str, str]) -> None:
    page = visitor(*look)

    def refused(status: int) -> None:
        expect(page.locator(".eyebrow")).to_have_text(str(status))
        check(page, named(f"error-{status}", *look))

    page.goto("/")
    page.locator("input[name=csrf_token]").evaluate_all("(all) => all.forEach((one) => one.remove())")
    misuse(page, "form[action='/language']", "/language")
    refused(400)
    page = signed_in_as(visitor, "volunteer", *look)
    page.goto("/desk")
    refused(403)


# --- notifications -------------------------------------------------------------------------------------------------


def test_what_somebody_is_told_and_the_end_of_its_mails(
    running: Running, visitor: Visitor, look: tuple[str, str]
) -> None:
    page = signed_in_as(visitor, "manager", *look)
    with closing(sqlite3.connect(running.folder / "micro.db")) as database, database:
        account_id, public_id = database.execute(
            "SELECT id, public_id FROM account WHERE email = 'manager@example.org'"
        ).fetchone()
        database.execute(
            "INSERT OR IGNORE INTO notification (public_id, account_id, sort, about, project_id, path, details, state,"
            " mail, at) VALUES (?, ?, 'queue', ?, 1, '/review', ?, 'unread', 'none', '2026-03-01 09:00:00')",
            (f"told-{look[0]}", account_id, look[0], '{"count": 12, "most": 10}'),
        )
    page.goto("/notifications")
    expect(page.locator(".told__row.is-unread").first).to_be_visible()
    check(page, named("notifications-unread", *look))
    send(page, ".told__open")
    assert page.url.endswith("/review")
    secret = (running.folder / "secret").read_text()
    token = URLSafeSerializer(secret, salt="end notifications").dumps(public_id)
    page.goto(f"/notifications/end/{token}")
    check(page, named("notifications-end", *look))
