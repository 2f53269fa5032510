"""Running use cases at the same moment, and knowing that they were."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Barrier
from typing import Any

from sqlalchemy import Select, text

from micro.data.database import locked
from micro.errors import MicroError
from micro.house import House

WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


def all_under_way(house: House, held: Select[Any], *jobs: Callable[[], Any]) -> list[Any]:
    """What the jobs give or raise: all have begun, and none is through, when the rows that they wait for are let go.

    ``held`` finds these rows. On SQLite every writer waits for the same place.
    """
    gate = Barrier(len(jobs) + 1)

    def run(job: Callable[[], Any]) -> Any:
        gate.wait()
        try:
            return job()
        except MicroError as error:
            return error

    with ThreadPoolExecutor(len(jobs)) as pool:
        with house.database.writing() as session:
            assert session.execute(locked(held)).first() is not None
            under_way: list[Future[Any]] = [pool.submit(run, job) for job in jobs]
            gate.wait()
            wait(under_way, timeout=0.1)
            if not house.database.is_sqlite:
                _until_they_wait(house, len(jobs))
            assert not any(job.done() for job in under_way), "one was through before the others began"
        return [job.result() for job in under_way]


def _until_they_wait(house: House, count: int) -> None:
    """PostgreSQL itself says that so many of them stand before a lock."""
    for _ in range(400):
        with house.database.reading() as session:
            if session.execute(WAITING).scalar_one() == count:
                return
        time.sleep(0.05)
    raise AssertionError(f"not all {count} came to wait for what is held")
