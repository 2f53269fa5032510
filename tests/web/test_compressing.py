"""Texts go out compressed to browsers that take it, and are kept by them as before."""

from __future__ import annotations

import gzip

import pytest
from flask.testing import FlaskClient

from micro.house import House
from tests.cast import Cast, add_cards

GZIP = {"Accept-Encoding": "gzip, deflate, br"}


@pytest.mark.parametrize("address", ["/", "/static/css/micro.css", "/static/js/bench/viewer.js"])
def test_a_text_is_the_same_and_smaller(cast: Cast, client: FlaskClient, address: str) -> None:
    plain, small = client.get(address), client.get(address, headers=GZIP)
    assert "Content-Encoding" not in plain.headers and small.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in str(plain.vary) and "Accept-Encoding" in str(small.vary)
    assert len(small.data) < 0.6 * len(plain.data) and int(small.headers["Content-Length"]) == len(small.data)
    if address != "/":  # A page has a fresh token in each form.
        assert gzip.decompress(small.data) == plain.data


def test_what_a_browser_kept_compressed_is_not_sent_again(client: FlaskClient) -> None:
    first = client.get("/static/css/micro.css", headers=GZIP)
    assert first.get_etag()[1], "the bytes differ from the file's, so its tag is a weak one"
    again = client.get("/static/css/micro.css", headers={**GZIP, "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(("name", "value"), [("Accept-Encoding", "gzip;q=0"), ("Range", "bytes=0-99")])
def test_nobody_gets_what_they_cannot_use(client: FlaskClient, name: str, value: str) -> None:
    answer = client.get("/static/css/micro.css", headers={"Accept-Encoding": "gzip", name: value})
    assert "Content-Encoding" not in answer.headers


def test_pictures_and_fonts_go_out_as_they_are(house: House, cast: Cast, client: FlaskClient) -> None:
    with house.database.writing() as session:
        (scan,) = add_cards(session, house, session.merge(cast.project), 1)
        address = f"/iiif/3/{scan.public_id}/full/max/0/default.jpg"
    for one in (address, "/static/fonts/literata-latin-wght-normal.woff2"):
        assert "Content-Encoding" not in client.get(one, headers=GZIP).headers
