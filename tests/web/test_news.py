"""News on a project's page, and the agreement to its messages."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from micro import posting
from micro.data.models import News
from micro.house import House
from micro.services import messages
from tests.cast import Cast, make_project, signed_in
from tests.conftest import Letters

NEWS = {"news-en-title": "Half is read", "news-en-text": "Thank you.\n\nOn we go."}
MESSAGE = {"message-en-subject": "Hello", "message-en-text": "Good news.", "message-fr-subject": "Salut",
           "message-fr-text": "Bonne nouvelle."}  # fmt: skip


@pytest.fixture
def mia(app: Flask, cast: Cast) -> FlaskClient:
    return signed_in(app, cast.mia)


@pytest.fixture
def ada(app: Flask, cast: Cast) -> FlaskClient:
    return signed_in(app, cast.ada)


def test_news_stands_on_the_projects_page_until_it_is_withdrawn(
    house: House, cast: Cast, mia: FlaskClient, client: FlaskClient
) -> None:
    assert mia.post("/desk/finds/news", data=NEWS).status_code == 303
    page = client.get("/p/finds").text
    assert "Half is read" in page and "<p>Thank you.</p>" in page and "<p>On we go.</p>" in page
    with house.database.reading() as session:
        address = f"/desk/finds/news/{session.query(News).one().public_id}"
    for _ in range(2):
        assert mia.post(address, data={"state": "withdrawn"}).status_code == 303
    assert "Half is read" not in client.get("/p/finds").text and "Half is read" in mia.get("/desk/finds/news").text
    mia.post(address, data={"state": "published"})
    assert "Half is read" in client.get("/p/finds/news").text


def test_news_in_one_language_is_marked_as_such_in_the_other(mia: FlaskClient, client: FlaskClient) -> None:
    mia.post("/desk/finds/news", data=NEWS)
    client.post("/language", data={"language": "fr"})
    assert re.search(r'<article class="stack" lang="en">', client.get("/p/finds").text)


def test_news_that_is_half_written_is_kept_on_the_screen_with_its_problem(
    mia: FlaskClient, client: FlaskClient
) -> None:
    answer = mia.post("/desk/finds/news", data={"news-fr-title": "Bonjour <b>"})
    assert answer.status_code == 422 and 'value="Bonjour &lt;b&gt;"' in answer.text
    assert "This language has only half of it" in answer.text
    assert "Bonjour" not in client.get("/p/finds").text


def test_a_manager_cannot_reach_another_projects_news_through_their_own(
    house: House, app: Flask, cast: Cast, mia: FlaskClient
) -> None:
    mia.post("/desk/finds/news", data=NEWS)
    with house.database.writing() as session:
        address = session.query(News).one().public_id
        other = make_project(session, session.merge(cast.collection), house.clock(), slug="other")
        other.collection = type(other.collection)(
            institution=session.merge(cast.other_museum), name="x", created_at=house.clock()
        )
    cleo = signed_in(app, cast.cleo)
    assert cleo.post(f"/desk/other/news/{address}", data={"state": "withdrawn"}).status_code == 404
    assert "Half is read" in mia.get("/p/finds").text


def test_somebody_agrees_on_the_projects_page_and_ends_it_from_the_mail(
    house: House, cast: Cast, mia: FlaskClient, ada: FlaskClient, client: FlaskClient, letters: Letters
) -> None:
    assert "Tell me by mail" in ada.get("/p/finds").text
    assert ada.post("/p/finds/messages", data={"wanted": "yes", "back": "/p/finds"}).location == "/p/finds"
    assert "You get this project’s messages by mail." in ada.get("/p/finds").text
    assert "Catalogue of finds" in ada.get("/me").text
    assert mia.post("/desk/finds/message", data=MESSAGE).status_code == 303
    with house.database.reading() as session:
        (message_id,) = messages.messages_behind(session)
    posting.drain_message(house, message_id)
    ((to, subject, text),) = letters.sent
    assert (to, subject) == (cast.ada.email, "Hello")
    end = "/messages/end/" + text.rpartition("/messages/end/")[2].strip()
    assert "No more messages</button>" in client.get(end).text
    assert "You get this project’s messages by mail." in ada.get("/p/finds").text
    assert "No more messages of this project will come." in client.post(end).text
    assert "Tell me by mail" in ada.get("/p/finds").text
    assert "1 of 1 sent" in mia.get("/desk/finds/news").text


def test_the_end_of_messages_needs_no_form_of_ours(house: House, cast: Cast, app: Flask) -> None:
    """RFC 8058: a mail program posts to the address by itself."""
    app.config["WTF_CSRF_ENABLED"] = True
    with house.database.writing() as session:
        messages.agree(session, cast.ada.id, cast.project.id, "Yes.", house.clock())
        token = messages.end_token(house.secret, cast.ada, cast.project)
    answer = app.test_client().post(f"/messages/end/{token}", data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    with house.database.reading() as session:
        assert not messages.agrees(session, cast.ada.id, cast.project.id)
    assert app.test_client().post("/messages/end/nonsense").status_code == 410


def test_a_message_to_nobody_and_an_empty_one_are_refused(house: House, cast: Cast, mia: FlaskClient) -> None:
    nobody = mia.post("/desk/finds/message", data=MESSAGE)
    assert nobody.status_code == 409 and "Nobody has agreed to messages" in nobody.text and "Good news." in nobody.text
    with house.database.writing() as session:
        messages.agree(session, cast.ada.id, cast.project.id, "Yes.", house.clock())
    empty = mia.post("/desk/finds/message", data={})
    assert empty.status_code == 422 and "Please write something, in one language at least." in empty.text


def test_a_visitor_is_sent_to_sign_in_before_agreeing(client: FlaskClient, cast: Cast) -> None:
    assert "/sign-in" in client.post("/p/finds/messages", data={"wanted": "yes"}).location
