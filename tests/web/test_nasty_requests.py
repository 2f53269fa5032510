"""What an attack sends: each gets a sentence, none a traceback, and nothing is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from micro.data.models import Answer, Assignment, Project
from micro.house import House
from tests.cast import Cast, add_cards, good_answer, signed_in

ADDRESSES = (
    "/p/%00", "/p/%00/take", "/data/%00", "/data/%00/1", "/pictures/scan/%00/320.jpg", "/pictures/region/%00/320.jpg",
    "/api/v1/projects/%00", "/work/%00", "/desk/%00", "/review/%00", "/desk/intake/%00", "/data/finds/1/%00",
)  # fmt: skip


@pytest.fixture
def nora(app: Flask, house: House, cast: Cast) -> FlaskClient:
    """Somebody who may do everything, in a project with two cards."""
    with house.database.writing() as session:
        add_cards(session, house, session.merge(cast.project), 2)
    return signed_in(app, cast.nora)


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_address_holds_a_nul(nora: FlaskClient, address: str) -> None:
    assert nora.get(address).status_code == 404


def lent(client: FlaskClient) -> str:
    terms = client.get("/api/v1/projects/finds").json["terms"]["version"]
    return str(client.post("/api/v1/projects/finds/take", json={"terms": terms}).json["assignment"])


NASTY: tuple[Any, ...] = (
    {"object": {"value": json.loads("[" * 800 + "]" * 800)}},
    {**good_answer(), "object": {"value": "x" * 100_000}},
    {**good_answer(), "object": {"mark": "m" * 100_000}},
    {**good_answer(), "length": {"value": {"amount": "9" * 400, "unit": "cm"}}},
    {**good_answer(), "f" * 10_000: {"value": "x"}},
    [good_answer()], "text", 7, None,
)  # fmt: skip


@pytest.mark.parametrize("value", NASTY, ids=range(len(NASTY)))
def test_an_answer_of_the_wrong_shape_is_refused_shortly(nora: FlaskClient, house: House, value: Any) -> None:
    refused = nora.post(f"/api/v1/assignments/{lent(nora)}/answer", json={"value": value})
    assert refused.status_code == 422
    assert len(refused.data) < 2000
    with house.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Answer)) == 0


def test_json_nested_without_end_is_refused(nora: FlaskClient) -> None:
    body = '{"value": {"object": {"value": ' + "[" * 100_000 + "]" * 100_000 + "}}}"
    refused = nora.post(
        f"/api/v1/assignments/{lent(nora)}/answer", data=body, headers={"Content-Type": "application/json"}
    )
    assert refused.status_code == 422


def test_a_body_of_many_megabytes_is_not_read(nora: FlaskClient) -> None:
    big = {"value": {"object": {"value": "x" * 3_000_000}}}
    assert nora.post(f"/api/v1/assignments/{lent(nora)}/answer", json=big).status_code == 413
    assert nora.post("/sign-in", data={"email": "x" * 3_000_000}).status_code == 413


def test_looking_at_a_form_without_sending_it_does_nothing(nora: FlaskClient, house: House) -> None:
    """HEAD is what link checkers and mail scanners send; no CSRF token guards it."""
    nora.post(f"/api/v1/assignments/{lent(nora)}/skip", json={})
    for address in ("/p/finds/take", "/sign-in", "/sign-up", "/forgot", "/me"):
        assert nora.head(address).status_code < 400, address
    with house.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Assignment)) == 1


def test_scans_that_were_never_published_stay_private_in_an_archive(app: Flask, house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        scan = add_cards(session, house, session.merge(cast.project), 1)[0]
        session.scalars(select(Project).where(Project.slug == "finds")).one().state = "archived"
        address = f"/pictures/scan/{scan.public_id}/320.jpg"
    assert app.test_client().get(address).status_code == 404
    assert signed_in(app, cast.ben).get(address).status_code == 200


def test_a_reviewer_whose_session_ended_comes_back_to_the_record(client: FlaskClient, cast: Cast) -> None:
    sent = client.post("/review/x/decide", headers={"Referer": "http://localhost/review/x?field=object"})
    assert sent.location == "/sign-in?next=/review/x?field%3Dobject"
    elsewhere = client.post("/review/x/decide", headers={"Referer": "https://evil.example/review/x"})
    assert elsewhere.location == "/sign-in"
