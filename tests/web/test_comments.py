"""What is said about a card, over HTTP: the volunteer's page, the marks of what is new, and the reviewer's side."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from micro.data.models import Act, Answer, Assignment, Comment, Record
from micro.house import House
from micro.services import people, settling
from tests.cast import Cast, signed_in
from tests.conftest import Clock
from tests.web.test_bench import TYPED, ada, cards, reader, set_project, take  # noqa: F401
from tests.web.test_review import page_of

NEW = "new answers of the museum"
LINK = "the card you just sent"


def sent(client: FlaskClient) -> str:
    """Sends a card; returns the address of its workbench."""
    address = take(client)
    client.post(address + "/answer", data=TYPED)
    return address


def said(client: FlaskClient, words: str = "A drawing!", **more: str) -> str:
    """Sends a card and says something about it; returns the address where it is said."""
    page = sent(client) + "/comments"
    assert client.post(page, data={"words": words, **more}).location == page
    return page


def one(house: House) -> Comment:
    with house.database.reading() as session:
        return session.scalars(select(Comment).order_by(Comment.id)).first()  # type: ignore[return-value]


@pytest.fixture
def ben(app: Flask, cast: Cast) -> FlaskClient:
    return signed_in(app, cast.ben)


def record(house: House) -> str:
    """The review page of the card about which something is said."""
    with house.database.writing() as session:
        spoken = session.scalars(select(Comment).order_by(Comment.id)).first()
        assert spoken is not None
        settling.settle_some(session, spoken.project_id, house.clock())
        wanted = select(Record.public_id).where(Record.item_id == spoken.task.item_id)
        return f"/review/{session.scalars(wanted).one()}"


# Volunteers ----------------------------------------------------------------------------------------------------------


def test_the_next_card_has_a_quiet_way_to_say_something_about_the_last(ada: FlaskClient, clock: Clock) -> None:  # noqa: F811
    address = take(ada)
    assert LINK not in page_of(ada.get(address))
    following = ada.post(address + "/answer", data=TYPED).location
    assert f'href="{address}/comments"' in ada.get(following).text and LINK in page_of(ada.get(following))
    assert LINK in page_of(ada.get("/p/finds/take"))
    assert f'href="{address}/comments"' in ada.get(address).text
    clock.pass_(minutes=16)
    assert LINK not in page_of(ada.get(following))


def test_a_card_that_is_not_sent_or_not_ones_own_tells_nothing(
    app: Flask,
    house: House,
    cast: Cast,
    ada: FlaskClient,  # noqa: F811
) -> None:
    held = take(ada) + "/comments"
    assert ada.get(held).status_code == 409 and "Send this card first." in page_of(ada.get(held))
    assert ada.post(held, data={"words": "x"}).status_code == 409
    page = said(ada)
    for other in (reader(app, house, cast.cleo), app.test_client()):
        assert other.get(page).status_code == 404
        assert other.post(page, data={"words": "x"}).status_code == 404
        assert other.post(page + "/open").status_code == 404


def test_words_are_plain_and_stay_when_they_are_refused(ada: FlaskClient, house: House) -> None:  # noqa: F811
    page = said(ada, "<b>bold</b> https://example.org")
    shown = ada.get(page).text
    assert "&lt;b&gt;bold&lt;/b&gt; https://example.org" in shown and "https://example.org</a>" not in shown
    refused = ada.post(page, data={"words": "x" * 1001, "submission_key": "k" * 24})
    assert refused.status_code == 422 and "At most 1000 signs." in page_of(refused) and "x" * 1001 in refused.text
    assert "k" * 24 in refused.text and 'aria-invalid="true"' in refused.text
    assert ada.post(page, data={}).status_code == 422
    for number in range(25):
        last = ada.post(page, data={"words": f"word {number}"})
    assert last.status_code == 429 and "word 24" in last.text and "Please try again in 60 minutes." in page_of(last)


def test_a_double_click_is_one_comment(ada: FlaskClient) -> None:  # noqa: F811
    page = sent(ada) + "/comments"
    for _ in range(2):
        ada.post(page, data={"words": "Once only.", "submission_key": "k" * 24})
    assert ada.get(page).text.count("Once only.") == 1


def test_others_are_read_after_a_press_that_ends_correcting(
    app: Flask,
    house: House,
    cast: Cast,
    ada: FlaskClient,  # noqa: F811
) -> None:
    said(ada, "It says palstave.")
    cleo = reader(app, house, cast.cleo)
    mine = sent(cleo)
    before = page_of(cleo.get(mine + "/comments"))
    assert "1 more comment waits for you." in before and "palstave" not in before
    assert mine + "/correct" in cleo.get("/my-answers").text
    assert cleo.post(mine + "/comments/open").status_code == 303
    after = page_of(cleo.get(mine + "/comments"))
    assert "It says palstave." in after and "A volunteer" in after and "Ada" not in after
    assert mine + "/correct" not in cleo.get("/my-answers").text
    assert cleo.get(mine + "/correct").status_code == 303
    assert cleo.post(mine + "/answer", data={**TYPED, "object.value": "Palstave"}).status_code == 409
    with house.database.reading() as session:
        assert len(session.scalars(select(Answer)).all()) == 2


def test_without_an_account_and_without_a_script_it_is_the_same(app: Flask, house: House, ada: FlaskClient) -> None:  # noqa: F811
    visitor = app.test_client()
    visitor.get("/p/finds/terms")
    terms = visitor.get("/p/finds/terms").text
    version = re.search(r'name="version" value="([^"]+)"', terms)
    assert version is not None
    address = visitor.post("/p/finds/terms", data={"version": version[1], "accept": "yes"}).location
    if not address.startswith("/work/"):
        address = take(visitor)
    visitor.post(address + "/answer", data=TYPED)
    assert visitor.post(address + "/comments", data={"words": "From the train."}).status_code == 303
    assert "From the train." in visitor.get(address + "/comments").text
    with house.database.reading() as session:
        assert session.scalars(select(Comment)).one().volunteer.account_id is None


@pytest.mark.parametrize("state", ["draft", "archived"])
def test_what_is_said_in_a_project_that_is_put_away_is_not_found(
    house: House,
    ada: FlaskClient,  # noqa: F811
    state: str,
) -> None:
    page = said(ada)
    set_project(house, state=state)
    assert ada.get(page).status_code == 404


# The museum ----------------------------------------------------------------------------------------------------------


def test_an_answer_of_the_museum_is_marked_until_it_was_read(
    app: Flask,
    house: House,
    cast: Cast,
    ada: FlaskClient,  # noqa: F811
    ben: FlaskClient,
) -> None:
    page = said(ada, "Is it an axe?")
    desk = record(house)
    shown = page_of(ben.get(desk))
    assert "What volunteers say" in shown and "Is it an axe?" in shown and "1 comment" in shown
    assert "Ada" not in shown, "who it is sways: it is asked for, and noted"
    key = one(house).public_id
    assert ben.post(f"{desk}/comments/{key}/answer", data={"words": "Yes, a palstave."}).status_code == 303
    assert NEW in page_of(ada.get("/projects"))
    mine = page_of(ada.get("/my-answers"))
    assert "The museum has answered you" in mine and "2 comments" in mine and f'href="{page}"' in mine
    waiting = page_of(ada.get(page))
    assert "palstave" not in waiting and NEW in page_of(ada.get("/projects")), "it is not read yet"
    ada.post(page + "/open")
    assert ada.head(page).status_code == 200 and NEW in page_of(ada.get("/projects"))
    read = page_of(ada.get(page))
    assert "Yes, a palstave." in read and "Harrowby Museum" in read and "Ben" not in read
    assert NEW not in page_of(ada.get("/projects"))
    assert "The museum has answered you" not in page_of(ada.get("/my-answers"))
    assert NEW not in page_of(reader(app, house, cast.cleo).get("/projects"))
    assert "seen" in page_of(ben.get(desk))


def test_an_answer_that_is_refused_stands_in_its_form(house: House, ada: FlaskClient, ben: FlaskClient) -> None:  # noqa: F811
    said(ada)
    desk, key = record(house), one(house).public_id
    refused = ben.post(f"{desk}/comments/{key}/answer", data={"words": "y" * 1001})
    assert refused.status_code == 422 and "y" * 1001 in refused.text and "At most 1000 signs." in page_of(refused)
    assert ben.post(f"{desk}/comments/{key}/answer", data={"words": " "}).status_code == 422
    assert ben.post(f"{desk}/comments/unknown/answer", data={"words": "x"}).status_code == 404


def test_a_reviewer_hides_and_shows_again_and_it_is_in_the_log_without_its_words(
    app: Flask,
    house: House,
    cast: Cast,
    ada: FlaskClient,  # noqa: F811
    ben: FlaskClient,
) -> None:
    page = said(ada, "Something rude.")
    cleo = reader(app, house, cast.cleo)
    other = sent(cleo) + "/comments"
    cleo.post(other + "/open")
    desk, key = record(house), one(house).public_id
    assert ben.post(f"{desk}/comments/{key}/state", data={"state": "hidden", "why": "rude"}).status_code == 303
    assert "Something rude." not in cleo.get(other).text
    assert "hidden by the museum" in page_of(ada.get(page)) and "Something rude." in ada.get(page).text
    shown = page_of(ben.get(desk))
    assert "Hidden by Ben." in shown and "“rude”" in shown and "Something rude." in shown
    ben.post(f"{desk}/comments/{key}/state", data={"state": "shown"})
    assert "Something rude." in cleo.get(other).text
    assert ben.post(f"{desk}/comments/{key}/state", data={"state": "burnt"}).status_code == 422
    with house.database.reading() as session:
        acts = session.scalars(select(Act).where(Act.verb == "review.move_comment").order_by(Act.id)).all()
        assert [(one.from_state, one.to_state, one.why) for one in acts] == [
            ("shown", "hidden", "rude"),
            ("hidden", "shown", ""),
        ]
        assert not any("Something rude" in str(one.details) + one.words for one in acts)


def test_names_stand_beside_comments_where_the_reviewer_asked_for_them(
    house: House,
    ada: FlaskClient,  # noqa: F811
    ben: FlaskClient,
    cast: Cast,
) -> None:
    said(ada)
    assert ada.post("/thanks/credit", data={"named": "alias", "credit_name": "Hedgehog"}).status_code == 303
    desk = record(house)
    assert "Hedgehog" not in ben.get(desk).text
    ben.post(desk + "/contributors")
    assert "Hedgehog" in ben.get(desk).text


def test_claimed_cards_keep_what_was_said_about_them(app: Flask, house: House, ada: FlaskClient, cast: Cast) -> None:  # noqa: F811
    page = said(ada)
    with house.database.writing() as session:
        sent_by = session.scalars(select(Assignment).where(Assignment.state == "answered")).one()
        # As after a claim: the card was sent by a browser whose answers are Ada's.
        browser = people.volunteer_of_cookie(session, "a browser", house.clock())
        browser.claimed_by_id = sent_by.volunteer_id
        sent_by.volunteer_id = browser.id
        session.scalars(select(Comment)).one().volunteer_id = browser.id
    assert ada.get(page).status_code == 200 and "A drawing!" in ada.get(page).text


def test_the_queue_lists_what_nobody_answered_yet(
    app: Flask,
    house: House,
    cast: Cast,
    ada: FlaskClient,  # noqa: F811
    ben: FlaskClient,
    clock: Clock,
) -> None:
    said(ada, "Is it an axe?")
    desk, key = record(house), one(house).public_id
    assert f'href="{desk}#c-{key}"' in ben.get("/review").text and "Is it an axe?" in ben.get("/review").text
    assert "Is it an axe?" not in signed_in(app, cast.cleo).get("/review").text, "another institution's"
    assert "Is it an axe?" in signed_in(app, cast.nora).get("/review").text
    clock.pass_(days=31)
    assert "Is it an axe?" not in ben.get("/review").text
    clock.pass_(days=-31)
    ben.post(f"{desk}/comments/{key}/answer", data={"words": "Yes."})
    assert "Is it an axe?" not in ben.get("/review").text
