"""The manifest of a delivery: a table with one row per picture, as people's spreadsheets write it."""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from micro.errors import BadAnswer

MANIFEST_NAMES = ("manifest.csv", "manifeste.csv")

# Longer than any path; a "name" beyond it is a quote that was never closed.
NAME_LONGEST = 4096


def read_manifest(content: bytes) -> dict[str, dict[str, str]]:
    """A CSV manifest as {file name: {column: value}}; needs a column "file". Comma, semicolon or tab; UTF-8 or Latin-1.

    Raises BadAnswer("manifest") with the row's number when a row cannot be used.
    """
    text = _decoded(content).replace("\0", "")
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    described: dict[str, dict[str, str]] = {}
    for number, row in enumerate(_rows(reader), start=2):
        if not any(isinstance(value, str) and _visible(value) for value in row.values()):
            continue  # Spreadsheets like to leave empty rows behind.
        name = composed(PurePosixPath((row.get("file") or "").strip().replace("\\", "/")).name)
        if not name or name == ".." or len(name) > NAME_LONGEST:
            raise BadAnswer("manifest", "Row %(number)s of the manifest names no file.", number=number)
        if name in described:
            raise BadAnswer("manifest", "The manifest names %(name)s twice (row %(number)s).", name=name, number=number)
        page = (row.get("page") or "").strip()
        if page and not (page.isascii() and page.isdigit() and len(page) < 10):
            raise BadAnswer(
                "manifest", "Row %(number)s: the page “%(page)s” is not a number.", number=number, page=page[:20]
            )
        described[name] = {
            key: _visible(value)
            for key, value in row.items()
            if key and key != "file" and isinstance(value, str) and _visible(value)
        }
    return described


def _visible(text: str) -> str:
    """Without signs that nobody sees: some of them turn the writing round on a page."""
    return "".join(
        sign for sign in text if unicodedata.category(sign) not in ("Cc", "Cf") or sign in "\u200c\u200d"
    ).strip()


def _decoded(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # "Unicode text" of a spreadsheet.
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _rows(reader: csv.DictReader[str]) -> Iterator[dict[str, Any]]:
    """The rows, by column names in small letters."""
    try:
        columns = [(name or "").strip().lower() for name in reader.fieldnames or ()]
        if "file" not in columns:
            raise BadAnswer("manifest", "The manifest needs a column called “file” with the name of each picture.")
        reader.fieldnames = columns
        yield from reader
    except csv.Error as error:
        raise BadAnswer("manifest", "The manifest cannot be read as CSV (%(why)s).", why=str(error)) from None


def composed(name: str) -> str:
    """The name as it is compared: macOS writes ü as two signs, a spreadsheet as one."""
    return unicodedata.normalize("NFC", name)
