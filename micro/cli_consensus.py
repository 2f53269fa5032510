"""``micro consensus``: merges any table of answers, without a server and without a database.

It starts fast: nothing of the web or the database is imported. Exit codes: 0, every row was merged; 3, some rows were
bad, reported by number on standard error, and the rest was merged; 2, the command was not understood, or a file could
not be read.
"""

from __future__ import annotations

import csv
import gc
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import click

from micro.core.consensus.explaining import evidence_of
from micro.core.consensus.project import merge_project
from micro.core.consensus.row_files import (
    BadLine,
    abbreviations_from,
    decided_from_lines,
    json_line,
    rows_from_csv,
    rows_from_lines,
)
from micro.core.consensus.rows import Checked, Prediction, Row, Settings

SOME_BAD = 3
MOST_TOLD = 20
WRITTEN_AT_ONCE = 5000


@click.command("consensus")
@click.option("--jsonl", "form", flag_value="jsonl", default="jsonl", help="Rows as JSON Lines; the usual form.")
@click.option("--csv", "form", flag_value="csv", help="One answer a line: item, field, worker, value, perhaps type.")
@click.option("--checked", "checked_file", type=click.Path(path_type=Path), help="Decided values, as JSON Lines.")
@click.option("--no-learning", is_flag=True, help="Merge each row by itself; every volunteer counts the same.")
@click.option(
    "--abbreviations",
    "abbreviations_file",
    type=click.Path(path_type=Path),
    help='Words that mean the same when answers are compared, as JSON: {"st": "saint"}.',
)
@click.option("--explain", is_flag=True, help="Add to each row where the answers differ, and who is behind what.")
@click.argument("file", required=False, type=click.Path(path_type=Path))
def consensus(
    form: str,
    checked_file: Path | None,
    no_learning: bool,
    abbreviations_file: Path | None,
    explain: bool,
    file: Path | None,
) -> None:
    """Merges answers: reads rows from FILE or standard input, writes a value and a confidence for each.

    A row is {"item", "field", "type", "answers": [{"worker", "value"}]}; the type may be text, long text, number,
    choice, point, date (1907-10-XX), tags (axe | hoard), table (a JSON list of objects) or lines, and may be left out.
    Written is {"item", "field", "value", "confidence"}. A decided value of --checked is {"item", "field", "value"}.
    Exit code 3 says that some rows were bad and the rest was merged.
    """
    gc.disable()  # Millions of small things are made, and none is thrown away before the end.
    bad: list[BadLine] = []
    try:
        checked = decided_from_lines(checked_file.read_bytes().split(b"\n"), bad) if checked_file else {}
        abbreviations = abbreviations_from(abbreviations_file.read_bytes()) if abbreviations_file else {}
        told = file.read_bytes() if file else sys.stdin.buffer.read()
        rows = _rows(told, form, bad)
    except (OSError, UnicodeDecodeError, BadLine) as problem:
        raise click.UsageError(str(problem)) from None
    _report(bad)
    _write(rows, checked, Settings(not no_learning, abbreviations), form, explain)
    if bad:
        raise SystemExit(SOME_BAD)


def _rows(told: bytes, form: str, bad: list[BadLine]) -> list[Row]:
    told = told.removeprefix(b"\xef\xbb\xbf")
    if form == "csv":
        return rows_from_csv(told.decode().splitlines(keepends=True), bad)
    lines = told.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return list(rows_from_lines(lines, bad))


def _report(bad: Sequence[BadLine]) -> None:
    for one in bad[:MOST_TOLD]:
        click.echo(f"micro consensus: {one}", err=True)
    if len(bad) > MOST_TOLD:
        click.echo(f"micro consensus: {len(bad) - MOST_TOLD} more bad lines", err=True)


def _write(rows: Sequence[Row], checked: Checked, settings: Settings, form: str, explain: bool) -> None:
    with click.progressbar(length=100, label="merging", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        predictions = merge_project(rows, checked, settings, lambda share: bar.update(int(100 * share) - bar.pos))
    writing = _csv_lines if form == "csv" else _json_lines
    lines = writing(rows, predictions, explain)
    out = sys.stdout.buffer
    while some := "".join(islice(lines, WRITTEN_AT_ONCE)):
        out.write(some.encode())
    out.flush()


def _json_lines(rows: Sequence[Row], predictions: Iterable[Prediction], explain: bool) -> Iterator[str]:
    for row, one in zip(rows, predictions, strict=True):
        line = json_line(one)
        if explain:
            line = f'{line[:-1]}, "evidence": {json.dumps(evidence_of(row, one), ensure_ascii=False)}}}'
        yield line + "\n"


def _csv_lines(rows: Sequence[Row], predictions: Iterable[Prediction], explain: bool) -> Iterator[str]:
    lines: list[str] = []

    class Last:
        def write(self, text: str) -> None:
            lines.append(text)

    writer = csv.writer(Last(), lineterminator="\n")
    writer.writerow(("item", "field", "value", "confidence", *(["evidence"] if explain else [])))
    for row, one in zip(rows, predictions, strict=True):
        told = [json.dumps(evidence_of(row, one), ensure_ascii=False)] if explain else []
        writer.writerow((one.item, one.field, one.value, f"{one.confidence:.4f}", *told))
        yield lines.pop(0)
    yield from lines
