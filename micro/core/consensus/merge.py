"""Merging what several volunteers said of one field."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from rapidfuzz.distance import Levenshtein

from micro.core.consensus.dates import merge_dates
from micro.core.consensus.labels import merge_labels
from micro.core.consensus.outcome import Group, Outcome, groups_of, leading_of
from micro.core.consensus.places import merge_points
from micro.core.fields import Field, Said

ENGINE = "simple-1"


def merge(field: Field, answers: Sequence[Said]) -> Outcome:
    """The outcome for one field; the order of ``answers`` never matters. No answers: nothing, confidence 0."""
    groups = groups_of(field, answers)
    evidence = tuple({"said": dict(g.said), "count": g.count, "unsure": g.unsure} for g in groups)
    if not groups:
        return Outcome({}, 0.0, evidence, tied=False)
    if any("value" in g.said for g in groups):
        match field.type:
            case "date":
                return merge_dates(groups, evidence)
            case "tags":
                return merge_labels(field, groups, evidence)
            case "point":
                return merge_points(groups, evidence)
    best, leading, _ = leading_of({g.key: g.votes for g in groups})
    leaders = [g for g in groups if g.key in leading]
    if len(leaders) == 1:
        return Outcome(leaders[0].said, best, evidence, tied=False)
    return Outcome(_guess(field, leaders, groups).said, best, evidence, tied=True)


def _guess(field: Field, leaders: list[Group], groups: list[Group]) -> Group:
    """The best guess among equals: the lower median of numbers, else the medoid (least edits to all answers)."""
    if field.type == "number" and all("value" in g.said for g in leaders):
        ordered = sorted(leaders, key=lambda g: (Decimal(g.said["value"]["amount"]), g.key))
        return ordered[(len(ordered) - 1) // 2]

    def away(group: Group) -> float:
        return sum(other.count * Levenshtein.normalized_distance(group.key, other.key) for other in groups)

    return min(leaders, key=lambda g: (away(g), g.key))
