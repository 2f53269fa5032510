"""Labels and points at the reviewer's desk: taken, amended, refused, and what is said about them."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from micro.data.models import Project, Record, Setup
from micro.house import House
from micro.services.settling import version_of
from tests.cast import Cast, add_cards, signed_in
from tests.services.releasing import everybody_answers, record_of

SHOWS = {
    "name": "shows",
    "type": "tags",
    "free": True,
    "label": {"en": "What it shows"},
    "choices": [{"code": code, "label": {"en": code.title()}} for code in ("axe", "sword", "hoard")],
}
SPOT = {"name": "spot", "type": "point", "label": {"en": "Findspot"}, "grid_m": 2000, "publish": "2030-12-31"}
EXACT = {"lat": "51.5357", "lon": "-0.9028"}


@pytest.fixture
def record(house: House, cast: Cast) -> Record:
    """One chose two labels, the other one of them and one of their own; both gave points close together."""
    with house.database.writing() as session:
        project = session.get_one(Project, cast.project.id)
        body = {"fields": [SHOWS, SPOT]}
        session.add(
            Setup(
                project_id=project.id, version=2, kind="transcribe", kind_version=1, body=body, created_at=house.clock()
            )
        )
        session.flush()
        box = {"name": "card", "x": 0, "y": 0, "width": 1, "height": 0.9, "fields": ["shows", "spot"]}
        project.cutting = {"boxes": [box]}
        add_cards(session, house, project, 1)
    everybody_answers(
        house,
        cast.project,
        {"shows": {"value": ["axe", "hoard"]}, "spot": {"value": EXACT}},
        {"shows": {"value": ["axe", {"free": "Bent tip"}]}, "spot": {"value": {"lat": "51.536", "lon": "-0.902"}}},
    )
    with house.database.reading() as session:
        return record_of(session, "HM 1")


@pytest.fixture
def ben(app: Flask, cast: Cast) -> FlaskClient:
    return signed_in(app, cast.ben)


def kept(house: House) -> dict[str, Any]:
    with house.database.reading() as session:
        now = record_of(session, "HM 1")
        version = version_of(session, now, now.current)
        assert version is not None
        return {name: entry.get("value") or entry.get("mark") for name, entry in version.values.items()}


def decide(client: FlaskClient, record: Record, **sent: Any) -> Any:
    seen = {"revision": str(record.revision), "version": str(record.current), "action": "amend"}
    return client.post(f"/review/{record.public_id}/decide", data={**seen, **sent})


def page_of(client: FlaskClient, record: Record, query: str) -> str:
    return " ".join(unescape(client.get(f"/review/{record.public_id}?{query}").text).split())


def test_every_label_is_told_with_how_many_chose_it(ben: FlaskClient, record: Record) -> None:
    page = page_of(ben, record, "field=shows")
    assert "2 of 2" in page and page.count("1 of 2") == 2
    assert "a label of their own" in page
    assert "Several readings have the same support" in page


def test_an_answer_is_taken_with_all_its_labels(ben: FlaskClient, record: Record, house: House) -> None:
    taken = [name for name in ("1", "2") if "Axe; Bent tip" in page_of(ben, record, f"field=shows&take=shows:{name}")]
    page = page_of(ben, record, "field=shows&take=shows:2")
    assert taken and 'name="shows.value.codes"' in page
    assert decide(ben, record, **{"shows.value.codes": "axe", "shows.value.free": "Bent tip"}).status_code == 303
    assert kept(house)["shows"] == ["axe", {"free": "Bent tip"}]


def test_labels_all_unticked_are_not_silently_kept(ben: FlaskClient, record: Record, house: House) -> None:
    before = kept(house)
    response = decide(ben, record, **{"shows.value.codes": "", "shows.value.free": "", "shows.value.typed": ""})
    assert response.status_code == 422
    assert "No label is chosen here." in response.text
    assert kept(house) == before
    none = decide(ben, record, **{"shows.value.codes": "", "shows.mark": "blank"})
    assert none.status_code == 303
    assert kept(house)["shows"] == "blank"


def test_a_point_is_exact_for_reviewers_who_are_told_that_it_is_not_for_others(
    ben: FlaskClient, record: Record, house: House, clock: Any
) -> None:
    page = page_of(ben, record, "field=spot")
    assert "51.536" in page and "-0.902" in page
    assert "Closed until 31 Dec 2030: only you and your colleagues see this." in page
    assert "2 of 2 people mean a place within a kilometre of this one." in page
    clock.pass_(days=2000)
    assert "blurred to a grid of 2,000 m" in page_of(ben, record, "field=spot")
    assert 'value="51.' in page_of(ben, record, "edit=1")
    assert decide(ben, record, **{"spot.value": "51°32′N 0°54′W"}).status_code == 303
    assert kept(house)["spot"] == {"lat": "51.533333", "lon": "-0.900000"}


def test_a_point_that_is_none_stays_in_its_input(ben: FlaskClient, record: Record) -> None:
    response = decide(ben, record, **{"spot.value": "by the mill"})
    assert response.status_code == 422
    assert 'value="by the mill"' in response.text
    assert "Give a latitude and a longitude" in response.text
