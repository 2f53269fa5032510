"""Pictures of scans and regions: derived, cached by content, never a source."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.core.geometry import Box
from micro.core.ports import Images, Storage
from micro.data.models import Scan
from micro.errors import NotFound

# The longest sides that are made, in pixels; a wish is answered with the next larger one.
LONGEST_PX = (320, 800, 1600, 3200)


def scan_named(session: Session, public_id: str) -> Scan:
    """The scan at an address; NotFound otherwise."""
    scan = session.scalar(select(Scan).where(Scan.public_id == public_id))
    if scan is None:
        raise NotFound("There is no such scan.")
    return scan


def picture_key(sha256: str, box: Box | None, wished_px: int) -> str:
    """Where the picture of this content, box and size is cached. The same bytes in two projects share it."""
    longest = next((px for px in LONGEST_PX if px >= wished_px), LONGEST_PX[-1])
    part = "whole" if box is None else f"{box.x}-{box.y}-{box.width}-{box.height}"
    return f"derived/{sha256[:2]}/{sha256}/{part}-{longest}.jpg"


def picture(key: str, source_key: str, box: Box | None, storage: Storage, images: Images) -> bytes:
    """The JPEG at ``key`` (see :func:`picture_key`), made from the scan when it is not cached. No database here."""
    if storage.exists(key):
        return storage.get(key)
    longest = int(key.rpartition("-")[2].removesuffix(".jpg"))
    made = images.cut(storage.get(source_key), box, longest)
    storage.put(key, made)
    return made
