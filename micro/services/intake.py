"""Taking in scans: a delivery of files, drained one by one; what cannot be a scan is refused by name."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from micro.core.manifest import MANIFEST_NAMES as MANIFEST_NAMES
from micro.core.manifest import composed
from micro.core.manifest import read_manifest as read_manifest
from micro.core.ports import Images, Picture, Storage
from micro.core.states import INTAKE_FILE, check_move
from micro.data.models import Intake, IntakeFile, Project, Scan
from micro.errors import BadAnswer, BadPicture, MicroError, NotFound
from micro.services.cutting import cut_scan, hold_project

# What a manifest may say about a file. Further columns are kept as details.
DESCRIBED = ("identifier", "title", "document", "page", "rights", "credit")
NOT_PICTURES = (".csv", ".json", ".txt", ".md", ".xml")
FOLDER = "folder:"
NAME_LONGEST, KEY_LONGEST = 255, 500
# A scan is read as a whole: this is far beyond what the allowed number of pixels takes, compressed or not.
LARGEST_BYTES = 2_000_000_000


@dataclass(frozen=True)
class Waiting:
    """A file of a delivery that has not been looked at."""

    id: int
    file_name: str
    storage_key: str


@dataclass(frozen=True)
class Looked:
    """What came of looking: a picture and its hash, or why the file is refused."""

    picture: Picture | None
    sha256: str
    size_bytes: int
    storage_key: str
    refusal: MicroError | None = None


def open_delivery(session: Session, project: Project, source: str, now: datetime) -> Intake:
    """A new, empty delivery of files into the project. ``source`` says where from."""
    intake = Intake(project=project, source=source[:500], created_at=now)
    session.add(intake)
    session.flush()
    return intake


def add_file(
    session: Session, intake: Intake, file_name: str, storage_key: str, described: Mapping[str, Any]
) -> IntakeFile:
    """One more file of the delivery. A name that is there already keeps its first state: nothing is taken in twice."""
    name = file_name[:NAME_LONGEST]
    found = session.scalar(select(IntakeFile).where(IntakeFile.intake_id == intake.id, IntakeFile.file_name == name))
    if found is None:
        found = IntakeFile(
            intake_id=intake.id,
            file_name=name,
            storage_key=storage_key,
            described=dict(described),
            state="waiting",
            reason="",
            reason_values={},
        )
        session.add(found)
        session.flush()
    return found


def deliver_upload(
    session: Session,
    project: Project,
    files: Sequence[tuple[str, str]],
    described: Mapping[str, Mapping[str, str]],
    now: datetime,
) -> Intake:
    """A delivery of uploaded files, (name, where it is stored) each, described by a manifest.

    Two of one name are both kept, the second as "name (2).jpg". What the manifest names and nobody sent is refused.
    """
    intake = open_delivery(session, project, "upload", now)
    taken: set[str] = set()
    for name, key in files:
        add_file(session, intake, _free_name(name, taken), key, described.get(composed(name), {}))
    for name in sorted(set(described) - {composed(name) for name, _ in files}):
        _refuse(
            add_file(session, intake, _free_name(name, taken), "", {}),
            NotFound("there is no such file among those sent"),
        )
    session.flush()
    return intake


def _free_name(name: str, taken: set[str]) -> str:
    """The name, with a number when another file of the delivery has it; it is taken from now on."""
    path, free, number = PurePosixPath(name[: NAME_LONGEST - 10]), name[:NAME_LONGEST], 2
    while free in taken:
        free, number = f"{path.stem} ({number}){path.suffix}", number + 1
    taken.add(free)
    return free


def deliver_folder(session: Session, project: Project, folder: Path, now: datetime) -> Intake:
    """A delivery of every file in a folder (not in folders below it), described by its manifest.csv if there is one.

    The same folder again is the same delivery: what was taken in stays, what was refused is tried once more, new files
    are added. Raises NotFound for a folder that is not there, BadAnswer for a manifest that cannot be read.
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
    described = read_manifest(_read_file(manifest)) if manifest else {}
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
    """One more file of a folder waits, or waits again after it was refused, described as the manifest has it now."""
    name = path.name.encode(errors="surrogateescape").decode(errors="replace")[:NAME_LONGEST]
    if name not in known:
        known[name] = IntakeFile(
            intake_id=intake.id, file_name=name, storage_key="", state="waiting", reason="", reason_values={}
        )
        session.add(known[name])
    file, key = known[name], FOLDER + str(path.absolute())
    if file.state not in ("waiting", "refused"):
        return
    file.described = dict(said)
    if file.state == "refused":
        check_move(INTAKE_FILE, file.state, "waiting")
        file.state, file.reason, file.reason_values = "waiting", "", {}
    if len(key) > KEY_LONGEST or not _is_writable(key):
        _refuse(file, BadPicture("its path is too long, or its name is not UTF-8"))
    else:
        file.storage_key = key


def _is_writable(text: str) -> bool:
    """Whether a database takes the text: a name of a file can be any bytes."""
    return all(not "\ud800" <= sign <= "\udfff" for sign in text)


def next_file(session: Session, intake_id: int) -> Waiting | None:
    """The next file of the delivery that waits, in the order of their coming."""
    file = session.scalar(
        select(IntakeFile)
        .where(IntakeFile.intake_id == intake_id, IntakeFile.state == "waiting")
        .order_by(IntakeFile.id)
        .limit(1)
    )
    return None if file is None else Waiting(file.id, file.file_name, file.storage_key)


def look_at(waiting: Waiting, storage: Storage, images: Images) -> Looked:
    """Reads the file, finds out what it is and puts it where scans are kept, by its hash. No database here."""
    try:
        content = _content(waiting, storage)
        picture = images.look(content)
    except MicroError as error:
        if not isinstance(error, BadPicture | NotFound):
            raise
        return Looked(None, "", 0, "", error)
    sha256 = hashlib.sha256(content).hexdigest()
    key = f"scans/{sha256[:2]}/{sha256}.{'jpg' if picture.format == 'JPEG' else 'png'}"
    if not storage.exists(key):
        storage.put(key, content)
    return Looked(picture, sha256, len(content), key)


def drop_upload(waiting: Waiting, storage: Storage) -> None:
    """Removes an uploaded file once it is written down what came of it, and not before: the work may be interrupted."""
    if not waiting.storage_key.startswith(FOLDER):
        storage.delete(waiting.storage_key)


def _content(waiting: Waiting, storage: Storage) -> bytes:
    if not waiting.storage_key.startswith(FOLDER):
        return storage.get(waiting.storage_key)
    return _read_file(Path(waiting.storage_key.removeprefix(FOLDER)))


def _read_file(path: Path) -> bytes:
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


def take_in(session: Session, file_id: int, looked: Looked, now: datetime) -> None:
    """Writes down what came of one file: a new scan (cut at once by the project's template), the same, a refusal."""
    file = session.get_one(IntakeFile, file_id)
    project = file.intake.project
    hold_project(session, project)
    session.refresh(file)
    if file.state != "waiting":  # Another worker was faster.
        return
    if looked.refusal is not None:
        _refuse(file, looked.refusal)
        return
    same = select(Scan).where(Scan.project_id == project.id, Scan.sha256 == looked.sha256)
    scan = session.scalar(same)
    if scan is not None:
        file.scan_id = scan.id
        _end(file, "same")
        return
    scan = _new_scan(file, looked, _page_number(session, file), now)
    session.add(scan)
    session.flush()
    file.scan_id = scan.id
    _end(file, "taken")
    cut_scan(session, project, scan, now)


def _end(file: IntakeFile, state: str) -> None:
    check_move(INTAKE_FILE, file.state, state)
    file.state = state


def _refuse(file: IntakeFile, why: MicroError) -> None:
    """Keeps the sentence and what fills it apart, so that everybody reads it in their own language."""
    _end(file, "refused")
    file.reason, file.reason_values = why.sentence, {name: str(value) for name, value in why.values.items()}


def _page_number(session: Session, file: IntakeFile) -> int:
    """The page that the manifest names, else the next one of its document. The project is held meanwhile."""
    if page := file.described.get("page"):
        return int(page)
    last = session.scalar(
        select(func.max(Scan.page_number)).where(
            Scan.project_id == file.intake.project_id, Scan.document == _document(file.described)
        )
    )
    return (last or 0) + 1


def _document(said: Mapping[str, Any]) -> str:
    return str(said.get("document", ""))[:200]


def _new_scan(file: IntakeFile, looked: Looked, page_number: int, now: datetime) -> Scan:
    assert looked.picture is not None  # The caller has looked.
    said = file.described
    stem = PurePosixPath(file.file_name).stem
    return Scan(
        project=file.intake.project,
        sha256=looked.sha256,
        format=looked.picture.format,
        size_bytes=looked.size_bytes,
        width_px=looked.picture.width_px,
        height_px=looked.picture.height_px,
        orientation=looked.picture.orientation,
        storage_key=looked.storage_key,
        file_name=file.file_name,
        identifier=str(said.get("identifier") or stem)[:200],
        title=str(said.get("title", ""))[:300],
        document=_document(said),
        page_number=page_number,
        rights=str(said.get("rights", ""))[:200],
        credit=str(said.get("credit", ""))[:300],
        created_at=now,
        details={key: value for key, value in said.items() if key not in DESCRIBED},
    )


def delivery(session: Session, intake_id: int) -> Intake:
    """The delivery with this number."""
    return session.get_one(Intake, intake_id)


def delivery_named(session: Session, public_id: str) -> Intake:
    """The delivery at an address; NotFound otherwise."""
    found = session.scalar(select(Intake).where(Intake.public_id == public_id))
    if found is None:
        raise NotFound("There is no such delivery.")
    return found


@dataclass(frozen=True)
class Progress:
    """How far a delivery is; ``refused`` and ``same`` name each file with its reason, or with the scan it repeats."""

    total: int
    waiting: int
    taken: int
    refused: tuple[tuple[str, MicroError], ...]
    same: tuple[tuple[str, str], ...]


def progress_of(session: Session, intake: Intake) -> Progress:
    """The progress of one delivery."""
    counts = {
        state: count
        for state, count in session.execute(
            select(IntakeFile.state, func.count()).where(IntakeFile.intake_id == intake.id).group_by(IntakeFile.state)
        )
    }
    files = select(IntakeFile).where(IntakeFile.intake_id == intake.id).order_by(IntakeFile.file_name)
    refused = tuple(
        (file.file_name, BadPicture(file.reason, **file.reason_values))
        for file in session.scalars(files.where(IntakeFile.state == "refused"))
    )
    same = tuple(
        (name, original)
        for name, original in session.execute(
            select(IntakeFile.file_name, Scan.file_name)
            .join(Scan, Scan.id == IntakeFile.scan_id)
            .where(IntakeFile.intake_id == intake.id, IntakeFile.state == "same")
            .order_by(IntakeFile.file_name)
        )
    )
    return Progress(sum(counts.values()), counts.get("waiting", 0), counts.get("taken", 0), refused, same)


def deliveries_behind(session: Session) -> list[int]:
    """The deliveries in which an uploaded file still waits."""
    waiting = select(IntakeFile.intake_id).where(IntakeFile.state == "waiting")
    # A folder lies on one machine, and a sweep may run on another: `micro ingest` again takes up what it left.
    return list(session.scalars(waiting.where(~IntakeFile.storage_key.startswith(FOLDER)).distinct()))
