"""What merging gives, and what all ways of merging share: groups of like answers, and their votes."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from micro.core.consensus.confidence import SURE, UNSURE, posterior
from micro.core.consensus.keys import key_of
from micro.core.fields import Field, Said

LEAST, MOST = 0.05, 0.98  # No volunteer is always wrong, or never.
GIVEN = ""  # Stands for all values together where they are first voted against the marks.


@dataclass(frozen=True)
class Outcome:
    """What merging gives for one field.

    ``said`` is the proposed value in the form of core/fields, or empty when nobody said anything. ``confidence`` is
    0 to 1. ``evidence`` lists the competing answers, most frequent first: {"said", "count", "unsure"}. ``tied`` is true
    when two values had the same support: then the proposal is only a guess for the person who decides.
    """

    said: Said
    confidence: float
    evidence: tuple[dict[str, Any], ...]
    tied: bool


@dataclass(frozen=True)
class Group:
    """Answers with one comparison key; ``said`` is the spelling with the most weight behind it.

    ``votes``: one reliability (0 to 1) per answer, in falling order.
    """

    key: str
    said: Said
    count: int
    unsure: int
    votes: list[float]


def groups_of(field: Field, answers: Sequence[Said], reliabilities: Sequence[float] | None = None) -> list[Group]:
    """The answers grouped by comparison key, most frequent first, then by key; a bare "not sure" is in none.

    ``reliabilities``: how often each giver is right (0 to 1); None: everybody as SURE. Who is not sure counts less, in
    the same proportion for all.
    """
    given = reliabilities if reliabilities is not None else [SURE] * len(answers)
    by_key: dict[str, list[tuple[Said, float]]] = defaultdict(list)
    for said, reliability in zip(answers, given, strict=True):
        key = key_of(field, said)
        if key is not None:
            by_key[key].append((said, vote_of(said, reliability)))
    return sorted((_group(key, both) for key, both in by_key.items()), key=lambda g: (-g.count, g.key))


def vote_of(said: Said, reliability: float) -> float:
    kept = min(MOST, max(LEAST, reliability))
    return kept * UNSURE / SURE if said.get("mark") == "unsure" else kept


def _group(key: str, both: Sequence[tuple[Said, float]]) -> Group:
    votes = sorted((vote for _, vote in both), reverse=True)
    unsure = sum(said.get("mark") == "unsure" for said, _ in both)
    return Group(key, _spelling(both), len(both), unsure, votes)


def _spelling(both: Sequence[tuple[Said, float]]) -> Said:
    """The way to write the same with the most weight behind it; on a tie the longest, then the first by letters."""
    first = both[0][0]
    if "value" not in first:
        return {"mark": first["mark"]}
    by_text = {repr(said["value"]): said["value"] for said, _ in both}
    weights: dict[str, list[float]] = defaultdict(list)
    for said, vote in both:
        weights[repr(said["value"])].append(vote)
    return {"value": by_text[min(weights, key=lambda text: (-round(math.fsum(weights[text]), 9), -len(text), text))]}


def leading_of(votes: Mapping[str, Sequence[float]]) -> tuple[float, list[str], dict[str, float]]:
    """The best chance (0 to 1), the values that have it in order of their code points, and the chances of all."""
    chances = posterior(votes)
    best = max(chances.values())
    return best, sorted(value for value, chance in chances.items() if chance > best - 1e-9), chances


def against_the_marks(groups: Sequence[Group]) -> tuple[float, list[str]]:
    """The vote of all values together (GIVEN) against each mark: the best chance, and what has it."""
    whole: dict[str, list[float]] = defaultdict(list)
    for group in groups:
        whole[GIVEN if "value" in group.said else group.key] += group.votes
    best, leading, _ = leading_of(whole)
    return best, leading
