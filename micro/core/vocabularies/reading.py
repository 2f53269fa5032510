"""A vocabulary out of the bytes of a file, whatever its format: it is told by what stands in it, then by its name."""

from __future__ import annotations

import codecs
import re
from typing import Literal

from micro.core.vocabularies.entries import CONCEPTS_MOST, Read
from micro.core.vocabularies.skos import read_skos
from micro.core.vocabularies.table import read_table
from micro.errors import BadAnswer

FILE_LARGEST = 10_000_000  # bytes
Format = Literal["csv", "turtle", "nt", "xml", "json-ld"]
_TURTLE = re.compile(r"^\s*(@prefix|@base|prefix\s+\S*:|base\s+<)", re.IGNORECASE | re.MULTILINE)
_TRIPLE = re.compile(r"^\s*(<[^<>\s]+>|_:\S+)\s+<[^<>\s]+>\s+", re.MULTILINE)
_SNIFFED = 20_000


def read_file(file_name: str, content: bytes, language: str = "en") -> Read:
    """What a file of concepts says: CSV with any delimiter, or SKOS as Turtle, N-Triples, RDF/XML or JSON-LD.

    ``language`` is that of labels for which the file names none. Nothing is ever fetched. Raises BadAnswer("file") for
    a file that is empty, too large, in no known format, or holds too many concepts. Cost: about 10 s for 10 MB of
    SKOS; it is given up after 20 s.
    """
    if len(content) > FILE_LARGEST:
        raise BadAnswer("file", "This file is larger than %(most)s MB.", most=FILE_LARGEST // 1_000_000)
    if not content.strip():
        raise BadAnswer("file", "This file is empty.")
    text = _decoded(content)
    found = format_of(file_name, text)
    read = read_table(text, language) if found == "csv" else read_skos(text, found, language)
    if not read.entries and not read.problems:
        raise BadAnswer("file", "No concept was found in this file.")
    if len(read.entries) > CONCEPTS_MOST:
        raise BadAnswer("file", "This file holds more than %(most)s concepts.", most=CONCEPTS_MOST)
    return read


def format_of(file_name: str, text: str) -> Format:
    """The format of a file's text."""
    start = text[:_SNIFFED].lstrip()
    ending = file_name.rpartition(".")[2].lower()
    if start.startswith(("<?xml", "<!DOCTYPE", "<rdf:", "<!--", "<RDF")):
        return "xml"
    if start.startswith(("{", "[{", "[\n", "[ ")):
        return "json-ld"
    if ending in ("csv", "tsv", "txt") and not _TURTLE.match(start):
        return "csv"
    if ending == "nt" or (ending != "ttl" and _TRIPLE.match(start)):
        return "nt"
    return "turtle" if ending == "ttl" or _TURTLE.search(start) else "csv"


def _decoded(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # "Unicode text" of a spreadsheet.
        return content.decode("utf-16", errors="replace").replace("\0", "")
    try:
        return content.decode("utf-8-sig").replace("\0", "")
    except UnicodeDecodeError:  # What spreadsheets still write in the west of Europe.
        return content.decode("cp1252", errors="replace").replace("\0", "")
