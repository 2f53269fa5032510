"""Care for one scan: what is said of it, taking it down and showing it again, and erasing it for good.

Who holds what (PostgreSQL): the project's row first, as whatever brings and cuts scans does, then the tasks in the
order in which settling takes them, by item and id. No file is touched here but in :func:`erase_files`, which runs
after the commit and may be run again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from micro.core.ports import Storage
from micro.core.states import SCAN, TASK, check_move
from micro.data.models import Account, Assignment, Item, Move, Record, Region, Scan, Task
from micro.errors import BadAnswer, Conflict, to_translate
from micro.services.assignments import give_back
from micro.services.cutting import cut_scan, hold_project
from micro.services.moves import note_move
from micro.services.pictures import forget

# What may be said of a scan, in the order of the form, and how long each may be.
SAID: Mapping[str, int] = {"title": 300, "document": 200, "rights": 200, "credit": 300}
PAGE_MOST = 1_000_000
WHY_LONGEST = 500
EDITABLE = ("shown", "withdrawn")


@dataclass(frozen=True)
class ItemSight:
    """An item on a scan with its record, if there is one yet."""

    item: Item
    record: Record | None


@dataclass(frozen=True)
class Event:
    """A move of a scan and the name of who made it; empty for micro itself."""

    move: Move
    who: str


@dataclass(frozen=True)
class ScanSight:
    """All that the desk shows of a scan.

    ``shares_bytes``: another scan uses the same page of the same file. ``replaces`` is the scan that this one took
    the place of, ``replaced_by`` the one that took its own.
    """

    scan: Scan
    items: tuple[ItemSight, ...]
    regions: tuple[Region, ...]
    events: tuple[Event, ...]
    replaced_by: Scan | None
    replaces: Scan | None
    shares_bytes: bool


@dataclass(frozen=True)
class Erasure:
    """What is to be deleted from the storage: the file when nothing else uses it, and what was made of the page."""

    sha256: str
    frame: int
    storage_key: str
    working_key: str
    file_is_shared: bool
    page_is_shared: bool


def look_at(session: Session, scan: Scan) -> ScanSight:
    """The scan with its items, regions and history, newest first."""
    found = session.execute(
        select(Item, Record).outerjoin(Record, Record.item_id == Item.id).where(Item.scan_id == scan.id)
    )
    items = tuple(ItemSight(item, record) for item, record in found.all())
    regions = session.scalars(select(Region).where(Region.scan_id == scan.id).order_by(Region.position, Region.id))
    moves = session.execute(
        select(Move, Account.name)
        .outerjoin(Account, Account.id == Move.account_id)
        .where(Move.subject == "scan", Move.subject_id == scan.id)
        .order_by(Move.at.desc(), Move.id.desc())
    )
    events = tuple(Event(move, name or "") for move, name in moves.all())
    replaces = session.scalar(select(Scan).where(Scan.replaced_by_id == scan.id).order_by(Scan.id.desc()).limit(1))
    by = session.get(Scan, scan.replaced_by_id) if scan.replaced_by_id else None
    return ScanSight(scan, items, tuple(regions), events, by, replaces, erasure_of(session, scan).page_is_shared)


def name_to_type(scan: Scan) -> str:
    """What has to be typed before the scan is erased."""
    return scan.identifier or scan.file_name


# What is said of it ------------------------------------------------------------------------------------------------


def describe(session: Session, scan: Scan, said: Mapping[str, str], account_id: int | None, now: datetime) -> int:
    """Changes title, document, page, rights or credit line; each change is logged. Returns how many there were.

    Raises BadAnswer(name), with all further problems as ``others``; Conflict for a scan that is gone.
    """
    hold_scan(session, scan)
    if scan.state not in EDITABLE:
        raise Conflict("This scan has been replaced or erased, so nothing about it changes any more.")
    wished: dict[str, str | int] = {name: " ".join(said[name].split()) for name in SAID if name in said}
    if "page_number" in said:
        wished["page_number"] = _page(said["page_number"])
    too_long = [
        BadAnswer(name, "At most %(most)s signs.", most=most)
        for name, most in SAID.items()
        if len(str(wished.get(name, ""))) > most
    ]
    if wished.get("page_number") == 0:
        too_long.append(BadAnswer("page_number", "A page is a whole number from 1."))
    if too_long:
        too_long[0].others = tuple(too_long[1:])
        raise too_long[0]
    changes = {name: value for name, value in wished.items() if getattr(scan, name) != value}
    for name, value in changes.items():
        why = f"{name}: “{getattr(scan, name)}” → “{value}”"
        note_move(session, "scan", scan.id, account_id, now, scan.state, scan.state, why)
        setattr(scan, name, value)
    session.flush()
    return len(changes)


def _page(typed: str) -> int:
    """The number of a page; 0 for anything that is none."""
    digits = typed.strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 9 and int(digits) <= PAGE_MOST else 0


# Taking down and showing again -------------------------------------------------------------------------------------


def hold_scan(session: Session, scan: Scan) -> None:
    """Holds the scan's project and reads the scan anew: one after the other takes care of a project's scans."""
    hold_project(session, scan.project)
    session.refresh(scan)


def withdraw(session: Session, scan: Scan, account_id: int | None, why: str, now: datetime) -> int:
    """Takes a scan down: its pictures are for staff only, its tasks are held, its leases end. Returns how many ended.

    What volunteers are just typing can still be sent and counts. BadAnswer("why") without a reason.
    """
    reason = _reason(why, to_translate("Say in a few words why this scan is taken down."))
    hold_scan(session, scan)
    move_scan(session, scan, "withdrawn", account_id, reason, now)
    return hold_tasks(session, scan)


def restore(session: Session, scan: Scan, account_id: int | None, why: str, now: datetime) -> None:
    """Shows a scan again that was taken down; its tasks are asked again, or done, as settling says."""
    hold_scan(session, scan)
    if scan.state != "withdrawn":
        raise Conflict("This scan is not taken down.")
    move_scan(session, scan, "shown", account_id, why.strip()[:WHY_LONGEST], now)
    for task in _tasks_of(session, scan):
        if task.state == "held":
            check_move(TASK, "held", "open")
            task.state, task.unsettled = "open", task.unsettled or task.answered > 0
    session.flush()
    cut_scan(session, scan.project, scan, now)  # Scans that are taken down are not cut meanwhile.


def hold_tasks(session: Session, scan: Scan) -> int:
    """Asks nobody any more about the scan, and ends the leases of its tasks; returns how many ended."""
    tasks = {task.id: task for task in _tasks_of(session, scan)}
    lent = select(Assignment).where(Assignment.task_id.in_(tasks), Assignment.state == "lent")
    ended = session.scalars(lent.execution_options(populate_existing=True)).all()
    for assignment in ended:
        set_committed_value(assignment, "task", tasks[assignment.task_id])
        give_back(session, assignment, "released")
    for task in tasks.values():
        if task.state == "open":
            check_move(TASK, "open", "held")
            task.state = "held"
    session.flush()
    return len(ended)


def _tasks_of(session: Session, scan: Scan) -> list[Task]:
    """The tasks on the scan, held, in the order in which settling takes them."""
    here = select(Task).join(Region, Region.id == Task.region_id).where(Region.scan_id == scan.id)
    query = here.order_by(Task.item_id, Task.id).with_for_update(key_share=True, of=Task)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def move_scan(session: Session, scan: Scan, state: str, account_id: int | None, why: str, now: datetime) -> None:
    """Moves the scan and writes it down."""
    check_move(SCAN, scan.state, state)
    note_move(session, "scan", scan.id, account_id, now, scan.state, state, why)
    scan.state = state
    session.flush()


def _reason(why: str, sentence: str) -> str:
    if not why.strip():
        raise BadAnswer("why", sentence)
    return why.strip()[:WHY_LONGEST]


# Erasing -----------------------------------------------------------------------------------------------------------


def erase(session: Session, scan: Scan, account_id: int | None, typed: str, why: str, now: datetime) -> Erasure:
    """Erases a scan for good: its row, its items and records stay. Returns what :func:`erase_files` has to delete.

    ``typed`` must be :func:`name_to_type`. A file that another scan uses, in whatever project, is not deleted. Raises
    BadAnswer("why" or "typed"); Conflict when it is erased already.
    """
    reason = _reason(why, to_translate("Say in a few words why this scan is erased."))
    if " ".join(typed.split()) != " ".join(name_to_type(scan).split()):
        raise BadAnswer("typed", "Type “%(name)s” to erase this scan.", name=name_to_type(scan))
    hold_scan(session, scan)
    if scan.state == "erased":
        raise Conflict("This scan is erased already.")
    move_scan(session, scan, "erased", account_id, reason, now)
    hold_tasks(session, scan)
    return erasure_of(session, scan)


def erasure_of(session: Session, scan: Scan) -> Erasure:
    """What of the scan lies in the storage, and whether something else uses it. One replaced still has its file."""
    same_file = (Scan.sha256 == scan.sha256, Scan.state != "erased", Scan.id != scan.id, Scan.storage_key != "")
    return Erasure(
        sha256=scan.sha256,
        frame=scan.frame,
        storage_key=scan.storage_key,
        working_key=scan.working_key,
        file_is_shared=_is_there(session, *same_file),
        page_is_shared=_is_there(session, *same_file, Scan.frame == scan.frame),
    )


def _is_there(session: Session, *which: ColumnElement[bool]) -> bool:
    return bool(session.scalar(select(func.count()).select_from(select(Scan.id).where(*which).limit(1).subquery())))


def erase_files(erasure: Erasure, storage: Storage) -> None:
    """Deletes what was erased, after the commit. Run again, it goes on or changes nothing. No database here.

    Raises OutsideFailed when the storage does not answer.
    """
    if erasure.page_is_shared:
        return
    forget(erasure.sha256, erasure.frame, storage, with_working=True)
    if erasure.working_key:
        storage.delete(erasure.working_key)
    if erasure.storage_key and not erasure.file_is_shared:
        storage.delete(erasure.storage_key)
    forget(erasure.sha256, erasure.frame, storage)  # Somebody may have looked at a last picture meanwhile.


def files_left(erasure: Erasure, storage: Storage) -> bool:
    """Whether a file of an erased scan is still in the storage, because deleting it failed. No database here."""
    if erasure.page_is_shared:
        return False
    keys = (erasure.working_key, "" if erasure.file_is_shared else erasure.storage_key)
    return any(key and storage.exists(key) for key in keys)
