"""Setting a volunteer's answers aside, and counting them again: recomputed, logged, and nothing a person said moves."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from micro import jobs
from micro.data.models import Account, Answer, Assignment, Project, Record, SetAside, Task, Volunteer
from micro.errors import BadAnswer, Conflict
from micro.house import House
from micro.services import assignments, people, redoing, setting_aside, settling
from micro.services.answers import give_answer
from micro.services.moves import moves_of
from micro.services.setting_aside import count_again, set_aside
from micro.services.settling import bare, version_of
from tests.cast import Cast, add_cards, good_answer, make_project
from tests.services.reading import GOLD, agreed, card, decided, disputed, read, record_of, settle, tasks_of
from tests.services.releasing import RULE, files_of, make, table


def aside(session: Session, house: House, project: Project, who: str | Account, by: Account | None = None) -> int:
    return set_aside(
        session, project, volunteer(session, house, who), by.id if by else None, "scribbles", house.clock()
    )


def again(session: Session, house: House, project: Project, who: str | Account) -> int:
    return count_again(session, project, volunteer(session, house, who), None, "", house.clock())


def volunteer(session: Session, house: House, who: str | Account) -> Volunteer:
    if isinstance(who, str):
        return people.volunteer_of_cookie(session, who, house.clock())
    return people.volunteer_of_account(session, who.id, house.clock())


def without_chances(values: dict[str, Any]) -> dict[str, Any]:
    """What is said and why. How sure micro is also comes from what it learned of people elsewhere meanwhile."""
    return {
        name: {part: entry[part] for part in entry if part not in ("confidence", "between", "checked")}
        for name, entry in values.items()
    }


def beliefs(session: Session, project: Project) -> dict[str, Any]:
    """All that a project believes and asks, as far as anybody can tell from outside."""
    session.expire_all()
    tasks = {
        task.public_id: (task.state, task.answered, task.lent, task.unsettled, max(task.wanted, task.answered))
        for task in session.scalars(select(Task).where(Task.project_id == project.id))
    }
    records = {}
    for record in session.scalars(select(Record).where(Record.project_id == project.id)):
        now, newest = (version_of(session, record, number) for number in (record.current, record.proposed))
        assert now is not None and newest is not None
        records[record.public_id] = (
            record.state,
            record.reason,
            record.answers_count,
            without_chances(now.values),
            *([without_chances(newest.values)] if record.state in ("open", "settled", "review") else []),
        )
    return {"tasks": tasks, "records": records}


# Setting aside -----------------------------------------------------------------------------------------------------


def test_answers_that_are_set_aside_count_no_more_and_the_task_is_asked_again(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = agreed(session, house, cast)
        task = tasks_of(session, record.item)[0]
        assert aside(session, house, record.project, "two") == 1
        assert task.unsettled
        settle(session, house, record.project)
        assert (task.state, task.answered, task.wanted, task.unsettled) == ("open", 1, 2, False)
        assert (record.state, record.answers_count) == ("open", 1)
        assert session.scalar(select(func.count()).select_from(Answer)) == 2  # Nothing is removed.
        read(session, house, task, "three")
        settle(session, house, record.project)
        assert (record.state, task.state, task.answered) == ("settled", "done", 2)


def test_a_vandal_who_is_set_aside_takes_the_doubt_away(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        item = card(session, house, session.merge(cast.project))
        task = tasks_of(session, item)[0]
        for who, said in (("one", {}), ("vandal", {"object": {"value": "xxx"}}), ("two", {}), ("three", {})):
            read(session, house, task, who, **said)
        settle(session, house, item.project)
        before = record_of(session, item).confidence
        aside(session, house, item.project, "vandal")
        settle(session, house, item.project)
        record = record_of(session, item)
        assert (record.state, task.state, task.answered) == ("settled", "done", 3)
        assert record.confidence > before


def test_nobody_is_asked_once_more_in_vain_when_the_others_agree(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        item = card(session, house, session.merge(cast.project))
        task = tasks_of(session, item)[0]
        for who, said in (("one", {}), ("vandal", GOLD), ("two", {})):
            read(session, house, task, who, **said)
            settle(session, house, item.project)
        wanted = task.wanted
        aside(session, house, item.project, "vandal")
        settle(session, house, item.project)
        assert (task.state, task.answered, task.wanted) == ("done", 2, wanted)


def test_a_decision_stands_and_its_task_is_not_asked_again(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = agreed(session, house, cast)
        decided(session, house, record, cast.ben)
        said, was = record.current, (record.state, record.reason)
        aside(session, house, record.project, "two")
        settle(session, house, record.project)
        task = tasks_of(session, record.item)[0]
        assert ((record.state, record.reason), record.current, task.state) == (was, said, "done")


def test_evidence_that_changed_is_noted_and_taken_back_with_the_answers(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        item = card(session, house, session.merge(cast.project))
        for who, said in (("one", {}), ("two", {}), ("three", GOLD), ("four", GOLD), ("five", GOLD)):
            read(session, house, tasks_of(session, item)[0], who, **said)
        settle(session, house, item.project)
        record = record_of(session, item)
        decided(session, house, record, cast.ben, "amend", values={"object": {"value": "Spear"}})
        before = beliefs(session, item.project)
        for who in ("three", "four", "five"):
            aside(session, house, item.project, who)
        settle(session, house, item.project)
        record = record_of(session, item)
        assert (record.state, record.reason) == ("review", "evidence_changed")
        version = version_of(session, record, record.current)
        assert version is not None and bare(version.values)["object"] == {"value": "Spear"}
        for who in ("three", "four", "five"):
            again(session, house, item.project, who)
        settle(session, house, item.project)
        assert beliefs(session, item.project) == before


def learned_anew(house: House, project: Project) -> dict[str, Any]:
    """What the project believes once it has learned from everything at once: then no order of events is left in it."""
    jobs.drain_fitting(house, project.id)
    with house.database.writing() as session:
        redoing.start_redoing(session, project.id)
    jobs.drain_redoing(house, project.id)
    with house.database.reading() as session:
        return beliefs(session, project)


@pytest.mark.parametrize("seed", range(12))
def test_set_aside_and_counted_again_everything_is_as_it_was(house: House, cast: Cast, seed: int) -> None:
    """Any answers, any decisions, any of the people, in any order, settled now and then."""
    chance = random.Random(seed)
    folk = [f"reader {number}" for number in range(6)]
    with house.database.writing() as session:
        project = session.merge(cast.project)
        project.adaptive = False  # How many are asked then also depends on who was trusted at that moment.
        add_cards(session, house, project, 4)
        for task in session.scalars(select(Task).order_by(Task.id)).all():
            for who in chance.sample(folk, chance.randint(0, 6)):
                read(session, house, task, who, **chance.choice([{}, {}, GOLD, {"object": {"mark": "illegible"}}]))
                if chance.random() < 0.4:
                    settle(session, house, project)
        settle(session, house, project)
        for record in session.scalars(select(Record).order_by(Record.id)).all():
            if record.state in ("review", "settled") and chance.random() < 0.4:
                decided(session, house, record, cast.ben, chance.choice(["accept", "reject", "return"]))
        settle(session, house, project)
    before = learned_anew(house, project)
    with house.database.writing() as session:
        project = session.merge(cast.project)
        known = [who for who in folk if setting_aside.projects_read(session, volunteer(session, house, who))]
        gone = chance.sample(known, min(len(known), chance.randint(1, 3)))
        for who in gone:
            aside(session, house, project, who)
            if chance.random() < 0.5:
                settle(session, house, project)
        settle(session, house, project)
        settled = beliefs(session, project)
        assert settle(session, house, project) == 0 and beliefs(session, project) == settled
        for who in chance.sample(gone, len(gone)):
            again(session, house, project, who)
            if chance.random() < 0.5:
                settle(session, house, project)
        settle(session, house, project)
    assert learned_anew(house, project) == before


def test_what_comes_later_is_kept_without_a_word_and_does_not_count(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        item = card(session, house, project)
        task = tasks_of(session, item)[0]
        ada = volunteer(session, house, cast.ada)
        held = assignments.lend_task(session, project, ada, house.clock(), RULE)
        assert held is not None and task.lent == 1
        aside(session, house, project, cast.ada)
        assert (task.lent, held.state, task.unsettled) == (0, "released", False)  # Nothing is settled about a lease.
        answer = read(session, house, task, cast.ada)
        assert answer.surplus
        read(session, house, task, "one")
        settle(session, house, project)
        assert (task.answered, task.lent, task.state) == (1, 0, "open")
        assert record_of(session, item).answers_count == 1
        again(session, house, project, cast.ada)
        settle(session, house, project)
        assert (task.answered, record_of(session, item).answers_count) == (2, 2)


def test_whoever_is_set_aside_may_go_on_and_takes_nobodys_place(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        card(session, house, project)
        aside(session, house, project, "vandal")
        lent = assignments.lend_task(session, project, volunteer(session, house, "vandal"), house.clock(), RULE)
        assert lent is not None
        given = give_answer(session, lent, good_answer(), "once", house.clock())
        assert given.in_time and given.answer.surplus
        assert (lent.task.answered, lent.task.lent) == (0, 0)


# Who it is -----------------------------------------------------------------------------------------------------------


def test_what_somebody_claimed_is_set_aside_with_them(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = agreed(session, house, cast)
        owner, browser = volunteer(session, house, cast.ada), volunteer(session, house, "two")
        browser.claimed_by_id = owner.id
        session.flush()
        aside(session, house, record.project, cast.ada)
        settle(session, house, record.project)
        assert record.answers_count == 1
        assert setting_aside.is_aside(session, record.project_id, browser.id)
        count_again(session, record.project, browser, None, "", house.clock())  # Whoever of them is named.
        settle(session, house, record.project)
        assert (record.answers_count, record.state) == (2, "settled")


def test_what_is_claimed_later_is_set_aside_too(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = agreed(session, house, cast)
        owner, browser = volunteer(session, house, cast.ada), volunteer(session, house, "two")
        aside(session, house, record.project, cast.ada)
        browser.claimed_by_id = owner.id
        session.flush()
        setting_aside.note_claim(session, browser, owner)
        settle(session, house, record.project)
        assert record.answers_count == 1


def test_two_answers_of_one_person_are_one(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = agreed(session, house, cast)
        one, two = volunteer(session, house, "one"), volunteer(session, house, "two")
        two.claimed_by_id = one.id
        task = tasks_of(session, record.item)[0]
        task.unsettled = True
        session.flush()
        settle(session, house, record.project)
        assert (record.answers_count, task.answered, task.state) == (1, 1, "open")


def test_another_project_still_counts_them(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = agreed(session, house, cast)
        other = make_project(session, record.project.collection, house.clock(), slug="other")
        there = card(session, house, other)
        for who in ("one", "two"):
            read(session, house, tasks_of(session, there)[0], who)
        settle(session, house, other)
        assert [project.slug for project in setting_aside.projects_read(session, volunteer(session, house, "two"))] == [
            "finds",
            "other",
        ]
        aside(session, house, record.project, "two")
        settle(session, house, record.project)
        assert settle(session, house, other) == 0
        assert record_of(session, there).answers_count == 2


# Refusals and the log ------------------------------------------------------------------------------------------------


def test_it_needs_a_reason_and_is_done_once(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = agreed(session, house, cast)
        who = volunteer(session, house, "two")
        with pytest.raises(BadAnswer, match="why these answers shall not count"):
            set_aside(session, record.project, who, None, "  ", house.clock())
        with pytest.raises(Conflict, match="counted already"):
            count_again(session, record.project, who, None, "", house.clock())
        set_aside(session, record.project, who, None, "scribbles", house.clock())
        with pytest.raises(Conflict, match="set aside already"):
            set_aside(session, record.project, who, None, "scribbles", house.clock())
        assert session.scalar(select(func.count()).select_from(SetAside)) == 1


def test_each_move_is_logged_with_who_and_why(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = agreed(session, house, cast)
        aside(session, house, record.project, "two", by=cast.mia)
        again(session, house, record.project, "two")
        row = session.scalars(select(SetAside)).one()
        assert [(m.to_state, m.why, m.account_id) for m in moves_of(session, "set_aside", row.id)] == [
            ("restored", "", None),
            ("aside", "scribbles", cast.mia.id),
        ]


def test_answers_by_the_thousand_are_marked_and_then_settled_by_the_job(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, setting_aside.TASKS_AT_ONCE // 4 * 5)
        who, setup = volunteer(session, house, "busy"), assignments.current_setup(session, project.id)
        tasks = session.scalars(select(Task).order_by(Task.id)).all()
        for task in tasks:
            session.add(
                Assignment(
                    task=task,
                    project_id=project.id,
                    volunteer=who,
                    state="answered",
                    lent_at=house.clock(),
                    setup=setup,
                    expires_at=house.clock(),
                )
            )
        session.flush()
        assert set_aside(session, project, who, None, "a test account", house.clock()) == len(tasks)
        assert setting_aside.waiting(session, project.id, who) == len(tasks)
        assert settling.settle_some(session, project.id, house.clock()) == settling.ITEMS_AT_ONCE
        assert setting_aside.waiting(session, project.id, who) == len(tasks) - settling.ITEMS_AT_ONCE


def test_a_disputed_record_comes_back_to_dispute(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        for who in ("two", "four"):
            aside(session, house, record.project, who)
        settle(session, house, record.project)
        assert (record.state, record.reason, record.answers_count) == ("settled", "", 2)
        again(session, house, record.project, "four")
        settle(session, house, record.project)
        assert record.answers_count == 3


def test_a_release_leaves_them_out_and_those_that_they_claimed(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = agreed(session, house, cast)
        task = tasks_of(session, record.item)[0]
        for who in (cast.ada, "browser"):
            read(session, house, task, who, object={"value": "xxx"})
        volunteer(session, house, "browser").claimed_by_id = volunteer(session, house, cast.ada).id
        session.flush()
        aside(session, house, record.project, cast.ada)
        settle(session, house, record.project)
    files = files_of(house, make(house, cast.project))
    assert len(table(files["answers.csv"])) == 2 and b"xxx" not in b"".join(files.values())
    assert table(files["records.csv"])[0]["answers"] == "2"


# At once -------------------------------------------------------------------------------------------------------------


def test_answering_settling_and_setting_aside_at_once_lose_nothing(house: House, cast: Cast) -> None:
    """Each in a thread of its own, again and again; in the end everything is as if it had come one after the other."""
    with house.database.writing() as session:
        add_cards(session, house, session.merge(cast.project), 12)
        task_ids = list(session.scalars(select(Task.id)))
        for who in ("vandal", *(f"reader {number}" for number in range(3))):
            volunteer(session, house, who)

    def answer(who: str) -> None:
        for task_id in task_ids if who[-1] in "l0" else reversed(task_ids):
            with house.database.writing() as session:
                read(session, house, assignments.hold_task(session, task_id), who)

    def settle_on(_: str) -> None:
        for _ in range(25):
            with house.database.writing() as session:
                settling.settle_some(session, cast.project.id, house.clock())

    def turn(who: str) -> None:
        for _ in range(5):
            for deed in (aside, again):
                with house.database.writing() as session:
                    deed(session, house, session.get_one(Project, cast.project.id), who)
        with house.database.writing() as session:
            aside(session, house, session.get_one(Project, cast.project.id), who)

    work = [
        (answer, "vandal"),
        *((answer, f"reader {number}") for number in range(3)),
        (settle_on, ""),
        (turn, "vandal"),
    ]
    with ThreadPoolExecutor(len(work)) as pool:
        for done in [pool.submit(deed, who) for deed, who in work]:
            done.result(timeout=120)
    with house.database.writing() as session:
        settle(session, house, session.get_one(Project, cast.project.id))
        for task in session.scalars(select(Task)):
            assert (task.answered, task.lent, task.state, task.unsettled) == (3, 0, "done", False)
        assert {record.answers_count for record in session.scalars(select(Record))} == {3}
