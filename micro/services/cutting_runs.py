"""Runs of cutting: all uncut scans of a project, drained in batches, that can be watched, cancelled and tried again.

A run holds nothing but its way and its state. How far it is shows in the scans themselves, so one that is killed goes
on where it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, select, update
from sqlalchemy.orm import Session

from micro.core.states import CUTTING, check_move
from micro.data.models import CuttingRun, Project, Region, Scan
from micro.errors import Conflict, MicroError
from micro.services.cutting import cut_by, hold_project, newest_run, problem_of, set_way, waiting_run, way_of
from micro.services.moves import note_move

# One transaction cuts so many scans, and stops after so many regions: on SQLite every other writer waits for it.
SCANS_AT_ONCE = 200
REGIONS_AT_ONCE = 1_000


@dataclass(frozen=True)
class CuttingProgress:
    """How far a project's cutting is, in scans that are shown: all, cut, failed with a reason, and those left.

    ``run`` is the newest run, None when there never was one; ``total`` how many scans it had to cut.
    """

    scans: int
    cut: int
    failed: int
    left: int
    run: CuttingRun | None

    @property
    def is_running(self) -> bool:
        return self.run is not None and self.run.state == "waiting"

    @property
    def is_cancelled(self) -> bool:
        return self.run is not None and self.run.state == "cancelled"

    @property
    def share(self) -> float:
        """The share of the newest run that is done, 0 to 1."""
        if self.run is None or not self.run.total or not self.is_running:
            return 1.0
        return min(1.0, max(0.0, 1 - self.left / self.run.total))


def uncut(project_id: int) -> tuple[ColumnElement[bool], ...]:
    """What is true of a scan that is shown and has no regions."""
    regions = select(Region.id).where(Region.scan_id == Scan.id)
    return Scan.project_id == project_id, Scan.state == "shown", ~regions.exists()


def start_run(session: Session, project: Project, account_id: int | None, now: datetime) -> CuttingRun:
    """A run over all uncut scans, those that failed before included; the one that waits already, if there is one.

    Raises Conflict while no way is chosen, or once the project is archived; BadAnswer when the way does not fit the
    form any more.
    """
    hold_project(session, project)
    if (waiting := waiting_run(session, project.id)) is not None:
        return waiting
    if project.state == "archived":
        raise Conflict("This project is archived. Nothing more is cut in it.")
    if project.cutting is None:
        raise Conflict("Choose first how the scans are cut.")
    way_of(session, project)
    cleared: dict[str, Any] = {"cut_problem": "", "cut_problem_values": None}
    session.execute(update(Scan).where(*uncut(project.id), Scan.cut_problem != "").values(cleared))
    total = session.scalar(select(func.count()).select_from(Scan).where(*uncut(project.id))) or 0
    run = CuttingRun(
        project=project, account_id=account_id, way=dict(project.cutting), state="waiting", total=total, created_at=now
    )
    session.add(run)
    session.flush()
    return run


def cut_by_way(
    session: Session, project: Project, body: dict[str, Any], account_id: int | None, now: datetime
) -> CuttingRun:
    """Gives the project its way and starts a run by it. Of two people at once with the same way both get one run."""
    set_way(session, project, body)
    return start_run(session, project, account_id, now)


def cut_batch(session: Session, run_id: int, now: datetime, most: int = SCANS_AT_ONCE) -> int | None:
    """Cuts some scans of a run; returns how many, None once the run is over: nothing left, or cancelled.

    Again, or two at once: every scan is cut once.
    """
    run = session.get_one(CuttingRun, run_id)
    hold_project(session, run.project)
    session.refresh(run)  # Whoever held the project before may have cancelled it.
    if run.state != "waiting":
        return None
    waiting = select(Scan).where(*uncut(run.project_id), Scan.cut_problem == "")
    scans = session.scalars(waiting.order_by(Scan.document, Scan.page_number, Scan.id).limit(most)).all()
    if not scans:
        _end(run, "done", now)
        session.flush()
        return None
    return _cut_some(session, run, scans, now)


def _cut_some(session: Session, run: CuttingRun, scans: Sequence[Scan], now: datetime) -> int:
    try:
        way = way_of(session, run.project, run.way)
    except MicroError as error:  # The form was changed since: no scan of this run can be cut.
        said = {"cut_problem": error.sentence, "cut_problem_values": {k: str(v) for k, v in error.values.items()}}
        session.execute(update(Scan).where(*uncut(run.project_id), Scan.cut_problem == "").values(said))
        return 0
    cut = regions = 0
    for scan in scans:
        made = cut_by(session, run.project, scan, way, run.account_id, now)
        cut, regions = cut + (made > 0), regions + made
        if regions >= REGIONS_AT_ONCE:
            break
    return cut


def _end(run: CuttingRun, state: str, now: datetime) -> None:
    check_move(CUTTING, run.state, state)
    run.state, run.ended_at = state, now


def cancel_run(session: Session, project: Project, account_id: int | None, now: datetime) -> CuttingRun:
    """Stops the run that waits, after the batch that is just being cut. Conflict when nothing is being cut.

    Scans that are left stay uncut, new ones as well, until somebody starts another run.
    """
    hold_project(session, project)
    run = waiting_run(session, project.id)
    if run is None:
        raise Conflict("Nothing is being cut at the moment.")
    note_move(session, "cutting", run.id, account_id, now, run.state, "cancelled")
    _end(run, "cancelled", now)
    session.flush()
    return run


def runs_waiting(session: Session) -> list[int]:
    """The runs that are not over, the oldest first."""
    return list(session.scalars(select(CuttingRun.id).where(CuttingRun.state == "waiting").order_by(CuttingRun.id)))


def progress_of(session: Session, project_id: int) -> CuttingProgress:
    """How far the project's cutting is. Cost: one pass over its scans by index."""
    regions = select(Region.id).where(Region.scan_id == Scan.id)
    is_cut = regions.exists()
    scans, cut, failed = session.execute(
        select(
            func.count(),
            func.count(case((is_cut, 1))),
            func.count(case((~is_cut & (Scan.cut_problem != ""), 1))),
        ).where(Scan.project_id == project_id, Scan.state == "shown")
    ).one()
    return CuttingProgress(scans, cut, failed, scans - cut - failed, newest_run(session, project_id))


def failed_scans(session: Session, project_id: int, most: int) -> list[tuple[Scan, MicroError]]:
    """The first scans that could not be cut, by file name, each with its reason."""
    query = select(Scan).where(*uncut(project_id), Scan.cut_problem != "")
    found = session.scalars(query.order_by(Scan.file_name, Scan.frame, Scan.id).limit(most))
    return [(scan, problem_of(scan)) for scan in found]
