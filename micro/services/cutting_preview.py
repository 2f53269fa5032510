"""What a way to cut would make of a project's scans, before anything is cut: samples, counts, and what would fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from micro.core.cutting import NO_LAYOUT, CutItem, Grid, Lines, Template, Way, Whole, regions_of, tasks_per_scan
from micro.data.models import Layout, Project, Scan
from micro.errors import Conflict, MicroError
from micro.services.cutting import UNCERTAIN, items_of
from micro.services.cutting_runs import uncut

SAMPLE = 6
# Layouts are long: types are counted in the first so many of them.
LAYOUTS_READ = 60
PROBLEMS_SHOWN = 30


@dataclass(frozen=True)
class Sample:
    """A scan, what a way makes of it, or why it makes nothing."""

    scan: Scan
    items: tuple[CutItem, ...]
    problem: MicroError | None

    @property
    def tasks(self) -> int:
        return sum(region.is_task for item in self.items for region in item.regions)


@dataclass(frozen=True)
class Foreseen:
    """What a run would come to: scans that would be cut, tasks they would give, and scans that cannot be cut.

    ``is_exact`` is false where tasks are reckoned from the first layouts. ``problems`` are the first few.
    """

    scans: int
    tasks: int
    is_exact: bool
    failing: int
    problems: tuple[tuple[Scan, MicroError], ...]


@dataclass(frozen=True)
class LinesFound:
    """The layouts beside a project's scans: how many, and the types of lines in the first ``read`` of them."""

    layouts: int
    uncertain: int
    read: int
    types: tuple[tuple[str, int], ...]


def shown(project_id: int) -> tuple[ColumnElement[bool], ...]:
    """What is true of the scans that can be looked at."""
    return Scan.project_id == project_id, Scan.state == "shown"


def nth_scan(session: Session, project_id: int, number: int) -> tuple[Scan | None, int, int]:
    """The ``number``-th scan (from 1; the nearest there is) that has a picture, its number, and how many there are."""
    with_picture = (*shown(project_id), Scan.width_px > 0)
    count = session.scalar(select(func.count()).select_from(Scan).where(*with_picture)) or 0
    number = min(max(1, number), max(1, count))
    query = select(Scan).where(*with_picture).order_by(Scan.document, Scan.page_number, Scan.id)
    return session.scalar(query.offset(number - 1).limit(1)), number, count


def sample_scans(session: Session, project_id: int, page: int) -> tuple[list[Scan], int, int]:
    """Six scans to look at, the number of this set, and how many sets there are; a set that is not there: the nearest.

    The first set holds the first scan, the last, and those of extreme size and shape; the others go through all scans
    in an order that is random but stays: that of their hashes.
    """
    every = select(Scan).where(*shown(project_id))
    count = session.scalar(select(func.count()).select_from(every.subquery())) or 0
    sets = 1 if count <= SAMPLE else 1 + -(-count // SAMPLE)
    page = min(max(1, page), sets)
    by_hash = every.order_by(Scan.sha256, Scan.frame, Scan.id)
    if page > 1:
        return list(session.scalars(by_hash.offset((page - 2) * SAMPLE).limit(SAMPLE))), page, sets
    firsts = [session.scalar(every.order_by(*order).limit(1)) for order in _EXTREMES]
    found = [*firsts, *session.scalars(by_hash.limit(2 * SAMPLE))]
    unique = {scan.id: scan for scan in found if scan is not None}
    return list(unique.values())[:SAMPLE], page, sets


_EXTREMES: tuple[tuple[Any, ...], ...] = (
    (Scan.document, Scan.page_number, Scan.id),
    (Scan.document.desc(), Scan.page_number.desc(), Scan.id.desc()),
    (Scan.width_px * 1.0 * Scan.height_px, Scan.id),
    ((Scan.width_px * 1.0 * Scan.height_px).desc(), Scan.id),
    (Scan.width_px * 1.0 / func.nullif(Scan.height_px, 0), Scan.id),
    ((Scan.width_px * 1.0 / func.nullif(Scan.height_px, 0)).desc(), Scan.id),
)


def samples(session: Session, scans: Iterable[Scan], way: Way) -> list[Sample]:
    """What the way makes of each of these scans."""
    return [_sample(session, scan, way) for scan in scans]


def _sample(session: Session, scan: Scan, way: Way) -> Sample:
    try:
        return Sample(scan, items_of(session, scan, way)[1], None)
    except MicroError as error:
        return Sample(scan, (), error)


def foresee(session: Session, project: Project, way: Way) -> Foreseen:
    """What cutting all uncut scans this way would come to. Cost: a few counts, and reading some layouts."""
    match way:
        case Whole():
            total = _count(session, select(Scan.id).where(*uncut(project.id)))
            return Foreseen(total, total, True, 0, ())
        case Template() | Grid():
            return _foresee_same(session, project, way)
        case Lines():
            return _foresee_lines(session, project, way)


def _foresee_same(session: Session, project: Project, way: Template | Grid) -> Foreseen:
    total = _count(session, select(Scan.id).where(*uncut(project.id)))
    doubtful = session.scalars(
        select(Scan).where(*uncut(project.id), _maybe_too_small(way)).order_by(Scan.file_name, Scan.id)
    )
    problems = []
    for scan in doubtful:
        try:
            regions_of(way, scan.width_px, scan.height_px)
        except Conflict as error:
            problems.append((scan, error))
    scans = total - len(problems)
    return Foreseen(scans, scans * (tasks_per_scan(way) or 0), True, len(problems), tuple(problems[:PROBLEMS_SHOWN]))


def _maybe_too_small(way: Template | Grid) -> ColumnElement[bool]:
    if isinstance(way, Template):
        return Scan.width_px == 0
    return or_(Scan.width_px * way.area.width <= way.columns + 2, Scan.height_px * way.area.height <= way.rows + 2)


def _newest_layouts() -> Select[Any]:
    """The number of the newest layout of each scan that was not dropped."""
    return select(func.max(Layout.id)).where(Layout.state != "dropped").group_by(Layout.scan_id)


def _foresee_lines(session: Session, project: Project, way: Lines) -> Foreseen:
    mine = select(Scan.id).where(*uncut(project.id))
    beside = select(Layout).where(Layout.scan_id.in_(mine), Layout.id.in_(_newest_layouts()))
    certain = beside.where(Layout.certain)
    total, ready = _count(session, mine), _count(session, certain.with_only_columns(Layout.id))
    tasks, is_exact = _lines_in(session, certain, ready, way)
    problems = _layout_problems(session, project)
    return Foreseen(ready, tasks, is_exact, total - ready, problems)


def _lines_in(session: Session, certain: Select[Any], count: int, way: Lines) -> tuple[int, bool]:
    """How many lines the way would cut of these layouts: exactly without a choice of types, else from the first."""
    if way.types is None:
        number = Layout.body["line_count"].as_integer()
        return session.scalar(certain.with_only_columns(func.sum(number), maintain_column_froms=True)) or 0, True
    read, types = _types_in(session, certain)
    found = sum(number for name, number in types if name in way.types)
    return (round(found * count / read), False) if count > read > 0 else (found, True)


def _layout_problems(session: Session, project: Project) -> tuple[tuple[Scan, MicroError], ...]:
    beside = aliased(Layout)
    has_one = select(beside.id).where(beside.scan_id == Scan.id, beside.state != "dropped")
    doubtful = select(Layout.scan_id).where(Layout.id.in_(_newest_layouts()), ~Layout.certain)
    order = (Scan.file_name, Scan.frame, Scan.id)
    missing = select(Scan).where(*uncut(project.id), ~has_one.exists()).order_by(*order).limit(PROBLEMS_SHOWN)
    unsure = select(Scan).where(*uncut(project.id), Scan.id.in_(doubtful)).order_by(*order).limit(PROBLEMS_SHOWN)
    said: list[tuple[Scan, MicroError]] = [(scan, Conflict(UNCERTAIN)) for scan in session.scalars(unsure)]
    said += [(scan, Conflict(NO_LAYOUT)) for scan in session.scalars(missing)]
    return tuple(said[:PROBLEMS_SHOWN])


def lines_found(session: Session, project_id: int) -> LinesFound:
    """What there is to cut by lines. Cost: reading the first layouts of the project."""
    mine = select(Scan.id).where(*shown(project_id))
    beside = select(Layout).where(Layout.scan_id.in_(mine), Layout.id.in_(_newest_layouts()))
    count = _count(session, beside.with_only_columns(Layout.id))
    uncertain = _count(session, beside.where(~Layout.certain).with_only_columns(Layout.id))
    read, types = _types_in(session, beside)
    return LinesFound(count, uncertain, read, types)


def _types_in(session: Session, layouts: Select[Any]) -> tuple[int, tuple[tuple[str, int], ...]]:
    """How many layouts were read, and the types of their lines with how many there are, the commonest first."""
    bodies = session.scalars(
        layouts.with_only_columns(Layout.body, maintain_column_froms=True).order_by(Layout.id).limit(LAYOUTS_READ)
    ).all()
    found = Counter(str(line["type"]) for body in bodies for line in body["lines"])
    return len(bodies), tuple(sorted(found.items(), key=lambda one: (-one[1], one[0])))


def to_look_at(session: Session, scans: Sequence[Scan]) -> set[int]:
    """Which of these scans, by number, have a layout that nobody has said yes to."""
    ids = [scan.id for scan in scans]
    query = select(Layout.scan_id).where(Layout.scan_id.in_(ids), Layout.id.in_(_newest_layouts()), ~Layout.certain)
    return set(session.scalars(query))


def _count(session: Session, query: Select[Any]) -> int:
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0
