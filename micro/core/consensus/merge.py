"""Merging what several volunteers said of one field."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rapidfuzz.distance import Levenshtein

from micro.core.consensus.confidence import SURE, UNSURE, posterior
from micro.core.consensus.keys import key_of
from micro.core.fields import Field, Said

ENGINE = "simple-1"
_DATED = ""


@dataclass(frozen=True)
class Outcome:
    """What merging gives for one field.

    ``said`` is the proposed value in the form of core/fields.py, or empty when nobody said anything. ``confidence`` is
    0 to 1. ``evidence`` lists the competing answers, most frequent first: {"said", "count", "unsure"}. ``tied`` is true
    when two values had the same support: then the proposal is only a guess for the person who decides.
    """

    said: Said
    confidence: float
    evidence: tuple[dict[str, Any], ...]
    tied: bool


@dataclass(frozen=True)
class _Group:
    """Answers with one comparison key; ``said`` is the spelling that most of them used."""

    key: str
    said: Said
    count: int
    unsure: int


def merge(field: Field, answers: Sequence[Said]) -> Outcome:
    """The outcome for one field; the order of ``answers`` never matters. No answers: nothing, confidence 0."""
    groups = _groups(field, answers)
    evidence = tuple({"said": dict(g.said), "count": g.count, "unsure": g.unsure} for g in groups)
    if not groups:
        return Outcome({}, 0.0, evidence, tied=False)
    if field.type == "date" and any("value" in g.said for g in groups):
        return _date_by_parts(groups, evidence)
    best, leading, _ = _leading({g.key: _votes(g) for g in groups})
    leaders = [g for g in groups if g.key in leading]
    if len(leaders) == 1:
        return Outcome(leaders[0].said, best, evidence, tied=False)
    return Outcome(_guess(field, leaders, groups).said, best, evidence, tied=True)


def _groups(field: Field, answers: Sequence[Said]) -> list[_Group]:
    """The answers grouped by comparison key, most frequent first, then by key."""
    by_key: dict[str, list[Said]] = defaultdict(list)
    for said in answers:
        key = key_of(field, said)
        if key is not None:
            by_key[key].append(said)
    groups = [
        _Group(key, _spelling(given), len(given), sum(s.get("mark") == "unsure" for s in given))
        for key, given in by_key.items()
    ]
    return sorted(groups, key=lambda g: (-g.count, g.key))


def _spelling(given: Sequence[Said]) -> Said:
    """The most frequent of several ways to write the same; on a tie the longest, then the first by code point."""
    if "value" not in given[0]:
        return {"mark": given[0]["mark"]}
    by_text = {repr(said["value"]): said["value"] for said in given}
    counts = Counter(repr(said["value"]) for said in given)
    chosen = min(counts, key=lambda text: (-counts[text], -len(text), text))
    return {"value": by_text[chosen]}


def _guess(field: Field, leaders: list[_Group], groups: list[_Group]) -> _Group:
    """The best guess among equals: the lower median of numbers, else the medoid (least edits to all answers)."""
    if field.type == "number" and all("value" in g.said for g in leaders):
        ordered = sorted(leaders, key=lambda g: (Decimal(g.said["value"]["amount"]), g.key))
        return ordered[(len(ordered) - 1) // 2]

    def away(group: _Group) -> float:
        return sum(other.count * Levenshtein.normalized_distance(group.key, other.key) for other in groups)

    return min(leaders, key=lambda g: (away(g), g.key))


def _votes(group: _Group) -> list[float]:
    return [SURE] * (group.count - group.unsure) + [UNSURE] * group.unsure


def _leading(votes: Mapping[str, Sequence[float]]) -> tuple[float, list[str], dict[str, float]]:
    """The best chance (0 to 1), the values that have it in order of their code points, and the chances of all."""
    chances = posterior(votes)
    best = max(chances.values())
    return best, sorted(value for value, chance in chances.items() if chance > best - 1e-9), chances


def _date_by_parts(groups: list[_Group], evidence: tuple[dict[str, Any], ...]) -> Outcome:
    """Dates are first voted against the marks, all dates together, and then part by part.

    The weakest of these votes gives the confidence, so one more who agrees always adds to it. When "unknown" leads in
    every part, which is no date, the best known part stands as a guess.
    """
    whole: dict[str, list[float]] = defaultdict(list)
    for group in groups:
        whole[_DATED if "value" in group.said else group.key] += _votes(group)
    best, leading, _ = _leading(whole)
    if _DATED not in leading:
        marked = next(group for group in groups if group.key == leading[0])
        return Outcome(marked.said, best, evidence, tied=len(leading) > 1)
    dated = [group for group in groups if "value" in group.said]
    ballots = [_part_votes(dated, place) for place in range(3)]
    counted = [_leading(ballot) for ballot in ballots]
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


def _part_votes(dated: list[_Group], place: int) -> dict[str, list[float]]:
    """The votes on year, month or day (0 to 2); an unknown part is a vote for being unknown."""
    votes: dict[str, list[float]] = defaultdict(list)
    for group in dated:
        votes[group.said["value"].split("-")[place]] += _votes(group)
    return votes
