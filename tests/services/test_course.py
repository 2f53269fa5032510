"""The course of a project: days, people, the likely end, and what waits."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select

from micro.core.forecast import forecast
from micro.data.models import CuttingRun, IntakeFile, Layout, Release, Scan, Task
from micro.house import House
from micro.services import course, dashboard, intake
from micro.services.course import Waiting
from micro.services.moves import note_move
from tests.cast import Cast, add_cards
from tests.conftest import Clock
from tests.services.reading import read, settle

TODAY = date(2026, 3, 1)


# The likely end ------------------------------------------------------------------------------------------------------


def test_a_steady_project_ends_when_it_seems_to() -> None:
    ahead = forecast([10] * 14, 100, TODAY)
    assert ahead and ahead.expected == ahead.earliest == ahead.latest == date(2026, 3, 11)


def test_the_more_days_differ_the_wider_is_the_range() -> None:
    calm, wild = forecast([9, 11] * 7, 500, TODAY), forecast([0, 20] * 7, 500, TODAY)
    assert calm and wild and calm.latest and wild.latest and calm.expected == wild.expected
    assert wild.earliest < calm.earliest <= calm.expected <= calm.latest < wild.latest


def test_an_end_out_of_sight_is_said_to_be() -> None:
    ahead = forecast([0, 0, 0, 0, 1, 1, 30], 20, TODAY)
    assert ahead and ahead.latest is None and ahead.expected == date(2026, 3, 6)
    assert forecast([0, 0, 0, 1, 0, 1, 1], 100_000, TODAY) is None


def test_too_early_or_done_is_no_forecast() -> None:
    assert forecast([10] * 6, 100, TODAY) is None
    assert forecast([0, 0, 0, 0, 0, 30, 30], 100, TODAY) is None
    assert forecast([10] * 14, 0, TODAY) is None
    assert forecast([], 5, TODAY) is None


# Of a project --------------------------------------------------------------------------------------------------------


def test_answers_are_counted_by_day_in_utc_and_people_by_week(house: House, cast: Cast, clock: Clock) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 3)
        first, second, third = session.scalars(select(Task).order_by(Task.id))
        read(session, house, first, "a")
        clock.pass_(days=9)
        for task, who in ((second, "a"), (second, "b"), (third, "c")):
            read(session, house, task, who)
        clock.now = datetime.combine(clock.now.date(), datetime.max.time(), clock.now.tzinfo)
        read(session, house, third, "a")
        found = course.course_of(session, project, clock())
        assert len(found.by_day) == dashboard.DAYS and found.by_day[-1] == (clock.now.date(), 4)
        assert found.by_day[-10] == (clock.now.date() - timedelta(days=9), 1)
        assert (found.week, found.week_before, found.people_week, found.people_new) == (4, 1, 3, 2)
        assert found.forecast is None


def test_a_live_project_with_a_week_of_answers_has_a_forecast(house: House, cast: Cast, clock: Clock) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 20)
        for task in session.scalars(select(Task).order_by(Task.id).limit(8)):
            read(session, house, task, "a")
            clock.pass_(days=1)
        assert course.missing_answers(session, project) == 32
        found = course.course_of(session, project, clock()).forecast
        assert found and found.days == 8 and found.a_day == 1 and found.expected == clock().date() + timedelta(days=32)
        project.state = "paused"
        assert course.course_of(session, project, clock()).forecast is None


def test_what_done_cards_took_is_expected_of_the_others(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 12)
        tasks = session.scalars(select(Task).order_by(Task.id)).all()
        for task in tasks[:10]:
            task.state, task.answered = "done", 4
        session.flush()
        assert course.missing_answers(session, project) == 8


def test_what_waits_is_counted(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        assert course.what_waits(session, project.id) == Waiting(0, 0, False, 0, 0, 0, None, None)
        scan, other = add_cards(session, house, project, 2)
        delivery = intake.open_delivery(session, project, "upload", house.clock())
        for name, state in (("a", "waiting"), ("b", "refused"), ("c", "refused"), ("d", "taken")):
            intake.add_file(session, delivery, name, name, {})
            session.flush()
            session.scalars(select(IntakeFile).where(IntakeFile.file_name == name)).one().state = state
        scan.cut_problem = "There is no line in it."
        session.add_all(
            [
                CuttingRun(project_id=project.id, way={}, created_at=house.clock()),
                Release(
                    project=project, number=1, state="failed", licence="CC0-1.0", notes="", created_at=house.clock()
                ),
                Layout(
                    scan=other,
                    file_name="a.xml",
                    format="ALTO",
                    sha256="0" * 64,
                    storage_key="a",
                    frame="as-is",
                    certain=False,
                    body={},
                    created_at=house.clock(),
                ),
            ]
        )
        session.flush()
        for who in "ab":
            read(session, house, session.scalars(select(Task).order_by(Task.id).limit(1)).one(), who)
        settle(session, house, project)
        assert course.what_waits(session, project.id) == Waiting(1, 2, True, 1, 1, 0, None, 1)
        assert session.scalar(select(Scan.id).limit(1))


def test_the_log_names_who_moved_it(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        for who, state in ((cast.mia.id, "paused"), (None, "live")):
            note_move(session, "project", cast.project.id, who, house.clock(), "live", state, "why")
        session.flush()
        found = course.log_of(session, cast.project.id, 10)
        assert [(event.who, event.to_state) for event in found] == [("", "live"), ("Mia", "paused")]
