"""The manager's desk and the lists of projects in the browser's eyes: what is on them, and for whom."""

from __future__ import annotations

from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from micro.data.models import IntakeFile, Project, Record, Scan, Task
from micro.house import House
from micro.services import intake
from micro.services.moves import moves_of
from tests.cast import Cast, add_cards, make_project, signed_in
from tests.services.reading import read, settle
from tests.services.test_projects import counted, more_projects, report


@pytest.fixture
def mia(app: Flask, cast: Cast) -> FlaskClient:
    return signed_in(app, cast.mia)


def page_of(response: TestResponse) -> str:
    return " ".join(unescape(response.text).split())


def reported(house: House, cast: Cast, words: str = "The scan is <b>blurred</b>.") -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 1)
        report(session, house, project, cast.ada, words)


# Reports ---------------------------------------------------------------------------------------------------------


def test_a_manager_reads_what_volunteers_reported_and_not_who(house: House, cast: Cast, mia: FlaskClient) -> None:
    reported(house, cast)
    page = page_of(mia.get("/desk/finds"))
    with house.database.reading() as session:
        scan = session.query(Scan).one()
    table = page[page.index('id="reports"') :]
    assert "The scan is <b>blurred</b>." in table and "HM 1" in table and "1 Mar 2026" in table
    assert "&lt;b&gt;blurred" in mia.get("/desk/finds").text
    assert f"/pictures/scan/{scan.public_id}/1600.jpg" in table
    assert "1 report." in table and 'Reports <span class="badge">1</span>' in page
    assert "Ada" not in page


def test_a_report_leads_to_the_record_once_there_is_one(house: House, cast: Cast, mia: FlaskClient) -> None:
    reported(house, cast)
    with house.database.writing() as session:
        read(session, house, session.query(Task).one(), "somebody")
        settle(session, house, session.merge(cast.project))
        address = f"/review/{session.query(Record).one().public_id}"
    assert f'href="{address}"' in mia.get("/desk/finds").text
    assert mia.get(address).status_code == 200


def test_reports_are_for_managers_of_the_institution_only(house: House, cast: Cast, app: Flask) -> None:
    reported(house, cast, "blurred")
    with house.database.writing() as session:
        more_projects(session, house, cast, 1)
    for account, status in ((cast.cleo, 404), (cast.ben, 403), (cast.ada, 404)):
        answer = signed_in(app, account).get("/desk/finds")
        assert answer.status_code == status and "blurred" not in answer.text
    other = signed_in(app, cast.mia).get("/desk/more-01")
    assert "blurred" not in other.text and "Nobody reported a problem so far." in other.text


def test_the_desk_shows_fifty_reports_and_how_many_there_are(house: House, cast: Cast, mia: FlaskClient) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 1)
        for number in range(51):
            report(session, house, project, cast.ada, f"word {number}.")
    page = page_of(mia.get("/desk/finds"))
    assert "word 50." in page and "word 1." in page and "word 0." not in page
    assert "The newest 50 of 51 reports." in page


# Lists -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("address", "most"), [("/", 20), ("/projects", 16), ("/desk", 16)])
def test_a_longer_list_takes_no_more_queries(
    house: House, cast: Cast, mia: FlaskClient, address: str, most: int
) -> None:
    def queries() -> int:
        with counted(house) as sent:
            assert mia.get(address).status_code == 200
        return len(sent)

    def another(slug: str) -> None:
        with house.database.writing() as session:
            add_cards(session, house, make_project(session, cast.collection, house.clock(), slug), 1)

    another("two")
    queries()  # Whatever is found once in each process.
    for_two = queries()
    for number in range(3):
        another(f"more-{number}")
    queries()  # What is kept for a while is found once for each new project.
    assert queries() == for_two <= most


@pytest.mark.parametrize("address", ["/projects", "/desk"])
def test_a_long_list_has_pages(house: House, cast: Cast, mia: FlaskClient, address: str) -> None:
    with house.database.writing() as session:
        more_projects(session, house, cast, 24)
    own = "/p/" if address == "/projects" else "/desk/"
    first, second, odd = (mia.get(address + query).text for query in ("", "?page=2", "?page=none"))
    assert f'href="{own}more-23"' in first and f'href="{own}more-24"' not in first
    assert f'href="{own}more-24"' in second and f'href="{own}finds"' not in second
    assert f'href="{address}?page=2"' in first and f'href="{address}?page=1"' in second and "2 of 2" in second
    assert f'href="{own}more-23"' in odd


def test_a_short_list_has_no_pages(cast: Cast, mia: FlaskClient) -> None:
    assert all('aria-label="Pages"' not in mia.get(address).text for address in ("/projects", "/desk"))


def test_the_front_page_counts_all_projects_and_shows_six(house: House, cast: Cast, client: FlaskClient) -> None:
    with house.database.writing() as session:
        more_projects(session, house, cast, 7)
    page = client.get("/").text
    assert "All 8 projects" in page and page.count('class="ledger__row"') == 6


# Moving ----------------------------------------------------------------------------------------------------------


def test_a_button_of_an_older_page_moves_nothing(house: House, cast: Cast, mia: FlaskClient, app: Flask) -> None:
    assert 'name="seen" value="live"' in mia.get("/desk/finds").text
    sent = {"seen": "live", "state": "paused"}
    assert mia.post("/desk/finds/state", data=sent).status_code == 303
    late = signed_in(app, cast.nora).post("/desk/finds/state", data={"seen": "live", "state": "finished"})
    assert late.status_code == 409 and "moved on meanwhile" in late.text
    with house.database.reading() as session:
        assert [move.to_state for move in moves_of(session, "project", cast.project.id)] == ["paused"]


# A delivery ------------------------------------------------------------------------------------------------------


def test_the_script_of_a_delivery_has_an_address_of_its_own(house: House, cast: Cast, mia: FlaskClient) -> None:
    with house.database.writing() as session:
        made = intake.open_delivery(session, session.merge(cast.project), "upload", house.clock())
        for name in ("a.jpg", "b.jpg"):
            intake.add_file(session, made, name, f"incoming/{name}", {})
        session.flush()
        session.query(IntakeFile).filter_by(file_name="a.jpg").one().state = "taken"
        address = f"/desk/intake/{made.public_id}"
    asked = mia.get(f"{address}?format=json")
    assert asked.json == {"total": 2, "waiting": 1, "sentence": "1 file of 2 waits."}
    assert asked.headers["Cache-Control"] == "no-store"
    page = mia.get(address, headers={"Accept": "application/json"})
    assert page.mimetype == "text/html" and 'data-waiting="1"' in page.text
    assert '<span role="status" aria-live="polite" data-sentence>1 file of 2 waits.</span>' in page.text


def test_the_figures_of_a_delivery_are_for_its_managers_only(house: House, cast: Cast, app: Flask) -> None:
    with house.database.writing() as session:
        made = intake.open_delivery(session, session.merge(cast.project), "upload", house.clock())
        address = f"/desk/intake/{made.public_id}?format=json"
    assert signed_in(app, cast.cleo).get(address).status_code == 404


def test_the_project_shows_eight_deliveries_and_their_refusals(house: House, cast: Cast, mia: FlaskClient) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        made = [intake.open_delivery(session, project, "upload", house.clock()) for _ in range(9)]
        for number, delivery in enumerate(made):
            intake.add_file(session, delivery, "a.jpg", f"incoming/{number}", {})
        session.flush()
        session.query(IntakeFile).filter_by(intake_id=made[8].id).one().state = "refused"
    page = mia.get("/desk/finds/scans").text
    assert page.count('href="/desk/intake/') == 8 and made[0].public_id not in page
    assert "1 file, 1 refused" in page


# The project's own page ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["draft", "archived"])
def test_staff_read_in_which_state_a_hidden_project_is(
    house: House, cast: Cast, client: FlaskClient, mia: FlaskClient, state: str
) -> None:
    with house.database.writing() as session:
        session.get_one(Project, cast.project.id).state = state
    page = mia.get("/p/finds").text
    other = {"draft": "archived", "archived": "a draft"}[state]
    assert f"This project is {state if state == 'archived' else 'a draft'}." in page
    assert f"This project is {other}." not in page
    assert client.get("/p/finds").status_code == 404


def test_a_volunteer_is_told_what_becomes_of_a_mistake(cast: Cast, client: FlaskClient) -> None:
    page = client.get("/p/finds").text
    assert "Other people read the same card too, and where readers differ the museum looks." in page
