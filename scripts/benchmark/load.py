"""The load: volunteers who take a task and answer it as fast as they are served, each over one kept connection."""

from __future__ import annotations

import http.client
import threading
import time
from dataclasses import dataclass, field

from fill import ANSWER, Size
from servers import Micro, Place, cpu_s, tree

from micro.core import terms
from micro.simulation.browser import Browser


@dataclass
class Found:
    """What was measured of one load. Times in seconds, one per cycle."""

    seconds: float
    takes: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    web_cpu_s: float = 0.0
    worker_cpu_s: float = 0.0
    database_cpu_s: float = 0.0
    in_vain: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def cycles(self) -> int:
        return len(self.answers)


def run(place: Place, mode: str, clients: int, size: Size, micro: Micro) -> Found:
    """Lets the clients work for the warm-up and the measured time; ``mode`` is key or visitor."""
    keys = (place.folder / "keys").read_text().split()
    start = time.perf_counter() + size.warm_s
    found = Found(size.load_s)
    threads = [
        threading.Thread(target=_client, args=(place, keys[number] if mode == "key" else "", found, start), daemon=True)
        for number in range(clients)
    ]
    for thread in threads:
        thread.start()
    time.sleep(max(0.0, start - time.perf_counter()))
    watched = (micro.web_tree, lambda: tree(micro.worker), lambda: tree(place.database_pid))
    before = [cpu_s(pids()) for pids in watched]
    time.sleep(size.load_s)
    found.web_cpu_s, found.worker_cpu_s, found.database_cpu_s = (
        cpu_s(pids()) - early for pids, early in zip(watched, before, strict=True)
    )
    for thread in threads:
        thread.join(timeout=30)
    if found.problems or not found.cycles:
        raise SystemExit(f"bench: {place.name}: {found.problems[:1] or 'nothing was answered'}")
    return found


def _client(place: Place, key: str, found: Found, start: float) -> None:
    try:
        _work(place, key, found, start)
    except (OSError, http.client.HTTPException) as problem:
        found.problems.append(repr(problem))


def _work(place: Place, key: str, found: Found, start: float) -> None:
    browser = Browser("127.0.0.1", place.port, {"Authorization": f"Bearer {key}"} if key else {})
    browser.api("GET", "/api/v1/projects/load")  # The visitor's cookie.
    end = start + found.seconds
    while True:
        begun = time.perf_counter()
        if begun >= end:
            return
        status, lent = browser.api("POST", "/api/v1/projects/load/take", {"terms": terms.VERSION})
        taken = time.perf_counter()
        if status != 201:
            found.problems.append(f"take answered {status} {lent}")
            return
        status, given = browser.api(
            "POST",
            f"/api/v1/assignments/{lent['assignment']}/answer",
            {"value": ANSWER, "submission_key": lent["assignment"]},
        )
        answered = time.perf_counter()
        if status != 201:
            found.problems.append(f"answer answered {status} {given}")
            return
        if begun >= start and answered <= end:
            found.takes.append(taken - begun)
            found.answers.append(answered - taken)
            found.in_vain += not given["in_time"]
