"""The cycle of a volunteer as JSON over HTTP; docs/api.md is run here line by line."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from micro.core.terms import VERSION
from micro.demo.seed import FORM, cutting_template
from micro.house import House
from micro.services import accounts, cutting, projects
from tests.cast import Cast, add_cards, good_answer, signed_in

DOCUMENT = Path(__file__).parents[2] / "docs" / "api.md"
TAKE, LOOK = "/api/v1/projects/finds/take", "/api/v1/projects/finds"


@pytest.fixture
def cards(house: House, cast: Cast) -> None:
    """Two cards, so two tasks."""
    with house.database.writing() as session:
        add_cards(session, house, cast.project, 2)


@pytest.fixture
def key(house: House, cast: Cast) -> dict[str, str]:
    """The header with Ada's key."""
    with house.database.writing() as session:
        return {"Authorization": f"Bearer {accounts.make_key(session, cast.ada.id)}"}


def took(client: FlaskClient, **more: Any) -> dict[str, Any]:
    """A task, taken with the terms accepted."""
    response = client.post(TAKE, json={"terms": VERSION}, **more)
    assert response.status_code == 201, response.text
    return dict(response.get_json())


def send(client: FlaskClient, lent: dict[str, Any], value: Any = None, key: str = "first", **more: Any) -> TestResponse:
    body = {"value": good_answer() if value is None else value, "submission_key": key}
    return client.post(f"/api/v1/assignments/{lent['assignment']}/answer", json=body, **more)


def problem(response: TestResponse, status: int) -> dict[str, Any]:
    """The body of an error, checked to be a problem of RFC 9457."""
    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    body = dict(response.get_json())
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    return body


# Who may ask -----------------------------------------------------------------------------------------------------


def test_a_visitor_is_refused_once_and_served_when_the_cookie_comes_back(client: FlaskClient, cards: None) -> None:
    first = client.post(TAKE, json={"terms": VERSION})
    assert "cookie" in problem(first, 401)["detail"]
    assert "micro_volunteer=" in first.headers["Set-Cookie"]

    assert client.post(TAKE, json={"terms": VERSION}).status_code == 201


def test_looking_at_the_project_offers_the_cookie_too(client: FlaskClient, cards: None) -> None:
    client.get(LOOK)
    assert took(client)["item"] == "HM 1"


def test_a_cookie_that_we_did_not_sign_is_none(client: FlaskClient, cards: None) -> None:
    client.set_cookie("micro_volunteer", "somebody.else")
    problem(client.post(TAKE, json={"terms": VERSION}), 401)


def test_a_key_needs_no_cookie(app: Flask, key: dict[str, str], cards: None) -> None:
    client = app.test_client(use_cookies=False)
    lent = took(client, headers=key)
    assert send(client, lent, headers=key).status_code == 201


@pytest.mark.parametrize("sent", ["Bearer micro_wrong", "Bearer ", "bearer nonsense"])
def test_a_wrong_key_is_refused_even_with_a_good_cookie(client: FlaskClient, cards: None, sent: str) -> None:
    client.get(LOOK)
    problem(client.post(TAKE, json={"terms": VERSION}, headers={"Authorization": sent}), 401)


def test_the_key_of_an_account_that_is_not_confirmed_is_refused(
    house: House, cast: Cast, client: FlaskClient, key: dict[str, str], cards: None
) -> None:
    with house.database.writing() as session:
        accounts.account_of(session, cast.ada.id).email_confirmed = False
    problem(client.post(TAKE, json={"terms": VERSION}, headers=key), 401)


def test_a_session_and_a_key_of_one_account_are_one_volunteer(
    app: Flask, cast: Cast, key: dict[str, str], cards: None
) -> None:
    lent = took(signed_in(app, cast.ada))
    assert took(app.test_client(), headers=key)["assignment"] == lent["assignment"]


# What another site could send ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None])
def test_only_json_is_taken_because_a_foreign_form_cannot_send_it(
    client: FlaskClient, cards: None, kind: str | None
) -> None:
    client.get(LOOK)
    body = problem(client.post(TAKE, data=json.dumps({"terms": VERSION}), content_type=kind), 422)
    assert "application/json" in body["detail"]


def test_a_post_from_another_site_is_refused_and_one_from_ours_is_not(app: Flask, cast: Cast, cards: None) -> None:
    ada = signed_in(app, cast.ada)
    problem(ada.post(TAKE, json={"terms": VERSION}, headers={"Origin": "https://evil.example"}), 403)
    problem(ada.post(TAKE, json={"terms": VERSION}, headers={"Origin": "null"}), 403)
    took(ada, headers={"Origin": "http://localhost"})


def test_a_key_may_be_used_from_another_site(client: FlaskClient, key: dict[str, str], cards: None) -> None:
    took(client, headers={**key, "Origin": "https://tools.example"})


@pytest.mark.parametrize("body", ["", "[1]", "{", "null", '"text"'])
def test_a_body_that_is_no_object_is_refused(client: FlaskClient, key: dict[str, str], cards: None, body: str) -> None:
    lent = took(client, headers=key)
    address = f"/api/v1/assignments/{lent['assignment']}/answer"
    problem(client.post(address, data=body, content_type="application/json", headers=key), 422)


# Terms -----------------------------------------------------------------------------------------------------------


def test_terms_are_needed_once_and_only_the_newest_will_do(
    client: FlaskClient, key: dict[str, str], cards: None
) -> None:
    assert "terms" in problem(client.post(TAKE, json={}, headers=key), 403)["detail"]
    problem(client.post(TAKE, json={"terms": "1999-1"}, headers=key), 403)
    lent = took(client, headers=key)
    send(client, lent, headers=key)
    assert client.post(TAKE, json={}, headers=key).status_code == 201


# Take ------------------------------------------------------------------------------------------------------------


def test_a_task_tells_all_that_is_needed_to_answer_it(client: FlaskClient, key: dict[str, str], cards: None) -> None:
    lent = took(client, headers=key)
    assert (lent["item"], lent["kind"], lent["setup"]) == ("HM 1", "transcribe", 1)
    assert [field["name"] for field in lent["fields"]] == ["object", "material", "length", "found_on", "notes"]
    assert lent["fields"][0]["box"] == [40, 30, 200, 30]
    assert lent["fields"][1]["choices"][0] == {"code": "bronze", "labels": {"en": "Bronze", "fr": "Bronze"}}
    assert (lent["credit"], lent["rights"]) == ("Drawn for a test", "CC0-1.0")
    for picture in ("scan", "region"):
        shown = client.get(lent[picture])
        assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")


def test_the_same_task_comes_again_until_it_is_answered_unless_another_is_wanted(
    client: FlaskClient, key: dict[str, str], cards: None
) -> None:
    first = took(client, headers=key)
    assert took(client, headers=key)["assignment"] == first["assignment"]
    other = client.post(TAKE, json={"fresh": True}, headers=key).get_json()
    assert other["task"] != first["task"]


def test_when_nothing_is_left_the_task_is_null(client: FlaskClient, key: dict[str, str], cards: None) -> None:
    for number in range(2):
        send(client, took(client, headers=key), key=f"number-{number}", headers=key)
    response = client.post(TAKE, json={}, headers=key)
    assert (response.status_code, response.get_json()) == (200, {"task": None})


def test_a_project_that_is_not_public_is_not_there(house: House, cast: Cast, app: Flask, cards: None) -> None:
    with house.database.writing() as session:
        projects.project_named(session, "finds").state = "draft"
    problem(app.test_client().get(LOOK), 404)
    assert signed_in(app, cast.ben).get(LOOK).status_code == 200
    problem(signed_in(app, cast.cleo).get(LOOK), 404)


def test_a_paused_project_lends_nothing(
    house: House, cast: Cast, client: FlaskClient, key: dict[str, str], cards: None
) -> None:
    with house.database.writing() as session:
        projects.move_project(session, projects.project_named(session, "finds"), "paused", cast.mia.id, house.clock())
    problem(client.post(TAKE, json={"terms": VERSION}, headers=key), 410)


# Answer ----------------------------------------------------------------------------------------------------------


def test_an_answer_is_kept_and_the_same_post_again_is_the_same_answer(
    client: FlaskClient, key: dict[str, str], cards: None
) -> None:
    lent = took(client, headers=key)
    first, again = (send(client, lent, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.get_json() == {**again.get_json(), "new": True}
    assert again.get_json()["new"] is False
    assert first.get_json()["in_time"] is True
    assert client.get(LOOK).get_json()["progress"]["answers"] == 1


def test_another_key_is_a_correction_and_counts_as_one(client: FlaskClient, key: dict[str, str], cards: None) -> None:
    lent = took(client, headers=key)
    send(client, lent, headers=key)
    better = send(client, lent, good_answer(object={"value": "Flat axe"}), key="second", headers=key)
    assert (better.status_code, better.get_json()["number"]) == (201, 2)


def test_a_bad_answer_names_every_field_and_keeps_nothing(
    client: FlaskClient, key: dict[str, str], cards: None
) -> None:
    lent = took(client, headers=key)
    wrong = good_answer(
        object={}, length={"value": {"amount": "twelve", "unit": "cm"}}, found_on={"value": "1907-13-01"}
    )
    body = problem(send(client, lent, wrong, headers=key), 422)
    assert set(body["fields"]) == {"object", "length", "found_on"}
    assert "twelve" in body["fields"]["length"]
    assert client.get(LOOK).get_json()["progress"]["answers"] == 0
    assert send(client, lent, headers=key).status_code == 201


@pytest.mark.parametrize("bad", ["nul\x00byte", "two words", "x" * 41, 7, "", None])
def test_a_submission_key_that_cannot_be_kept_is_refused_rather_than_ignored(
    client: FlaskClient, key: dict[str, str], cards: None, bad: Any
) -> None:
    lent = took(client, headers=key)
    address = f"/api/v1/assignments/{lent['assignment']}/answer"
    body = problem(client.post(address, json={"value": good_answer(), "submission_key": bad}, headers=key), 422)
    assert set(body["fields"]) == {"submission_key"}


@pytest.mark.parametrize("what", ["answer", "renew", "skip"])
def test_the_assignment_of_somebody_else_is_not_there(
    app: Flask, client: FlaskClient, key: dict[str, str], cards: None, what: str
) -> None:
    lent = took(client, headers=key)
    other = app.test_client()
    other.get(LOOK)
    took(other)
    address = f"/api/v1/assignments/{lent['assignment']}/{what}"
    for stranger in (other, app.test_client()):
        problem(stranger.post(address, json={"value": good_answer(), "submission_key": "k"}), 404)
    mine = client.post(address, json={"value": good_answer(), "submission_key": "k"}, headers=key)
    assert mine.status_code in (200, 201)


# Renew and skip --------------------------------------------------------------------------------------------------


def test_renewing_moves_the_expiry(client: FlaskClient, key: dict[str, str], cards: None, clock: Any) -> None:
    lent = took(client, headers=key)
    clock.pass_(minutes=10)
    renewed = client.post(f"/api/v1/assignments/{lent['assignment']}/renew", json={}, headers=key)
    assert renewed.get_json()["expires_at"] == "2026-03-01T09:40:00+00:00"
    assert lent["expires_at"] == "2026-03-01T09:30:00+00:00"


def test_a_skipped_task_never_comes_again(client: FlaskClient, key: dict[str, str], cards: None) -> None:
    seen = []
    for _ in range(2):
        lent = took(client, headers=key)
        seen.append(lent["task"])
        skipped = client.post(f"/api/v1/assignments/{lent['assignment']}/skip", json={}, headers=key)
        assert skipped.get_json() == {"skipped": True}
    assert len(set(seen)) == 2
    assert client.post(TAKE, json={}, headers=key).get_json() == {"task": None}


# The document ----------------------------------------------------------------------------------------------------


def examples() -> list[tuple[str, dict[str, Any]]]:
    """The commands of the document, each with the JSON that is printed below it."""
    blocks = re.findall(r"```sh\n(curl .*?)```\s+```json\n(.*?)```", DOCUMENT.read_text(), flags=re.DOTALL)
    return [(command.replace("\\\n", " "), json.loads(shown)) for command, shown in blocks]


def run(client: FlaskClient, command: str, known: dict[str, str]) -> TestResponse:
    """What curl would send: -H header, -d body (then it is a POST), -b and -c for the cookie file."""
    for name, text in known.items():
        command = command.replace(name, text)
    words = shlex.split(command)[1:]
    options: dict[str, list[str]] = {"-H": [], "-d": [], "-b": [], "-c": []}
    address = ""
    while words:
        word = words.pop(0)
        if word in options:
            options[word].append(words.pop(0))
        elif word != "-s":
            assert word.startswith("http://127.0.0.1:8000/"), f"the test knows no curl option {word}"
            address = word.removeprefix("http://127.0.0.1:8000")
    if not options["-b"] and not options["-c"]:  # No cookie file: nothing comes along, nothing is kept.
        client = client.application.test_client()
    headers = dict(line.split(": ", 1) for line in options["-H"])
    method = "POST" if options["-d"] else "GET"
    return client.open(address, method=method, data="".join(options["-d"]), headers=headers)


def fits(shown: Any, real: Any) -> bool:
    """Whether what the document shows has the shape of what came; "…" stands for anything left out."""
    if isinstance(shown, dict) and isinstance(real, dict):
        left_out = "…" in shown
        names = [name for name in shown if name != "…"]
        return (set(names) <= set(real) if left_out else set(names) == set(real)) and all(
            fits(shown[name], real[name]) for name in names
        )
    if isinstance(shown, list) and isinstance(real, list):
        return not shown or shown[0] == "…" or (bool(real) and fits(shown[0], real[0]))
    return type(shown) is type(real)


def test_every_example_of_the_document_answers_as_it_says(
    house: House, cast: Cast, app: Flask, key: dict[str, str]
) -> None:
    texts = {"en": {"title": "Finds", "lead": "Lead.", "about": "About."}}
    with house.database.writing() as session:
        made = projects.make_project(session, cast.collection, "harrowby-finds", texts, FORM, house.clock())
        cutting.set_way(session, made, cutting_template())
        add_cards(session, house, made, 3)
        projects.move_project(session, made, "live", None, house.clock())
    client, found = app.test_client(), examples()
    known = {"YOUR_KEY": key["Authorization"].removeprefix("Bearer ")}
    assert len(found) >= 8
    statuses = []
    for command, shown in found:
        response = run(client, command, known)
        body = response.get_json()
        assert fits(shown, body), f"{command}\nsays {json.dumps(body, indent=1)}\nand the document {json.dumps(shown)}"
        assert shown.get("status", response.status_code) == response.status_code
        known |= {"ASSIGNMENT": body["assignment"]} if "assignment" in body else {}
        statuses.append(response.status_code)
    assert {200, 201, 401, 422} <= set(statuses)


def test_the_document_names_every_address_and_every_status(app: Flask) -> None:
    text = DOCUMENT.read_text()
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("api."):
            assert rule.rule.replace("<", "{").replace(">", "}") in text, rule.rule
    for status in (401, 403, 404, 409, 410, 422, 429, 503):
        assert f"| {status} |" in text
