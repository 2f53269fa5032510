"""Reviewing: the queue, the decision, the history."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from micro.data.models import Decision, Move, Project, Record, RecordVersion
from micro.errors import BadAnswer, Conflict, MicroError, NotAllowed, NotFound
from micro.house import House
from micro.services import people
from micro.services.assignments import LendingRule, lend_task
from micro.services.review.history import history
from micro.services.review.sight import has_answered, look_at
from micro.services.reviewing import decide
from micro.services.settling import bare, version_of
from tests.cast import Cast, good_answer
from tests.services.reading import GOLD, agreed, card, decided, disputed, read, record_of, settle, tasks_of


def values_of(session: Session, record: Record) -> dict[str, Any]:
    version = version_of(session, record, record.current)
    assert version is not None
    return bare(version.values)


# --- decisions ---------------------------------------------------------------------------------------------------


def test_accepting_makes_a_version_of_the_proposal(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        before = version_of(session, record, record.current)
        decision = decided(session, house, record, cast.ben, reason="  The scan is clear. ")
        version = version_of(session, record, record.current)
        assert before is not None
        assert version is not None
        assert (record.state, record.reason, record.current, record.proposed) == ("decided", "", 2, 1)
        assert (version.made_by, version.values) == ("decision", before.values)
        assert (decision.action, decision.made, decision.reason) == ("accept", 2, "The scan is clear.")


def test_amending_takes_the_given_values_and_keeps_the_others(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        given = {"length": {"value": {"amount": "12,50", "unit": "mm"}}, "notes": {"mark": "illegible"}}
        decided(session, house, record, cast.ben, "amend", values=given)
        version = version_of(session, record, record.current)
        assert version is not None
        length = {"value": {"amount": "12.50", "unit": "mm"}}
        assert bare(version.values) == good_answer(length=length, notes={"mark": "illegible"})
        assert version.values["length"]["confidence"] == 1.0
        assert version.values["length"]["evidence"][0]["count"] == 4
        assert record.confidence == version.values["material"]["confidence"] < 0.8  # Nobody looked at that one.


@pytest.mark.parametrize(
    "values", [{"found_on": {"value": "soon"}}, {"object": {"value": "  "}}, {"nothing": {"value": "x"}}]
)
def test_a_value_that_cannot_be_kept_is_refused_and_changes_nothing(
    house: House, cast: Cast, values: dict[str, Any]
) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        with pytest.raises(BadAnswer):
            decided(session, house, record, cast.ben, "amend", values=values)
        assert (record.state, record.current) == ("review", 1)
        assert session.scalar(select(func.count()).select_from(Decision)) == 0


def test_rejecting_keeps_the_values_and_asks_nobody(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        decision = decided(session, house, record, cast.ben, "reject", reason="Not a find.")
        assert (record.state, record.current, decision.made) == ("rejected", 1, None)


@pytest.mark.parametrize("action", ["accept", "reject"])
def test_a_decision_ends_the_tasks_so_that_nobody_is_asked_in_vain(house: House, cast: Cast, action: str) -> None:
    with house.database.writing() as session:
        item = card(session, house, session.merge(cast.project))
        read(session, house, tasks_of(session, item)[0], "one")
        settle(session, house, item.project)
        record = record_of(session, item)
        assert record.state == "open"
        decided(session, house, record, cast.ben, action)
        (task,) = tasks_of(session, item)
        assert task.state == "done"
        volunteer = people.volunteer_of_cookie(session, "two", house.clock())
        assert lend_task(session, item.project, volunteer, house.clock(), LendingRule(3600, 5)) is None


def test_returning_asks_for_one_more_answer_and_lends_the_task_again(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        decided(session, house, record, cast.ben, "return")
        (task,) = tasks_of(session, record.item)
        assert (record.state, record.reason, record.current) == ("open", "", record.proposed)
        assert (task.state, task.answered, task.wanted) == ("open", 4, 5)
        for who, lent in (("five", True), ("six", False)):
            volunteer = people.volunteer_of_cookie(session, who, house.clock())
            found = lend_task(session, record.project, volunteer, house.clock(), LendingRule(3600, 5))
            assert (found is not None) == lent


def test_returning_a_decided_record_lets_the_engine_speak_again(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        decided(session, house, record, cast.ben, "amend", values=GOLD)
        decided(session, house, record, cast.mia, "return")
        assert values_of(session, record)["material"] == {"value": "bronze"}
        assert record.confidence < 0.8


def test_nobody_can_be_asked_once_the_project_is_over(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        record.project.state = "finished"
        with pytest.raises(Conflict, match="project is over"):
            decided(session, house, record, cast.ben, "return")
        assert record.state == "review"
        decided(session, house, record, cast.ben)
        assert record.state == "decided"


def test_what_was_decided_can_be_kept_when_the_evidence_changed(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = contradicted(session, house, cast)
        decided(session, house, record, cast.mia)
        assert (record.state, values_of(session, record)["object"]) == ("decided", {"value": "Socketed axe"})
        read(session, house, tasks_of(session, record.item)[0], "eight", object={"value": "Sword"})
        settle(session, house, record.project)
        assert record.state == "decided"  # One more that says what Mia has overruled.


def test_the_new_can_be_taken_when_the_evidence_changed(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = contradicted(session, house, cast)
        seen = look_at(session, record)
        assert seen.weakest == "object"
        assert seen.decided_by == "Ben"
        field = seen.field("object")
        assert field is not None
        assert (field.said, field.proposed) == ({"value": "Socketed axe"}, {"value": "Sword"})
        assert field.is_contradicted
        decided(session, house, record, cast.mia, "amend", values={"object": field.proposed})
        assert values_of(session, record)["object"] == {"value": "Sword"}


def contradicted(session: Session, house: House, cast: Cast) -> Record:
    record = agreed(session, house, cast)
    decided(session, house, record, cast.ben)
    for who in ("three", "four", "five", "six", "seven"):
        read(session, house, tasks_of(session, record.item)[0], who, object={"value": "Sword"})
    settle(session, house, record.project)
    assert (record.state, record.reason) == ("review", "evidence_changed")
    return record


def test_a_stale_decision_is_refused(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        seen = record.revision
        read(session, house, tasks_of(session, record.item)[0], "five")
        settle(session, house, record.project)
        with pytest.raises(Conflict, match="changed after you opened it"):
            decide(session, record.public_id, cast.ben.id, "accept", seen, None, "", house.clock())
        assert session.scalar(select(func.count()).select_from(Decision)) == 0


def test_the_same_post_twice_is_one_decision(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        seen = record.revision
        made = [
            decide(session, record.public_id, cast.ben.id, "amend", seen, GOLD, "", house.clock()) for _ in range(2)
        ]
        assert made[0].id == made[1].id
        with pytest.raises(Conflict):  # The same sight, but another wish.
            decide(
                session,
                record.public_id,
                cast.ben.id,
                "amend",
                seen,
                {"material": {"value": "bronze"}},
                "",
                house.clock(),
            )
        assert session.scalar(select(func.count()).select_from(Decision)) == 1


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    """What the jobs give or raise, all started together."""
    barrier = Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return job()
        except MicroError as error:
            return error

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def test_of_two_decisions_at_once_exactly_one_is_kept(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        key, seen = record.public_id, record.revision

    def deciding(who: int, action: str) -> Callable[[], Any]:
        def run() -> str:
            with house.database.writing() as session:
                return decide(session, key, who, action, seen, None, "", house.clock()).action

        return run

    results = at_once(
        deciding(cast.ben.id, "accept"), deciding(cast.mia.id, "reject"), deciding(cast.nora.id, "return")
    )
    assert sorted(isinstance(result, Conflict) for result in results) == [False, True, True]
    with house.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Decision)) == 1
        assert (
            session.scalar(
                select(func.count()).select_from(Move).where(Move.account_id.is_not(None), Move.subject == "record")
            )
            == 1
        )


def test_deciding_and_settling_at_once_lose_nothing(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        key, seen, item, project = record.public_id, record.revision, record.item, record.project_id
        read(session, house, tasks_of(session, item)[0], "five", object={"value": "Sword"})

    def deciding() -> str:
        with house.database.writing() as session:
            return decide(session, key, cast.ben.id, "amend", seen, GOLD, "", house.clock()).action

    def settling() -> int:
        with house.database.writing() as session:
            return settle(session, house, session.get_one(Project, project))

    decision, settled_items = at_once(deciding, settling)
    assert settled_items == 1
    with house.database.reading() as session:
        record = record_of(session, item)
        assert not tasks_of(session, item)[0].unsettled
        if isinstance(decision, Conflict):
            assert record.state in ("review", "settled")
        else:
            assert values_of(session, record)["material"] == {"value": "gold"}


def test_nobody_decides_on_their_own_answer(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        item = card(session, house, session.merge(cast.project))
        for who in (cast.ben, "two"):
            read(session, house, tasks_of(session, item)[0], who)
        settle(session, house, item.project)
        record = record_of(session, item)
        assert has_answered(session, record, cast.ben.id)
        for action in ("accept", "amend", "reject", "return"):
            with pytest.raises(NotAllowed, match="a colleague has to decide"):
                decided(session, house, record, cast.ben, action, values=GOLD)
        decided(session, house, record, cast.mia)
        assert record.state == "decided"


def test_a_record_that_is_not_there_cannot_be_decided(house: House, cast: Cast) -> None:
    with house.database.writing() as session, pytest.raises(NotFound):
        decide(session, "nothing", cast.ben.id, "accept", 0, None, "", house.clock())


# --- history -----------------------------------------------------------------------------------------------------


def test_the_history_is_complete_and_newest_first(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        house.clock.pass_(hours=1)  # type: ignore[attr-defined]
        decided(session, house, record, cast.ben, "amend", values=GOLD, reason="Gilded.")
        house.clock.pass_(hours=1)  # type: ignore[attr-defined]
        decided(session, house, record, cast.mia, "return")
        told = [(e.what, e.who, e.number, e.action, e.from_state, e.to_state, e.why) for e in history(session, record)]
        assert told == [
            ("decision", "Mia", 0, "return", "", "", ""),
            ("move", "Mia", 0, "", "decided", "open", "return"),
            ("decision", "Ben", 2, "amend", "", "", "Gilded."),
            ("move", "Ben", 0, "", "review", "decided", "amend"),
            ("version", "Ben", 2, "", "", "", ""),
            ("move", "", 0, "", "open", "review", "conflict"),
            ("version", "", 1, "", "", "", ""),
        ]
        assert [e.changed for e in history(session, record) if e.what == "version"] == [("material",), ()]


def test_no_volunteer_is_named_in_what_a_reviewer_sees(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        item = card(session, house, session.merge(cast.project))
        for who in (cast.ada, "two"):
            read(session, house, tasks_of(session, item)[0], who)
        settle(session, house, item.project)
        record = record_of(session, item)
        shown = [history(session, record), [one.evidence for one in look_at(session, record).fields]]
        assert "Ada" not in repr(shown)


def test_versions_are_never_changed_by_a_decision(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        before = version_of(session, record, 1)
        assert before is not None
        kept = (dict(before.values), before.made_at, before.fingerprint)
        decided(session, house, record, cast.ben, "amend", values=GOLD)
        session.expire_all()
        after = session.scalars(
            select(RecordVersion).where(RecordVersion.record_id == record.id, RecordVersion.number == 1)
        ).one()
        assert (after.values, after.made_at, after.fingerprint) == kept
