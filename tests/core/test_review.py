"""What happens to a record when it is settled, and when a professional decides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micro.core.review import (
    ACTIONS,
    AFTER,
    CHANGED,
    FLAGGED,
    SECOND,
    Standing,
    a_person_spoke,
    after_decision,
    is_contentious,
    standing,
)
from micro.core.states import ASSIGNMENT, INTAKE_FILE, PROJECT, RECORD, RELEASE, TASK, Moves, check_move
from micro.errors import BadAnswer, Conflict

OPEN, SETTLED = Standing("open", ""), Standing("settled", "")
CONFLICT = Standing("review", "conflict")
DONE, REJECTED = Standing("decided", ""), Standing("rejected", "")
EVERY = st.sampled_from([OPEN, SETTLED, CONFLICT, CHANGED, FLAGGED, SECOND, DONE, REJECTED])


def settled(
    now: Standing, *, finished: bool = True, confidence: float = 0.9, agrees: bool = True, contentious: bool = False
) -> Standing:
    return standing(now, finished=finished, confidence=confidence, target=0.8, agrees=agrees, contentious=contentious)


@pytest.mark.parametrize(
    ("now", "facts", "after"),
    [
        (OPEN, {"finished": False}, OPEN),
        (OPEN, {}, SETTLED),
        (OPEN, {"confidence": 0.8}, SETTLED),
        (OPEN, {"confidence": 0.79}, CONFLICT),
        (SETTLED, {"confidence": 0.5}, CONFLICT),
        (SETTLED, {"confidence": 0.5, "finished": False}, OPEN),
        (CONFLICT, {"confidence": 0.95}, SETTLED),
        (DONE, {"confidence": 0.1}, DONE),
        (DONE, {"agrees": False}, CHANGED),
        (DONE, {"agrees": False, "finished": False}, CHANGED),
        (REJECTED, {}, REJECTED),
        (CHANGED, {}, CHANGED),
        (CHANGED, {"agrees": False}, CHANGED),
        (SECOND, {"confidence": 0.1}, SECOND),
        (SECOND, {"agrees": False}, CHANGED),
        (FLAGGED, {"finished": False, "agrees": False}, FLAGGED),
        (OPEN, {"confidence": 0.5, "contentious": True}, Standing("review", "contentious")),
        (OPEN, {"confidence": 0.9, "contentious": True}, SETTLED),
    ],
)
def test_the_standing_after_settling(now: Standing, facts: dict[str, float], after: Standing) -> None:
    assert settled(now, **facts) == after  # type: ignore[arg-type]


@given(EVERY, st.booleans(), st.floats(0, 1), st.booleans())
def test_settling_never_undoes_what_a_person_decided(
    now: Standing, finished: bool, confidence: float, agrees: bool
) -> None:
    after = settled(now, finished=finished, confidence=confidence, agrees=agrees)
    if a_person_spoke(now.state, now.reason):
        assert after in (now, CHANGED)


@given(EVERY, st.booleans(), st.floats(0, 1), st.booleans())
def test_settled_twice_is_settled_once(now: Standing, finished: bool, confidence: float, agrees: bool) -> None:
    once = settled(now, finished=finished, confidence=confidence, agrees=agrees)
    assert settled(once, finished=finished, confidence=confidence, agrees=agrees) == once


@given(EVERY, st.booleans(), st.floats(0, 1), st.booleans())
def test_settling_makes_allowed_moves_only(now: Standing, finished: bool, confidence: float, agrees: bool) -> None:
    after = settled(now, finished=finished, confidence=confidence, agrees=agrees)
    if after.state != now.state:
        check_move(RECORD, now.state, after.state)


@pytest.mark.parametrize(
    ("state", "action", "after"),
    [
        ("review", "accept", "decided"),
        ("review", "amend", "decided"),
        ("review", "reject", "rejected"),
        ("review", "return", "open"),
        ("settled", "accept", "decided"),
        ("settled", "return", "open"),
        ("decided", "amend", "decided"),
        ("decided", "return", "open"),
        ("rejected", "accept", "decided"),
        ("open", "accept", "decided"),
        ("open", "reject", "rejected"),
        ("decided", "flag", "review"),
        ("review", "hand", "review"),
        ("review", "illegible", "decided"),
        ("decided", "revert", "decided"),
    ],
)
def test_the_state_after_a_decision(state: str, action: str, after: str) -> None:
    assert after_decision(state, action, {"object": {"value": "Axe"}}).state == after


@pytest.mark.parametrize(("state", "action"), [("open", "return"), ("rejected", "reject")])
def test_a_decision_that_changes_nothing_is_refused(state: str, action: str) -> None:
    with pytest.raises(Conflict):
        after_decision(state, action, None)


def test_an_unknown_action_is_refused() -> None:
    with pytest.raises(BadAnswer, match="no such decision"):
        after_decision("review", "approve", None)


@pytest.mark.parametrize("values", [None, {}])
def test_an_amendment_needs_values(values: dict[str, object] | None) -> None:
    with pytest.raises(BadAnswer, match="needs the values"):
        after_decision("review", "amend", values)


def test_four_eyes_hold_back_what_is_said_of_a_record_and_nothing_else() -> None:
    values = {"object": {"value": "Axe"}}
    for action in ("accept", "amend", "illegible", "revert", "reject"):
        assert after_decision("review", action, values, needs_second=True) == SECOND
    assert after_decision("review", "return", None, needs_second=True) == OPEN
    assert after_decision("settled", "flag", None, needs_second=True) == FLAGGED


@pytest.mark.parametrize(
    ("counts", "is_hard"), [([2, 2], False), ([2, 1, 1], True), ([3, 1, 1], False), ([1, 1, 1], True), ([4], False)]
)
def test_three_ways_without_a_majority_are_contentious(counts: list[int], is_hard: bool) -> None:
    assert is_contentious({"object": {"evidence": [{"count": count} for count in counts]}}) == is_hard


def test_every_action_leads_somewhere() -> None:
    assert set(AFTER) == set(ACTIONS)


@pytest.mark.parametrize("table", [PROJECT, TASK, ASSIGNMENT, RECORD, RELEASE, INTAKE_FILE])
def test_every_move_leads_to_a_known_state(table: Moves) -> None:
    assert {onward for moves in table.values() for onward in moves} <= set(table)


@pytest.mark.parametrize(
    ("table", "from_state", "to_state"),
    [
        (PROJECT, "draft", "finished"),
        (PROJECT, "archived", "live"),
        (RECORD, "open", "open"),
        (RELEASE, "published", "making"),
        (ASSIGNMENT, "answered", "lent"),
        (TASK, "open", "open"),
    ],
)
def test_a_move_that_is_not_in_the_table_is_refused(table: Moves, from_state: str, to_state: str) -> None:
    with pytest.raises(Conflict, match="no longer possible"):
        check_move(table, from_state, to_state)
