"""The first visit without a script: steps with an immediate word, skipped or done, and nothing of it kept."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from micro.data.models import Answer, Assignment, Gold, Practice
from micro.house import House
from micro.services import gold, guides
from micro.services.projects import project_named
from tests.cast import Cast, add_cards, good_answer, signed_in

RIGHT: dict[str, Any] = {
    "object.value": "Socketed axe",
    "material.value": "bronze",
    "length.value.amount": "12.4",
    "length.value.unit": "cm",
    "found_on.value.year": "1907",
    "found_on.value.month": "10",
    "found_on.value.day": "12",
    "notes.mark": "blank",
}


@pytest.fixture
def practising(house: House, cast: Cast) -> Cast:
    """Finds with six cards, of which two are practice."""
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 6)
        for number in (5, 6):
            item = gold.item_called(session, project, f"HM {number}")
            gold.mark_typed(session, project, item, good_answer(), "practice", None, house.clock(), decides=False)
        guides.change_texts(session, project, {"en": "## Letters\n- Copy **all** <b>signs</b>"}, 0, house.clock())
    return cast


def check(client: FlaskClient, **changed: Any) -> str:
    answer = client.post("/p/finds/practice", data={**RIGHT, "step": "1", **changed})
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def rows(house: House, table: Any) -> int:
    with house.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_what_is_right_is_praised_at_once(client: FlaskClient, practising: Cast) -> None:
    page = check(client)
    assert "All of it is right" in page
    assert "step=2" in page


def test_what_differs_is_shown_beside_what_is_known(client: FlaskClient, practising: Cast) -> None:
    page = check(client, **{"object.value": "Socketed awl", "material.value": "gold"})
    assert "3 of 5 are right" in page
    assert "Nearly. Compare:" in page
    assert "The museum reads it differently" in page
    assert "Socketed axe" in page


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"object.value": "", "object.mark": "unsure"}, "A doubt is a good answer"),
        ({"object.value": "", "object.mark": "illegible"}, "Hard to read, indeed"),
        ({"object.value": "", "object.mark": "blank"}, "something is written there"),
        ({"notes.mark": "", "notes.value": "Something"}, "“blank” is the answer"),
    ],
)
def test_marks_are_met_kindly(client: FlaskClient, practising: Cast, changed: dict[str, str], word: str) -> None:
    assert word in check(client, **changed)


def test_an_empty_form_is_refused_beside_its_fields_and_keeps_the_rest(client: FlaskClient, practising: Cast) -> None:
    answer = client.post("/p/finds/practice", data={**RIGHT, "object.value": "", "step": "1"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Something is missing yet" in page and 'value="12.4"' in page


def test_nothing_that_is_said_in_practice_is_kept(client: FlaskClient, house: House, practising: Cast) -> None:
    client.get("/p/finds/practice")
    check(client)
    assert [rows(house, table) for table in (Answer, Assignment, Practice)] == [0, 0, 0]


@pytest.mark.parametrize("step", ["0", "99", "-1", "x", ""])
def test_a_step_that_is_not_there_is_the_nearest(client: FlaskClient, practising: Cast, step: str) -> None:
    assert client.get(f"/p/finds/practice?step={step}").status_code == 200


def test_done_is_remembered_and_goes_on_to_the_first_card(client: FlaskClient, house: House, practising: Cast) -> None:
    terms = client.get("/p/finds/terms").get_data(as_text=True)
    assert "practise first" in terms
    accepted = {"version": terms.partition('name="version" value="')[2].partition('"')[0]}
    to_practice = client.post("/p/finds/terms", data={**accepted, "practise": "1"})
    assert to_practice.headers["Location"] == "/p/finds/practice"
    onward = client.post("/p/finds/practice/end", data={"state": "done"}, follow_redirects=True)
    assert onward.request.path.startswith("/work/")
    assert "New here?" not in onward.get_data(as_text=True)
    with house.database.reading() as session:
        done = session.scalars(select(Practice)).one()
        assert (done.state, len(done.seen)) == ("done", 2)
        assert set(done.seen) == set(session.scalars(select(Gold.public_id)))


def test_skipped_keeps_only_what_was_seen(client: FlaskClient, house: House, practising: Cast) -> None:
    client.get("/p/finds/practice")
    client.post("/p/finds/practice/end", data={"state": "skipped", "step": "1"})
    with house.database.reading() as session:
        skipped = session.scalars(select(Practice)).one()
        assert (skipped.state, len(skipped.seen)) == ("skipped", 1)
    assert "practise first" not in client.get("/p/finds/terms").get_data(as_text=True)


def test_without_a_cookie_nothing_is_kept_and_one_is_told(client: FlaskClient, house: House, practising: Cast) -> None:
    answer = client.post("/p/finds/practice/end", data={"state": "done"})
    assert answer.status_code == 307  # The lending itself tells of the missing cookie.
    assert rows(house, Practice) == 0


def test_it_can_be_recalled_by_whoever_did_it(app: Flask, house: House, practising: Cast) -> None:
    ada = signed_in(app, practising.ada)
    ada.get("/p/finds/practice")
    ada.post("/p/finds/practice/end", data={"state": "done"})
    assert "Practise again" in ada.get("/p/finds").get_data(as_text=True)
    assert ada.get("/p/finds/practice").status_code == 200


def test_the_workbench_offers_practice_once_and_has_the_guide_in_safe_words(
    client: FlaskClient, practising: Cast
) -> None:
    terms = client.get("/p/finds/terms").get_data(as_text=True)
    version = terms.partition('name="version" value="')[2].partition('"')[0]
    page = client.post("/p/finds/terms", data={"version": version}, follow_redirects=True).get_data(as_text=True)
    assert "New here?" in page
    assert "<strong>all</strong> &lt;b&gt;signs&lt;/b&gt;" in page
    client.post("/p/finds/practice/end", data={"state": "skipped"})
    again = client.post("/p/finds/take", follow_redirects=True).get_data(as_text=True)
    assert "New here?" not in again and "Practise again" in again


def test_a_project_without_practice_sends_one_back_to_it(client: FlaskClient, house: House, cast: Cast) -> None:
    assert client.get("/p/finds/practice").headers["Location"] == "/p/finds"
    assert client.get("/p/nothing/practice").status_code == 404


def test_the_practice_of_a_draft_is_as_private_as_its_scans(
    client: FlaskClient, app: Flask, house: House, practising: Cast
) -> None:
    with house.database.writing() as session:
        project_named(session, "finds").state = "draft"
    assert client.get("/p/finds/practice").status_code == 404
    assert client.post("/p/finds/practice", data=RIGHT).status_code == 404
    assert client.post("/p/finds/practice/end").status_code == 404
    assert signed_in(app, practising.mia).get("/p/finds/practice").status_code == 200


def test_after_a_known_card_a_kind_word_is_said_where_the_manager_wants_it(
    client: FlaskClient, house: House, practising: Cast
) -> None:
    with house.database.writing() as session:
        project = project_named(session, "finds")
        for number in (1, 2, 3, 4):
            item = gold.item_called(session, project, f"HM {number}")
            gold.mark_typed(session, project, item, good_answer(), "mixed", None, house.clock(), decides=False)
        gold.set_rate(session, project, 2, True)
    terms = client.get("/p/finds/terms").get_data(as_text=True)
    version = terms.partition('name="version" value="')[2].partition('"')[0]
    said, at = "", client.post("/p/finds/terms", data={"version": version}, follow_redirects=True)
    for number in range(4):
        with house.database.reading() as session:
            name = at.request.path.rpartition("/")[2]
            is_gold = session.scalars(select(Assignment.gold).where(Assignment.public_id == name)).one()
        data = {**RIGHT, "submission_key": f"k{number}", "object.value": "Socketed awl"}
        at = client.post(f"{at.request.path}/answer", data=data, follow_redirects=True)
        said = at.get_data(as_text=True)
        assert ("The museum knows this card well" in said) == is_gold
        if is_gold:
            assert "4 of 5 fields" in said and "“Object” says: Socketed axe." in said
    with house.database.reading() as session:
        assert len(gold.checked_answers(session, project_named(session, "finds").id)) == 10
