"""What RQ workers run: a few lines each around a service. Every job is idempotent: run twice, it changes nothing.

A job opens the house anew: it runs in a process of its own, forked from the worker.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rq import Worker
from rq.serializers import JSONSerializer

from micro.adapters.processes import forks_die_with_me
from micro.adapters.queue import connect, intake_hand, open_queue
from micro.config import Settings
from micro.errors import MicroError
from micro.house import House, open_house
from micro.posting import drain_digests, drain_message
from micro.services import (
    batch_work,
    cutting,
    cutting_runs,
    deliveries,
    fit_keeping,
    fitting,
    iiif,
    intake,
    messages,
    occasions,
    redoing,
    releases,
    settling,
    uploads,
)
from micro.services.review import order

log = logging.getLogger(__name__)
# A worker looks up from an empty queue after so many seconds, whether or not work came; a sweep comes within the first.
SWEEP_SECONDS, LOOK_UP_SECONDS = 30, 5
TRIM_SECONDS = 3600
# Of one delivery: so many workers at once, each for one shift, the next one called while more files wait than this.
MOST_HANDS, FILES_FOR_A_HAND, SHIFT_S = 4, 2, 60.0
PATIENCE_S, TURN_S = 10.0, 0.02
GATHER_S = 0.5  # Answers that come meanwhile are settled with this one: a job for each costs more than the answers.


def settle_project(project_id: int) -> None:
    """Merges whatever answers of the project are behind."""
    house = open_house(Settings.from_env())
    time.sleep(GATHER_S)
    house.queue.begun("settle", project_id)
    drain_settling(house, project_id)
    with house.database.reading() as session:
        due = fitting.is_due(session, project_id, house.clock())
    if due:
        house.queue.fit(project_id)


def fit_project(project_id: int) -> None:
    """Learns from all answers and decisions of a project at once."""
    house = open_house(Settings.from_env())
    house.queue.begun("fit", project_id)
    drain_fitting(house, project_id)


def redo_project(project_id: int) -> None:
    """Works out the undecided records of a project anew."""
    house = open_house(Settings.from_env())
    house.queue.begun("redo", project_id)
    drain_redoing(house, project_id)


def take_in_delivery(intake_id: int, hand: int = 1) -> None:
    """Takes in files of a delivery for one shift, and calls more hands while many files wait.

    What is left is a new job behind those that came meanwhile: settling does not wait for ten thousand scans.
    """
    house = open_house(Settings.from_env())
    house.queue.begun(intake_hand(hand), intake_id)
    with house.database.reading() as session:
        left = intake.free_files(session, intake_id)
    if left > FILES_FOR_A_HAND and hand < MOST_HANDS:
        house.queue.take_in(intake_id, hand + 1)
    begun = time.monotonic()
    drain_intake(house, intake_id, shift_s=SHIFT_S)
    if time.monotonic() - begun >= SHIFT_S:  # Else nothing is left but what others have in hand.
        house.queue.take_in(intake_id, hand)


def cut_scans(project_id: int) -> None:
    """Cuts the scans of a project's run of cutting, if one waits."""
    house = open_house(Settings.from_env())
    house.queue.begun("cut", project_id)
    with house.database.reading() as session:
        run = cutting.waiting_run(session, project_id)
    if run is not None:
        drain_cutting(house, run.id)


def make_release(release_id: int) -> None:
    """Writes the files of a release and publishes it."""
    house = open_house(Settings.from_env())
    house.queue.begun("release", release_id)
    write_release(house, release_id)


def send_message(message_id: int) -> None:
    """Sends what waits of a message."""
    house = open_house(Settings.from_env())
    house.queue.begun("send", message_id)
    drain_message(house, message_id)


def run_batch(batch_id: int) -> None:
    """Accepts, or takes back, the records of a batch."""
    house = open_house(Settings.from_env())
    house.queue.begun("batch", batch_id)
    drain_batch(house, batch_id)


def sweep(_: int = 0) -> None:
    """Does whatever was left behind while the queue was down."""
    house = open_house(Settings.from_env())
    house.queue.begun("sweep", 0)
    sweep_all(house)


def drain_settling(house: House, project_id: int) -> int:
    """Settles until nothing is behind, some items a transaction; returns how many items."""
    settled = 0
    while True:
        with house.database.writing() as session:
            done = settling.settle_some(session, project_id, house.clock())
        settled += done
        if not done:
            return settled


def drain_fitting(house: House, project_id: int) -> int:
    """A full fit: reads, works outside of any transaction, writes; returns 1, or 0 when there was nothing to learn."""
    with house.database.reading() as session:
        gathered = fitting.gather(session, project_id)
    if gathered is None:
        return 0
    fitted = fitting.fit(gathered)
    with house.database.writing() as session:
        return int(fit_keeping.keep(session, fitted, house.clock()))


def drain_redoing(house: House, project_id: int) -> int:
    """Learns from everything, then works out undecided records anew, some a transaction; returns how many."""
    drain_fitting(house, project_id)
    total = 0
    while True:
        with house.database.writing() as session:
            done = redoing.redo_some(session, project_id, house.clock())
        if not done:
            return total
        total += done


def drain_intake(
    house: House, intake_id: int, one_done: Callable[[], None] = lambda: None, shift_s: float = math.inf
) -> int:
    """Takes in one file after the other, each in a transaction of its own, for so many seconds; returns how many.

    The transaction that writes down one file takes the next into hand. Whatever goes wrong, that file is given back.
    """
    taken, ends, patience = 0, time.monotonic() + shift_s, Patience()
    with house.database.writing() as session:
        erased = intake.erased_in(session, intake_id)
        mine = intake.next_file(session, intake_id, house.clock(), erased)
    try:
        while mine is not None:
            waiting = mine
            looked = intake.look_at(waiting, house.storage, house.images)
            state, mine = _take_in_turn(house, waiting, looked, ends, patience)
            if state == "waiting":  # A layout, which is read after all pictures.
                continue
            if state in ("taken", "same"):
                intake.drop_upload(waiting, house.storage)
            taken += 1
            one_done()
    except BaseException:
        if mine is not None:
            with house.database.writing() as session:
                intake.give_back(session, mine)
        raise
    return taken


@dataclass
class Patience:
    """How long a worker waits for files before its own: in vain once, then no more until it is in turn again."""

    left_s: float = PATIENCE_S


def _take_in_turn(
    house: House, waiting: intake.Waiting, looked: intake.Looked, ends: float, patience: Patience
) -> tuple[str, intake.Waiting | None]:
    """Writes down what came of a file, and takes the next into hand until ``ends``; returns the state and that file.

    The file before this one comes first, so that pages are counted in the order of the files; but not for ever.
    """
    begun = time.monotonic()
    while True:
        with house.database.writing() as session:
            early = bool(looked.pages) and intake.comes_early(session, waiting, house.clock())
            if not early or time.monotonic() - begun >= patience.left_s:
                patience.left_s = 0.0 if early else PATIENCE_S
                state = intake.take_in(session, waiting.id, looked, house.clock())
                if time.monotonic() >= ends:
                    return state, None
                return state, intake.next_file(session, waiting.intake_id, house.clock(), waiting.erased)
        time.sleep(TURN_S)


def trim_tiles(house: House, _: int = 0) -> int:
    """Deletes the oldest tiles when they take more room than they may; returns how many files. Once an hour at most.

    Listing a large bucket takes its time, so a file in the data folder says when this machine last looked.
    """
    stamp = house.settings.folder / "tiles-looked-at"
    if stamp.exists() and 0 <= time.time() - stamp.stat().st_mtime < TRIM_SECONDS:
        return 0
    stamp.touch()
    return iiif.trim(house.storage, house.settings.tiles_gigabytes * 1_000_000_000)


def drain_batch(house: House, batch_id: int) -> int:
    """Accepts or takes back what is left of a batch, some records a transaction; returns how many."""
    total = 0
    while True:
        with house.database.writing() as session:
            done = batch_work.work_some(session, batch_id, house.clock())
        if done is None:
            return total
        total += done


def drop_uploads(house: House, _: int = 0) -> int:
    """Deletes uploads that nobody needs any more; returns how many."""
    keys = list(house.storage.keys(uploads.INCOMING))
    with house.database.reading() as session:
        unneeded = uploads.unneeded_uploads(session, keys, house.clock())
    for key in unneeded:
        house.storage.delete(key)
    return len(unneeded)


def drain_cutting(house: House, run_id: int, some_done: Callable[[int], None] = lambda _: None) -> int:
    """Cuts the scans of a run, some a transaction, until none is left or it is cancelled; returns how many it cut."""
    total = 0
    while True:
        with house.database.writing() as session:
            done = cutting_runs.cut_batch(session, run_id, house.clock())
        if done is None:
            return total
        total += done
        some_done(done)


def write_release(house: House, release_id: int) -> int:
    """Reads, writes the files outside of any transaction, then publishes in a second one; returns 1, or 0 if done."""
    try:
        with house.database.reading() as session:
            plan = releases.gather(session, release_id, house.settings.public_url, house.secret.encode())
        if plan is None:
            return 0
        manifest = releases.write_files(plan, house.storage)
    except Exception as error:  # Whatever it was, a release must not stay "being made" for ever.
        why = str(error) if isinstance(error, MicroError) else type(error).__name__
        with house.database.writing() as session:
            releases.fail(session, release_id, why, house.clock())
        raise
    with house.database.writing() as session:
        releases.publish(session, release_id, manifest, house.clock())
    return 1


def look_round(house: House, _: int = 0) -> int:
    """Tells people of queues over their limit, and of projects that are read; returns how many notifications."""
    with house.database.writing() as session:
        over = occasions.look_at_limits(session, house.clock())
        return over + occasions.look_at_read_projects(session, house.clock())


def rerank_queue(house: House, project_id: int) -> int:
    """Brings a queue up to the pace as it is measured now, some records a transaction; returns how many moved."""
    last = moved = 0
    while True:
        with house.database.writing() as session:
            some = order.rerank_some(session, project_id, last)
        if some is None:
            return moved
        last, moved = some[0], moved + some[1]


def sweep_all(house: House) -> dict[str, int]:
    """Takes in, cuts, settles and releases whatever is behind; returns how much of each, and how many parts failed."""
    with house.database.reading() as session:
        undelivered = deliveries.deliveries_behind(session)
        uncut = cutting_runs.runs_waiting(session)
        behind = settling.projects_behind(session)
        unlearned = fitting.projects_to_fit(session, house.clock())
        outdated = redoing.projects_to_redo(session)
        unfinished = releases.releases_behind(session)
        unsent = messages.messages_behind(session)
        unaccepted = batch_work.batches_behind(session)
        decided = order.projects_decided_lately(session, house.clock())
    parts: tuple[tuple[str, Sequence[Any], Callable[..., int]], ...] = (
        ("files taken in", undelivered, drain_intake),
        ("scans cut", uncut, drain_cutting),
        ("items settled", behind, drain_settling),
        ("projects learned from", unlearned, drain_fitting),
        ("records worked out anew", outdated, drain_redoing),
        ("records accepted together", unaccepted, drain_batch),
        ("releases made", unfinished, write_release),
        ("messages sent", unsent, drain_message),
        ("old uploads deleted", [0], drop_uploads),
        ("old tiles deleted", [0], trim_tiles),
        ("queues put in order", decided, rerank_queue),
        ("notifications made", [0], look_round),
        ("digests sent", [0], drain_digests),
    )
    done = {what: 0 for what, _, _ in parts} | {"failed": 0}
    for what, subjects, drain in parts:
        for subject in subjects:
            try:
                done[what] += drain(house, subject)
            except Exception as error:  # noqa: BLE001 - one that fails must not keep the others waiting.
                log.error("sweep: %s of %s failed: %s", what, subject, type(error).__name__)
                done["failed"] += 1
    return done


class SweepingWorker(Worker):
    """RQ's worker, which also asks for a sweep at each of its regular maintenance rounds."""

    def run_maintenance_tasks(self) -> None:
        super().run_maintenance_tasks()  # type: ignore[no-untyped-call]
        open_house(Settings.from_env()).queue.sweep()


def new_worker(settings: Settings) -> SweepingWorker:
    """A worker on the settings' queue."""
    return SweepingWorker(
        [open_queue(settings.redis, answer_s=None)],
        connection=connect(settings.redis, answer_s=None),
        serializer=JSONSerializer,
        maintenance_interval=SWEEP_SECONDS - LOOK_UP_SECONDS,
        # RQ looks up from an empty queue 15 s before this ends, and its maintenance, our sweep, comes only then.
        worker_ttl=LOOK_UP_SECONDS + 15,
    )


def work(settings: Settings, burst: bool = False) -> None:
    """Runs one worker until it is told to stop; ``burst``: until the queue is empty."""
    forks_die_with_me()
    new_worker(settings).work(burst=burst, logging_level="WARNING")
