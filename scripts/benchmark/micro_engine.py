"""The engine as the replay study calls it: rows of a whole project in, predictions out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from micro.core.consensus.project import merge_project
from micro.core.consensus.rows import Row


def predictions(rows: Sequence[Mapping[str, Any]], checked: Mapping[tuple[str, str], str]) -> Iterator[dict[str, Any]]:
    """One prediction for every row; ``checked`` is what professionals decided: {(item, field): value}."""
    whole = [
        Row(
            str(row["item"]),
            row["field"],
            row["type"],
            tuple(str(answer["worker"]) for answer in row["answers"]),
            tuple(answer["value"] for answer in row["answers"]),
        )
        for row in rows
    ]
    for found in merge_project(whole, checked):
        yield {"item": found.item, "field": found.field, "value": found.value, "confidence": found.confidence}
