"""The desk's pages of known answers and of the guide: what a manager types, refuses and finds again."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from micro.data.models import Gold, Guide, Record
from micro.house import House
from micro.services import guides
from micro.services.projects import project_named
from tests.cast import Cast, add_cards, make_project, signed_in
from tests.services.reading import decided, disputed
from tests.web.test_practice import RIGHT


@pytest.fixture
def mia(app: Flask, house: House, cast: Cast) -> FlaskClient:
    with house.database.writing() as session:
        add_cards(session, house, session.merge(cast.project), 2)
    return signed_in(app, cast.mia)


def known(house: House) -> list[Gold]:
    with house.database.reading() as session:
        return list(session.scalars(select(Gold)))


def test_a_typed_card_is_known_and_decided(mia: FlaskClient, house: House) -> None:
    page = mia.get("/desk/finds/known/card?card=HM+1").get_data(as_text=True)
    assert "What is known of HM 1" in page
    kept = mia.post("/desk/finds/known/card", data={**RIGHT, "card": "HM 1", "use": "mixed", "decides": "1"})
    assert kept.status_code == 303
    assert [(one.state, one.values["object"]) for one in known(house)] == [("mixed", {"value": "Socketed axe"})]
    with house.database.reading() as session:
        assert session.scalars(select(Record.state)).all() == ["decided"]
    again = mia.get("/desk/finds/known/card?card=HM+1").get_data(as_text=True)
    assert 'value="Socketed axe"' in again


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [
        ({**RIGHT, "card": "HM 1", "use": "mixed", "object.value": ""}, 422, "Nothing is filled in here"),
        ({**RIGHT, "card": "HM 1", "use": "sale"}, 422, "Choose what the card is used for."),
        ({**RIGHT, "card": "HM 1"}, 422, "Choose what the card is used for."),
        ({**RIGHT, "card": "HM 77", "use": "mixed"}, 422, "There is no card called “HM 77”"),
        ({}, 422, "There is no card called"),
    ],
)
def test_what_cannot_be_known_is_refused_and_nothing_typed_is_lost(
    mia: FlaskClient, house: House, data: dict[str, Any], status: int, said: str
) -> None:
    answer = mia.post("/desk/finds/known/card", data={**data, "decides": "1"})
    page = answer.get_data(as_text=True)
    assert (answer.status_code, said in page) == (status, True)
    if data.get("card") == "HM 1":
        assert 'value="12.4"' in page
    assert known(house) == []
    with house.database.reading() as session:
        assert session.scalars(select(Record.state).where(Record.state == "decided")).all() == []


def test_a_decided_card_is_known_with_one_press_and_put_to_another_use(app: Flask, house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        decided(session, house, disputed(session, house, cast), cast.ben, "accept")
    mia = signed_in(app, cast.mia)
    assert mia.post("/desk/finds/known/decided", data={"card": "HM 1", "use": "practice"}).status_code == 303
    (one,) = known(house)
    address = f"/desk/finds/known/{one.public_id}/use"
    assert mia.post(address, data={"use": "mixed"}).status_code == 303
    assert [one.state for one in known(house)] == ["mixed"]
    assert mia.post(address, data={"use": "nonsense"}).status_code == 422
    assert mia.post(address, data={"use": "off"}).status_code == 303
    assert "not used" in mia.get("/desk/finds/known").get_data(as_text=True)


def test_a_card_that_nobody_decided_is_not_known(mia: FlaskClient, house: House) -> None:
    answer = mia.post("/desk/finds/known/decided", data={"card": "HM 1", "use": "practice"})
    assert answer.status_code == 409 and "Nobody has decided on this card yet" in answer.get_data(as_text=True)
    assert known(house) == []


@pytest.mark.parametrize("every", ["", "0", "1", "x", "-3", "2.5", "99999999", "١٠"])
def test_a_rate_that_is_none_is_refused_beside_its_field(mia: FlaskClient, house: House, every: str) -> None:
    answer = mia.post("/desk/finds/known/rate", data={"mixes": "1", "gold_every": every})
    with house.database.reading() as session:
        assert project_named(session, "finds").gold_every == 0
    if every != "0":  # None at all is no mistake.
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422 and "gold_every-problem" in page
        assert 'name="mixes" value="1" checked' in page


def test_the_rate_is_kept_and_ends_when_it_is_unticked(mia: FlaskClient, house: House) -> None:
    mia.post("/desk/finds/known/rate", data={"mixes": "1", "gold_every": "12", "tells": "1"})
    with house.database.reading() as session:
        project = project_named(session, "finds")
        assert (project.gold_every, project.gold_tells) == (12, True)
    mia.post("/desk/finds/known/rate", data={"gold_every": "12"})
    with house.database.reading() as session:
        project = project_named(session, "finds")
        assert (project.gold_every, project.gold_tells) == (0, False)


def test_a_known_answer_is_not_reached_through_another_project(mia: FlaskClient, house: House, cast: Cast) -> None:
    mia.post("/desk/finds/known/card", data={**RIGHT, "card": "HM 1", "use": "mixed"})
    with house.database.writing() as session:
        make_project(session, session.merge(cast.collection), house.clock(), slug="other")
    (one,) = known(house)
    assert mia.post(f"/desk/other/known/{one.public_id}/use", data={"use": "off"}).status_code == 404


# --- the guide ------------------------------------------------------------------------------------------------------


def test_a_guide_is_kept_in_both_languages_and_shown_as_readers_see_it(mia: FlaskClient, house: House) -> None:
    texts = {"text_en": "## Letters\r\n1. one\r\n2. <i>two</i>", "text_fr": "Bonjour", "seen": "0"}
    assert mia.post("/desk/finds/guide", data=texts).status_code == 303
    page = mia.get("/desk/finds/guide").get_data(as_text=True)
    assert "<h3>Letters</h3>" in page and "<li>&lt;i&gt;two&lt;/i&gt;</li>" in page


def test_of_two_who_change_a_guide_at_once_the_second_is_told_and_loses_nothing(mia: FlaskClient) -> None:
    mia.post("/desk/finds/guide", data={"text_en": "First.", "seen": "0"})
    late = mia.post("/desk/finds/guide", data={"text_en": "Second.", "seen": "0"})
    page = late.get_data(as_text=True)
    assert late.status_code == 409
    assert "Second.</textarea>" in page and "First." in page
    assert mia.post("/desk/finds/guide", data={"text_en": "Second.", "seen": "1"}).status_code == 303


def test_a_guide_that_is_too_long_is_refused_beside_its_language(mia: FlaskClient) -> None:
    answer = mia.post("/desk/finds/guide", data={"text_fr": "x" * 20_001, "seen": "0"})
    assert answer.status_code == 422 and 'id="text_fr-problem"' in answer.get_data(as_text=True)


def picture(**changed: str) -> dict[str, str]:
    return {"card": "HM 1", "field": "object", "box": "", "caption_en": "A capital S", "seen": "0", **changed}


def test_a_picture_of_letters_is_cut_from_where_the_field_stands(mia: FlaskClient, house: House) -> None:
    assert mia.post("/desk/finds/guide/picture", data=picture()).status_code == 303
    with house.database.reading() as session:
        (example,) = guides.examples_of(session, session.scalars(select(Guide)).one())
        assert (example.box.x, example.box.width) == (40, 200)
    page = mia.get("/desk/finds/guide").get_data(as_text=True)
    address = page.partition('<figure><img src="')[2].partition('"')[0]
    assert mia.get(address).status_code == 200


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"card": "HM 77"}, "card-problem"),
        ({"box": "1 2 3"}, "box-problem"),
        ({"box": "1 2 3 x"}, "box-problem"),
        ({"box": "-1 0 50 50"}, "box-problem"),
        ({"box": "399 0 50 50"}, "box-problem"),
        ({"box": "5000 5000 50 50"}, "box-problem"),
        ({"caption_en": " "}, "caption_en-problem"),
        ({"caption_en": "x" * 201}, "caption_en-problem"),
    ],
)
def test_a_picture_that_cannot_be_cut_is_refused_beside_its_field(
    mia: FlaskClient, house: House, changed: dict[str, str], place: str
) -> None:
    answer = mia.post("/desk/finds/guide/picture", data=picture(**changed))
    assert (answer.status_code, f'id="{place}"' in answer.get_data(as_text=True)) == (422, True)
    with house.database.reading() as session:
        assert session.scalars(select(Guide)).all() == []


def test_a_card_is_chosen_to_draw_on_and_what_was_typed_stays_when_it_is_refused(mia: FlaskClient) -> None:
    first = mia.get("/desk/finds/guide").get_data(as_text=True)
    assert "data-surface" not in first and "card=HM+1" in first
    page = mia.get("/desk/finds/guide?card=HM%201").get_data(as_text=True)
    assert 'data-width="400"' in page and 'name="card" value="HM 1"' in page
    unknown = mia.get("/desk/finds/guide?card=HM%2077").get_data(as_text=True)
    assert 'id="card-problem"' in unknown and 'value="HM 77"' in unknown and "data-surface" not in unknown
    refused = mia.post("/desk/finds/guide/picture", data=picture(box="1 2 3")).get_data(as_text=True)
    assert "data-surface" in refused and 'value="1 2 3"' in refused and 'value="A capital S"' in refused


def test_a_picture_is_taken_away_and_one_of_a_scan_taken_down_is_not_shown(
    mia: FlaskClient, house: House, cast: Cast
) -> None:
    mia.post("/desk/finds/guide/picture", data=picture(box="10, 10, 60, 40"))
    mia.post("/desk/finds/guide/picture", data=picture(card="HM 2", seen="1"))
    assert mia.post("/desk/finds/guide/picture/0/remove", data={"seen": "1"}).status_code == 409
    assert mia.post("/desk/finds/guide/picture/0/remove", data={"seen": "2"}).status_code == 303
    with house.database.writing() as session:
        guide = session.scalars(select(Guide)).one()
        (left,) = guides.examples_of(session, guide)
        assert left.scan.identifier == "HM 2"
        left.scan.state = "withdrawn"
        session.flush()
        assert guides.examples_of(session, guide) == []
