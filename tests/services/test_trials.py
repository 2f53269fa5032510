"""A trial: who answers in it, and what going live discards, asks anew and leaves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from micro.data.models import Answer, Assignment, Decision, Move, Project, Record, RecordVersion, Report, Task
from micro.errors import Closed, Conflict, MicroError, NotFound
from micro.house import House
from micro.services import answers, assignments, figures, people, projects, releases, trials
from micro.services.assignments import LendingRule
from micro.services.moves import moves_of
from micro.services.trials import TrialWork
from tests.cast import Cast, add_cards, good_answer, make_project
from tests.services.reading import agreed, decided, read, record_of, settle, tasks_of

RULE = LendingRule(600, 9)


def tried_out(session: Session, house: House, cast: Cast, cards: int = 1) -> Project:
    """The cast's project, in its trial, with some cards."""
    project = session.merge(cast.project)
    add_cards(session, house, project, cards)
    project.state, project.trial_key = "trial", "the key"
    session.flush()
    return project


def lent(session: Session, house: House, project: Project, who: str) -> Assignment:
    volunteer = people.volunteer_of_cookie(session, who, house.clock())
    found = assignments.lend_task(session, project, volunteer, house.clock(), RULE)
    assert found is not None
    return found


def answer(session: Session, house: House, project: Project, who: str) -> Answer:
    held = lent(session, house, project, who)
    said = {name: value for name, value in good_answer().items() if name in held.task.fields}
    return answers.give_answer(session, held, said, "", house.clock()).answer


def rows(session: Session, table: type) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


# Answering in it ---------------------------------------------------------------------------------------------------


def test_what_is_lent_in_a_trial_belongs_to_it(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = tried_out(session, house, cast)
        assert lent(session, house, project, "a").trial
        project.state = "live"
        session.flush()
        assert not lent(session, house, project, "b").trial


@pytest.mark.parametrize("state", ["draft", "paused", "finished", "archived"])
def test_only_live_and_tried_projects_lend(house: House, cast: Cast, state: str) -> None:
    with house.database.writing() as session:
        project = tried_out(session, house, cast)
        project.state = state
        with pytest.raises(Closed):
            lent(session, house, project, "a")


def test_a_trial_needs_something_to_try(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        project.state = "draft"
        with pytest.raises(Conflict):
            projects.move_project(session, project, "trial", cast.mia.id, house.clock())


def test_a_trial_gets_a_key_that_stays_until_a_new_one_is_made(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 1)
        project.state = "draft"
        projects.move_project(session, project, "trial", cast.mia.id, house.clock())
        key = project.trial_key
        assert key is not None and len(key) >= 20
        projects.move_project(session, project, "draft", cast.mia.id, house.clock())
        projects.move_project(session, project, "trial", cast.mia.id, house.clock())
        assert project.trial_key == key
        assert trials.new_key(session, project, cast.mia.id, house.clock()) != key


# Going live ----------------------------------------------------------------------------------------------------------


def test_going_live_discards_what_was_given_in_the_trial(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = tried_out(session, house, cast, cards=2)
        for who in "ab":
            answer(session, house, project, who)
        lent(session, house, project, "c")
        settle(session, house, project)
        record = session.query(Record).one()
        assert record.state == "settled"
        decided(session, house, record, cast.ben)
        assert trials.trial_work(session, project) == TrialWork(2, 2, 1)
        work = projects.move_project(session, project, "live", cast.mia.id, house.clock(), discarding=2)
        assert work == TrialWork(2, 2, 1) and project.state == "live"
        assert [rows(session, table) for table in (Answer, Assignment, Record, RecordVersion, Decision)] == [0] * 5
        assert not session.scalars(select(Move).where(Move.subject == "record")).all()
        for task in session.query(Task):
            assert (task.state, task.wanted, task.answered, task.lent, task.unsettled) == ("open", 2, 0, 0, False)
        (move,) = moves_of(session, "trial", project.id)
        assert (move.to_state, move.why) == ("discarded", "2 answers, 2 people, 1 records")
        assert not answer(session, house, project, "a").assignment.trial  # The same people may answer for good.


def test_imported_answers_and_their_records_outlive_the_trial(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = tried_out(session, house, cast)
        (task,) = session.query(Task)
        kept = read(session, house, task, "imported")
        answer(session, house, project, "tester")
        settle(session, house, project)
        assert session.query(Record).one().answers_count == 2
        assert trials.trial_work(session, project) == TrialWork(1, 1, 0)
        projects.move_project(session, project, "live", None, house.clock())
        assert session.scalars(select(Answer.id)).all() == [kept.id]
        (task,) = session.query(Task)
        assert (task.answered, task.wanted, task.state, task.unsettled) == (1, 2, "open", True)
        settle(session, house, project)
        record = session.query(Record).one()
        assert (record.state, record.answers_count) == ("open", 1)


def test_a_decision_on_other_evidence_outlives_the_trial(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = agreed(session, house, cast)
        decided(session, house, record, cast.ben)
        project = session.merge(cast.project)
        project.state = "trial"
        (task,) = tasks_of(session, record.item)
        task.state, task.wanted = "open", 3
        session.flush()
        answer(session, house, project, "tester")
        task.state = "done"
        session.flush()
        projects.move_project(session, project, "live", None, house.clock())
        record = record_of(session, record.item)
        (task,) = tasks_of(session, record.item)
        assert (record.state, task.state, task.answered) == ("decided", "done", 2)
        assert rows(session, Decision) == 1


def test_reports_stay(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = tried_out(session, house, cast)
        assignments.report_task(session, lent(session, house, project, "a"), "upside down", house.clock())
        projects.move_project(session, project, "live", None, house.clock())
        assert rows(session, Report) == 1 and rows(session, Assignment) == 0


def test_back_to_a_draft_keeps_the_answers_until_it_goes_live(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = tried_out(session, house, cast)
        held = answer(session, house, project, "a").assignment
        assert projects.move_project(session, project, "draft", None, house.clock()) == TrialWork()
        assert rows(session, Answer) == 1
        with pytest.raises(Closed):
            answers.give_answer(session, held, good_answer(), "again", house.clock())
        assert projects.move_project(session, project, "live", None, house.clock()) == TrialWork(1, 1, 0)
        assert rows(session, Answer) == 0


def test_archiving_from_a_trial_discards_it_too(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = tried_out(session, house, cast)
        answer(session, house, project, "a")
        projects.move_project(session, project, "archived", None, house.clock())
        assert rows(session, Answer) == 0


def test_what_a_live_project_has_is_never_discarded(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = tried_out(session, house, cast)
        project.state = "live"
        session.flush()
        answer(session, house, project, "a")
        for state in ("paused", "live", "finished", "archived"):
            assert projects.move_project(session, project, state, None, house.clock()) == TrialWork()
        assert rows(session, Answer) == 1


def test_more_answers_than_were_said_are_not_discarded(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = tried_out(session, house, cast)
        answer(session, house, project, "a")
        answer(session, house, project, "b")
    with house.database.writing() as session:
        project = projects.project_named(session, "finds")
        with pytest.raises(Conflict):
            projects.move_project(session, project, "live", None, house.clock(), discarding=1)
        session.rollback()
    with house.database.reading() as session:
        assert projects.project_named(session, "finds").state == "trial" and rows(session, Answer) == 2


def test_other_projects_keep_their_trial(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = tried_out(session, house, cast)
        answer(session, house, project, "a")
        other = make_project(session, session.merge(cast.collection), house.clock(), "other", state="trial")
        add_cards(session, house, other, 1)
        answer(session, house, other, "a")
        projects.move_project(session, project, "live", None, house.clock())
        assert session.scalars(select(Answer.project_id)).all() == [other.id]


def test_a_large_trial_is_discarded_in_parts(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = tried_out(session, house, cast, cards=5)
        for _ in range(5):
            answer(session, house, project, "a")
        settle(session, house, project)
        assert trials.discard_trial(session, project, house.clock(), at_once=2) == TrialWork(5, 1, 5)
        assert rows(session, Answer) == rows(session, Record) == 0
        assert trials.discard_trial(session, project, house.clock(), at_once=2) == TrialWork()


# Meanwhile -----------------------------------------------------------------------------------------------------------


def test_a_lease_that_went_with_its_trial_is_refused_in_one_sentence(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = tried_out(session, house, cast)
        held = lent(session, house, project, "a")
        key, volunteer = held.public_id, held.volunteer
        projects.move_project(session, project, "live", None, house.clock())
        with pytest.raises(NotFound, match="its trial is over"):
            assignments.assignment_of(session, key, volunteer, hold=True)


def test_answering_while_the_trial_ends_leaves_nothing_half(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = tried_out(session, house, cast)
        held = lent(session, house, project, "a")
        key, volunteer_id = held.public_id, held.volunteer_id
    both = Barrier(2)

    def give() -> str:
        both.wait(30)
        try:
            with house.database.writing() as session:
                volunteer = people.volunteer_of_cookie(session, "a", house.clock())
                assert volunteer.id == volunteer_id
                mine = assignments.assignment_of(session, key, volunteer, hold=True)
                said = {name: value for name, value in good_answer().items() if name in mine.task.fields}
                answers.give_answer(session, mine, said, "", house.clock())
        except MicroError as error:
            return type(error).__name__
        return "given"

    def open_() -> str:
        both.wait(30)
        with house.database.writing() as session:
            projects.move_project(session, projects.project_named(session, "finds"), "live", None, house.clock())
        return "opened"

    with ThreadPoolExecutor(2) as threads:
        gave, opened = threads.submit(give), threads.submit(open_)
        assert gave.result() in ("given", "NotFound") and opened.result() == "opened"
    with house.database.reading() as session:
        assert rows(session, Answer) == rows(session, Assignment) == 0
        (task,) = session.query(Task)
        assert (task.answered, task.lent) == (0, 0)


# Elsewhere -----------------------------------------------------------------------------------------------------------


def test_the_front_pages_figures_leave_trials_out(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = tried_out(session, house, cast)
        for who in "ab":
            answer(session, house, project, who)
        settle(session, house, project)
        assert figures.network_figures(session) == figures.NetworkFigures(0, 0, 0, 0)


@pytest.mark.parametrize("state", ["draft", "trial"])
def test_nothing_is_released_before_a_project_is_open(house: House, cast: Cast, state: str) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        agreed(session, house, cast)
        project.state = state
        with pytest.raises(Conflict, match="not open yet"):
            releases.start_release(session, project, cast.mia.id, "", house.clock())


def test_a_reviewer_can_return_a_record_of_a_trial(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = agreed(session, house, cast)
        session.merge(cast.project).state = "trial"
        session.flush()
        decided(session, house, record, cast.ben, "return")
        assert record_of(session, record.item).state == "open"
