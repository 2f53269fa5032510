"""A manager's delivery through the browser's own form, and what else protects a site that everybody reaches."""

from __future__ import annotations

import logging
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from micro import jobs
from micro.app import create_app
from micro.core.accounts import DEMO_PASSWORD
from micro.data.models import Account, Intake, Project, Scan, Task
from micro.house import House
from micro.services import intake
from micro.services.cutting import hold_project
from tests.cast import Cast, add_cards, card_picture, make_project, signed_in


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


def test_an_upload_that_is_refused_leads_back_to_its_page(mia: FlaskClient) -> None:
    page = "http://localhost/desk/finds/scans"
    faulty = {"files": [(BytesIO(card_picture(1)), "a.jpg"), (BytesIO(b"nothing\nhere\n"), "manifest.csv")]}
    refused = mia.post("/desk/finds/upload", data=faulty, headers={"Referer": page})
    assert refused.status_code == 422 and 'href="/desk/finds/scans"' in refused.text
    elsewhere = {"files": [(BytesIO(b"file\na.jpg\n"), "manifest.csv")]}
    refused = mia.post("/desk/finds/upload", data=elsewhere, headers={"Referer": "http://evil.example/desk"})
    assert refused.status_code == 422 and "Back to the page before" not in refused.text


def test_what_is_too_large_is_told_the_limit(house: House, cast: Cast) -> None:
    small = create_app(opened=replace(house, settings=replace(house.settings, upload_megabytes=1)))
    small.config["WTF_CSRF_ENABLED"] = False
    sent = {"files": [(BytesIO(bytes(1_100_000)), "a.jpg")]}
    refused = signed_in(small, cast.mia).post("/desk/finds/upload", data=sent)
    assert refused.status_code == 413 and "at most 1 MB" in refused.text


def test_an_upload_without_a_picture_is_refused(mia: FlaskClient) -> None:
    only = mia.post("/desk/finds/upload", data={"files": [(BytesIO(b"file\na.jpg\n"), "manifest.csv")]})
    assert only.status_code == 422
    assert "at least one picture" in only.text


# Batch by batch, as the page's script sends them -----------------------------------------------------------------


def send_batch(client: FlaskClient, address: str, batch: int, *files: tuple[str, bytes]) -> TestResponse:
    return client.post(
        f"{address}&batch={batch}",
        data={"files": [(BytesIO(content), name) for name, content in files]},
        content_type="multipart/form-data",
        headers={"Accept": "application/json"},
    )


def drain(house: House) -> None:
    with house.database.reading() as session:
        found = session.scalars(select(Intake.id)).all()
    for delivery in found:
        jobs.drain_intake(house, delivery)


def test_batches_of_files_make_one_delivery_whatever_is_sent_twice(house: House, mia: FlaskClient) -> None:
    opened = mia.post("/desk/finds/deliveries").json
    address, page = opened["upload"], opened["page"]
    assert "/desk/intake/" not in mia.get("/desk/finds/scans").text, "an empty delivery is shown nowhere"
    manifest = ("manifest.csv", b"file,identifier\n1.jpg,HM 1\n2.jpg,HM 2\n")
    assert send_batch(mia, address, 0, manifest, ("1.jpg", card_picture(1))).json["page"] == page
    drain(house)
    for _ in range(2):
        assert send_batch(mia, address, 1, ("2.jpg", card_picture(2)), ("3.tif", b"no picture")).status_code == 200
    drain(house)
    text = mia.get(page).text
    assert "2 scans were taken in" in text and "3.tif" in text
    with house.database.reading() as session:
        scans = session.scalars(select(Scan).order_by(Scan.file_name)).all()
        assert [scan.identifier for scan in scans] == ["HM 1", "HM 2"]
        assert len(session.scalars(select(Intake)).all()) == 1


def test_what_cannot_be_read_of_a_batch_is_answered_with_its_sentence(mia: FlaskClient) -> None:
    address = mia.post("/desk/finds/deliveries").json["upload"]
    answer = send_batch(mia, address, 0, ("manifest.csv", b"name\na\n"), ("1.jpg", card_picture(1)))
    assert answer.status_code == 422 and "called “file”" in answer.json["detail"]


def test_nothing_is_sent_into_the_delivery_of_another_project_or_of_a_folder(
    house: House, cast: Cast, mia: FlaskClient, tmp_path: Path
) -> None:
    with house.database.writing() as session:
        make_project(session, session.merge(cast.collection), house.clock(), "other")
        folder = intake.deliver_folder(session, session.merge(cast.project), tmp_path, house.clock()).public_id
    other = mia.post("/desk/other/deliveries").json["upload"]
    for address in (
        other.replace("/other/", "/finds/"),
        f"/desk/finds/upload?delivery={folder}",
        "/desk/finds/upload?delivery=none",
    ):
        assert send_batch(mia, address, 0, ("1.jpg", card_picture(1))).status_code == 404
    assert list(house.storage.keys("incoming")) == []


# Again, or not at all ---------------------------------------------------------------------------------------------


def test_a_delivery_is_cancelled_and_tried_again_by_buttons_however_often_they_are_pressed(
    house: House, mia: FlaskClient
) -> None:
    page = send(mia, ("a.jpg", card_picture(1)), ("bad.jpg", b"no picture"))
    assert "Cancel what waits" in mia.get(page).text and "Try again" not in mia.get(page).text
    for said in ("2 files were cancelled", "Nothing was waiting any more"):
        answer = mia.post(page + "/cancel", follow_redirects=True)
        assert answer.status_code == 200 and said in answer.text
    for said in ("2 files are tried again", "There is nothing to try again"):
        assert said in mia.post(page + "/retry", follow_redirects=True).text
    drain(house)
    text = mia.get(page).text
    assert "1 scan was taken in" in text and "Cancel what waits" not in text and "Try again" in text
    assert "1 file is tried again" in mia.post(page + "/retry", follow_redirects=True).text


def test_the_files_of_a_folder_are_not_tried_again_from_the_browser(
    house: House, cast: Cast, mia: FlaskClient, tmp_path: Path
) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    with house.database.writing() as session:
        delivery = intake.deliver_folder(session, session.merge(cast.project), tmp_path, house.clock())
        page = f"/desk/intake/{delivery.public_id}"
    drain(house)
    assert "takes in the folder again" in mia.get(page).text
    assert mia.post(page + "/retry").status_code == 422


def test_a_delivery_with_thousands_of_refusals_shows_the_first(house: House, cast: Cast, mia: FlaskClient) -> None:
    page = send(mia, *((f"{number:03}.jpg", b"x") for number in range(230)))
    drain(house)
    text = mia.get(page).text
    assert "The first 200 of 230." in text and "199.jpg" in text and "200.jpg" not in text


# The scans --------------------------------------------------------------------------------------------------------


def test_scans_are_shown_a_page_at_a_time_by_document_and_with_what_is_wrong(
    house: House, cast: Cast, mia: FlaskClient
) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        scans = add_cards(session, house, project, 30)
        scans[0].state = "withdrawn"
        scans[1].details = {"damage": {"missing_percent": 4}}
        for scan in scans[28:]:
            scan.document = "another & drawer"
        session.flush()
    first, second = mia.get("/desk/finds/scans").text, mia.get("/desk/finds/scans?page=2").text
    assert "30 scans" in first and first.count('class="thumb"') == 24 and second.count('class="thumb"') == 6
    assert "1 of 2" in first and "2 of 2" in mia.get("/desk/finds/scans?page=99").text
    only = mia.get("/desk/finds/scans?document=another+%26+drawer").text
    assert "2 scans" in only and only.count('class="thumb"') == 2
    shown = mia.get("/desk/finds/scans?document=drawer").text
    assert "taken down" in shown and "end missing" in shown
    assert "no scan in this document" in mia.get("/desk/finds/scans?document=none").text
    assert f'href="/desk/scan/{scans[3].public_id}"' in shown


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
