"""Cutting: the project's template of named boxes makes regions, items and tasks of its scans."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from micro.core.geometry import Box, CutRegion, cut, template_from_setup
from micro.data.database import locked
from micro.data.models import Item, Project, Region, Scan, Task
from micro.errors import Conflict, NotFound
from micro.kinds import kind_named
from micro.services.assignments import current_setup


def set_template(session: Session, project: Project, body: Mapping[str, Any]) -> None:
    """Gives the project its template, checked against its form. Raises BadAnswer(box name); Conflict once it was used.

    Regions are never moved under answers, so a template that has cut a scan stays; see docs/professional.md.
    """
    hold_project(session, project)
    setup = current_setup(session, project.id)
    template_from_setup(body, [field.name for field in kind_named(setup.kind).fields(setup.body)])
    used = session.scalar(select(func.count()).select_from(Task).where(Task.project_id == project.id))
    if used and project.cutting != body:
        raise Conflict("This template has cut %(used)s tasks already and stays as it is.", used=used)
    project.cutting = dict(body)
    session.flush()


def hold_project(session: Session, project: Project) -> None:
    """Holds the project's row and reads it anew: scans are taken in and cut one after the other in each project.

    So a template that is set meanwhile misses no scan, and no two items get the same identifier.
    """
    held = locked(select(Project).where(Project.id == project.id)).execution_options(populate_existing=True)
    session.scalars(held).one()  # Read to the end, or the row in hand stays as it was.


def cut_project(session: Session, project: Project, now: datetime, most: int = 200) -> int:
    """Cuts up to ``most`` scans that have not been cut; returns how many. Again: it goes on, or changes nothing."""
    hold_project(session, project)
    if project.cutting is None:
        return 0
    cut_already = select(Region.id).where(Region.scan_id == Scan.id)
    scans = session.scalars(
        select(Scan)
        .where(Scan.project_id == project.id, ~cut_already.exists())
        .order_by(Scan.document, Scan.page_number, Scan.id)
        .limit(most)
    ).all()
    return sum(cut_scan(session, project, scan, now) for scan in scans)


def projects_uncut(session: Session) -> list[str]:
    """The addresses of projects that have a template and a scan which it has not cut."""
    uncut = select(Scan.id).where(
        Scan.project_id == Project.id, ~select(Region.id).where(Region.scan_id == Scan.id).exists()
    )
    # A template of JSON null reads as none on some databases and as a value on others: look at what came.
    found = session.scalars(select(Project).where(uncut.exists()).order_by(Project.id))
    return [project.slug for project in found if project.cutting]


def cut_scan(session: Session, project: Project, scan: Scan, now: datetime) -> bool:
    """Makes the item, regions and tasks of one scan by the project's template; False when there is nothing to do."""
    if project.cutting is None or session.scalar(select(Region.id).where(Region.scan_id == scan.id).limit(1)):
        return False
    setup = current_setup(session, project.id)
    template = template_from_setup(project.cutting, [f.name for f in kind_named(setup.kind).fields(setup.body)])
    item = Item(
        project=project,
        scan=scan,
        identifier=_free_identifier(session, project, scan),
        title=scan.title,
        created_at=now,
    )
    session.add(item)
    session.flush()
    for region in cut(template, scan.width_px, scan.height_px):
        _add_region(session, project, item, region, now)
    session.flush()
    return True


def _free_identifier(session: Session, project: Project, scan: Scan) -> str:
    """The scan's identifier; when another item has it already, with the first signs of the scan's hash, or all."""
    wished = [scan.identifier, *(f"{scan.identifier[:120]} ({scan.sha256[:signs]})" for signs in (8, 64))]
    same = select(Item.identifier).where(Item.project_id == project.id, Item.identifier.in_(wished))
    taken = set(session.scalars(same))
    return next(identifier for identifier in wished if identifier not in taken)


def _add_region(session: Session, project: Project, item: Item, made: CutRegion, now: datetime) -> None:
    region = Region(
        scan_id=item.scan_id,
        item=item,
        name=made.name,
        fields=list(made.fields),
        x_px=made.box.x,
        y_px=made.box.y,
        width_px=made.box.width,
        height_px=made.box.height,
    )
    session.add(region)
    if made.is_task:
        session.add(
            Task(
                project_id=project.id,
                item=item,
                region=region,
                fields=list(made.fields),
                state="open",
                position=item.scan.page_number,
                wanted=project.min_answers,
                created_at=now,
            )
        )


def region_named(session: Session, public_id: str) -> Region:
    """The region at an address; NotFound otherwise."""
    region = session.scalar(select(Region).where(Region.public_id == public_id))
    if region is None:
        raise NotFound("There is no such region.")
    return region


def box_of(region: Region) -> Box:
    return Box(region.x_px, region.y_px, region.width_px, region.height_px)


def field_boxes(session: Session, region: Region) -> dict[str, Box]:
    """Where on the scan each field of this region's task is read."""
    regions = session.scalars(select(Region).where(Region.item_id == region.item_id, Region.scan_id == region.scan_id))
    boxes: dict[str, Box] = {}
    for found in sorted(regions, key=lambda r: len(r.fields), reverse=True):
        boxes |= {field: box_of(found) for field in found.fields if field in region.fields}
    return boxes
