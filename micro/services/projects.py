"""Projects: finding, making and moving them, and how far they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session, aliased, joinedload

from micro.core.fields import Field
from micro.core.geometry import WHOLE
from micro.core.licences import LICENCES
from micro.core.states import PROJECT, PUBLIC_PROJECTS, check_move
from micro.data.models import (
    Answer,
    Collection,
    Institution,
    Item,
    Project,
    Record,
    RecordVersion,
    Region,
    Scan,
    Setup,
    Task,
)
from micro.errors import BadAnswer, Conflict, NotFound
from micro.kinds import kind_named
from micro.services.assignments import current_setup
from micro.services.cutting import hold_project
from micro.services.moves import note_move

A_PAGE = 24
FIGURES_KEPT = timedelta(seconds=60)
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Progress:
    """How far a project is: tasks and how many are done, answers given and by how many volunteers, items, records."""

    tasks: int
    done: int
    answers: int
    volunteers: int
    scans: int
    waiting_for_review: int

    @property
    def share(self) -> float:
        """The done share of all tasks, 0 to 1; 0 without tasks."""
        return self.done / self.tasks if self.tasks else 0.0


def project_named(session: Session, slug: str) -> Project:
    """The project at an address; NotFound otherwise."""
    found = session.scalar(select(Project).where(Project.slug == slug))
    if found is None:
        raise NotFound("There is no such project.")
    return found


@dataclass(frozen=True)
class ProjectPage:
    """One page of a list of projects, their institutions loaded with them; ``total`` counts all pages."""

    projects: tuple[Project, ...]
    total: int
    page: int
    pages: int


def public_page(session: Session, page: int = 1, size: int = A_PAGE) -> ProjectPage:
    """What visitors see: live projects first, then the paused and the finished, by address."""
    order = case({"live": 0, "paused": 1, "finished": 2}, value=Project.state)
    return _page(session, select(Project).where(Project.state.in_(PUBLIC_PROJECTS)), (order, Project.slug), page, size)


def desk_page(session: Session, institution_ids: Iterable[int] | None, page: int = 1) -> ProjectPage:
    """The projects of some institutions (None: of all), by address."""
    return _page(session, _owned_by(institution_ids), (Project.slug,), page, A_PAGE)


def _page(session: Session, query: Select[Any], order: tuple[Any, ...], page: int, size: int) -> ProjectPage:
    """A page that is not there becomes the nearest one that is."""
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    pages = max(1, -(-total // size))
    page = min(max(1, page), pages)
    owner = joinedload(Project.collection).joinedload(Collection.institution)
    found = session.scalars(query.options(owner).order_by(*order).limit(size).offset((page - 1) * size))
    return ProjectPage(tuple(found), total, page, pages)


def _owned_by(institution_ids: Iterable[int] | None) -> Select[Any]:
    query = select(Project).join(Collection)
    return query if institution_ids is None else query.where(Collection.institution_id.in_(list(institution_ids)))


def projects_of(session: Session, institution_ids: Iterable[int] | None) -> list[Project]:
    """The projects of some institutions (None: of all), by slug."""
    return list(session.scalars(_owned_by(institution_ids).order_by(Project.slug)))


def progress_of(session: Session, project_id: int) -> Progress:
    """The project's figures. Cost: a few counts by index."""
    return progress_of_all(session, [project_id])[project_id]


def progress_of_all(session: Session, project_ids: Iterable[int]) -> dict[int, Progress]:
    """The figures of some projects: one grouped count a table, however many projects there are."""
    wanted = list(project_ids)
    tasks = _counts(session, wanted, Task.project_id, func.count(), func.count(case((Task.state == "done", 1))))
    answers = _counts(session, wanted, Answer.project_id, func.count(), func.count(func.distinct(Answer.volunteer_id)))
    scans = _counts(session, wanted, Scan.project_id, func.count())
    waiting = _counts(session, wanted, Record.project_id, func.count(case((Record.state == "review", 1))))
    return {
        one: Progress(
            *tasks.get(one, (0, 0)), *answers.get(one, (0, 0)), *scans.get(one, (0,)), *waiting.get(one, (0,))
        )
        for one in wanted
    }


def _counts(session: Session, wanted: list[int], owner: Any, *counts: Any) -> dict[int, tuple[int, ...]]:
    """Counts of one table's rows by project; a project without a row is not in it."""
    found = session.execute(select(owner, *counts).where(owner.in_(wanted)).group_by(owner))
    return {row[0]: tuple(row[1:]) for row in found}


@dataclass(frozen=True)
class NetworkFigures:
    """The figures of the front page."""

    answers: int
    records: int
    volunteers: int
    institutions: int


def network_figures(session: Session) -> NetworkFigures:
    """Answers, records that anyone may use, people who answered, and institutions with a public project."""
    answers, volunteers = session.execute(select(func.count(), func.count(func.distinct(Answer.volunteer_id)))).one()
    records = (
        session.scalar(select(func.count()).select_from(Record).where(Record.state.in_(("settled", "decided")))) or 0
    )
    institutions = (
        session.scalar(
            select(func.count(func.distinct(Collection.institution_id)))
            .select_from(Project)
            .join(Collection)
            .where(Project.state.in_(PUBLIC_PROJECTS))
        )
        or 0
    )
    return NetworkFigures(answers, records, volunteers, institutions)


_lately: dict[str, tuple[datetime, NetworkFigures]] = {}


def network_figures_lately(session: Session, address: str, now: datetime) -> NetworkFigures:
    """The figures as they were at most a minute ago: counting all answers is too much for every visit.

    Each process keeps them for itself, under the ``address`` of the database.
    """
    kept = _lately.get(address)
    if kept is None or not timedelta(0) <= now - kept[0] < FIGURES_KEPT:
        kept = _lately[address] = (now, network_figures(session))
    return kept[1]


def make_project(
    session: Session,
    collection: Collection,
    slug: str,
    texts: Mapping[str, Any],
    setup: Mapping[str, Any],
    now: datetime,
    *,
    kind: str = "transcribe",
    licence: str = "CC-BY-4.0",
    content_language: str = "en",
    **settings: Any,
) -> Project:
    """A new draft project with its first form. Raises BadAnswer for a form, licence or address that cannot be used."""
    if not SLUG.fullmatch(slug) or len(slug) > 60:
        raise BadAnswer("slug", "An address needs small letters, digits and single hyphens.")
    if licence not in LICENCES:
        raise BadAnswer("licence", "Choose one of the open licences.")
    if session.scalar(select(Project.id).where(Project.slug == slug)) is not None:
        raise Conflict("There is a project at the address “%(slug)s” already.", slug=slug)
    kind_named(kind).fields(setup)
    project = Project(
        collection=collection,
        slug=slug,
        texts=dict(texts),
        licence=licence,
        state="draft",
        content_language=content_language,
        cutting=None,
        created_at=now,
        **settings,
    )
    session.add(project)
    session.flush()
    session.add(
        Setup(
            project_id=project.id,
            version=1,
            kind=kind,
            kind_version=kind_named(kind).version,
            body=dict(setup),
            created_at=now,
        )
    )
    session.flush()
    return project


def change_setup(session: Session, project: Project, body: Mapping[str, Any], now: datetime) -> Setup:
    """A newer version of the project's form; tasks that are lent keep the one that was on the screen."""
    newest = session.scalars(
        select(Setup).where(Setup.project_id == project.id).order_by(Setup.version.desc()).limit(1)
    ).one()
    kind_named(newest.kind).fields(body)
    made = Setup(
        project_id=project.id,
        version=newest.version + 1,
        kind=newest.kind,
        kind_version=kind_named(newest.kind).version,
        body=dict(body),
        created_at=now,
    )
    session.add(made)
    session.flush()
    return made


def move_project(
    session: Session,
    project: Project,
    to_state: str,
    account_id: int | None,
    now: datetime,
    why: str = "",
    *,
    seen: str = "",
) -> None:
    """Moves the project and writes it down. Going live needs at least one task.

    ``seen`` is the state that whoever moves it had before their eyes (empty: as it was loaded). Conflict when somebody
    else moved it since: of two moves at once one is made and logged.
    """
    seen = seen or project.state
    hold_project(session, project)
    session.refresh(project, ["state"])  # Whoever held it before may have moved it.
    if project.state != seen:
        raise Conflict("This has moved on meanwhile, and that is no longer possible.")
    check_move(PROJECT, project.state, to_state)
    if to_state == "live" and not session.scalar(select(Task.id).where(Task.project_id == project.id).limit(1)):
        raise Conflict("There is nothing to ask yet: take in scans and cut them first.")
    note_move(session, "project", project.id, account_id, now, project.state, to_state, why)
    project.state = to_state
    session.flush()


def a_cut_item(session: Session, project_id: int) -> tuple[Item, Region] | None:
    """An item to show on the project's page, with a region that is asked: one that still needs reading comes first."""
    return cut_items(session, [project_id]).get(project_id)


def cut_items(session: Session, project_ids: Iterable[int]) -> dict[int, tuple[Item, Region]]:
    """Such an item of each of some projects, in one query; a project without a task is not in it."""
    other = aliased(Task)
    first = select(other.id).where(other.project_id == Project.id)
    first_task = first.order_by(other.state.desc(), other.position, other.id).limit(1).scalar_subquery()
    found = session.execute(
        select(Project.id, Item, Region)
        .select_from(Project)
        .join(Task, Task.id == first_task)
        .join(Item, Item.id == Task.item_id)
        .join(Region, Region.id == Task.region_id)
        .where(Project.id.in_(list(project_ids)))
    )
    return {project_id: (item, region) for project_id, item, region in found}


@dataclass(frozen=True)
class ReadRecord:
    """A record that is read, for the front page: one field of it, where it stands, and what it says."""

    record: Record
    region: Region
    scan: Scan
    project: Project
    said: Mapping[str, Any]
    field: Field
    answers: int


def a_read_record(session: Session) -> ReadRecord | None:
    """The newest record that a professional decided, else that volunteers agree on; None while there is none."""
    found = session.execute(
        select(Record, Region, Scan, Project, RecordVersion)
        .join(Item, Item.id == Record.item_id)
        .join(Region, Region.item_id == Item.id)
        .join(Scan, Scan.id == Region.scan_id)
        .join(Project, Project.id == Record.project_id)
        .join(RecordVersion, (RecordVersion.record_id == Record.id) & (RecordVersion.number == Record.current))
        .where(Record.state.in_(("decided", "settled")), Project.state.in_(PUBLIC_PROJECTS), Region.name != WHOLE)
        .order_by(Record.state, Record.changed_at.desc(), Region.id)
        .limit(1)
    ).first()
    if found is None:
        return None
    record, region, scan, project, version = found
    setup = current_setup(session, project.id)
    fields = {field.name: field for field in kind_named(setup.kind).fields(setup.body)}
    field = fields[region.fields[0]]
    return ReadRecord(record, region, scan, project, version.values.get(field.name, {}), field, record.answers_count)


def institution_named(session: Session, slug: str) -> Institution:
    """The institution with this slug; NotFound otherwise."""
    found = session.scalar(select(Institution).where(Institution.slug == slug))
    if found is None:
        raise NotFound("There is no institution called “%(slug)s”.", slug=slug)
    return found
