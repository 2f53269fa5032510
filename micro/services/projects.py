"""Projects: finding, making and moving them, and how far they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

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
from micro.services.moves import note_move

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


def public_projects(session: Session) -> list[Project]:
    """What visitors see: live projects first, then the paused and the finished, by title."""
    found = session.scalars(select(Project).where(Project.state.in_(PUBLIC_PROJECTS))).all()
    order = {"live": 0, "paused": 1, "finished": 2}
    return sorted(found, key=lambda project: (order[project.state], project.slug))


def projects_of(session: Session, institution_ids: Iterable[int] | None) -> list[Project]:
    """The projects of some institutions (None: of all), by slug."""
    query = select(Project).join(Collection).order_by(Project.slug)
    if institution_ids is not None:
        query = query.where(Collection.institution_id.in_(list(institution_ids)))
    return list(session.scalars(query))


def progress_of(session: Session, project_id: int) -> Progress:
    """The project's figures. Cost: a few counts by index."""
    states = {
        state: count
        for state, count in session.execute(
            select(Task.state, func.count()).where(Task.project_id == project_id).group_by(Task.state)
        )
    }
    answers, volunteers = session.execute(
        select(func.count(), func.count(func.distinct(Answer.volunteer_id))).where(Answer.project_id == project_id)
    ).one()
    scans = session.scalar(select(func.count()).select_from(Scan).where(Scan.project_id == project_id)) or 0
    waiting = (
        session.scalar(
            select(func.count()).select_from(Record).where(Record.project_id == project_id, Record.state == "review")
        )
        or 0
    )
    return Progress(sum(states.values()), states.get("done", 0), answers, volunteers, scans, waiting)


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
    session: Session, project: Project, to_state: str, account_id: int | None, now: datetime, why: str = ""
) -> None:
    """Moves the project and writes it down. Going live needs at least one task."""
    check_move(PROJECT, project.state, to_state)
    if to_state == "live" and not session.scalar(select(Task.id).where(Task.project_id == project.id).limit(1)):
        raise Conflict("There is nothing to ask yet: take in scans and cut them first.")
    note_move(session, "project", project.id, account_id, now, project.state, to_state, why)
    project.state = to_state
    session.flush()


def a_cut_item(session: Session, project_id: int) -> tuple[Item, Region] | None:
    """An item to show on the project's page, with a region that is asked: one that still needs reading comes first."""
    found = session.execute(
        select(Item, Region)
        .join(Task, Task.item_id == Item.id)
        .join(Region, Region.id == Task.region_id)
        .where(Item.project_id == project_id)
        .order_by(Task.state.desc(), Task.position, Task.id)
        .limit(1)
    ).first()
    return None if found is None else (found[0], found[1])


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
