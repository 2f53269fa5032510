"""Real scans of archives, where they are: read-only, named by MICRO_REAL_DATA, never part of this project."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from micro import jobs
from micro.data.models import Scan
from micro.house import House
from micro.services import intake, pictures, projects
from tests.cast import Cast

REAL = Path(os.environ.get("MICRO_REAL_DATA") or "/nowhere") / "scans"


@pytest.mark.skipif(not REAL.is_dir(), reason="MICRO_REAL_DATA names no folder with scans")
def test_real_wills_and_registers_are_taken_in_by_what_they_are_and_not_by_their_names(
    house: House, cast: Cast
) -> None:
    for folder in sorted(path for path in REAL.iterdir() if path.is_dir()):
        with house.database.writing() as session:
            delivery = intake.deliver_folder(
                session, projects.project_named(session, "finds"), folder, house.clock()
            ).id
        jobs.drain_intake(house, delivery)
        with house.database.reading() as session:
            progress = intake.progress_of(session, intake.delivery(session, delivery))
            assert (progress.waiting, progress.refused, progress.same) == (0, (), ())
    with house.database.reading() as session:
        scans: dict[str, Scan] = {scan.file_name: scan for scan in session.scalars(select(Scan))}
    assert len(scans) == 8
    assert sum(scan.format == "PNG" for name, scan in scans.items() if name.endswith(".jpg")) == 2
    turned = scans["TestamentsDePoilus_will_AD78_0005-0.jpg"]
    assert turned.orientation == 6
    for scan in scans.values():
        key = pictures.picture_key(scan.sha256, None, 320)
        made = Image.open(BytesIO(pictures.picture(key, pictures.source_of(scan), None, house.storage, house.images)))
        assert abs(made.width / made.height - scan.width_px / scan.height_px) < 0.02, scan.file_name
