"""Taking in: a delivery's files, drained one by one, become scans or layouts; what can be neither is refused by name.

The other rooms of this: services/deliveries.py, services/turns.py, services/uploads.py and services/folders.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from micro.core.manifest import MANIFEST_NAMES, read_manifest
from micro.core.ports import Images, Picture, Storage
from micro.data.models import Intake, IntakeFile, Project, Scan
from micro.errors import BadPicture, MicroError, NotFound
from micro.services.cutting import cut_scan, hold_project
from micro.services.deliveries import (
    FOLDER,
    NAME_LONGEST,
    Progress,
    add_file,
    deliveries_behind,
    delivery,
    delivery_named,
    end,
    open_delivery,
    progress_of,
    refuse,
    wait_again,
)
from micro.services.folders import deliver_folder, read_file
from micro.services.layouts import attach_layout
from micro.services.pictures import working_key
from micro.services.turns import Waiting, comes_early, free_files, give_back, next_file
from micro.services.uploads import deliver_upload

__all__ = [
    "DESCRIBED",
    "MANIFEST_NAMES",
    "Looked",
    "Progress",
    "Waiting",
    "add_file",
    "comes_early",
    "deliver_folder",
    "deliver_upload",
    "deliveries_behind",
    "delivery",
    "delivery_named",
    "drop_upload",
    "erased_in",
    "free_files",
    "give_back",
    "look_at",
    "next_file",
    "open_delivery",
    "progress_of",
    "read_manifest",
    "take_in",
]

# What a manifest may say about a file. Further columns are kept as details.
DESCRIBED = ("identifier", "title", "document", "page", "rights", "credit")
ENDINGS = {"JPEG": "jpg", "PNG": "png", "TIFF": "tif", "WEBP": "webp", "JPEG2000": "jp2", "PDF": "pdf"}
AT_PAGE = "at_page"
LARGEST_LAYOUT_BYTES = 50_000_000
_XML_HEADS = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<\0", b"\xfe\xff\0<")


@dataclass(frozen=True)
class Looked:
    """What came of looking: the pages of a picture, or the XML of a layout, and where the file is kept now.

    ``has_copy`` says of each page whether it has a working copy. ``refusal`` is why the file is refused.
    """

    pages: tuple[Picture, ...] = ()
    has_copy: tuple[bool, ...] = ()
    layout: bytes = b""
    sha256: str = ""
    size_bytes: int = 0
    storage_key: str = ""
    refusal: MicroError | None = None


def erased_in(session: Session, intake_id: int) -> frozenset[str]:
    """The hashes of what was erased from a delivery's project. Reads all its scans: once for a delivery is enough."""
    project_id = session.get_one(Intake, intake_id).project_id
    return frozenset(session.scalars(select(Scan.sha256).where(Scan.project_id == project_id, Scan.state == "erased")))


def look_at(waiting: Waiting, storage: Storage, images: Images) -> Looked:
    """Reads the file, finds out what it is and puts it where files are kept, by its hash. No database here."""
    try:
        content = _content(waiting, storage)
        sha256 = hashlib.sha256(content).hexdigest()
        if sha256 in waiting.erased:
            raise _erased()
        if content.startswith(_XML_HEADS) or content[:1000].lstrip().startswith(b"<"):
            return _look_at_layout(content, sha256, storage)
        return _look_at_picture(content, sha256, storage, images)
    except (BadPicture, NotFound) as refusal:
        return Looked(refusal=refusal)


def _erased() -> BadPicture:
    return BadPicture("this picture was erased from the project and is not taken in again")


def _look_at_layout(content: bytes, sha256: str, storage: Storage) -> Looked:
    if len(content) > LARGEST_LAYOUT_BYTES:
        raise BadPicture(
            "the file has %(size)s MB; at most %(most)s are taken",
            size=len(content) // 1_000_000,
            most=LARGEST_LAYOUT_BYTES // 1_000_000,
        )
    key = f"layouts/{sha256[:2]}/{sha256}.xml"
    _keep(storage, key, content)
    return Looked(layout=content, sha256=sha256, size_bytes=len(content), storage_key=key)


def _look_at_picture(content: bytes, sha256: str, storage: Storage, images: Images) -> Looked:
    """All pages or none: a file with one damaged page is refused, and its working copies go again."""
    pages: list[Picture] = []
    copies: list[str] = []
    try:
        for number, page in enumerate(images.pages(content)):
            if page.working_copy:
                copies.append(working_key(sha256, number))
                storage.put(copies[-1], page.working_copy)
            pages.append(page.picture)
    except BadPicture as refusal:
        for key in copies:
            storage.delete(key)
        if pages:  # Its page is told beside the reason, which is translated as it stands.
            refusal.values = {**refusal.values, AT_PAGE: len(pages) + 1}
        raise
    key = f"scans/{sha256[:2]}/{sha256}.{ENDINGS[pages[0].format]}"
    _keep(storage, key, content)
    has_copy = tuple(working_key(sha256, number) in copies for number in range(len(pages)))
    return Looked(tuple(pages), has_copy, b"", sha256, len(content), key)


def _keep(storage: Storage, key: str, content: bytes) -> None:
    if not storage.exists(key):
        storage.put(key, content)


def _content(waiting: Waiting, storage: Storage) -> bytes:
    if waiting.storage_key.startswith(FOLDER):
        return read_file(Path(waiting.storage_key.removeprefix(FOLDER)))
    try:
        return storage.get(waiting.storage_key)
    except NotFound:
        raise NotFound("what was sent is not kept any longer; please send this file again") from None


def drop_upload(waiting: Waiting, storage: Storage) -> None:
    """Removes an uploaded file once it is written down what came of it, and not before: the work may be interrupted.

    What was refused is kept for another try, see uploads.unneeded_uploads.
    """
    if not waiting.storage_key.startswith(FOLDER):
        storage.delete(waiting.storage_key)


def take_in(session: Session, file_id: int, looked: Looked, now: datetime) -> str:
    """Writes down what came of one file: new scans (cut at once), a layout, the same again, a refusal.

    Returns the file's state: "waiting" for a layout that was taken for a picture and waits for its turn.
    """
    its_project = joinedload(IntakeFile.intake).joinedload(Intake.project)
    file = session.get_one(IntakeFile, file_id, options=[its_project])
    project = file.intake.project
    hold_project(session, project)
    session.refresh(file)
    if file.state not in ("waiting", "working"):  # Another worker was faster, or somebody cancelled it.
        return file.state
    if looked.refusal is not None:
        refuse(file, looked.refusal)
    elif looked.layout:
        _take_in_layout(session, file, project, looked, now)
    else:
        _take_in_pages(session, file, project, looked, now)
    session.flush()
    return file.state


def _take_in_layout(session: Session, file: IntakeFile, project: Project, looked: Looked, now: datetime) -> None:
    """Gives the layout to its scan; one that comes before pictures has to wait as well."""
    if not file.is_layout:
        file.is_layout = True
        wait_again(file)
        return
    try:
        with session.begin_nested():
            layout = attach_layout(session, project, file.file_name, looked.layout, looked.storage_key, now)
    except (NotFound, BadPicture) as refusal:
        refuse(file, refusal)
        return
    file.scan_id = layout.scan_id
    end(file, "taken")
    cut_scan(session, project, layout.scan, now)  # Where scans are cut by lines it waited for this.


def _take_in_pages(session: Session, file: IntakeFile, project: Project, looked: Looked, now: datetime) -> None:
    file.is_layout = False  # Whatever its name says.
    same = select(Scan).where(Scan.project_id == project.id, Scan.sha256 == looked.sha256)
    there = {scan.frame: scan for scan in session.scalars(same)}
    if any(scan.state == "erased" for scan in there.values()):  # While this file was being looked at.
        refuse(file, _erased())
        return
    first_page = _page_number(session, file, len(looked.pages))
    made = [
        _new_scan(file, looked, frame, first_page + frame, now)
        for frame in range(len(looked.pages))
        if frame not in there
    ]
    session.add_all(made)
    session.flush()
    file.scan_id = (there[0] if 0 in there else made[0]).id
    file.pages = len(made)
    end(file, "taken" if made else "same")
    for scan in made:
        cut_scan(session, project, scan, now)


def _page_number(session: Session, file: IntakeFile, count: int) -> int:
    """The page that the manifest names, else the next one of its document. The project is held meanwhile."""
    if page := file.described.get("page"):
        return int(page)
    last = session.scalar(
        select(func.max(Scan.page_number)).where(
            Scan.project_id == file.intake.project_id, Scan.document == _document(file, count)
        )
    )
    return (last or 0) + 1


def _document(file: IntakeFile, count: int) -> str:
    """The document that the manifest names; a file of many pages is one by itself."""
    said = str(file.described.get("document", ""))
    return (said or (PurePosixPath(file.file_name).stem if count > 1 else ""))[:200]


def _new_scan(file: IntakeFile, looked: Looked, frame: int, page_number: int, now: datetime) -> Scan:
    said, picture, count = file.described, looked.pages[frame], len(looked.pages)
    path = PurePosixPath(file.file_name)
    mark = f"-p{frame + 1:03}" if count > 1 else ""
    title = str(said.get("title", ""))
    return Scan(
        project=file.intake.project,
        sha256=looked.sha256,
        frame=frame,
        format=picture.format,
        size_bytes=looked.size_bytes,
        width_px=picture.width_px,
        height_px=picture.height_px,
        orientation=picture.orientation,
        storage_key=looked.storage_key,
        working_key=working_key(looked.sha256, frame) if looked.has_copy[frame] else "",
        file_name=_marked(path.stem, mark, path.suffix) if mark else file.file_name,
        identifier=str(said.get("identifier") or path.stem)[: 200 - len(mark)] + mark,
        title=f"{title[:290]}, p. {frame + 1}" if title and mark else title[:300],
        document=_document(file, count),
        page_number=page_number,
        rights=str(said.get("rights") or file.intake.project.text("rights", "en"))[:200],
        credit=str(said.get("credit") or file.intake.project.text("credit", "en"))[:300],
        created_at=now,
        details=_details(said, picture),
    )


def _marked(stem: str, mark: str, suffix: str) -> str:
    return stem[: NAME_LONGEST - len(mark) - len(suffix)] + mark + suffix


def _details(said: Mapping[str, Any], picture: Picture) -> dict[str, Any]:
    """Further columns of the manifest, and what is missing of a file that was cut off."""
    kept = {key: value for key, value in said.items() if key not in DESCRIBED}
    if picture.missing:
        kept["damage"] = {"missing_percent": max(1, round(100 * picture.missing))}
    return kept
