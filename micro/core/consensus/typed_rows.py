"""Rows of a table of answers whose values have a form: dates, labels, tables and lines. They are merged as on the site.

Written as releases write them: a date is "1907-10-12", with XX or nothing for what is unknown; labels stand in one
text, "axe | hoard"; a table is a JSON list of objects, one a row; lines are the lines of a text. Nothing is blank. The
type of a row is a hint: where an answer has another form, the row is merged as a text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from micro.core.consensus.calibration import calibrated
from micro.core.consensus.keys import key_of, row_key
from micro.core.consensus.lessons import taught
from micro.core.consensus.merge import merge
from micro.core.consensus.outcome import Outcome
from micro.core.consensus.rows import Checked, Prediction, Row
from micro.core.consensus.running import Running, full_fit
from micro.core.fields import Field, Said, parse_said, written
from micro.core.fields.rows import LINE
from micro.errors import BadAnswer

TYPED = ("date", "tags", "table", "lines")
LEAST_TRUST = 0.3  # Nobody's answer counts against what it says.
_DATE = re.compile(r"(\d{4}|XXXX)(?:-(\d{2}|XX)(?:-(\d{2}|XX))?)?", re.ASCII)

Read = tuple[Field, tuple[Said, ...]]


def read_row(row: Row) -> Read | None:
    """The field that a row asks for, and what its answers say of it; None when they have not the form of its type."""
    if row.type not in TYPED:
        return None
    try:
        given = [_plain(row.type, value) for value in row.values]
        field = _field(row, given)
        return field, tuple(_said(field, value) for value in given)
    except (ValueError, TypeError, AttributeError, RecursionError, BadAnswer):
        return None


def merged_typed(rows: Sequence[Row], read: Sequence[Read], checked: Checked, learning: bool) -> list[Prediction]:
    """One prediction for each row, as :func:`read_row` read it.

    With ``learning`` whoever is right more often in such rows counts more, and confidences are fitted on what was
    decided; without, everybody counts the same and nothing is fitted. Cost: some 200 microseconds a row.
    """
    truths = [_truth(row, field, checked) if learning else None for row, (field, _) in zip(rows, read, strict=True)]
    trust = _reliabilities(rows, read, truths) if learning else {}
    found, used = [], list[list[float]]()
    for row, (field, given) in zip(rows, read, strict=True):
        running = trust.get(row.type)
        used.append([max(LEAST_TRUST, running.of(who)) for who in row.workers] if running else [])
        found.append(merge(field, given, reliabilities=used[-1] or None))
    calibration = calibrated(
        [
            (row.field, outcome.confidence, key_of(field, outcome.said) == key_of(field, truth))
            for row, (field, _), outcome, truth in zip(rows, read, found, truths, strict=True)
            if truth is not None and outcome.said
        ]
    )
    return [
        Prediction(
            row.item,
            row.field,
            _text(field, outcome),
            calibration.of(outcome.confidence, row.field) if learning else outcome.confidence,
            outcome.tied,
            tuple(trusts),
        )
        for row, (field, _), outcome, trusts in zip(rows, read, found, used, strict=True)
    ]


def _reliabilities(rows: Sequence[Row], read: Sequence[Read], truths: Sequence[Said | None]) -> Mapping[str, Running]:
    """By type, how often each volunteer is right, fitted on all rows at once."""
    lessons: dict[str, list[Any]] = {}
    for row, (field, given), truth in zip(rows, read, truths, strict=True):
        answers = list(zip(row.workers, given, strict=True))
        lessons.setdefault(row.type, []).append(taught(field, answers, truth))
    return {of_type: Running(full_fit(each)) for of_type, each in lessons.items()}


def _truth(row: Row, field: Field, checked: Checked) -> Said | None:
    """What a professional decided of a row; None when nothing, or nothing of this form."""
    value = checked.get((row.item, row.field))
    if value is None:
        return None
    try:
        return _said(field, _plain(row.type, value))
    except (ValueError, TypeError, AttributeError, RecursionError, BadAnswer):
        return None


def _plain(of_type: str, text: str) -> Any:
    """What a text holds, by the type of its row; None for blank. Raises ValueError when it has another form."""
    if not row_key(text):
        return None
    match of_type:
        case "date":
            parts = _DATE.fullmatch(text.strip().upper())
            if parts is None:
                raise ValueError("no date")
            return "-".join(part or "XX" for part in parts.groups())
        case "tags":
            return [{"free": label} for label in text.split("|")]
        case "table":
            return _cells(json.loads(text))
        case _:
            return [{"value": line} if line.strip() else {"mark": "blank"} for line in text.splitlines()]


def _cells(rows: Any) -> list[dict[str, str]]:
    """The rows of a table, every cell as a text."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("no table")
    return [{name: "" if cell is None else _cell(cell) for name, cell in row.items()} for row in rows]


def _cell(cell: Any) -> str:
    if isinstance(cell, (list, dict)):
        raise ValueError("a cell is a text or a number")
    return cell if isinstance(cell, str) else json.dumps(cell)


def _field(row: Row, given: Iterable[Any]) -> Field:
    """The field that such values answer; the columns of a table are all that anybody filled, by their names."""
    columns: tuple[Field, ...] = ()
    if row.type == "lines":
        columns = (Field(LINE, "text", {}, {}),)
    if row.type == "table":
        names = {name for table in given if table for cells in table for name in cells}
        columns = tuple(Field(name, "text", {}, {}) for name in sorted(names))
    return Field(row.field, row.type, {}, {}, free=True, columns=columns)  # type: ignore[arg-type]


def _said(field: Field, value: Any) -> Said:
    if value is None or value == []:
        return {"mark": "blank"}
    if field.type == "table":
        value = [{name: {"value": cell} for name, cell in cells.items()} for cells in value]
    return parse_said(field, {"value": value})


def _text(field: Field, outcome: Outcome) -> str:
    value = outcome.said.get("value")
    if value is None or field.type != "table":
        return written(field, outcome.said)
    rows = [{name: cell["value"] for name, cell in row.items() if "value" in cell} for row in value]
    return json.dumps(rows, ensure_ascii=False)
