"""How right a release is: its cells beside what really stands on the cards. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from micro.core.fields import Said
from micro.simulation.crowd import Truths
from micro.simulation.people import Asked

VERDICTS = ("exact", "unresolved", "wrong")
EVERY = "all"


@dataclass
class Score:
    """Cells by type of field and verdict: exact (sign for sign), unresolved (nothing is claimed), or wrong."""

    cells: dict[str, Counter[str]] = field(default_factory=dict)

    def share(self, of_type: str = EVERY, verdict: str = "exact") -> float:
        """The share of a verdict among the cells of a type, 0 to 1; 0 where there is none."""
        counted = self.cells.get(of_type, Counter())
        return counted[verdict] / counted.total() if counted else 0.0


def score(records: Iterable[Mapping[str, Any]], truths: Truths, fields: Sequence[Asked]) -> Score:
    """The score of a release's records (the lines of records.jsonl); a card without a record is unresolved."""
    found = {record["identifier"]: record["fields"] for record in records}
    made = Score()
    for identifier, truth in truths.items():
        for asked in fields:
            verdict = _verdict(found.get(identifier, {}).get(asked["name"], {}), truth[asked["name"]])
            for group in (asked["type"], EVERY):
                made.cells.setdefault(group, Counter())[verdict] += 1
    return made


def _verdict(released: Mapping[str, Any], truth: Said) -> str:
    match released.get("status", "unresolved"):
        case "unresolved":
            return "unresolved"
        case "blank" | "illegible" as mark:
            return "exact" if truth.get("mark") == mark else "wrong"
        case _:
            return "exact" if released.get("value") == truth.get("value") else "wrong"


def table(before: Score, after: Score) -> list[str]:
    """The lines of a table: cells by type of field, before the review and after it."""
    names = "".join(f"{verdict:>12}" for verdict in VERDICTS)
    lines = [
        f"{'':<18}{'before the review':>36}{'after the review':>36}",
        f"{'field type':<12}{'cells':>6}{names}{names}",
    ]
    for group in [*sorted(name for name in after.cells if name != EVERY), EVERY]:
        shares = "".join(f"{one.share(group, verdict):>12.1%}" for one in (before, after) for verdict in VERDICTS)
        lines.append(f"{group:<12}{after.cells[group].total():>6}{shares}")
    return lines
