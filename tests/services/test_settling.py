"""Settling: answers become outcomes, outcomes become records, tasks retire."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from micro.data.models import Move, RecordVersion, Setup
from micro.house import House
from micro.kinds import kind_named
from micro.services import people, settling
from micro.services.assignments import LendingRule, lend_task
from micro.services.settling import bare, settle_item, version_of
from tests.cast import CUTTING, FORM, Cast, good_answer, make_project
from tests.services.reading import GOLD, agreed, card, decided, disputed, read, record_of, settle, tasks_of

RULE = LendingRule(lease_s=3600, open_leases=10)


def versions(session: Session, record: Any) -> list[RecordVersion]:
    return list(
        session.scalars(
            select(RecordVersion).where(RecordVersion.record_id == record.id).order_by(RecordVersion.number)
        )
    )


def settle_again(session: Session, house: House, record: Any) -> None:
    fields = {field.name: field for field in kind_named("transcribe").fields(FORM)}
    settle_item(session, record.project, fields, record.item_id, house.clock())


def is_lent(session: Session, house: House, project: Any, who: str) -> bool:
    volunteer = people.volunteer_of_cookie(session, who, house.clock())
    return lend_task(session, project, volunteer, house.clock(), RULE) is not None


def test_two_equal_answers_settle_a_record(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = agreed(session, house, cast)
        version = version_of(session, record, record.current)
        assert version is not None
        assert bare(version.values) == good_answer()
        assert version.values["object"]["evidence"] == [{"said": {"value": "Socketed axe"}, "count": 2, "unsure": 0}]
        assert (record.current, record.proposed, record.answers_count) == (1, 1, 2)
        assert record.confidence == min(entry["confidence"] for entry in version.values.values()) > 0.8


def test_settling_twice_changes_nothing(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        before = (record.revision, record.changed_at, record.state, len(versions(session, record)))
        wanted = [task.wanted for task in tasks_of(session, record.item)]
        house.clock.pass_(hours=1)  # type: ignore[attr-defined]
        assert settle(session, house, record.project) == 0
        settle_again(session, house, record)
        assert (record.revision, record.changed_at, record.state, len(versions(session, record))) == before
        assert [task.wanted for task in tasks_of(session, record.item)] == wanted


def test_the_order_of_answers_does_not_matter(house: House, cast: Cast) -> None:
    said: list[dict[str, Any]] = [{}, GOLD, {"object": {"value": "socketed  axe."}}]
    seen = set()
    with house.database.writing() as session:
        collection = session.merge(cast.collection)
        for number, order in enumerate(permutations(said)):
            project = make_project(
                session, collection, house.clock(), slug=f"order-{number}", min_answers=3, max_answers=3
            )
            item = card(session, house, project)
            for who, changed in enumerate(order):
                read(session, house, tasks_of(session, item)[0], f"{number}-{who}", **changed)
            settle(session, house, project)
            record = record_of(session, item)
            version = version_of(session, record, record.current)
            assert version is not None
            seen.add((version.fingerprint, record.state, record.confidence))
    assert len(seen) == 1


def test_a_task_is_not_done_before_the_least_number_of_answers(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        item = card(session, house, session.merge(cast.project))
        read(session, house, tasks_of(session, item)[0], "one")
        settle(session, house, item.project)
        (task,) = tasks_of(session, item)
        assert (task.state, task.wanted, record_of(session, item).state) == ("open", 2, "open")


def test_one_answer_more_is_asked_for_while_people_differ(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        item = card(session, house, session.merge(cast.project))
        wanted = []
        others = {"two": {"value": "gold"}, "three": {"mark": "illegible"}, "four": {"mark": "blank"}}
        for who in ("one", *others):
            changed = {"material": others[who]} if who in others else {}
            read(session, house, tasks_of(session, item)[0], who, **changed)
            settle(session, house, item.project)
            wanted.append(tasks_of(session, item)[0].wanted)
        assert wanted == [2, 3, 4, 4]


def test_the_answer_more_that_is_asked_for_is_lent_once(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        item = card(session, house, session.merge(cast.project))
        read(session, house, tasks_of(session, item)[0], "one")
        read(session, house, tasks_of(session, item)[0], "two", **GOLD)
        assert not is_lent(session, house, item.project, "three")
        settle(session, house, item.project)
        assert [is_lent(session, house, item.project, who) for who in ("three", "four")] == [True, False]


def test_a_task_is_done_at_the_target_and_asked_no_more(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = agreed(session, house, cast)
        (task,) = tasks_of(session, record.item)
        assert (task.state, task.answered, task.wanted) == ("done", 2, 2)
        assert not is_lent(session, house, record.project, "three")


def test_a_task_is_done_at_the_most_and_a_person_is_asked(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        (task,) = tasks_of(session, record.item)
        assert (task.state, task.answered) == ("done", 4)
        assert record.confidence < 0.8
        assert not is_lent(session, house, record.project, "five")


def test_only_the_newest_answer_of_a_volunteer_counts(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        item = card(session, house, session.merge(cast.project))
        (task,) = tasks_of(session, item)
        read(session, house, task, "one", **GOLD)
        read(session, house, task, "two")
        read(session, house, task, "one")
        settle(session, house, item.project)
        record = record_of(session, item)
        assert (record.state, record.answers_count) == ("settled", 2)


def test_a_surplus_answer_can_bring_a_settled_record_back(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = agreed(session, house, cast)
        answer = read(session, house, tasks_of(session, record.item)[0], "late", **GOLD)
        assert answer.surplus
        read(session, house, tasks_of(session, record.item)[0], "later", **GOLD)
        settle(session, house, record.project)
        assert (record.state, record.reason) == ("review", "conflict")


def test_boxes_that_are_tasks_of_their_own_merge_into_one_record(house: House, cast: Cast) -> None:
    boxes = [{**box, "own_task": box["name"] == "notes"} for box in CUTTING["boxes"]]
    with house.database.writing() as session:
        project = make_project(
            session, session.merge(cast.collection), house.clock(), slug="two-tasks", cutting={"boxes": boxes}
        )
        item = card(session, house, project)
        whole, notes = sorted(tasks_of(session, item), key=lambda task: -len(task.fields))
        assert notes.fields == ["notes"]
        for who in ("one", "two"):
            read(session, house, whole, who)
        settle(session, house, project)
        record = record_of(session, item)
        assert record.state == "open"  # The notes are still to be read.
        for who in ("three", "four"):
            read(session, house, notes, who, notes={"value": "Broken"})
        settle(session, house, project)
        version = version_of(session, record, record.current)
        assert version is not None
        assert bare(version.values) == good_answer(notes={"value": "Broken"})
        assert (record.state, record.answers_count) == ("settled", 4)


def test_a_persons_decision_outlives_new_answers(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        decided(session, house, record, cast.ben, "amend", values=GOLD)
        said = record.current
        read(session, house, tasks_of(session, record.item)[0], "five")  # Now three say bronze.
        settle(session, house, record.project)
        assert (record.state, record.reason) == ("decided", "")  # Bronze was the proposal that Ben overruled.
        for who in ("six", "seven", "eight", "nine", "ten", "eleven"):
            read(session, house, tasks_of(session, record.item)[0], who, object={"value": "Sword"})
            settle(session, house, record.project)
        assert (record.state, record.reason) == ("review", "evidence_changed")
        assert record.current == said != record.proposed
        version = version_of(session, record, record.current)
        assert version is not None
        assert version.values["material"]["value"] == "gold"


def test_nobody_is_asked_about_a_decided_record_whatever_comes(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = agreed(session, house, cast)
        decided(session, house, record, cast.ben)
        for who in ("five", "six", "seven"):
            read(session, house, tasks_of(session, record.item)[0], who, object={"value": "Sword"})
            settle(session, house, record.project)
            assert [task.state for task in tasks_of(session, record.item)] == ["done"]
        assert record.reason == "evidence_changed"
        assert not is_lent(session, house, record.project, "nine")


def test_answers_that_agree_with_a_decision_leave_it_in_peace(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        decided(session, house, record, cast.ben, "amend", values=GOLD)
        for who in ("five", "six"):
            read(session, house, tasks_of(session, record.item)[0], who, **GOLD)
            settle(session, house, record.project)
        assert (record.state, record.reason) == ("decided", "")


def test_a_rejected_record_stays_rejected(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        decided(session, house, record, cast.ben, "reject")
        read(session, house, tasks_of(session, record.item)[0], "five")
        settle(session, house, record.project)
        assert record.state == "rejected"


def test_a_returned_record_waits_for_its_answer_and_then_settles(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        decided(session, house, record, cast.ben, "return")
        settle_again(session, house, record)
        assert (record.state, tasks_of(session, record.item)[0].state) == ("open", "open")
        read(session, house, tasks_of(session, record.item)[0], "five", **GOLD)
        settle(session, house, record.project)
        assert record.state in ("settled", "review")
        assert tasks_of(session, record.item)[0].state == "done"


def test_moves_are_written_down_by_micro_itself(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        moves = session.scalars(select(Move).where(Move.subject == "record", Move.subject_id == record.id)).all()
        assert [(move.from_state, move.to_state, move.why, move.account_id) for move in moves] == [
            ("open", "review", "conflict", None)
        ]


def test_a_project_is_behind_while_an_answer_waits(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        item = card(session, house, session.merge(cast.project))
        assert settling.projects_behind(session) == []
        read(session, house, tasks_of(session, item)[0], "one")
        assert settling.projects_behind(session) == [item.project_id]
        assert settle(session, house, item.project) == 1
        assert settling.projects_behind(session) == []


@pytest.mark.parametrize(
    "newer",
    [
        {"name": "object", "type": "number", "units": ["cm"]},
        {"name": "object", "type": "date"},
        {"name": "object", "type": "choice", "choices": [{"code": "axe"}]},
    ],
)
def test_answers_to_an_older_form_that_fit_no_more_are_left_out(
    house: House, cast: Cast, newer: dict[str, Any]
) -> None:
    with house.database.writing() as session:
        item = card(session, house, session.merge(cast.project))
        read(session, house, tasks_of(session, item)[0], "one")
        body = {"fields": [newer, *FORM["fields"][1:]]}
        session.add(
            Setup(
                project_id=item.project_id,
                version=2,
                kind="transcribe",
                kind_version=1,
                body=body,
                created_at=house.clock(),
            )
        )
        session.flush()
        settle(session, house, item.project)
        record = record_of(session, item)
        version = version_of(session, record, record.current)
        assert version is not None
        assert bare(version.values)["object"] == {}
        assert bare(version.values)["material"] == {"value": "bronze"}


def test_nothing_is_settled_where_nothing_is_behind(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        card(session, house, session.merge(cast.project))
        assert settle(session, house, cast.project) == 0
        assert session.scalar(select(func.count()).select_from(RecordVersion)) == 0
