"""Merging what several volunteers said of one field."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rapidfuzz.distance import Levenshtein

from micro.core.consensus.labels import merge_labels
from micro.core.consensus.outcome import GIVEN, Group, Outcome, against_the_marks, groups_of, leading_of
from micro.core.consensus.places import merge_points
from micro.core.consensus.rows import merge_rows
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
                return _date_by_parts(groups, evidence)
            case "tags":
                return merge_labels(field, groups, evidence)
            case "point":
                return merge_points(groups, evidence)
            case "table" | "lines":
                return merge_rows(field, groups, answers)
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


def _date_by_parts(groups: list[Group], evidence: tuple[dict[str, Any], ...]) -> Outcome:
    """Dates are first voted against the marks, all dates together, and then part by part.

    The weakest of these votes gives the confidence, so one more who agrees always adds to it. When "unknown" leads in
    every part, which is no date, the best known part stands as a guess.
    """
    best, leading = against_the_marks(groups)
    if GIVEN not in leading:
        marked = next(group for group in groups if group.key == leading[0])
        return Outcome(marked.said, best, evidence, tied=len(leading) > 1)
    dated = [group for group in groups if "value" in group.said]
    ballots = [_part_votes(dated, place) for place in range(3)]
    counted = [leading_of(ballot) for ballot in ballots]
    parts, sure = [leaders[0] for _, leaders, _ in counted], [chance for chance, _, _ in counted]
    tied = len(leading) > 1 or any(len(leaders) > 1 for _, leaders, _ in counted)
    if all("X" in part for part in parts):
        tied, known = (
            True,
            [
                (-chance, place, part)
                for place, (_, _, chances) in enumerate(counted)
                for part, chance in chances.items()
                if "X" not in part
            ],
        )
        chance, place, part = min(known)
        parts[place], sure[place] = part, -chance
    return Outcome({"value": "-".join(parts)}, min(best, *sure), evidence, tied)


def _part_votes(dated: list[Group], place: int) -> dict[str, list[float]]:
    """The votes on year, month or day (0 to 2); an unknown part is a vote for being unknown."""
    votes: dict[str, list[float]] = defaultdict(list)
    for group in dated:
        votes[group.said["value"].split("-")[place]] += group.votes
    return votes
