"""Folders as deliveries: every file in one, by its path, described by its manifest; what lies outside is not read."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.core.manifest import MANIFEST_NAMES, composed, read_manifest
from micro.data.models import Intake, IntakeFile, Project
from micro.errors import BadAnswer, BadPicture, NotFound
from micro.services.cutting import hold_project
from micro.services.deliveries import FOLDER, NAME_LONGEST, new_file, open_delivery, refuse, wait_again

NOT_PICTURES = (".csv", ".json", ".txt", ".md")
KEY_LONGEST = 500
# A scan is read as a whole: this is far beyond what the allowed number of pixels takes, compressed or not.
LARGEST_BYTES = 2_000_000_000


def deliver_folder(session: Session, project: Project, folder: Path, now: datetime) -> Intake:
    """A delivery of every file in a folder (not in folders below it), described by its manifest.csv if there is one.

    The same folder again is the same delivery: what was taken in stays, what was refused or cancelled is tried once
    more, new files are added. Raises NotFound for a folder that is not there, BadAnswer for a manifest that cannot be
    read.
    """
    if not folder.is_dir():
        raise NotFound("There is no folder %(folder)s.", folder=folder)
    source = FOLDER + str(folder.absolute())
    if len(source) > KEY_LONGEST or not _is_writable(source):
        raise BadAnswer("folder", "The path of this folder is too long, or is not UTF-8.")
    hold_project(session, project)
    intake = session.scalar(select(Intake).where(Intake.project_id == project.id, Intake.source == source))
    intake = intake or open_delivery(session, project, source, now)
    listed = sorted(path for path in folder.iterdir() if not path.name.startswith(".") and not path.is_dir())
    manifest = next((path for path in listed if path.name.lower() in MANIFEST_NAMES), None)
    described = read_manifest(read_file(manifest)) if manifest else {}
    before = session.scalars(select(IntakeFile).where(IntakeFile.intake_id == intake.id))
    known = {file.file_name: file for file in before}
    names = {composed(path.name) for path in listed}
    for path in listed:
        if path.suffix.lower() not in NOT_PICTURES or composed(path.name) in described:
            _expect(session, intake, known, path, described.get(composed(path.name), {}))
    for name in sorted(set(described) - names):
        _expect(session, intake, known, folder / name, described[name])
    session.flush()
    return intake


def _expect(
    session: Session, intake: Intake, known: dict[str, IntakeFile], path: Path, said: Mapping[str, str]
) -> None:
    """One more file of a folder waits, or waits again, described as the manifest has it now."""
    name = path.name.encode(errors="surrogateescape").decode(errors="replace")[:NAME_LONGEST]
    if name not in known:
        known[name] = new_file(intake.id, name, "", said)
        session.add(known[name])
    file, key = known[name], FOLDER + str(path.absolute())
    if file.state in ("taken", "same"):
        return
    file.described = dict(said)
    wait_again(file)
    if len(key) > KEY_LONGEST or not _is_writable(key):
        refuse(file, BadPicture("its path is too long, or its name is not UTF-8"))
    else:
        file.storage_key = key


def _is_writable(text: str) -> bool:
    """Whether a database takes the text: a name of a file can be any bytes."""
    return all(not "\ud800" <= sign <= "\udfff" for sign in text)


def read_file(path: Path) -> bytes:
    """A file of a delivered folder. Links that lead out of it are refused: whoever packed it may not read our disk."""
    try:
        if path.resolve(strict=True).parent != path.parent.resolve():
            raise BadPicture("this is a link to somewhere else")
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise BadPicture("this is not a file")
        if about.st_size > LARGEST_BYTES:
            raise BadPicture(
                "the file has %(size)s MB; at most %(most)s are taken",
                size=about.st_size // 1_000_000,
                most=LARGEST_BYTES // 1_000_000,
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise NotFound("there is no such file in the folder") from None
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead to each other.
        why = getattr(error, "strerror", "") or str(error)
        raise BadPicture("the file cannot be read (%(why)s)", why=why) from None
