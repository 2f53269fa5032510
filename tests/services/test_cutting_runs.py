"""Runs of cutting: progress, cancel, retry, two at once, a worker that is killed; and discarding what nobody uses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select

from micro import jobs
from micro.data.models import Assignment, CuttingRun, Item, Layout, Move, Project, Record, Region, Scan, Task
from micro.errors import BadAnswer, Conflict
from micro.house import House
from micro.services import assignments, cutting, cutting_runs, people
from micro.services.answers import give_answer
from micro.services.cutting_discard import Discarded, discard_cutting, discardable
from micro.services.forms import change_setup
from tests.cast import CUTTING, FORM, Cast, add_cards, good_answer
from tests.services.cutting_ways import (
    GRID,
    LINES,
    WHOLE,
    cut,
    drawer,
    give_layout,
    regions_of,
    scans_of,
    uncut_project,
)


def begin(house: House, way: Any = WHOLE) -> int:
    """Starts a run without a worker."""
    with house.database.writing() as session:
        return cutting_runs.cut_by_way(session, drawer(session), way, None, house.clock()).id


def batch(house: House, run: int, most: int) -> int | None:
    with house.database.writing() as session:
        return cutting_runs.cut_batch(session, run, house.clock(), most)


def progress(house: House) -> cutting_runs.CuttingProgress:
    with house.database.reading() as session:
        return cutting_runs.progress_of(session, drawer(session).id)


def count(house: House, what: Any) -> int:
    with house.database.reading() as session:
        return session.scalar(select(func.count()).select_from(what)) or 0


def cancel(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        cutting_runs.cancel_run(session, drawer(session), cast.mia.id, house.clock())


@pytest.fixture
def cards(house: House, cast: Cast) -> House:
    """A draft with five cards of which none is cut."""
    with house.database.writing() as session:
        uncut_project(session, house, cast, 5)
    return house


# Progress --------------------------------------------------------------------------------------------------------


def test_a_run_tells_how_far_it_is_and_ends(cards: House) -> None:
    run = begin(cards)
    now = progress(cards)
    assert (now.scans, now.cut, now.failed, now.left, now.share, now.is_running) == (5, 0, 0, 5, 0.0, True)
    assert batch(cards, run, 2) == 2
    assert (progress(cards).cut, progress(cards).left, progress(cards).share) == (2, 3, pytest.approx(0.4))
    assert jobs.drain_cutting(cards, run) == 3
    now = progress(cards)
    assert (now.cut, now.left, now.share, now.is_running) == (5, 0, 1.0, False)
    assert now.run is not None and (now.run.state, now.run.ended_at) == ("done", cards.clock())


def test_what_failed_is_named_by_file_and_can_be_tried_again(cards: House) -> None:
    with cards.database.writing() as session:
        for scan in scans_of(session)[:3]:
            give_layout(session, cards, scan)
    assert cut(cards, LINES) == 3
    with cards.database.writing() as session:
        failed = cutting_runs.failed_scans(session, drawer(session).id, 10)
        assert [(scan.file_name, "no layout" in str(why)) for scan, why in failed] == [
            ("card-004.jpg", True),
            ("card-005.jpg", True),
        ]
        assert len(cutting_runs.failed_scans(session, drawer(session).id, 1)) == 1
        give_layout(session, cards, scans_of(session)[3])
        again = cutting_runs.start_run(session, drawer(session), None, cards.clock())
        assert again.total == 2
        assert cutting_runs.failed_scans(session, drawer(session).id, 10) == []
    assert jobs.drain_cutting(cards, again.id) == 1
    assert (progress(cards).cut, progress(cards).failed) == (4, 1)


def test_a_batch_ends_after_so_many_regions(cards: House) -> None:
    run = begin(cards, {"by": "grid", "rows": 25, "columns": 20})
    assert batch(cards, run, 100) == 2, "two times 500 regions are enough for one transaction"


def test_a_run_without_a_way_or_with_one_that_fits_no_more_is_not_begun(cards: House) -> None:
    with cards.database.writing() as session:
        with pytest.raises(Conflict, match="Choose first"):
            cutting_runs.start_run(session, drawer(session), None, cards.clock())
        drawer(session).cutting = CUTTING
        change_setup(session, drawer(session), {"fields": FORM["fields"][:2]}, cards.clock())
        with pytest.raises(BadAnswer):
            cutting_runs.start_run(session, drawer(session), None, cards.clock())
    assert count(cards, CuttingRun) == 0


def test_in_an_archived_project_nothing_more_is_cut(cards: House) -> None:
    with cards.database.writing() as session:
        drawer(session).cutting, drawer(session).state = WHOLE, "archived"
        with pytest.raises(Conflict, match="archived"):
            cutting_runs.start_run(session, drawer(session), None, cards.clock())


def test_a_form_that_is_changed_while_a_run_waits_ends_it_with_the_reason_at_every_scan(cards: House) -> None:
    run = begin(cards, CUTTING)
    assert batch(cards, run, 1) == 1
    with cards.database.writing() as session:
        change_setup(session, drawer(session), {"fields": FORM["fields"][:2]}, cards.clock())
    assert jobs.drain_cutting(cards, run) == 0
    now = progress(cards)
    assert (now.cut, now.failed, now.left, now.is_running) == (1, 4, 0, False)
    with cards.database.reading() as session:
        [(_, why), *_] = cutting_runs.failed_scans(session, drawer(session).id, 10)
        assert str(why) == "There is no field “found_on” in the form."


# Two at once, half-way, cancelled --------------------------------------------------------------------------------


def test_two_managers_who_press_at_once_get_one_run(cards: House) -> None:
    with ThreadPoolExecutor(4) as threads:
        runs = set(threads.map(lambda _: begin(cards), range(4)))
    assert len(runs) == 1 == count(cards, CuttingRun)
    with ThreadPoolExecutor(3) as threads:
        assert sum(threads.map(lambda run: jobs.drain_cutting(cards, run), list(runs) * 3)) == 5
    assert count(cards, Task) == count(cards, Item) == count(cards, Region) == 5


def test_while_a_run_waits_nobody_chooses_another_way(cards: House) -> None:
    begin(cards)
    with pytest.raises(Conflict, match="Cancel that first"):
        begin(cards, GRID)
    assert begin(cards) == begin(cards)


def test_a_run_that_was_killed_half_way_is_finished_by_the_sweep(cards: House) -> None:
    run = begin(cards)
    batch(cards, run, 2)
    with pytest.raises(ZeroDivisionError), cards.database.writing() as session:
        # The machine goes out in the middle of a batch.
        assert cutting_runs.cut_batch(session, run, cards.clock(), 2) == 1 / 0
    assert progress(cards).cut == 2, "nothing half"
    assert jobs.sweep_all(cards)["scans cut"] == 3
    assert jobs.sweep_all(cards)["scans cut"] == 0
    assert count(cards, Task) == 5


def test_a_cancelled_run_leaves_the_rest_uncut_and_no_sweep_takes_it_up(cards: House, cast: Cast) -> None:
    run = begin(cards)
    batch(cards, run, 2)
    cancel(cards, cast)
    assert jobs.drain_cutting(cards, run) == 0
    assert jobs.sweep_all(cards)["scans cut"] == 0
    now = progress(cards)
    assert (now.cut, now.left, now.is_cancelled, now.is_running) == (2, 3, True, False)
    with cards.database.reading() as session:
        [move] = session.scalars(select(Move).where(Move.subject == "cutting"))
        assert (move.account_id, move.from_state, move.to_state) == (cast.mia.id, "waiting", "cancelled")
    with pytest.raises(Conflict, match="Nothing is being cut"):
        cancel(cards, cast)


def test_after_a_cancel_new_scans_wait_until_somebody_goes_on(cards: House, cast: Cast) -> None:
    run = begin(cards)
    batch(cards, run, 2)
    cancel(cards, cast)
    with cards.database.writing() as session:
        scan = scans_of(session)[4]
        assert not cutting.cut_scan(session, drawer(session), scan, cards.clock())
        assert scan.cut_problem == ""
    assert cut(cards, WHOLE) == 3
    with cards.database.writing() as session:
        session.get_one(Scan, scans_of(session)[0].id)
        assert cutting_runs.progress_of(session, drawer(session).id).left == 0


def test_cancelling_while_a_worker_cuts_waits_for_its_batch_and_leaves_nothing_half(cards: House, cast: Cast) -> None:
    run = begin(cards, GRID)
    with ThreadPoolExecutor(1) as threads:
        with cards.database.writing() as session:
            assert cutting_runs.cut_batch(session, run, cards.clock(), 2) == 2
            waiting = threads.submit(cancel, cards, cast)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.3)
        waiting.result(timeout=10)
    assert batch(cards, run, 2) is None
    assert count(cards, Region) == count(cards, Task) == 12


def test_scans_that_are_withdrawn_are_passed_over_silently(cards: House) -> None:
    with cards.database.writing() as session:
        scans_of(session)[1].state = "withdrawn"
    assert cut(cards, WHOLE) == 4
    with cards.database.reading() as session:
        assert scans_of(session)[1].cut_problem == ""
    assert progress(cards).scans == 4


def test_many_scans_are_cut_in_batches_and_asked_in_order(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = uncut_project(session, house, cast, 0)
        rows = [
            {
                "project_id": project.id,
                "public_id": f"{n:014}",
                "sha256": f"{n:064x}",
                "format": "JPEG",
                "size_bytes": 1,
                "width_px": 100 + n % 7,
                "height_px": 80,
                "orientation": 1,
                "storage_key": "",
                "file_name": f"{n}.jpg",
                "identifier": f"HM {n}",
                "page_number": n,
                "details": {},
                "created_at": house.clock(),
            }
            for n in range(1, 1_001)
        ]
        session.execute(Scan.__table__.insert(), rows)
    done: list[int] = []
    run = begin(house)
    assert jobs.drain_cutting(house, run, done.append) == 1_000
    assert max(done) <= cutting_runs.SCANS_AT_ONCE and len(done) == 5
    with house.database.reading() as session:
        positions = session.scalars(select(Task.position).order_by(Task.id)).all()
        assert positions == sorted(positions)


# Discarding ------------------------------------------------------------------------------------------------------


def discard(house: House, cast: Cast, seen: int) -> Discarded:
    with house.database.writing() as session:
        return discard_cutting(session, drawer(session), cast.mia.id, house.clock(), seen)


def test_a_cutting_that_nobody_used_is_discarded_and_another_way_is_chosen(cards: House, cast: Cast) -> None:
    with cards.database.writing() as session:
        give_layout(session, cards, scans_of(session)[0])
    cut(cards, LINES)
    with cards.database.writing() as session:
        assert discardable(session, drawer(session)) == Discarded(3, 3)
        item = session.scalars(select(Item)).first()
        assert item is not None
        session.add(Record(project_id=item.project_id, item_id=item.id, changed_at=cards.clock()))
    assert discard(cards, cast, 3) == Discarded(3, 3)
    assert count(cards, Task) == count(cards, Region) == count(cards, Item) == count(cards, Record) == 0
    with cards.database.reading() as session:
        assert session.scalars(select(Layout.state)).all() == ["proposed"]
        assert drawer(session).cutting == LINES, "the way stays, to be changed"
        assert discardable(session, drawer(session)) is None
    assert jobs.sweep_all(cards)["scans cut"] == 0, "nothing is cut again by itself"
    assert cut(cards, GRID) == 5
    with cards.database.reading() as session:
        assert len(regions_of(session)) == 30


def test_discarding_ends_a_run_that_waits(cards: House, cast: Cast) -> None:
    run = begin(cards)
    batch(cards, run, 2)
    discard(cards, cast, 2)
    assert batch(cards, run, 2) is None
    assert progress(cards).cut == 0


def test_another_number_of_tasks_than_was_read_is_not_discarded(cards: House, cast: Cast) -> None:
    cut(cards, WHOLE)
    with pytest.raises(Conflict, match="5 tasks by now"):
        discard(cards, cast, 4)
    assert count(cards, Task) == 5


def lend_one(house: House, cast: Cast) -> int:
    with house.database.writing() as session:
        project = drawer(session)
        project.state = "live"
        volunteer = people.volunteer_of_account(session, cast.ada.id, house.clock())
        lent = assignments.lend_task(session, project, volunteer, house.clock(), assignments.LendingRule(600, 9))
        assert lent is not None
        project.state = "paused"
        return lent.id


def test_a_cutting_that_somebody_reads_stays(cards: House, cast: Cast) -> None:
    cut(cards, WHOLE)
    lend_one(cards, cast)
    with pytest.raises(Conflict, match="begun to read"):
        discard(cards, cast, 5)
    with cards.database.reading() as session:
        assert discardable(session, drawer(session)) is None
    assert count(cards, Task) == 5


def test_a_cutting_with_answers_stays_and_so_does_its_way(cards: House, cast: Cast) -> None:
    cut(cards, WHOLE)
    lent = lend_one(cards, cast)
    with cards.database.writing() as session:
        give_answer(session, session.get_one(Assignment, lent), good_answer(), "one", cards.clock())
    with pytest.raises(Conflict, match="answered already"):
        discard(cards, cast, 5)
    with cards.database.writing() as session, pytest.raises(Conflict, match="people have answered"):
        cutting.set_way(session, drawer(session), GRID)


def test_while_a_project_is_open_its_tasks_are_not_discarded(cards: House, cast: Cast) -> None:
    cut(cards, WHOLE)
    with cards.database.writing() as session:
        drawer(session).state = "live"
    with pytest.raises(Conflict, match="Only a draft"):
        discard(cards, cast, 5)
    with cards.database.writing() as session:
        session.scalars(select(Task)).first().source_id = "17"  # type: ignore[union-attr]
        drawer(session).state = "draft"
    with pytest.raises(Conflict, match="imported"):
        discard(cards, cast, 5)


def test_the_other_projects_keep_their_tasks(cards: House, cast: Cast) -> None:
    with cards.database.writing() as session:
        add_cards(session, cards, session.get_one(Project, cast.project.id), 2)
    cut(cards, WHOLE)
    discard(cards, cast, 5)
    assert count(cards, Task) == 2
