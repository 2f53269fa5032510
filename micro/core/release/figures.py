"""Counting while a release is written: how it was made, and what changed since the one before."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from micro.core.release.rows import FieldFacts, RecordFacts

# Lower ends of the classes of confidence, in per cent; the first holds everything below 50.
CONFIDENCE_CLASSES = (0, 50, 60, 70, 80, 90, 97)
MOST_BARS = 10


@dataclass
class Tally:
    """What is counted of the records of one release."""

    states: Counter[str] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    confidence: Counter[int] = field(default_factory=Counter)
    compared: int = 0
    unanimous: int = 0

    def add(self, facts: RecordFacts, values: Sequence[FieldFacts]) -> None:
        """Counts one record. A value is compared when two or more answers say something of it."""
        self.states[facts.standing] += 1
        self.answers[facts.answers] += 1
        for value in values:
            self.statuses[value.status] += 1
            if value.status != "unasked":
                self.confidence[confidence_class(value.confidence)] += 1
            self.compared += value.answers > 1
            self.unanimous += value.answers > 1 and len(value.evidence) == 1

    def figures(self) -> dict[str, Any]:
        """The figures in the form of the manifest; counts by text keys, because JSON has no others."""
        return {
            "records": self.states.total(),
            "states": dict(self.states),
            "statuses": dict(self.statuses),
            "median_answers": median(self.answers),
            "compared": self.compared,
            "unanimous": self.unanimous,
            "answers_per_record": [[label, count] for label, count in bars(self.answers)],
            "confidence": [[low, self.confidence[low]] for low in CONFIDENCE_CLASSES],
        }


def confidence_class(confidence: float) -> int:
    """The lower end, in per cent, of the class that a confidence (0 to 1) falls into."""
    return max(low for low in CONFIDENCE_CLASSES if confidence * 100 >= low)


def median(counted: Mapping[int, int]) -> float:
    """The median of counted whole numbers, the mean of the middle two when they are even; 0 for none.

    >>> median({2: 3, 4: 1}), median({2: 1, 3: 1}), median({})
    (2.0, 2.5, 0.0)
    """
    total, passed = sum(counted.values()), 0
    middle: list[int] = []
    for number in sorted(counted):
        passed += counted[number]
        while len(middle) < 2 and passed > (total - 1 + len(middle)) // 2:
            middle.append(number)
    return sum(middle) / 2 if middle else 0.0


def bars(counted: Mapping[int, int]) -> list[tuple[str, int]]:
    """Counted whole numbers as at most ten bars of equal width, without gaps: [("2", 5), …] or [("10–14", 7), …]."""
    if not counted:
        return []
    least, most = min(counted), max(counted)
    width = (most - least) // MOST_BARS + 1
    starts = range(least, most + 1, width)
    return [
        (
            str(start) if width == 1 else f"{start}–{start + width - 1}",
            sum(counted.get(number, 0) for number in range(start, start + width)),
        )
        for start in starts
    ]


def compared_with(before: Iterable[str], now: Iterable[str]) -> dict[str, int]:
    """What changed between the lines of two releases' records.jsonl. Cost: the older one's values in memory.

    ``added``, ``removed``: records. ``changed``: values of records in both, where value or status differ. ``checked``:
    records that a professional has decided since. Fields that only one of them has are told as columns, not as values.
    """
    old = {line["record"]: (line["state"], _values(line)) for line in map(json.loads, before)}
    result = {"added": 0, "removed": 0, "changed": 0, "checked": 0}
    for line in map(json.loads, now):
        was = old.pop(line["record"], None)
        if was is None:
            result["added"] += 1
            continue
        state, values = was
        result["changed"] += sum(values[name] != value for name, value in _values(line).items() if name in values)
        result["checked"] += line["state"] == "checked" and state != "checked"
    return result | {"removed": len(old)}


def _values(line: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: json.dumps([entry["status"], entry["value"]], sort_keys=True) for name, entry in line["fields"].items()
    }
