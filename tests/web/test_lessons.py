"""The page of what the experts decided, for whoever reads it: a visitor by cookie or a volunteer with an account."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from micro.data.models import Act, Project, Record, Volunteer
from micro.house import House
from micro.services.people import hash_token
from micro.web.context import volunteer_token
from tests.cast import Cast, signed_in
from tests.services.reading import GOLD, card, decided, read, record_of, settle, tasks_of
from tests.web.test_review import page_of

PAGE = "/my-answers/decided"
NEW = "new decisions"


@pytest.fixture
def record(house: House, cast: Cast) -> Record:
    """A card that Ada read as bronze; Ben decided that it says gold."""
    with house.database.writing() as session:
        item = card(session, house, session.merge(cast.project))
        task = tasks_of(session, item)[0]
        read(session, house, task, cast.ada, object={"value": "Socketed ax"})
        read(session, house, task, "two", **GOLD)
        settle(session, house, item.project)
        record = record_of(session, item)
        decided(session, house, record, cast.ben, "amend", values={**GOLD, "object": {"value": "Socketed axe"}})
        return record


@pytest.fixture
def ada(app: Flask, cast: Cast) -> FlaskClient:
    return signed_in(app, cast.ada)


def test_the_header_counts_until_the_page_was_looked_at(ada: FlaskClient, record: Record) -> None:
    assert NEW in page_of(ada.get("/projects"))
    assert ada.head(PAGE).status_code == 200
    assert NEW in page_of(ada.get("/projects")), "nobody has seen it yet"
    page = page_of(ada.get(PAGE))
    assert "Of the 5 things you read that an expert has looked at since, 3 stand as you wrote them." in page
    assert re.search(r'class="tag tag--note">.*?new</span>', page, re.S)
    assert NEW not in page_of(ada.get("/projects"))
    assert not re.search(r'class="tag tag--note">', page_of(ada.get(PAGE)))


def test_a_difference_is_marked_by_shape_and_word(ada: FlaskClient, record: Record) -> None:
    page = page_of(ada.get(PAGE))
    assert re.search(r'class="differs"><span class="u-hidden">differs: </span>ax<del>e</del>', page)
    assert re.search(r'class="differs">\s*<span lang="en">Bronze</span>', page)
    assert "You wrote" in page and "Gold" in page


def test_a_visitor_without_an_account_learns_by_the_cookie(app: Flask, house: House, cast: Cast) -> None:
    visitor = app.test_client()
    assert "No expert has decided about your cards yet." in page_of(visitor.get(PAGE))
    visitor.get("/p/finds/terms")
    with app.test_request_context(headers={"Cookie": f"micro_volunteer={_cookie(visitor)}"}):
        token = volunteer_token()
    assert token
    with house.database.writing() as session:
        item = card(session, house, session.merge(cast.project))
        for who, changed in ((token, {}), ("two", GOLD)):
            read(session, house, tasks_of(session, item)[0], who, **changed)
        settle(session, house, item.project)
        decided(session, house, record_of(session, item), cast.ben, "amend", values=GOLD)
        assert session.scalar(select(Volunteer.id).where(Volunteer.cookie_hash == hash_token(token)))
    assert NEW in page_of(visitor.get("/projects"))
    assert "Gold" in page_of(visitor.get(PAGE))
    assert NEW not in page_of(visitor.get("/projects"))
    assert "Gold" not in page_of(app.test_client().get(PAGE))


def _cookie(visitor: FlaskClient) -> str:
    cookie = visitor.get_cookie("micro_volunteer")
    assert cookie is not None
    return cookie.value


def test_a_manager_turns_it_off_in_the_settings(
    app: Flask, ada: FlaskClient, house: House, cast: Cast, record: Record
) -> None:
    mia = signed_in(app, cast.mia)
    seen = re.search(r'name="seen" value="([^"]+)"', page_of(mia.get("/desk/finds/settings")))
    assert seen is not None
    sent = {"seen": seen[1], "title_en": "Catalogue of finds", "teaching": "no"}
    assert mia.post("/desk/finds/settings", data=sent).status_code == 303
    with house.database.reading() as session:
        assert session.scalars(select(Project.teaching)).one() is False
        assert session.scalars(select(Act.verb)).all()
    assert NEW not in page_of(ada.get("/projects"))
    assert "Gold" not in page_of(ada.get(PAGE))


@pytest.mark.parametrize("page", ["0", "-1", "99999999999", "x"])
def test_odd_pages_are_taken_with_patience(ada: FlaskClient, record: Record, page: str) -> None:
    assert ada.get(f"{PAGE}?page={page}").status_code == 200
