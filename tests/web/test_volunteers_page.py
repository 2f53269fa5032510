"""The desk's pages about those who answered: figures without names, and setting somebody's answers aside."""

from __future__ import annotations

from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from micro.data.models import Account, Project, Record, SetAside, Task, Volunteer
from micro.house import House
from micro.services import contributors, people
from micro.services.contributors import Agreement
from tests.cast import Cast, add_cards, make_project, signed_in
from tests.services.reading import GOLD, read, settle
from tests.services.test_projects import counted


@pytest.fixture
def mia(app: Flask, cast: Cast) -> FlaskClient:
    return signed_in(app, cast.mia)


@pytest.fixture
def answered(house: House, cast: Cast) -> None:
    """Three cards, read by Ada and another reader alike, and by a vandal otherwise."""
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 3)
        for task in session.scalars(select(Task).order_by(Task.id)).all():
            read(session, house, task, cast.ada)
            read(session, house, task, "reader")
            read(session, house, task, "vandal", object={"value": "xxx"}, **GOLD)
        settle(session, house, project)
        for record in session.scalars(select(Record)):
            record.state = "settled"


def public_id(house: House, who: str | Account) -> str:
    with house.database.writing() as session:
        if isinstance(who, str):
            return people.volunteer_of_cookie(session, who, house.clock()).public_id
        return people.volunteer_of_account(session, who.id, house.clock()).public_id


def page_of(response: TestResponse) -> str:
    return " ".join(unescape(response.text).split())


def settled(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        settle(session, house, session.get_one(Project, cast.project.id))


# The list --------------------------------------------------------------------------------------------------------


def test_the_list_names_nobody_and_tells_how_far_they_agree(
    house: House, cast: Cast, mia: FlaskClient, answered: None
) -> None:
    page = page_of(mia.get("/desk/finds/volunteers"))
    assert "3 people answered" in page and "with an account" in page and "without an account" in page
    assert "Ada" not in page and "ada@example.org" not in page
    with house.database.reading() as session:
        found = contributors.contributors(session, session.get_one(Project, cast.project.id))
    by_id = {row.volunteer.public_id: row for row in found.rows}
    assert by_id[public_id(house, cast.ada)].agreement == Agreement(15, 15)
    vandal = by_id[public_id(house, "vandal")]
    assert (vandal.answers, vandal.agreement) == (3, Agreement(9, 15))
    assert "60% <span" in page


def test_open_records_are_no_measure(house: House, cast: Cast, mia: FlaskClient) -> None:
    with house.database.writing() as session:
        add_cards(session, house, session.merge(cast.project), 1)
        read(session, house, session.scalars(select(Task)).one(), "reader")
    settled(house, cast)
    assert "not known yet" in mia.get("/desk/finds/volunteers").text


def test_the_list_has_pages_sorts_and_finds_by_the_beginning_of_an_id(
    house: House, cast: Cast, mia: FlaskClient
) -> None:
    with house.database.writing() as session:
        add_cards(session, house, session.merge(cast.project), 1)
        task = session.scalars(select(Task)).one()
        for number in range(contributors.ROWS_A_PAGE + 1):
            read(session, house, task, f"reader {number}")
        names = sorted(volunteer.public_id for volunteer in session.scalars(select(Volunteer)))
    first = mia.get("/desk/finds/volunteers?sort=id").text
    assert names[0][:6] in first and names[-1] not in first and "1 of 2" in first
    assert names[-1] in mia.get("/desk/finds/volunteers?sort=id&page=2").text
    assert names[-1] in mia.get("/desk/finds/volunteers?sort=id&page=99").text
    found = mia.get(f"/desk/finds/volunteers?search=+{names[-1][:8].upper()}+").text
    assert names[-1] in found and names[0] not in found
    assert "There is nobody like this." in mia.get("/desk/finds/volunteers?search=aaaa").text
    for sort in (*contributors.SORTS, "nonsense"):
        assert mia.get(f"/desk/finds/volunteers?sort={sort}&page=0").status_code == 200


def test_a_longer_list_takes_no_more_queries(house: House, cast: Cast, mia: FlaskClient) -> None:
    def queries() -> int:
        with counted(house) as sent:
            assert mia.get("/desk/finds/volunteers").status_code == 200
        return len(sent)

    with house.database.writing() as session:
        add_cards(session, house, session.merge(cast.project), 1)
        read(session, house, session.scalars(select(Task)).one(), "first")
    queries()
    for_one = queries()
    with house.database.writing() as session:
        for number in range(20):
            read(session, house, session.scalars(select(Task)).one(), f"reader {number}")
    assert queries() == for_one


def test_nobody_has_answered_yet(cast: Cast, mia: FlaskClient) -> None:
    assert "Nobody has answered yet." in mia.get("/desk/finds/volunteers").text


# One of them -----------------------------------------------------------------------------------------------------


def test_their_answers_stand_beside_what_the_records_say(house: House, mia: FlaskClient, answered: None) -> None:
    page = page_of(mia.get(f"/desk/finds/volunteers/{public_id(house, 'vandal')}"))
    assert "HM 3" in page and "xxx" in page and "Socketed axe" in page
    assert 'aria-label="differ"' in page


def test_who_answered_another_project_only_is_not_here(
    house: House, cast: Cast, mia: FlaskClient, answered: None
) -> None:
    with house.database.writing() as session:
        other = make_project(session, session.merge(cast.collection), house.clock(), slug="other")
        add_cards(session, house, other, 1)
        task = session.scalars(select(Task).where(Task.project_id == other.id)).one()
        read(session, house, task, "elsewhere")
    assert mia.get(f"/desk/finds/volunteers/{public_id(house, 'elsewhere')}").status_code == 404
    assert mia.get("/desk/finds/volunteers/none").status_code == 404
    assert mia.get(f"/desk/other/volunteers/{public_id(house, 'elsewhere')}").status_code == 200


@pytest.mark.parametrize("who", ["ada", "ben", "cleo"])
def test_only_managers_see_them(house: House, cast: Cast, app: Flask, answered: None, who: str) -> None:
    client, name = signed_in(app, getattr(cast, who)), public_id(house, "vandal")
    assert client.get("/desk/finds/volunteers").status_code in (403, 404)
    assert client.get(f"/desk/finds/volunteers/{name}").status_code in (403, 404)
    assert client.post(f"/desk/finds/volunteers/{name}/aside", data={"why": "x"}).status_code in (403, 404)


# Setting aside ---------------------------------------------------------------------------------------------------


def test_set_aside_and_counted_again_with_reasons_and_names_of_managers(
    house: House, cast: Cast, mia: FlaskClient, answered: None
) -> None:
    address = f"/desk/finds/volunteers/{public_id(house, 'vandal')}"
    refused = mia.post(f"{address}/aside", data={"why": " "})
    assert refused.status_code == 422 and 'id="why-problem"' in refused.text
    assert mia.post(f"{address}/aside", data={"why": "scribbles"}).status_code == 303
    page = page_of(mia.get(address))
    assert "3 cards are being worked out anew." in page and "3 cards wait" in page
    assert "These answers are set aside" in page and "Mia, “scribbles”" in page
    assert "1 volunteer is set aside" in mia.get("/desk/finds/volunteers").text
    assert public_id(house, "reader") not in mia.get("/desk/finds/volunteers?aside=1").text
    settled(house, cast)
    assert "wait" not in page_of(mia.get(address)).partition("Answers here")[0].partition("<h2")[2]
    with house.database.reading() as session:
        assert {record.answers_count for record in session.scalars(select(Record))} == {2}
    again = mia.post(f"{address}/aside", data={"why": "twice"})
    assert again.status_code == 409 and "set aside already" in again.text
    assert mia.post(f"{address}/again", data={"why": "it was a mistake"}).status_code == 303
    settled(house, cast)
    page = page_of(mia.get(address))
    assert "counted again, Mia, “it was a mistake”" in page and "Set these answers aside" in page


def test_those_who_run_the_network_do_it_everywhere_at_once(
    house: House, cast: Cast, app: Flask, mia: FlaskClient, answered: None
) -> None:
    with house.database.writing() as session:
        other = make_project(session, session.merge(cast.collection), house.clock(), slug="other")
        add_cards(session, house, other, 1)
        read(session, house, session.scalars(select(Task).where(Task.project_id == other.id)).one(), "vandal")
    address, nora = f"/desk/finds/volunteers/{public_id(house, 'vandal')}", signed_in(app, cast.nora)
    sent = {"why": "scribbles", "everywhere": "1"}
    assert mia.post(f"{address}/aside", data=sent).status_code == 403
    assert "In 1 other project too" in nora.get(address).text and "other project" not in mia.get(address).text
    assert mia.post(f"{address}/aside", data={"why": "here"}).status_code == 303
    assert nora.post(f"{address}/aside", data=sent).status_code == 303  # Here already: the other one follows.
    with house.database.reading() as session:
        assert [row.state for row in session.scalars(select(SetAside))] == ["aside", "aside"]
    assert nora.post(f"{address}/again", data=sent).status_code == 303
    with house.database.reading() as session:
        assert [row.state for row in session.scalars(select(SetAside))] == ["restored", "restored"]
