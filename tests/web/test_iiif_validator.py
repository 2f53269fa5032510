"""The public validator of the IIIF Image API (iiif-validator) against the running server: version 3.0, level 2.

Its test picture is made here from its own table of colours, and taken in as a scan of a live project.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from iiif_validator.validator import ImageAPI, ValidationInfo
from iiif_validator.validator import TestSuite as Suite
from PIL import Image
from sqlalchemy import select
from werkzeug.serving import make_server

from micro import jobs
from micro.app import create_app
from micro.data.models import Project, Scan
from micro.house import House
from micro.services import intake
from tests.cast import Cast
from tests.servers import free_port

VERSION, LEVEL = "3.0", 2
SQUARE_PX = 100
# Beyond level 2: what is offered besides. The validator's own test of WebP does not run on Python 3.
MORE = ("rot_mirror", "rot_mirror_180", "linkheader_canonical", "linkheader_profile", "format_gif")


def asked_of_us() -> list[str]:
    """The names of the validator's tests up to level 2, and of those for what is offered besides."""
    known = Suite(ValidationInfo()).list_tests(VERSION)
    asked = sorted(name for name, about in known.items() if about["level"] <= LEVEL)
    assert len(asked) > 20 and set(MORE) <= set(known)
    return [*asked, *(name for name in MORE if name not in asked)]


@dataclass(frozen=True)
class Service:
    """Where the validator finds the picture."""

    server: str
    identifier: str


@pytest.fixture
def service(house: House, cast: Cast, tmp_path: Path) -> Iterator[Service]:
    """The validator's picture in a live project, behind a server."""
    folder = tmp_path / "delivery"
    folder.mkdir()
    draw_squares().save(folder / "squares.png")
    with house.database.writing() as session:
        project = session.get_one(Project, cast.project.id)
        delivery = intake.deliver_folder(session, project, folder, house.clock()).id
    assert jobs.drain_intake(house, delivery) == 1
    with house.database.reading() as session:
        identifier = session.scalars(select(Scan.public_id)).one()
    here = f"127.0.0.1:{free_port()}"  # A service says its own address, which a setting knows.
    app = create_app(opened=replace(house, settings=replace(house.settings, base_url=f"http://{here}")))
    server = make_server("127.0.0.1", int(here.rpartition(":")[2]), app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Service(here, identifier)
    server.shutdown()
    thread.join()


def draw_squares() -> Image.Image:
    """Ten by ten squares in the colours that the validator looks for."""
    picture = Image.new("RGB", (10 * SQUARE_PX, 10 * SQUARE_PX))
    for column, colours in enumerate(ValidationInfo().colorInfo):
        for row, colour in enumerate(colours):
            left, top = column * SQUARE_PX, row * SQUARE_PX
            picture.paste(colour, (left, top, left + SQUARE_PX, top + SQUARE_PX))
    return picture


def test_the_validator_finds_nothing(service: Service) -> None:
    random.seed(3)
    problems = {}
    for name in asked_of_us():
        result = ImageAPI(service.identifier, service.server, "iiif/3", "http", "", VERSION, debug=False)
        Suite(ValidationInfo()).run_test(name, result)
        assert result.tests, f"{name} looked at nothing"
        if result.exception is not None:
            problems[name] = f"{result.urls}: got {result.exception.got}, expected {result.exception.expected}"
    assert not problems


def test_the_validator_would_find_a_wrong_picture(service: Service, house: House) -> None:
    """The test above can fail: with its colours the other way round, the same picture does not pass."""
    with house.database.reading() as session:
        key = session.scalars(select(Scan.storage_key)).one()
    path = Path(house.settings.folder / "files" / key)
    with Image.open(path) as picture:
        picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM).save(path, "PNG")
    result = ImageAPI(service.identifier, service.server, "iiif/3", "http", "", VERSION, debug=False)
    Suite(ValidationInfo()).run_test("id_squares", result)
    assert result.exception is not None
