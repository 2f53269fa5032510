"""Pictures on their way out: who sees those that are taken down, replaced or kept elsewhere, and for how long."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from micro.data.models import Project, Region, Scan
from micro.house import House
from tests.cast import Cast, add_cards, signed_in


def one_card(house: House, cast: Cast, **changed: object) -> tuple[str, str]:
    """The addresses of a card's scan and of its first region."""
    with house.database.writing() as session:
        (scan,) = add_cards(session, house, session.merge(cast.project), 1)
        for name, value in changed.items():
            setattr(scan, name, value)
        region = session.scalars(select(Region).order_by(Region.id)).first()
        assert region is not None
        return f"/pictures/scan/{scan.public_id}/320.jpg", f"/pictures/region/{region.public_id}/320.jpg"


def test_a_picture_may_be_kept_for_an_hour_and_no_longer(house: House, cast: Cast, client: FlaskClient) -> None:
    for address in one_card(house, cast):
        answer = client.get(address)
        assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
        assert answer.cache_control.private and not answer.cache_control.public, "by browsers only"
        assert 0 < int(answer.cache_control.max_age or 0) <= 3600
        assert client.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_whoever_may_not_see_a_picture_is_not_told_that_theirs_is_the_newest(
    house: House, cast: Cast, app: Flask
) -> None:
    addresses = one_card(house, cast)
    kept = {address: app.test_client().get(address).headers["ETag"] for address in addresses}
    with house.database.writing() as session:
        session.get_one(Project, cast.project.id).state = "draft"
    for address, etag in kept.items():
        for client in (app.test_client(), signed_in(app, cast.cleo)):
            assert client.get(address, headers={"If-None-Match": etag}).status_code == 404
        assert signed_in(app, cast.ben).get(address, headers={"If-None-Match": etag}).status_code == 304


@pytest.mark.parametrize("state", ["withdrawn", "erased"])
def test_a_picture_that_is_taken_down_is_gone_for_everybody_but_its_managers(
    house: House, cast: Cast, app: Flask, state: str
) -> None:
    addresses = one_card(house, cast)
    before = app.test_client()
    assert all(before.get(address).status_code == 200 for address in addresses)
    with house.database.writing() as session:
        session.scalars(select(Scan)).one().state = state
    for who in (None, cast.ada, cast.ben, cast.cleo, cast.mia):
        client = signed_in(app, who) if who else app.test_client()
        for address in addresses:
            answer = client.get(address)
            sees = who is cast.mia and state == "withdrawn"
            assert answer.status_code == (200 if sees else 404), (who and who.name, address)
            assert not answer.cache_control.public


def test_a_scan_that_was_replaced_leads_to_the_better_one(house: House, cast: Cast, client: FlaskClient) -> None:
    with house.database.writing() as session:
        old, new = add_cards(session, house, session.merge(cast.project), 2)
        old.state, old.replaced_by_id = "replaced", new.id
        session.flush()
        addresses = [f"/pictures/scan/{scan.public_id}/800.jpg" for scan in (old, new)]
    answer = client.get(addresses[0])
    assert (answer.status_code, answer.location) == (302, addresses[1])
    with house.database.writing() as session:
        session.get_one(Project, cast.project.id).state = "draft"
    assert client.get(addresses[0]).status_code == 404


def test_a_scan_whose_picture_is_kept_elsewhere_has_none_here(house: House, cast: Cast, client: FlaskClient) -> None:
    for address in one_card(house, cast, storage_key="", reference="https://example.org/a.jpg", width_px=0):
        assert client.get(address).status_code == 404


def test_each_page_of_a_file_has_its_own_picture(house: House, cast: Cast, client: FlaskClient) -> None:
    out = BytesIO()
    pages = [Image.new("L", (100, 60), grey) for grey in (40, 200)]
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:])
    house.storage.put("scans/roll.tif", out.getvalue())
    with house.database.writing() as session:
        scans = add_cards(session, house, session.merge(cast.project), 2)
        for frame, scan in enumerate(scans):
            scan.sha256, scan.frame, scan.storage_key, scan.width_px, scan.height_px = (
                "ab" * 32,
                frame,
                "scans/roll.tif",
                100,
                60,
            )
            scan.working_key = f"working/ab/{'ab' * 32}-{frame}.jpg" if frame else ""
        addresses = [f"/pictures/scan/{scan.public_id}/320.jpg" for scan in scans]
    for address, grey in zip(addresses, (40, 200), strict=True):
        pixel = Image.open(BytesIO(client.get(address).data)).convert("L").getpixel((50, 30))
        assert isinstance(pixel, int) and abs(pixel - grey) < 4
