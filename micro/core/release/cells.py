"""Cells and lines of CSV files: RFC 4180, UTF-8 with a byte order mark, formulas neutralised reversibly.

The mark is for spreadsheets, which take a file without it for the old encoding of their country; readers that follow
the Frictionless and Python conventions (``utf-8-sig``) skip it.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Any

BYTE_ORDER_MARK = "\ufeff"
# What a spreadsheet runs as a formula (OWASP, "CSV injection"), their full-width twins, and the apostrophe itself,
# so that taking one apostrophe away always gives the cell back.
_RISKY = re.compile("['=+\\-@\t\r\n＝＋－＠]")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_ROW_ENDS_IN_DISGUISE = str.maketrans({"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def neutralised(cell: str) -> str:
    """The cell with an apostrophe before it when a spreadsheet might run it, or when it begins with one.

    >>> neutralised("=1+1"), neutralised("'tis"), neutralised("plain")
    ("'=1+1", "''tis", 'plain')
    """
    return f"'{cell}" if _RISKY.match(cell) else cell


def restored(cell: str) -> str:
    """The cell as it was: one leading apostrophe less. The way back from :func:`neutralised`, for any cell."""
    return cell[1:] if cell.startswith("'") else cell


def storable(text: str) -> str:
    """The text without NUL and lone surrogates, which no reader of CSV or JSON takes; each becomes U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


def csv_lines(rows: Iterable[Sequence[str]]) -> str:
    """The rows as CSV, every line ended by CRLF; a cell with CR or LF in it is quoted."""
    out = StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows(rows)
    return storable(out.getvalue())


def json_line(value: Any) -> str:
    """One line of JSON, ended by a line feed; signs that some readers take for the end of a line are escaped."""
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return storable(written.translate(_ROW_ENDS_IN_DISGUISE)) + "\n"
