"""A manager's delivery through the browser's own form, and what else protects a site that everybody reaches."""

from __future__ import annotations

import logging
from dataclasses import replace
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from micro import jobs
from micro.app import create_app
from micro.core.accounts import DEMO_PASSWORD
from micro.data.models import Account, Intake, Project, Scan, Task
from micro.house import House
from micro.services.cutting import hold_project
from tests.cast import Cast, add_cards, card_picture, signed_in


@pytest.fixture
def mia(app: Flask, cast: Cast) -> FlaskClient:
    return signed_in(app, cast.mia)


def send(client: FlaskClient, *files: tuple[str, bytes]) -> str:
    """The address that the upload leads to."""
    sent = client.post(
        "/desk/finds/upload",
        data={"files": [(BytesIO(content), name) for name, content in files]},
        content_type="multipart/form-data",
    )
    assert sent.status_code == 303, sent.text
    return str(sent.location)


def test_uploaded_files_become_scans_and_each_that_cannot_is_named_with_its_reason(
    house: House, mia: FlaskClient
) -> None:
    manifest = b"file,identifier,credit\na.jpg,HM 7,Photo by nobody\nlost.jpg,HM 8,\n"
    page = send(
        mia,
        ("drawer/a.jpg", card_picture(1)),
        ("other/a.jpg", card_picture(2)),
        ("again.jpg", card_picture(1)),
        ("page.jpg", b"<html>not a picture</html>"),
        ("manifest.csv", manifest),
    )
    assert mia.get(page + "?format=json").json["waiting"] == 4
    with house.database.reading() as session:
        delivery = session.scalars(select(Intake)).one().id
    jobs.drain_intake(house, delivery)
    text = mia.get(page).text
    for shown in ("2 scans were taken in", "again.jpg is the same picture as a.jpg", "page.jpg", "lost.jpg"):
        assert shown in text, shown
    with house.database.reading() as session:
        scans = {scan.file_name: scan for scan in session.scalars(select(Scan))}
        assert set(scans) == {"a.jpg", "a (2).jpg"}
        assert (scans["a.jpg"].identifier, scans["a.jpg"].credit) == ("HM 7", "Photo by nobody")
        assert len(session.scalars(select(Task)).all()) == 2


def test_a_refusal_is_read_in_the_visitors_language(house: House, mia: FlaskClient) -> None:
    page = send(mia, ("empty.jpg", b""))
    with house.database.reading() as session:
        jobs.drain_intake(house, session.scalars(select(Intake)).one().id)
    assert "the file is empty" in mia.get(page).text
    mia.set_cookie("micro_language", "fr")
    assert "le fichier est vide" in mia.get(page).text


def test_an_upload_without_a_picture_is_refused(mia: FlaskClient) -> None:
    only = mia.post("/desk/finds/upload", data={"files": [(BytesIO(b"file\na.jpg\n"), "manifest.csv")]})
    assert only.status_code == 422
    assert "at least one picture" in only.text


def test_the_demonstrations_password_opens_nothing_beyond_this_machine(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        session.get_one(Account, cast.mia.id).password_hash = house.passwords.hash(DEMO_PASSWORD)
    for settings, status in (
        (house.settings, 302),
        (replace(house.settings, base_url="https://read.example.org"), 422),
        (replace(house.settings, host="0.0.0.0"), 422),
        (replace(house.settings, trusted_proxies=1), 422),
    ):
        app = create_app(opened=replace(house, settings=settings))
        app.config["WTF_CSRF_ENABLED"] = False
        tried = app.test_client().post("/sign-in", data={"email": cast.mia.email, "password": DEMO_PASSWORD})
        assert tried.status_code == status, settings


def test_an_unexpected_error_is_logged_without_what_was_typed(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> str:
        raise ValueError("grace@example.org typed this")

    app.view_functions["public.projects"] = broken
    with caplog.at_level(logging.ERROR):
        assert app.test_client().get("/projects").status_code == 500
    assert "ValueError" in caplog.text
    assert "grace@" not in caplog.text


def test_addresses_in_answers_are_those_of_the_site_whatever_host_was_asked_for(
    house: House, cast: Cast, client: FlaskClient
) -> None:
    with house.database.writing() as session:
        add_cards(session, house, session.merge(cast.project), 1)
    evil = {"Host": "evil.example"}
    terms = client.get("/api/v1/projects/finds", headers=evil).json["terms"]["version"]
    cookie = client.get_cookie("micro_volunteer", domain="evil.example") or client.get_cookie("micro_volunteer")
    assert cookie is not None
    task = client.post(
        "/api/v1/projects/finds/take",
        json={"terms": terms},
        headers={**evil, "Cookie": f"micro_volunteer={cookie.value}"},
    ).json
    assert task["scan"].startswith(house.settings.public_url + "/")


def test_whoever_holds_a_project_sees_it_as_it_is_now(house: House, cast: Cast) -> None:
    with house.database.reading() as before:
        project = before.get_one(Project, cast.project.id)
        before.commit()
        with house.database.writing() as session:
            session.get_one(Project, project.id).state = "paused"
        hold_project(before, project)
        assert project.state == "paused"
