"""A trial in the browser's eyes: who sees it, what they are told, and what becomes of it when the project opens."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from micro.core.terms import VERSION
from micro.data.models import Answer, Assignment, Project, Region, Scan
from micro.house import House
from micro.services.moves import moves_of
from tests.cast import Cast, add_cards, make_project, signed_in

KEY = "the-key-of-the-trial"


@pytest.fixture
def on_trial(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 2)
        project.state, project.trial_key = "trial", KEY


def places(house: House) -> list[str]:
    """Every place of a project that a visitor could ask for."""
    with house.database.reading() as session:
        scan = session.scalars(select(Scan.public_id)).first()
        region = session.scalars(select(Region.public_id)).first()
    return [
        "/p/finds",
        "/p/finds/take",
        "/p/finds/terms",
        f"/pictures/scan/{scan}/320.jpg",
        f"/pictures/region/{region}/320.jpg",
        "/api/v1/projects/finds",
    ]


def begin(client: FlaskClient, key: str = KEY) -> str:
    """Opens the link, accepts the terms, and returns the address of the first card."""
    client.get(f"/p/finds?trial={key}")
    client.post("/p/finds/take")
    lent = client.post("/p/finds/terms", data={"version": VERSION})
    assert lent.status_code == 303 and lent.location.startswith("/work/"), lent.location
    return lent.location


def send(client: FlaskClient, work: str, **more: str) -> int:
    form = {"object.value": "axe", "material.value": "gold", "length.mark": "blank", "found_on.mark": "blank"}
    return client.post(f"{work}/answer", data={**form, "notes.mark": "blank", **more}).status_code


# Sight ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["visitor", "ada", "cleo"])
@pytest.mark.usefixtures("on_trial")
def test_without_its_link_a_trial_is_not_there(house: House, cast: Cast, app: Flask, who: str) -> None:
    client = app.test_client() if who == "visitor" else signed_in(app, getattr(cast, who))
    for wrong in ("", "?trial=", "?trial=wrong", "?trial=é"):
        assert [client.get(place + wrong).status_code for place in places(house)] == [404] * 6
    assert client.post("/p/finds/take").status_code == 404
    assert client.post("/api/v1/projects/finds/take", json={"terms": VERSION}).status_code == 404
    for listed in ("/", "/projects", "/data"):
        assert "/p/finds" not in client.get(listed).text


@pytest.mark.parametrize("who", ["ben", "mia", "nora"])
@pytest.mark.usefixtures("on_trial")
def test_staff_see_a_trial_without_its_link(house: House, cast: Cast, app: Flask, who: str) -> None:
    client = signed_in(app, getattr(cast, who))
    assert [client.get(place).status_code for place in places(house)] == [200] * 6


@pytest.mark.usefixtures("on_trial")
def test_the_link_is_remembered_in_the_browser_and_ends_with_its_key(
    house: House, cast: Cast, client: FlaskClient, app: Flask
) -> None:
    page = client.get(f"/p/finds?trial={KEY}").text
    assert "being tried out" in page and "discarded when it opens" in page
    assert [client.get(place).status_code for place in places(house)] == [200] * 6
    picture = client.get(places(house)[3])
    assert picture.headers["Cache-Control"].startswith("private")
    assert app.test_client().get("/p/finds").status_code == 404
    new = signed_in(app, cast.mia).post("/desk/finds/trial")
    assert new.status_code == 303
    assert [client.get(place).status_code for place in places(house)] == [404] * 6


@pytest.mark.usefixtures("on_trial")
def test_the_link_outlives_signing_in(cast: Cast, client: FlaskClient) -> None:
    client.get(f"/p/finds?trial={KEY}")
    client.post("/sign-in", data={"email": "ada@example.org", "password": "a long enough password"})
    assert client.get("/me").status_code == 200 and client.get("/p/finds").status_code == 200


@pytest.mark.parametrize("state", ["draft", "archived"])
@pytest.mark.usefixtures("on_trial")
def test_the_link_opens_nothing_but_a_trial(house: House, cast: Cast, client: FlaskClient, state: str) -> None:
    with house.database.writing() as session:
        session.get_one(Project, cast.project.id).state = state
    assert [client.get(f"{place}?trial={KEY}").status_code for place in places(house)] == [404] * 6


@pytest.mark.usefixtures("on_trial")
def test_a_program_brings_the_key_along(client: FlaskClient) -> None:
    shown = client.get(f"/api/v1/projects/finds?trial={KEY}")
    assert shown.json and shown.json["state"] == "trial"
    taken = client.post(f"/api/v1/projects/finds/take?trial={KEY}", json={"terms": VERSION})
    assert taken.status_code == 201


def test_a_key_of_one_trial_opens_no_other(house: House, cast: Cast, client: FlaskClient) -> None:
    with house.database.writing() as session:
        for slug in ("one", "two"):
            make_project(session, cast.collection, house.clock(), slug, state="trial", trial_key=f"key of {slug}")
    assert client.get("/p/one?trial=key of one").status_code == 200
    assert client.get("/p/two?trial=key of one").status_code == client.get("/p/two").status_code == 404


# Answering and going live --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("on_trial")
def test_from_a_trial_to_live(house: House, cast: Cast, client: FlaskClient, app: Flask) -> None:
    work = begin(client)
    assert "being tried out" in client.get(work).text
    assert send(client, work) == 303
    held = client.post("/p/finds/take").location
    mia = signed_in(app, cast.mia)
    assert KEY in mia.get("/desk/finds").text
    seen = {"seen": "trial", "state": "live"}
    asked = mia.post("/desk/finds/state", data=seen)
    assert asked.status_code == 303 and asked.location == "/desk/finds/state?to=live"
    page = unescape(mia.get(asked.location).text)
    assert "1 answer of the trial will be discarded." in page and "It was given by 1 person." in page
    discarding = re.search(r'name="discarding" value="(\d+)"', page)
    assert discarding and discarding[1] == "1"
    assert mia.post("/desk/finds/state", data={**seen, "discarding": "0"}).status_code == 409
    opened = mia.post("/desk/finds/state", data={**seen, "discarding": "1"}, follow_redirects=True)
    assert "1 answer of the trial was discarded." in opened.text
    with house.database.reading() as session:
        assert not session.scalars(select(Answer)).all() and not session.scalars(select(Assignment)).all()
        assert [move.to_state for move in moves_of(session, "project", cast.project.id)] == ["live"]
    late = client.post(f"{held}/answer", data={"object.value": "axe"}, headers={"Accept": "application/json"})
    assert late.status_code == 404 and late.json and "its trial is over" in late.json["detail"]
    for address in (held, work):
        assert "its trial is over" in client.get(address).text
    assert client.post("/p/finds/take").location.startswith("/work/")


@pytest.mark.usefixtures("on_trial")
def test_a_trial_without_answers_goes_live_without_a_question(cast: Cast, app: Flask) -> None:
    moved = signed_in(app, cast.mia).post("/desk/finds/state", data={"seen": "trial", "state": "live"})
    assert moved.location == "/desk/finds"
    assert app.test_client().get("/p/finds").status_code == 200


@pytest.mark.usefixtures("on_trial")
def test_back_to_a_draft_closes_the_bench(house: House, cast: Cast, client: FlaskClient, app: Flask) -> None:
    work = begin(client)
    mia = signed_in(app, cast.mia)
    assert mia.post("/desk/finds/state", data={"seen": "trial", "state": "draft"}).status_code == 303
    assert client.get(work).status_code == 410 and send(client, work) == 410
    assert "nobody can answer" in mia.get("/desk/finds").text


@pytest.mark.usefixtures("on_trial")
def test_a_page_that_asks_about_an_impossible_move_says_so(cast: Cast, app: Flask) -> None:
    mia = signed_in(app, cast.mia)
    assert mia.get("/desk/finds/state?to=paused").status_code == 409
    assert mia.get("/desk/finds/state?to=nowhere").status_code == 422
    assert mia.get("/desk/finds/state").status_code == 422


@pytest.mark.usefixtures("on_trial")
def test_no_release_before_the_project_is_open(cast: Cast, app: Flask) -> None:
    mia = signed_in(app, cast.mia)
    assert "Publish the next release" not in mia.get("/desk/finds").text
    assert mia.post("/desk/finds/release").status_code == 409


@pytest.mark.parametrize("state", ["finished", "archived"])
def test_finishing_and_archiving_ask_first(house: House, cast: Cast, app: Flask, state: str) -> None:
    before = {"finished": "live", "archived": "finished"}[state]
    with house.database.writing() as session:
        session.get_one(Project, cast.project.id).state = before
    mia = signed_in(app, cast.mia)
    assert f'href="/desk/finds/state?to={state}"' in mia.get("/desk/finds").text
    assert f'name="state" value="{state}"' in mia.get(f"/desk/finds/state?to={state}").text
    sent = mia.post("/desk/finds/state", data={"seen": before, "state": state, "discarding": "0"})
    assert sent.location == "/desk/finds" and f"{state}</span>" in mia.get("/desk/finds").text
