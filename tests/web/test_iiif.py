"""The IIIF Image API as programs of other houses use it: what comes, what is kept, who may see it, what is refused."""

from __future__ import annotations

import dataclasses
import os
import threading
import time
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image, ImageDraw
from sqlalchemy import select

from micro import jobs
from micro.core.geometry import Box
from micro.data.models import Project, Scan
from micro.house import House
from micro.services import iiif, pictures
from tests.cast import Cast, add_cards, signed_in

RED, GREEN, BLUE, WHITE = (220, 20, 20), (20, 180, 40), (20, 40, 220), (250, 250, 250)


def four_corners(width: int, height: int) -> Image.Image:
    """Red, green, blue and white in the upper left, upper right, lower left and lower right."""
    image = Image.new("RGB", (width, height), WHITE)
    draw = ImageDraw.Draw(image)
    for colour, x, y in ((RED, 0, 0), (GREEN, width // 2, 0), (BLUE, 0, height // 2)):
        draw.rectangle((x, y, x + width // 2 - 1, y + height // 2 - 1), fill=colour)
    return image


def keep(house: House, cast: Cast, image: Image.Image, form: str = "JPEG", **options: Any) -> str:
    """The address of the service of a scan with this picture in the live project."""
    out = BytesIO()
    image.save(out, form, **options)
    turned = image.getexif().get(274, 1) if "exif" not in options else Image.open(out).getexif().get(274, 1)
    with house.database.writing() as session:
        (scan,) = add_cards(session, house, session.merge(cast.project), 1)
        house.storage.put(scan.storage_key, out.getvalue())
        scan.width_px, scan.height_px = image.size if turned < 5 else image.size[::-1]
        return f"/iiif/3/{scan.public_id}"


def opened(client: FlaskClient, address: str) -> Image.Image:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return Image.open(BytesIO(answer.data))


def near(image: Image.Image, share: tuple[float, float], colour: tuple[int, int, int]) -> bool:
    """Whether the picture has about this colour at a place, in shares of its sides."""
    place = int(share[0] * image.width), int(share[1] * image.height)
    found = image.convert("RGB").getpixel(place)
    assert isinstance(found, tuple)
    return all(abs(one - other) < 25 for one, other in zip(found, colour, strict=True))


def corners(image: Image.Image) -> list[str]:
    """The names of the colours in the four corners, row by row."""
    names = {"red": RED, "green": GREEN, "blue": BLUE, "white": WHITE}
    places = [(0.2, 0.2), (0.8, 0.2), (0.2, 0.8), (0.8, 0.8)]
    return [next((name for name, colour in names.items() if near(image, at, colour)), "?") for at in places]


UPRIGHT = ["red", "green", "blue", "white"]


@pytest.mark.parametrize(
    ("asked", "size", "seen"),
    [
        ("full/max/0/default.jpg", (2400, 1600), UPRIGHT),
        ("full/600,/0/default.png", (600, 400), UPRIGHT),
        ("full/!100,100/0/color.webp", (100, 67), UPRIGHT),
        ("full/300,200/90/default.gif", (200, 300), ["blue", "red", "white", "green"]),
        ("full/300,200/180/default.jpg", (300, 200), ["white", "blue", "green", "red"]),
        ("full/300,200/270/default.jpg", (200, 300), ["green", "white", "red", "blue"]),
        ("full/300,200/!0/default.jpg", (300, 200), ["green", "red", "white", "blue"]),
        ("full/300,200/!90/default.jpg", (200, 300), ["white", "green", "blue", "red"]),
        ("1200,0,1200,800/64,/0/default.jpg", (64, 43), ["green"] * 4),
        ("pct:0,50,50,50/max/0/default.jpg", (1200, 800), ["blue"] * 4),
        ("square/200,/0/default.jpg", (200, 200), UPRIGHT),
        ("1150,750,100,100/^200,/0/default.jpg", (200, 200), UPRIGHT),
    ],
)
def test_a_picture_is_what_its_address_says(
    house: House, cast: Cast, client: FlaskClient, asked: str, size: tuple[int, int], seen: list[str]
) -> None:
    image = opened(client, f"{keep(house, cast, four_corners(2400, 1600), quality=95)}/{asked}")
    assert (image.size, corners(image)) == (size, seen)


def test_gray_and_bitonal_are_what_they_say(house: House, cast: Cast, client: FlaskClient) -> None:
    service = keep(house, cast, four_corners(300, 200), quality=95)
    assert opened(client, f"{service}/full/max/0/gray.jpg").mode == "L"
    colours = opened(client, f"{service}/full/max/0/bitonal.png").convert("L").getcolors() or []
    assert {grey for _, grey in colours} == {0, 255}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_are_those_of_the_upright_page_and_nothing_of_its_exif_comes_out(
    house: House, cast: Cast, client: FlaskClient, orientation: int
) -> None:
    turns = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Pillow's Transpose that undoes each orientation's own turn.
    upright = four_corners(1400, 1100)
    stored = upright.transpose(Image.Transpose(turns[orientation])) if orientation > 1 else upright
    exif = Image.Exif()
    exif[274], exif[0x010F] = orientation, "A camera"
    exif.get_ifd(0x8825)[1] = "N"
    service = keep(house, cast, stored, exif=exif, quality=95)
    told = client.get(f"{service}/info.json").json
    assert told is not None and (told["width"], told["height"]) == (1400, 1100)
    for asked in ("full/350,/0/default.jpg", "full/max/0/default.png", "full/100,/0/default.webp"):
        answer = client.get(f"{service}/{asked}")
        image = Image.open(BytesIO(answer.data))
        assert corners(image) == UPRIGHT and not dict(image.getexif())
        assert b"Exif" not in answer.data and b"A camera" not in answer.data and "icc_profile" not in image.info
    assert corners(opened(client, f"{service}/700,550,700,550/200,/0/default.jpg")) == ["white"] * 4


def test_every_tile_fits_to_its_neighbours(house: House, cast: Cast, client: FlaskClient) -> None:
    """The tiles of every level, put side by side, are the page: no seam, no shift, whatever the page's size."""
    width, height = 2571, 1803
    page = Image.merge(
        "RGB",
        [
            Image.linear_gradient("L").resize((width, height)).rotate(turn).resize((width, height))
            for turn in (0, 90, 180)
        ],
    )
    service = keep(house, cast, page, quality=95)
    told = client.get(f"{service}/info.json").json
    assert told is not None
    side = told["tiles"][0]["width"]
    for factor in told["tiles"][0]["scaleFactors"]:
        whole = Image.new("RGB", (-(-width // factor), -(-height // factor)))
        for y in range(0, height, side * factor):
            for x in range(0, width, side * factor):
                wide, high = min(side * factor, width - x), min(side * factor, height - y)
                size = f"{-(-wide // factor)},{-(-high // factor)}"
                tile = opened(client, f"{service}/{x},{y},{wide},{high}/{size}/0/default.jpg")
                whole.paste(tile, (x // factor, y // factor))
        for share in ((0.05, 0.05), (0.5, 0.3), (0.51, 0.95), (0.97, 0.5), (0.33, 0.66)):
            expected = page.getpixel((int(share[0] * width), int(share[1] * height)))
            assert isinstance(expected, tuple) and near(whole, share, expected[:3]), (factor, share)
        assert len(list(house.storage.keys("derived"))) <= 12


# What is told along with it ----------------------------------------------------------------------------------------


def test_info_json_is_negotiated(house: House, cast: Cast, client: FlaskClient) -> None:
    service = keep(house, cast, four_corners(900, 600))
    plain = client.get(f"{service}/info.json")
    assert plain.content_type == "application/json" and "json-ld#context" in ",".join(plain.headers.getlist("Link"))
    linked = client.get(f"{service}/info.json", headers={"Accept": "application/ld+json"})
    assert linked.content_type == 'application/ld+json;profile="http://iiif.io/api/image/3/context.json"'
    assert linked.json == plain.json and plain.headers["ETag"] != linked.headers["ETag"]
    assert all("Accept" in str(answer.vary) for answer in (plain, linked))
    assert plain.json is not None
    assert plain.json["id"] == house.settings.public_url + service
    assert plain.json["rights"] == "https://creativecommons.org/publicdomain/zero/1.0/"
    assert plain.json["profile"] == "level2" and plain.json["sizes"][-1] == {"width": 900, "height": 600}


def test_the_service_leads_to_its_info(house: House, cast: Cast, client: FlaskClient) -> None:
    service = keep(house, cast, four_corners(90, 60))
    for address in (service, service + "/"):
        answer = client.get(address)
        assert (answer.status_code, answer.location) == (303, f"{service}/info.json")


def test_a_picture_names_its_canonical_address_and_its_level(house: House, cast: Cast, client: FlaskClient) -> None:
    service = keep(house, cast, four_corners(900, 600))
    answer = client.get(f"{service}/pct:0,0,50,50/pct:50/0/color.jpg")
    address = f"{house.settings.public_url}{service}/0,0,450,300/225,150/0/default.jpg"
    assert (
        answer.headers["Link"] == f'<{address}>;rel="canonical", <http://iiif.io/api/image/3/level2.json>;rel="profile"'
    )
    same = client.get(address.removeprefix(house.settings.public_url))
    assert same.data == answer.data


def test_what_a_browser_has_is_not_sent_again_nor_made_again(house: House, cast: Cast, client: FlaskClient) -> None:
    service = keep(house, cast, four_corners(900, 600))
    for address in (f"{service}/info.json", f"{service}/full/max/0/default.jpg"):
        first = client.get(address)
        assert first.cache_control.public and 0 < int(first.cache_control.max_age or 0) <= 3600
        again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["Access-Control-Allow-Origin"] == "*"
        dated = client.get(address, headers={"If-Modified-Since": first.headers["Last-Modified"]})
        assert dated.status_code == 304
    other = client.get(f"{service}/full/max/0/gray.jpg", headers={"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("full/max/0/default.jpg", 200),
        ("full/max/0/native.jpg", 400),
        ("full/max/0/default.tif", 501),
        ("full/max/45/default.jpg", 501),
        ("full/1000,/0/default.jpg", 400),
        ("9000,0,5,5/max/0/default.jpg", 400),
        ("full/max/0/default.jpg/more", 404),
        ("full/max", 404),
        ("info.xml", 404),
    ],
)
def test_every_answer_is_open_to_all_and_refusals_say_why(
    house: House, cast: Cast, client: FlaskClient, asked: str, status: int
) -> None:
    answer = client.get(f"{keep(house, cast, four_corners(90, 60))}/{asked}")
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (status, "*")
    assert "Access-Control-Allow-Credentials" not in answer.headers
    if status != 200:
        assert answer.mimetype == "application/problem+json" and answer.json is not None and answer.json["detail"]


# Who may see it ----------------------------------------------------------------------------------------------------


def addresses(service: str) -> list[str]:
    return [service, f"{service}/info.json", f"{service}/full/max/0/default.jpg"]


@pytest.mark.parametrize("state", ["draft", "trial"])
def test_a_project_that_is_not_open_shows_no_picture_to_strangers(
    house: House, cast: Cast, app: Flask, state: str
) -> None:
    service = keep(house, cast, four_corners(90, 60))
    with house.database.writing() as session:
        project = session.get_one(Project, cast.project.id)
        project.state, project.trial_key = state, "k" * 24
    for who in (None, cast.ada, cast.cleo, cast.ben, cast.mia):
        client = signed_in(app, who) if who else app.test_client()
        for address in addresses(service):
            answer = client.get(address)
            sees = who in (cast.ben, cast.mia)
            assert (answer.status_code < 400) == sees and (sees or answer.status_code == 404), (
                who and who.name,
                address,
            )
            assert not answer.cache_control.public
    guest = app.test_client()
    met = guest.get(f"{service}/info.json?trial={'k' * 24}")
    assert met.status_code == (200 if state == "trial" else 404)
    assert guest.get(f"{service}/full/max/0/default.jpg").status_code == met.status_code


@pytest.mark.parametrize("state", ["draft", "trial", "archived"])
def test_what_is_not_open_is_kept_by_the_browser_of_whoever_may_see_it_and_by_nobody_else(
    house: House, cast: Cast, app: Flask, state: str
) -> None:
    service = keep(house, cast, four_corners(90, 60))
    with house.database.writing() as session:
        session.get_one(Project, cast.project.id).state = state
    reviewer = signed_in(app, cast.ben)
    for address in (f"{service}/info.json", f"{service}/full/max/0/default.jpg"):
        seen = reviewer.get(address)
        assert (seen.status_code, seen.cache_control.private, seen.cache_control.public) == (200, True, False)
        assert 0 < int(seen.cache_control.max_age or 0) <= 300
        known = {"If-None-Match": seen.headers["ETag"], "If-Modified-Since": seen.headers["Last-Modified"]}
        same = reviewer.get(address, headers=known)
        assert (same.status_code, same.cache_control.private) == (304, True)
        for stranger in (app.test_client(), signed_in(app, cast.ada), signed_in(app, cast.cleo)):
            for name, value in (*known.items(), ("If-None-Match", "*")):
                told = stranger.get(address, headers={name: value})
                assert told.status_code == 404, "not even that a browser has the newest"
                assert told.cache_control.no_store and "ETag" not in told.headers


def test_what_caches_between_may_keep_brings_no_cookie(house: House, cast: Cast, app: Flask) -> None:
    service = keep(house, cast, four_corners(90, 60))
    client = signed_in(app, cast.mia)
    client.get("/projects")
    for address in (f"{service}/info.json", f"{service}/full/max/0/default.jpg"):
        answer = client.get(address)
        assert answer.cache_control.public and "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("state", ["withdrawn", "erased"])
def test_a_scan_that_is_taken_down_is_gone(house: House, cast: Cast, app: Flask, state: str) -> None:
    service = keep(house, cast, four_corners(90, 60))
    assert app.test_client().get(f"{service}/full/max/0/default.jpg").status_code == 200
    with house.database.writing() as session:
        session.scalars(select(Scan)).one().state = state
    for who in (None, cast.ada, cast.ben, cast.cleo, cast.mia):
        client = signed_in(app, who) if who else app.test_client()
        for address in addresses(service):
            sees = who is cast.mia and state == "withdrawn"
            assert (client.get(address).status_code < 400) == sees


def test_a_scan_known_by_reference_only_has_no_service(house: House, cast: Cast, client: FlaskClient) -> None:
    service = keep(house, cast, four_corners(90, 60))
    with house.database.writing() as session:
        scan = session.scalars(select(Scan)).one()
        scan.storage_key, scan.reference, scan.width_px, scan.height_px = "", "https://example.org/a.jpg", 0, 0
    assert [client.get(address).status_code for address in addresses(service)[1:]] == [404, 404]


def test_a_link_to_a_part_of_a_scan_that_was_replaced_leads_to_the_same_part(
    house: House, cast: Cast, client: FlaskClient
) -> None:
    with house.database.writing() as session:
        old, new = add_cards(session, house, session.merge(cast.project), 2)
        old.state, old.replaced_by_id, new.width_px, new.height_px = "replaced", new.id, 800, 600
        session.flush()
        there = f"/iiif/3/{new.public_id}"
        here = f"/iiif/3/{old.public_id}"
    answer = client.get(f"{here}/100,150,200,75/50,/90/default.jpg")
    assert (answer.status_code, answer.location) == (302, f"{there}/200,300,400,150/50,/90/default.jpg")
    assert client.get(f"{here}/info.json").location == f"{there}/info.json"


# What is kept, and what breaks -------------------------------------------------------------------------------------


class Counted:
    """Counts how often a level is made, and lets whoever makes one take its time."""

    def __init__(self, tiles: Any) -> None:
        self.tiles, self.made = tiles, 0

    def level(self, *asked: Any) -> Iterator[tuple[int, int, bytes]]:
        self.made += 1
        threading.Event().wait(0.2)
        yield from self.tiles.level(*asked)

    def picture(self, *asked: Any) -> bytes:
        made: bytes = self.tiles.picture(*asked)
        return made


def test_two_who_ask_at_once_make_a_level_once(house: House, cast: Cast) -> None:
    service = keep(house, cast, four_corners(900, 600))
    with house.database.reading() as session:
        page = iiif.page_of(pictures.scan_named(session, service.rpartition("/")[2]))
    counted = Counted(house.tiles)
    shop = iiif.Workshop(house.storage, house.images, counted, house.once)
    wish = iiif.Wish(Box(0, 0, 900, 600), 90, 60, False, 0, "default", "jpg")
    made: list[bytes] = []
    both = [threading.Thread(target=lambda: made.append(iiif.picture_of(page, wish, shop))) for _ in range(4)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert (len(set(made)), len(made), counted.made) == (1, 4, 1)


def test_a_block_that_broke_on_the_disk_is_made_anew(house: House, cast: Cast, client: FlaskClient) -> None:
    service = keep(house, cast, four_corners(900, 600), quality=95)
    whole = client.get(f"{service}/full/max/0/default.jpg").data
    for broken in (b"", b"\xff\xd8no picture", None):
        (block,) = house.storage.keys("derived")
        if broken is None:
            house.storage.delete(block)
        else:
            house.storage.put(block, broken)
        assert client.get(f"{service}/full/max/0/default.jpg").data == whole


def test_a_scan_whose_file_is_damaged_or_gone_says_so(house: House, cast: Cast, client: FlaskClient) -> None:
    service = keep(house, cast, four_corners(900, 600))
    with house.database.reading() as session:
        key = session.scalars(select(Scan.storage_key)).one()
    content = house.storage.get(key)
    for broken in (content[:300], b"no picture", b""):
        house.storage.put(key, broken)
        answer = client.get(f"{service}/full/90,/0/default.jpg")
        assert answer.status_code == 500 and answer.json is not None and answer.json["detail"]
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    house.storage.delete(key)
    assert client.get(f"{service}/full/90,/0/default.jpg").status_code == 404
    house.storage.put(key, content)
    assert client.get(f"{service}/full/90,/0/default.jpg").status_code == 200


def test_levels_go_with_the_scan_and_do_not_come_back(house: House, cast: Cast, client: FlaskClient) -> None:
    service = keep(house, cast, four_corners(3000, 2000))
    for asked in ("full/90,/0/default.jpg", "0,0,512,512/512,/0/default.jpg"):
        client.get(f"{service}/{asked}")
    with house.database.reading() as session:
        scan = session.scalars(select(Scan)).one()
        page, sha256, frame, key = iiif.page_of(scan), scan.sha256, scan.frame, scan.storage_key
    assert len([key for key in house.storage.keys("derived") if "/levels/" in key]) == 7
    house.storage.delete(key)
    pictures.forget(sha256, frame, house.storage)
    assert not list(house.storage.keys("derived"))
    shop = iiif.Workshop(house.storage, house.images, house.tiles, house.once)
    wish = iiif.Wish(Box(0, 0, 90, 60), 90, 60, False, 0, "default", "jpg")
    with pytest.raises(Exception, match="not in the storage"):
        iiif.picture_of(page, wish, shop)
    assert not list(house.storage.keys("derived"))


def test_a_sweep_keeps_the_levels_within_their_room_and_looks_once_an_hour(
    house: House, cast: Cast, client: FlaskClient
) -> None:
    service = keep(house, cast, four_corners(300, 200))
    client.get(f"{service}/full/max/0/default.jpg")
    assert jobs.trim_tiles(house) == 0
    small = dataclasses.replace(house, settings=dataclasses.replace(house.settings, tiles_gigabytes=0))
    assert jobs.trim_tiles(small) == 0, "this hour's look is done"
    stamp = house.settings.folder / "tiles-looked-at"
    os.utime(stamp, (time.time() - 3601,) * 2)
    assert jobs.sweep_all(small)["old tiles deleted"] == 1


def test_the_oldest_levels_make_room_and_come_again(house: House, cast: Cast, client: FlaskClient) -> None:
    service = keep(house, cast, four_corners(3000, 2000))
    client.get(f"{service}/0,0,512,512/512,/0/default.jpg")
    client.get(f"{service.replace('iiif/3', 'pictures/scan')}/320.jpg")
    before = list(house.storage.sizes("derived"))
    levels = [size for key, size, _ in before if "/levels/" in key]
    assert iiif.trim(house.storage, sum(levels)) == 0
    assert iiif.trim(house.storage, sum(levels) - 1) == 1
    assert iiif.trim(house.storage, 0) == len(levels) - 1
    assert len(list(house.storage.keys("derived"))) == 1, "other pictures stay"
    assert client.get(f"{service}/0,0,512,512/512,/0/default.jpg").status_code == 200
