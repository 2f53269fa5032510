"""The page on which volunteers find what they read, and what was decided."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from micro.data.models import Answer, Record, RecordVersion, Task
from micro.house import House
from tests.cast import Cast, add_cards, make_project
from tests.web.test_bench import TYPED, ada, cards, reader, take  # noqa: F401


def test_my_answers_show_what_was_decided(house: House, ada: FlaskClient) -> None:  # noqa: F811
    ada.post(take(ada) + "/answer", data=TYPED)
    assert "being read" in ada.get("/my-answers").text
    with house.database.writing() as session:
        decide(session, house, {"object": {"value": "Palstave"}, "material": {"value": "bronze"}})
    page = ada.get("/my-answers").text
    assert "Socketed axe" in page
    assert "Palstave" in page
    assert "as decided" in page


def decide(session: Any, house: House, values: dict[str, Any]) -> None:
    task = session.scalars(select(Task).join(Answer, Answer.task_id == Task.id)).one()
    record = Record(
        project_id=task.project_id, item_id=task.item_id, state="decided", current=1, changed_at=house.clock()
    )
    session.add(record)
    session.flush()
    session.add(RecordVersion(record_id=record.id, number=1, values=values, made_by="decision", made_at=house.clock()))


def test_my_answers_are_mine_and_fifty_to_a_page(app: Flask, house: House, cast: Cast, ada: FlaskClient) -> None:  # noqa: F811
    with house.database.writing() as session:
        add_cards(session, house, make_project(session, session.merge(cast.collection), house.clock(), slug="many"), 51)
    address = take(ada, "many")
    while address.startswith("/work/"):
        address = ada.post(address + "/answer", data=TYPED).location
    first, second = ada.get("/my-answers").text, ada.get("/my-answers?page=2").text
    assert (first.count("<article"), second.count("<article")) == (50, 1)
    assert "You have not read a card yet." in reader(app, house, cast.ben).get("/my-answers").text
    assert "You have not read a card yet." in app.test_client().get("/my-answers").text


@pytest.mark.parametrize("page", ["0", "-3", "x", "99"])
def test_a_page_that_is_not_there_breaks_nothing(ada: FlaskClient, page: str) -> None:  # noqa: F811
    assert ada.get(f"/my-answers?page={page}").status_code == 200
