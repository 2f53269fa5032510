"""What the desk lists of layouts: all of a project, those that need a look first, and those of one scan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session, defer

from micro.data.models import Layout, Scan
from micro.errors import Conflict, NotFound
from micro.services.cutting import hold_project
from micro.services.layouts import choose_frame, layout_of

A_PAGE = 50


@dataclass(frozen=True)
class LayoutRow:
    """One layout in a list; ``lines`` counts its lines, ``read`` those with a reading."""

    scan: str
    identifier: str
    layout: str
    file_name: str
    format: str
    state: str
    certain: bool
    lines: int
    read: int


@dataclass(frozen=True)
class LayoutPage:
    """One page of a project's layouts. ``total`` counts all pages, ``unsure`` those that need a look,

    ``without`` the scans that have none which is not dropped.
    """

    rows: tuple[LayoutRow, ...]
    total: int
    unsure: int
    without: int
    page: int
    pages: int


def layout_page(session: Session, project_id: int, page: int = 1) -> LayoutPage:
    """The layouts of a project, fifty at a time; a page that is not there becomes the nearest one that is.

    First those of which it is not certain how they lie, then the proposed, the used, the dropped.
    """
    of_project = and_(Scan.project_id == project_id, Scan.state.in_(("shown", "withdrawn")))
    unsure = and_(Layout.state == "proposed", ~Layout.certain)
    total, doubted = session.execute(
        select(func.count(), func.count(case((unsure, 1)))).select_from(Layout).join(Scan).where(of_project)
    ).one()
    pages = max(1, -(-total // A_PAGE))
    page = min(max(1, page), pages)
    return LayoutPage(
        _rows(session, of_project, unsure, page), total, doubted, _without(session, of_project), page, pages
    )


def _rows(
    session: Session, of_project: ColumnElement[bool], unsure: ColumnElement[bool], page: int
) -> tuple[LayoutRow, ...]:
    order = case((unsure, 0), (Layout.state == "proposed", 1), (Layout.state == "used", 2), else_=3)
    found = session.execute(
        select(
            Scan.public_id,
            Scan.identifier,
            Layout.public_id,
            Layout.file_name,
            Layout.format,
            Layout.state,
            Layout.certain,
            Layout.body["line_count"].as_integer(),
            Layout.body["text_count"].as_integer(),
        )
        .select_from(Layout)
        .join(Scan)
        .where(of_project)
        .order_by(order, Scan.document, Scan.page_number, Scan.id, Layout.id.desc())
        .limit(A_PAGE)
        .offset((page - 1) * A_PAGE)
    )
    return tuple(LayoutRow(*row) for row in found)


def _without(session: Session, of_project: ColumnElement[bool]) -> int:
    """How many scans with a picture have no layout to be used."""
    has = select(Layout.id).where(Layout.scan_id == Scan.id, Layout.state != "dropped")
    return (
        session.scalar(select(func.count()).select_from(Scan).where(of_project, Scan.width_px > 0, ~has.exists())) or 0
    )


def unsure_layouts(session: Session, project_id: int) -> list[Layout]:
    """The layouts of a project of which it is not certain how they lie, without their lines, in the order of pages."""
    return list(
        session.scalars(
            select(Layout)
            .join(Scan)
            .where(Scan.project_id == project_id, Scan.state.in_(("shown", "withdrawn")))
            .where(Layout.state == "proposed", ~Layout.certain)
            .order_by(Scan.document, Scan.page_number, Scan.id, Layout.id)
            .options(defer(Layout.body))
        )
    )


def choose_for_unsure(session: Session, like: Layout, account_id: int, now: datetime) -> int:
    """Lays the boxes of all unsure layouts of the project as those of ``like``; returns how many.

    Nothing is cut by it, so that each can still be laid otherwise. Raises Conflict while ``like`` is unsure itself.
    """
    hold_project(session, like.scan.project)
    session.refresh(like)
    if not like.certain or like.state == "dropped":
        raise Conflict("It is not certain how these boxes lie. Choose that first.")
    unsure = unsure_layouts(session, like.scan.project_id)
    for layout in unsure:
        choose_frame(session, layout, like.frame, account_id, now)
    return len(unsure)


def layouts_of(session: Session, scan_id: int) -> list[Layout]:
    """All layouts of a scan, the newest first, without their lines."""
    query = select(Layout).where(Layout.scan_id == scan_id).order_by(Layout.id.desc())
    return list(session.scalars(query.options(defer(Layout.body))))


def layout_to_show(session: Session, scan_id: int, public_id: str = "") -> Layout | None:
    """The layout of this address, which must be one of the scan's: NotFound otherwise.

    Without an address the one that counts, else the one dropped last.
    """
    of_scan = select(Layout).where(Layout.scan_id == scan_id)
    if public_id:
        found = session.scalar(of_scan.where(Layout.public_id == public_id))
        if found is None:
            raise NotFound("There is no such layout.")
        return found
    return layout_of(session, scan_id) or session.scalar(of_scan.order_by(Layout.id.desc()).limit(1))
