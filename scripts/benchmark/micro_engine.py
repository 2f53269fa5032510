"""The engine as the replay study calls it: rows of a whole project in, predictions out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from micro.core.consensus import merge
from micro.core.fields import Field


def predictions(rows: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """One prediction for every row, each row by itself."""
    field = Field("text", "long_text", {}, {})
    for row in rows:
        outcome = merge(
            field, [{"value": a["value"]} if a["value"].strip() else {"mark": "blank"} for a in row["answers"]]
        )
        yield {
            "item": row["item"],
            "field": row["field"],
            "value": outcome.said.get("value", ""),
            "confidence": outcome.confidence,
        }
