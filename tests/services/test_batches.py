"""Accepting together: what is in a preview, that it is as it was seen, its sample, its work, its undo."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from micro import jobs
from micro.config import Settings
from micro.core.audit import at_most
from micro.core.review_order import cost_s, expected_errors
from micro.data.models import Batch, BatchRecord, Decision, Item, Lesson, Move, Project, Record, RecordVersion, Scan
from micro.errors import BadAnswer, Conflict, NotAllowed
from micro.house import House, open_house
from micro.services import batches, reviewing
from micro.services.batch_verdict import verdict_of
from micro.services.batch_work import accept_others, batches_behind, drop, take_back, work_some
from micro.services.review import holds
from micro.services.review.filters import QueueFilters
from micro.services.reviewing import decide
from micro.services.teaching import judged_answers
from micro.services.versions import lowest
from tests.cast import Cast, add_cards
from tests.conftest import Clock
from tests.services.at_once import all_under_way
from tests.services.reading import GOLD, decided, read, settle, tasks_of

COUNT, TENTH = 34, 0.10  # 29 are drawn for at most 10 %, 5 are left to accept.


@pytest.fixture
def project_id(house: House, cast: Cast) -> int:
    """A project with COUNT records that volunteers agree on."""
    with house.database.writing() as session:
        project = session.merge(cast.project)
        project.target_confidence = 0.6
        add_cards(session, house, project, COUNT)
        for item in session.scalars(select(Item).order_by(Item.id)):
            for who in ("one", "two"):
                read(session, house, tasks_of(session, item)[0], who)
        settle(session, house, project)
        assert set(session.scalars(select(Record.state))) == {"settled"}
        return project.id


def filters(who: Any, **more: Any) -> QueueFilters:
    return QueueFilters(project="finds", account_id=who.id, **{"state": "settled", "least": 0.5, **more})


def looked_at(session: Session, house: House, project_id: int, who: Any, **more: Any) -> batches.Preview:
    return batches.preview(session, session.get_one(Project, project_id), filters(who, **more), house.clock())


def begun(session: Session, house: House, project_id: int, who: Any, seen: str = "") -> Batch:
    seen = seen or looked_at(session, house, project_id, who).seen
    project = session.get_one(Project, project_id)
    return batches.begin(session, project, filters(who), TENTH, seen, "1934", house.clock())


def drawn(session: Session, batch: Batch) -> list[Record]:
    query = select(Record).join(BatchRecord, BatchRecord.record_id == Record.id).order_by(Record.id)
    return list(session.scalars(query.where(BatchRecord.batch_id == batch.id, BatchRecord.state == "sample")))


def records(session: Session) -> list[Record]:
    return list(session.scalars(select(Record).order_by(Record.id).execution_options(populate_existing=True)))


def work(house: House, batch_id: int, most: int = 2, times: int = 100) -> None:
    for _ in range(times):
        with house.database.writing() as session:
            if work_some(session, batch_id, house.clock(), most) is None:
                return


def test_a_preview_holds_what_is_clear_and_says_how_many_are_not(house: House, cast: Cast, project_id: int) -> None:
    with house.database.writing() as session:
        all_ = records(session)
        decided(session, house, all_[0], cast.mia, "flag")
        all_[1].assignee_id = cast.mia.id
        holds.hold(session, all_[2], cast.mia.id, house.clock())
        read(session, house, tasks_of(session, all_[3].item)[0], cast.ben)
        all_[4].confidence = 0.4
        session.get_one(Scan, all_[5].item.scan_id).state = "withdrawn"
        session.flush()
        found = looked_at(session, house, project_id, cast.ben)
        assert (found.count, found.left_out) == (COUNT - 6, 4)
        assert {field.name: count for field, count, _ in found.fields}["object"] == COUNT - 6
        assert found.lowest == min(one.confidence for one in all_[6:]) and found.samples == {}
        assert found.shown[0].said[0][1] == {"value": "Socketed axe"}
        assert looked_at(session, house, project_id, cast.mia).count == COUNT - 3
        assert looked_at(session, house, project_id, cast.ben, least=1.0).count == 0
        for least in (None, 0.2, 1.5):
            with pytest.raises(BadAnswer):
                looked_at(session, house, project_id, cast.ben, least=least)
        session.get_one(Project, project_id).four_eyes = True
        session.flush()
        with pytest.raises(Conflict):
            looked_at(session, house, project_id, cast.ben)


def test_a_stale_preview_begins_nothing(house: House, cast: Cast, project_id: int) -> None:
    with house.database.writing() as session:
        seen = looked_at(session, house, project_id, cast.ben).seen
        decided(session, house, records(session)[0], cast.mia)
        with pytest.raises(Conflict):
            begun(session, house, project_id, cast.ben, seen)
        assert session.scalar(select(func.count()).select_from(Batch)) == 0


def test_a_sample_is_fixed_before_and_drawn_by_its_seed(house: House, cast: Cast, project_id: int) -> None:
    with house.database.writing() as session:
        before = [one.id for one in records(session)]
        batch = begun(session, house, project_id, cast.ben)
        sample = drawn(session, batch)
        assert [one.id for one in sample] == sorted(batches.draw(before, 29, "1934"))
        assert {(one.state, one.reason) for one in sample} == {("review", "audit")}
        assert batches.counts_of(session, batch)["waiting"] == 5
        for task in tasks_of(session, sample[0].item):
            task.unsettled = True
        settle(session, house, batch.project)
        assert (sample[0].state, sample[0].reason) == ("review", "audit"), "it waits for a person whatever is settled"
        with pytest.raises(Conflict):  # Only five are left, too few for another.
            begun(session, house, project_id, cast.ben)


def test_every_record_is_as_likely_to_be_drawn() -> None:
    ids = list(range(20))
    times = [0] * 20
    for seed in range(4000):
        for one in batches.draw(ids, 5, str(seed)):
            times[one] += 1
    assert all(900 < count < 1100 for count in times)


def test_the_bound_is_said_when_all_of_the_sample_is_judged_and_not_before(
    house: House, cast: Cast, project_id: int
) -> None:
    with house.database.writing() as session:
        batch = begun(session, house, project_id, cast.ben)
        sample = drawn(session, batch)
        for record in sample[:27]:
            decided(session, house, record, cast.mia)
        decided(session, house, sample[27], cast.mia, "amend", values=GOLD)
        verdict = verdict_of(session, batch)
        assert (verdict.judged, verdict.wrong, verdict.bound) == (28, 1, None)
        last = decided(session, house, sample[28], cast.mia, "reject")
        verdict = verdict_of(session, batch)
        assert (verdict.judged, verdict.wrong, dict(verdict.fields)) == (29, 2, {"material": 1})
        assert verdict.bound == at_most(2, 29)
        reviewing.undo(session, last.public_id, cast.mia.id, house.clock())
        assert verdict_of(session, batch).bound is None
        assert (sample[28].state, sample[28].reason) == ("review", "audit")
        assert len({row.field for row in judged_answers(session, project_id)}) == 5, "the audit teaches reliability"


def test_the_others_are_accepted_by_the_job_also_after_it_was_killed(house: House, cast: Cast, project_id: int) -> None:
    with house.database.writing() as session:
        batch = begun(session, house, project_id, cast.ben)
        for record in drawn(session, batch):
            decided(session, house, record, cast.ben)
        lessons = session.scalar(select(func.count()).select_from(Lesson))
        for _ in range(2):
            accept_others(session, batch, cast.ben.id, house.clock())
        batch_id = batch.id
        assert list(batches_behind(session)) == [batch_id]
    work(house, batch_id, times=1)  # As if the worker was killed here.
    with house.database.reading() as session:
        assert batches.counts_of(session, session.get_one(Batch, batch_id))["accepted"] == 2
    assert jobs.sweep_all(house)["records accepted together"] == 3
    assert jobs.drain_batch(house, batch_id) == 0
    with house.database.reading() as session:
        batch = session.get_one(Batch, batch_id)
        assert (batch.state, verdict_of(session, batch).bound) == ("accepted", at_most(0, 29))
        assert {one.state for one in records(session)} == {"decided"}
        assert session.scalar(select(func.count()).select_from(Decision)) == COUNT
        assert session.scalar(select(func.count()).select_from(Lesson)) == lessons, "nobody looked at the others"
        assert len(list(judged_answers(session, project_id))) == 29 * 2 * 5


def accept_and_die(settings: Settings, batch_id: int, now: Clock) -> None:
    """The power goes after two records, with two more accepted and not committed."""
    opened = open_house(settings, now)
    for is_last in (False, True):
        with opened.database.writing() as session:
            assert work_some(session, batch_id, now(), 2) == 2
            if is_last:
                os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_worker_and_two_at_once_lose_nothing_and_do_nothing_twice(
    house: House, cast: Cast, clock: Clock, project_id: int
) -> None:
    with house.database.writing() as session:
        batch = begun(session, house, project_id, cast.ben)
        accept_others(session, batch, cast.ben.id, house.clock())
        batch_id = batch.id
    other = multiprocessing.get_context("spawn").Process(target=accept_and_die, args=(house.settings, batch_id, clock))
    other.start()
    other.join(60)
    assert other.exitcode == -signal.SIGKILL
    assert told(house, batch_id) == {"accept": 2}, "what was not committed never was"

    def working() -> int:
        done = 0
        while True:  # One record a transaction, so that the workers take turns.
            with house.database.writing() as session:
                if (now_done := work_some(session, batch_id, house.clock(), 1)) is None:
                    return done
            done += now_done

    held = select(Batch.id).where(Batch.id == batch_id)
    assert sum(all_under_way(house, held, working, working)) == 3
    assert told(house, batch_id) == {"accept": 5, "accepted": 1}
    with house.database.writing() as session:
        take_back(session, session.get_one(Batch, batch_id), cast.ben.id, house.clock())
    assert sum(all_under_way(house, held, working, working)) == 5
    assert told(house, batch_id) == {"accept": 5, "accepted": 1, "undo": 5, "undone": 1}
    with house.database.reading() as session:
        assert {one.state for one in records(session)} == {"settled"}
        versions = select(func.count()).where(RecordVersion.made_by == "decision").group_by(RecordVersion.record_id)
        assert session.scalars(versions).all() == [1] * 5


def told(house: House, batch_id: int) -> dict[str, int]:
    """How many decisions of each sort there are, each about another record; and how often the batch came to an end."""
    with house.database.reading() as session:
        made = [(row[0], str(row[1])) for row in session.execute(select(Decision.record_id, Decision.action))]
        assert len(made) == len(set(made)), "a record was decided twice"
        ends = select(Move.to_state).where(Move.subject == "batch", Move.to_state.in_(("accepted", "undone")))
        return dict(Counter([action for _, action in made] + list(session.scalars(ends))))


def test_stopped_early_no_bound_is_said_and_the_rest_of_the_sample_stands_as_before(
    house: House, cast: Cast, project_id: int
) -> None:
    with house.database.writing() as session:
        batch = begun(session, house, project_id, cast.ben)
        sample = drawn(session, batch)
        decided(session, house, sample[0], cast.ben)
        accept_others(session, batch, cast.ben.id, house.clock())
        assert batch.stopped
        batch_id = batch.id
    work(house, batch_id)
    with house.database.writing() as session:
        sample = drawn(session, session.get_one(Batch, batch_id))
        assert [one.state for one in sample] == ["decided"] + ["settled"] * 28
        word = reviewing.newest_decision_of(session, sample[0])
        assert word is not None
        reviewing.undo(session, word.public_id, cast.ben.id, house.clock())
        assert (sample[0].state, sample[0].reason) == ("settled", ""), "no sample waits any more"
        decided(session, house, sample[0], cast.ben)
        for record in sample[1:]:
            decided(session, house, record, cast.mia)
        verdict = verdict_of(session, session.get_one(Batch, batch_id))
        assert (verdict.judged, verdict.bound) == (29, None)


def test_whatever_changed_since_is_passed_and_stays(house: House, cast: Cast, project_id: int) -> None:
    with house.database.writing() as session:
        batch = begun(session, house, project_id, cast.ben)
        others = [one for one in records(session) if one.reason != "audit"]
        decided(session, house, others[0], cast.mia, "flag")
        holds.hold(session, others[1], cast.mia.id, house.clock())
        read(session, house, tasks_of(session, others[2].item)[0], cast.ben)
        decided(session, house, others[3], cast.ben)
        accept_others(session, batch, cast.ben.id, house.clock())
        batch_id, flagged = batch.id, others[0].id
    work(house, batch_id)
    with house.database.reading() as session:
        counts = batches.counts_of(session, session.get_one(Batch, batch_id))
        assert (counts["accepted"], counts["passed"]) == (1, 4)
        assert session.get_one(Record, flagged).reason == "flagged"
        assert all(session.scalars(select(BatchRecord.why).where(BatchRecord.state == "passed")))


def test_the_whole_batch_is_taken_back_but_for_what_something_newer_stands_on(
    house: House, cast: Cast, project_id: int
) -> None:
    with house.database.writing() as session:
        batch = begun(session, house, project_id, cast.ben)
        accept_others(session, batch, cast.ben.id, house.clock())
        batch_id = batch.id
    work(house, batch_id)
    with house.database.writing() as session:
        batch = session.get_one(Batch, batch_id)
        with pytest.raises(NotAllowed):
            take_back(session, batch, cast.mia.id, house.clock())
        kept = session.scalars(
            select(Record).join(BatchRecord).where(BatchRecord.state == "accepted").order_by(Record.id)
        ).first()
        assert kept is not None
        decided(session, house, kept, cast.mia, "amend", values=GOLD)
        for _ in range(2):
            take_back(session, batch, cast.ben.id, house.clock())
        kept_id = kept.id
    work(house, batch_id, times=1)
    jobs.sweep_all(house)
    with house.database.reading() as session:
        counts = batches.counts_of(session, session.get_one(Batch, batch_id))
        assert (counts["undone"], counts["kept"]) == (4, 1)
        assert {one.state for one in records(session) if one.id != kept_id} == {"settled"}
        assert session.get_one(Record, kept_id).state == "decided"


def test_a_dropped_batch_leaves_everything_as_it_was(house: House, cast: Cast, project_id: int) -> None:
    with house.database.writing() as session:
        before = [(one.state, one.reason, one.current) for one in records(session)]
        batch = begun(session, house, project_id, cast.ben)
        for _ in range(2):
            drop(session, batch, cast.ben.id, house.clock())
        assert [(one.state, one.reason, one.current) for one in records(session)] == before
        with pytest.raises(Conflict):
            accept_others(session, batch, cast.ben.id, house.clock())
        assert begun(session, house, project_id, cast.ben).size == COUNT


def test_a_record_accepted_with_others_has_the_history_of_one_accepted_by_itself(
    house: House, cast: Cast, project_id: int
) -> None:
    with house.database.writing() as session:
        batch = begun(session, house, project_id, cast.ben)
        accept_others(session, batch, cast.ben.id, house.clock())
        batch_id, sample = batch.id, drawn(session, batch)
        alone = sample[0]
        decide(session, alone.public_id, cast.ben.id, "accept", alone.revision, None, "", house.clock())
        alone_id = alone.id
    with house.database.writing() as session:
        assert work_some(session, batch_id, house.clock()) == COUNT - len(sample)  # All in one go.
        others = session.scalars(select(BatchRecord.record_id).where(BatchRecord.state == "accepted")).all()
        assert len(others) == COUNT - len(sample)
        expected = history(session, alone_id)
        assert (expected[0][:3], expected[1][0], expected[2][1]) == (("decided", "", 2), True, True)
        assert all(history(session, one) == expected for one in others)


def history(session: Session, record_id: int) -> list[Any]:
    """All that a decision leaves behind, but for times and numbers."""
    record = session.get_one(Record, record_id)
    made = session.scalars(select(RecordVersion).where(RecordVersion.record_id == record_id))
    engine, word = sorted(made, key=lambda one: one.number)
    words = session.scalars(select(Decision).where(Decision.record_id == record_id)).all()
    moves = session.scalars(select(Move).where(Move.subject == "record", Move.subject_id == record_id))
    return [
        (record.state, record.reason, record.current, record.assignee_id, record.question),
        (record.confidence == lowest(word.values), record.fields_count, record.cost_s == cost_s(record.errors, 6, 1.0)),
        (record.errors == expected_errors(word.values, ""), word.values == engine.values, word.engine, word.made_by),
        [(one.account_id, one.action, one.made, one.reason, one.fields_count, one.question) for one in words],
        [sorted(state for state, _ in (one.before or {})["tasks"].values()) for one in words],
        [(move.account_id, move.to_state, move.why) for move in moves if move.why == "accept"],
        [task.state for task in tasks_of(session, record.item)],
    ]
