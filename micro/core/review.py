"""What happens to a record when it was settled, and when a professional decides. Pure: facts in, what to do out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from micro.core.states import RECORD, check_move
from micro.errors import BadAnswer

Action = Literal["accept", "amend", "reject", "return"]
ACTIONS: tuple[Action, ...] = ("accept", "amend", "reject", "return")
AFTER: Mapping[str, str] = {"accept": "decided", "amend": "decided", "reject": "rejected", "return": "open"}
DECIDED = ("decided", "rejected")


@dataclass(frozen=True)
class Standing:
    """A record's state, and why a person is asked: conflict, evidence_changed, returned or nothing."""

    state: str
    reason: str


def standing(now: Standing, *, finished: bool, confidence: float, target: float, agrees: bool) -> Standing:
    """The standing of a record after settling.

    ``finished``: no task of its item waits for answers. ``confidence``: the lowest of its fields, 0 to 1. ``agrees``:
    the new outcome says what the record says now. A person's decision outlives every recomputation: when the new
    evidence disagrees with it, the record comes back for review and still says what the person said.
    """
    if now.state in DECIDED:
        return now if agrees else Standing("review", "evidence_changed")
    if now == Standing("review", "evidence_changed"):
        return now
    if not finished:
        return Standing("open", "")
    return Standing("settled", "") if confidence >= target else Standing("review", "conflict")


def after_decision(state: str, action: str, values: Mapping[str, Any] | None) -> str:
    """The state that a decision leads to. Raises BadAnswer for an unknown action or an amendment without values."""
    if action not in ACTIONS:
        raise BadAnswer("action", "A decision is accept, amend, reject or return.")
    if action == "amend" and not values:
        raise BadAnswer("values", "An amendment needs the values that shall stand.")
    check_move(RECORD, state, AFTER[action])
    return AFTER[action]
