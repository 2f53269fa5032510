"""Tables and lines: row by row, each as a whole, by the most votes.

Rows are the same row when they have the same place. Whoever left one out or put one in shifts all that follow, so this
is right only where people agree on the rows: aligning them first is the engine's next step, and takes the place of
:func:`merge_rows` alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micro.core.consensus.outcome import GIVEN, Group, Outcome, against_the_marks, groups_of, leading_of
from micro.core.fields import Field, Said


def merge_rows(
    field: Field, groups: Sequence[Group], answers: Sequence[Said], reliabilities: Sequence[float] | None = None
) -> Outcome:
    """All lists together are voted against the marks, then the number of rows, then every row by itself.

    The weakest of these votes gives the confidence. Of equals the first by code point stands, and is told as a tie; of
    two numbers of rows the larger. Cost: rows times answers.
    """
    evidence = tuple({"said": dict(g.said), "count": g.count, "unsure": g.unsure} for g in groups)
    best, leading = against_the_marks(groups)
    if GIVEN not in leading:
        marked = next(group for group in groups if group.key == leading[0])
        return Outcome(marked.said, best, evidence, tied=len(leading) > 1)
    given = [
        (said, trust) for said, trust in zip(answers, _of_each(answers, reliabilities), strict=True) if "value" in said
    ]
    length, sure, tied = _length(field, given)
    rows: list[Any] = []
    for place in range(length):
        here = [(said, trust) for said, trust in given if len(said["value"]) > place]
        row = _groups(field, [({**said, "value": [said["value"][place]]}, trust) for said, trust in here])
        chance, leaders, _ = leading_of({group.key: group.votes for group in row})
        rows += next(group.said["value"] for group in row if group.key == leaders[0])
        sure, tied = min(sure, chance), tied or len(leaders) > 1
    return Outcome({"value": rows}, min(best, sure), evidence, tied or len(leading) > 1)


def _of_each(answers: Sequence[Said], reliabilities: Sequence[float] | None) -> Sequence[float | None]:
    return [None] * len(answers) if reliabilities is None else list(reliabilities)


def _groups(field: Field, given: Sequence[tuple[Said, float | None]]) -> list[Group]:
    trusts = [trust for _, trust in given if trust is not None]
    return groups_of(field, [said for said, _ in given], trusts or None)


def _length(field: Field, given: Sequence[tuple[Said, float | None]]) -> tuple[int, float, bool]:
    """How many rows there are, how sure that is, and whether it is a tie."""
    votes: dict[str, list[float]] = {}
    for said, trust in given:
        group = _groups(field, [(said, trust)])[0]
        votes.setdefault(f"{len(said['value']):05}", []).extend(group.votes)
    chance, leaders, _ = leading_of(votes)
    return int(leaders[-1]), chance, len(leaders) > 1
