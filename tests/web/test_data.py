"""Pages of datasets, and downloads."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from micro.data.models import Project, Release
from micro.house import House
from micro.web.charts import bar_chart, nice_ceiling
from tests.cast import Cast, add_cards, good_answer, signed_in
from tests.services.releasing import decide_on, everybody_answers, make

ODD = "<script>alert(1)</script> =1+1"


@pytest.fixture
def release(house: House, cast: Cast) -> Release:
    """Two cards read by two people: the first disputed in one field, the second with an odd text."""
    with house.database.writing() as session:
        add_cards(session, house, session.get_one(Project, cast.project.id), 2)
    said = good_answer(object={"value": ODD}, length={"mark": "illegible"})
    everybody_answers(house, cast.project, said, {**said, "material": {"value": "gold"}})
    decide_on(house, cast.ben, "HM 2", "amend", {"material": {"value": "gold"}})
    return make(house, cast.project, "Beware of the dog.")


def page(client: FlaskClient, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return unescape(response.text)


def set_state(house: House, cast: Cast, state: str) -> None:
    with house.database.writing() as session:
        session.get_one(Project, cast.project.id).state = state


def test_the_list_names_datasets_with_a_release_only(client: FlaskClient, cast: Cast, house: House) -> None:
    assert "Catalogue of finds" not in page(client, "/data")
    assert "No dataset has been published yet." in page(client, "/data")


def test_the_list_leads_to_the_newest_release(client: FlaskClient, release: Release) -> None:
    assert 'href="/data/finds/1"' in page(client, "/data")
    response = client.get("/data/finds")
    assert (response.status_code, response.location) == (302, "/data/finds/1")


def test_a_release_shows_its_citation_figures_rows_files_and_notes(client: FlaskClient, release: Release) -> None:
    text = page(client, "/data/finds/1")
    assert release.manifest is not None
    for shown in (
        "Harrowby Museum and 2 volunteers (2026). Catalogue of finds, release 1 [data set].",
        "@misc{finds-1,",
        '"type": "dataset"',
        "CC BY 4.0",
        "Beware of the dog.",
        "illegible",
        "unresolved",
        "HM 1",
        "The first release",
    ):
        assert shown in text, shown
    for entry in release.manifest["files"]:
        assert f'href="/data/finds/1/{entry["name"]}"' in text and entry["sha256"] in text
    assert re.search(r"<dd>50%</dd>", text), "one record of two was seen by a professional"


def test_what_people_typed_never_becomes_markup(client: FlaskClient, release: Release) -> None:
    assert "<script>alert" not in client.get("/data/finds/1").text


def test_links_to_pictures_lead_to_pictures(client: FlaskClient, release: Release) -> None:
    found = re.findall(r'href="http://127.0.0.1:8000(/pictures/scan/[^"]+)"', client.get("/data/finds/1").text)
    assert len(found) == 2
    assert {client.get(address).mimetype for address in found} == {"image/jpeg"}


def test_a_region_is_linked_as_a_picture_of_the_iiif_image_api(client: FlaskClient, release: Release) -> None:
    rows = list(csv.DictReader(io.StringIO(client.get("/data/finds/1/values.csv").data.decode("utf-8-sig"))))
    links = {row["region_url"] for row in rows}
    assert links and all(
        re.fullmatch(r"http://127\.0\.0\.1:8000/iiif/3/\w+/\d+,\d+,\d+,\d+/max/0/default\.jpg", x) for x in links
    )
    for link in links:
        answer = client.get(link.removeprefix("http://127.0.0.1:8000"))
        assert answer.mimetype == "image/jpeg" and f'<{link}>;rel="canonical"' in answer.headers["Link"]


def test_every_file_comes_as_a_download_that_is_what_the_page_says(client: FlaskClient, release: Release) -> None:
    assert release.manifest is not None
    for entry in (*release.manifest["files"], release.manifest["archive"]):
        response = client.get(f"/data/finds/1/{entry['name']}")
        assert response.status_code == 200
        assert hashlib.sha256(response.data).hexdigest() == entry["sha256"] == response.get_etag()[0]
        assert len(response.data) == entry["bytes"]
        assert response.headers["Content-Disposition"].startswith("attachment; filename=")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.mimetype not in ("text/html", "application/xhtml+xml", "image/svg+xml")
        assert "immutable" in response.headers["Cache-Control"] and "public" in response.headers["Cache-Control"]


def test_a_file_that_is_known_is_not_sent_again_and_part_of_one_can_be_asked_for(
    client: FlaskClient, release: Release
) -> None:
    first = client.get("/data/finds/1/records.csv")
    again = client.get("/data/finds/1/records.csv", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    part = client.get("/data/finds/1/records.csv", headers={"Range": "bytes=3-8"})
    assert (part.status_code, part.data) == (206, b"record")


@pytest.mark.parametrize(
    "address",
    [
        "/data/nothing",
        "/data/finds/2",
        "/data/nothing/1",
        "/data/finds/1/other.csv",
        "/data/finds/1/..%2f..%2fsecret",
        "/data/finds/1/index.html",
    ],
)
def test_an_unknown_address_is_not_found(client: FlaskClient, release: Release, address: str) -> None:
    assert client.get(address).status_code == 404


def test_the_dataset_of_a_draft_is_for_its_makers_only(
    app: Flask, client: FlaskClient, house: House, cast: Cast, release: Release
) -> None:
    set_state(house, cast, "draft")
    addresses = ("/data/finds", "/data/finds/1", "/data/finds/1/records.csv")
    assert {client.get(address).status_code for address in addresses} == {404}
    assert {signed_in(app, cast.cleo).get(address).status_code for address in addresses} == {404}
    assert "Catalogue of finds" not in page(client, "/data")
    file = signed_in(app, cast.ben).get("/data/finds/1/records.csv")
    assert file.status_code == 200 and "private" in file.headers["Cache-Control"]


def test_a_published_dataset_outlives_its_project(
    client: FlaskClient, house: House, cast: Cast, release: Release
) -> None:
    set_state(house, cast, "archived")
    assert client.get("/data/finds/1/records.csv").status_code == 200


def test_a_release_that_is_still_being_made_is_not_shown(client: FlaskClient, house: House, release: Release) -> None:
    with house.database.writing() as session:
        session.get_one(Release, release.id).state = "making"
    assert client.get("/data/finds/1").status_code == 404


def test_the_second_release_says_what_changed_and_the_first_stays(
    client: FlaskClient, house: House, cast: Cast, release: Release
) -> None:
    before = client.get("/data/finds/1/records.csv").data
    decide_on(house, cast.ben, "HM 1", "amend", {"object": {"value": "Palstave"}, "material": {"value": "gold"}})
    make(house, cast.project)
    text = page(client, "/data/finds/2")
    assert "What changed since release 1" in text and "2 values changed." in text
    assert 'href="/data/finds/1"' in text
    assert client.get("/data/finds/1/records.csv").data == before


def test_a_release_can_be_read_in_french(client: FlaskClient, release: Release) -> None:
    client.set_cookie("micro_language", "fr")
    text = page(client, "/data/finds/1")
    assert "<h1>Fiches des trouvailles</h1>" in text and '<html lang="fr"' in text and "Matière" in text


def test_long_labels_of_a_chart_stand_on_two_lines_in_turn(client: FlaskClient, release: Release) -> None:
    stands = {
        word: y for y, word in re.findall(r'y="(\d+)" text-anchor="middle">([^<]+)<', page(client, "/data/finds/1"))
    }
    assert stands["not asked"] != stands["illegible"] != stands["blank"] == stands["not asked"]
    assert stands["50"] == stands["60"], "short ones stand in one line"


def test_bars_stand_on_the_floor_and_inside_the_drawing() -> None:
    chart = bar_chart([("1", 0), ("2", 1), ("3", 7920)])
    assert [bar.height > 0 for bar in chart.bars] == [False, True, True]
    for bar in chart.bars:
        assert bar.y + bar.height == pytest.approx(chart.floor)
        assert chart.left <= bar.x and bar.x + bar.width <= chart.right and bar.y >= 0
    assert bar_chart([]).bars == ()


@pytest.mark.parametrize("most", [0, 1, 2, 9, 10, 13, 99, 101, 7920, 123_456])
def test_the_top_of_a_chart_is_round_and_near(most: int) -> None:
    assert most <= nice_ceiling(most) <= max(1, 1.7 * most)


def test_every_link_of_a_release_leads_somewhere_also_in_an_archive(
    client: FlaskClient, house: House, cast: Cast, release: Release
) -> None:
    for state in ("live", "archived"):
        set_state(house, cast, state)
        links = set(re.findall(r'href="(/[^"#]*)"', page(client, "/data/finds/1")))
        assert len(links) > 10
        for link in links:
            assert client.get(link).status_code == 200, (state, link)
