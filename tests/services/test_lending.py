"""Lending tasks: counted toward what is needed, never twice to one volunteer, free again when the lease ran out."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier
from typing import TypeVar

import pytest
from sqlalchemy import select

from micro.core.states import ASSIGNMENT
from micro.data.models import Account, Assignment, Project, Task, Volunteer
from micro.errors import BadAnswer, Closed, Conflict, NotFound, TooMuch
from micro.house import House
from micro.services import answers, assignments, forms
from micro.services.assignments import LendingRule, lend_task
from micro.services.people import volunteer_of_account, volunteer_of_cookie
from tests.cast import Cast, add_cards, good_answer, make_project
from tests.conftest import Clock

RULE = LendingRule(lease_s=600, open_leases=3)
Returned = TypeVar("Returned")


class Desk:
    """Short words for what volunteers do, each in a transaction of its own."""

    def __init__(self, house: House, project: Project) -> None:
        self.house, self.project_id = house, project.id

    def volunteer(self, who: Account | str) -> int:
        with self.house.database.writing() as session:
            now = self.house.clock()
            made = (
                volunteer_of_cookie(session, who, now)
                if isinstance(who, str)
                else volunteer_of_account(session, who.id, now)
            )
            return made.id

    def take(
        self, volunteer: int, *, fresh: bool = False, rule: LendingRule = RULE, project: int = 0
    ) -> Assignment | None:
        with self.house.database.writing() as session:
            found = session.get_one(Project, project or self.project_id)
            return lend_task(
                session, found, session.get_one(Volunteer, volunteer), self.house.clock(), rule, fresh=fresh
            )

    def task_of(self, volunteer: int, *, fresh: bool = False) -> int:
        lent = self.take(volunteer, fresh=fresh)
        assert lent is not None
        return lent.task_id

    def act(self, lent: Assignment, volunteer: int, do: Callable[..., object], *more: object) -> object:
        with self.house.database.writing() as session:
            held = assignments.assignment_of(session, lent.public_id, session.get_one(Volunteer, volunteer), hold=True)
            return do(session, held, *more)

    def answer(self, lent: Assignment, volunteer: int, key: str = "") -> bool:
        """Whether it counted."""
        given = self.act(lent, volunteer, answers.give_answer, good_answer(), key or lent.public_id, self.house.clock())
        assert isinstance(given, answers.Given)
        return not given.answer.surplus

    def skip(self, lent: Assignment, volunteer: int) -> None:
        self.act(lent, volunteer, assignments.skip_task)

    def renew(self, lent: Assignment, volunteer: int) -> None:
        self.act(lent, volunteer, assignments.renew_lease, self.house.clock(), RULE)

    def task(self, task_id: int) -> Task:
        with self.house.database.reading() as session:
            return session.get_one(Task, task_id)

    def state_of(self, lent: Assignment) -> str:
        with self.house.database.reading() as session:
            return session.get_one(Assignment, lent.id).state


@pytest.fixture
def desk(house: House, cast: Cast) -> Desk:
    """A live project of three cards, each asked twice."""
    with house.database.writing() as session:
        add_cards(session, house, session.get_one(Project, cast.project.id), 3)
    return Desk(house, cast.project)


@pytest.fixture
def ada(desk: Desk, cast: Cast) -> int:
    return desk.volunteer(cast.ada)


@pytest.fixture
def ben(desk: Desk, cast: Cast) -> int:
    return desk.volunteer(cast.ben)


@pytest.fixture
def mia(desk: Desk, cast: Cast) -> int:
    return desk.volunteer(cast.mia)


def test_a_lease_counts_toward_what_is_needed(desk: Desk, ada: int, ben: int, mia: int) -> None:
    first = desk.task_of(ada)
    assert desk.task(first).lent == 1
    assert desk.task_of(ben) == first
    assert desk.task(first).lent == 2
    assert desk.task_of(mia) != first, "two are wanted and two are reading it"


def test_an_answer_takes_the_place_of_its_lease(desk: Desk, ada: int, ben: int) -> None:
    lent = desk.take(ada)
    assert lent is not None
    assert desk.answer(lent, ada)
    task = desk.task(lent.task_id)
    assert (task.answered, task.lent, task.state, task.unsettled) == (1, 0, "open", True)
    assert desk.task_of(ben) == lent.task_id


def test_a_task_that_is_held_is_given_again_and_its_lease_renewed(desk: Desk, ada: int, clock: Clock) -> None:
    first = desk.take(ada)
    clock.pass_(seconds=500)
    again = desk.take(ada)
    assert first is not None
    assert again is not None
    assert again.id == first.id
    assert (again.expires_at - clock()).total_seconds() == RULE.lease_s
    assert desk.task(first.task_id).lent == 1


def test_a_fresh_task_is_another_one(desk: Desk, ada: int) -> None:
    tasks = [desk.task_of(ada, fresh=True) for _ in range(3)]
    assert len(set(tasks)) == 3
    assert [desk.task(task).lent for task in tasks] == [1, 1, 1]


def test_never_the_same_task_twice_after_an_answer_or_a_skip(desk: Desk, ada: int) -> None:
    seen = []
    for number in range(3):
        lent = desk.take(ada)
        assert lent is not None
        seen.append(lent.task_id)
        desk.skip(lent, ada) if number == 1 else desk.answer(lent, ada)
    assert len(set(seen)) == 3
    assert desk.take(ada) is None
    assert desk.task(seen[1]).lent == 0, "a skipped task is free for others"


def test_a_skipped_task_goes_to_somebody_else(desk: Desk, ada: int, ben: int) -> None:
    lent = desk.take(ada)
    assert lent is not None
    desk.skip(lent, ada)
    desk.skip(lent, ada)  # Twice changes nothing.
    assert desk.task(lent.task_id).lent == 0
    assert desk.task_of(ben) == lent.task_id


def test_what_was_answered_cannot_be_skipped(desk: Desk, ada: int) -> None:
    lent = desk.take(ada)
    assert lent is not None
    desk.answer(lent, ada)
    with pytest.raises(Conflict):
        desk.skip(lent, ada)


def test_a_lease_that_ran_out_frees_the_task(desk: Desk, ada: int, ben: int, mia: int, clock: Clock) -> None:
    first = desk.take(ada)
    assert first is not None
    assert desk.task_of(ben) == first.task_id
    clock.pass_(seconds=RULE.lease_s)
    assert desk.task_of(mia) == first.task_id
    assert desk.state_of(first) == "expired"
    assert desk.task(first.task_id).lent == 1


def test_a_task_whose_lease_ran_out_may_come_back_to_the_same_volunteer(
    desk: Desk, ada: int, ben: int, clock: Clock
) -> None:
    first = desk.take(ada)
    assert first is not None
    clock.pass_(seconds=RULE.lease_s + 1)
    desk.take(ben)  # Brings back what ran out.
    assert desk.state_of(first) == "expired"
    again = desk.take(ada)
    assert again is not None
    assert again.id == first.id
    assert desk.state_of(first) == "lent"
    assert desk.task(first.task_id).lent == 2


def test_a_lease_that_ran_out_unnoticed_is_simply_renewed(desk: Desk, ada: int, clock: Clock) -> None:
    first = desk.take(ada)
    clock.pass_(seconds=RULE.lease_s * 2)
    again = desk.take(ada)
    assert first is not None
    assert again is not None
    assert again.id == first.id
    assert desk.task(first.task_id).lent == 1


def test_a_lease_is_prolonged_by_working_on_it(desk: Desk, ada: int, ben: int, mia: int, clock: Clock) -> None:
    lent = desk.take(ada)
    assert lent is not None
    assert desk.task_of(ben) == lent.task_id
    clock.pass_(seconds=RULE.lease_s - 1)
    desk.renew(lent, ada)
    clock.pass_(seconds=RULE.lease_s - 1)
    desk.take(mia)
    assert desk.state_of(lent) == "lent"


def test_a_draft_is_kept_and_prolongs_the_lease(desk: Desk, house: House, ada: int, clock: Clock) -> None:
    lent = desk.take(ada)
    assert lent is not None
    clock.pass_(seconds=500)
    desk.act(lent, ada, assignments.keep_draft, {"object": {"value": "half a wo"}}, clock(), RULE)
    with house.database.reading() as session:
        kept = session.get_one(Assignment, lent.id)
        assert kept.draft == {"object": {"value": "half a wo"}}
        assert (kept.expires_at - clock()).total_seconds() == RULE.lease_s
    assert desk.answer(lent, ada)
    with house.database.reading() as session:
        assert session.get_one(Assignment, lent.id).draft is None
    with pytest.raises(Conflict):
        desk.act(lent, ada, assignments.keep_draft, {}, clock(), RULE)


def test_a_lease_that_ran_out_is_taken_up_again_while_the_task_is_free(
    desk: Desk, ada: int, ben: int, clock: Clock
) -> None:
    lent = desk.take(ada)
    assert lent is not None
    clock.pass_(seconds=RULE.lease_s)
    desk.take(ben)
    assert desk.state_of(lent) == "expired"
    desk.renew(lent, ada)
    assert desk.state_of(lent) == "lent"
    assert desk.task(lent.task_id).lent == 2


def test_a_lease_that_ran_out_is_not_taken_up_when_others_are_on_it(
    desk: Desk, ada: int, ben: int, mia: int, clock: Clock
) -> None:
    lent = desk.take(ada)
    assert lent is not None
    clock.pass_(seconds=RULE.lease_s)
    assert desk.task_of(ben) == desk.task_of(mia) == lent.task_id
    with pytest.raises(Conflict):
        desk.renew(lent, ada)
    assert desk.task(lent.task_id).lent == 2


def test_nobody_holds_more_tasks_than_allowed(desk: Desk, ada: int) -> None:
    rule = LendingRule(600, 2)
    desk.take(ada, fresh=True, rule=rule)
    desk.take(ada, fresh=True, rule=rule)
    with pytest.raises(TooMuch):
        desk.take(ada, fresh=True, rule=rule)


def test_leases_in_all_projects_count_until_they_run_out(
    desk: Desk, house: House, cast: Cast, ada: int, clock: Clock
) -> None:
    with house.database.writing() as session:
        other = make_project(session, session.merge(cast.collection), clock(), "other")
        add_cards(session, house, other, 1)
        other_id = other.id
    rule = LendingRule(600, 1)
    desk.take(ada, rule=rule)
    with pytest.raises(TooMuch):
        desk.take(ada, rule=rule, project=other_id)
    clock.pass_(seconds=601)
    assert desk.take(ada, rule=rule, project=other_id) is not None


def test_tasks_of_higher_priority_come_first(desk: Desk, house: House, ada: int) -> None:
    with house.database.writing() as session:
        urgent = session.scalars(select(Task).order_by(Task.position.desc()).limit(1)).one()
        urgent.priority = 5
        wanted = urgent.id
    assert desk.task_of(ada) == wanted


def test_a_project_finishes_cards_first_or_spreads_over_all(
    desk: Desk, house: House, ada: int, ben: int, mia: int
) -> None:
    lent = desk.take(ada)
    assert lent is not None
    desk.answer(lent, ada)
    assert desk.task_of(ben) == lent.task_id
    with house.database.writing() as session:
        session.get_one(Project, desk.project_id).task_order = "spread"
        session.get_one(Task, lent.task_id).wanted = 5
    assert desk.task_of(mia) != lent.task_id


def test_tasks_come_in_the_order_of_the_drawer(desk: Desk, house: House, ada: int) -> None:
    tasks = [desk.task_of(ada, fresh=True) for _ in range(3)]
    assert [desk.task(task).position for task in tasks] == [1, 2, 3]


def test_only_a_live_project_lends(desk: Desk, house: House, ada: int) -> None:
    for state in ("draft", "paused", "finished", "archived"):
        with house.database.writing() as session:
            session.get_one(Project, desk.project_id).state = state
        with pytest.raises(Closed):
            desk.take(ada)


def test_a_held_task_that_a_professional_decided_meanwhile_is_not_given_again(
    desk: Desk, house: House, ada: int
) -> None:
    first = desk.take(ada)
    assert first is not None
    with house.database.writing() as session:
        session.get_one(Task, first.task_id).state = "done"
    assert desk.task_of(ada) != first.task_id


def test_a_task_is_lent_with_the_form_of_that_moment(
    desk: Desk, house: House, ada: int, ben: int, clock: Clock
) -> None:
    first = desk.take(ada)
    with house.database.writing() as session:
        project = session.get_one(Project, desk.project_id)
        newer = forms.change_setup(session, project, projects_form(session, project), clock()).id
    second = desk.take(ben)
    assert first is not None
    assert second is not None
    assert first.setup_id != newer
    assert second.setup_id == newer


def projects_form(session: object, project: Project) -> dict[str, object]:
    return dict(assignments.current_setup(session, project.id).body)  # type: ignore[arg-type]


def test_an_assignment_of_somebody_else_is_not_found(desk: Desk, house: House, ada: int, ben: int) -> None:
    lent = desk.take(ada)
    assert lent is not None
    with house.database.writing() as session:
        for hold in (False, True):
            with pytest.raises(NotFound):
                assignments.assignment_of(session, lent.public_id, session.get_one(Volunteer, ben), hold=hold)
            with pytest.raises(NotFound):
                assignments.assignment_of(session, lent.public_id, None, hold=hold)
            with pytest.raises(NotFound):
                assignments.assignment_of(session, "nosuchthing", session.get_one(Volunteer, ada), hold=hold)


def test_something_wrong_with_a_task_is_reported_in_words(desk: Desk, ada: int, clock: Clock) -> None:
    lent = desk.take(ada)
    assert lent is not None
    desk.act(lent, ada, assignments.report_task, " upside down ", clock())
    with pytest.raises(BadAnswer):
        desk.act(lent, ada, assignments.report_task, "  ", clock())


def test_two_tabs_of_one_volunteer_get_one_task(desk: Desk, ada: int) -> None:
    lent = together([lambda: desk.task_of(ada)] * 6)
    assert len(set(lent)) == 1
    assert desk.task(lent[0]).lent == 1


def test_two_tabs_cannot_pass_the_limit_of_open_tasks(desk: Desk, ada: int) -> None:
    rule = LendingRule(600, 2)

    def take() -> str:
        try:
            return "lent" if desk.take(ada, fresh=True, rule=rule) else "none"
        except TooMuch:
            return "too much"

    assert sorted(together([take] * 5)) == ["lent", "lent", "too much", "too much", "too much"]


def test_many_at_once_are_lent_no_more_than_is_needed(desk: Desk) -> None:
    people = [desk.volunteer(f"visitor {number}") for number in range(8)]
    together([lambda who=who: desk.take(who) for who in people])  # type: ignore[misc]
    with desk.house.database.reading() as session:
        tasks = session.scalars(select(Task)).all()
        assert sum(task.lent for task in tasks) == 6, "three cards, two readers each"
        assert all(task.lent == 2 for task in tasks)


def test_whoever_asks_while_another_holds_the_last_free_task_waits_for_it(
    desk: Desk, house: House, ada: int, ben: int
) -> None:
    """Settling holds a task for a moment; nobody is sent home because of that."""
    with house.database.writing() as session:
        for task in session.scalars(select(Task).order_by(Task.position).offset(1)):
            task.state = "done"
    only = desk.task_of(ada)
    with ThreadPoolExecutor(1) as others:
        with house.database.writing() as session:
            assignments.hold_task(session, only)
            waiting = others.submit(desk.task_of, ben)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.3)
        assert waiting.result(timeout=10) == only


def test_answering_in_one_tab_while_the_other_takes_never_ends_in_a_circle(
    desk: Desk, house: House, ada: int, ben: int, clock: Clock
) -> None:
    """An answer after the lease ran out, and the same task on offer again: both need its row and the assignment's."""
    lent = desk.take(ada)
    assert lent is not None
    clock.pass_(seconds=RULE.lease_s)
    desk.take(ben)  # Brings Ada's lease back.
    with ThreadPoolExecutor(1) as other_tab:
        with house.database.writing() as session:
            held = assignments.assignment_of(session, lent.public_id, session.get_one(Volunteer, ada), hold=True)
            taking = other_tab.submit(desk.take, ada)
            with suppress(TimeoutError):
                taking.result(timeout=0.3)
            assert not answers.give_answer(session, held, good_answer(), "late", clock()).answer.surplus
        other = taking.result(timeout=10)
    assert other is not None
    assert other.task_id != lent.task_id


def test_the_table_of_states_names_every_state() -> None:
    assert set(ASSIGNMENT) == {onward for moves in ASSIGNMENT.values() for onward in moves}


def together(calls: list[Callable[[], Returned]]) -> list[Returned]:
    """Runs all of them at the same moment, each in a thread; returns what they return, or raises what they raise."""
    gate = Barrier(len(calls))

    def start(call: Callable[[], Returned]) -> Returned:
        gate.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return [running.result(timeout=30) for running in [threads.submit(start, call) for call in calls]]
