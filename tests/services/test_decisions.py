"""What else a professional may do: illegible, revert, return with a question, flag, hand on, undo; and four eyes."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from micro.data.models import Account, Decision, Membership, Record, RecordVersion
from micro.errors import BadAnswer, Conflict, NotAllowed
from micro.house import House
from micro.services import people
from micro.services.assignments import LendingRule, lend_task
from micro.services.review import holds
from micro.services.review.words import latest_word, undoable
from micro.services.reviewing import Details, decide, undo
from micro.services.settling import bare, version_of
from tests.cast import Cast
from tests.services.reading import GOLD, agreed, card, decided, disputed, read, record_of, settle, tasks_of


def say(
    session: Session, house: House, record: Record, who: Account, action: str, values: Any = None, **details: Any
) -> Decision:
    return decide(
        session, record.public_id, who.id, action, record.revision, values, "", house.clock(), Details(**details)
    )


def values_of(session: Session, record: Record) -> dict[str, Any]:
    version = version_of(session, record, record.current)
    assert version is not None
    return bare(version.values)


def stands(record: Record) -> tuple[str, str]:
    return record.state, record.reason


# --- illegible, revert, return, flag, hand --------------------------------------------------------------------------


def test_a_field_can_be_illegible_in_the_original_and_the_others_stay(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        before = values_of(session, record)
        say(session, house, record, cast.ben, "illegible", {"material": {}})
        assert values_of(session, record) == {**before, "material": {"mark": "illegible"}}
        assert stands(record) == ("decided", "")
        with pytest.raises(BadAnswer):
            say(session, house, record, cast.ben, "illegible")


def test_a_revert_makes_a_new_version_of_what_was_said_earlier(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        first = values_of(session, record)
        decided(session, house, record, cast.ben, "amend", values=GOLD)
        made = say(session, house, record, cast.mia, "revert", version=1)
        assert (made.made, record.current, values_of(session, record)) == (3, 3, first)
        assert session.scalar(select(func.count()).select_from(RecordVersion)) == 3
        for number, error in ((3, Conflict), (4, BadAnswer), (0, BadAnswer), (2**40, BadAnswer)):
            with pytest.raises(error):
                say(session, house, record, cast.mia, "revert", version=number)


def test_a_question_goes_to_the_volunteers_until_somebody_decides(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        say(session, house, record, cast.ben, "return", question="  Is the a closed?  ")
        assert (record.state, record.question) == ("open", "Is the a closed?")
        read(session, house, tasks_of(session, record.item)[0], "five", **GOLD)
        settle(session, house, record.project)
        decided(session, house, record, cast.ben)
        assert record.question == ""


def test_a_flag_stays_until_somebody_decides_whatever_is_settled(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = agreed(session, house, cast)
        decided(session, house, record, cast.ben, "flag", reason="Another hand?")
        assert stands(record) == ("review", "flagged")
        for who in ("three", "four", "five"):
            read(session, house, tasks_of(session, record.item)[0], who, object={"value": "Sword"})
            settle(session, house, record.project)
            assert stands(record) == ("review", "flagged")
        decided(session, house, record, cast.mia)
        assert stands(record) == ("decided", "")


def test_a_flag_leaves_what_a_person_said(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        decided(session, house, record, cast.ben, "amend", values=GOLD)
        decided(session, house, record, cast.mia, "flag")
        for who in ("five", "six", "seven"):
            read(session, house, tasks_of(session, record.item)[0], who)
        settle(session, house, record.project)
        assert values_of(session, record)["material"] == {"value": "gold"}
        assert tasks_of(session, record.item)[0].state == "done"


def test_a_record_is_handed_to_a_colleague_and_free_again_once_decided(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        made = say(session, house, record, cast.ben, "hand", to=cast.mia.public_id)
        assert (stands(record), record.assignee_id, made.to_id) == (("review", "conflict"), cast.mia.id, cast.mia.id)
        decided(session, house, record, cast.mia)
        assert record.assignee_id is None
        say(session, house, record, cast.mia, "hand", to=cast.ben.public_id)
        assert (stands(record), record.assignee_id) == (("review", "flagged"), cast.ben.id)


def test_a_record_is_handed_to_nobody_who_cannot_decide(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        item = card(session, house, session.merge(cast.project))
        for who in (cast.mia, "two"):
            read(session, house, tasks_of(session, item)[0], who)
        settle(session, house, item.project)
        record = record_of(session, item)
        for to in (cast.cleo.public_id, cast.ada.public_id, cast.mia.public_id, ""):
            with pytest.raises(BadAnswer) as refused:
                say(session, house, record, cast.ben, "hand", to=to)
            assert refused.value.field == "to"
        assert record.state == "settled"


def test_whoever_answered_may_flag_and_hand_on_but_not_decide(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        item = card(session, house, session.merge(cast.project))
        for who in (cast.ben, "two"):
            read(session, house, tasks_of(session, item)[0], who)
        settle(session, house, item.project)
        record = record_of(session, item)
        for action in ("illegible", "revert"):
            with pytest.raises(NotAllowed):
                say(session, house, record, cast.ben, action, {"object": {}}, version=1)
        say(session, house, record, cast.ben, "flag")
        say(session, house, record, cast.ben, "hand", to=cast.mia.public_id)
        assert stands(record) == ("review", "flagged")


def test_nobody_decides_on_what_they_said_without_their_account(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        mine = people.volunteer_of_account(session, cast.ben.id, house.clock())
        people.volunteer_of_cookie(session, "one", house.clock()).claimed_by_id = mine.id
        session.flush()
        with pytest.raises(NotAllowed, match="a colleague has to decide"):
            decided(session, house, record, cast.ben)


# --- undo ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "values", "details"),
    [
        ("accept", None, {}),
        ("amend", GOLD, {}),
        ("illegible", {"material": {}}, {}),
        ("reject", None, {}),
        ("return", None, {"question": "Really?"}),
        ("flag", None, {}),
        ("hand", None, {"to": "mia"}),
    ],
)
def test_an_undo_brings_back_all_that_was(
    house: House, cast: Cast, action: str, values: Any, details: dict[str, Any]
) -> None:
    if "to" in details:
        details = {"to": cast.mia.public_id}
    with house.database.writing() as session:
        record = disputed(session, house, cast)

        def all_of_it() -> tuple[Any, ...]:
            (task,) = tasks_of(session, record.item)
            return (
                *stands(record), record.current, record.confidence, record.assignee_id, record.question, task.state,
                task.wanted, round(record.cost_s, 6),
            )  # fmt: skip

        before = all_of_it()
        made = say(session, house, record, cast.ben, action, values, **details)
        assert all_of_it() != before
        assert undoable(session, cast.ben.id) is made
        back = undo(session, made.public_id, cast.ben.id, house.clock())
        assert all_of_it() == before
        assert undo(session, made.public_id, cast.ben.id, house.clock()) is back  # Twice is once.
        assert undoable(session, cast.ben.id) is None
        settle(session, house, record.project)
        assert all_of_it() == before
        assert session.scalar(select(func.count()).select_from(Decision)) == 2
        decided(session, house, record, cast.ben)
        assert record.state == "decided"


def test_only_ones_own_newest_decision_is_undone(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        first = decided(session, house, record, cast.ben)
        with pytest.raises(Conflict, match="nothing of yours"):
            undo(session, first.public_id, cast.mia.id, house.clock())
        second = decided(session, house, record, cast.mia, "amend", values=GOLD)
        with pytest.raises(Conflict, match="Something newer"):
            undo(session, first.public_id, cast.ben.id, house.clock())
        back = undo(session, second.public_id, cast.mia.id, house.clock())
        assert record.current == first.made
        with pytest.raises(Conflict):
            undo(session, first.public_id, cast.ben.id, house.clock())
        with pytest.raises(Conflict):
            undo(session, back.public_id, cast.mia.id, house.clock())
        assert undoable(session, cast.ben.id) is None


def test_nothing_is_undone_once_new_evidence_stands_on_it(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = agreed(session, house, cast)
        made = decided(session, house, record, cast.ben)
        for who in ("three", "four", "five"):
            read(session, house, tasks_of(session, record.item)[0], who, object={"value": "Sword"})
        settle(session, house, record.project)
        assert record.reason == "evidence_changed"
        assert undoable(session, cast.ben.id) is None
        with pytest.raises(Conflict):
            undo(session, made.public_id, cast.ben.id, house.clock())


def test_an_undone_return_keeps_the_card_of_whoever_is_reading_it(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        made = decided(session, house, record, cast.ben, "return")
        reader = people.volunteer_of_cookie(session, "five", house.clock())
        lent = lend_task(session, record.project, reader, house.clock(), LendingRule(3600, 5))
        assert lent is not None
        undo(session, made.public_id, cast.ben.id, house.clock())
        (task,) = tasks_of(session, record.item)
        assert (task.state, task.wanted, task.lent) == ("open", 5, 1)
        read(session, house, task, "five", **GOLD)
        settle(session, house, record.project)
        assert tasks_of(session, record.item)[0].state == "done"


# --- four eyes -------------------------------------------------------------------------------------------------------


@pytest.fixture
def zoe(house: House, cast: Cast) -> Account:
    """A third reviewer of the museum."""
    with house.database.writing() as session:
        made = Account(
            email="zoe@example.org", name="Zoe", password_hash="", session_stamp="", created_at=house.clock()
        )
        session.add(made)
        session.add(
            Membership(account=made, institution=session.merge(cast.museum), role="reviewer", created_at=house.clock())
        )
        session.flush()
        return made


def watched(session: Session, house: House, cast: Cast) -> Record:
    record = disputed(session, house, cast)
    record.project.four_eyes = True
    session.flush()
    return record


@pytest.mark.parametrize("action", ["accept", "amend", "reject"])
def test_a_second_person_has_to_say_the_same(house: House, cast: Cast, action: str) -> None:
    values = GOLD if action == "amend" else None
    with house.database.writing() as session:
        record = watched(session, house, cast)
        say(session, house, record, cast.ben, action, values)
        assert stands(record) == ("review", "second")
        with pytest.raises(NotAllowed, match="A colleague has to confirm"):
            say(session, house, record, cast.ben, action, values)
        say(session, house, record, cast.mia, action, values)
        assert stands(record) == ("rejected" if action == "reject" else "decided", "")


def test_an_amendment_is_confirmed_by_accepting_it(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = watched(session, house, cast)
        say(session, house, record, cast.ben, "amend", GOLD)
        with pytest.raises(NotAllowed):
            say(session, house, record, cast.ben, "accept")
        say(session, house, record, cast.mia, "accept")
        assert (stands(record), values_of(session, record)["material"]) == (("decided", ""), {"value": "gold"})


def test_another_word_waits_for_a_second_person_itself(house: House, cast: Cast, zoe: Account) -> None:
    with house.database.writing() as session:
        record = watched(session, house, cast)
        say(session, house, record, cast.ben, "amend", GOLD)
        say(session, house, record, cast.mia, "reject")
        assert stands(record) == ("review", "second")
        say(session, house, record, zoe, "amend", {"material": {"mark": "illegible"}})
        assert stands(record) == ("review", "second")
        say(session, house, record, cast.ben, "accept")
        assert (stands(record), values_of(session, record)["material"]) == (("decided", ""), {"mark": "illegible"})


def test_one_may_change_ones_own_word_while_it_waits(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = watched(session, house, cast)
        say(session, house, record, cast.ben, "accept")
        say(session, house, record, cast.ben, "amend", GOLD)
        assert stands(record) == ("review", "second")
        say(session, house, record, cast.mia, "accept")
        assert record.state == "decided"


def test_an_undone_word_confirms_nothing(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = watched(session, house, cast)
        first = say(session, house, record, cast.ben, "accept")
        confirmed = say(session, house, record, cast.mia, "accept")
        undo(session, confirmed.public_id, cast.mia.id, house.clock())
        assert stands(record) == ("review", "second")
        assert latest_word(session, record) is first
        with pytest.raises(NotAllowed):
            say(session, house, record, cast.ben, "accept")
        say(session, house, record, cast.mia, "accept")
        assert record.state == "decided"


def test_a_word_that_waits_outlives_new_answers_and_asks_again_when_they_contradict(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = watched(session, house, cast)
        say(session, house, record, cast.ben, "amend", GOLD)
        (task,) = tasks_of(session, record.item)
        assert task.state == "done"
        read(session, house, task, "five", **GOLD)
        settle(session, house, record.project)
        assert stands(record) == ("review", "second")
        for who in ("six", "seven", "eight", "nine"):
            read(session, house, task, who, object={"value": "Sword"})
        settle(session, house, record.project)
        assert stands(record) == ("review", "evidence_changed")
        assert values_of(session, record)["material"] == {"value": "gold"}
        say(session, house, record, cast.mia, "accept")
        assert stands(record) == ("review", "second")


def test_without_four_eyes_what_waited_is_decided_by_one(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = watched(session, house, cast)
        say(session, house, record, cast.ben, "accept")
        record.project.four_eyes = False
        session.flush()
        say(session, house, record, cast.ben, "accept")
        assert record.state == "decided"


# --- holds -----------------------------------------------------------------------------------------------------------


def test_a_hold_names_its_holder_and_can_be_taken_over(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = disputed(session, house, cast)
        held = holds.hold(session, record, cast.ben.id, house.clock())
        assert (held.name, held.is_of(cast.ben.id), held.is_of(cast.mia.id)) == ("Ben", True, False)
        assert holds.hold(session, record, cast.mia.id, house.clock()).name == "Ben"
        assert holds.hold(session, record, cast.mia.id, house.clock(), take_over=True).name == "Mia"
        house.clock.pass_(seconds=holds.HOLD_S + 1)  # type: ignore[attr-defined]
        assert holds.holding(session, record, house.clock()) is None
        assert holds.hold(session, record, cast.ben.id, house.clock()).name == "Ben"
        decided(session, house, record, cast.ben)
        assert holds.holding(session, record, house.clock()) is None
