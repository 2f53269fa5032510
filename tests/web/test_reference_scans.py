"""Scans whose picture is kept elsewhere: each page says where, and none shows a broken picture or divides by nought."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from micro.core.terms import VERSION
from micro.data.models import Project, Record, Region, Scan
from micro.house import House
from micro.services.projects import move_project
from tests.cast import Cast, signed_in
from tests.services.importing import PICTURE, bring_in, run, task
from tests.services.releasing import files_of, make, objects, table

ELSEWHERE = "The picture is kept elsewhere."


@pytest.fixture
def imported(house: House, cast: Cast) -> int:
    """Three cards of Harrowby Museum in a live project: one agreed, one in doubt, one unread."""
    rows = [run(1, 1), run(2, 1), run(3, 2), run(4, 2, info={"objectType": "Spear", "description": ""})]
    project_id = bring_in(house, [task(1), task(2), task(3)], rows, institution="harrowby")
    with house.database.writing() as session:
        move_project(session, session.get_one(Project, project_id), "live", None, house.clock())
    return project_id


def shows(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, f"{address}: {answer.status_code}"
    text = answer.get_data(as_text=True)
    assert "/pictures/" not in text, f"{address} asks for a picture that is not here"
    return text


def a_record(house: House, state: str) -> str:
    with house.database.reading() as session:
        return session.scalars(select(Record.public_id).where(Record.state == state)).first() or ""


def test_the_public_pages_say_where_the_picture_is(app: Flask, imported: int) -> None:
    visitor = app.test_client()
    page = shows(visitor, "/p/cards")
    assert ELSEWHERE in page
    assert f'href="{PICTURE.format(3)}" rel="noreferrer"' in page, "the unread card comes first"
    assert "Open it at pictures.example.org" in page
    assert ELSEWHERE in shows(visitor, "/")
    assert "kept elsewhere" in shows(visitor, "/projects")


def test_a_volunteer_reads_a_card_whose_picture_is_elsewhere(app: Flask, cast: Cast, imported: int) -> None:
    ada = signed_in(app, cast.ada)
    answer = ada.post("/p/cards/terms", data={"version": VERSION})
    bench = shows(ada, answer.headers["Location"])
    assert ELSEWHERE in bench
    assert "data-viewer" not in bench, "nothing to zoom"
    sent = ada.post(
        answer.headers["Location"] + "/answer",
        data={"object_type.value": "Axe", "description.mark": "blank", "submission_key": "one"},
    )
    assert sent.status_code == 303, sent.get_data(as_text=True)
    assert "kept elsewhere" in shows(ada, "/my-answers")


def test_reviewers_see_where_the_picture_is_and_decide(app: Flask, house: House, cast: Cast, imported: int) -> None:
    ben = signed_in(app, cast.ben)
    assert "kept elsewhere" in shows(ben, "/review")
    key = a_record(house, "review")
    for more in ("", "?page=1", "?edit=1", "?field=description"):
        assert PICTURE.format(2) in shows(ben, f"/review/{key}{more}")
    answer = ben.post(f"/review/{key}/decide", data={"action": "accept", "revision": "1", "version": "1"})
    assert answer.status_code == 303
    assert a_record(house, "decided") == key


def test_the_desk_opens_for_an_imported_project(app: Flask, cast: Cast, imported: int) -> None:
    mia = signed_in(app, cast.mia)
    for page in ("/desk", "/desk/cards", "/desk/cards/scans", "/desk/cards/cutting"):
        shows(mia, page)


def test_nobody_gets_a_picture_that_is_not_here(app: Flask, house: House, imported: int) -> None:
    with house.database.reading() as session:
        scan = session.scalars(select(Scan.public_id)).first()
        region = session.scalars(select(Region.public_id)).first()
    for address in (f"/pictures/scan/{scan}/320.jpg", f"/pictures/region/{region}/320.jpg"):
        assert app.test_client().get(address).status_code == 404


def test_a_task_without_any_address_says_that_there_is_no_picture(app: Flask, house: House, cast: Cast) -> None:
    project_id = bring_in(house, [task(1, info={"question": "Who?"})], [run(1, 1)], institution="harrowby")
    with house.database.writing() as session:
        move_project(session, session.get_one(Project, project_id), "live", None, house.clock())
    page = shows(app.test_client(), "/p/cards")
    assert "There is no picture of this here." in page
    assert "noreferrer" not in page


def test_a_release_links_to_the_picture_where_it_is(app: Flask, house: House, cast: Cast, imported: int) -> None:
    with house.database.reading() as session:
        project = session.get_one(Project, imported)
    release = make(house, project)
    files = files_of(house, release)
    rows = table(files["records.csv"])
    assert [row["scan_url"] for row in rows] == [PICTURE.format(1), PICTURE.format(2)]
    assert [row["region_url"] for row in rows] == [PICTURE.format(1), PICTURE.format(2)]
    first = objects(files["records.jsonl"])[0]
    assert (first["scan"]["url"], first["scan"]["width_px"]) == (PICTURE.format(1), 0)
    assert PICTURE.format(1) in shows(app.test_client(), "/data/cards/1")


def test_a_program_is_told_the_address_of_the_picture(app: Flask, imported: int) -> None:
    program = app.test_client()
    program.get("/p/cards")  # The cookie comes back with the next request.
    answer = program.post("/api/v1/projects/cards/take", json={"terms": VERSION})
    assert answer.status_code == 201, answer.text
    assert answer.get_json()["scan"] == answer.get_json()["region"] == PICTURE.format(3)
