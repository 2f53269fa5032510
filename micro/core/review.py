"""What happens to a record when it was settled, and when a professional decides. Pure: facts in, what to do out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from micro.core.states import RECORD, check_move
from micro.errors import BadAnswer

Action = Literal["accept", "amend", "illegible", "revert", "reject", "return", "flag", "hand", "undo"]
# Where each leads; an undo leads back to wherever the record was.
AFTER: Mapping[str, str] = {
    "accept": "decided",
    "amend": "decided",
    "illegible": "decided",
    "revert": "decided",
    "reject": "rejected",
    "return": "open",
    "flag": "review",
    "hand": "review",
}
ACTIONS = tuple(AFTER)
DECIDED = ("decided", "rejected")
# Those that make a version, and those that say something about the record which four eyes may have to confirm.
MAKING = ("accept", "amend", "illegible", "revert")
WORDS = (*MAKING, "reject")
# Why a person is asked, in the order in which the queue lists it.
REASONS = ("conflict", "contentious", "flagged", "audit", "evidence_changed", "second")
# With these a professional has spoken already, or is about to: "audit" is the sample of a batch.
SPOKEN = ("flagged", "audit", "evidence_changed", "second")


@dataclass(frozen=True)
class Standing:
    """A record's state, and why a person is asked: one of REASONS or nothing."""

    state: str
    reason: str


CHANGED, FLAGGED, AUDIT, SECOND = (
    Standing("review", reason) for reason in ("evidence_changed", "flagged", "audit", "second")
)


def standing(
    now: Standing, *, finished: bool, confidence: float, target: float, agrees: bool, contentious: bool = False
) -> Standing:
    """The standing of a record after settling.

    ``finished``: no task of its item waits for answers. ``confidence``: the lowest of its fields, 0 to 1. ``agrees``:
    the new outcome says what the record says now. A person's decision outlives every recomputation: when the new
    evidence disagrees with it, the record comes back for review and still says what the person said. ``contentious``:
    people read some field in many ways, see :func:`is_contentious`.
    """
    if now.state in DECIDED or now == SECOND:
        return now if agrees else CHANGED
    if now in (CHANGED, FLAGGED, AUDIT):
        return now
    if not finished:
        return Standing("open", "")
    if confidence >= target:
        return Standing("settled", "")
    return Standing("review", "contentious" if contentious else "conflict")


def is_contentious(values: Mapping[str, Any]) -> bool:
    """Whether some field was read in three ways or more, none of them by more than half: a hard hand, not a slip."""

    def hard(counts: list[int]) -> bool:
        return len(counts) >= 3 and 2 * max(counts) <= sum(counts)

    return any(hard([group["count"] for group in entry.get("evidence", ())]) for entry in values.values())


def after_decision(
    state: str, action: str, values: Mapping[str, Any] | None, *, needs_second: bool = False
) -> Standing:
    """The standing that a decision leads to; ``needs_second``: a colleague has to confirm it first.

    Raises BadAnswer for an unknown action or an amendment without values, Conflict for a move that is not possible.
    """
    if action not in ACTIONS:
        raise BadAnswer("action", "There is no such decision.")
    if action in ("amend", "illegible") and not values:
        raise BadAnswer("values", "An amendment needs the values that shall stand.")
    if not (state == "review" and action in ("flag", "hand")):  # These two may leave it where it is.
        check_move(RECORD, state, AFTER[action])
    if action in WORDS and needs_second:
        return SECOND
    return Standing(AFTER[action], "flagged" if action == "flag" else "")


def a_person_spoke(state: str, reason: str) -> bool:
    """Whether a professional's word stands or is being looked at, so that no volunteer is asked any more."""
    return state in DECIDED or (state == "review" and reason in SPOKEN)
