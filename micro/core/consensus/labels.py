"""Tags: each label is decided by itself, named or not by whoever gave labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from micro.core.consensus.outcome import GIVEN, Group, Outcome, against_the_marks, leading_of
from micro.core.fields import Field
from micro.core.fields.tags import Label, label_key

_NAMED, _UNNAMED = "named", "unnamed"


@dataclass(frozen=True)
class LabelCount:
    """How many of ``among`` answers with labels named this one."""

    label: Label
    count: int
    among: int


def label_counts(field: Field, evidence: Iterable[Mapping[str, Any]]) -> tuple[LabelCount, ...]:
    """The labels that anybody named, most frequent first, then in the order of the form: from an outcome's evidence.

    A free label is written as most answers wrote it. "None of these" names no label and is counted among the answers.
    """
    given = [one for one in evidence if "value" in one["said"] or one["said"].get("mark") == "blank"]
    among = sum(one["count"] for one in given)
    counts: dict[str, int] = {}
    spellings: dict[str, Label] = {}
    for one in given:  # The most frequent answers come first, so the first spelling is theirs.
        for label in one["said"].get("value", ()):
            key = label_key(label)
            counts[key] = counts.get(key, 0) + one["count"]
            spellings.setdefault(key, label)
    place = {f"={code}": number for number, (code, _) in enumerate(field.choices)}
    ordered = sorted(counts, key=lambda key: (-counts[key], place.get(key, len(place)), key))
    return tuple(LabelCount(spellings[key], counts[key], among) for key in ordered)


def merge_labels(field: Field, groups: Sequence[Group], evidence: tuple[dict[str, Any], ...]) -> Outcome:
    """All lists of labels together are voted against the marks; then every label that anybody named, by itself.

    A label is in when those who name it weigh at least as much as those who gave labels without it; on a tie it is in,
    and told as a tie. The weakest of these votes gives the confidence. When no label is in, the best one is the guess.
    """
    best, leading = against_the_marks(groups)
    if GIVEN not in leading:
        marked = next(group for group in groups if group.key == leading[0])
        return Outcome(marked.said, best, evidence, tied=len(leading) > 1)
    given = [group for group in groups if "value" in group.said]
    counted = label_counts(field, [one for one in evidence if "value" in one["said"]])
    ballots = {label_key(one.label): leading_of(_votes(given, label_key(one.label))) for one in counted}
    inside = [one for one in counted if _NAMED in ballots[label_key(one.label)][1]]
    sure = [chance for chance, _, _ in ballots.values()]
    tied = len(leading) > 1 or any(len(leaders) > 1 for _, leaders, _ in ballots.values())
    if not inside:
        chances = {label_key(one.label): ballots[label_key(one.label)][2][_NAMED] for one in counted}
        strongest = max(chances.values())
        inside = [next(one for one in counted if chances[label_key(one.label)] > strongest - 1e-9)]
        sure, tied = [*sure, strongest], True
    return Outcome({"value": _in_order(field, [one.label for one in inside])}, min(best, *sure), evidence, tied)


def _votes(given: Sequence[Group], key: str) -> dict[str, list[float]]:
    votes: dict[str, list[float]] = {}
    for group in given:
        named = any(label_key(label) == key for label in group.said["value"])
        votes.setdefault(_NAMED if named else _UNNAMED, []).extend(group.votes)
    return votes


def _in_order(field: Field, labels: Sequence[Label]) -> list[Label]:
    """The labels as a value has them: codes in the order of the form, then free labels by their keys."""
    codes = [code for code, _ in field.choices if code in labels]
    return [*codes, *sorted((label for label in labels if not isinstance(label, str)), key=label_key)]
