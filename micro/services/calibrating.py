"""How sure to be: confidences of a project fitted on what its professionals have decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from micro.core.consensus import merge
from micro.core.consensus.calibration import Calibration, calibrated, reliability_diagram
from micro.core.consensus.keys import key_of
from micro.core.consensus.running import Answered, Running
from micro.core.fields import Field, Said
from micro.services.trusting import LEAST_TRUST

MOST_RECORDS = 5_000
"""The newest decided records are enough: more of them would not move a confidence by a thousandth."""

FOLDS = 5
LEAST_FOR_FOLDS = 10


@dataclass(frozen=True)
class CheckedRow:
    """A field of a decided record: what volunteers said, the key of what is right, and the same as rows of learning."""

    field: Field
    said: Sequence[tuple[int, Said]]
    right: str
    answers: Sequence[Answered]
    truth: str | None
    item: int


def calibrated_on(
    rows: Sequence[CheckedRow], runnings: Mapping[str, Running]
) -> tuple[Calibration, int, list[list[float]]]:
    """The calibration, on how many records it was fitted, and the bins of the reliability diagram.

    Each record is merged as if it had not been decided: what it taught is taken back for the moment. For the diagram
    each fifth of the records is judged by a calibration that was fitted on the others, so that it does not flatter.
    """
    items = sorted({row.item for row in rows})[-MOST_RECORDS:]
    wanted = set(items)
    judged = [(row.item, row.field.name, *_judged(row, runnings[row.field.type])) for row in rows if row.item in wanted]
    calibration = calibrated([(name, sure, right) for _, name, sure, right in judged])
    fold = {item: place % FOLDS for place, item in enumerate(items)}
    shown: list[tuple[float, bool]] = []
    for part in range(FOLDS):
        others = [(n, s, r) for item, n, s, r in judged if fold[item] != part and len(items) >= LEAST_FOR_FOLDS]
        of_others = calibrated(others)
        shown += [(of_others.of(s, n), r) for item, n, s, r in judged if fold[item] == part]
    bins = [[one.confidence, one.right, one.low, one.high, one.records] for one in reliability_diagram(shown)]
    return calibration, len(items), bins


def _judged(row: CheckedRow, running: Running) -> tuple[float, bool]:
    """How sure the engine would have been of its value, and whether that is right."""
    given = running.learn(row.answers, row.truth)
    running.forget(given)
    running.forget(given)  # Once more: what the record taught in the full fit.
    trust = [max(LEAST_TRUST, running.of(who)) for who, _ in row.said]
    running.forget({who: (-credit, -many) for who, (credit, many) in given.items()})
    found = merge(row.field, [said for _, said in row.said], reliabilities=trust)
    return found.confidence, key_of(row.field, found.said) == row.right
