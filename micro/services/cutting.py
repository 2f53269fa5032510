"""Cutting: the project's way makes regions, items and tasks of its scans. See core/cutting.py for the ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from micro.core.cutting import CutItem, ItemRegion, Lines, Way, regions_of, task_position, way_from_body
from micro.core.fields import Field
from micro.core.geometry import Box
from micro.data.database import locked
from micro.data.models import Answer, CuttingRun, Item, Layout, Project, Region, Scan, Task
from micro.errors import Conflict, MicroError, NotFound, to_translate
from micro.kinds import kind_named
from micro.services.assignments import current_setup
from micro.services.layouts import layout_of, placed_lines, use_layout

LONGEST_IDENTIFIER = 200
# So many identifiers are asked about in one query: databases bound the number of its parameters.
ASKED_AT_ONCE = 2_000
# The sentence of a layout that nobody has said yes to; the cutting page puts a way to its boxes beside it.
UNCERTAIN = to_translate("It is not certain how its layout lies on it. Look at its boxes first.")


def set_way(session: Session, project: Project, body: Mapping[str, Any]) -> None:
    """Gives the project its way to cut, checked against its form. Raises BadAnswer(part); Conflict once it was used.

    Regions are never moved under answers, so a way that has cut a scan stays until it is discarded; see
    docs/professional.md. While a run cuts by it nobody changes it either.
    """
    hold_project(session, project)
    way_from_body(body, [field.name for field in form_of(session, project)])
    if project.cutting != body:
        _check_unused(session, project)
    project.cutting = dict(body)
    session.flush()


def _check_unused(session: Session, project: Project) -> None:
    if waiting_run(session, project.id) is not None:
        raise Conflict("Scans are being cut at this moment. Cancel that first.")
    used = session.scalar(select(func.count()).select_from(Task).where(Task.project_id == project.id))
    if not used:
        return
    if session.scalar(select(Answer.id).where(Answer.project_id == project.id).limit(1)) is not None:
        raise Conflict("This has cut %(used)s tasks, people have answered, and so it stays as it is.", used=used)
    raise Conflict(
        "This has cut %(used)s tasks and stays as it is. Nobody has answered yet, so you may discard them first.",
        used=used,
    )


def form_of(session: Session, project: Project) -> tuple[Field, ...]:
    """The fields of the project's form; NotFound while it has none."""
    setup = current_setup(session, project.id)
    return kind_named(setup.kind).fields(setup.body)


def way_of(session: Session, project: Project, body: Mapping[str, Any] | None = None) -> Way:
    """The way of a project, or ``body`` as its way. Raises BadAnswer where it does not fit its form any more."""
    return way_from_body(body or project.cutting, [field.name for field in form_of(session, project)])


def hold_project(session: Session, project: Project) -> None:
    """Holds the project's row and reads it anew: scans are taken in and cut one after the other in each project.

    So a way that is set meanwhile misses no scan, and no two items get the same identifier.
    """
    held = locked(select(Project).where(Project.id == project.id)).execution_options(populate_existing=True)
    session.scalars(held).one()  # Read to the end, or the row in hand stays as it was.


def newest_run(session: Session, project_id: int) -> CuttingRun | None:
    """The project's newest run of cutting."""
    query = select(CuttingRun).where(CuttingRun.project_id == project_id)
    return session.scalar(query.order_by(CuttingRun.id.desc()).limit(1))


def waiting_run(session: Session, project_id: int) -> CuttingRun | None:
    """The run that cuts the project's scans just now; there is one at most."""
    query = select(CuttingRun).where(CuttingRun.project_id == project_id, CuttingRun.state == "waiting")
    return session.scalar(query.limit(1))


def is_cut(session: Session, scan: Scan) -> bool:
    """Whether the scan has regions."""
    return session.scalar(select(Region.id).where(Region.scan_id == scan.id).limit(1)) is not None


def cut_scan(session: Session, project: Project, scan: Scan, now: datetime) -> bool:
    """Cuts one scan that has just come, by the project's way; False when there is nothing to do, or it cannot be cut.

    Why it cannot is kept in ``scan.cut_problem``. Nothing happens while the project has no way yet, or after somebody
    cancelled its newest run, or with a scan that is not shown. The project is held by the caller.
    """
    if project.cutting is None or scan.state != "shown" or is_cut(session, scan):
        return False
    run = newest_run(session, project.id)
    if run is not None and run.state == "cancelled":
        return False
    try:
        way = way_of(session, project)
    except MicroError as error:  # The form was changed meanwhile. The scan is taken in all the same.
        note_problem(scan, error)
        return False
    return cut_by(session, project, scan, way, None, now) > 0


def cut_when_ready(session: Session, scan: Scan, now: datetime) -> bool:
    """The same for a scan whose layout has come, or was found certain, after it; holds the project."""
    hold_project(session, scan.project)
    return cut_scan(session, scan.project, scan, now)


def cut_by(session: Session, project: Project, scan: Scan, way: Way, account_id: int | None, now: datetime) -> int:
    """Makes items, regions and tasks of one uncut scan; returns how many regions, 0 with a problem noted otherwise."""
    try:
        layout, items = items_of(session, scan, way)
    except MicroError as error:
        note_problem(scan, error)
        return 0
    if layout is not None:
        use_layout(session, layout, account_id, now)
    _write_items(session, project, scan, way, items, layout, now)
    if scan.cut_problem:
        scan.cut_problem, scan.cut_problem_values = "", None
    session.flush()
    return sum(len(item.regions) for item in items)


def items_of(session: Session, scan: Scan, way: Way) -> tuple[Layout | None, tuple[CutItem, ...]]:
    """What a way makes of a scan, and the layout that it takes it from. Raises Conflict when it cannot be cut so."""
    if not isinstance(way, Lines):
        return None, regions_of(way, scan.width_px, scan.height_px)
    layout = layout_of(session, scan.id)
    if layout is not None and not layout.certain:
        raise Conflict(UNCERTAIN)
    lines = None if layout is None else placed_lines(layout, scan)
    return layout, regions_of(way, scan.width_px, scan.height_px, lines)


def note_problem(scan: Scan, error: MicroError) -> None:
    """Keeps the sentence and what fills it apart, so that everybody reads it in their own language."""
    scan.cut_problem = error.sentence
    scan.cut_problem_values = {name: str(value) for name, value in error.values.items()}


def problem_of(scan: Scan) -> MicroError:
    """Why the scan could not be cut."""
    return Conflict(scan.cut_problem, **(scan.cut_problem_values or {}))


def _write_items(
    session: Session,
    project: Project,
    scan: Scan,
    way: Way,
    cut: Sequence[CutItem],
    layout: Layout | None,
    now: datetime,
) -> None:
    identifiers = _free_identifiers(session, project, scan, [item.suffix for item in cut])
    items = [
        Item(project_id=project.id, scan_id=scan.id, identifier=identifier, title=scan.title, created_at=now)
        for identifier in identifiers
    ]
    session.add_all(items)
    session.flush()
    made = [
        (region, _region(scan, item, region, layout))
        for item, one in zip(items, cut, strict=True)
        for region in one.regions
    ]
    session.add_all(row for _, row in made)
    session.flush()
    session.add_all(_task(project, scan, way, region, row, now) for region, row in made if region.is_task)
    session.flush()


def _region(scan: Scan, item: Item, cut: ItemRegion, layout: Layout | None) -> Region:
    said = cut.reference
    return Region(
        scan_id=scan.id,
        item_id=item.id,
        name=cut.name,
        fields=list(cut.fields),
        x_px=cut.box.x,
        y_px=cut.box.y,
        width_px=cut.box.width,
        height_px=cut.box.height,
        position=cut.position,
        type=said.type,
        polygon=said.polygon,
        baseline=said.baseline,
        reference_text=said.text,
        reference_confidence=said.confidence,
        layout_id=layout.id if layout else None,
    )


def _task(project: Project, scan: Scan, way: Way, cut: ItemRegion, region: Region, now: datetime) -> Task:
    return Task(
        project_id=project.id,
        item_id=region.item_id,
        region_id=region.id,
        fields=list(cut.fields),
        state="open",
        position=task_position(way, scan.page_number, cut.position),
        wanted=project.min_answers,
        created_at=now,
    )


def _free_identifiers(session: Session, project: Project, scan: Scan, suffixes: Sequence[str]) -> list[str]:
    """The scan's identifier with each suffix; where another item has one already, all with a mark of the scan."""
    short = scan.identifier[:120]
    marked = (f"{short} ({scan.sha256[:8]})", f"{short} ({scan.sha256[:8]}-{scan.frame + 1})")
    for stem in (scan.identifier, *marked):
        wished = [_identifier(stem, suffix) for suffix in suffixes]
        if not _any_taken(session, project, wished):
            return wished
    return [_identifier(f"{short} ({scan.public_id})", suffix) for suffix in suffixes]


def _identifier(stem: str, suffix: str) -> str:
    return f"{stem[: LONGEST_IDENTIFIER - len(suffix) - 1]} {suffix}" if suffix else stem


def _any_taken(session: Session, project: Project, wished: Sequence[str]) -> bool:
    for start in range(0, len(wished), ASKED_AT_ONCE):
        some = wished[start : start + ASKED_AT_ONCE]
        taken = select(Item.id).where(Item.project_id == project.id, Item.identifier.in_(some)).limit(1)
        if session.scalar(taken) is not None:
            return True
    return False


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
