"""Correcting an answer: the newest counts, until a person has decided."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from micro.data.models import Answer, Assignment, Gold, GoldCheck, Record
from micro.house import House
from micro.services.settling import settle_some
from tests.cast import Cast
from tests.conftest import Clock
from tests.web.test_bench import JSON, TYPED, ada, cards, count, key_on, take  # noqa: F401


def sent(client: FlaskClient) -> str:
    """Takes a card and sends it; returns its address."""
    address = take(client)
    client.post(address + "/answer", data={**TYPED, "submission_key": key_on(client.get(address))})
    return address


def test_the_next_card_leads_back_to_the_last_which_stands_as_it_was_sent(ada: FlaskClient, house: House) -> None:  # noqa: F811
    address = sent(ada)
    assert address + "/correct" in ada.get(take(ada)).text
    page = ada.get(address + "/correct").text
    assert 'value="Socketed axe"' in page and "You are correcting a card" in page
    assert 'name="found_on.value.year"' in page and 'value="1907"' in page
    assert "Skip" not in page.partition("entry__end-row")[2].partition("</form>")[0]


def test_the_newer_answer_counts_and_the_card_is_counted_once(ada: FlaskClient, house: House, cast: Cast) -> None:  # noqa: F811
    address = sent(ada)
    changed = {**TYPED, "object.value": "Flat axe", "submission_key": key_on(ada.get(address + "/correct"))}
    once, twice = (ada.post(address + "/answer", data=changed, headers=JSON) for _ in range(2))
    assert (once.json["in_time"], once.json["new"], twice.json["new"]) == (True, True, False)
    assert "Corrected" in once.json["message"]
    with house.database.writing() as session:
        settle_some(session, cast.project.id, house.clock())
        held = session.scalars(select(Assignment).where(Assignment.public_id == address.rpartition("/")[2])).one()
        assert held.task.answered == 1
        record = session.scalars(select(Record).where(Record.item_id == held.task.item_id)).one()
        assert record.answers_count == 1
    assert count(house, Answer) == 2
    mine = ada.get("/my-answers").text
    assert "Flat axe" in mine and "Socketed axe" not in mine


def test_what_cannot_be_read_keeps_what_was_typed_while_correcting(ada: FlaskClient) -> None:  # noqa: F811
    address = sent(ada)
    refused = ada.post(address + "/answer", data={**TYPED, "length.value.amount": "a hand"})
    assert refused.status_code == 422
    assert "a hand" in refused.text and "You are correcting a card" in refused.text


@pytest.mark.parametrize("state", ["decided", "rejected"])
def test_after_a_decision_nothing_is_corrected(ada: FlaskClient, house: House, cast: Cast, state: str) -> None:  # noqa: F811
    address = sent(ada)
    with house.database.writing() as session:
        settle_some(session, cast.project.id, house.clock())
        session.scalars(select(Record)).one().state = state
    refused = ada.get(address + "/correct", follow_redirects=True)
    assert "has decided about this card" in refused.text
    assert "/correct" not in refused.text
    assert "/correct" not in ada.get("/my-answers").text


def test_a_card_that_was_known_is_judged_by_the_first_word(ada: FlaskClient, house: House) -> None:  # noqa: F811
    address = sent(ada)
    with house.database.writing() as session:
        held = session.scalars(select(Assignment).where(Assignment.state == "answered")).one()
        held.gold = True
        known = {"object": {"value": "Flat axe"}}
        gold = Gold(
            project_id=held.project_id,
            task_id=held.task_id,
            values=known,
            state="mixed",
            created_at=house.clock(),
            changed_at=house.clock(),
        )
        session.add(gold)
    assert "known before" in ada.get(address + "/correct", follow_redirects=True).text
    ada.post(address + "/answer", data={**TYPED, "object.value": "Flat axe"})
    assert count(house, Answer) == 2
    assert count(house, GoldCheck) == 0, "it may have been told meanwhile"


def test_the_way_back_is_offered_for_a_short_time(ada: FlaskClient, clock: Clock) -> None:  # noqa: F811
    sent(ada)
    next_card = take(ada)
    clock.pass_(minutes=20)
    assert "/correct" not in ada.get(next_card).text
    assert "/correct" in ada.get("/my-answers").text


def test_nobody_corrects_the_answer_of_somebody_else(ada: FlaskClient, client: FlaskClient) -> None:  # noqa: F811
    address = sent(ada)
    assert client.get(address + "/correct").status_code == 404


def test_a_card_that_is_not_sent_is_simply_worked_on(ada: FlaskClient) -> None:  # noqa: F811
    address = take(ada)
    assert ada.get(address + "/correct").location == address
