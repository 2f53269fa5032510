"""The queue: its order, filters, counts and pages, and who has what open."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete, event, select
from sqlalchemy.orm import Session

from micro.core.review import REASONS, Standing
from micro.core.review_order import cost_s, expected_errors, pace, usual_s
from micro.data.models import Answer, Assignment, Item, Project, Record, Volunteer
from micro.errors import NotFound
from micro.house import House
from micro.services import people
from micro.services.assignments import current_setup
from micro.services.review import holds, order
from micro.services.review.keyset import ROWS_A_PAGE
from micro.services.review.order import Pace, put_in_order
from micro.services.review_queue import COUNTED, QueueFilters, QueuePage, neighbours, next_record, queue
from micro.services.reviewing import Details, decide
from micro.services.setting_aside import set_aside
from tests.cast import Cast, add_cards, make_project
from tests.services.reading import GOLD, agreed, decided, disputed, read, settle, tasks_of

ALL = QueueFilters()
NONE = dict.fromkeys(REASONS, 0)
BEGINNING = Standing("open", "")


def see(session: Session, house: House, filters: QueueFilters, **place: str) -> QueuePage:
    return queue(session, None, filters, house.clock(), **place)


def waiting(
    session: Session,
    house: House,
    project: Project,
    confidences: list[float],
    state: str = "review",
    reason: str = "conflict",
) -> list[Record]:
    """Records without answers, as the queue sees them."""
    made = []
    for item, confidence in zip(
        session.scalars(select(Item).where(Item.project_id == project.id).order_by(Item.id)), confidences, strict=True
    ):
        record = Record(
            project_id=project.id,
            item_id=item.id,
            state=state,
            reason=reason,
            confidence=confidence,
            changed_at=house.clock(),
        )
        put_in_order(
            record,
            {"object": {"confidence": confidence}},
            BEGINNING,
            Pace(session, lambda: "transcribe"),
            house.clock(),
        )
        session.add(record)
        made.append(record)
    session.flush()
    return made


# --- queue -------------------------------------------------------------------------------------------------------


def test_the_least_certain_come_first_then_the_oldest(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 5)
        records = waiting(session, house, project, [0.7, 0.3, 0.7, 0.95, 0.3])
        found = see(session, house, ALL)
        assert [row.record.id for row in found.rows] == [records[i].id for i in (1, 4, 0, 2, 3)]
        assert (found.total, found.earlier, found.later) == (5, "", "")


def test_a_row_shows_the_weakest_field_and_its_two_strongest_answers(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        (row,) = see(session, house, ALL).rows
        assert row.record.id == record.id
        assert row.field is not None
        assert row.region is not None
        assert (row.field.name, row.region.name) == ("material", "material")
        assert [(group["said"], group["count"]) for group in row.competing] == [
            ({"value": "bronze"}, 2),
            ({"value": "gold"}, 2),
        ]


def test_the_queue_holds_only_what_waits_unless_asked(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = agreed(session, house, cast)
        assert see(session, house, ALL).total == 0
        assert see(session, house, QueueFilters(state="settled")).total == 1
        decided(session, house, record, cast.ben)
        found = see(session, house, QueueFilters(state="decided"))
        assert found.by_state == {"review": 0, "settled": 0, "decided": 1, "rejected": 0}


def test_filters_choose_and_counts_are_exact(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 6)
        records = waiting(session, house, project, [0.1, 0.6, 0.89, 0.9, 0.59, 1.0])
        for record in records[4:]:
            record.reason = "evidence_changed"
        session.flush()
        found = see(session, house, ALL)
        assert found.by_band == {"low": 2, "middle": 2, "high": 2}
        assert found.by_reason == {**NONE, "conflict": 4, "evidence_changed": 2}
        low = see(session, house, QueueFilters(bands=("low",)))
        assert ([row.record.id for row in low.rows], low.by_reason) == (
            [records[0].id, records[4].id],
            {**NONE, "conflict": 1, "evidence_changed": 1},
        )
        changed = see(session, house, QueueFilters(reasons=("evidence_changed",), bands=("low", "high")))
        assert (changed.total, changed.by_band) == (2, {"low": 1, "middle": 0, "high": 1})


def test_a_reviewer_sees_the_own_institution_only(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        disputed(session, house, cast)
        assert queue(session, {cast.other_museum.id}, ALL, house.clock()).total == 0
        with pytest.raises(NotFound):
            queue(session, {cast.other_museum.id}, QueueFilters(project="finds"), house.clock())
        assert see(session, house, ALL).total == 1
        assert queue(session, set(), ALL, house.clock()).total == 0


def test_one_project_can_be_chosen(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        disputed(session, house, cast)
        make_project(session, session.merge(cast.collection), house.clock(), slug="other")
        assert see(session, house, QueueFilters(project="finds")).total == 1
        assert see(session, house, QueueFilters(project="other")).total == 0


def test_pages_hold_every_record_once_there_and_back(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        other = make_project(session, session.merge(cast.collection), house.clock(), slug="other")
        for one in (project, other):
            add_cards(session, house, one, ROWS_A_PAGE + 1)
        records = waiting(session, house, project, [0.5] * (ROWS_A_PAGE + 1))
        records += waiting(session, house, other, [0.5] * (ROWS_A_PAGE + 1))
        first = see(session, house, ALL)
        second = see(session, house, ALL, after=first.later)
        third = see(session, house, ALL, after=second.later)
        assert [len(page.rows) for page in (first, second, third)] == [ROWS_A_PAGE, ROWS_A_PAGE, 2]
        seen = [row.record.id for page in (first, second, third) for row in page.rows]
        assert seen == [record.id for record in records]
        assert (first.earlier, third.later) == ("", "")
        back = see(session, house, ALL, before=third.earlier)
        assert [row.record.id for row in back.rows] == [row.record.id for row in second.rows]
        begin = see(session, house, ALL, before=back.earlier)
        assert [row.record.id for row in begin.rows] == [row.record.id for row in first.rows]
        for odd in ("x", "_", "1.0_nothing", "nan_", "1e999_" + records[0].public_id):
            assert see(session, house, ALL, after=odd).total == 42


def test_a_page_begins_behind_the_last_row_although_others_were_decided_meanwhile(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, ROWS_A_PAGE + 3)
        records = waiting(session, house, project, [0.5] * (ROWS_A_PAGE + 3))
        later = see(session, house, ALL).later
        for record in records[:5]:
            record.state = "decided"
        session.flush()
        assert [row.record.id for row in see(session, house, ALL, after=later).rows] == [
            record.id for record in records[ROWS_A_PAGE:]
        ]


def test_next_and_previous_follow_the_queue(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 3)
        first, last, middle = waiting(session, house, project, [0.1, 0.9, 0.5])
        beside = neighbours(session, None, ALL, middle, house.clock())
        assert (beside.before, beside.total, beside.previous, beside.next) == (1, 3, first.public_id, last.public_id)
        assert neighbours(session, None, ALL, first, house.clock()).previous is None
        assert neighbours(session, None, ALL, last, house.clock()).next is None
        assert next_record(session, None, ALL, middle, house.clock()) == last.public_id
        assert next_record(session, None, ALL, last, house.clock()) == first.public_id  # Those passed over come again.
        assert next_record(session, None, QueueFilters(bands=("high",)), last, house.clock()) is None


def test_a_page_of_the_queue_takes_a_bounded_number_of_queries(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 12)
        for task in session.scalars(select(Item).where(Item.project_id == project.id)).all():
            for who, changed in (("one", {}), ("two", GOLD), ("three", {}), ("four", GOLD)):
                read(session, house, tasks_of(session, task)[0], who, **changed)
        settle(session, house, project)
    queries: list[str] = []
    with house.database.reading() as session:
        event.listen(house.database.engine, "before_cursor_execute", lambda *call: queries.append(call[2]))
        assert len(see(session, house, ALL).rows) == 12
    assert len(queries) < 15


def test_what_mends_most_errors_in_a_second_comes_first(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 3)
        sure, doubtful, long = waiting(session, house, project, [0.5, 0.5, 0.5])
        pace_ = Pace(session, lambda: "transcribe")
        for record, values in (
            (sure, {"a": {"confidence": 0.9}}),
            (doubtful, {"a": {"confidence": 0.5}, "b": {"confidence": 0.5}}),
            (long, {str(name): {"confidence": 0.9} for name in range(10)}),
        ):
            put_in_order(record, values, BEGINNING, pace_, house.clock())
        session.flush()
        assert (doubtful.cost_s, sure.cost_s, long.cost_s) == pytest.approx((14.0, 100.0, 46.0))
        assert [row.record.id for row in see(session, house, ALL).rows] == [doubtful.id, long.id, sure.id]


def test_a_flag_and_changed_evidence_count_as_half_an_error_at_least() -> None:
    values = {"a": {"confidence": 0.99}}
    assert expected_errors(values, "conflict") == pytest.approx(0.01)
    assert expected_errors(values, "flagged") == expected_errors(values, "evidence_changed") == 0.5
    assert cost_s(0.0, 1, 1.0) > cost_s(0.01, 1, 1.0) > cost_s(0.5, 1, 1.0) > 0


def test_a_few_odd_times_change_the_pace_little_and_many_make_it() -> None:
    assert pace([]) == 1
    assert 1 < pace([(10 * usual_s(3), 3)]) < 1.5
    assert pace([(2 * usual_s(3), 3)] * 200) == pytest.approx(1.91, abs=0.01)


def test_the_pace_is_measured_by_reason_and_moves_what_waits(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 12)
        records = waiting(session, house, project, [0.5] * 12)
        for record in records[1:11]:
            house.clock.pass_(seconds=1)  # type: ignore[attr-defined]
            long = Details(took_s=4 * usual_s(0))
            decide(session, record.public_id, cast.ben.id, "reject", record.revision, None, "", house.clock(), long)
        before, revision = records[0].cost_s, records[0].revision
        assert Pace(session, lambda: "transcribe")["conflict"] == pytest.approx(2.0)
        assert Pace(session, lambda: "transcribe")["flagged"] == Pace(session, lambda: "tag")["conflict"] == 1.0
        assert order.projects_decided_lately(session, house.clock()) == [project.id]
        assert order.rerank_some(session, project.id) == (records[-1].id, 2)
        assert order.rerank_some(session, project.id) == (records[-1].id, 0)
        assert order.rerank_some(session, project.id, records[-1].id) is None
        session.expire_all()
        assert (records[0].cost_s, records[0].revision) == (pytest.approx(2 * before), revision)


def test_a_coffee_is_not_measured(house: House, cast: Cast) -> None:
    assert [order.kept_s(one) for one in (None, -1.0, 0.0, 5.0, 601.0)] == [None, None, None, 5.0, None]


def test_counts_are_exact_up_to_a_thousand_and_then_say_more(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 1)
        (scan_id,) = session.scalars(select(Item.scan_id)).all()
        items = [
            Item(project_id=project.id, scan_id=scan_id, identifier=str(n), created_at=house.clock())
            for n in range(COUNTED + 1)
        ]
        session.add_all(items)
        session.flush()
        records = waiting(session, house, project, [0.5] * (COUNTED + 2))
        found = see(session, house, ALL)
        assert found.total == found.by_reason["conflict"] == found.by_band["low"] == COUNTED + 1  # More than COUNTED.
        for record in records[:2]:
            record.reason = "flagged"
        session.flush()
        found = see(session, house, ALL)
        assert (found.by_reason["conflict"], found.by_reason["flagged"], found.total) == (COUNTED, 2, COUNTED + 1)


def test_confidence_age_and_assignee_choose(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 3)
        old, mine, new = waiting(session, house, project, [0.2, 0.5, 0.8])
        house.clock.pass_(days=8)  # type: ignore[attr-defined]
        mine.assignee_id, new.asked_at = cast.ben.id, house.clock()
        session.flush()

        def ids(**chosen: Any) -> set[int]:
            found = see(session, house, QueueFilters(account_id=cast.ben.id, **chosen))
            assert found.total == len(found.rows)
            return {row.record.id for row in found.rows}

        assert ids(least=0.5) == {mine.id, new.id}
        assert ids(least=0.3, most=0.5) == {mine.id}
        assert ids(age="week") == {old.id, mine.id}
        assert ids(age="month") == set()
        assert ids(whose="mine") == {mine.id}
        assert ids(whose="nobody") == {old.id, new.id}
        assert see(session, house, QueueFilters(account_id=cast.ben.id)).by_whose == {
            "everybody": 3, "mine": 1, "nobody": 2,
        }  # fmt: skip


def test_a_contributor_chooses_with_all_that_they_claimed(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        one = people.volunteer_of_cookie(session, "one", house.clock())
        ada = people.volunteer_of_account(session, cast.ada.id, house.clock())
        assert see(session, house, QueueFilters(contributor=one.public_id[:6].upper())).total == 1
        assert see(session, house, QueueFilters(contributor=ada.public_id)).total == 0
        one.claimed_by_id = ada.id
        session.flush()
        assert see(session, house, QueueFilters(contributor=ada.public_id)).rows[0].record.id == record.id
        assert see(session, house, QueueFilters(contributor="%")).total == 0


def test_a_contributors_records_are_those_of_this_very_moment(house: House, cast: Cast) -> None:
    """Before anything is settled anew: after an answer more, after a decision, and with all that was claimed."""
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        late = people.volunteer_of_cookie(session, "late", house.clock())
        theirs = QueueFilters(contributor=late.public_id)
        assert see(session, house, theirs).total == 0
        give_late(session, house, record, late)
        found = see(session, house, theirs)
        assert (found.total, found.by_reason["conflict"], found.by_whose["nobody"]) == (1, 1, 1)
        one = people.volunteer_of_cookie(session, "one", house.clock())
        ada = people.volunteer_of_account(session, cast.ada.id, house.clock())
        late.claimed_by_id = one.claimed_by_id = ada.id
        session.flush()
        both = see(session, house, QueueFilters(contributor=ada.public_id))
        assert (both.total, len(both.rows), both.by_reason["conflict"]) == (1, 1, 1)  # Both answered: counted once.
        flagged = decide(
            session, record.public_id, cast.ben.id, "flag", record.revision, None, "odd", house.clock()
        ).record
        found = see(session, house, replace(theirs, reasons=("flagged",)))
        assert ([row.record.id for row in found.rows], found.by_reason["conflict"]) == ([flagged.id], 0)
        decided(session, house, flagged, cast.ben)
        assert see(session, house, theirs).total == 0
        assert see(session, house, replace(theirs, state="decided")).total == 1


def test_answers_that_are_set_aside_still_lead_to_their_records(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        one = people.volunteer_of_cookie(session, "one", house.clock())
        set_aside(session, record.project, one, cast.mia.id, "a program", house.clock())
        settle(session, house, record.project)
        state = record.state
        found = see(session, house, QueueFilters(contributor=one.public_id, state=state))
        assert [row.record.id for row in found.rows] == [record.id]


def test_an_answer_that_is_taken_away_leads_nowhere(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        disputed(session, house, cast)
        one = people.volunteer_of_cookie(session, "one", house.clock())
        theirs = QueueFilters(contributor=one.public_id)
        assert see(session, house, theirs).total == 1
        session.execute(delete(Answer).where(Answer.volunteer_id == one.id))
        assert see(session, house, theirs).total == 0


def give_late(session: Session, house: House, record: Record, volunteer: Volunteer) -> None:
    """One answer more to a task of the record, not settled yet."""
    (task, *_) = tasks_of(session, record.item)
    lent = Assignment(
        task_id=task.id, project_id=record.project_id, volunteer_id=volunteer.id, state="answered",
        setup_id=current_setup(session, record.project_id).id, lent_at=house.clock(), expires_at=house.clock(),
    )  # fmt: skip
    session.add(lent)
    session.flush()
    session.add(
        Answer(
            assignment_id=lent.id, task_id=task.id, project_id=record.project_id, volunteer_id=volunteer.id, number=1,
            setup_id=lent.setup_id, value={}, submission_key="late", at=house.clock(),
        )
    )  # fmt: skip
    session.flush()


def test_what_a_colleague_has_open_is_passed_over_until_the_hold_ends(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 3)
        first, second, third = waiting(session, house, project, [0.1, 0.2, 0.3])
        holds.hold(session, second, cast.mia.id, house.clock())
        ben, mia = QueueFilters(account_id=cast.ben.id), QueueFilters(account_id=cast.mia.id)
        assert neighbours(session, None, ben, first, house.clock()).next == third.public_id
        assert neighbours(session, None, mia, first, house.clock()).next == second.public_id
        assert next_record(session, None, ben, first, house.clock()) == third.public_id
        assert see(session, house, ben).total == 3
        house.clock.pass_(seconds=holds.HOLD_S)  # type: ignore[attr-defined]
        assert next_record(session, None, ben, first, house.clock()) == second.public_id


@pytest.mark.parametrize(
    "chosen",
    [
        ALL,
        QueueFilters(project="finds"),
        QueueFilters(reasons=("flagged",)),
        QueueFilters(whose="nobody"),
        QueueFilters(age="month"),
        QueueFilters(contributor="one"),
        QueueFilters(contributor="one", reasons=("flagged",)),
    ],
)
def test_an_index_gives_the_order_and_nothing_is_sorted(house: House, cast: Cast, chosen: QueueFilters) -> None:
    plans = plans_of(house, cast, chosen)
    (plan,) = (plan for query, plan in plans if ".cost_s, " in query and "ORDER BY" in query)
    assert "USING COVERING INDEX ix_" in plan
    assert "USE TEMP B-TREE" not in plan


EVERY_WAY = {
    "bands": {"bands": ("low", "high")},
    "confidence": {"least": 0.97, "most": 0.98},
    "age": {"age": "month"},
    "assignee": {"whose": "mine", "account_id": 1},
    "contributor": {"contributor": "one"},
    "contributor and others": {"contributor": "one", "reasons": ("flagged",), "age": "week", "whose": "nobody"},
    "several": {"project": "finds", "reasons": ("conflict", "flagged"), "bands": ("low",), "age": "week"},
}


@pytest.mark.parametrize("way", EVERY_WAY)
def test_no_filter_and_no_count_reads_a_table_through(house: House, cast: Cast, way: str) -> None:
    plans = plans_of(house, cast, QueueFilters(**EVERY_WAY[way]))
    counts = [plan for query, plan in plans if query.count("LIMIT") > 10]
    assert counts
    assert all("SCAN record" not in plan and "SCAN answer" not in plan for _, plan in plans)
    assert all(" USING INDEX " not in plan for plan in counts)  # Covering ones alone: no row is read to be counted.


def plans_of(house: House, cast: Cast, chosen: QueueFilters) -> list[tuple[str, str]]:
    """Every query for records of one look at the queue, with what SQLite does for it."""
    if not house.database.is_sqlite:
        pytest.skip("PostgreSQL plans by the size of the table; scripts/bench measures it")
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        if chosen.contributor:
            one = people.volunteer_of_cookie(session, "one", house.clock())
            chosen = replace(chosen, contributor=one.public_id)
        assert record.id
    queries: list[tuple[str, Any]] = []
    with house.database.reading() as session:
        event.listen(house.database.engine, "before_cursor_execute", lambda *call: queries.append((call[2], call[3])))
        see(session, house, chosen)
        made = [(query, values) for query, values in queries if "record" in query and "LIMIT" in query]
        return [
            (
                query,
                " ".join(str(row) for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", v)),
            )
            for query, v in made
        ]
