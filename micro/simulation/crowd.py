"""The simulated crowd: volunteers who answer over the JSON interface, each in a thread, until nothing is left."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from micro.core.fields import Said
from micro.data.database import Database
from micro.errors import MicroError, OutsideFailed
from micro.services import settling
from micro.simulation.browser import Browser
from micro.simulation.people import Habits, read_card

Truths = Mapping[str, Mapping[str, Said]]
"""What really stands on each card: {identifier: {field: said}}."""

SETTLING_S = 120  # how long settling may take to catch up
TRIES_WHEN_BUSY = 10
LOOK_S = 0.1


@dataclass
class Volunteer:
    """One simulated volunteer at the browser or program that they use, and how often they answered."""

    habits: Habits
    browser: Browser
    terms: str
    answers: int = 0
    in_vain: int = 0

    def answer_all(self, project: str, truths: Truths, seed: int, stop: threading.Event) -> None:
        """Takes and answers until nothing is left for this volunteer, or everybody is asked to stop."""
        while not stop.is_set() and (lent := self._take(project)) is not None:
            value = read_card(truths[lent["item"]], lent["fields"], self.habits, lent["item"], seed)
            body = {"value": value, "submission_key": lent["assignment"]}
            given = self._send(f"/api/v1/assignments/{lent['assignment']}/answer", body)
            self.answers += 1
            self.in_vain += not given["in_time"]

    def _take(self, project: str) -> dict[str, Any] | None:
        lent = self._send(f"/api/v1/projects/{project}/take", {"terms": self.terms})
        return lent if "assignment" in lent else None

    def _send(self, address: str, body: Mapping[str, Any]) -> dict[str, Any]:
        status, came = 0, dict[str, Any]()
        for attempt in range(TRIES_WHEN_BUSY):
            status, came = self.browser.api("POST", address, body)
            if status != 503:
                break
            time.sleep(0.1 * (attempt + 1))
        if status >= 400:
            raise OutsideFailed(
                "%(address)s answered %(status)s: %(detail)s",
                address=address,
                status=status,
                detail=came.get("detail", ""),
            )
        return came


@dataclass
class Crowd:
    """All volunteers of a simulation, and the project that they read for."""

    volunteers: Sequence[Volunteer]
    project: str
    truths: Truths
    seed: int
    database: Database
    project_id: int
    problems: list[Exception] = field(default_factory=list)

    @property
    def answers(self) -> int:
        return sum(one.answers for one in self.volunteers)

    @property
    def in_vain(self) -> int:
        return sum(one.in_vain for one in self.volunteers)

    def answer_everything(self, look: Callable[[], None]) -> None:
        """Everybody answers until nobody is asked any more, also not about what settling raised.

        ``look`` is called some times a second. Raises what went wrong for any volunteer.
        """
        before = -1
        while self.answers > before:
            before = self.answers
            self._one_round(look)
            self._wait_for_settling(look)

    def _one_round(self, look: Callable[[], None]) -> None:
        stop = threading.Event()
        # Daemons: a simulation that is stopped does not wait for answers that are on their way.
        threads = [threading.Thread(target=self._answer, args=(one, stop), daemon=True) for one in self.volunteers]
        try:
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                look()
                time.sleep(LOOK_S)
        finally:
            stop.set()
        if self.problems:
            raise self.problems[0]

    def _answer(self, one: Volunteer, stop: threading.Event) -> None:
        try:
            one.answer_all(self.project, self.truths, self.seed, stop)
        except (MicroError, OSError, http.client.HTTPException, ValueError, KeyError) as problem:
            if not stop.is_set():
                self.problems.append(problem)

    def _wait_for_settling(self, look: Callable[[], None]) -> None:
        end = time.monotonic() + SETTLING_S
        while self._is_behind():
            if time.monotonic() > end:
                raise OutsideFailed(
                    "Answers were not settled within %(seconds)s seconds; does a worker run?", seconds=SETTLING_S
                )
            look()
            time.sleep(LOOK_S)

    def _is_behind(self) -> bool:
        with self.database.reading() as session:
            return self.project_id in settling.projects_behind(session)
