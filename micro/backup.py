"""Backup of the embedded folder while everything runs, and the way back.

The database is copied first, through SQLite's online backup, then the files: scans and releases are never changed, so
every file that the copied database names is there when its turn comes. (Only an upload that was just being taken in may
be gone; after the way back it is refused by name, to be uploaded again.) Not copied: pictures that can be derived
again, the queue, demo drawings.
"""

from __future__ import annotations

import gzip
import os
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from contextlib import closing, suppress
from pathlib import Path

from micro.config import Settings
from micro.errors import Conflict, NotFound, OutsideFailed

DERIVED = ("derived", "working")
HALF = ".half-"


def back_up(settings: Settings, target: Path) -> int:
    """Writes one .tar.gz with the database, the files and the secret; returns its size in bytes. Mode 0600.

    Raises Conflict when part of the data is elsewhere (DATABASE_URL, STORAGE_URL: back those up with their own tools)
    or when ``target`` exists, NotFound when there is nothing to back up.
    """
    _check_embedded(settings)
    folder = settings.folder
    if not (folder / "micro.db").is_file():
        raise NotFound("There is no database in %(folder)s.", folder=folder)
    if target.exists():
        raise Conflict("%(target)s exists already and is not overwritten.", target=target)
    half = target.with_name(f"{HALF}{os.getpid()}-{target.name}")
    try:
        with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            with tarfile.open(fileobj=out, mode="w:gz", compresslevel=3) as archive:
                _add_database(archive, folder)
                for path in _files(folder / "files"):
                    _add_file(archive, path, path.relative_to(folder).as_posix())
                if (folder / "secret").is_file():
                    archive.add(folder / "secret", "secret")
            out.flush()
            os.fsync(out.fileno())
        half.rename(target)
    except OSError as error:
        raise OutsideFailed(
            "The backup %(target)s could not be written: %(why)s.", target=target, why=error.strerror
        ) from error
    finally:
        with suppress(OSError):
            half.unlink()
    return target.stat().st_size


def _files(folder: Path) -> list[Path]:
    """All files that cannot be derived again."""
    found = (path for path in folder.rglob("*") if path.relative_to(folder).parts[0] not in DERIVED)
    return sorted(path for path in found if path.is_file() and not path.name.startswith(HALF))


def _add_file(archive: tarfile.TarFile, path: Path, name: str) -> None:
    """Adds the file; one that was removed meanwhile is left out."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        archive.addfile(archive.gettarinfo(arcname=name, fileobj=file), file)


def _add_database(archive: tarfile.TarFile, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder, prefix=".backup-") as beside:
        copy = Path(beside) / "micro.db"
        there = sqlite3.connect(folder / "micro.db", timeout=30)
        with closing(there) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)  # In one step: between several, every writer would send it back to the start.
        archive.add(copy, "micro.db")


def restore(settings: Settings, source: Path) -> None:
    """Puts a backup into the data folder, which must hold no database yet. All or nothing until the last step."""
    _check_embedded(settings)
    folder = settings.folder
    if any(folder.glob("micro.db*")):  # Also a journal alone: SQLite would mix it into the restored database.
        raise Conflict("%(folder)s holds a database already; restore into an empty folder.", folder=folder)
    if not source.is_file():
        raise NotFound("There is no backup %(source)s.", source=source)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    half = folder / f"{HALF}micro.db"
    try:
        _check_sum(source)
        with tarfile.open(source, "r:gz") as archive:
            members = archive.getmembers()
            database = next((m for m in members if m.name == "micro.db" and m.isfile()), None)
            content = archive.extractfile(database) if database else None
            if content is None:
                raise Conflict("%(source)s is not a backup made by micro.", source=source)
            archive.extractall(folder, members=[m for m in members if m is not database], filter="data")
            with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
                shutil.copyfileobj(content, out)
                os.fsync(out.fileno())
        half.rename(folder / "micro.db")
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise Conflict(
            "%(source)s cannot be read as a backup (%(why)s).", source=source, why=type(error).__name__
        ) from error
    finally:
        half.unlink(missing_ok=True)


def _check_sum(source: Path) -> None:
    """Reads all of it once, to the check sum at its end, so that a damaged backup leaves nothing behind."""
    with gzip.open(source) as stream:
        while stream.read(1 << 20):
            pass


def _check_embedded(settings: Settings) -> None:
    for value, name in ((settings.database_url, "DATABASE_URL"), (settings.storage_url, "STORAGE_URL")):
        if value:
            raise Conflict(
                "%(name)s is set: that part is not in the data folder. Back it up with its own tools; "
                "docs/operator.md tells how.",
                name=name,
            )
