"""Labels and points in a real browser: by keyboard, with and without a script, kept as drafts, reviewed and amended."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy import select
from werkzeug.serving import make_server

from micro.app import create_app
from micro.config import Settings
from micro.data.models import Account, Answer, Assignment, Base, Project, Record, Setup
from micro.house import House, open_house
from micro.services.settling import settle_some, version_of
from tests.browser.conftest import SIZES, keep_screen
from tests.browser.program import wait_until
from tests.browser.test_every_page import check
from tests.cast import Cast, add_cards, make_cast
from tests.conftest import Clock, Letters

pytestmark = pytest.mark.browser
PLACES = [f"Parish {letter}{number}" for letter in "ABCDEFGH" for number in range(1, 6)]
FORM: dict[str, Any] = {
    "fields": [
        {
            "name": "shows",
            "type": "tags",
            "label": {"en": "What it shows", "fr": "Ce qu’on voit"},
            "hint": {"en": "Tick all that you can see.", "fr": "Cochez tout ce que vous voyez."},
            "choices": [
                {"code": name.lower(), "label": {"en": name}, "uri": f"https://vocabulary.example/{name.lower()}"}
                for name in ("Axe", "Sword", "Hoard", "Spearhead", "Épée")
            ],
        },
        {
            "name": "parishes",
            "type": "tags",
            "free": True,
            "label": {"en": "Parishes", "fr": "Paroisses"},
            "choices": [{"code": name.replace(" ", "-").lower(), "label": {"en": name}} for name in PLACES],
        },
    ]
}
POINT = {"name": "findspot", "type": "point", "label": {"en": "Found at", "fr": "Lieu"}, "grid_m": 1000}


@dataclass
class Served:
    """A small house with one project, served to a browser."""

    url: str
    house: House
    app: Flask
    cast: Cast


def serve(folder: Path, kind: str, form: dict[str, Any]) -> Iterator[Served]:
    settings = Settings(data_folder=folder / "var", secret_key="for tests only").checked()
    house = replace(open_house(settings, Clock()), mail=Letters())
    Base.metadata.create_all(house.database.engine)
    with house.database.writing() as session:
        cast = make_cast(session, house)
        project = session.get_one(Project, cast.project.id)
        project.cutting, project.min_answers = {"by": "whole"}, 3
        session.add(
            Setup(project_id=project.id, version=2, kind=kind, kind_version=1, body=form, created_at=house.clock())
        )
        session.flush()
        add_cards(session, house, project, 2)
    app = create_app(opened=house)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Served(f"http://127.0.0.1:{server.server_port}", house, app, cast)
    server.shutdown()
    thread.join()
    house.database.engine.dispose()


@pytest.fixture
def tagging(tmp_path: Path) -> Iterator[Served]:
    yield from serve(tmp_path, "tag", FORM)


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Served]:
    yield from serve(tmp_path, "transcribe", {"fields": [*FORM["fields"], POINT]})


def window(browser: Browser, served: Served, size: str = "wide", **options: Any) -> BrowserContext:
    width, height = SIZES[size]
    context = browser.new_context(
        locale=options.pop("locale", "en"), base_url=served.url, viewport={"width": width, "height": height}, **options
    )
    context.set_default_timeout(10_000)
    return context


def begin(context: BrowserContext) -> Page:
    """The workbench with the first card."""
    page = context.new_page()
    page.goto("/p/finds/terms")
    page.locator("main form button.button--main").first.click()
    page.wait_for_url("**/work/*")
    return page


def as_person(context: BrowserContext, served: Served, account: Account) -> None:
    serializer = served.app.session_interface.get_signing_serializer(served.app)  # type: ignore[attr-defined]
    said = {"_user_id": f"{account.public_id}.{account.session_stamp}", "_fresh": True}
    context.add_cookies(
        [{"name": served.app.config["SESSION_COOKIE_NAME"], "value": serializer.dumps(said), "url": served.url}]
    )


def answers(served: Served) -> list[dict[str, Any]]:
    with served.house.database.reading() as session:
        return [answer.value for answer in session.scalars(select(Answer).order_by(Answer.id))]


def drafts(served: Served) -> list[Any]:
    with served.house.database.reading() as session:
        return [held.draft for held in session.scalars(select(Assignment)) if held.draft]


def test_labels_are_chosen_with_the_keyboard_alone(browser: Browser, tagging: Served) -> None:
    context = window(browser, tagging)
    page = begin(context)
    page.wait_for_selector("[data-started]")
    assert page.evaluate("document.activeElement.value") == "axe", "the first label has the focus"
    page.keyboard.press("Space")
    search = page.get_by_role("combobox")
    assert page.get_by_role("checkbox", name="Parish A1").count() == 0, "many labels wait behind their search"
    search.focus()
    page.keyboard.type("parish b2")
    page.get_by_role("option", name="Parish B2").wait_for()
    page.keyboard.press("Enter")
    page.keyboard.type("b4")
    page.keyboard.press("Enter")
    page.keyboard.type("Nowhere at all")
    page.keyboard.press("Enter")
    chips = page.locator(".tags__chip")
    assert chips.all_inner_texts() == ["Parish B2", "Parish B4", "Nowhere at all"]
    page.keyboard.type("PARISH  c1")
    page.keyboard.press("Escape")
    assert page.get_by_role("option").count() == 0
    keep_screen(page, "tags-chosen")
    page.get_by_role("button", name="Remove “Parish B4”").press("Enter")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "combobox"
    page.keyboard.press("Control+Enter")
    page.get_by_text("Sent. Thank you.", exact=True).wait_for()
    assert answers(tagging) == [
        {
            "shows": {"value": ["axe"]},
            # What was typed and not chosen is not lost: it named a label.
            "parishes": {"value": ["parish-b2", "parish-c1", {"free": "Nowhere at all"}]},
        }
    ]
    context.close()


def test_a_draft_brings_labels_back(browser: Browser, tagging: Served) -> None:
    context = window(browser, tagging)
    page = begin(context)
    page.get_by_role("checkbox", name="Sword").check()
    page.get_by_role("checkbox", name="Axe").check()
    page.get_by_role("combobox").fill("a1")
    page.keyboard.press("Enter")
    page.get_by_role("combobox").fill("My own")
    page.keyboard.press("Enter")
    page.locator("[data-save=saved]:not([hidden])").wait_for()
    assert drafts(tagging) == [
        {
            "shows": {"value": {"codes": "axe\nsword"}},
            "parishes": {"value": {"codes": "parish-a1", "free": "My own", "typed": ""}},
        }
    ]
    page.reload()
    page.wait_for_selector("[data-started]")
    assert (
        page.get_by_role("checkbox", name="Axe").is_checked()
        and page.get_by_role("checkbox", name="Sword").is_checked()
    )
    assert page.locator(".tags__chip").all_inner_texts() == ["Parish A1", "My own"]
    page.evaluate("() => { window.fetch = () => Promise.reject(new Error('no network')); }")
    page.get_by_role("checkbox", name="Axe").uncheck()
    page.get_by_role("button", name="Remove “Parish A1”").click()
    kept = "Object.values(localStorage).some((text) => text.includes('My own') && !text.includes('parish-a1'))"
    wait_until(lambda: page.evaluate(kept))
    page.reload()
    page.wait_for_selector("[data-started]")
    assert not page.get_by_role("checkbox", name="Axe").is_checked()
    assert page.locator(".tags__chip").all_inner_texts() == ["My own"], "put back from this computer"
    context.close()


def test_none_of_these_rests_the_labels(browser: Browser, tagging: Served) -> None:
    context = window(browser, tagging)
    page = begin(context)
    page.get_by_role("checkbox", name="Axe").check()
    page.keyboard.press("Alt+b")
    assert page.get_by_role("checkbox", name="Axe").is_disabled()
    page.get_by_role("combobox").focus()
    page.keyboard.press("Alt+l")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Sent. Thank you.", exact=True).wait_for()
    assert answers(tagging) == [{"shows": {"mark": "blank"}, "parishes": {"mark": "illegible"}}]
    page.goto("/my-answers")
    assert page.get_by_text("none of these").is_visible()
    context.close()


def test_without_a_script_every_label_is_a_tick_box(browser: Browser, tagging: Served) -> None:
    context = window(browser, tagging, java_script_enabled=False)
    page = begin(context)
    page.get_by_role("checkbox", name="Épée").check()
    page.get_by_role("checkbox", name="Parish H5").check()
    page.get_by_role("checkbox", name="Parish A1").check()
    page.get_by_label("Labels of your own, one a line").fill("One\ntwo\nONE")
    keep_screen(page, "tags-without-script")
    page.locator("[data-submit]").click()
    page.get_by_text("Sent. Thank you.", exact=True).wait_for()
    assert answers(tagging) == [
        {
            "shows": {"value": ["épée"]},
            "parishes": {"value": ["parish-a1", "parish-h5", {"free": "ONE"}, {"free": "two"}]},
        }
    ]
    context.close()


def test_nothing_chosen_is_told_beside_the_field(browser: Browser, tagging: Served) -> None:
    context = window(browser, tagging)
    page = begin(context)
    page.keyboard.press("Control+Enter")
    page.get_by_text("No label is chosen here.").first.wait_for()
    assert page.evaluate("document.activeElement.value") == "axe"
    context.close()


@pytest.mark.parametrize(("locale", "size"), [("en", "wide"), ("en", "narrow"), ("fr", "narrow")])
def test_a_form_with_labels_and_a_point_is_for_everybody(
    browser: Browser, card: Served, locale: str, size: str
) -> None:
    context = window(browser, card, size, locale=locale)
    page = begin(context)
    page.get_by_role("combobox").fill("a")
    page.get_by_role("option").first.wait_for()
    check(page, f"tags-open-{locale}-{size}")
    page.keyboard.press("Enter")
    page.locator("[data-tags-show]").click()
    check(page, f"tags-{locale}-{size}")
    page.keyboard.press("Control+Enter")
    page.locator(".field__problem:not([hidden])").first.wait_for()
    check(page, f"tags-problems-{locale}-{size}")
    context.close()


def give(page: Page, shows: list[str], place: str) -> None:
    for name in shows:
        page.get_by_role("checkbox", name=name).check()
    page.get_by_role("combobox").fill("a1")
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Found at").fill(place)
    page.keyboard.press("Control+Enter")
    page.get_by_text("Sent. Thank you.", exact=True).wait_for()


def test_a_reviewer_sees_who_chose_what_and_amends_labels_and_a_point(browser: Browser, card: Served) -> None:
    said = (
        (["Axe", "Hoard"], "51,5357; -0,9028"),
        (["Axe"], "51°32′08″N 0°54′10″W"),
        (["Axe", "Sword"], "51.536 -0.903"),
    )
    for shows, place in said:
        context = window(browser, card)
        give(begin(context), shows, place)
        context.close()
    with card.house.database.writing() as session:
        settle_some(session, card.cast.project.id, card.house.clock())
    context = window(browser, card)
    as_person(context, card, card.cast.ben)
    page = context.new_page()
    page.goto("/review")
    page.locator(".queue__name a").first.click()
    page.goto(page.url.partition("?")[0] + "?field=shows")
    page.get_by_text("3 of 3").wait_for()
    assert page.get_by_role("row", name="Axe stands in the record 3 of 3").count() == 1
    check(page, "review-tags")
    page.goto(page.url.partition("?")[0] + "?field=findspot")
    assert page.get_by_text("blurred to a grid of 1,000 m").is_visible()
    check(page, "review-point")
    page.goto(page.url.partition("?")[0] + "?edit=1&field=shows")
    check(page, "review-tags-edit")
    page.get_by_role("checkbox", name="Axe").uncheck()
    page.get_by_role("checkbox", name="Spearhead").check()
    page.get_by_role("combobox").fill("Elsewhere")
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Found at").fill("51.5, -0.9")
    page.get_by_role("button", name="Save these values").click()
    page.get_by_text("is kept with your values").wait_for()
    with card.house.database.reading() as session:
        record = session.scalars(select(Record).where(Record.state == "decided")).one()
        version = version_of(session, record, record.current)
        assert version is not None
        kept = {name: entry.get("value") for name, entry in version.values.items()}
    assert "spearhead" in kept["shows"] and "axe" not in kept["shows"]
    assert kept["parishes"] == ["parish-a1", {"free": "Elsewhere"}]
    assert kept["findspot"] == {"lat": "51.5", "lon": "-0.9"}
    context.close()
