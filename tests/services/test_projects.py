"""Projects: figures of many at once, pages of lists, moving one, and what the desk lists of one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from micro.data.models import Account, IntakeFile, Project, Record, Report, Task
from micro.errors import Conflict
from micro.house import House
from micro.services import assignments, intake, people, projects, reports
from micro.services.assignments import LendingRule
from micro.services.moves import moves_of
from tests.cast import Cast, add_cards, make_project
from tests.conftest import Clock
from tests.services.reading import GOLD, read, settle


@contextmanager
def counted(house: House) -> Iterator[list[str]]:
    """The statements that are sent to the database meanwhile."""
    sent: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        sent.append(statement)

    event.listen(house.database.engine, "before_cursor_execute", note)
    yield sent
    event.remove(house.database.engine, "before_cursor_execute", note)


def more_projects(session: Session, house: House, cast: Cast, count: int, **changed: Any) -> list[Project]:
    return [
        make_project(session, cast.collection, house.clock(), f"more-{number:02}", **changed)
        for number in range(1, count + 1)
    ]


def report(session: Session, house: House, project: Project, who: Account, words: str) -> Report:
    volunteer = people.volunteer_of_account(session, who.id, house.clock())
    lent = assignments.lend_task(session, project, volunteer, house.clock(), LendingRule(600, 9))
    assert lent is not None
    return assignments.report_task(session, lent, words, house.clock())


# Figures ---------------------------------------------------------------------------------------------------------


def test_the_figures_of_many_projects_are_those_of_each(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        busy, idle = more_projects(session, house, cast, 2)
        for project, cards in ((cast.project, 1), (busy, 2)):
            add_cards(session, house, session.merge(project), cards)
        first, second = session.query(Task).filter_by(project_id=busy.id).order_by(Task.id)
        for who, said in (("a", {}), ("b", GOLD), ("c", {}), ("d", GOLD)):
            read(session, house, first, who, **said)
        for who in ("a", "b"):
            read(session, house, second, who)
        busy.target_confidence = 0.6  # Two who agree settle it here, even after half of all answers differed.
        settle(session, house, busy)
        found = projects.progress_of_all(session, [cast.project.id, busy.id, idle.id])
        assert found[idle.id] == projects.Progress(0, 0, 0, 0, 0, 0)
        assert found[cast.project.id] == projects.Progress(1, 0, 0, 0, 1, 0)
        assert found[busy.id] == projects.Progress(2, 2, 6, 4, 2, 1)
        assert found == {one: projects.progress_of(session, one) for one in found}


def test_the_figures_of_many_projects_take_no_more_queries_than_those_of_one(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        ids = [cast.project.id, *(project.id for project in more_projects(session, house, cast, 5))]
        with counted(house) as for_one:
            projects.progress_of_all(session, ids[:1])
        with counted(house) as for_all:
            projects.progress_of_all(session, ids)
    assert len(for_all) == len(for_one) == 4


def test_the_figures_of_the_network_are_counted_once_a_minute(house: House, cast: Cast, clock: Clock) -> None:
    def look(address: str = "this one") -> int:
        with house.database.reading() as session:
            return projects.network_figures_lately(session, f"{house.settings.database} {address}", clock()).answers

    def answer(who: str) -> None:
        with house.database.writing() as session:
            read(session, house, session.query(Task).one(), who)

    with house.database.writing() as session:
        add_cards(session, house, session.merge(cast.project), 1)
    assert look() == 0
    answer("a")
    clock.pass_(seconds=59)
    assert look() == 0
    assert look("another database") == 1
    clock.pass_(seconds=1)
    assert look() == 1


def test_each_project_shows_a_piece_that_still_needs_reading(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        other, empty = more_projects(session, house, cast, 2)
        for project in (session.merge(cast.project), other):
            add_cards(session, house, project, 2)
        done = session.query(Task).filter_by(project_id=other.id).order_by(Task.position).first()
        assert done is not None
        done.state = "done"
        session.flush()
        found = projects.cut_items(session, [cast.project.id, other.id, empty.id])
        assert {one: item.identifier for one, (item, _) in found.items()} == {cast.project.id: "HM 1", other.id: "HM 2"}
        assert all(region.item_id == item.id for item, region in found.values())
        assert projects.a_cut_item(session, empty.id) is None


# Lists -----------------------------------------------------------------------------------------------------------


def test_visitors_see_live_projects_first_and_no_draft(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        states = ("finished", "draft", "paused", "archived", "live")
        for number, state in enumerate(states):
            make_project(session, cast.collection, house.clock(), f"a-{number}", state=state)
        found = projects.public_page(session)
    assert [project.slug for project in found.projects] == ["a-4", "finds", "a-2", "a-0"]
    assert (found.total, found.page, found.pages) == (4, 1, 1)


def test_a_list_goes_on_for_pages_and_a_page_beyond_is_the_last(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        more_projects(session, house, cast, 24)
        pages = [projects.desk_page(session, [cast.museum.id], page) for page in (-3, 1, 2, 10**30)]
        theirs = projects.desk_page(session, [cast.other_museum.id])
    assert [(len(page.projects), page.page, page.pages) for page in pages] == [(24, 1, 2)] * 2 + [(1, 2, 2)] * 2
    slugs = [project.slug for page in pages[1:3] for project in page.projects]
    assert slugs == sorted(slugs) and len(set(slugs)) == 25
    assert theirs.projects == () and theirs.pages == 1


# Moving ----------------------------------------------------------------------------------------------------------


def test_of_two_who_move_a_project_at_once_one_does(house: House, cast: Cast) -> None:
    both = Barrier(2)

    def move(to_state: str) -> bool:
        both.wait(30)
        try:
            with house.database.writing() as session:
                found = projects.project_named(session, "finds")
                if not house.database.is_sqlite:  # SQLite has one writer: the other has not even begun to read.
                    both.wait(30)
                projects.move_project(session, found, to_state, cast.mia.id, house.clock(), seen="live")
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(move, ("paused", "finished"))) == [False, True]
    with house.database.reading() as session:
        (move_,) = moves_of(session, "project", cast.project.id)
        assert projects.project_named(session, "finds").state == move_.to_state


def test_a_project_that_moved_since_it_was_seen_is_not_moved(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        found = projects.project_named(session, "finds")
        with pytest.raises(Conflict):
            projects.move_project(session, found, "finished", cast.mia.id, house.clock(), seen="paused")


# The desk's lists ------------------------------------------------------------------------------------------------


def test_the_newest_reports_come_first_and_only_those_of_the_project(house: House, cast: Cast, clock: Clock) -> None:
    with house.database.writing() as session:
        (other,) = more_projects(session, house, cast, 1)
        for project in (session.merge(cast.project), other):
            add_cards(session, house, project, 1)
        for who, words in ((cast.ada, "upside down"), (cast.ada, "blurred"), (cast.ben, "two cards")):
            clock.pass_(minutes=1)
            report(session, house, session.merge(cast.project), who, words)
        report(session, house, other, cast.ada, "elsewhere")
        found = reports.reports_of(session, cast.project.id, most=2)
        assert [one.words for one in found] == ["two cards", "blurred"]
        assert {one.item.identifier for one in found} == {"HM 1"} and found[0].record is None
        assert found[0].at == clock() and found[0].scan.file_name == "card-001.jpg"
        assert reports.reports_count(session, cast.project.id) == 3
        read(session, house, session.query(Task).filter_by(project_id=cast.project.id).one(), "a")
        settle(session, house, session.merge(cast.project))
        record = session.query(Record).one()
        assert reports.reports_of(session, cast.project.id, most=1)[0].record == record


def test_the_first_scans_are_those_of_the_first_pages(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        scans = add_cards(session, house, session.merge(cast.project), 3)
        scans[0].page_number = 9
        session.flush()
        assert reports.first_scans(session, cast.project.id, 2) == [scans[1], scans[2]]


def test_the_newest_deliveries_are_counted_without_reading_their_files(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        made = [intake.open_delivery(session, project, "upload", house.clock()) for _ in range(3)]
        for name, state in (("a", "waiting"), ("b", "taken"), ("c", "refused"), ("d", "refused"), ("e", "same")):
            intake.add_file(session, made[1], name, f"incoming/{name}", {})
            session.flush()
            file = session.query(IntakeFile).filter_by(file_name=name).one()
            file.state = state
        session.flush()
        with counted(house) as sent:
            found = reports.newest_deliveries(session, project.id, 2)
    assert [delivery.id for delivery, _ in found] == [made[1].id]  # The others have no file.
    assert [figures for _, figures in found] == [reports.DeliveryFigures(5, 1, 1, 2, scans=1)]
    assert len(sent) == 2
