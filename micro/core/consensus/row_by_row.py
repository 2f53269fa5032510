"""Tables and lines: all lists together are voted against the marks, then the rows are merged one by one.

Where every answer has the same lines, as where a layout says which there are, a line is known by its place. Rows of a
table, and lines of which somebody has more, are aligned first (aligned_rows.py): whoever left one out or put one in
shifts all that follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from micro.core.consensus.aligned_rows import Merge, merge_aligned
from micro.core.consensus.confidence import SURE
from micro.core.consensus.outcome import GIVEN, Group, Outcome, against_the_marks, groups_of, leading_of
from micro.core.fields import Field, Said
from micro.core.fields.rows import LINE

Rows = tuple[list[Any], float, bool]


def merge_rows(
    field: Field,
    groups: Sequence[Group],
    answers: Sequence[Said],
    reliabilities: Sequence[float] | None,
    merge: Merge,
) -> Outcome:
    """The rows that are most likely there, each as most gave it; ``merge`` merges one cell of a table.

    The weakest of all votes gives the confidence; any tie is told.
    """
    evidence = tuple({"said": dict(g.said), "count": g.count, "unsure": g.unsure} for g in groups)
    best, leading = against_the_marks(groups)
    if GIVEN not in leading:
        marked = next(group for group in groups if group.key == leading[0])
        return Outcome(marked.said, best, evidence, tied=len(leading) > 1)
    trusts = [SURE] * len(answers) if reliabilities is None else list(reliabilities)
    given = [(said, trust) for said, trust in zip(answers, trusts, strict=True) if "value" in said]
    if field.type == "lines" and len({len(said["value"]) for said, _ in given}) == 1:
        rows, sure, tied = _by_place(field, given)
    else:
        aligned, sure, tied = merge_aligned(field, given, merge)
        rows = list(aligned) if field.type == "table" else [_line(row) for row in aligned]
    if not rows:  # No cell of any row has more behind it than being blank: the list most gave is the guess.
        rows, tied = next(group.said["value"] for group in groups if "value" in group.said), True
    return Outcome({"value": rows}, min(best, sure), evidence, tied or len(leading) > 1)


def _line(row: Mapping[str, Said]) -> Said:
    return row.get(LINE, {"mark": "blank"})


def _by_place(field: Field, given: Sequence[tuple[Said, float]]) -> Rows:
    """Every line by itself, of equals the first by code point. Cost: lines times answers."""
    rows: list[Any] = []
    sure, tied = 1.0, False
    for place in range(len(given[0][0]["value"])):
        here = [{**said, "value": [said["value"][place]]} for said, _ in given]
        groups = groups_of(field, here, [trust for _, trust in given])
        chance, leaders, _ = leading_of({group.key: group.votes for group in groups})
        rows += next(group.said["value"] for group in groups if group.key == leaders[0])
        sure, tied = min(sure, chance), tied or len(leaders) > 1
    return rows, sure, tied
