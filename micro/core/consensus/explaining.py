"""The evidence of one merged row as plain values, for ``--explain``."""

from __future__ import annotations

from typing import Any

from micro.core.consensus.differing import differences
from micro.core.consensus.rows import Prediction, Row, in_order


def evidence_of(row: Row, prediction: Prediction) -> dict[str, Any]:
    """Who wrote what, whether it is a tie, and where the answers differ, part by part with each reading's support.

    Where it was learned how often each person is right, ``trusts`` tells it beside ``workers``, and support counts it.
    """
    row = in_order(row)
    trusts = list(prediction.trusts) or None
    given: dict[str, list[tuple[str, float]]] = {}
    for value, worker, trust in sorted(zip(row.values, row.workers, trusts or [1.0] * len(row.values), strict=True)):
        given.setdefault(value.strip(), []).append((worker, trust))
    ordered = sorted(given, key=lambda value: (-len(given[value]), value))
    parts = differences(row.values, trusts) if row.type != "point" else ()
    return {
        "tied": prediction.tied,
        "given": [_given(value, given[value], trusts is not None) for value in ordered],
        "parts": [
            [{"text": r.text, "share": round(r.share, 3), "answers": r.answers} for r in part.readings]
            for part in parts
        ],
    }


def _given(value: str, people: list[tuple[str, float]], learned: bool) -> dict[str, Any]:
    told: dict[str, Any] = {"value": value, "workers": [worker for worker, _ in people]}
    return {**told, "trusts": [round(trust, 3) for _, trust in people]} if learned else told
