"""The desk's page about how sure a project is, what a reviewer is told of it, and whose answers stand out."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from micro import jobs
from micro.core.consensus import ENGINE
from micro.core.consensus.calibration import Bin
from micro.data.models import Learning, Project, Record, Task
from micro.house import House
from micro.services import people, setting_aside
from micro.services.quality import Quality
from micro.web.trust_chart import trust_chart
from tests.cast import Cast, add_cards, signed_in
from tests.services.reading import GOLD, decided, read, settle


@pytest.fixture
def mia(app: Flask, cast: Cast) -> FlaskClient:
    return signed_in(app, cast.mia)


def page_of(response: TestResponse) -> str:
    return " ".join(unescape(response.text).split())


def answered(house: House, cast: Cast, cards: int, decide: int) -> int:
    """So many cards, read by two alike and by a vandal otherwise; the first of them decided. Returns the project."""
    vandal = {"object": {"value": "xxx"}, **GOLD, "length": {"mark": "illegible"}, "notes": {"value": "xxx"}}
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, cards)
        for task in session.scalars(select(Task).where(Task.project_id == project.id).order_by(Task.id)).all():
            for who, said in (("one", {}), ("two", {}), ("vandal", vandal)):
                read(session, house, task, who, **said)
        settle(session, house, project)
        for record in session.scalars(select(Record).order_by(Record.id).limit(decide)).all():
            decided(session, house, record, cast.ben)
        project_id = project.id
    jobs.drain_fitting(house, project_id)
    return project_id


def test_nothing_checked_is_said_and_so_is_how_far_off_that_may_be(house: House, cast: Cast, mia: FlaskClient) -> None:
    page = page_of(mia.get("/desk/finds/quality"))
    assert "Not checked yet" in page and "20 points off" in page
    assert 'class="dot"' not in page and "Nobody has answered yet." in page


def test_the_diagram_stands_beside_its_table_with_counts_and_intervals(
    house: House, cast: Cast, mia: FlaskClient
) -> None:
    answered(house, cast, 12, 11)
    page = page_of(mia.get("/desk/finds/quality"))
    assert "Checked on 11 records" in page and "some 10 points off" in page
    dots = page.count('class="dot"')
    rows = re.findall(r'<th scope="row" class="is-number">(.+?)</th>.*?<td class="is-number">(\d+)</td></tr>', page)
    assert dots == len(rows) > 0
    assert sum(int(count) for _, count in rows) == 11 * 5
    assert re.search(r"\d+% and \d+%", page)
    assert ENGINE in page


@pytest.mark.parametrize(
    ("records", "stage"),
    [(0, "none"), (1, "few"), (9, "few"), (10, "some"), (99, "some"), (100, "many"), (300, "plenty")],
)
def test_what_so_many_decided_records_are_worth_is_said_in_words(
    house: House, cast: Cast, mia: FlaskClient, records: int, stage: str
) -> None:
    with house.database.writing() as session:
        session.add(Learning(project_id=cast.project.id, engine=ENGINE, totals={}, bins=[], decided=records))
    words = {
        "none": "No decided record",
        "few": "a beginning",
        "some": "have begun to follow",
        "many": "known to a few points",
        "plenty": "a point or two",
    }
    page = page_of(mia.get("/desk/finds/quality"))
    assert [name for name, text in words.items() if text in page] == [stage]
    assert Quality(ENGINE, records, records, None, (), (), redoing=False).stage == stage


def test_undecided_records_are_worked_out_anew_when_a_manager_asks(house: House, cast: Cast, mia: FlaskClient) -> None:
    project_id = answered(house, cast, 4, 1)
    assert mia.post("/desk/finds/quality").status_code == 303
    assert "Undecided records are being worked out anew." in page_of(mia.get("/desk/finds/quality"))
    assert jobs.sweep_all(house)["records worked out anew"] == 3
    assert "are being worked out anew. <a" not in page_of(mia.get("/desk/finds/quality"))
    with house.database.reading() as session:
        assert session.scalars(select(Learning.redone).where(Learning.project_id == project_id)).one() is None


def test_whose_answers_stand_out_is_shown_with_the_reason_and_a_person_decides(
    house: House, cast: Cast, mia: FlaskClient
) -> None:
    project_id = answered(house, cast, 16, 0)
    with house.database.writing() as session:
        vandal = people.volunteer_of_cookie(session, "vandal", house.clock())
        address, name = vandal.public_id, vandal.public_id[:6]
        assert not setting_aside.is_aside(session, project_id, vandal.id)
    page = page_of(mia.get("/desk/finds/volunteers"))
    assert "The answers of 1 volunteer stand out." in page and "Nothing follows from it by itself" in page
    assert page.count("rarely agrees") == 1
    assert f'/volunteers/{address}">{name}</a>' in page
    assert "answers that could be compared" in page_of(mia.get(f"/desk/finds/volunteers/{address}"))


def test_a_reviewer_is_told_how_far_a_confidence_can_be_believed(house: House, cast: Cast, app: Flask) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 1)
        for who, said in (("one", {}), ("two", GOLD)):
            read(session, house, session.scalars(select(Task)).one(), who, **said)
        settle(session, house, project)
        record = session.scalars(select(Record)).one()
        record.state = "review"
        address = record.public_id
    ben = signed_in(app, cast.ben)
    page = page_of(ben.get(f"/review/{address}?field=object"))
    assert re.search(r"Not checked yet, so a modest guess: between \d+% and \d+%", page)
    assert f"version {ENGINE} of the engine" in page


def test_asking_only_where_it_helps_can_be_switched_off(house: House, cast: Cast, mia: FlaskClient) -> None:
    page = mia.get("/desk/finds/settings").text
    assert '<option value="yes" selected>' in page
    form = {"seen": re.findall(r'name="seen" value="([^"]+)"', page)[0], "title_en": "Catalogue", "adaptive": "no"}
    assert mia.post("/desk/finds/settings", data=form).status_code == 303
    with house.database.reading() as session:
        assert session.scalars(select(Project.adaptive)).one() is False
    assert '<option value="no" selected>' in mia.get("/desk/finds/settings").text


def test_the_axes_begin_below_everything_that_is_shown() -> None:
    chart = trust_chart((Bin(0.72, 0.5, 0.31, 0.69, 10), Bin(0.97, 0.95, 0.9, 0.99, 200)))
    assert [share for share, _, _ in chart.ticks] == [0.2, 0.4, 0.6, 0.8, 1.0]
    assert all(
        chart.left <= dot.x <= chart.right and chart.top <= dot.high <= dot.y <= dot.low <= chart.floor
        for dot in chart.dots
    )
    assert trust_chart(()).dots == ()
    assert trust_chart((Bin(1.0, 1.0, 1.0, 1.0, 3),)).ticks[0][0] == 0.8
