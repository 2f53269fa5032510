"""Accepting together and what the experts decided, looked at in a real browser, wide and narrow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from micro import jobs
from micro.data.models import Batch, Item, Record
from tests.browser.test_every_page import check
from tests.browser.test_tags import Served, as_person, serve, window
from tests.cast import FORM, add_cards, make_project
from tests.services.reading import decided, read, settle, tasks_of
from tests.services.test_batches import COUNT, drawn

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A drawer of cards on which readers agree; Ada read the first one in her own way, and it was corrected."""
    for served in serve(tmp_path_factory.mktemp("together"), "transcribe", FORM):
        house, cast = served.house, served.cast
        with house.database.writing() as session:
            project = make_project(
                session, session.merge(cast.collection), house.clock(), slug="drawer", target_confidence=0.6
            )
            add_cards(session, house, project, COUNT + 1)
            items = session.scalars(select(Item).where(Item.project_id == project.id).order_by(Item.id)).all()
            for item in items:
                for who in ("one", "two"):
                    read(session, house, tasks_of(session, item)[0], who)
            own = {"object": {"value": "Sokcet axe"}, "material": {"value": "gold"}}
            read(session, house, tasks_of(session, items[0])[0], cast.ada, **own)
            settle(session, house, project)
            first = session.scalars(select(Record).where(Record.item_id == items[0].id)).one()
            decided(session, house, first, cast.ben)
        yield served


def opened(browser: Browser, desk: Served, who: str, size: str, path: str) -> Page:
    context = window(browser, desk, size)
    as_person(context, desk, getattr(desk.cast, who))
    page = context.new_page()
    page.goto(path)
    return page


@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_what_the_experts_decided(browser: Browser, desk: Served, size: str) -> None:
    page = opened(browser, desk, "ada", size, "/my-answers/decided")
    expect(page.locator(".lesson .differs").first).to_contain_text("Sok")
    expect(page.locator(".lesson__pair")).to_have_count(2)
    check(page, f"decided-en-{size}")


def test_from_the_queue_to_the_undo(browser: Browser, desk: Served) -> None:
    page = opened(browser, desk, "ben", "wide", "/review?project=drawer")
    page.get_by_role("link", name="Accept clear records together").click()
    page.fill("#least", "60")
    page.get_by_role("button", name="Show these").click()
    expect(page.get_by_role("heading", name=f"{COUNT} records could be accepted")).to_be_visible()
    narrow = opened(browser, desk, "ben", "narrow", page.url)
    for one, size in ((page, "wide"), (narrow, "narrow")):
        check(one, f"together-en-{size}")
    page.get_by_role("button", name="Draw the sample").click()
    expect(page.get_by_text("0 of 29 looked at so far")).to_be_visible()
    check(page, "batch-open-en-wide")
    batch = page.url
    page.get_by_role("link", name="Look at the sample").click()
    page.locator(".queue__name a").first.click()
    check(page, "audit-record-en-wide")
    page.keyboard.press("a")
    expect(page.get_by_text("is accepted.")).to_be_visible()
    with desk.house.database.writing() as session:
        for record in drawn(session, session.scalars(select(Batch)).one()):
            if record.state == "review":
                decided(session, desk.house, record, desk.cast.ben)
    page.goto(batch)
    expect(page.get_by_text("0 of 29 wrong: at most 9.9%")).to_be_visible()
    page.get_by_role("button", name="Accept the other 5").click()
    jobs.sweep_all(desk.house)
    page.goto(batch)
    check(page, "batch-accepted-en-wide")
    narrow.goto(batch)
    check(narrow, "batch-accepted-en-narrow")
    page.get_by_role("button", name="Take all 5 back").click()
    jobs.sweep_all(desk.house)
    page.goto(batch)
    expect(page.locator(".tag").get_by_text("taken back")).to_be_visible()
