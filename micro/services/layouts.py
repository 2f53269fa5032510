"""Layouts of scans: the lines that an ALTO or PAGE file names, proposed until they are used or dropped."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from micro.core.geometry import Box
from micro.core.layout import read_layout
from micro.core.layout.frames import Frame, Upright, choices, guess, place_line, read_frame
from micro.core.layout.parts import PageLayout, lines_of, to_body
from micro.core.manifest import composed
from micro.core.states import LAYOUT, check_move
from micro.data.database import locked
from micro.data.models import Layout, Project, Scan
from micro.errors import BadPicture, Conflict, NotFound
from micro.services.moves import note_move

NAME_LONGEST = 255
# What some programs put between a picture's name and ".xml".
_SUFFIX = re.compile(r"[._-](alto|page)$", re.IGNORECASE)
_PAGE = re.compile(r"-p\d{3,}$")


@dataclass(frozen=True)
class PlacedLine:
    """One line in pixels of the upright scan; ``position`` counts from 0 in reading order.

    ``box`` lies within the scan and is at least 1 px wide and high; ``polygon`` and ``baseline`` are None where the
    file has none. ``text`` is an earlier reading with its ``confidence``, 0 to 1; None where there is none.
    """

    id: str
    position: int
    type: str
    box: Box
    polygon: tuple[tuple[int, int], ...] | None
    baseline: tuple[tuple[int, int], ...] | None
    text: str | None
    confidence: float | None


def attach_layout(
    session: Session, project: Project, file_name: str, content: bytes, storage_key: str, now: datetime
) -> Layout:
    """The layout that an ALTO or PAGE file gives the scan of its name; the same bytes again: the same layout.

    The scan is found by the file's name without its ending ("roll-p002.xml": the second page of roll.tif), ignoring
    case and Unicode composition, else by the name of the picture in it; of several the one that came last. Raises
    NotFound when the project has none, BadPicture when the file is neither ALTO nor PAGE, damaged, or has no line.
    """
    page = read_layout(content)
    if not page.lines:
        raise BadPicture("the file names no line with a place on the picture")
    scan = _scan_for(session, project, file_name, page.file_name)
    sha256 = hashlib.sha256(content).hexdigest()
    same = select(Layout).where(Layout.scan_id == scan.id, Layout.sha256 == sha256)
    if (found := session.scalar(same)) is not None:
        return found
    made = _new_layout(scan, page, file_name, sha256, storage_key, now)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:  # The same file, delivered twice at once: the unique key is the truth.
        return session.scalars(same).one()
    return made


def _new_layout(scan: Scan, page: PageLayout, file_name: str, sha256: str, storage_key: str, now: datetime) -> Layout:
    frame, certain = guess((page.width, page.height), upright_of(scan), page.lines)
    return Layout(
        scan=scan,
        file_name=file_name[-NAME_LONGEST:],
        format=page.format[:40],
        sha256=sha256,
        storage_key=storage_key,
        page_width=page.width,
        page_height=page.height,
        frame=str(frame),
        certain=certain,
        state="proposed",
        body=to_body(page),
        created_at=now,
    )


def _scan_for(session: Session, project: Project, file_name: str, picture: str) -> Scan:
    """The scan that a layout belongs to, see :func:`attach_layout`."""
    stem = PurePosixPath(file_name).stem
    for name in (stem, _SUFFIX.sub("", stem), PurePosixPath(picture).stem):
        if name and (scan_id := _scan_called(session, project, composed(name))):
            return session.get_one(Scan, scan_id)
    raise NotFound("there is no scan called “%(name)s” here; send its picture first, or with it", name=stem)


def _scan_called(session: Session, project: Project, name: str) -> int | None:
    """The newest scan of this name: best one that is written just so, else one in other letters."""
    query = select(Scan.id, Scan.file_name, Scan.frame).where(
        Scan.project_id == project.id, Scan.state.in_(("shown", "withdrawn")), Scan.width_px > 0
    )
    if name.isascii():  # The database knows large and small of these, and finds the few in question at once.
        query = query.where(Scan.file_name.istartswith(_PAGE.sub("", name), autoescape=True))
    found = [(scan_id, _names(file_name, frame)) for scan_id, file_name, frame in session.execute(query)]
    exact = [scan_id for scan_id, names in found if name in names]
    folded = [scan_id for scan_id, names in found if name.casefold() in {other.casefold() for other in names}]
    return max(exact or folded, default=None)


def _names(file_name: str, frame: int) -> set[str]:
    """What a layout of this page of this file may be called: "roll", "roll.tif", "roll-p001"; later pages: the last."""
    name = composed(file_name)
    stem, mark = PurePosixPath(name).stem, f"-p{frame + 1:03}"
    file = stem.removesuffix(mark)  # A page's scan is called "roll-p002.tif" itself.
    return {file + mark} if frame else {stem, name, file, file + mark}


def layout_of(session: Session, scan_id: int) -> Layout | None:
    """The newest layout of a scan that is not dropped."""
    query = select(Layout).where(Layout.scan_id == scan_id, Layout.state != "dropped")
    return session.scalar(query.order_by(Layout.id.desc()).limit(1))


def upright_of(scan: Scan) -> Upright:
    """The scan's picture, as lines are put on it."""
    return Upright(scan.width_px, scan.height_px, scan.orientation)


def placed_lines(layout: Layout, scan: Scan, frame: Frame | None = None) -> list[PlacedLine]:
    """The lines of a layout on its scan in reading order, by its own frame or another.

    Those that lie wholly beside the scan are left out; what sticks out of it is cut off.
    """
    frame = frame or read_frame(layout.frame)
    upright, page = upright_of(scan), (layout.page_width, layout.page_height)
    placed: list[PlacedLine] = []
    for line in lines_of(layout.body):
        if (shape := place_line(line, frame, page, upright)) is not None:
            placed.append(
                PlacedLine(
                    id=line.id,
                    position=len(placed),
                    type=line.type,
                    box=shape.box,
                    polygon=shape.polygon or None,
                    baseline=shape.baseline or None,
                    text=line.text,
                    confidence=line.confidence,
                )
            )
    return placed


def frame_choices(layout: Layout, scan: Scan) -> list[Frame]:
    """The ways in which the boxes may lie on the scan, the likeliest first; the layout's own is among them."""
    found = choices((layout.page_width, layout.page_height), upright_of(scan), lines_of(layout.body))
    own = read_frame(layout.frame)
    return found if own in found else [own, *found]


def use_layout(session: Session, layout: Layout, account_id: int | None, now: datetime) -> None:
    """Says that the lines of a layout become regions; once it is used, again is nothing.

    Call it before any region is made. Raises Conflict when the layout was dropped, or while it is uncertain how its
    boxes lie on the scan and nobody has said so.
    """
    _hold(session, layout)
    if layout.state == "used":
        return
    if not layout.certain:
        raise Conflict("It is not certain how the boxes of its layout lie on the scan. Look at them and choose.")
    _move(session, layout, "used", account_id, now)


def choose_frame(session: Session, layout: Layout, frame: str, account_id: int, now: datetime) -> None:
    """A person says how the boxes lie on the scan; again the same: nothing.

    Raises BadAnswer("frame") for what is no frame, Conflict for a layout whose lines are used, or that was dropped.
    """
    wished = str(read_frame(frame))
    _hold(session, layout)
    if layout.frame == wished and layout.certain:
        return
    if layout.state == "used":
        raise Conflict("The scan is cut by these boxes already. To move them, discard the cutting first.")
    if layout.state == "dropped":
        raise Conflict("These boxes were dropped. Take them back first.")
    note_move(session, "layout", layout.id, account_id, now, layout.state, layout.state, f"{layout.frame} > {wished}")
    layout.frame, layout.certain = wished, True
    session.flush()


def drop_layout(session: Session, layout: Layout, account_id: int, now: datetime) -> None:
    """The boxes are not wanted; they can be taken back. Again: nothing. Raises Conflict once they are used."""
    _hold(session, layout)
    if layout.state == "used":
        raise Conflict("The scan is cut by these boxes already. To drop them, discard the cutting first.")
    if layout.state != "dropped":
        _move(session, layout, "dropped", account_id, now)


def restore_layout(session: Session, layout: Layout, account_id: int, now: datetime) -> None:
    """Takes dropped boxes back. For any others: nothing."""
    _hold(session, layout)
    if layout.state == "dropped":
        _move(session, layout, "proposed", account_id, now)


def _hold(session: Session, layout: Layout) -> None:
    """Reads the layout anew and holds it, and its project before it, as the cutting does: nothing moves under it."""
    session.execute(locked(select(Project.id).where(Project.id == layout.scan.project_id)))
    session.scalars(
        locked(select(Layout).where(Layout.id == layout.id)).execution_options(populate_existing=True)
    ).one()


def _move(session: Session, layout: Layout, to_state: str, account_id: int | None, now: datetime) -> None:
    check_move(LAYOUT, layout.state, to_state)
    note_move(session, "layout", layout.id, account_id, now, layout.state, to_state)
    layout.state = to_state
    session.flush()
