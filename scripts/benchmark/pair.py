"""Two workers on one delivery, beside two plain processes that only decode the same files with Pillow.

What each pair does begins at a gate, once both processes have opened everything: starting them is not measured.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import select

from micro import jobs
from micro.config import Settings
from micro.core.geometry import Box
from micro.data.models import Region, Scan
from micro.demo.seed import cutting_template
from micro.house import House, open_house
from micro.services import cutting_runs, intake, pictures, projects

WORKERS = 2
PICTURE_PX = 1600
PROJECT = "pair"


def decode(_: House, folder: str, hand: int) -> None:
    for path in sorted(Path(folder).iterdir())[hand::WORKERS]:
        with Image.open(path) as picture:
            picture.load()


def take_in(house: House, delivery: int, _: int) -> None:
    jobs.drain_intake(house, delivery)


def cut(house: House, run: int, _: int) -> None:
    jobs.drain_cutting(house, run)


def show(house: House, document: str, hand: int) -> None:
    """Makes the picture of one region of each scan, as the workbench asks for it."""
    with house.database.reading() as session:
        found = session.execute(
            select(Scan, Region)
            .join(Region, Region.scan_id == Scan.id)
            .where(Scan.project_id == projects.project_named(session, PROJECT).id, Region.name == "whole")
            .where(Scan.file_name.startswith(document))
            .order_by(Scan.id)
        ).all()
    for scan, region in found[hand::WORKERS]:
        box = Box(region.x_px, region.y_px, region.width_px, region.height_px)
        key = pictures.picture_key(scan.sha256, box, PICTURE_PX, scan.frame)
        pictures.picture(key, pictures.source_of(scan), box, house.storage, house.images)


def _hand(work: Callable[..., None], subject: Any, hand: int, gate: Any, times: Any) -> None:
    house = open_house(Settings.from_env())
    gate.wait()
    begun = time.perf_counter()
    work(house, subject, hand)
    times.put((begun, time.perf_counter()))


def together(work: Callable[..., None], subject: Any) -> float:
    """The seconds from the first worker's beginning to the last one's end."""
    spawn = multiprocessing.get_context("spawn")
    gate, times = spawn.Barrier(WORKERS), spawn.Queue()
    hands = [spawn.Process(target=_hand, args=(work, subject, hand, gate, times)) for hand in range(WORKERS)]
    for hand in hands:
        hand.start()
    measured = [times.get(timeout=150) for _ in hands]
    for hand in hands:
        hand.join()
    return float(max(ended for _, ended in measured) - min(begun for begun, _ in measured))


def pair(house: House, drawn: Path) -> dict[str, float]:
    """Ingest, cutting and pictures of regions by two workers, with Pillow's bare decode before and after each ingest.

    Scans are taken in uncut, and cut by a run afterwards, so that each is measured by itself.
    """
    found: dict[str, float] = {}
    with house.database.writing() as session:
        projects.project_named(session, PROJECT).cutting = None
    for name in ("cards", "large"):
        folder = drawn / f"pair-{name}"
        before = together(decode, str(folder))
        with house.database.writing() as session:
            project = projects.project_named(session, PROJECT)
            delivery = intake.deliver_folder(session, project, folder, house.clock()).id
        found[f"{name}_ingest"] = together(take_in, delivery)
        found[f"{name}_decode"] = (before + together(decode, str(folder))) / 2
        found[f"{name}_megapixels"] = _megapixels(folder)
    with house.database.writing() as session:
        project = projects.project_named(session, PROJECT)
        run = cutting_runs.cut_by_way(session, project, cutting_template(), None, house.clock()).id
    found["cut"] = together(cut, run)
    for name in ("cards", "large"):
        found[f"{name}_show"] = together(show, name)
    with house.database.reading() as session:
        project = projects.project_named(session, PROJECT)
        assert cutting_runs.progress_of(session, project.id).left == 0
    return found


def _megapixels(folder: Path) -> float:
    total = 0.0
    for path in folder.iterdir():
        with Image.open(path) as picture:
            total += picture.width * picture.height / 1e6
    return total
