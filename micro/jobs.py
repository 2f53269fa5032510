"""What RQ workers run: a few lines each around a service. Every job is idempotent: run twice, it changes nothing.

A job opens the house anew: it runs in a process of its own, forked from the worker.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from rq import Worker
from rq.serializers import JSONSerializer

from micro.adapters.processes import forks_die_with_me
from micro.adapters.queue import connect, open_queue
from micro.config import Settings
from micro.data.models import Project
from micro.errors import MicroError
from micro.house import House, open_house
from micro.services import cutting, intake, projects, releases, settling

log = logging.getLogger(__name__)
SWEEP_SECONDS = 30
GATHER_S = 0.5  # Answers that come meanwhile are settled with this one: a job for each costs more than the answers.


def settle_project(project_id: int) -> None:
    """Merges whatever answers of the project are behind."""
    house = open_house(Settings.from_env())
    time.sleep(GATHER_S)
    house.queue.begun("settle", project_id)
    drain_settling(house, project_id)


def take_in_delivery(intake_id: int) -> None:
    """Takes in the files of a delivery that still wait."""
    house = open_house(Settings.from_env())
    house.queue.begun("intake", intake_id)
    drain_intake(house, intake_id)


def cut_scans(project_id: int) -> None:
    """Cuts the scans of a project that have not been cut."""
    house = open_house(Settings.from_env())
    house.queue.begun("cut", project_id)
    with house.database.reading() as session:
        slug = session.get_one(Project, project_id).slug
    drain_cutting(house, slug)


def make_release(release_id: int) -> None:
    """Writes the files of a release and publishes it."""
    house = open_house(Settings.from_env())
    house.queue.begun("release", release_id)
    write_release(house, release_id)


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


def drain_intake(house: House, intake_id: int, one_done: Callable[[], None] = lambda: None) -> int:
    """Takes in one file after the other, each in a transaction of its own; returns how many."""
    taken = 0
    while True:
        with house.database.reading() as session:
            waiting = intake.next_file(session, intake_id)
        if waiting is None:
            return taken
        looked = intake.look_at(waiting, house.storage, house.images)
        with house.database.writing() as session:
            intake.take_in(session, waiting.id, looked, house.clock())
        intake.drop_upload(waiting, house.storage)
        taken += 1
        one_done()


def drain_cutting(house: House, slug: str) -> int:
    """Cuts the scans of a project that have not been cut, some a transaction; returns how many."""
    total = 0
    while True:
        with house.database.writing() as session:
            done = cutting.cut_project(session, projects.project_named(session, slug), house.clock())
        total += done
        if not done:
            return total


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


def sweep_all(house: House) -> dict[str, int]:
    """Takes in, cuts, settles and releases whatever is behind; returns how much of each, and how many parts failed."""
    with house.database.reading() as session:
        deliveries = intake.deliveries_behind(session)
        uncut = cutting.projects_uncut(session)
        behind = settling.projects_behind(session)
        unfinished = releases.releases_behind(session)
    parts: tuple[tuple[str, Sequence[Any], Callable[..., int]], ...] = (
        ("files taken in", deliveries, drain_intake),
        ("scans cut", uncut, drain_cutting),
        ("items settled", behind, drain_settling),
        ("releases made", unfinished, write_release),
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
        maintenance_interval=SWEEP_SECONDS,
        # RQ looks up from an empty queue 15 s before this ends, and its maintenance, our sweep, comes only then.
        worker_ttl=SWEEP_SECONDS + 15,
    )


def work(settings: Settings, burst: bool = False) -> None:
    """Runs one worker until it is told to stop; ``burst``: until the queue is empty."""
    forks_die_with_me()
    new_worker(settings).work(burst=burst, logging_level="WARNING")
