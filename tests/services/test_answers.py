"""Answering: every way that things may have changed meanwhile has one defined answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from micro.data.models import Answer, Assignment, Project, Record, RecordVersion, Setup, Task, Volunteer
from micro.errors import BadAnswer, Closed
from micro.house import House
from micro.services import assignments, forms
from micro.services.answers import Given, answers_given, give_answer
from micro.services.assignments import LendingRule, assignment_of, lend_task
from micro.services.people import volunteer_of_cookie
from micro.services.settling import settle_some
from tests.cast import FORM, Cast, add_cards, good_answer
from tests.conftest import Clock

RULE = LendingRule(lease_s=600, open_leases=10)


class Bench:
    """One card that two people shall read, and short words for what they do."""

    def __init__(self, house: House, cast: Cast) -> None:
        self.house, self.project_id = house, cast.project.id
        with house.database.writing() as session:
            add_cards(session, house, session.get_one(Project, self.project_id), 1)
            self.task_id = session.scalars(select(Task.id)).one()
            self.people = {
                name: volunteer_of_cookie(session, name, house.clock()).id for name in ("ada", "ben", "mia", "cleo")
            }

    def take(self, who: str) -> str:
        with self.house.database.writing() as session:
            lent = lend_task(
                session,
                session.get_one(Project, self.project_id),
                session.get_one(Volunteer, self.people[who]),
                self.house.clock(),
                RULE,
            )
            assert lent is not None
            return lent.public_id

    def answer(self, who: str, place: str, key: str = "key", value: Any = None) -> Given:
        with self.house.database.writing() as session:
            held = assignment_of(session, place, session.get_one(Volunteer, self.people[who]), hold=True)
            return give_answer(session, held, good_answer() if value is None else value, key, self.house.clock())

    def skip(self, who: str, place: str) -> None:
        with self.house.database.writing() as session:
            held = assignment_of(session, place, session.get_one(Volunteer, self.people[who]), hold=True)
            assignments.skip_task(session, held)

    def project_becomes(self, state: str) -> None:
        with self.house.database.writing() as session:
            session.get_one(Project, self.project_id).state = state

    def settle(self) -> int:
        with self.house.database.writing() as session:
            return settle_some(session, self.project_id, self.house.clock())

    def counts(self) -> tuple[int, int]:
        """Answered and lent."""
        with self.house.database.reading() as session:
            task = session.get_one(Task, self.task_id)
            return task.answered, task.lent

    def answers(self) -> list[Answer]:
        with self.house.database.reading() as session:
            return list(session.scalars(select(Answer).order_by(Answer.id)))


@pytest.fixture
def bench(house: House, cast: Cast) -> Bench:
    return Bench(house, cast)


def test_an_answer_is_kept_as_it_was_read_with_who_when_and_by_which_form(
    bench: Bench, house: House, clock: Clock
) -> None:
    place = bench.take("ada")
    clock.pass_(seconds=30)
    given = bench.answer("ada", place, value=good_answer(object={"value": "  Socketed   axe "}))
    assert given.new
    (kept,) = bench.answers()
    assert kept.value == good_answer()
    assert (kept.number, kept.surplus, kept.at) == (1, False, clock())
    with house.database.reading() as session:
        assert session.get_one(Setup, kept.setup_id).version == 1
        assert session.scalars(select(Assignment.state)).one() == "answered"
        assert session.get_one(Task, bench.task_id).unsettled
        assert answers_given(session, bench.people["ada"]) == 1


def test_an_answer_that_cannot_be_read_changes_nothing(bench: Bench) -> None:
    place = bench.take("ada")
    values: list[Any] = [
        [],
        "axe",
        5,
        {},
        {"object": {"value": "axe"}},
        good_answer(length={"value": "long"}),
        good_answer(colour={"value": "green"}),
        good_answer(material={"value": ["bronze"]}),
    ]
    for value in values:
        with pytest.raises(BadAnswer):
            bench.answer("ada", place, value=value)
    assert bench.answers() == []
    assert bench.counts() == (0, 1)


def test_all_problems_of_an_answer_are_told_at_once(bench: Bench) -> None:
    with pytest.raises(BadAnswer) as caught:
        bench.answer(
            "ada", bench.take("ada"), value=good_answer(object={}, length={"value": "x"}, colour={"value": "green"})
        )
    assert [caught.value.field, *(other.field for other in caught.value.others)] == ["object", "length", "colour"]


def test_the_same_post_again_is_the_first_answer(bench: Bench) -> None:
    place = bench.take("ada")
    first, second = bench.answer("ada", place), bench.answer("ada", place)
    assert (first.new, second.new) == (True, False)
    assert second.answer.id == first.answer.id
    assert bench.counts() == (1, 0)


def test_a_double_click_is_one_answer(bench: Bench) -> None:
    place, gate = bench.take("ada"), Barrier(4)

    def post(_: int) -> bool:
        gate.wait()
        return bench.answer("ada", place).new

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(post, range(4))) == [False, False, False, True]
    assert len(bench.answers()) == 1
    assert bench.counts() == (1, 0)


def test_without_a_key_the_same_words_are_the_same_post(bench: Bench) -> None:
    place = bench.take("ada")
    assert bench.answer("ada", place, key="").new
    assert not bench.answer("ada", place, key="").new
    assert bench.answer("ada", place, key="", value=good_answer(object={"value": "Axe"})).answer.number == 2


def test_any_key_is_taken(bench: Bench) -> None:
    place, number = bench.take("ada"), 0
    for key in ("x" * 500, "number-3", "nul\x00 and \ud800", "é" * 40):
        assert bench.answer("ada", place, key=key).new
        assert not bench.answer("ada", place, key=key).new
        assert bench.answer("ada", place, key="", value=good_answer(object={"value": key[:3]})).new
        number += 2
        assert bench.answers()[-1].number == number


def test_a_correction_is_the_next_number_and_the_first_answer_stays(bench: Bench) -> None:
    place = bench.take("ada")
    bench.answer("ada", place, key="one", value=good_answer(object={"value": "Ax"}))
    second = bench.answer("ada", place, key="two")
    assert (second.answer.number, second.answer.surplus) == (2, False)
    assert [answer.value["object"]["value"] for answer in bench.answers()] == ["Ax", "Socketed axe"]
    assert bench.counts() == (1, 0)


def test_only_the_newest_answer_of_a_volunteer_counts_in_settling(bench: Bench, house: House) -> None:
    ada, ben = bench.take("ada"), bench.take("ben")
    bench.answer("ada", ada, key="one", value=good_answer(object={"value": "Ax"}))
    bench.answer("ben", ben)
    bench.settle()
    bench.answer("ada", ada, key="two")
    assert bench.settle() == 1, "a correction is settled too"
    with house.database.reading() as session:
        record = session.scalars(select(Record)).one()
        version = session.scalars(select(RecordVersion).where(RecordVersion.number == record.current)).one()
        assert version.values["object"]["value"] == "Socketed axe"
        assert version.values["object"]["evidence"][0]["count"] == 2
        assert record.answers_count == 2


def test_a_correction_while_settling_goes_on_is_not_overlooked(bench: Bench, house: House, clock: Clock) -> None:
    """It waits for the end of settling, and is then merged by the next round."""
    ada = bench.take("ada")
    bench.answer("ada", ada, key="one", value=good_answer(object={"value": "Ax"}))
    with ThreadPoolExecutor(1) as threads:
        with house.database.writing() as session:
            settle_some(session, bench.project_id, clock())
            correcting = threads.submit(bench.answer, "ada", ada, "two")
            with pytest.raises(TimeoutError):
                correcting.result(timeout=0.3)
        assert correcting.result(timeout=10).answer.number == 2
    assert bench.settle() == 1


def test_a_lease_that_ran_out_while_the_task_is_free_counts_as_if_in_time(bench: Bench, clock: Clock) -> None:
    ada = bench.take("ada")
    clock.pass_(seconds=601)
    bench.take("ben")  # Brings Ada's lease back.
    assert bench.counts() == (0, 1)
    assert not bench.answer("ada", ada).answer.surplus
    assert bench.counts() == (1, 1)


def test_a_lease_that_ran_out_unnoticed_counts(bench: Bench, clock: Clock) -> None:
    ada = bench.take("ada")
    clock.pass_(days=3)
    assert not bench.answer("ada", ada).answer.surplus
    assert bench.counts() == (1, 0)


def test_an_answer_after_others_took_the_place_is_kept_as_surplus(bench: Bench, clock: Clock) -> None:
    ada = bench.take("ada")
    clock.pass_(seconds=601)
    ben, mia = bench.take("ben"), bench.take("mia")
    late = bench.answer("ada", ada)
    assert late.new
    assert late.answer.surplus
    assert not bench.answer("ben", ben).answer.surplus, "those who were asked are not asked in vain"
    assert not bench.answer("mia", mia).answer.surplus
    assert bench.counts() == (3, 0)
    assert bench.answer("ada", ada, key="again", value=good_answer(object={"value": "Axe"})).answer.surplus


def test_an_answer_to_a_task_that_is_done_is_kept_as_surplus(bench: Bench, house: House) -> None:
    ada = bench.take("ada")
    with house.database.writing() as session:
        session.get_one(Task, bench.task_id).state = "done"
    assert bench.answer("ada", ada).answer.surplus
    assert bench.counts() == (1, 0)


def test_somebody_who_skipped_and_then_answers_after_all_is_heard(bench: Bench) -> None:
    ada = bench.take("ada")
    bench.skip("ada", ada)
    assert not bench.answer("ada", ada).answer.surplus
    assert bench.counts() == (1, 0)


def test_an_answer_is_read_by_the_form_that_was_on_the_screen(bench: Bench, house: House, clock: Clock) -> None:
    ada = bench.take("ada")
    shorter = {"fields": [field for field in FORM["fields"] if field["name"] != "notes"]}
    with house.database.writing() as session:
        forms.change_setup(session, session.get_one(Project, bench.project_id), shorter, clock())
    given = bench.answer("ada", ada)
    assert "notes" in given.answer.value
    with house.database.reading() as session:
        assert session.get_one(Setup, given.answer.setup_id).version == 1


def test_a_project_that_pauses_or_finishes_still_takes_what_is_under_way(bench: Bench) -> None:
    ada, ben = bench.take("ada"), bench.take("ben")
    bench.project_becomes("paused")
    assert bench.answer("ada", ada).new
    bench.project_becomes("finished")
    assert bench.answer("ben", ben).new


def test_a_closed_project_takes_no_answer(bench: Bench) -> None:
    ada = bench.take("ada")
    for state in ("draft", "archived"):
        bench.project_becomes(state)
        with pytest.raises(Closed):
            bench.answer("ada", ada)
    assert bench.answers() == []


def test_two_who_answer_at_the_same_moment_are_both_counted(bench: Bench) -> None:
    places = {who: bench.take(who) for who in ("ada", "ben")}
    gate = Barrier(2)

    def post(who: str) -> bool:
        gate.wait()
        return bench.answer(who, places[who]).answer.surplus

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(post, places)) == [False, False]
    assert bench.counts() == (2, 0)
