"""The best use of the next minute: which record a reviewer should look at first.

The queue is in order of ``cost_s``, the seconds of work for each error that a look is expected to remove:

    errors = Σ over the fields of (1 − confidence), at least the floor of the reason
    seconds = pace × (6 + 4 × fields)
    cost_s = seconds ÷ errors

The pace is measured: the median over the newest decisions of this kind of task and for this reason of (seconds that it
took ÷ (6 + 4 × fields)), drawn towards 1 as by 20 more decisions at just that pace, so that a few odd ones change
little. Confidence is the chance that a field is right, so the sum is the expected number of wrong fields (linearity of
expectation; fields need not be independent).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

LOOK_S, FIELD_S = 6.0, 4.0
SHRINKAGE = 20
MEASURED = 200
LEAST_ERRORS = 0.001
# Somebody pointed at it, or new answers contradict a decision: the confidence of the fields says too little then.
FLOORS: Mapping[str, float] = {"flagged": 0.5, "evidence_changed": 0.5, "second": 0.2}
# What took longer was no look at the record: somebody went for a coffee.
LONGEST_S = 600.0


def expected_errors(values: Mapping[str, Any], reason: str) -> float:
    """How many wrong fields a look is expected to mend; ``values`` are those of a record's version.

    >>> expected_errors({"object": {"confidence": 0.5}, "notes": {"confidence": 1.0}}, "conflict")
    0.5
    """
    return max(float(sum(1 - entry["confidence"] for entry in values.values())), FLOORS.get(reason, 0.0))


def usual_s(fields: int) -> float:
    """How long a look at so many fields takes at pace 1."""
    return LOOK_S + FIELD_S * fields


def pace(measured: Sequence[tuple[float, int]]) -> float:
    """The pace from (seconds, fields) of the newest decisions; 1 when there is none.

    >>> pace([]), pace([(20.0, 1)] * 20)
    (1.0, 1.5)
    """
    if not measured:
        return 1.0
    middle = median(took_s / usual_s(fields) for took_s, fields in measured)
    return (len(measured) * middle + SHRINKAGE) / (len(measured) + SHRINKAGE)


def cost_s(errors: float, fields: int, pace: float) -> float:
    """The seconds of work for each error that is removed: the smaller, the sooner."""
    return pace * usual_s(fields) / max(errors, LEAST_ERRORS)
