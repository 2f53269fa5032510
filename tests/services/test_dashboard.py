"""The figures of the progress page: counted by hand on a small project, and there for an empty one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from micro.core.shares import share_of
from micro.data.models import (
    Answer,
    Assignment,
    Decision,
    Project,
    Record,
    RecordVersion,
    Setup,
    Task,
    Volunteer,
)
from micro.house import House
from micro.services import dashboard, dashboard_people
from micro.services.dashboard_people import Cohort
from tests.cast import Cast, add_cards
from tests.conftest import Clock
from tests.services.reading import decided, disputed

NOW = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)  # A Wednesday.


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


def answer(session: Session, project: Project, task: Task, who: Volunteer, at: datetime) -> None:
    """An answer given at some time; what it says is no matter here."""
    setup = session.scalars(select(Setup.id).where(Setup.project_id == project.id)).one()
    lent = Assignment(
        task_id=task.id, project_id=project.id, volunteer_id=who.id, setup_id=setup, state="answered", lent_at=at,
        expires_at=at,
    )  # fmt: skip
    session.add(lent)
    session.flush()
    session.add(
        Answer(
            assignment_id=lent.id, task_id=task.id, project_id=project.id, volunteer_id=who.id, setup_id=setup,
            number=1, value={}, submission_key="x", at=at,
        )
    )  # fmt: skip
    session.flush()


def volunteers(session: Session, count: int) -> list[Volunteer]:
    made = [Volunteer(cookie_hash=f"{number}", created_at=NOW) for number in range(count)]
    session.add_all(made)
    session.flush()
    return made


def said(*readings: tuple[str, int], unsure: int = 0, confidence: float = 0.5) -> dict[str, Any]:
    evidence = [{"said": {"value": value}, "count": count, "unsure": unsure} for value, count in readings]
    return {"value": readings[0][0], "confidence": confidence, "tied": False, "evidence": evidence}


def add_record(session: Session, project: Project, task: Task, values: dict[str, Any], **more: Any) -> Record:
    given = {"state": "review", "confidence": 0.5, "current": 1, "proposed": 1, "changed_at": NOW, **more}
    record = Record(project_id=project.id, item_id=task.item_id, **given)
    session.add(record)
    session.flush()
    session.add(RecordVersion(record_id=record.id, number=1, values=values, made_by="engine", made_at=NOW))
    session.flush()
    return record


def tasks_of(session: Session, house: House, project: Project, cards: int) -> list[Task]:
    """One task of each of so many cards."""
    add_cards(session, house, project, cards)
    by_item: dict[int, Task] = {}
    for task in session.scalars(select(Task).order_by(Task.id)):
        by_item.setdefault(task.item_id, task)
    return list(by_item.values())


# --- days -------------------------------------------------------------------------------------------------------------


def test_days_begin_and_end_at_midnight_in_utc_and_empty_ones_are_there(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.get_one(Project, cast.project.id)
        tasks = tasks_of(session, house, project, 3)
        one, other = volunteers(session, 2)
        answer(session, project, tasks[0], one, datetime(2026, 3, 10, 0, 0, tzinfo=UTC))
        answer(session, project, tasks[1], one, datetime(2026, 3, 10, 23, 59, 59, 999999, tzinfo=UTC))
        answer(session, project, tasks[2], one, datetime(2026, 3, 11, 0, 0, tzinfo=UTC))
        answer(session, project, tasks[0], other, NOW - timedelta(days=40))
        days = dashboard.days_of(session, project.id, NOW)
    assert len(days) == dashboard.DAYS and (days[0].day, days[-1].day) == (date(2026, 2, 12), date(2026, 3, 11))
    assert [(day.answers, day.people) for day in days[-3:]] == [(0, 0), (2, 1), (1, 1)]
    assert sum(day.answers for day in days) == 3


# --- agreement, fields, pages, reasons -------------------------------------------------------------------------------


def test_fields_are_ordered_by_how_far_people_agree_and_one_answer_is_no_agreement(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.get_one(Project, cast.project.id)
        first, second, third = tasks_of(session, house, project, 3)
        add_record(
            session,
            project,
            first,
            {"object": said(("axe", 2)), "notes": said(("a", 1), ("b", 1)), "length": said(("1", 1))},
        )
        add_record(session, project, second, {"object": said(("axe", 2), ("ax", 1)), "notes": said(("a", 1), ("b", 1))})
        add_record(
            session, project, third, {"object": said(("axe", 2), unsure=1), "gone": said(("x", 2))}, state="open"
        )
        sample = dashboard.sample_of(session, project)
        fields = dashboard.fields_of(session, project, sample)
    assert len(sample) == 2  # What is open is not read yet.
    assert [(one.name, one.agreed.hits, one.agreed.n) for one in fields] == [("notes", 0, 2), ("object", 1, 2)]
    whole = dashboard.agreement_of(fields)
    assert (whole.hits, whole.n) == (1, 4) and 0 < whole.low < 0.25 < whole.high < 1


def test_a_field_that_the_form_has_no_more_keeps_its_name(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.get_one(Project, cast.project.id)
        add_record(session, project, tasks_of(session, house, project, 1)[0], {"gone": said(("x", 2))})
        (field,) = dashboard.fields_of(session, project, dashboard.sample_of(session, project))
    assert (field.name, field.field) == ("gone", None)


def test_why_more_was_asked_is_told_once_for_each_record(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.get_one(Project, cast.project.id)  # It wants two answers at least.
        tasks = tasks_of(session, house, project, 5)
        values = (
            {"object": said(("axe", 3), ("ax", 1))},
            {"object": said(("axe", 3), unsure=1)},
            {"object": said(("axe", 3))},
            {"object": said(("axe", 1), ("ax", 1))},
            {"object": said(("axe", 2), ("ax", 1))},
        )
        records = [add_record(session, project, task, value) for task, value in zip(tasks, values, strict=True)]
        for task, answered in zip(tasks, (4, 3, 3, 2, 3), strict=True):
            task.answered = answered
        session.add(Decision(record=records[4], revision=0, account_id=cast.ben.id, action="return", at=NOW))
        session.flush()
        sample = dashboard.sample_of(session, project)
        assert dashboard.asked_again(session, sample) == {"returned": 1, "differed": 1, "doubted": 1, "not_enough": 1}
        assert sorted(one.extra for one in sample) == [0, 1, 1, 1, 2]


def test_the_hardest_pages_come_first(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.get_one(Project, cast.project.id)
        tasks = tasks_of(session, house, project, 12)
        for number, task in enumerate(tasks):
            add_record(session, project, task, {"object": said(("axe", 2))}, confidence=1 - number / 20)
        pages = dashboard.pages_of(session, dashboard.sample_of(session, project))
    assert [page.scan.identifier for page in pages][:2] == ["HM 12", "HM 11"] and len(pages) == dashboard.PAGES_SHOWN


def test_what_was_claimed_is_compared_with_what_people_left(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.get_one(Project, cast.project.id)
        for number, (task, kept) in enumerate(
            zip(tasks_of(session, house, project, 4), ("axe", " AXE", "pin", "axe"), strict=True)
        ):
            record = add_record(
                session, project, task, {"object": said(("axe", 2), confidence=1.0 if number == 3 else 0.85)}
            )
            session.add(
                RecordVersion(
                    record_id=record.id, number=2, values={"object": {"value": kept}}, made_by="decision", made_at=NOW
                )
            )
            session.add(Decision(record=record, revision=0, account_id=cast.ben.id, action="amend", made=2, at=NOW))
            session.flush()
        claims = dashboard.claims_of(session, project)
    found = [(claim.low, claim.high, claim.right.hits, claim.right.n) for claim in claims]
    assert found == [(80, 90, 2, 3), (95, 100, 1, 1)] and claims[0].claimed == pytest.approx(0.85)


# --- people -----------------------------------------------------------------------------------------------------------


def test_cohorts_count_those_who_come_back_by_the_week_of_their_first_answer(house: House, cast: Cast) -> None:
    monday = date(2026, 3, 9)
    with house.database.writing() as session:
        project = session.get_one(Project, cast.project.id)
        tasks = tasks_of(session, house, project, 4)
        old, faithful, once, claimed = volunteers(session, 4)
        claimed.claimed_by_id = faithful.id  # What faithful read in another browser.
        for who, task, days in (
            (old, 0, 80), (old, 1, 1), (faithful, 0, 15), (claimed, 1, 22), (faithful, 2, 2), (once, 0, 21),
        ):  # fmt: skip
            answer(session, project, tasks[task], who, NOW - timedelta(days=days))
        cohorts = dashboard_people.cohorts_of(session, project.id, NOW)
    assert [cohort.monday for cohort in cohorts][-1] == monday and len(cohorts) == dashboard_people.WEEKS
    assert [cohort.people for cohort in cohorts] == [0, 0, 0, 0, 2, 0, 0, 0]
    assert cohorts[4] == Cohort(date(2026, 2, 16), (2, 1, 0, 1))
    back = dashboard_people.came_back(cohorts)
    assert [(share.hits, share.n) for share in back[:3]] == [(1, 2), (0, 2), (0, 0)]


def test_reviewers_are_counted_with_the_middle_of_their_times(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.get_one(Project, cast.project.id)
        record = add_record(session, project, tasks_of(session, house, project, 1)[0], {})
        for number, (who, took_s, days) in enumerate(
            ((cast.ben, 4.0, 0), (cast.ben, 90.0, 0), (cast.ben, 6.0, 1), (cast.mia, None, 1), (cast.ben, 5.0, 40))
        ):
            at = NOW - timedelta(days=days)
            session.add(
                Decision(record=record, revision=number, account_id=who.id, action="accept", took_s=took_s, at=at)
            )
        session.flush()
        found = dashboard_people.throughput_of(session, project.id, NOW)
    assert [(one.name, one.decisions, one.days, one.seconds, one.measured) for one in found.reviewers] == [
        ("Ben", 3, 2, 6.0, 3), ("Mia", 1, 1, None, 0)
    ]  # fmt: skip
    assert found.by_day[-2:] == ((date(2026, 3, 10), 2), (date(2026, 3, 11), 2)) and found.decisions == 4


def test_an_empty_project_has_every_figure(house: House, cast: Cast) -> None:
    with house.database.reading() as session:
        project = session.get_one(Project, cast.project.id)
        sample = dashboard.sample_of(session, project)
        fields = dashboard.fields_of(session, project, sample)
        assert (sample, fields, dashboard.pages_of(session, sample), dashboard.claims_of(session, project)) == (
            [],
            [],
            [],
            [],
        )
        assert dashboard.agreement_of(fields).n == 0 and set(dashboard.asked_again(session, sample).values()) == {0}
        assert not any(cohort.people for cohort in dashboard_people.cohorts_of(session, project.id, NOW))
        assert dashboard_people.throughput_of(session, project.id, NOW).reviewers == ()
        assert not any(day.answers for day in dashboard.days_of(session, project.id, NOW))


@pytest.mark.parametrize(("hits", "n"), [(0, 1), (1, 1), (0, 0), (3, 7), (999, 1000)])
def test_a_share_lies_within_its_interval_which_lies_within_0_and_1(hits: int, n: int) -> None:
    share = share_of(hits, n)
    assert 0 <= share.low <= share.share <= share.high <= 1


def test_there_are_no_more_hits_than_cases() -> None:
    with pytest.raises(ValueError, match="hits"):
        share_of(2, 1)


def test_the_oldest_that_waits_is_found_also_from_before_it_was_written_down(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        assert dashboard.oldest_waiting(session, project.id) is None
        first = disputed(session, house, cast)
        asked = first.asked_at
        assert dashboard.oldest_waiting(session, project.id) == asked
        first.asked_at = None
        session.flush()
        assert dashboard.oldest_waiting(session, project.id) == first.changed_at
        decided(session, house, first, cast.ben)
        assert dashboard.oldest_waiting(session, project.id) is None


def test_the_newest_records_are_read_off_an_index(house: House, cast: Cast) -> None:
    if not house.database.is_sqlite:
        pytest.skip("PostgreSQL plans by the size of the table; scripts/bench measures it")
    queries: list[Any] = []
    with house.database.reading() as session:
        event.listen(house.database.engine, "before_cursor_execute", lambda *call: queries.append((call[2], call[3])))
        dashboard.sample_of(session, session.merge(cast.project))
        query, values = next(found for found in queries if "UNION ALL" in found[0])
        rows = session.connection().exec_driver_sql("EXPLAIN QUERY PLAN " + query, values)
        plan = [str(row) for row in rows if "SEARCH record" in str(row)]
    assert [one for one in plan if "ix_record_newest" in one]
    assert not [one for one in plan if "SCAN record" in one]
