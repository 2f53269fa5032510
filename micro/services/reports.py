"""What a project's desk pages list, and no more of it than is shown: reports, scans, newest deliveries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from micro.data.models import Intake, IntakeFile, Item, Record, Region, Report, Scan, Task


@dataclass(frozen=True)
class Reported:
    """A volunteer's word that something is wrong with a card. Who said it is nobody's business at the desk."""

    at: datetime
    words: str
    item: Item
    scan: Scan
    record: Record | None


def reports_of(session: Session, project_id: int, most: int) -> list[Reported]:
    """The newest reports of a project, at most so many."""
    found = session.execute(
        select(Report.at, Report.words, Item, Scan, Record)
        .join(Task, Task.id == Report.task_id)
        .join(Item, Item.id == Task.item_id)
        .join(Scan, Scan.id == Item.scan_id)
        .outerjoin(Record, Record.item_id == Item.id)
        .where(Task.project_id == project_id)
        .order_by(Report.at.desc(), Report.id.desc())
        .limit(most)
    )
    return [Reported(*row) for row in found]


def reports_count(session: Session, project_id: int) -> int:
    """How many reports a project has in all."""
    query = select(func.count()).select_from(Report).join(Task, Task.id == Report.task_id)
    return session.scalar(query.where(Task.project_id == project_id)) or 0


def first_scans(session: Session, project_id: int, most: int) -> list[Scan]:
    """The first scans of a project in the order of documents and pages."""
    return list(scan_page(session, project_id, size=most).scans)


@dataclass(frozen=True)
class ScanPage:
    """Some scans of a project in the order of documents and pages; ``total`` counts all that were asked for.

    ``uncut`` are the numbers of those that have no region yet.
    """

    scans: tuple[Scan, ...]
    total: int
    page: int
    pages: int
    uncut: frozenset[int]


def scan_page(session: Session, project_id: int, document: str = "", page: int = 1, size: int = 24) -> ScanPage:
    """One page of a project's scans, or of one document of it. A page that is not there becomes the nearest one."""
    query = select(Scan).where(Scan.project_id == project_id)
    if document:
        query = query.where(Scan.document == document)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    pages = max(1, -(-total // size))
    page = min(max(1, page), pages)
    ordered = query.order_by(Scan.document, Scan.page_number, Scan.id)
    scans = tuple(session.scalars(ordered.limit(size).offset((page - 1) * size)))
    ids = {scan.id for scan in scans}
    cut = set(session.scalars(select(Region.scan_id).where(Region.scan_id.in_(ids)).distinct()))
    return ScanPage(scans, total, page, pages, frozenset(ids - cut))


def documents_of(session: Session, project_id: int) -> list[tuple[str, int]]:
    """The documents of a project by name, each with its number of scans; scans without a document are in none."""
    found = session.execute(
        select(Scan.document, func.count())
        .where(Scan.project_id == project_id, Scan.document != "")
        .group_by(Scan.document)
        .order_by(Scan.document)
    )
    return [(name, count) for name, count in found]


@dataclass(frozen=True)
class DeliveryFigures:
    """How many files a delivery has, and what came of them; ``scans`` and ``layouts`` are what the taken ones gave."""

    total: int = 0
    waiting: int = 0
    taken: int = 0
    refused: int = 0
    cancelled: int = 0
    scans: int = 0
    layouts: int = 0


def newest_deliveries(session: Session, project_id: int, most: int) -> list[tuple[Intake, DeliveryFigures]]:
    """The newest deliveries of a project that have files, with their figures, in two queries however many there are."""
    has_files = select(IntakeFile.id).where(IntakeFile.intake_id == Intake.id).exists()
    query = select(Intake).where(Intake.project_id == project_id, has_files)
    found = session.scalars(query.order_by(Intake.id.desc()).limit(most)).all()
    figures = delivery_figures(session, [delivery.id for delivery in found])
    return [(delivery, figures[delivery.id]) for delivery in found]


def delivery_figures(session: Session, intake_ids: Iterable[int]) -> dict[int, DeliveryFigures]:
    """The figures of some deliveries."""
    figures = {intake_id: DeliveryFigures() for intake_id in intake_ids}
    # Before files had pages, each gave one scan.
    scans = case((IntakeFile.is_layout, 0), (IntakeFile.pages == 0, 1), else_=IntakeFile.pages)
    found = session.execute(
        select(
            IntakeFile.intake_id,
            IntakeFile.state,
            func.count(),
            func.sum(scans),
            func.sum(case((IntakeFile.is_layout, 1), else_=0)),
        )
        .where(IntakeFile.intake_id.in_(figures))
        .group_by(IntakeFile.intake_id, IntakeFile.state)
    )
    for intake_id, state, count, made, layouts in found:
        before = figures[intake_id]
        more = {state: count} if state in ("taken", "refused", "cancelled") else {}
        if state in ("waiting", "working"):
            more = {"waiting": before.waiting + count}
        gave = {"scans": int(made), "layouts": int(layouts)} if state == "taken" else {}
        figures[intake_id] = replace(before, total=before.total + count, **more, **gave)
    return figures
