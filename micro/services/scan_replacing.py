"""Replacing a scan by a better picture of the same page: its regions, with all that hangs on them, move along.

Nothing is lost: the old scan stays, in the state "replaced", until somebody erases it, and can be put back. A scan
that was known by reference only gets its picture in the same way; its regions then are the whole picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from micro.core.geometry import Box
from micro.core.ports import Images, Picture, Storage
from micro.data.models import Item, Region, Scan
from micro.errors import BadAnswer, Conflict
from micro.services.cutting import cut_scan
from micro.services.intake import Waiting, look_at
from micro.services.moves import note_move
from micro.services.pictures import working_key
from micro.services.scan_care import hold_scan, move_scan

# Width by height may differ by so much, as a share: more, and boxes would not lie where they lay.
PROPORTIONS_DIFFER = 0.02
NAME_LONGEST = 255


@dataclass(frozen=True)
class Better:
    """A picture that was looked at and lies in the storage. Pixels are those of the upright picture."""

    picture: Picture
    sha256: str
    size_bytes: int
    storage_key: str
    working_key: str
    file_name: str


def look_at_better(waiting: Waiting, storage: Storage, images: Images) -> Better:
    """What an uploaded file is; it lies where files are kept afterwards. No database here.

    Raises BadPicture for what cannot be a scan, BadAnswer("file") for a file of several pages or of none.
    """
    looked = look_at(waiting, storage, images)
    if looked.refusal is not None:
        raise looked.refusal
    if len(looked.pages) != 1:
        raise BadAnswer("file", "Send one picture of one page.")
    key = working_key(looked.sha256, 0) if looked.has_copy[0] else ""
    return Better(looked.pages[0], looked.sha256, looked.size_bytes, looked.storage_key, key, waiting.file_name)


def replace(
    session: Session,
    old: Scan,
    better: Better,
    account_id: int | None,
    now: datetime,
    *,
    why: str = "",
    credit: str = "",
    rights: str = "",
    proportions_differ: bool = False,
) -> Scan:
    """Puts a better picture in the place of a scan; returns the new one, which has the regions from now on.

    Rights and credit line stay unless given. Regions, and with them tasks, answers, records and links, are the same
    rows; their pixels are scaled by width and by height. Raises Conflict when the scan is not shown, when this is the
    same file, or when the project has this picture already; BadAnswer("proportions_differ") when the pictures have
    other proportions and nobody said that this is right.
    """
    hold_scan(session, old)
    if old.state != "shown":
        raise Conflict("Only a scan that is shown can be replaced.")
    _check_new(session, old, better)
    picture = better.picture
    if old.width_px and not proportions_differ:
        _check_proportions(old.width_px, old.height_px, picture.width_px, picture.height_px)
    new = _scan_like(old, better, now)
    new.credit, new.rights = credit.strip()[:300] or old.credit, rights.strip()[:200] or old.rights
    session.add(new)
    session.flush()
    _change_places(session, old, new, account_id, why, now)
    cut_scan(session, old.project, new, now)  # The old one may not have been cut yet.
    return new


def put_back(session: Session, old: Scan, account_id: int | None, why: str, now: datetime) -> Scan:
    """Puts a replaced scan back into its place, and the regions with it; returns it.

    The other one is replaced from then on, and could be put back in turn. Raises Conflict when the other is not shown
    itself, or when there never was a picture to put back.
    """
    hold_scan(session, old)
    new = session.get(Scan, old.replaced_by_id) if old.replaced_by_id else None
    if old.state != "replaced" or new is None:
        raise Conflict("This scan has not been replaced.")
    if not old.width_px:
        raise Conflict("There was no picture here before, so there is nothing to put back.")
    session.refresh(new)
    if new.state != "shown":
        raise Conflict("The picture that took its place has been taken down or replaced itself. Begin with that one.")
    move_scan(session, old, "shown", account_id, _story(new, old, why), now)
    old.replaced_by_id = None
    _hand_over(session, new, old, account_id, why, now)
    return old


def _check_new(session: Session, old: Scan, better: Better) -> None:
    if better.sha256 == old.sha256:
        raise Conflict("This is the very same file as before.")
    there = session.scalar(
        select(Scan).where(Scan.project_id == old.project_id, Scan.sha256 == better.sha256).order_by(Scan.id).limit(1)
    )
    if there is not None:
        raise Conflict("This picture is in the project already, as “%(name)s”.", name=there.file_name)


def _check_proportions(old_width: int, old_height: int, width: int, height: int) -> None:
    """Raises BadAnswer when width by height differs by more than :data:`PROPORTIONS_DIFFER`."""
    if abs((width * old_height) / (height * old_width) - 1) > PROPORTIONS_DIFFER:
        raise BadAnswer(
            "proportions_differ",
            "The pictures have different proportions: %(old)s before, %(new)s now. "
            "The marked pieces would not lie where they lay.",
            old=f"{old_width} × {old_height}",
            new=f"{width} × {height}",
        )


def _scan_like(old: Scan, better: Better, now: datetime) -> Scan:
    """A new scan with this picture, and all that is said of the old one."""
    return Scan(
        project_id=old.project_id,
        sha256=better.sha256,
        frame=0,
        format=better.picture.format,
        size_bytes=better.size_bytes,
        width_px=better.picture.width_px,
        height_px=better.picture.height_px,
        orientation=better.picture.orientation,
        storage_key=better.storage_key,
        working_key=better.working_key,
        reference="",
        state="shown",
        file_name=better.file_name[:NAME_LONGEST],
        identifier=old.identifier,
        title=old.title,
        document=old.document,
        page_number=old.page_number,
        details=dict(old.details),
        created_at=now,
    )


def _change_places(session: Session, old: Scan, new: Scan, account_id: int | None, why: str, now: datetime) -> None:
    note_move(session, "scan", new.id, account_id, now, "", "shown", _story(old, new, why))
    _hand_over(session, old, new, account_id, why, now)


def _hand_over(session: Session, giver: Scan, taker: Scan, account_id: int | None, why: str, now: datetime) -> None:
    """Moves items and regions from one scan, which is replaced by it, to the other."""
    move_scan(session, giver, "replaced", account_id, _story(giver, taker, why), now)
    giver.replaced_by_id = taker.id
    session.execute(update(Item).where(Item.scan_id == giver.id).values(scan_id=taker.id))
    for region in session.scalars(select(Region).where(Region.scan_id == giver.id)).all():
        _place(region, giver, taker)
        region.scan_id = taker.id
    session.flush()
    session.expire_all()  # Items and regions in hand know their scan anew.


def _story(giver: Scan, taker: Scan, why: str) -> str:
    """What the log says: both scans with their sizes, and the reason."""
    sizes = " → ".join(f"{scan.public_id} ({scan.width_px} × {scan.height_px})" for scan in (giver, taker))
    return f"{sizes} {why.strip()}"[:2000].strip()


def _place(region: Region, giver: Scan, taker: Scan) -> None:
    """Scales the region's pixels; without a picture before, it becomes the whole one."""
    if not giver.width_px or not giver.height_px:
        box = Box(0, 0, taker.width_px, taker.height_px)
    else:
        across, down = taker.width_px / giver.width_px, taker.height_px / giver.height_px
        box = scaled(Box(region.x_px, region.y_px, region.width_px, region.height_px), giver, taker)
        region.polygon, region.baseline = _moved(region.polygon, across, down), _moved(region.baseline, across, down)
    region.x_px, region.y_px, region.width_px, region.height_px = box.x, box.y, box.width, box.height


def scaled(box: Box, giver: Scan, taker: Scan) -> Box:
    """The box on the other picture: each side rounded to the nearest pixel, within the picture, at least 1 px wide.

    On a larger picture and back it is the same box.
    """
    across, down = taker.width_px / giver.width_px, taker.height_px / giver.height_px
    left, right = _span(box.x * across, (box.x + box.width) * across, taker.width_px)
    top, bottom = _span(box.y * down, (box.y + box.height) * down, taker.height_px)
    return Box(left, top, right - left, bottom - top)


def _span(start: float, end: float, most: int) -> tuple[int, int]:
    first = min(max(0, round(start)), most - 1)
    return first, max(first + 1, min(round(end), most))


def _moved(points: list[Any] | None, across: float, down: float) -> list[Any] | None:
    return None if points is None else [[round(x * across), round(y * down)] for x, y in points]
