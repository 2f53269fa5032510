"""What lies beside the tables: datapackage.json, citation, licence, readme and sums."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from micro.core.credit import Credit
from micro.core.fields import Field
from micro.core.licences import licence_name, licence_url
from micro.core.release.cells import storable
from micro.core.release.columns import Described, schema

VOCABULARY = "vocabulary.csv"
# Every file of a release in its order: name -> what it holds.
FILES: Mapping[str, str] = {
    "records.csv": "One row per record, the file most people want.",
    "values.csv": "One row per value, with its status, confidence and the answers behind it.",
    "answers.csv": "Every answer of every volunteer, under pseudonyms.",
    "records.jsonl": "One JSON object per record, with codes, labels and all evidence.",
    VOCABULARY: "The labels that the forms offer, with codes and identifiers.",
    "dictionary.csv": "The data dictionary: every column of every file.",
    "datapackage.json": "The same for programs: a Frictionless data package.",
    "CITATION.cff": "How to cite this release, for programs.",
    "citation.txt": "How to cite this release.",
    "LICENSE.txt": "The licence.",
    "README.txt": "How to read these files.",
    "SHA256SUMS": "Checksums of all files, for sha256sum -c.",
}
# The rows of each table, and the lines of each text: a file by field.
ROWS = "rows-"
ROWS_ABOUT = "One row per row of “%(field)s”, joined to its record by “record”."
ARCHIVE = "all.zip"
TABLES: Mapping[str, tuple[str, ...]] = {
    "records.csv": ("record",),
    "values.csv": ("record", "field"),
    "answers.csv": ("answer",),
    VOCABULARY: ("field", "code"),
    "dictionary.csv": ("file", "column"),
}
# RFC 4180, said in full, so that no reader guesses from the text.
DIALECT = {
    "delimiter": ",",
    "lineTerminator": "\r\n",
    "quoteChar": '"',
    "doubleQuote": True,
    "skipInitialSpace": False,
    "header": True,
    "caseSensitiveHeader": True,
}


def files_with(tables: Iterable[str]) -> tuple[str, ...]:
    """The files of a release that has these tables; the vocabulary is not always one. Rows follow the records."""
    names = tuple(tables)
    rows = tuple(name for name in names if name.startswith(ROWS))
    fixed = tuple(name for name in FILES if name != VOCABULARY or VOCABULARY in names)
    return (fixed[0], *rows, *fixed[1:])


def rows_file(field: str) -> str:
    """The file with the rows of a field. No other file begins like it, and no two fields have one name."""
    return f"{ROWS}{field}.csv"


def about_file(name: str) -> str:
    """What a file of a release holds, in one sentence."""
    if name.startswith(ROWS):
        return ROWS_ABOUT % {"field": name.removeprefix(ROWS).removesuffix(".csv")}
    return FILES[name]


@dataclass(frozen=True)
class Colophon:
    """Whose release it is. ``url`` is its own address, ``home`` that of the dataset; ``at`` is when it was begun.

    ``named`` are those of the volunteers who want to be named, in the order of their names.
    """

    slug: str
    number: int
    title: str
    about: str
    institution: str
    collection: str
    licence: str
    url: str
    home: str
    at: datetime
    notes: str
    volunteers: int
    language: str
    named: tuple[Credit, ...] = ()

    @property
    def authors(self) -> tuple[str, ...]:
        """The institution, and the volunteers as a number."""
        crowd = f"{self.volunteers} volunteer{'s' if self.volunteers != 1 else ''}"
        return (one_line(self.institution), crowd) if self.volunteers else (one_line(self.institution),)


def named_text(c: Colophon) -> str:
    """The volunteers who want to be named, a line each; empty when there is none."""
    lines = [f"  {one_line(who.name)}{f', https://orcid.org/{who.orcid}' if who.orcid else ''}" for who in c.named]
    return "\nVolunteers who read for this release and want to be named\n" + "\n".join(lines) + "\n" if lines else ""


def one_line(text: str) -> str:
    """The text without line ends and control signs."""
    return " ".join(re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", storable(text)).split())


def citation_text(c: Colophon) -> str:
    """The citation as one sentence."""
    who = " and ".join(c.authors)
    return f"{who} ({c.at.year}). {one_line(c.title)}, release {c.number} [data set]. micro. {c.url}"


def citation_bibtex(c: Colophon) -> str:
    """The citation as one BibTeX entry; the signs that TeX would run are escaped."""
    authors = " and ".join(f"{{{_tex(name)}}}" for name in c.authors)
    return (
        f"@misc{{{c.slug}-{c.number},\n  author = {{{authors}}},\n  title = {{{{{_tex(one_line(c.title))}}}}},\n"
        f"  year = {{{c.at.year}}},\n  month = {{{c.at.month}}},\n  version = {{{c.number}}},\n"
        f"  publisher = {{micro}},\n  url = {{{c.url}}},\n  note = {{Data set}}\n}}\n"
    )


_TEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{s: f"\\{s}" for s in "&%$#_{}"},
}


def _tex(text: str) -> str:
    return "".join(_TEX.get(sign, sign) for sign in text)


def citation_csl(c: Colophon) -> str:
    """The citation as CSL-JSON (citationstyles.org), a list of one."""
    entry = {
        "id": f"{c.slug}-{c.number}",
        "type": "dataset",
        "title": one_line(c.title),
        "author": [{"literal": name} for name in c.authors],
        "issued": {"date-parts": [[c.at.year, c.at.month, c.at.day]]},
        "version": str(c.number),
        "publisher": "micro",
        "URL": c.url,
    }
    return json.dumps([entry], ensure_ascii=False, indent=2) + "\n"


def citation_cff(c: Colophon) -> str:
    """CITATION.cff 1.2.0. Strings are written as JSON, which every YAML reader takes."""
    authors = "\n".join(f"  - name: {_yaml(name)}" for name in c.authors)
    message = _yaml("If you use this data set, please cite it as below.")
    return (
        f"cff-version: 1.2.0\nmessage: {message}\ntype: dataset\n"
        f"title: {_yaml(one_line(c.title))}\nauthors:\n{authors}\nversion: {_yaml(str(c.number))}\n"
        f"date-released: {_yaml(c.at.date().isoformat())}\nlicense: {_yaml(c.licence)}\nurl: {_yaml(c.url)}\n"
    )


def _yaml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def licence_text(c: Colophon) -> str:
    """LICENSE.txt."""
    return (
        f"{licence_name(c.licence)} ({c.licence})\n{licence_url(c.licence)}\n\n"
        f"“{one_line(c.title)}”, release {c.number}, is published by {one_line(c.institution)} under this "
        "licence.\nThe scans are not part of it: each has its own "
        "rights and credit line, in the columns “rights” and “credit” of records.csv.\n"
    )


def readme_text(
    c: Colophon, counts: Mapping[str, int], held_back: Sequence[Field] = (), grids: Sequence[Field] = ()
) -> str:
    """README.txt; ``counts`` are the rows of the files that have any.

    ``held_back``: the fields whose values are in no file. ``grids``: those whose points are blurred.
    """
    listed = "\n".join(
        f"  {name:<17}{' ' * (len(name) > 16)}{about_file(name)}" + (f" {counts[name]} rows." if name in counts else "")
        for name in files_with(counts)
    )
    notes = f"\nNotes of the makers\n{storable(c.notes).strip()}\n" if c.notes.strip() else ""
    return (
        f"{one_line(c.title)}, release {c.number}\n"
        f"{one_line(c.institution)}, {c.at.date().isoformat()}\n{c.url}\n\n"
        f"{one_line(c.about)}\n{notes}\nFiles\n{listed}\n\n"
        f"{_delicate(held_back, grids)}"
        "Reading the CSV files\n"
        "  UTF-8 with a byte order mark (utf-8-sig), commas, CRLF, quotes as in RFC 4180; cells may hold line\n"
        "  ends.\n"
        "  A text cell that a spreadsheet might run as a formula, or that begins with an apostrophe, has one\n"
        "  apostrophe put before it. The way back, for every text cell: replace the regular expression ^' with\n"
        "  nothing.\n"
        "  An empty cell is explained by the status beside it: blank, illegible, or unresolved.\n"
        "  records.jsonl holds the same values with nothing put before them.\n\n"
        "This release is frozen: it will never change. Corrections go into the next one:\n"
        f"{c.home}\n"
    )


def _delicate(held_back: Sequence[Field], grids: Sequence[Field]) -> str:
    """What is not told, or not exactly; empty when all is."""
    lines = [
        f"  {field.name}: not for publication."
        if field.publish == "never"
        else f"  {field.name}: closed until {field.publish}."
        for field in held_back
    ]
    lines += [
        f"  {field.name}: each point is the centre of a cell of {field.grid_m} m; how far the true one can be from\n"
        "  it stands beside it."
        for field in grids
    ]
    return "Held back or blurred\n" + "\n".join(lines) + "\n\n" if lines else ""


def data_package(c: Colophon, tables: Mapping[str, Sequence[Described]], sums: Mapping[str, tuple[int, str]]) -> str:
    """datapackage.json (Frictionless Data Package v1); ``sums`` are (bytes, SHA-256) by file."""
    resources = [_table(name, columns, *sums[name]) for name, columns in tables.items()]
    resources.append(
        {
            "name": "records-json",
            "path": "records.jsonl",
            "type": "file",
            "format": "jsonl",
            "mediatype": "application/jsonl",
            "encoding": "utf-8",
            "description": FILES["records.jsonl"],
            "bytes": sums["records.jsonl"][0],
            "hash": f"sha256:{sums['records.jsonl'][1]}",
        }
    )
    deed = licence_url(c.licence)
    body = {
        "profile": "data-package",
        "name": c.slug,
        "id": c.url,
        "title": one_line(c.title),
        "description": one_line(c.about),
        "homepage": c.url,
        "version": str(c.number),
        "created": c.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "licenses": [{"name": c.licence, "title": licence_name(c.licence), **({"path": deed} if deed else {})}],
        "sources": [{"title": f"{one_line(c.institution)}: {one_line(c.collection)}", "path": c.home}],
        "contributors": [
            *(
                {"title": name, "role": role}
                for name, role in zip(c.authors, ("publisher", "contributor"), strict=False)
            ),
            *(
                {"title": one_line(who.name), "role": "contributor"}
                | ({"path": f"https://orcid.org/{who.orcid}"} if who.orcid else {})
                for who in c.named
            ),
        ],
        "resources": resources,
    }
    return json.dumps(body, ensure_ascii=False, indent=2) + "\n"


def _table(name: str, columns: Sequence[Described], size: int, digest: str) -> dict[str, Any]:
    stem = name.removesuffix(".csv")
    return {
        "name": stem,
        "path": name,
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "description": about_file(name),
        "bytes": size,
        "hash": f"sha256:{digest}",
        "dialect": DIALECT,
        "schema": schema(
            columns,
            ("record", "row") if name.startswith(ROWS) else TABLES[name],
            "records" if stem in ("values", "answers") or name.startswith(ROWS) else "",
        ),
    }


def sums_text(sums: Mapping[str, str]) -> str:
    """SHA256SUMS in the form of sha256sum: {file: hex digest}."""
    return "".join(f"{digest}  {name}\n" for name, digest in sums.items())
