"""Known answers: marked, lent among the others, checked, and never part of a record."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from micro.core.gold import compared, is_due
from micro.data.models import Answer, Assignment, Gold, Project, Record, Task, Volunteer
from micro.errors import BadAnswer, Conflict, NotFound
from micro.house import House
from micro.kinds import kind_named
from micro.services import fitting, gold, people, practice, setting_aside, teaching, trials
from micro.services.answers import give_answer
from micro.services.assignments import (
    LendingRule,
    assignment_of,
    bring_back,
    held_assignment,
    lend_task,
    renew_lease,
    skip_task,
)
from micro.services.projects import move_project
from micro.services.review.sight import look_at
from tests.cast import FORM, Cast, add_cards, good_answer
from tests.conftest import Clock
from tests.services.reading import decided, disputed, record_of, settle, tasks_of

RULE = LendingRule(lease_s=3600, open_leases=50)
FIELDS = {field.name: field for field in kind_named("transcribe").fields(FORM)}


def reader(session: Session, house: House, who: str = "ada") -> Volunteer:
    return people.volunteer_of_cookie(session, who, house.clock())


def take(session: Session, house: House, project: Project, who: str = "ada") -> Assignment | None:
    return lend_task(session, project, reader(session, house, who), house.clock(), RULE, fresh=True)


def cards_known(session: Session, house: House, cast: Cast, count: int = 3, use: str = "mixed", **more: Any) -> Project:
    """A project with ``count`` + 6 cards, of which ``count`` are known to say good_answer(), without a decision."""
    project = session.merge(cast.project)
    add_cards(session, house, project, count + 6)
    for number in range(1, count + 1):
        item = gold.item_called(session, project, f"HM {number}")
        gold.mark_typed(
            session, project, item, good_answer(), use, cast.mia.id, house.clock(), **{"decides": False, **more}
        )
    return project


# --- when one is due ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("every", [2, 3, 7, 20])
def test_exactly_one_turn_in_each_so_many_is_due(every: int) -> None:
    for block in range(5):
        assert sum(is_due("someone", block * every + place, every) for place in range(every)) == 1


def test_where_it_stands_differs_from_person_to_person() -> None:
    places = {next(turn for turn in range(20) if is_due(f"person {number}", turn, 20)) for number in range(100)}
    assert len(places) > 15


def test_without_a_rate_none_is_ever_due() -> None:
    assert not any(is_due("someone", turn, 0) for turn in range(100))


# --- comparing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "known", "said", "verdict"),
    [
        ("object", {"value": "Socketed axe"}, {"value": "socketed  axe."}, "right"),
        ("object", {"value": "Socketed axe"}, {"value": "Socketed axc", "mark": "unsure"}, "near"),
        ("object", {"value": "Socketed axe"}, {"value": "Brooch"}, "other"),
        ("object", {"value": "Socketed axe"}, {"mark": "unsure"}, "unsure"),
        ("object", {"value": "Socketed axe"}, {"mark": "blank"}, "other"),
        ("object", {"mark": "blank"}, {"mark": "blank"}, "right"),
        ("object", {"mark": "blank"}, {"value": "x"}, "other"),
        ("material", {"value": "gold"}, {"value": "bronze"}, "other"),
        ("length", {"value": {"amount": "1.2", "unit": "cm"}}, {"value": {"amount": "1.20", "unit": "cm"}}, "right"),
        ("length", {"value": {"amount": "12", "unit": "cm"}}, {"value": {"amount": "12", "unit": "mm"}}, "near"),
        ("found_on", {"value": "1907-10-12"}, {"value": "1907-10-13"}, "near"),
        ("found_on", {"value": "1907-10-12"}, {"value": "1908-10-13"}, "other"),
    ],
)
def test_a_saying_beside_what_is_known(name: str, known: Any, said: Any, verdict: str) -> None:
    assert compared(FIELDS[name], known, said) == verdict


# --- marking --------------------------------------------------------------------------------------------------------


def test_what_a_professional_decided_is_known_in_one_step(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        with pytest.raises(Conflict):
            gold.mark_decided(session, record.project, record.item, "mixed", cast.mia.id, house.clock())
        decided(session, house, record, cast.ben, "amend", values={"object": {"value": "Palstave"}})
        assert gold.decided_items(session, record.project, 10) == [record.item]
        (made,) = gold.mark_decided(session, record.project, record.item, "mixed", cast.mia.id, house.clock())
        assert made.values["object"] == {"value": "Palstave"}
        assert set(made.values) == {"object", "material", "length", "found_on", "notes"}
        assert gold.decided_items(session, record.project, 10) == []


def test_typed_values_become_the_decision_so_that_nobody_is_asked_in_vain(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = cards_known(session, house, cast, 1, decides=True)
        item = gold.item_called(session, project, "HM 1")
        record = record_of(session, item)
        assert record.state == "decided"
        assert [task.state for task in tasks_of(session, item)] == ["done"]
        assert look_at(session, record).field("object").said == {"value": "Socketed axe"}  # type: ignore[union-attr]


def test_values_that_cannot_be_read_are_not_known(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 1)
        item = gold.item_called(session, project, " HM  1 ")
        with pytest.raises(BadAnswer) as refused:
            gold.mark_typed(session, project, item, good_answer(object={}), "mixed", cast.mia.id, house.clock())
        assert refused.value.field == "object"
        with pytest.raises(BadAnswer):
            gold.item_called(session, project, "HM 99")


def test_marked_again_it_has_the_new_values_and_is_still_one(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = cards_known(session, house, cast, 1)
        item = gold.item_called(session, project, "HM 1")
        said = good_answer(object={"value": "Palstave"})
        gold.mark_typed(session, project, item, said, "practice", cast.mia.id, house.clock(), decides=False)
        (only,) = session.scalars(select(Gold))
        assert (only.values["object"], only.state) == ({"value": "Palstave"}, "practice")


def test_a_known_answer_is_told_to_differ_once_somebody_decides_otherwise(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = cards_known(session, house, cast, 1, decides=True)
        (row,), total = gold.gold_rows(session, project)
        assert (row.is_outdated, total) == (False, 1)
        record = record_of(session, row.item)
        decided(session, house, record, cast.ben, "amend", values={"object": {"value": "Palstave"}})
        assert gold.gold_rows(session, project)[0][0].is_outdated


def test_a_known_answer_of_another_project_is_not_found(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = cards_known(session, house, cast, 1)
        (only,) = session.scalars(select(Gold))
        other = session.merge(project)
        with pytest.raises(NotFound):
            gold.gold_named(session, other, "nothing")
        assert gold.gold_named(session, project, only.public_id) is only


@pytest.mark.parametrize("every", [1, -1, 1001, None, "20", 2.5])
def test_a_rate_that_is_none_is_refused(house: House, cast: Cast, every: Any) -> None:
    with house.database.writing() as session, pytest.raises(BadAnswer):
        gold.set_rate(session, session.merge(cast.project), every, False)


# --- lending --------------------------------------------------------------------------------------------------------


def test_one_in_so_many_is_a_known_one_and_never_twice_the_same(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = cards_known(session, house, cast, 2, decides=True)
        gold.set_rate(session, project, 2, False)
        lent = []
        while (one := take(session, house, project)) is not None:
            lent.append(one)
        known = [one for one in lent if one.gold]
        assert len(known) == len({one.task_id for one in known}) == 2
        assert len({one.task_id for one in lent}) == len(lent) == 8  # All the cards, each once.
        assert sum(one.gold for one in lent[:4]) == 2


def test_a_known_card_takes_no_place_among_those_that_are_wanted(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = cards_known(session, house, cast, 1)
        gold.set_rate(session, project, 2, False)
        task = session.scalars(select(Task).join(Gold, Gold.task_id == Task.id)).one()
        lent = [take(session, house, project, who) for who in ("ada", "ben", "cleo", "dan", "eve") for _ in range(2)]
        known = [one for one in lent if one is not None and one.gold]
        assert len(known) >= 3
        ordinary = [one for one in lent if one is not None and not one.gold and one.task_id == task.id]
        assert task.lent == len(ordinary)
        skip_task(session, known[0])
        assert task.lent == len(ordinary)


def test_without_any_left_the_volunteer_gets_an_ordinary_card(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 3)
        gold.set_rate(session, project, 2, False)
        lent = [take(session, house, project) for _ in range(3)]
        assert all(one is not None and not one.gold for one in lent)


def test_who_practised_on_a_card_is_not_tested_on_it(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = cards_known(session, house, cast, 1)
        gold.set_rate(session, project, 2, False)
        (only,) = session.scalars(select(Gold))
        ada = reader(session, house)
        practice.note_practice(session, project, ada, "done", [only.public_id], house.clock())
        lent = [take(session, house, project) for _ in range(4)]
        assert not any(one is not None and one.gold for one in lent)


def known_in_hand(session: Session, house: House, project: Project) -> Assignment:
    """A known card in somebody's hands; ordinary ones are skipped on the way, and may be the very one that is known."""
    gold.set_rate(session, project, 2, False)
    for number in range(20):
        while (lent := take(session, house, project, f"ada {number}")) is not None:
            if lent.gold:
                return lent
            skip_task(session, lent)
    raise AssertionError("no known card came")


def test_it_is_given_again_while_it_is_held_and_after_its_lease_ran_out(house: House, cast: Cast, clock: Clock) -> None:
    with house.database.writing() as session:
        project = cards_known(session, house, cast, 2, decides=True)
        lent = known_in_hand(session, house, project)
        assert lent.task.state == "done"
        assert held_assignment(session, project.id, lent.volunteer_id) is lent
        clock.pass_(hours=2)
        assert bring_back(session, project.id, clock()) == 1
        assert (lent.state, lent.task.lent) == ("expired", 0)
        renew_lease(session, lent, clock(), RULE)
        assert (lent.state, lent.task.lent) == ("lent", 0)


# --- answering ------------------------------------------------------------------------------------------------------


def test_its_answer_is_checked_field_by_field_and_never_reaches_the_record(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = cards_known(session, house, cast, 1, decides=True)
        lent = known_in_hand(session, house, project)
        record = record_of(session, lent.task.item)
        before = (record.revision, record.answers_count, record.state, lent.task.answered, lent.task.wanted)
        said = good_answer(object={"value": "Palstave"}, notes={"mark": "unsure"})
        given = give_answer(session, lent, said, "once", house.clock())
        assert given.in_time and given.new and not given.answer.surplus
        assert settle(session, house, project) == 0
        record = record_of(session, lent.task.item)
        assert (record.revision, record.answers_count, record.state, lent.task.answered, lent.task.wanted) == before
        rows = gold.checked_answers(session, project.id)
        assert {row.field: row.right for row in rows} == {
            "object": False, "material": True, "length": True, "found_on": True
        }  # fmt: skip
        assert {row.volunteer_id for row in rows} == {lent.volunteer_id}
        (desk,), _ = gold.gold_rows(session, project)
        assert (desk.people, desk.checked, desk.right) == (1, 4, 3)


def test_beside_ordinary_answers_to_the_same_card_it_does_not_count(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = cards_known(session, house, cast, 1)
        lent = known_in_hand(session, house, project)
        give_answer(session, lent, good_answer(object={"value": "Wrong"}), "once", house.clock())
        task_id = lent.task_id
        gold.set_rate(session, project, 0, False)
        for who in ("ben", "cleo"):
            while (one := take(session, house, project, who)) is not None and one.task_id != task_id:
                skip_task(session, one)
            assert one is not None
            give_answer(session, one, good_answer(), who, house.clock())
        settle(session, house, project)
        record = record_of(session, lent.task.item)
        assert (record.state, record.answers_count) == ("settled", 2)


def test_only_the_first_word_on_a_known_card_counts(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = cards_known(session, house, cast, 1)
        lent = known_in_hand(session, house, project)
        give_answer(session, lent, good_answer(object={"value": "Wrong"}), "one", house.clock())
        give_answer(session, lent, good_answer(), "two", house.clock())
        rows = gold.checked_answers(session, project.id)
        assert {row.field for row in rows if not row.right} == {"object"} and len(rows) == 5


def test_the_answers_of_somebody_who_is_set_aside_are_settled_no_more_for_it(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = cards_known(session, house, cast, 1, decides=True)
        lent = known_in_hand(session, house, project)
        give_answer(session, lent, good_answer(), "one", house.clock())
        setting_aside.set_aside(session, project, lent.volunteer, cast.mia.id, "spam", house.clock())
        assert not lent.task.unsettled
        assert record_of(session, lent.task.item).state == "decided"


def test_going_live_discards_what_was_said_in_the_trial_and_keeps_what_is_known(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = cards_known(session, house, cast, 1, decides=True)
        project.state = "trial"
        session.flush()
        lent = known_in_hand(session, house, project)
        give_answer(session, lent, good_answer(), "one", house.clock())
        assert trials.trial_work(session, project).answers == 1
        move_project(session, project, "live", cast.mia.id, house.clock())
        assert session.scalar(select(func.count()).select_from(Answer)) == 0
        assert gold.checked_answers(session, project.id) == []
        assert [row.gold.state for row in gold.gold_rows(session, project)[0]] == ["mixed"]
        assert session.scalars(select(Record.state)).all() == ["decided"]


def test_a_lease_is_found_by_its_address_and_can_be_answered_after_the_card_is_withdrawn_from_use(
    house: House, cast: Cast
) -> None:
    with house.database.writing() as session:
        project = cards_known(session, house, cast, 1)
        lent = known_in_hand(session, house, project)
        (only,) = session.scalars(select(Gold))
        gold.move(session, only, "off", cast.mia.id, house.clock())
        held = assignment_of(session, lent.public_id, lent.volunteer, hold=True)
        give_answer(session, held, good_answer(), "one", house.clock())
        assert len(gold.checked_answers(session, project.id)) == 5


# --- practice -------------------------------------------------------------------------------------------------------


def test_practice_is_at_most_five_cards_and_offered_until_it_was_done_or_skipped(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = cards_known(session, house, cast, 6, use="practice")
        assert len(practice.steps_of(session, project)) == 5
        ada = reader(session, house)
        assert practice.is_due(session, project, None) and practice.is_due(session, project, ada)
        practice.note_practice(session, project, ada, "skipped", ["a"], house.clock())
        assert not practice.is_due(session, project, ada)
        noted = practice.note_practice(session, project, ada, "done", ["b"], house.clock())
        assert (noted.state, noted.seen) == ("done", ["a", "b"])
        assert practice.note_practice(session, project, ada, "skipped", [], house.clock()).state == "done"


def test_practice_is_not_offered_to_whoever_answered_nor_without_cards(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = cards_known(session, house, cast, 1, use="practice")
        ben = reader(session, house, "ben")
        lent = take(session, house, project, "ben")
        assert lent is not None
        give_answer(session, lent, good_answer(), "one", house.clock())
        assert not practice.is_due(session, project, ben)
        (only,) = session.scalars(select(Gold))
        gold.move(session, only, "off", cast.mia.id, house.clock())
        assert not practice.is_due(session, project, None)


def test_practice_cards_are_never_lent_as_tests(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = cards_known(session, house, cast, 3, use="practice")
        gold.set_rate(session, project, 2, False)
        lent = [take(session, house, project) for _ in range(6)]
        assert not any(one is not None and one.gold for one in lent)


def test_the_word_for_strangers_is_a_short_public_text(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = cards_known(session, house, cast, 1, use="practice")
        word = practice.word_of(session, project, house.clock().date())
        assert word is not None
        assert (word.field.name, word.known) == ("object", {"value": "Socketed axe"})
        assert word.region.fields == ["object"]
        (only,) = session.scalars(select(Gold))
        only.values = good_answer(object={"value": "A very long name " * 4})
        session.flush()
        assert practice.word_of(session, project, house.clock().date()) is None


def test_how_somebody_did_on_known_cards_teaches_whom_to_trust(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = cards_known(session, house, cast, 3)
        gold.set_rate(session, project, 2, False)
        said = {"careful": good_answer(), "careless": good_answer(object={"value": "Palstave"}, notes={"value": "No."})}
        for who, answer in said.items():
            for turn in range(6):
                lent = take(session, house, project, who)
                assert lent is not None
                give_answer(session, lent, answer, f"{who} {turn}", house.clock())
            settle(session, house, project)
        checked = [row.right for row in gold.checked_answers(session, project.id)]
        assert True in checked and False in checked
    with house.database.writing() as session:
        before = fitting.gather(session, project.id)
        assert before is not None
        known = [row for rows in before.rows.values() for row in rows if row.item == fitting.NO_ITEM]
        tallies = fitting.fit(before).tallies["text"]
        trust = fitting.running_of(tallies)
        careful, careless = (reader(session, house, who).id for who in said)
    assert len(known) == len(checked)
    assert trust.of(careful) > trust.of(careless)


def test_what_was_said_of_a_known_card_is_no_reading_and_no_lesson(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = cards_known(session, house, cast, 1, decides=True)
        lent = known_in_hand(session, house, project)
        give_answer(session, lent, good_answer(object={"value": "Palstave"}), "once", house.clock())
        settle(session, house, project)
        sight = look_at(session, record_of(session, lent.task.item)).field("object")
        assert sight is not None
        assert "Palstave" not in str(sight.written)
        assert list(teaching.judged_answers(session, project.id)) == []
        assert teaching.unread_count(session, [lent.volunteer_id], house.clock().date()) == 0
