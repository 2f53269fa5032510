"""The table: a row per figure, a column per database."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from load import Found

BEGIN, END = "<!-- what scripts/bench --write puts here -->", "<!-- end of it -->"
PACKAGES = ("flask", "sqlalchemy", "gunicorn", "pillow")


class Table:
    """Rows in the order in which they first came."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, str]] = {}
        self.columns: list[str] = []

    def add(self, column: str, row: str, text: str) -> None:
        if column not in self.columns:
            self.columns.append(column)
        self.rows.setdefault(row, {})[column] = text

    def add_load(self, column: str, who: str, found: Found) -> None:
        """The rows of one load."""
        cycles = found.cycles
        self.add(column, f"{who}: cycles/s", f"{cycles / found.seconds:.0f}")
        for what, times in (("take", found.takes), ("answer", found.answers)):
            half, most = percentile(times, 50), percentile(times, 95)
            self.add(column, f"{who}: {what}, p50 / p95", f"{half:.1f} / {most:.1f} ms")
        self.add(column, f"{who}: CPU of the web processes per cycle", f"{1000 * found.web_cpu_s / cycles:.1f} ms")
        worker = f"{1000 * found.worker_cpu_s / cycles:.1f} ms"
        self.add(column, f"{who}: CPU of the worker per cycle, settling", worker)
        elsewhere = "in the web processes" if column == "SQLite" else "not ours to measure"
        database = f"{1000 * found.database_cpu_s / cycles:.1f} ms" if found.database_cpu_s else elsewhere
        self.add(column, f"{who}: CPU of the database per cycle", database)
        self.add(column, f"{who}: answers asked in vain", str(found.in_vain))

    def add_part(self, column: str, part: str, found: dict[str, float]) -> None:
        """The rows of settle, release, ingest, pair, tiff or tiles."""
        rate, cpu_ms = (found.get("count", 0) / found.get("seconds", 1), 1000 * found["cpu_s"] / found.get("count", 1))
        match part:
            case "settle":
                said = f"{rate:.0f} tasks/s, {cpu_ms:.1f} ms CPU each"
                self.add(column, "settle: tasks with 3 answers in 6 fields", said)
            case "release":
                said = f"{rate:.0f} rows/s, {cpu_ms:.2f} ms CPU each"
                self.add(column, f"release of {found['count']:,.0f} records", said)
            case "queue":
                for way in [name.removesuffix(" p50") for name in found if name.endswith(" p50")]:
                    said = f"{found[f'{way} p50']:.0f} / {found[f'{way} p95']:.0f} ms"
                    self.add(column, f"review queue, 100,000 waiting: {way}, p50 / p95", said)
                return
            case "tiff":
                row = f"a TIFF of {found['megapixels']:.0f} MP, LZW, with its working copy"
                self.add(column, row, f"{found['seconds']:.1f} s, {found['megapixels'] / found['seconds']:.0f} MP/s")
                self.add(column, f"{row}: memory beside the file", f"{found['bytes_per_pixel']:.1f} bytes a pixel")
            case "pair":
                self._add_pair(column, found)
                return  # Its memory is that of its workers.
            case "tiles":
                for name in sorted(name.removesuffix(", cold") for name in found if name.endswith(", cold")):
                    row = f"{name} of a JPEG of {found['megapixels']:.0f} MP by IIIF, cold / warm"
                    self.add(column, row, f"{found[f'{name}, cold']:.0f} / {found[f'{name}, warm']:.0f} ms")
            case _:
                for name, words in (("cards", "cards"), ("large", "large scans")):
                    self._add_ingest(column, name, words, found)
        self.add(column, f"memory peak of {part}", f"{found['peak_mb']:.0f} MB")

    def add_consensus(self, part: str, found: dict[str, float]) -> None:
        """A row of the consensus engine, which needs no database."""
        words = {"fit": "full fit of", "merge": "learning from and merging"}[part]
        said = f"{found['seconds']:.1f} s, {found['peak_mb']:.0f} MB"
        self.add("no database", f"{words} {found['answers']:,.0f} answers", said)

    def add_screen(self, column: str, found: dict[str, float]) -> None:
        """The rows of the workbench in a browser."""
        self.add(column, "workbench, first visit: all but the scan, compressed", f"{found['page_kb']:.0f} kB")
        self.add(column, "workbench, first visit: the scan as it opens", f"{found['scan_kb']:.0f} kB")
        usable = f"{found['usable_ms']:.0f} / {found['usable_most_ms']:.0f} ms"
        self.add(column, f"workbench, processor slowed {found['slower']:.0f} ×: usable after, p50 / most", usable)

    def _add_ingest(self, column: str, name: str, words: str, found: dict[str, float]) -> None:
        count, seconds, megapixels = (found[f"{name}_{part}"] for part in ("count", "seconds", "megapixels"))
        row = f"ingest of {words} of {megapixels:.1f} MP"
        against = seconds / found[f"{name}_decode_seconds"]
        self.add(column, row, f"{count / seconds:.1f} scans/s, {count * megapixels / seconds:.0f} MP/s")
        self.add(column, f"{row}: time against Pillow’s bare decode", f"{against:.2f} ×")

    def _add_pair(self, column: str, found: dict[str, float]) -> None:
        """Two workers, in megapixels a second, and their time against that of two plain processes that decode."""
        everything = 0.0
        for name, words in (("cards", "cards"), ("large", "large scans")):
            megapixels, decode = found[f"{name}_megapixels"], found[f"{name}_decode"]
            everything += megapixels
            self.add(column, f"two processes decode {words}, Pillow alone", f"{megapixels / decode:.0f} MP/s")
            for part, said in (("ingest", f"two workers take in {words}"), ("show", f"two make pictures of {words}")):
                seconds = found[f"{name}_{part}"]
                text = f"{megapixels / seconds:.0f} MP/s, {seconds / decode:.2f} × the decode"
                self.add(column, said, text)
        self.add(column, "two workers cut all of these into regions", f"{everything / found['cut']:.0f} MP/s")

    def markdown(self) -> str:
        """The table as aligned Markdown, readable in a terminal too."""
        cells = [
            ["", *self.columns],
            *([row, *(texts.get(column, "") for column in self.columns)] for row, texts in self.rows.items()),
        ]
        widths = [max(len(row[place]) for row in cells) for place in range(len(cells[0]))]
        lines = [
            "| "
            + " | ".join(
                text.rjust(width) if place else text.ljust(width)
                for place, (text, width) in enumerate(zip(row, widths, strict=True))
            )
            + " |"
            for row in cells
        ]
        rule = (
            "|"
            + "|".join(
                "-" * (width + 2) if place == 0 else "-" * (width + 1) + ":" for place, width in enumerate(widths)
            )
            + "|"
        )
        return "\n".join([lines[0], rule, *lines[1:]])


def percentile(times: Sequence[float], share: int) -> float:
    """A percentile of times in seconds, in milliseconds."""
    ordered = sorted(times)
    return 1000 * ordered[min(len(ordered) - 1, len(ordered) * share // 100)]


def machine() -> str:
    """One sentence on what was measured where."""
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), flags=re.MULTILINE)
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    processor = found[1] if found else platform.machine()
    return (
        f"{os.cpu_count()} cores ({processor}), Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}, "
        f"{packages}."
    )


def write_into(document: Path, text: str) -> None:
    """Puts the text between the two marks of the document."""
    whole = document.read_text(encoding="utf-8")
    head, _, rest = whole.partition(BEGIN)
    _, mark, tail = rest.partition(END)
    if not mark:
        raise SystemExit(f"bench: {document} has no place for the table")
    document.write_text(f"{head}{BEGIN}\n\n{text}\n\n{mark}{tail}", encoding="utf-8")
