"""What a project's desk page lists, and no more of it than is shown: reports, first scans, newest deliveries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from micro.data.models import Intake, IntakeFile, Item, Record, Report, Scan, Task


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
    query = select(Scan).where(Scan.project_id == project_id)
    return list(session.scalars(query.order_by(Scan.document, Scan.page_number, Scan.id).limit(most)))


@dataclass(frozen=True)
class DeliveryFigures:
    """How many files a delivery has, and what came of them."""

    total: int = 0
    waiting: int = 0
    taken: int = 0
    refused: int = 0


def newest_deliveries(session: Session, project_id: int, most: int) -> list[tuple[Intake, DeliveryFigures]]:
    """The newest deliveries of a project with their figures, in two queries however many there are."""
    query = select(Intake).where(Intake.project_id == project_id)
    found = session.scalars(query.order_by(Intake.id.desc()).limit(most)).all()
    figures = delivery_figures(session, [delivery.id for delivery in found])
    return [(delivery, figures[delivery.id]) for delivery in found]


def delivery_figures(session: Session, intake_ids: Iterable[int]) -> dict[int, DeliveryFigures]:
    """The figures of some deliveries, counted by index: no file is read."""
    counts: dict[int, dict[str, int]] = {intake_id: {} for intake_id in intake_ids}
    found = session.execute(
        select(IntakeFile.intake_id, IntakeFile.state, func.count())
        .where(IntakeFile.intake_id.in_(counts))
        .group_by(IntakeFile.intake_id, IntakeFile.state)
    )
    for intake_id, state, count in found:
        counts[intake_id][state] = count
    return {
        intake_id: DeliveryFigures(
            sum(states.values()), states.get("waiting", 0), states.get("taken", 0), states.get("refused", 0)
        )
        for intake_id, states in counts.items()
    }
