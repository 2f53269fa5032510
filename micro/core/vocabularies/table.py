"""Vocabularies as tables: any delimiter, headings as people write them in English and in French."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from micro.core.release.cells import csv_lines, neutralised, restored
from micro.core.vocabularies.entries import LANGUAGES, Entry, Read, checked, code_of_uri, is_uri, make_code, visible
from micro.errors import BadAnswer

COLUMNS = ("code", "en", "fr", "uri", "broader")
_HEADINGS = {
    "code": "code notation id cote",
    "en": "en english anglais labelen enlabel preflabelen skospreflabelen labelenglish englishlabel",
    "fr": "fr french francais libelle libellefr labelfr frlabel preflabelfr skospreflabelfr libellefrancais",
    "label": "label preflabel skospreflabel name nom term terme etiquette concept",
    "uri": "uri url iri identifier identifiant identifieruri address adresse",
    "broader": "broader broaderterm parent generique termegenerique bt tg skosbroader",
}
_MEANING = {heading: column for column, headings in _HEADINGS.items() for heading in headings.split()}

LONGEST_CELL = 131_072


def read_table(text: str, language: str) -> Read:
    """The entries of a table with one heading row; needs a column of labels or of codes.

    A column "label" without a language counts as ``language``. Rows that cannot be used are told by their number, the
    heading being row 1; empty rows are passed over. Raises BadAnswer("file") when no heading is understood.
    """
    rows = _rows(text)
    heading = next(rows, [])
    columns, unknown = _columns(heading, language)
    entries: list[Entry] = []
    problems: list[BadAnswer] = []
    for number, row in enumerate(rows, start=2):
        cells = [_restored(visible(cell)) for cell in row]
        if not any(cells):
            continue
        try:
            entries.append(_entry(columns, cells, str(number), len(heading)))
        except BadAnswer as problem:
            problems.append(problem)
    return Read(tuple(entries), tuple(problems), columns=tuple(unknown))


def _rows(text: str) -> Iterator[list[str]]:
    head = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(",;\t|", key=head.count)
    try:
        csv.field_size_limit(LONGEST_CELL)  # One for the whole process: other libraries raise it.
        yield from csv.reader(io.StringIO(text.lstrip("\r\n"), newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise BadAnswer("file", "This file cannot be read as a table (%(why)s).", why=str(error)) from None


def _columns(heading: list[str], language: str) -> tuple[Mapping[str, int], list[str]]:
    """Which column stands where, and the headings that say nothing to us; the first of two alike counts."""
    columns: dict[str, int] = {}
    unknown = []
    for place, name in enumerate(heading):
        meaning = _MEANING.get(_plain(name))
        meaning = language if meaning == "label" and language not in columns else meaning
        if meaning is None or meaning in columns or meaning == "label":
            unknown.append(visible(name)[:40])
        else:
            columns[meaning] = place
    if not {"code", *LANGUAGES} & set(columns):
        raise BadAnswer("file", "The first row must name the columns: code, en, fr, uri, broader.")
    return columns, [name for name in unknown if name]


def _plain(heading: str) -> str:
    """ "Libellé (FR)" as "libellefr"."""
    letters = unicodedata.normalize("NFKD", heading.lower())
    return re.sub(r"[^a-z]", "", letters)


def _entry(columns: Mapping[str, int], cells: list[str], place: str, width: int) -> Entry:
    if any(cells[width:]):
        raise BadAnswer(place, "This row has more cells than there are headings.")
    given = {name: cells[at] if at < len(cells) else "" for name, at in columns.items()}
    labels = {language: given[language] for language in LANGUAGES if given.get(language)}
    code, uri = given.get("code", ""), given.get("uri", "")
    if uri and not code and not is_uri(uri):  # A column of identifiers that are none of the web.
        code, uri = uri, ""
    made = code or (code_of_uri(uri) if uri else make_code(next(iter(labels.values()), "")).lower())
    return checked(
        Entry(made, labels or ({"en": code} if code else {}), uri, given.get("broader", ""), place, bool(code))
    )


def as_table(entries: Iterable[Entry]) -> str:
    """A CSV of the entries, which ``read_table`` reads back as they were."""
    rows = (
        (entry.code, *(entry.labels.get(language, "") for language in LANGUAGES), entry.uri, entry.broader)
        for entry in entries
    )
    return csv_lines([COLUMNS, *([neutralised(cell) for cell in row] for row in rows)])


def _restored(cell: str) -> str:
    """The cell without the apostrophe that ``as_table`` put before what a spreadsheet would run."""
    return restored(cell) if neutralised(cell[1:]) == cell else cell
