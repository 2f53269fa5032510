"""What merging gives, and what all ways of merging share: groups of like answers, and their votes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from micro.core.consensus.confidence import SURE, UNSURE, posterior
from micro.core.consensus.keys import key_of
from micro.core.fields import Field, Said

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
    """Answers with one comparison key; ``said`` is the spelling that most of them used."""

    key: str
    said: Said
    count: int
    unsure: int

    @property
    def votes(self) -> list[float]:
        """One reliability (0 to 1) per answer."""
        return [SURE] * (self.count - self.unsure) + [UNSURE] * self.unsure


def groups_of(field: Field, answers: Sequence[Said]) -> list[Group]:
    """The answers grouped by comparison key, most frequent first, then by key; a bare "not sure" is in none."""
    by_key: dict[str, list[Said]] = defaultdict(list)
    for said in answers:
        key = key_of(field, said)
        if key is not None:
            by_key[key].append(said)
    groups = [
        Group(key, _spelling(given), len(given), sum(s.get("mark") == "unsure" for s in given))
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
