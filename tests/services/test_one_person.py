"""Who read without an account and claimed it later is one person, wherever people and their cards are counted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from micro.data.models import Answer, Assignment, Project, Task
from micro.house import House
from micro.services import contributors, course, figures, people, trials, workbench
from tests.cast import Cast, add_cards
from tests.conftest import Clock
from tests.services.reading import read, settle
from tests.services.releasing import files_of, make, table


@pytest.fixture
def claimed(house: House, cast: Cast, clock: Clock) -> None:
    """Ada reads cards 1 and 2 with her account, 2 and 3 in a browser, which she claims; somebody else reads card 2."""
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 3)
        first, second, third = session.scalars(select(Task).order_by(Task.id))
        read(session, house, first, cast.ada)
        read(session, house, second, cast.ada, object={"value": "Fibuia"})
        clock.pass_(days=8)
        for task in (second, third):
            read(session, house, task, "browser", object={"value": "Fibula"})
        read(session, house, second, "somebody else", object={"value": "Fibula"})
        browser = people.volunteer_of_cookie(session, "browser", clock())
        browser.claimed_by_id = people.volunteer_of_account(session, cast.ada.id, clock()).id
        settle(session, house, project)


@pytest.mark.usefixtures("claimed")
def test_a_release_has_one_pseudonym_and_one_newest_answer_of_each_person_and_card(house: House, cast: Cast) -> None:
    release = make(house, cast.project)
    rows = table(files_of(house, release)["answers.csv"])
    pairs = {(row["record"], row["volunteer"]) for row in rows}
    assert len(rows) == 5 and len({row["volunteer"] for row in rows}) == 2 and len(pairs) == 4
    newest = [row for row in rows if row["newest"] == "true"]
    assert {(row["record"], row["volunteer"]) for row in newest} == pairs and len(newest) == 4
    (corrected,) = (row for row in rows if row["newest"] == "false")
    assert (corrected["object"], corrected["number"]) == ("Fibuia", "1")
    assert sorted(row["number"] for row in newest) == ["1", "1", "1", "2"]
    manifest = release.manifest or {}
    assert manifest["figures"]["volunteers"] == 2
    told = {row["record"]: int(row["answers"]) for row in table(files_of(house, release)["records.csv"])}
    assert sum(told.values()) == len(newest), "as many as the records rest on"


@pytest.mark.usefixtures("claimed")
def test_figures_count_people(house: House, cast: Cast, clock: Clock) -> None:
    with house.database.writing() as session:
        project = session.get_one(Project, cast.project.id)
        progress = figures.progress_of(session, project.id)
        assert (progress.answers, progress.volunteers) == (5, 2)
        network = figures.network_figures(session)
        assert (network.answers, network.volunteers) == (5, 2)
        clock.pass_(seconds=1)
        how = course.course_of(session, project, clock())
        assert (how.people_week, how.people_new) == (2, 1), "she was here before"
        project.state = "trial"
        for assignment in session.scalars(select(Assignment)):
            assignment.trial = True
        session.flush()
        assert (trials.trial_work(session, project).answers, trials.trial_work(session, project).people) == (5, 2)


@pytest.mark.usefixtures("claimed")
def test_a_card_that_one_person_read_twice_is_one_card(house: House, cast: Cast, clock: Clock) -> None:
    with house.database.reading() as session:
        ada = people.volunteer_of_account(session, cast.ada.id, clock())
        shown, count = workbench.own_answers(session, people.own_ids(session, ada), 1, 10, clock().date())
        assert count == len(shown) == 3
        row = contributors.contributor_named(session, session.get_one(Project, cast.project.id), ada.public_id)
        assert row.answers == 3 and row.last - row.first == timedelta(days=8)
        given, _ = contributors.answers_of(session, session.get_one(Project, cast.project.id), ada)
        assert len(given) == 3 and {one.answer.task_id for one in given} == set(session.scalars(select(Answer.task_id)))
        assert "Fibuia" not in {one.answer.value["object"].get("value") for one in given if one.answer.task_id != 1}
