"""Merging what several volunteers said of one field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from rapidfuzz.distance import Levenshtein

from micro.core.consensus.calibration import Calibration
from micro.core.consensus.dates import merge_dates
from micro.core.consensus.labels import merge_labels
from micro.core.consensus.measurements import Amount, base_of
from micro.core.consensus.outcome import Group, Outcome, groups_of, leading_of
from micro.core.consensus.places import merge_points
from micro.core.consensus.row_by_row import merge_rows
from micro.core.consensus.wording import is_wordy, merge_words
from micro.core.fields import Field, Said

ENGINE = "consensus-3"


def merge(
    field: Field,
    answers: Sequence[Said],
    *,
    reliabilities: Sequence[float] | None = None,
    calibration: Calibration | None = None,
) -> Outcome:
    """The outcome for one field; the order of ``answers`` never matters. No answers: nothing, confidence 0.

    ``reliabilities``: how often each answer's giver is right (0 to 1), as running.py learns it; None: all alike. They
    break ties, choose the spelling and carry the confidence. ``calibration``: what decided records say of confidences
    (calibration.py); None: they stay as they are.
    """
    groups = groups_of(field, answers, reliabilities)
    evidence = tuple({"said": dict(g.said), "count": g.count, "unsure": g.unsure} for g in groups)
    if not groups:
        return Outcome({}, 0.0, evidence, tied=False)
    if field.type in ("table", "lines"):
        outcome = merge_rows(field, groups, answers, reliabilities, merge)
    else:
        outcome = _merged(field, groups, evidence)
    if calibration is None:
        return outcome
    return replace(outcome, confidence=calibration.of(outcome.confidence, field.name))


def _merged(field: Field, groups: list[Group], evidence: tuple[dict[str, Any], ...]) -> Outcome:
    if any("value" in g.said for g in groups):
        match field.type:
            case "date":
                return merge_dates(groups, evidence)
            case "tags":
                return merge_labels(field, groups, evidence)
            case "point":
                return merge_points(groups, evidence)
            case "text" | "long_text" if is_wordy(groups):
                return merge_words(groups, evidence)
    best, leading, _ = leading_of({g.key: g.votes for g in groups})
    leaders = [g for g in groups if g.key in leading]
    if len(leaders) == 1:
        return Outcome(leaders[0].said, best, evidence, tied=False)
    return Outcome(_guess(field, leaders, groups).said, best, evidence, tied=True)


def _guess(field: Field, leaders: list[Group], groups: list[Group]) -> Group:
    """The best guess among equals: the lower median of numbers, else the medoid (least edits to all answers)."""
    if field.type == "number" and all("value" in g.said for g in leaders):
        ordered = sorted(leaders, key=lambda g: (_base(g)[1], g.key))
        return ordered[(len(ordered) - 1) // 2]

    def away(group: Group) -> float:
        return sum(other.count * Levenshtein.normalized_distance(group.key, other.key) for other in groups)

    return min(leaders, key=lambda g: (away(g), g.key))


def _base(group: Group) -> tuple[str, Decimal]:
    """What a number measures, and how much in its base unit."""
    value = group.said["value"]
    return base_of(Amount(Decimal(value["amount"]), value["unit"]))
