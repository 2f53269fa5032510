"""Tables that volunteers fill freely: rows that are alike are laid side by side first (tables.py), then every cell is
merged by the type of its column, and every row is asked whether it is there at all.

Whether it is follows the model of Dawid and Skene (1979) with two answers, there or not: a volunteer types a row that
is there as often as they are right, and one that is not with INVENTS. Leaving a row out is an oversight, while nobody
makes one up that easily: so one of two is believed a little, one of three is not, and neither is sure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from micro.core.consensus.keys import key_of
from micro.core.consensus.outcome import Outcome, vote_of
from micro.core.consensus.tables import UNREAD, MergedRow, TableAnswer, merge_tables
from micro.core.fields import Field, Said
from micro.core.fields.rows import rows_of

INVENTS = 0.05
"""How often a volunteer types a row that is not on the scan."""

NOT_SURE = 0.5
"""How sure a cell is of which people said no more than that they are not sure."""

LEAST_ODDS = 0.02  # What anybody's row, or lack of one, says at least: an agreeing answer never speaks against itself.
BLANK: Said = {"mark": "blank"}
Merge = Callable[..., Outcome]


@dataclass(frozen=True)
class _Cell:
    """What stands in a cell, given or merged; ``sure`` (0 to 1) and ``tied`` are those of the merging."""

    said: Said
    sure: float = 1.0
    tied: bool = False


def merge_aligned(
    field: Field, given: Sequence[tuple[Said, float]], merge: Merge
) -> tuple[list[Mapping[str, Said]], float, bool]:
    """The rows of several lists: (rows, how sure of them all, whether it is a tie).

    ``given``: lists with values, and how reliable (0 to 1) each giver is; at least one. ``merge`` merges a cell as any
    other field. A row is kept when it is likelier there than not, and told as a tie when as much speaks for as against
    it; the weakest cell or row gives the confidence. When no row is kept, those with most behind them are the guess.
    Cost: answers squared times rows squared.
    """
    ordered = sorted(given, key=lambda one: (key_of(field, one[0]) or "", repr(one[0]), -one[1]))
    votes = [vote_of(said, trust) for said, trust in ordered]
    merged = merge_tables(_answers(field, [said for said, _ in ordered]), _merging(field, merge), _text(field), votes)
    rows: list[Mapping[str, Said]] = []
    sure, tied = 1.0, False
    chances = [_is_there(row, votes) for row in merged]
    most = max((chance for chance, _ in chances), default=0.0)
    for row, (chance, level) in zip(merged, chances, strict=True):
        kept = chance >= min(0.5, most - 1e-9)
        sure, tied = min(sure, chance if kept else 1 - chance), tied or level or most < 0.5
        if kept:
            cells = {name: cell.said for name, cell in row.cells.items() if cell.said != BLANK}
            rows += [cells] if cells or field.type == "lines" else []
            sure = min(sure, *(cell.sure for cell in row.cells.values()))
            tied = tied or any(cell.tied for cell in row.cells.values())
    return rows, sure, tied


def _answers(field: Field, given: Iterable[Said]) -> list[TableAnswer[_Cell]]:
    """The tables as they are aligned: a column that was left out is blank."""
    return [
        TableAnswer(
            number,
            [
                {column.name: _Cell(row.get(column.name, BLANK)) for column in field.columns}
                for row in rows_of(field, said["value"])
            ],
        )
        for number, said in enumerate(given)
    ]


def _merging(field: Field, merge: Merge) -> Callable[[str, Sequence[_Cell], Sequence[float]], _Cell]:
    columns = {column.name: column for column in field.columns}

    def merged(name: str, cells: Sequence[_Cell], votes: Sequence[float]) -> _Cell:
        found = merge(columns[name], [cell.said for cell in cells], reliabilities=votes)
        return _Cell(found.said, found.confidence, found.tied) if found.said else _Cell({"mark": "unsure"}, NOT_SURE)

    return merged


def _text(field: Field) -> Callable[[str, _Cell], str]:
    """What rows are compared by: the comparison keys of their cells; of a blank, nothing; UNREAD for other marks."""
    columns = {column.name: column for column in field.columns}

    def text(name: str, cell: _Cell) -> str:
        if "value" not in cell.said:
            return "" if cell.said == BLANK else UNREAD
        key = key_of(columns[name], cell.said) or ""
        return key.split(" ")[0] if columns[name].type == "number" else key  # All of a column are in some unit.

    return text


def _is_there(row: MergedRow[_Cell], votes: Sequence[float]) -> tuple[float, bool]:
    """The chance (0 to 1) that a row is there, and whether as many, weighed, left it out as have it."""
    having = [votes[number] for number in row.origins]
    lacking = [vote for number, vote in enumerate(votes) if number not in row.origins]
    speaks = math.fsum(max(LEAST_ODDS, math.log(vote / INVENTS)) for vote in having)
    against = math.fsum(max(LEAST_ODDS, math.log((1 - INVENTS) / (1 - vote))) for vote in lacking)
    return 1 / (1 + math.exp(against - speaks)), math.isclose(math.fsum(having), math.fsum(lacking), abs_tol=1e-9)


@dataclass(frozen=True)
class RowCount:
    """A row that anybody gave. ``said``: its cells as the value has them, else as the first answer that has it.

    ``count`` of ``among`` answers with rows have it, those with the numbers (from 1) ``readings`` of the evidence;
    ``place`` (from 1) is where it stands in the value, None where it is left out. ``open``: the columns in which those
    who have it differ.
    """

    said: Mapping[str, Said]
    count: int
    among: int
    readings: tuple[int, ...]
    place: int | None
    open: tuple[str, ...]


def row_counts(field: Field, evidence: Iterable[Mapping[str, Any]], said: Said) -> tuple[RowCount, ...]:
    """All rows of an outcome's evidence in their order, beside the value that was made of them."""
    listed = [(number, one) for number, one in enumerate(evidence, start=1) if "value" in one["said"]]
    answers = [one["said"] for _, one in listed] + ([said] if said.get("value") else [])
    weights = [float(one["count"]) for _, one in listed] + [1.0] * (len(answers) - len(listed))
    tables = [list(rows_of(field, one["value"])) for one in answers]
    merged = merge_tables(_answers(field, answers), lambda _, cells, __: cells[0], _text(field), weights)
    return tuple(_counted(field, row.origins, tables, listed) for row in merged)


def _counted(
    field: Field,
    origins: Mapping[int, int],
    tables: Sequence[Sequence[Mapping[str, Said]]],
    listed: Sequence[tuple[int, Mapping[str, Any]]],
) -> RowCount:
    """One row; the table after those of the evidence, if there is one, is the value."""
    cells = {number: tables[number][at] for number, at in origins.items()}
    having = [number for number in cells if number < len(listed)]
    different = [
        column.name
        for column in field.columns
        if len({key_of(column, cells[number].get(column.name, BLANK)) for number in having}) > 1
    ]
    own = origins.get(len(listed))
    return RowCount(
        cells[having[0] if own is None else len(listed)],
        sum(listed[number][1]["count"] for number in having),
        sum(one["count"] for _, one in listed),
        tuple(listed[number][0] for number in having),
        None if own is None else own + 1,
        tuple(different),
    )
