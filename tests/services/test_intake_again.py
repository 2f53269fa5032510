"""Deliveries cancelled, tried again, sent in batches or left half-way: nothing is lost, and nothing comes twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from micro import jobs
from micro.data.models import Intake, IntakeFile, Project, Scan
from micro.errors import Conflict
from micro.house import House
from micro.jobs import drain_intake
from micro.services import deliveries, intake, uploads
from tests.cast import Cast, card_picture
from tests.conftest import Clock
from tests.services.test_images import GOOD_JPEG
from tests.services.test_intake import Drawer, upload


@pytest.fixture
def drawer(house: House, cast: Cast, tmp_path: Path) -> Drawer:
    return Drawer(house, cast, tmp_path / "drawer")


def states(drawer: Drawer, delivery: int) -> dict[str, str]:
    with drawer.house.database.reading() as session:
        files = session.scalars(select(IntakeFile).where(IntakeFile.intake_id == delivery).order_by(IntakeFile.id))
        return {file.file_name: file.state for file in files}


def cancel(house: House, delivery: int) -> int:
    with house.database.writing() as session:
        return deliveries.cancel(session, session.get_one(Intake, delivery))


def retry(house: House, delivery: int) -> int:
    with house.database.writing() as session:
        return deliveries.retry(session, session.get_one(Intake, delivery))


def test_what_waits_can_be_cancelled_and_tried_again(drawer: Drawer, house: House) -> None:
    delivery = upload(house, drawer.project_id, {f"{number}.jpg": card_picture(number) for number in range(3)})
    assert cancel(house, delivery) == 3
    assert cancel(house, delivery) == 0
    assert drain_intake(house, delivery) == 0
    assert drawer.progress(delivery).cancelled == 3
    assert retry(house, delivery) == 3
    assert retry(house, delivery) == 0
    assert drain_intake(house, delivery) == 3
    assert drawer.progress(delivery).taken == 3 and cancel(house, delivery) == 0


def test_a_file_in_a_workers_hand_is_not_taken_in_once_it_is_cancelled(drawer: Drawer, house: House) -> None:
    delivery = upload(house, drawer.project_id, {"a.jpg": GOOD_JPEG})
    with house.database.writing() as session:
        waiting = intake.next_file(session, delivery, house.clock())
    assert waiting is not None
    looked = intake.look_at(waiting, house.storage, house.images)
    cancel(house, delivery)
    with house.database.writing() as session:
        assert intake.take_in(session, waiting.id, looked, house.clock()) == "cancelled"
    assert drawer.count(Scan) == 0
    retry(house, delivery)
    assert drain_intake(house, delivery) == 1 and drawer.count(Scan) == 1


def test_cancelling_and_trying_again_while_workers_drain_loses_nothing(drawer: Drawer, house: House) -> None:
    delivery = upload(house, drawer.project_id, {f"{number}.jpg": card_picture(number) for number in range(12)})
    with ThreadPoolExecutor(4) as threads:
        draining = [threads.submit(drain_intake, house, delivery) for _ in range(2)]
        for _ in range(3):
            threads.submit(cancel, house, delivery).result()
            threads.submit(retry, house, delivery).result()
        for one in draining:
            one.result()
    drain_intake(house, delivery)
    assert drawer.progress(delivery).taken == 12
    assert drawer.count(Scan) == 12
    assert list(house.storage.keys("incoming")) == []


def test_a_refused_upload_is_there_for_another_try_and_those_taken_in_are_let_alone(
    drawer: Drawer, house: House
) -> None:
    delivery = upload(house, drawer.project_id, {"good.jpg": GOOD_JPEG, "bad.jpg": b"no picture"})
    drain_intake(house, delivery)
    ((_, key),) = [(name, key) for name, key in keys_of(drawer, delivery).items() if name == "bad.jpg"]
    house.storage.put(key, card_picture(3))  # What was damaged on its way is there now.
    assert retry(house, delivery) == 1
    drain_intake(house, delivery)
    assert states(drawer, delivery) == {"good.jpg": "taken", "bad.jpg": "taken"}


def keys_of(drawer: Drawer, delivery: int) -> dict[str, str]:
    with drawer.house.database.reading() as session:
        files = session.scalars(select(IntakeFile).where(IntakeFile.intake_id == delivery))
        return {file.file_name: file.storage_key for file in files}


def test_an_upload_whose_bytes_are_gone_says_to_send_it_again(drawer: Drawer, house: House) -> None:
    delivery = upload(house, drawer.project_id, {"a.jpg": GOOD_JPEG})
    house.storage.delete(keys_of(drawer, delivery)["a.jpg"])
    drain_intake(house, delivery)
    ((_, why),) = drawer.progress(delivery).refused
    assert "send this file again" in str(why)


def test_a_cancelled_folder_goes_on_when_it_is_taken_in_again(drawer: Drawer, house: House) -> None:
    drawer.put("a.jpg", GOOD_JPEG)
    assert cancel(house, drawer.deliver()) == 1
    assert drawer.ingest().taken == 1


# Batches ----------------------------------------------------------------------------------------------------------


def open_upload(house: House, project_id: int) -> int:
    with house.database.writing() as session:
        return deliveries.open_delivery(session, session.get_one(Project, project_id), "upload", house.clock()).id


def send(
    house: House, delivery: int, batch: int, files: dict[str, bytes], described: dict[str, dict[str, str]] | None = None
) -> None:
    with house.database.writing() as session:
        opened = session.get_one(Intake, delivery)
        sent = [(name, uploads.upload_key(opened, f"{batch}-{number}")) for number, name in enumerate(files)]
        for (_, key), content in zip(sent, files.values(), strict=True):
            house.storage.put(key, content)
        uploads.add_upload(session, opened, sent, described or {})


def test_batches_add_up_to_one_delivery_and_one_that_comes_twice_counts_once(drawer: Drawer, house: House) -> None:
    delivery = open_upload(house, drawer.project_id)
    said = {"a.jpg": {"identifier": "HM 1"}, "c.jpg": {"identifier": "HM 3"}, "lost.jpg": {}}
    send(house, delivery, 0, {}, said)
    assert set(states(drawer, delivery).values()) == {"refused"}
    send(house, delivery, 1, {"a.jpg": card_picture(1), "b.jpg": card_picture(2)})
    drain_intake(house, delivery)
    send(house, delivery, 1, {"a.jpg": card_picture(1), "b.jpg": card_picture(2)})  # Its answer was lost.
    send(house, delivery, 2, {"c.jpg": card_picture(3), "b.jpg": card_picture(4)})
    drain_intake(house, delivery)
    assert states(drawer, delivery) == {
        "a.jpg": "taken",
        "c.jpg": "taken",
        "lost.jpg": "refused",
        "b.jpg": "taken",
        "b (2).jpg": "taken",
    }
    assert {name: scan.identifier for name, scan in drawer.scans().items()} == {
        "a.jpg": "HM 1",
        "b.jpg": "b",
        "c.jpg": "HM 3",
        "b (2).jpg": "b (2)",
    }
    assert retry(house, delivery) == 0, "nobody sent lost.jpg"


def test_a_delivery_of_last_week_takes_nothing_more(drawer: Drawer, house: House, clock: Clock) -> None:
    delivery = open_upload(house, drawer.project_id)
    with house.database.reading() as session:
        uploads.check_open(session.get_one(Intake, delivery), house.clock())
        clock.pass_(days=8)
        with pytest.raises(Conflict):
            uploads.check_open(session.get_one(Intake, delivery), house.clock())


# What is kept -----------------------------------------------------------------------------------------------------


def test_a_sweep_deletes_refused_uploads_after_a_week_and_broken_off_ones_too(
    drawer: Drawer, house: House, clock: Clock
) -> None:
    delivery = open_upload(house, drawer.project_id)
    send(house, delivery, 1, {"bad.jpg": b"no picture"})
    drain_intake(house, delivery)
    with house.database.reading() as session:
        never_added = uploads.upload_key(session.get_one(Intake, delivery), "2-0")
    house.storage.put(never_added, b"the connection was lost before this was written down")
    house.storage.put("incoming/20200101/nobody-1", b"of no delivery")
    house.storage.put("incoming/older-version", b"without a day")
    assert jobs.sweep_all(house)["old uploads deleted"] == 2
    clock.pass_(days=2)
    assert jobs.sweep_all(house)["old uploads deleted"] == 0
    assert len(list(house.storage.keys("incoming"))) == 2
    clock.pass_(days=6)
    assert jobs.sweep_all(house)["old uploads deleted"] == 2
    assert list(house.storage.keys("incoming")) == []
    retry(house, delivery)
    drain_intake(house, delivery)
    assert "send this file again" in str(drawer.progress(delivery).refused[0][1])


def test_a_sweep_keeps_what_waits_however_old_it_is(drawer: Drawer, house: House, clock: Clock) -> None:
    delivery = open_upload(house, drawer.project_id)
    send(house, delivery, 1, {"a.jpg": GOOD_JPEG})
    clock.pass_(days=30)
    assert jobs.drop_uploads(house) == 0
    assert drain_intake(house, delivery) == 1
    assert drawer.progress(delivery).taken == 1


def test_a_sweep_deletes_what_nothing_names_once_it_is_a_day_old_and_not_before(
    drawer: Drawer, house: House, clock: Clock
) -> None:
    clock.pass_(hours=14, minutes=59)  # A minute before midnight.
    house.storage.put(uploads.passing_key("better-0123", house.clock()), b"a better picture that was refused")
    house.storage.put(uploads.passing_key("vocabulary-x-1.json", house.clock()), b"{}")
    clock.pass_(minutes=5)
    assert jobs.sweep_all(house)["old uploads deleted"] == 0, "somebody may be just looking at it"
    clock.pass_(days=1)
    assert jobs.sweep_all(house)["old uploads deleted"] == 2
    assert list(house.storage.keys("incoming")) == []
