"""Accepting together in the browser's words: preview, sample, queue, accept, undo, and who may."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from micro import jobs
from micro.data.models import Act, Batch, Project, Record
from micro.house import House
from micro.services import batch_work
from tests.cast import Cast, make_project, signed_in
from tests.services.reading import decided
from tests.services.test_batches import COUNT, drawn, project_id
from tests.web.test_review import page_of

__all__ = ["project_id"]
PAGE = "/review/together/finds?least=50"


@pytest.fixture
def ben(app: Flask, cast: Cast) -> FlaskClient:
    return signed_in(app, cast.ben)


def begin(client: FlaskClient, page: str) -> str:
    """Posts what the page shows; returns the address of the batch."""
    seen = re.search(r'name="seen" value="([^"]+)"', page)
    assert seen is not None
    answer = client.post(PAGE, data={"seen": seen[1], "bound": "0.1"})
    assert answer.status_code == 303
    return answer.headers["Location"]


def test_from_the_preview_to_the_undo(ben: FlaskClient, house: House, cast: Cast, project_id: int) -> None:
    assert "Accept clear records together" in page_of(ben.get("/review?project=finds"))
    page = page_of(ben.get(PAGE))
    assert (
        f"{COUNT} records could be accepted" in page and "at most 10% of all are wrong" in page and "29 records" in page
    )
    address = begin(ben, page)
    assert "0 of 29 looked at so far" in page_of(ben.get(address))
    queue = page_of(ben.get("/review?project=finds&reason=audit"))
    assert "29 records wait for a decision" in queue and "Audit sample" in queue
    with house.database.writing() as session:
        for record in drawn(session, session.scalars(select(Batch)).one()):
            decided(session, house, record, cast.ben)
    page = page_of(ben.get(address))
    assert "0 of 29 wrong: at most 9.9% of all, 95%" in page and "Accept the other 5" in page
    assert ben.post(address, data={"action": "accept"}).status_code == 303
    jobs.sweep_all(house)
    page = page_of(ben.get(address))
    assert "Take all 5 back" in page
    assert ben.post(address, data={"action": "undo"}).status_code == 303
    jobs.sweep_all(house)
    assert "taken back" in page_of(ben.get(address))
    with house.database.reading() as session:
        assert sorted(session.scalars(select(Record.state))) == ["decided"] * 29 + ["settled"] * 5
        assert len(session.scalars(select(Act).where(Act.verb == "review.batch")).all()) == 2
    assert "0 of 29 wrong" in page_of(ben.get(PAGE)), "earlier batches stay in sight"


def test_the_queue_of_several_projects_leads_to_each_of_them(app: Flask, house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        make_project(session, session.merge(cast.collection), house.clock(), slug="second")
    ways = set(re.findall(r'href="(/review/together/[^"?]+)', signed_in(app, cast.ben).get("/review").text))
    assert ways == {"/review/together/finds", "/review/together/second"}


def test_the_page_says_how_far_the_work_is_and_its_script_asks_on(
    ben: FlaskClient, house: House, project_id: int
) -> None:
    address = begin(ben, page_of(ben.get(PAGE)))
    assert "delivery.js" not in ben.get(address).text, "nothing works yet"
    ben.post(address, data={"action": "accept"})
    page = ben.get(address).text
    assert 'data-module="delivery" data-waiting="5"' in page and "Look again" in page and "js/delivery.js" in page
    with house.database.writing() as session:
        batch_work.work_some(session, session.scalars(select(Batch.id)).one(), house.clock(), most=2)
    answer = ben.get(f"{address}?format=json")
    assert answer.json == {"waiting": 3, "total": 5, "sentence": "2 of 5"}
    assert answer.headers["Cache-Control"] == "no-store"
    with house.database.writing() as session:
        batch_work.work_some(session, session.scalars(select(Batch.id)).one(), house.clock())
    closing = ben.get(f"{address}?format=json").get_json()
    assert closing["waiting"] == 1, "all are accepted, and it is not closed yet"
    jobs.sweep_all(house)
    assert ben.get(f"{address}?format=json").get_json()["waiting"] == 0
    assert "delivery.js" not in ben.get(address).text


def test_a_stale_preview_shows_how_it_is_now(ben: FlaskClient, house: House, cast: Cast, project_id: int) -> None:
    page = page_of(ben.get(PAGE))
    with house.database.writing() as session:
        decided(session, house, session.scalars(select(Record)).first(), cast.mia)  # type: ignore[arg-type]
    seen = re.search(r'name="seen" value="([^"]+)"', page)
    assert seen is not None
    answer = ben.post(PAGE, data={"seen": seen[1], "bound": "0.1"})
    assert answer.status_code == 409
    assert f"{COUNT - 1} records could be accepted" in page_of(answer)


def test_a_stopped_sample_shows_no_bound(ben: FlaskClient, house: House, project_id: int) -> None:
    address = begin(ben, page_of(ben.get(PAGE)))
    assert "nothing can be said about how many are wrong" in page_of(ben.get(address))
    ben.post(address, data={"action": "accept"})
    page = page_of(ben.get(address))
    assert "stopped after 0 of 29" in page and "at most" not in page


def test_only_who_began_it_accepts_it_and_nonsense_is_refused(
    ben: FlaskClient, app: Flask, house: House, cast: Cast, project_id: int
) -> None:
    address = begin(ben, page_of(ben.get(PAGE)))
    mia = signed_in(app, cast.mia)
    assert "Accept the other" not in page_of(mia.get(address))
    assert mia.post(address, data={"action": "accept"}).status_code == 403
    assert ben.post(address, data={"action": "eat"}).status_code == 422
    assert ben.post(address, data={"action": "undo"}).status_code == 409
    assert ben.post(PAGE, data={"seen": "x", "bound": "much"}).status_code == 409
    assert signed_in(app, cast.cleo).get(address).status_code == 404
    assert ben.get("/review/together/finds?least=10").status_code == 200
    assert ben.post(address, data={"action": "drop"}).status_code == 303
    with house.database.writing() as session:
        assert set(session.scalars(select(Record.state))) == {"settled"}
        session.get_one(Project, project_id).four_eyes = True
    assert "two people decide about each record" in page_of(ben.get(PAGE))
