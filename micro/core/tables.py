"""Tables as people's programs write them: CSV with any of the usual separators and encodings. Pure."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from micro.core.imports import visible
from micro.errors import BadAnswer, MicroError

SEPARATORS = (",", ";", "\t", "|")
COLUMNS_MOST = 500
NAME_LONGEST = 200
# The csv module has a limit too, but a library may have changed it for the whole process.
CELL_LONGEST = 100_000

Cells = dict[str, str]


@dataclass(frozen=True)
class Table:
    """A table: how it is written, its columns, and its text. A row's number is the one that a spreadsheet shows."""

    separator: str
    encoding: str
    columns: tuple[str, ...]
    text: str

    def rows(self) -> Iterator[tuple[int, Cells | MicroError]]:
        """Every row below the header as (number, {column: text}), or with the reason why it cannot be read.

        Empty rows are passed over; cells that a row lacks are empty.
        """
        lines = _lines(self.text, self.separator)
        next((True for _, cells in lines if _is_header(cells)), None)
        for number, cells in lines:
            if isinstance(cells, MicroError):
                yield number, cells
            elif any(cell.strip() for cell in cells):
                yield number, self._row(cells)

    def _row(self, cells: list[str]) -> Cells | MicroError:
        if any(cell.strip() for cell in cells[len(self.columns) :]):
            return BadAnswer("", "This row has more cells than there are columns.")
        filled = cells[: len(self.columns)] + [""] * (len(self.columns) - len(cells))
        return {column: cell.replace("\0", "") for column, cell in zip(self.columns, filled, strict=True) if column}


def _lines(text: str, separator: str) -> Iterator[tuple[int, list[str] | MicroError]]:
    """All lines with their numbers from 1; one that cannot be read is a reason, and it goes on behind it."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    for number in count(1):
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield number, BadAnswer("", "This row cannot be read as CSV (%(why)s).", why=str(error))
            continue
        if max(map(len, cells), default=0) > CELL_LONGEST:
            yield number, BadAnswer("", "A cell of this row is longer than %(most)s signs.", most=CELL_LONGEST)
        else:
            yield number, cells


def _is_header(cells: list[str] | MicroError) -> bool:
    return isinstance(cells, list) and any(cell.strip() for cell in cells)


def read_table(content: bytes) -> Table:
    """The table in these bytes; BadAnswer("table") when there is no header, or two columns share a name."""
    text, encoding = _decoded(content)
    head = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(SEPARATORS, key=lambda sign: _outside_quotes(head).count(sign))
    lines = (cells for _, cells in _lines(text, separator) if isinstance(cells, list))
    names = next((cells for cells in lines if _is_header(cells)), [])
    columns = tuple(visible(name, NAME_LONGEST) for name in names)
    named = [column for column in columns if column]
    if not named:
        raise BadAnswer("table", "There is no row with the names of the columns.")
    if len(named) > COLUMNS_MOST:
        raise BadAnswer("table", "There are more than %(most)s columns.", most=COLUMNS_MOST)
    for name in named:
        if named.count(name) > 1:
            raise BadAnswer("table", "Two columns are called “%(name)s”.", name=name)
    return Table(separator, encoding, columns, text)


def _decoded(content: bytes) -> tuple[str, str]:
    """The text, and the name of its encoding. UTF-8 if it can be, else what Windows writes in the west of Europe."""
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if content.startswith(mark):
            return content.decode(encoding, errors="replace"), encoding
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace"), "cp1252"
    return text, "utf-8-sig" if content.startswith(codecs.BOM_UTF8) else "utf-8"


def _outside_quotes(line: str) -> str:
    return "".join(line.split('"')[::2])
