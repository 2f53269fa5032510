"""One scan on the desk: its page, its forms, and what visitors see of a scan that was taken down."""

from __future__ import annotations

from html import unescape
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select
from werkzeug.test import TestResponse

from micro.data.models import Region, Scan, Task
from micro.house import House
from micro.services import pictures
from tests.cast import Cast, add_cards, signed_in


@pytest.fixture
def mia(app: Flask, cast: Cast) -> FlaskClient:
    return signed_in(app, cast.mia)


@pytest.fixture
def card(house: House, cast: Cast) -> Scan:
    with house.database.writing() as session:
        return add_cards(session, house, session.merge(cast.project), 1)[0]


def address(scan: Scan, deed: str = "") -> str:
    return f"/desk/scan/{scan.public_id}" + (f"/{deed}" if deed else "")


def page_of(response: TestResponse) -> str:
    return " ".join(unescape(response.text).split())


def upload(width: int, height: int, **more: Any) -> dict[str, Any]:
    out = BytesIO()
    Image.new("RGB", (width, height), "gold").save(out, "JPEG")
    return {"file": (BytesIO(out.getvalue()), "sharper.jpg"), **more}


def newest(house: House) -> Scan:
    with house.database.reading() as session:
        return session.scalars(select(Scan).order_by(Scan.id.desc())).first()  # type: ignore[return-value]


def test_the_page_shows_the_scan_its_facts_and_what_is_read_on_it(card: Scan, mia: FlaskClient) -> None:
    page = page_of(mia.get(address(card)))
    for fact in (card.sha256, "card-001.jpg", "400 × 300 pixels", "HM 1", "drawer", "Drawn for a test, CC0 1.0"):
        assert fact in page
    assert "6 marked pieces" in page and f"/pictures/scan/{card.public_id}/1600.jpg" in page
    assert "nobody has read it yet" in page and "Nothing has been changed since" in page


@pytest.mark.parametrize("who", ["ada", "ben", "cleo"])
def test_only_managers_of_the_institution_see_it(card: Scan, cast: Cast, app: Flask, who: str) -> None:
    client = signed_in(app, getattr(cast, who))
    assert client.get(address(card)).status_code in (403, 404)
    assert client.post(address(card, "withdraw"), data={"why": "x"}).status_code in (403, 404)


def test_what_is_said_is_changed_and_stands_in_the_history(card: Scan, mia: FlaskClient) -> None:
    sent = {"credit": "Given by the family", "rights": "CC-BY-4.0", "title": "Axe", "document": "drawer"}
    assert mia.post(address(card), data={**sent, "page_number": "3"}).status_code == 303
    page = page_of(mia.get(address(card)))
    assert "Given by the family, CC BY 4.0" in page and "4 changes were kept." in page
    assert "“Drawn for a test” → “Given by the family”" in page and "Mia" in page


def test_a_page_that_is_none_is_told_beside_its_field(card: Scan, mia: FlaskClient) -> None:
    answer = mia.post(address(card), data={"page_number": "three", "title": "Kept as typed"})
    assert answer.status_code == 422
    assert "A page is a whole number from 1." in answer.text and 'id="describe-page_number-problem"' in answer.text
    assert 'value="three"' in answer.text and 'value="Kept as typed"' in answer.text


def test_taken_down_nobody_outside_sees_a_picture_and_shown_again_everybody(
    house: House, card: Scan, mia: FlaskClient, client: FlaskClient
) -> None:
    with house.database.reading() as session:
        region = session.scalars(select(Region.public_id).where(Region.name == "whole")).one()
    shown = (f"/pictures/scan/{card.public_id}/320.jpg", f"/pictures/region/{region}/320.jpg")
    assert [client.get(one).status_code for one in shown] == [200, 200]
    assert mia.post(address(card, "withdraw"), data={"why": ""}).status_code == 422
    assert mia.post(address(card, "withdraw"), data={"why": "names a child"}).status_code == 303
    assert [client.get(one).status_code for one in shown] == [404, 404]
    assert [mia.get(one).status_code for one in shown] == [200, 200]
    assert "private" in mia.get(shown[0]).headers["Cache-Control"]
    page = page_of(mia.get(address(card)))
    assert "This scan is taken down." in page and "names a child" in page
    again = mia.post(address(card, "withdraw"), data={"why": "twice"})
    assert again.status_code == 409 and "moved on meanwhile" in again.text
    assert mia.post(address(card, "restore"), data={"why": "cleared"}).status_code == 303
    assert [client.get(one).status_code for one in shown] == [200, 200]


def test_a_volunteer_is_told_kindly_and_can_still_send(house: House, card: Scan, cast: Cast, app: Flask) -> None:
    ada = signed_in(app, cast.ada)
    ada.post("/p/finds/terms", data={"version": _terms(ada)})
    work = ada.post("/p/finds/take").headers["Location"]
    signed_in(app, cast.mia).post(address(card, "withdraw"), data={"why": "rights"})
    page = page_of(ada.get(work))
    assert "The museum has taken this picture down." in page and "You can still send what you have" in page
    renewed = ada.post(f"{work}/renew", headers={"Accept": "application/json"})
    assert renewed.status_code == 409 and "taken this picture down" in renewed.json["detail"]  # type: ignore[index]
    sent = {f"{name}.mark": "blank" for name in ("object", "material", "length", "found_on", "notes")}
    answer = ada.post(f"{work}/answer", data=sent, headers={"Accept": "application/json"})
    assert answer.json is not None and answer.json["in_time"] and answer.json["next"] is None
    mine = page_of(ada.get("/my-answers"))
    assert "taken down" in mine and "/pictures/" not in mine
    signed_in(app, cast.mia).post(address(card, "restore"))
    mine = page_of(ada.get("/my-answers"))
    assert "/pictures/region/" in mine and "Drawn for a test, CC0 1.0" in mine


def _terms(client: FlaskClient) -> str:
    text = client.get("/p/finds/terms").text
    return text.partition('name="version" value="')[2].partition('"')[0]


def test_a_better_picture_leads_to_its_own_page(house: House, card: Scan, mia: FlaskClient) -> None:
    answer = mia.post(address(card, "replace"), data=upload(800, 600, why="in colour"))
    new = newest(house)
    assert answer.status_code == 303 and answer.headers["Location"] == address(new)
    page = page_of(mia.get(address(new)))
    assert "sharper.jpg" in page and "800 × 600 pixels" in page and "6 marked pieces" in page and "in colour" in page
    assert list(house.storage.keys("incoming")) == []
    before = page_of(mia.get(address(card)))
    assert "A better picture has taken the place of this one." in before and address(new) in before
    back = mia.post(address(card, "put-back"), data={"why": "the wrong card"})
    assert back.status_code == 303
    assert "6 marked pieces" in page_of(mia.get(address(card)))


def test_other_proportions_are_told_with_a_way_to_do_it_all_the_same(
    house: House, card: Scan, mia: FlaskClient
) -> None:
    answer = mia.post(address(card, "replace"), data=upload(900, 600, why="in colour"))
    assert answer.status_code == 422 and "400 × 300 before, 900 × 600 now" in page_of(answer)
    assert 'name="proportions_differ"' in answer.text and 'value="in colour"' in answer.text
    assert newest(house).id == card.id
    sent = upload(900, 600, proportions_differ="1")
    assert mia.post(address(card, "replace"), data=sent).status_code == 303
    assert newest(house).width_px == 900


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (None, "Choose the better picture."),
        ((b"", ""), "Choose the better picture."),
        ((b"no picture", "a.jpg"), "This file cannot be taken:"),
    ],
)
def test_what_is_no_picture_is_refused_beside_the_field(
    card: Scan, mia: FlaskClient, sent: tuple[bytes, str] | None, sentence: str
) -> None:
    data = {"file": (BytesIO(sent[0]), sent[1])} if sent else {}
    answer = mia.post(address(card, "replace"), data=data, content_type="multipart/form-data")
    assert answer.status_code == 422 and sentence in page_of(answer) and 'id="replace-file-problem"' in answer.text


def test_erasing_needs_the_identifier_and_leaves_nothing(house: House, card: Scan, mia: FlaskClient) -> None:
    mia.get(f"/pictures/scan/{card.public_id}/320.jpg")
    wrong = mia.post(address(card, "erase"), data={"why": "a court said so", "typed": "HM 2"})
    assert wrong.status_code == 422 and "Type “HM 1” to erase this scan." in page_of(wrong)
    assert 'value="a court said so"' in wrong.text
    assert mia.post(address(card, "erase"), data={"why": "a court said so", "typed": "HM 1"}).status_code == 303
    page = page_of(mia.get(address(card)))
    assert "The picture was erased." in page and "a court said so" in page and "Delete them now" not in page
    assert list(house.storage.keys("scans")) == list(house.storage.keys("derived")) == []
    assert mia.get(f"/pictures/scan/{card.public_id}/320.jpg").status_code == 404
    assert mia.post(address(card, "replace"), data=upload(800, 600)).status_code == 409


def test_files_that_stayed_behind_can_be_deleted_again(house: House, card: Scan, mia: FlaskClient) -> None:
    mia.post(address(card, "erase"), data={"why": "rights", "typed": "HM 1"})
    house.storage.put(card.storage_key, b"as if the storage had not answered")
    assert "Delete them now" in mia.get(address(card)).text
    assert mia.post(address(card, "erase-files")).status_code == 303
    assert not house.storage.exists(card.storage_key)
    assert "Delete them now" not in mia.get(address(card)).text


def test_files_of_a_scan_that_is_not_erased_stay(house: House, card: Scan, mia: FlaskClient) -> None:
    assert mia.post(address(card, "erase-files")).status_code == 409
    assert house.storage.exists(card.storage_key)


def test_an_identifier_of_another_institution_leads_nowhere(card: Scan, app: Flask, cast: Cast) -> None:
    assert signed_in(app, cast.cleo).post(address(card, "erase"), data={"typed": "HM 1"}).status_code == 404


def test_a_replaced_scans_picture_is_the_better_one(house: House, card: Scan, mia: FlaskClient) -> None:
    mia.post(address(card, "replace"), data=upload(800, 600))
    answer = mia.get(f"/pictures/scan/{card.public_id}/320.jpg", follow_redirects=True)
    assert answer.status_code == 200
    with house.database.reading() as session:
        assert pictures.scan_named(session, newest(house).public_id).state == "shown"
        assert session.scalars(select(Task.state)).one() == "open"
