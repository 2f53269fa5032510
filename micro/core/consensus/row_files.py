"""Rows of answers as text: JSON Lines and CSV, read with every bad line named by its number, and written."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from micro.core.consensus.keys import row_key
from micro.core.consensus.rows import Checked, Prediction, Row

AT_ONCE = 2000
"""So many lines are read as one piece of JSON, which is several times faster than one by one."""

COLUMNS = ("item", "field", "worker", "value")


@dataclass
class BadLine(Exception):
    """A line that is no row: its number from 1, and what is wrong with it."""

    number: int
    wrong: str

    def __str__(self) -> str:
        return f"line {self.number}: {self.wrong}"


def rows_from_lines(lines: Sequence[bytes], bad: list[BadLine]) -> Iterator[Row]:
    """Rows of JSON Lines; empty lines are passed over, and what is wrong is added to ``bad``."""
    for start in range(0, len(lines), AT_ONCE):
        some = lines[start : start + AT_ONCE]
        try:
            told = json.loads(b"[" + b",".join(some) + b"]")
            if len(told) != len(some):
                raise ValueError("a line that holds more than one value")
            read: list[Any] = told
        except (ValueError, RecursionError):
            read = [_one(line, start + n + 1, bad) for n, line in enumerate(some)]
        seen = iter(range(start + 1, start + len(some) + 1))
        for number, each in zip(seen, read, strict=True):
            if each is None:
                continue
            try:
                yield _row(each)
            except (KeyError, TypeError, ValueError, AttributeError):
                bad.append(BadLine(number, "a row needs an item, a field, and answers with a worker and a value"))


def _one(line: bytes, number: int, bad: list[BadLine]) -> Any:
    """One line's value; None for an empty line or one that is no JSON."""
    if not line.strip():
        return None
    try:
        return json.loads(line) or {}
    except (ValueError, RecursionError):
        bad.append(BadLine(number, "this is not JSON"))
        return None


def _row(told: Any) -> Row:
    answers = told["answers"]
    workers, values = [], []
    for answer in answers:
        value = answer["value"]
        if type(value) is not str:
            value = _text(value)
        values.append(value)
        workers.append(str(answer["worker"]))
    kind = told.get("type", "text")
    return Row(_name(told["item"]), _name(told["field"]), kind, tuple(workers), tuple(values))


def _name(told: Any) -> str:
    if type(told) is str:
        return told
    if type(told) is int:
        return str(told)
    raise TypeError


def _text(told: Any) -> str:
    """A value that is no text: nothing for null, numbers as they are written in JSON."""
    if told is None:
        return ""
    if isinstance(told, bool) or not isinstance(told, (int, float)):
        raise TypeError
    return json.dumps(told)


def rows_from_csv(lines: Iterable[str], bad: list[BadLine]) -> list[Row]:
    """Rows of a CSV of answers, one answer a line: the columns COLUMNS, and "type" when it is there."""
    reader = csv.DictReader(lines)
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise BadLine(1, f"the columns {', '.join(missing)} are missing")
    found: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    for told in reader:
        if any(told[name] is None for name in COLUMNS) or None in told:
            bad.append(BadLine(reader.line_num, "this line has more or fewer columns than the first"))
            continue
        answer = (told["worker"], told["value"], told.get("type") or "text")
        found.setdefault((told["item"], told["field"]), []).append(answer)
    return [
        Row(item, field, given[0][2], tuple(one[0] for one in given), tuple(one[1] for one in given))
        for (item, field), given in found.items()
    ]


def decided_from_lines(lines: Sequence[bytes], bad: list[BadLine]) -> Checked:
    """What professionals decided, from JSON Lines of {"item", "field", "value"}; the last line of a field counts."""
    decided = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            told = json.loads(line)
            decided[_name(told["item"]), _name(told["field"])] = (
                _text(told["value"]) if type(told["value"]) is not str else told["value"]
            )
        except (ValueError, KeyError, TypeError):
            bad.append(BadLine(number, "a decided value needs an item, a field and a value"))
    return decided


def abbreviations_from(told: bytes) -> dict[str, str]:
    """Abbreviations from JSON, {"St.": "Saint"}, with both sides as comparison keys; the first side is one word."""
    try:
        read = json.loads(told)
        found = {row_key(short): row_key(long) for short, long in read.items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise BadLine(1, 'abbreviations are one JSON object of texts, such as {"St.": "Saint"}') from None
    for short, long in found.items():
        if not long or len(short.split()) != 1:
            raise BadLine(1, f'an abbreviation is one word that stands for others; "{short}" is not')
    return found


_QUOTED = json.JSONEncoder(ensure_ascii=False).encode


def json_line(prediction: Prediction) -> str:
    """The line of one prediction, without its end."""
    return (
        f'{{"item": {_QUOTED(prediction.item)}, "field": {_QUOTED(prediction.field)}, '
        f'"value": {_QUOTED(prediction.value)}, "confidence": {prediction.confidence:.4f}}}'
    )
