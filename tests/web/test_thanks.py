"""Thanks: figures of what one gave, and a certificate that names one as one likes."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image, ImageChops

from micro.adapters import certificate
from micro.core.orcid import read_orcid
from micro.data.models import Assignment
from micro.house import House
from micro.services import thanks
from micro.web.own import certified
from tests.cast import Cast
from tests.conftest import Clock
from tests.web.test_bench import TYPED, ada, cards, take  # noqa: F401


def read_some(client: FlaskClient, clock: Clock, number: int) -> None:
    for _ in range(number):
        address = take(client)
        clock.pass_(minutes=6)
        client.post(address + "/answer", data=TYPED)


def test_cards_time_and_projects_are_told(ada: FlaskClient, clock: Clock) -> None:  # noqa: F811
    read_some(ada, clock, 2)
    page = ada.get("/thanks").text
    assert "You have read 2 cards" in page and "in 1 project." in page
    assert "about 12 minutes" in page
    assert re.search(r"Catalogue of finds</a></th><td class=\"num\">2<", page)


def test_a_corrected_card_counts_once_and_a_page_left_open_is_no_hour(ada: FlaskClient, clock: Clock) -> None:  # noqa: F811
    address = take(ada)
    clock.pass_(hours=9)
    ada.post(address + "/answer", data=TYPED)
    ada.post(address + "/answer", data={**TYPED, "object.value": "Flat axe"})
    page = ada.get("/thanks").text
    assert "You have read 1 card" in page and "about 15 minutes" in page


def test_what_was_tried_out_is_not_counted(ada: FlaskClient, clock: Clock, house: House) -> None:  # noqa: F811
    read_some(ada, clock, 1)
    with house.database.writing() as session:
        for one in session.query(Assignment):
            one.trial = True
    assert "You have not read a card yet." in ada.get("/thanks").text


def test_nobody_is_shown_the_figures_of_another(ada: FlaskClient, client: FlaskClient, clock: Clock) -> None:  # noqa: F811
    read_some(ada, clock, 1)
    assert "You have not read a card yet." in client.get("/thanks").text


@pytest.mark.parametrize(
    "wished",
    [
        {"credit": "name", "name": "Ada Łukasiewicz-Œuvré"},
        {"credit": "name", "name": "Ada", "orcid": "0000-0002-1825-0097"},
        {"credit": "none"},
    ],
)
def test_a_certificate_is_a_pdf_that_names_one_as_one_likes(
    ada: FlaskClient,  # noqa: F811
    clock: Clock,
    wished: dict[str, str],
) -> None:
    read_some(ada, clock, 1)
    made = ada.post("/thanks", data=wished)
    assert made.status_code == 200 and made.mimetype == "application/pdf"
    assert made.data.startswith(b"%PDF-") and b"%%EOF" in made.data[-16:]
    assert made.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"name": " "}, "or choose no name"),
        ({"name": "x" * 81}, "too long for a certificate"),
        ({"name": "Σοφία"}, "Latin letters only"),
        ({"name": "Ada", "orcid": "0000-0002-1825-0098"}, "This is no ORCID iD"),
    ],
)
def test_what_cannot_be_certified_is_asked_again(
    ada: FlaskClient,  # noqa: F811
    clock: Clock,
    typed: dict[str, str],
    words: str,
) -> None:
    read_some(ada, clock, 1)
    refused = ada.post("/thanks", data={"credit": "name", **typed})
    assert refused.status_code == 422 and words in refused.text
    assert f'value="{typed["name"]}"' in refused.text


def test_who_read_nothing_gets_no_certificate(ada: FlaskClient) -> None:  # noqa: F811
    assert ada.post("/thanks", data={"credit": "none"}).status_code == 422


def test_every_sign_is_drawn_by_the_file_that_has_it() -> None:
    # The box that stands for a missing sign is the same for all of them.
    drawn = {}
    for sign in "lłŁşžőēx":
        picture = Image.new("L", certificate.PAGE_PX, "white")
        certificate._write(certificate.ImageDraw.Draw(picture), sign, 200, 400, "black")
        drawn[sign] = picture
    for sign, picture in drawn.items():
        for other, seen in drawn.items():
            assert sign == other or ImageChops.difference(picture, seen).getbbox(), (sign, other)


def test_a_long_line_stays_on_the_page() -> None:
    picture = Image.new("L", certificate.PAGE_PX, "white")
    certificate._write(certificate.ImageDraw.Draw(picture), "W" * 80, 92, 400, "black")
    box = ImageChops.invert(picture).getbbox()
    assert box and box[0] >= certificate.MARGIN_PX - 2 and box[2] <= certificate.PAGE_PX[0] - certificate.MARGIN_PX + 2


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0000-0002-1694-233X", "0000-0002-1694-233X"),
        ("000000021694233x", "0000-0002-1694-233X"),
        ("https://orcid.org/0000-0002-1825-0097", "0000-0002-1825-0097"),
        ("0000-0002-1694-2330", ""),
        ("ada", ""),
    ],
)
def test_an_orcid_is_checked_by_its_last_digit(text: str, found: str) -> None:
    assert read_orcid(text) == found


# How one is named ----------------------------------------------------------------------------------------------------


def test_the_choice_is_kept_and_begins_the_certificate(ada: FlaskClient, clock: Clock, house: House) -> None:  # noqa: F811
    read_some(ada, clock, 1)
    assert "You have not chosen yet: you are named nowhere." in ada.get("/thanks").text
    wished = {"named": "orcid", "credit_name": "Zoë Adams", "credit_orcid": "0000-0002-1825-0097"}
    assert ada.post("/thanks/credit", data=wished).location == "/thanks#named"
    page = ada.get("/thanks").text
    assert "You have not chosen yet" not in page and "A release that is published stays as it is." in page
    for place in ("credit_name", "name"):
        assert re.search(rf'id="{place}" name="{place}" type="text" value="Zoë Adams"', page)
    for place in ("credit_orcid", "orcid"):
        assert re.search(rf'id="{place}" name="{place}" type="text" value="0000-0002-1825-0097"', page)
    assert re.search(r'name="named" value="orcid" checked', page)
    ada.post("/thanks/credit", data={**wished, "named": "none"})
    page = ada.get("/thanks").text
    assert "Zoë" not in page and re.search(r'name="credit" value="none" checked', page)


def test_a_choice_that_cannot_be_kept_is_asked_again_and_changes_nothing(ada: FlaskClient, clock: Clock) -> None:  # noqa: F811
    read_some(ada, clock, 1)
    refused = ada.post("/thanks/credit", data={"named": "alias", "credit_name": "ada@example.org"})
    assert refused.status_code == 422 and 'value="ada@example.org"' in refused.text
    assert "A name, please, and no address" in refused.text
    assert ada.post("/thanks/credit", data={}).status_code == 422
    assert "ada@example.org" not in ada.get("/thanks").text


def test_a_stranger_has_nothing_to_be_named_for(client: FlaskClient) -> None:
    assert client.post("/thanks/credit", data={"named": "none"}).status_code == 404


@pytest.mark.parametrize(("language", "quoted"), [("en", "“Catalogue of finds”"), ("fr", "« Fiches des trouvailles »")])
def test_the_certificate_quotes_as_its_language_does(
    app: Flask, cast: Cast, clock: Clock, language: str, quoted: str
) -> None:
    given = thanks.Given(1, [(cast.project, 1)], clock().date(), clock().date(), timedelta(minutes=6))
    asked = {"method": "POST", "data": {"credit": "none"}, "headers": {"Accept-Language": language}}
    with app.test_request_context("/thanks", **asked):  # type: ignore[arg-type]
        texts = [text.replace("\u202f", " ").replace("\xa0", " ") for _, text in certified(given)]
    assert quoted in texts
