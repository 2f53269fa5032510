"""The evidence of one merged row as plain values, for ``--explain``."""

from __future__ import annotations

from typing import Any

from micro.core.consensus.differing import differences
from micro.core.consensus.rows import Prediction, Row


def evidence_of(row: Row, prediction: Prediction) -> dict[str, Any]:
    """Who wrote what, whether it is a tie, and where the answers differ, part by part with each reading's support."""
    given: dict[str, list[str]] = {}
    for worker, value in sorted(zip(row.workers, row.values, strict=True)):
        given.setdefault(value.strip(), []).append(worker)
    ordered = sorted(given, key=lambda value: (-len(given[value]), value))
    parts = differences(row.values) if row.type != "point" else ()
    return {
        "tied": prediction.tied,
        "given": [{"value": value, "workers": given[value]} for value in ordered],
        "parts": [
            [{"text": r.text, "share": round(r.share, 3), "answers": r.answers} for r in part.readings]
            for part in parts
        ],
    }
