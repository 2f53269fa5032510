"""Two reviewers and a recomputation at the same moment, each in a session of its own: nothing lost, nothing doubled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from micro.data.models import Decision, Move, Project, Record, RecordVersion, Task
from micro.errors import Conflict
from micro.house import House
from micro.services import settling
from micro.services.review import holds
from micro.services.review.history import history
from micro.services.review.sight import record_named
from micro.services.reviewing import decide, undo
from micro.services.settling import bare, version_of
from tests.cast import Cast
from tests.services.at_once import all_under_way
from tests.services.reading import GOLD, decided, disputed, read, record_of, settle, tasks_of
from tests.services.test_reviewing import at_once

ROUNDS = 5


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_two_reviewers_and_a_recomputation_at_once(house: House, cast: Cast, turn: int) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        key, seen, item, project = record.public_id, record.revision, record.item, record.project_id
        for who in ("five", "six", "seven"):  # New evidence, against what either of them will say.
            read(session, house, tasks_of(session, item)[0], f"{turn}-{who}", object={"value": "Sword"})

    def deciding(who: int, action: str, values: Any) -> Callable[[], str]:
        def run() -> str:
            with house.database.writing() as session:
                return decide(session, key, who, action, seen, values, "", house.clock()).public_id

        return run

    def recomputing() -> int:
        with house.database.writing() as session:
            return settle(session, house, session.get_one(Project, project))

    ben, mia, settled = all_under_way(
        house,
        select(Task.id).where(Task.item_id == item.id),
        deciding(cast.ben.id, "amend", GOLD),
        deciding(cast.mia.id, "reject", None),
        recomputing,
    )
    assert settled == 1
    refused = [one for one in (ben, mia) if isinstance(one, Conflict)]
    kept = [one for one in (ben, mia) if isinstance(one, str)]
    assert len(kept) <= 1
    assert all("changed after you opened it" in str(one) for one in refused)  # Each sees why.
    with house.database.reading() as session:
        record = record_of(session, item)
        assert session.scalars(select(Decision.public_id)).all() == kept
        numbers = session.scalars(select(RecordVersion.number).order_by(RecordVersion.number)).all()
        assert list(numbers) == list(range(1, len(numbers) + 1))
        assert not session.scalars(select(Task.unsettled).where(Task.item_id == item.id)).one()
        moves = session.scalars(select(Move).where(Move.subject == "record").order_by(Move.id)).all()
        assert [move.from_state for move in moves[1:]] == [move.to_state for move in moves[:-1]]
        assert moves[-1].to_state == record.state
        told = [(event.what, event.who) for event in history(session, record)]
        assert len(told) == len(set(numbers)) + len(kept) + len(moves)
        current = version_of(session, record, record.current)
        assert current is not None
        if isinstance(ben, str):
            assert bare(current.values)["material"] == {"value": "gold"}
            assert record.state in ("decided", "review")
        elif isinstance(mia, str):
            assert record.state == "rejected"
        else:
            assert record.state in ("settled", "review")


def test_two_undos_of_one_decision_at_once_are_one(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        key, made = record.public_id, decided(session, house, record, cast.ben).public_id

    def undoing() -> str:
        with house.database.writing() as session:
            return undo(session, made, cast.ben.id, house.clock()).public_id

    first, second = at_once(undoing, undoing)
    assert first == second
    with house.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Decision)) == 2
        assert record_named(session, key).state == "review"


def test_of_an_undo_and_a_colleagues_decision_at_once_neither_is_lost(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        made = decided(session, house, record, cast.ben).public_id
        key, seen = record.public_id, record.revision

    def undoing() -> str:
        with house.database.writing() as session:
            return undo(session, made, cast.ben.id, house.clock()).action

    def deciding() -> str:
        with house.database.writing() as session:
            return decide(session, key, cast.mia.id, "amend", seen, GOLD, "", house.clock()).action

    done = at_once(undoing, deciding)
    assert sorted(isinstance(one, Conflict) for one in done) == [False, True]
    with house.database.reading() as session:
        record = record_named(session, key)
        assert session.scalar(select(func.count()).select_from(Decision)) == 2
        assert record.state == ("review" if done[0] == "undo" else "decided")


def test_two_who_open_a_record_at_once_agree_on_who_holds_it(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        key = disputed(session, house, cast).public_id

    def opening(who: int) -> Callable[[], str]:
        def run() -> str:
            with house.database.writing() as session:
                return holds.hold(session, record_named(session, key), who, house.clock()).name

        return run

    names = at_once(opening(cast.ben.id), opening(cast.mia.id))
    assert len(set(names)) == 1


def test_a_recomputation_by_a_newer_engine_while_somebody_decides(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        key, seen, project = record.public_id, record.revision, record.project_id
        settling.settle_anew(session, project)
    newer = settling.Engine("newer-2", settling.NEWEST.merge)

    def recomputing() -> int:
        with house.database.writing() as session:
            return settling.settle_some(session, project, house.clock(), engine=newer)

    def deciding() -> str:
        with house.database.writing() as session:
            return decide(session, key, cast.ben.id, "amend", seen, GOLD, "", house.clock()).action

    settled, decision = at_once(recomputing, deciding)
    assert settled == 1
    with house.database.reading() as session:
        found = session.scalars(select(Record).where(Record.public_id == key)).one()
        proposed = version_of(session, found, found.proposed)
        assert proposed is not None
        assert proposed.engine == "newer-2"
        assert (found.state == "decided") == (decision == "amend")
