"""Pictures of scans and regions: derived, cached by content, never a source."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.core.geometry import Box
from micro.core.ports import Images, Storage
from micro.data.models import Scan
from micro.errors import NotFound

# The longest sides that are made, in pixels; a wish is answered with the next larger one.
LONGEST_PX = (320, 800, 1600, 3200)


@dataclass(frozen=True)
class Source:
    """What pictures of a scan are cut from: a page of its file, or the page's working copy where there is one."""

    storage_key: str
    frame: int = 0
    working_key: str = ""


def source_of(scan: Scan) -> Source:
    """The source of a scan's pictures; NotFound for a scan whose picture is not held here."""
    if not scan.storage_key:
        raise NotFound("There is no such scan.")
    return Source(scan.storage_key, scan.frame, scan.working_key)


def scan_named(session: Session, public_id: str) -> Scan:
    """The scan at an address; NotFound otherwise."""
    scan = session.scalar(select(Scan).where(Scan.public_id == public_id))
    if scan is None:
        raise NotFound("There is no such scan.")
    return scan


def picture_key(sha256: str, box: Box | None, wished_px: int, frame: int = 0) -> str:
    """Where the picture of this content, page, box and size is cached. The same bytes in two projects share it."""
    longest = next((px for px in LONGEST_PX if px >= wished_px), LONGEST_PX[-1])
    part = "whole" if box is None else f"{box.x}-{box.y}-{box.width}-{box.height}"
    return f"{page_folder(sha256, frame)}/{part}-{longest}.jpg"


def working_key(sha256: str, frame: int) -> str:
    """Where the working copy of a page is kept."""
    return f"working/{sha256[:2]}/{sha256}-{frame}.jpg"


def page_folder(sha256: str, frame: int) -> str:
    """Where all that is derived from a page is cached; :func:`forget` empties it."""
    return f"{_derived(sha256)}/{frame}"


def _derived(sha256: str) -> str:
    return f"derived/{sha256[:2]}/{sha256}"


def picture(key: str, source: Source, box: Box | None, storage: Storage, images: Images) -> bytes:
    """The JPEG at ``key`` (see :func:`picture_key`), made from the scan when it is not cached. No database here."""
    if storage.exists(key):
        return storage.get(key)
    longest = int(key.rpartition("-")[2].removesuffix(".jpg"))
    content, frame = content_of(source, storage, images)
    made = images.cut(content, box, longest, frame)
    storage.put(key, made)
    return made


def content_of(source: Source, storage: Storage, images: Images) -> tuple[bytes, int]:
    """The bytes that pictures are made from, and which page of them it is."""
    if source.working_key:
        return _working_copy(source, storage, images), 0
    return storage.get(source.storage_key), source.frame


def _working_copy(source: Source, storage: Storage, images: Images) -> bytes:
    """The working copy, made anew when it is gone: backups leave out what can be made again."""
    try:
        return storage.get(source.working_key)
    except NotFound:
        made = images.working_copy(storage.get(source.storage_key), source.frame)
        storage.put(source.working_key, made)
        return made


def forget(sha256: str, frame: int, storage: Storage, with_working: bool = False) -> int:
    """Deletes all pictures that were derived from a page, and its working copy too when asked; returns how many.

    The file itself stays. Another project with the same bytes gets its pictures made anew when they are asked for.
    """
    keys = list(storage.keys(page_folder(sha256, frame)))
    if frame == 0:  # Before files had pages, pictures lay directly in the folder of their file.
        below = len(_derived(sha256)) + 1
        keys += [key for key in storage.keys(_derived(sha256)) if "/" not in key[below:]]
    if with_working and storage.exists(working_key(sha256, frame)):
        keys.append(working_key(sha256, frame))
    for key in keys:
        storage.delete(key)
    return len(keys)
