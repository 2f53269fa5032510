"""Several workers on one delivery: every file is in one hand only, and what a killed one held is taken again."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier, Lock
from typing import Any

import pytest
from sqlalchemy import select

from micro import jobs
from micro.adapters.queue import RqJobs, open_queue
from micro.config import Settings
from micro.core.ports import Page
from micro.data.models import Intake, IntakeFile, Layout, Scan, Task
from micro.house import House, open_house
from micro.services import deliveries, intake
from tests.cast import Cast, card_picture
from tests.conftest import Clock
from tests.servers import valkey
from tests.services.test_intake import Drawer, upload
from tests.services.test_intake_pages import ALTO

FILES = 10
__all__ = ["drawer"]


@pytest.fixture
def drawer(house: House, cast: Cast, tmp_path: Path) -> Drawer:
    return Drawer(house, cast, tmp_path / "drawer")


class Watched:
    """Images that tell how often each content was read; the first card is slow."""

    def __init__(self, house: House) -> None:
        self.images, self.read, self.lock = house.images, Counter[bytes](), Lock()
        self.slow = card_picture(0)

    def pages(self, content: bytes) -> Iterator[Page]:
        with self.lock:
            self.read[content] += 1
        time.sleep(0.5 if content == self.slow else 0.02)
        yield from self.images.pages(content)


def cards(house: House, drawer: Drawer, count: int = FILES) -> int:
    return upload(house, drawer.project_id, {f"{number:02}.jpg": card_picture(number) for number in range(count)})


def states(house: House) -> dict[str, str]:
    with house.database.reading() as session:
        return {file.file_name: file.state for file in session.scalars(select(IntakeFile))}


def test_workers_at_once_read_every_file_exactly_once_and_count_pages_in_order(drawer: Drawer, house: House) -> None:
    delivery, watched, gate = cards(house, drawer), Watched(house), Barrier(3)

    def drain(_: int) -> int:
        gate.wait()
        return jobs.drain_intake(replace(house, images=watched), delivery)  # type: ignore[arg-type]

    with ThreadPoolExecutor(3) as threads:
        taken = list(threads.map(drain, range(3)))
    assert sum(taken) == FILES and sorted(taken)[1] > 0, "more than one had something to do"
    assert set(watched.read.values()) == {1} and len(watched.read) == FILES
    assert drawer.count(Scan) == drawer.count(Task) == FILES
    pages = {scan.file_name: scan.page_number for scan in drawer.scans().values()}
    assert pages == {f"{number:02}.jpg": number + 1 for number in range(FILES)}


def drain_and_die(settings: Settings, delivery: int, now: Clock) -> None:
    """The power goes after two files, with the third in hand."""
    left = iter(range(2))

    def one_done() -> None:
        if next(left) == 1:
            os.kill(os.getpid(), signal.SIGKILL)

    jobs.drain_intake(open_house(settings, now), delivery, one_done)


def test_what_a_killed_worker_had_in_hand_is_taken_again_later_and_nothing_twice(
    drawer: Drawer, house: House, clock: Clock
) -> None:
    delivery = cards(house, drawer)
    other = multiprocessing.get_context("spawn").Process(target=drain_and_die, args=(house.settings, delivery, clock))
    other.start()
    other.join(60)
    assert other.exitcode == -signal.SIGKILL
    assert Counter(states(house).values()) == {"taken": 2, "working": 1, "waiting": FILES - 3}
    assert drawer.progress(delivery).waiting == FILES - 2
    assert jobs.drain_intake(house, delivery) == FILES - 3, "what is in a hand is left alone for a while"
    clock.pass_(minutes=11)
    assert jobs.sweep_all(house)["files taken in"] == 1
    assert set(states(house).values()) == {"taken"}
    assert drawer.count(Scan) == drawer.count(Task) == FILES
    assert list(house.storage.keys("incoming")) == []


def test_a_file_that_ends_its_worker_every_time_is_refused_and_may_be_tried_again(
    drawer: Drawer, house: House, clock: Clock
) -> None:
    delivery = cards(house, drawer, 2)
    for _ in range(3):
        with house.database.writing() as session:
            held = intake.next_file(session, delivery, clock())
        assert held is not None and held.file_name == "00.jpg"
        clock.pass_(minutes=11)
    assert jobs.drain_intake(house, delivery) == 1
    ((name, why),) = drawer.progress(delivery).refused
    assert name == "00.jpg" and "ended the program 3 times" in str(why)
    with house.database.writing() as session:
        assert deliveries.retry(session, session.get_one(Intake, delivery)) == 1
    assert jobs.drain_intake(house, delivery) == 1


def test_a_worker_that_comes_back_late_takes_nothing_in_twice(drawer: Drawer, house: House, clock: Clock) -> None:
    delivery = cards(house, drawer, 1)
    with house.database.writing() as session:
        slow = intake.next_file(session, delivery, clock())
    assert slow is not None
    looked = intake.look_at(slow, house.storage, house.images)
    clock.pass_(minutes=11)
    with house.database.writing() as session:
        quick = intake.next_file(session, delivery, clock())
    assert quick is not None and quick.id == slow.id
    with house.database.writing() as session:
        intake.give_back(session, slow)  # It failed, but the file is not in its hand any more.
    assert states(house) == {"00.jpg": "working"}
    for _ in range(2):
        with house.database.writing() as session:
            assert intake.take_in(session, slow.id, looked, clock()) == "taken"
    assert drawer.count(Scan) == 1


def test_a_layout_waits_for_the_picture_that_another_has_in_hand(drawer: Drawer, house: House) -> None:
    delivery = upload(house, drawer.project_id, {"a.xml": ALTO.format(name="").encode(), "a.jpg": card_picture(1)})
    with house.database.writing() as session:
        picture = intake.next_file(session, delivery, house.clock())
        assert picture is not None and picture.file_name == "a.jpg"
        assert intake.next_file(session, delivery, house.clock()) is None
    with house.database.writing() as session:
        intake.give_back(session, picture)
    assert jobs.drain_intake(house, delivery) == 2
    with house.database.reading() as session:
        assert len(session.scalars(select(Layout)).all()) == 1


def waiting_jobs(address: str) -> list[Any]:
    return [job.args for job in open_queue(address).jobs]


def test_a_large_delivery_calls_a_second_worker_and_a_small_one_does_not(
    drawer: Drawer, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large, small = cards(house, drawer), upload(house, drawer.project_id, {"a.jpg": card_picture(40)})
    (tmp_path / "queue").mkdir()
    with valkey(tmp_path / "queue") as address:
        queue = RqJobs(address)
        for _ in range(2):
            queue.take_in(large)
            queue.take_in(large, 2)
        assert waiting_jobs(address) == [[large, 1], [large, 2]], "the same does not wait twice"
        open_queue(address).empty()
        queue.begun("intake:2", large)
        for name, value in {
            "MICRO_DATA": str(house.settings.data_folder),
            "DATABASE_URL": house.settings.database_url,
            "REDIS_URL": address,
            "MICRO_SECRET_KEY": "for tests only",
        }.items():
            monkeypatch.setenv(name, value)
        jobs.take_in_delivery(small)
        assert waiting_jobs(address) == []
        jobs.take_in_delivery(large)
        assert waiting_jobs(address) == [[large, 2]]
        jobs.take_in_delivery(large, 2)
        assert len(waiting_jobs(address)) == 1, "the first was done before, and calls nobody"
    assert set(states(house).values()) == {"taken"}
