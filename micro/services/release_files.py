"""From rows on the local disk to the files of a release in the storage. No database here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from micro.core.fields import Field
from micro.core.ports import Storage
from micro.core.release import columns, papers
from micro.core.release.cells import BYTE_ORDER_MARK, csv_lines
from micro.core.release.columns import Described
from micro.core.release.figures import compared_with
from micro.core.release.papers import ARCHIVE, Colophon, about_file, files_with

# The time that is written beside each file in the archive, so that the same files give the same archive.
SAME_TIME = (2000, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Plan:
    """What a reading of the database left: rows in a private folder, and what the papers beside them will say.

    ``tables``: the columns by CSV file. ``counts``: rows by file. ``form``: all fields of the form, ``held_back`` those
    whose values are in no file. ``before``: the manifest of the release before this one, with its number. The folder
    goes when :func:`write_files` ends, or when the plan is dropped.
    """

    release_public_id: str
    room: TemporaryDirectory[str]
    colophon: Colophon
    tables: Mapping[str, Sequence[Described]]
    counts: dict[str, int]
    figures: Mapping[str, Any]
    preview: Sequence[Mapping[str, Any]]
    form: Sequence[Field]
    held_back: Sequence[Field]
    texts: Mapping[str, Mapping[str, str]]
    before: Mapping[str, Any] | None

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the files, in their order."""
        return files_with(self.tables)

    @property
    def public(self) -> tuple[Field, ...]:
        """The fields whose values are in the files."""
        return tuple(field for field in self.form if field not in self.held_back)


def write_files(plan: Plan, storage: Storage) -> dict[str, Any]:
    """Writes all files of a release into the storage; returns its manifest.

    They go into ``releases/<release>/<first signs of the hash of SHA256SUMS>/``: two jobs that make the same release
    at once from different answers never touch each other's files, and from the same answers write the same bytes.
    """
    with plan.room as name:
        folder = Path(name)
        changes = _changes(plan, folder, storage)
        _write_papers(plan, folder)
        sums = {file: _fingerprint(folder / file) for file in plan.files}
        _write_archive(folder, plan.files)
        place = f"releases/{plan.release_public_id}/{sums['SHA256SUMS'][1][:12]}"
        for file in (*plan.files, ARCHIVE):
            storage.put(f"{place}/{file}", (folder / file).read_bytes())
        archive = dict(zip(("bytes", "sha256"), _fingerprint(folder / ARCHIVE), strict=True))
    return _manifest(plan, place, sums, archive, changes)


def _changes(plan: Plan, folder: Path, storage: Storage) -> dict[str, Any] | None:
    """What changed since the release before; None for the first one."""
    if plan.before is None:
        return None
    older = storage.get(f"{plan.before['folder']}/records.jsonl").decode().rstrip("\n").split("\n")
    with (folder / "records.jsonl").open(encoding="utf-8", newline="\n") as newer:
        counted = compared_with(older, newer)
    were, names = plan.before["columns"], [column.name for column in plan.tables["records.csv"]]
    return {
        "since": plan.before["number"],
        **counted,
        "columns_added": [name for name in names if name not in were],
        "columns_removed": [name for name in were if name not in names],
    }


def _write_papers(plan: Plan, folder: Path) -> None:
    c = plan.colophon
    described = {**plan.tables, "records.jsonl": columns.JSON_KEYS}
    words = [*columns.dictionary_rows(described), *columns.held_back_rows(plan.held_back)]
    plan.counts["dictionary.csv"] = len(words)
    head = [column.name for column in columns.DICTIONARY]
    _write(folder / "dictionary.csv", BYTE_ORDER_MARK + csv_lines([head, *words]))
    tables = {name: _fingerprint(folder / name) for name in (*plan.tables, "records.jsonl")}
    _write(folder / "datapackage.json", papers.data_package(c, plan.tables, tables))
    _write(folder / "CITATION.cff", papers.citation_cff(c))
    _write(folder / "citation.txt", papers.citation_text(c) + "\n\n" + papers.citation_bibtex(c) + papers.named_text(c))
    _write(folder / "LICENSE.txt", papers.licence_text(c))
    _write(
        folder / "README.txt", papers.readme_text(c, plan.counts, plan.held_back, [f for f in plan.public if f.grid_m])
    )
    others = {file: _fingerprint(folder / file)[1] for file in plan.files if file != "SHA256SUMS"}
    _write(folder / "SHA256SUMS", papers.sums_text(others))


def _write(path: Path, text: str) -> None:
    path.write_bytes(text.encode())


def _fingerprint(path: Path) -> tuple[int, str]:
    """Size in bytes and SHA-256 of a file."""
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


def _write_archive(folder: Path, files: Sequence[str]) -> None:
    """All files in one, without the times of this machine."""
    with ZipFile(folder / ARCHIVE, "w", ZIP_DEFLATED) as archive:
        for file in files:
            entry = ZipInfo(file, SAME_TIME)
            entry.compress_type, entry.external_attr = ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, (folder / file).read_bytes())


def _manifest(
    plan: Plan,
    place: str,
    sums: Mapping[str, tuple[int, str]],
    archive: Mapping[str, Any],
    changes: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Everything that the release's page shows, so that the page too stays as it was."""
    c = plan.colophon
    return {
        "folder": place,
        "files": [
            {
                "name": name,
                "about": about_file(name),
                "rows": plan.counts.get(name),
                "bytes": sums[name][0],
                "sha256": sums[name][1],
            }
            for name in plan.files
        ],
        "archive": {"name": ARCHIVE, **archive},
        "columns": [column.name for column in plan.tables["records.csv"]],
        "fields": [{"name": f.name, "type": f.type, "labels": dict(f.labels)} for f in plan.public],
        "held_back": [{"name": f.name, "labels": dict(f.labels), "publish": f.publish} for f in plan.held_back],
        "figures": dict(plan.figures),
        "preview": list(plan.preview),
        "changes": changes,
        "texts": plan.texts,
        "institution": c.institution,
        "named": [{"name": who.name, "orcid": who.orcid} for who in c.named],
        "collection": c.collection,
        "language": c.language,
        "citation": {
            "text": papers.citation_text(c),
            "bibtex": papers.citation_bibtex(c),
            "csl": papers.citation_csl(c),
        },
    }
