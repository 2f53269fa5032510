"""Keeping the credit for what was read without an account."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from micro.app import create_app
from micro.data.models import Account, Answer, Assignment, Record, Task, Volunteer
from micro.house import House
from micro.services import settling
from micro.services.review import sight
from tests.cast import PASSWORD, Cast, add_cards, good_answer, signed_in
from tests.conftest import Letters


@pytest.fixture
def cards(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        add_cards(session, house, session.merge(cast.project), 6)


def form_of(value: dict[str, dict[str, object]]) -> dict[str, str]:
    """An answer as its form sends it."""
    sent: dict[str, str] = {}

    def put(path: str, part: object) -> None:
        if isinstance(part, dict):
            for name, inner in part.items():
                put(f"{path}.{name}" if path else name, inner)
        else:
            sent[path] = str(part)

    put("", value)
    return sent


def read(client: FlaskClient, count: int) -> str:
    """Reads so many cards; returns the address of the next one, begun and not sent."""
    client.get("/p/finds")
    response = client.post("/p/finds/take")
    if "/terms" in response.location:
        response = client.post("/p/finds/terms", data={"version": terms_version(client)})
    for _ in range(count):
        response = client.post(response.location + "/answer", data=form_of(good_answer()))
    return response.location


def terms_version(client: FlaskClient) -> str:
    found = re.search(r'name="version" value="([^"]+)"', client.get("/p/finds/terms").text)
    assert found
    return found[1]


def sign_in(client: FlaskClient, account: Account, **more: str) -> str:
    return client.post("/sign-in", data={"email": account.email, "password": PASSWORD, **more}).location


def volunteers(house: House) -> int:
    with house.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Volunteer)) or 0


@pytest.mark.usefixtures("cards")
def test_the_credit_is_offered_after_three_cards_and_not_after_each(client: FlaskClient, cast: Cast) -> None:
    onward = read(client, 2)
    assert "Keep the credit" not in client.get(onward).text
    onward = client.post(onward + "/answer", data=form_of(good_answer())).location
    assert "You have read 3 cards." in client.get(onward).text
    onward = client.post(onward + "/answer", data=form_of(good_answer())).location
    assert "Keep the credit" not in client.get(onward).text
    assert "Keep the credit" in client.get("/my-answers").text


@pytest.mark.usefixtures("cards")
def test_whoever_signs_in_is_asked_whose_the_cards_are(house: House, client: FlaskClient, cast: Cast) -> None:
    read(client, 2)
    assert sign_in(client, cast.ada, next="/projects") == "/me/claim?next=/projects"
    assert "2 cards were read here" in client.get("/me/claim?next=/projects").text
    assert client.post("/me/claim?next=/projects", data={"whose": "mine"}).location == "/projects"
    assert "2 cards read by you" in client.get("/my-answers").text
    with house.database.reading() as session:
        (volunteer,) = session.scalars(select(Volunteer))
        assert volunteer.account_id == cast.ada.id and volunteer.cookie_hash is None


@pytest.mark.usefixtures("cards")
def test_somebody_elses_cards_stay_with_them_and_the_browser_begins_anew(
    house: House, client: FlaskClient, cast: Cast
) -> None:
    read(client, 2)
    sign_in(client, cast.ada)
    client.post("/me/claim", data={"whose": "other"})
    assert "You have not read a card yet." in client.get("/my-answers").text
    client.post("/sign-out")
    read(client, 1)
    assert volunteers(house) == 2
    assert "1 card read by you" in client.get("/my-answers").text


@pytest.mark.usefixtures("cards")
def test_answers_are_added_to_those_that_the_account_has(house: House, app: Flask, cast: Cast) -> None:
    known, browser = signed_in(app, cast.ada), app.test_client()
    read(known, 2)
    read(browser, 3)
    sign_in(browser, cast.ada)
    browser.post("/me/claim", data={"whose": "mine"})
    # Both began with the same cards: five answers to three different ones.
    assert "3 cards read by you" in known.get("/my-answers").text
    assert '<span class="letter__number">3</span>' in known.get("/me").text
    with house.database.reading() as session:
        answered = session.scalars(select(Answer.task_id).distinct()).all()
        held = session.scalars(select(Assignment.task_id).where(Assignment.state == "lent")).all()
    assert not set(held) & set(answered)


@pytest.mark.usefixtures("cards")
def test_what_two_had_read_and_one_claims_is_settled_at_once(house: House, cast: Cast) -> None:
    class Asked:
        settled: list[int] = []

        def settle(self, project_id: int) -> None:
            self.settled.append(project_id)

    app = create_app(opened=replace(house, queue=Asked()))  # type: ignore[arg-type]
    app.config["WTF_CSRF_ENABLED"] = False
    known, browser = signed_in(app, cast.ada), app.test_client()
    read(known, 2)
    read(browser, 2)
    sign_in(browser, cast.ada)
    Asked.settled.clear()
    browser.post("/me/claim", data={"whose": "mine"})
    assert Asked.settled == [cast.project.id]


@pytest.mark.usefixtures("cards")
def test_no_card_comes_back_to_whoever_read_it_without_the_account(house: House, app: Flask, cast: Cast) -> None:
    known, browser = signed_in(app, cast.ada), app.test_client()
    read(known, 1)
    read(browser, 5)
    sign_in(browser, cast.ada)
    browser.post("/me/claim", data={"whose": "mine"})
    last = known.post("/p/finds/take").location
    last = known.post(last + "/answer", data=form_of(good_answer())).location
    assert last == "/p/finds/take" and "You have read all of it." in known.get(last).text
    with house.database.reading() as session:
        assert session.scalar(select(func.count(func.distinct(Answer.task_id)))) == 6


@pytest.mark.usefixtures("cards")
def test_a_card_begun_before_signing_up_comes_along_with_its_draft(house: House, app: Flask, cast: Cast) -> None:
    known, browser = signed_in(app, cast.ada), app.test_client()
    read(known, 1)
    begun = read(browser, 3)
    with house.database.writing() as session:
        held = session.scalars(select(Assignment).where(Assignment.public_id == begun.rpartition("/")[2])).one()
        held.draft = {"object": {"value": "half a word"}}
    sign_in(browser, cast.ada)
    browser.post("/me/claim", data={"whose": "mine"})
    assert "half a word" in browser.get(begun).text


@pytest.mark.usefixtures("cards")
def test_the_wish_at_signing_up_is_kept_until_the_address_is_confirmed(
    house: House, client: FlaskClient, letters: Letters, cast: Cast
) -> None:
    read(client, 3)
    assert "Keep the credit for 3 cards" in client.get("/sign-up").text
    typed = {"email": "new@example.org", "name": "Newcomer", "password": PASSWORD, "claim": "1"}
    assert client.post("/sign-up", data=typed).status_code == 200
    found = re.search(r"http\S+(/confirm/\S+)", letters.sent[-1][2])
    assert found
    assert client.post(found[1], data={"password": PASSWORD}).location == "/"
    assert "3 cards read by you" in client.get("/my-answers").text


@pytest.mark.usefixtures("cards")
def test_without_the_wish_a_new_account_claims_nothing_unasked(
    client: FlaskClient, letters: Letters, cast: Cast
) -> None:
    read(client, 3)
    client.post("/sign-up", data={"email": "new@example.org", "name": "Newcomer", "password": PASSWORD})
    found = re.search(r"http\S+(/confirm/\S+)", letters.sent[-1][2])
    assert found
    assert client.post(found[1], data={"password": PASSWORD}).location == "/me/claim"


@pytest.mark.usefixtures("cards")
def test_claiming_twice_is_claiming_once(client: FlaskClient, cast: Cast) -> None:
    read(client, 2)
    sign_in(client, cast.ada)
    cookie = client.get_cookie("micro_volunteer")
    assert cookie is not None
    client.post("/me/claim", data={"whose": "mine"})
    client.set_cookie("micro_volunteer", cookie.value)
    again = client.post("/me/claim", data={"whose": "mine"}, follow_redirects=True)
    assert "These cards were kept with an account already." in again.text
    assert "2 cards read by you" in client.get("/my-answers").text
    assert client.get("/me/claim").location == "/me"


@pytest.mark.usefixtures("cards")
def test_two_people_behind_one_address_are_two(house: House, app: Flask, cast: Cast) -> None:
    one, other = app.test_client(), app.test_client()
    read(one, 2)
    read(other, 1)
    sign_in(one, cast.ada)
    one.post("/me/claim", data={"whose": "mine"})
    assert "1 card read by you" in other.get("/my-answers").text
    assert volunteers(house) == 2


@pytest.mark.usefixtures("cards")
def test_nobody_decides_on_what_they_read_before_signing_in(house: House, app: Flask, cast: Cast) -> None:
    known, browser = signed_in(app, cast.ben), app.test_client()
    read(known, 1)
    read(browser, 2)
    sign_in(browser, cast.ben)
    browser.post("/me/claim", data={"whose": "mine"})
    with house.database.writing() as session:
        settling.settle_some(session, cast.project.id, house.clock())
        theirs = select(Volunteer.id).where(Volunteer.claimed_by_id.is_not(None))
        items = session.scalars(
            select(Task.item_id).join(Answer, Answer.task_id == Task.id).where(Answer.volunteer_id.in_(theirs))
        ).all()
        assert len(items) == 2
        for record in session.scalars(select(Record).where(Record.item_id.in_(items))):
            assert sight.has_answered(session, record, cast.ben.id)
            assert not sight.has_answered(session, record, cast.mia.id)
