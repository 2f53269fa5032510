"""Eight at once lend, answer, skip, let leases run out and post twice, while settling goes on.

The promise: at the end every task has exactly the answers that it wants, no lease is left over, and nobody was asked
in vain. Shown on SQLite and on PostgreSQL, where "database is locked" and deadlocks would come to light as errors.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

import pytest
from sqlalchemy import func, select

from micro.data.models import Answer, Assignment, Item, Project, Record, Task, Volunteer
from micro.errors import Conflict, TooMuch
from micro.house import House
from micro.services import answers, assignments, settling
from micro.services.assignments import LendingRule
from micro.services.people import volunteer_of_cookie
from tests.cast import Cast, add_cards, good_answer
from tests.conftest import Clock

TASKS, WANTED, CLIENTS, PEOPLE = 60, 3, 8, 16
LIMIT_S = 35
RULE = LendingRule(lease_s=600, open_leases=10)


@dataclass
class Storm:
    """What the clients share: the house, the volunteers, and how bad the weather is."""

    house: House
    project_id: int
    people: list[int]
    clock: Clock
    expiries: bool
    until: float = field(default_factory=lambda: time.monotonic() + LIMIT_S)
    moving: Lock = field(default_factory=Lock)

    def run(self, client: int) -> Counter[str]:
        """One client: it works for two volunteers, each of whom another client works for too (their second tab)."""
        chance, seen, empty = random.Random(client), Counter[str](), 0
        mine = [self.people[client], self.people[(client + 1) % CLIENTS], *self.people[CLIENTS:]]
        while empty < len(mine):
            assert time.monotonic() < self.until, f"not finished after {LIMIT_S} s: {seen}"
            done = self.one_task(chance.choice(mine), chance)
            seen[done] += 1
            empty = empty + 1 if done == "nothing" else 0
            if chance.random() < 0.1:
                self.settle()
        return seen

    def one_task(self, person: int, chance: random.Random) -> str:
        try:
            with self.house.database.writing() as session:
                project, volunteer = session.get_one(Project, self.project_id), session.get_one(Volunteer, person)
                lent = assignments.lend_task(session, project, volunteer, self.now(), RULE, fresh=chance.random() < 0.3)
                place = None if lent is None else lent.public_id
        except TooMuch:
            self.move_on(RULE.lease_s)
            return "too much"
        if place is None:
            self.move_on(RULE.lease_s // 10)
            return "nothing"
        if self.expiries and chance.random() < 0.15:
            self.move_on(RULE.lease_s // 3)
            if chance.random() < 0.7:
                return "left lying"
        if random.Random(place).random() < 0.05:  # By the task, so that both tabs of a volunteer skip the same.
            self.skip(person, place)
            return "skipped"
        self.renew_or_not(person, place, chance)
        copies = 2 if chance.random() < 0.3 else 1
        for _ in range(copies):
            self.answer(person, place, chance)
        return "answered"

    def answer(self, person: int, place: str, chance: random.Random) -> None:
        with self.house.database.writing() as session:
            held = assignments.assignment_of(session, place, session.get_one(Volunteer, person), hold=True)
            said = good_answer(object={"value": chance.choice(["Socketed axe", "Flat axe"])})
            answers.give_answer(session, held, said, f"form of {place}", self.now())

    def skip(self, person: int, place: str) -> None:
        with self.house.database.writing() as session:
            assignments.skip_task(
                session, assignments.assignment_of(session, place, session.get_one(Volunteer, person), hold=True)
            )

    def renew_or_not(self, person: int, place: str, chance: random.Random) -> None:
        if chance.random() > 0.2:
            return
        try:
            with self.house.database.writing() as session:
                held = assignments.assignment_of(session, place, session.get_one(Volunteer, person), hold=True)
                assignments.renew_lease(session, held, self.now(), RULE)
        except Conflict:
            pass  # Answered in the other tab, or others read it meanwhile.

    def settle(self) -> None:
        with self.house.database.writing() as session:
            settling.settle_some(session, self.project_id, self.now(), most=10)

    def now(self) -> datetime:
        return self.clock()

    def move_on(self, seconds: int) -> None:
        if self.expiries:
            with self.moving:
                self.clock.now += timedelta(seconds=seconds)


@pytest.mark.parametrize("expiries", [False, True], ids=["nobody leaves", "leases run out"])
def test_nothing_is_asked_in_vain_and_nothing_is_left_unfinished(
    house: House, cast: Cast, clock: Clock, expiries: bool
) -> None:
    people = prepare(house, cast)
    storm = Storm(house, cast.project.id, people, clock, expiries)
    with ThreadPoolExecutor(CLIENTS) as clients:
        seen = sum(
            (running.result() for running in [clients.submit(storm.run, n) for n in range(CLIENTS)]), Counter[str]()
        )
    finish(storm)
    check(house, cast.project.id, expiries)
    assert seen["answered"] >= TASKS * WANTED
    assert seen["skipped"] > 0
    assert bool(seen["left lying"]) is expiries


def prepare(house: House, cast: Cast) -> list[int]:
    """Sixty cards that three people shall read, and everybody who will."""
    with house.database.writing() as session:
        project = session.get_one(Project, cast.project.id)
        project.min_answers = project.max_answers = WANTED
        add_cards(session, house, project, TASKS)
        return [volunteer_of_cookie(session, f"visitor {number}", house.clock()).id for number in range(PEOPLE)]


def finish(storm: Storm) -> None:
    """The last ones come by after the storm: people who have seen nothing yet take whatever is left."""
    for number in range(WANTED):
        with storm.house.database.writing() as session:
            person = volunteer_of_cookie(session, f"latecomer {number}", storm.now()).id
        storm.move_on(RULE.lease_s + 1)
        while storm.one_task(person, Quiet()) != "nothing":
            pass
    for _ in range(TASKS):
        storm.settle()


class Quiet(random.Random):
    """Somebody who always answers, once."""

    def random(self) -> float:
        return 0.9


def check(house: House, project_id: int, expiries: bool) -> None:
    with house.database.reading() as session:
        tasks = session.scalars(select(Task).where(Task.project_id == project_id)).all()
        states = Counter((a.task_id, a.state) for a in session.scalars(select(Assignment)))
        given = session.scalars(select(Answer)).all()
        records = session.scalar(
            select(func.count()).select_from(Record).join(Item).where(Item.project_id == project_id)
        )
    readers = Counter(task for task, _ in {(answer.task_id, answer.assignment_id) for answer in given})
    surplus = Counter(answer.task_id for answer in given if answer.surplus)
    assert len(tasks) == TASKS
    for task in tasks:
        assert task.answered == states[task.id, "answered"] == readers[task.id]
        assert task.lent == states[task.id, "lent"] == 0
        assert task.answered == task.wanted or (
            expiries and task.answered - surplus[task.id] <= task.wanted < task.answered
        )
        assert task.state == "done"
        assert not task.unsettled
    assert all(answer.number == 1 for answer in given), "a post that came twice is one answer"
    assert records == TASKS
    if not expiries:
        assert not surplus
        assert all(task.answered == WANTED for task in tasks)
