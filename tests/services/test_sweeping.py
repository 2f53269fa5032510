"""The sweep: what was left behind is done, and one part that fails keeps nothing else waiting."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from micro import jobs
from micro.adapters.queue import RqJobs, open_queue
from micro.config import Settings
from micro.data.models import Account, IntakeFile, Project, Release, Scan, Setup, Task
from micro.house import House
from micro.services import assignments, intake, people, releases
from micro.services.answers import give_answer
from tests.cast import Cast, add_cards, card_picture, good_answer, make_project
from tests.servers import valkey


def answer_one(house: House, cast: Cast, slug: str) -> None:
    with house.database.writing() as session:
        project = session.scalars(select(Project).where(Project.slug == slug)).one()
        volunteer = people.volunteer_of_account(session, cast.ada.id, house.clock())
        lent = assignments.lend_task(session, project, volunteer, house.clock(), assignments.LendingRule(600, 9))
        assert lent is not None
        give_answer(session, lent, good_answer(), "one", house.clock())


def upload(house: House, slug: str, *files: tuple[str, bytes], **described: dict[str, str]) -> int:
    """Files as the browser sends them; returns the delivery's number."""
    for number, (_, content) in enumerate(files):
        house.storage.put(f"incoming/{slug}-{number}", content)
    with house.database.writing() as session:
        project = session.scalars(select(Project).where(Project.slug == slug)).one()
        sent = [(name, f"incoming/{slug}-{number}") for number, (name, _) in enumerate(files)]
        return intake.deliver_upload(session, project, sent, described, house.clock()).id


def test_a_sweep_does_what_the_queue_forgot(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        add_cards(session, house, session.merge(cast.project), 1)
    answer_one(house, cast, "finds")
    upload(house, "finds", ("new.jpg", card_picture(77)))
    done = jobs.sweep_all(house)
    assert (done["files taken in"], done["items settled"], done["failed"]) == (1, 1, 0)
    assert jobs.sweep_all(house) == {**dict.fromkeys(done, 0), "projects learned from": 1}
    assert jobs.sweep_all(house) == dict.fromkeys(done, 0)


def test_one_part_that_fails_keeps_no_other_waiting(house: House, cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    """A kind of task that was taken away stops the settling of one project, and of that one only."""
    with house.database.writing() as session:
        broken = make_project(session, session.merge(cast.collection), house.clock(), slug="broken")
        for project in (broken, session.merge(cast.project)):
            add_cards(session, house, project, 1)
        broken_id = broken.id
    for slug in ("broken", "finds"):
        answer_one(house, cast, slug)
    with house.database.writing() as session:
        gone = {"kind": "gone", "kind_version": 1, "body": {}, "created_at": house.clock()}
        session.add(Setup(project_id=broken_id, version=2, **gone))
    upload(house, "broken", ("a.jpg", card_picture(71)))
    upload(house, "finds", ("b.jpg", card_picture(72)))
    with caplog.at_level(logging.ERROR):
        done = jobs.sweep_all(house)
    assert done["failed"] == 1
    assert (done["files taken in"], done["items settled"]) == (2, 1)
    assert "NotFound" in caplog.text
    with house.database.reading() as session:
        problems = set(session.scalars(select(Scan.cut_problem).where(Scan.project_id == broken_id)))
        assert problems == {"", "There is no kind of task called “%(slug)s”."}, "the new scan waits and says why"


def test_a_sweep_leaves_folders_to_the_machine_where_they_lie(house: House, cast: Cast, tmp_path: Path) -> None:
    folder = tmp_path / "drawer"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(card_picture(1))
    with house.database.writing() as session:
        intake.deliver_folder(session, session.merge(cast.project), folder, house.clock())
    (folder / "a.jpg").rename(folder / "not here any more.jpg")  # As seen from another host.
    assert jobs.sweep_all(house)["files taken in"] == 0
    with house.database.reading() as session:
        assert session.scalars(select(IntakeFile.state)).all() == ["waiting"]


def test_a_release_that_cannot_be_made_fails_and_can_be_begun_again(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        add_cards(session, house, session.merge(cast.project), 1)
    answer_one(house, cast, "finds")
    jobs.sweep_all(house)
    with house.database.writing() as session:
        begun = releases.start_release(session, session.merge(cast.project), None, "", house.clock()).id

    class FullDisk:
        def __getattr__(self, name: str) -> object:
            raise OSError(28, "No space left on device")

    full = House(**{**vars(house), "storage": FullDisk()})
    with pytest.raises(OSError, match="No space"):
        jobs.write_release(full, begun)
    with house.database.writing() as session:
        assert session.get_one(Release, begun).state == "failed"
        again = releases.start_release(session, session.merge(cast.project), None, "", house.clock())
        assert again.number == 1
        begun = again.id
    assert jobs.write_release(house, begun) == 1


def test_two_uploads_of_one_name_are_both_kept_and_a_missing_one_is_told(house: House, cast: Cast) -> None:
    delivery = upload(
        house, "finds", ("a.jpg", card_picture(1)), ("a.jpg", card_picture(2)), **{"lost.jpg": {"identifier": "HM 9"}}
    )
    jobs.drain_intake(house, delivery)
    with house.database.reading() as session:
        progress = intake.progress_of(session, intake.delivery(session, delivery))
        assert progress.taken == 2
        assert [(name, str(why)) for name, why in progress.refused] == [
            ("lost.jpg", "there is no such file among those sent")
        ]
        assert set(session.scalars(select(Scan.file_name))) == {"a.jpg", "a (2).jpg"}
    assert list(house.storage.keys("incoming")) == []


def test_pages_without_a_number_are_counted_in_their_document(house: House, cast: Cast) -> None:
    for first in (1, 5):
        files = [(f"{n}.jpg", card_picture(n)) for n in range(first, first + 2)]
        jobs.drain_intake(house, upload(house, "finds", *files))
    with house.database.reading() as session:
        assert session.scalars(select(Scan.page_number).order_by(Scan.id)).all() == [1, 2, 3, 4]
        assert session.scalars(select(Task.position).order_by(Task.id)).all() == [1, 2, 3, 4]


def test_an_error_of_the_database_says_nothing_of_what_was_typed(house: House, cast: Cast) -> None:
    with pytest.raises(IntegrityError) as refused, house.database.writing() as session:
        session.add(
            Account(
                email=cast.ada.email, name="Somebody", password_hash="hash", session_stamp="x", created_at=house.clock()
            )
        )
    assert "Somebody" not in str(refused.value)


def test_a_worker_looks_up_for_the_sweep_as_often_as_it_says(tmp_path: Path) -> None:
    with valkey(tmp_path) as address:
        worker = jobs.new_worker(Settings(redis_url=address))
        assert worker.dequeue_timeout + worker.maintenance_interval <= jobs.SWEEP_SECONDS


@pytest.mark.parametrize(
    ("enqueue", "run"),
    [
        (lambda queue: queue.sweep(), lambda: jobs.sweep(0)),
        (lambda queue: queue.settle(7), lambda: jobs.settle_project(7)),
        (lambda queue: queue.take_in(7), lambda: jobs.take_in_delivery(7)),
        (lambda queue: queue.take_in(7, 2), lambda: jobs.take_in_delivery(7, 2)),
        (lambda queue: queue.cut(7), lambda: jobs.cut_scans(7)),
        (lambda queue: queue.release(7), lambda: jobs.make_release(7)),
        (lambda queue: queue.send(7), lambda: jobs.send_message(7)),
    ],
    ids=["sweep", "settle", "take in", "take in, second hand", "cut", "release", "send"],
)
def test_a_job_that_has_begun_keeps_the_next_of_its_kind_from_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, enqueue: Callable[[RqJobs], None], run: Callable[[], None]
) -> None:
    monkeypatch.setenv("MICRO_DATA", str(tmp_path / "data"))
    with valkey(tmp_path) as address:
        monkeypatch.setenv("REDIS_URL", address)
        queue = RqJobs(address)
        enqueue(queue)
        enqueue(queue)
        assert open_queue(address).count == 1, "the same waits once"
        with contextlib.suppress(Exception):  # There is no database, and so nothing to do.
            run()
        enqueue(queue)
        assert open_queue(address).count >= 2, "and again as soon as it has begun"
