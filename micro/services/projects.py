"""Projects: finding, making and moving them. How far they are is in figures.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from micro.core.addresses import RESERVED, SLUG, checked_slug
from micro.core.licences import LICENCES
from micro.core.states import PROJECT, PUBLIC_PROJECTS, check_move
from micro.data.models import Collection, Institution, Project, Setup, Task
from micro.errors import BadAnswer, Conflict, NotFound
from micro.kinds import kind_named
from micro.services import occasions, trials
from micro.services.cutting import hold_project
from micro.services.figures import (
    Progress,
    a_cut_item,
    a_read_record,
    cut_items,
    network_figures,
    network_figures_lately,
    progress_of,
    progress_of_all,
)
from micro.services.institutions import institution_named
from micro.services.moves import note_move
from micro.services.trials import TrialWork

__all__ = [
    "SLUG",
    "Progress",
    "a_cut_item",
    "a_read_record",
    "cut_items",
    "institution_named",
    "network_figures",
    "network_figures_lately",
    "progress_of",
    "progress_of_all",
]
A_PAGE = 24


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


def public_page(session: Session, page: int = 1, size: int = A_PAGE, institution_id: int | None = None) -> ProjectPage:
    """What visitors see, of one institution or of all: live projects first, then the paused and the finished."""
    order = case({"live": 0, "paused": 1, "finished": 2}, value=Project.state)
    query = _owned_by(None if institution_id is None else [institution_id])
    return _page(session, query.where(Project.state.in_(PUBLIC_PROJECTS)), (order, Project.slug), page, size)


def desk_page(session: Session, institution_ids: Iterable[int] | None, page: int = 1) -> ProjectPage:
    """The projects of some institutions (None: of all), by institution and address."""
    query = _owned_by(institution_ids).join(Institution, Institution.id == Collection.institution_id)
    return _page(session, query, (Institution.name, Institution.id, Project.slug), page, A_PAGE)


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


def checked_address(typed: str) -> str:
    """The address of a new project; BadAnswer("slug") when no project can have it."""
    slug = checked_slug(typed)
    if slug in RESERVED:
        raise BadAnswer("slug", "The address “%(slug)s” is needed for the desk itself. Please take another.", slug=slug)
    return slug


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
    slug = checked_address(slug)
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
    _keep_first(session, project)
    version, body = kind_named(kind).version, dict(setup)
    first = Setup(project_id=project.id, version=1, kind=kind, kind_version=version, body=body, created_at=now)
    session.add(first)
    session.flush()
    return project


def _keep_first(session: Session, project: Project) -> None:
    """Keeps a new project. Conflict when somebody else took its address at the same moment."""
    try:
        with session.begin_nested():
            session.add(project)
            session.flush()
    except IntegrityError:
        raise Conflict("There is a project at the address “%(slug)s” already.", slug=project.slug) from None


def _discarded(session: Session, project: Project, now: datetime, told: int | None) -> TrialWork:
    """Discards what was given in the trial. Conflict where that are not as many answers as were ``told``."""
    work = trials.discard_trial(session, project, now)
    if told is not None and told != work.answers:
        raise Conflict("In the trial, more was answered meanwhile. Please look at what would be discarded, once more.")
    return work


def move_project(
    session: Session,
    project: Project,
    to_state: str,
    account_id: int | None,
    now: datetime,
    why: str = "",
    *,
    seen: str = "",
    discarding: int | None = None,
) -> TrialWork:
    """Moves the project and writes it down; returns what was discarded. A trial and going live need a task.

    ``seen`` is the state that whoever moves it had before their eyes (empty: as it was loaded). Conflict when somebody
    else moved it since: of two moves at once one is made and logged. What was given in a trial is discarded when the
    project goes live or is archived; ``discarding`` is how many answers whoever moves it was told of (None: not asked),
    Conflict when there are others by now.
    """
    seen = seen or project.state
    hold_project(session, project)
    session.refresh(project, ["state"])  # Whoever held it before may have moved it.
    if project.state != seen:
        raise Conflict("This has moved on meanwhile, and that is no longer possible.")
    check_move(PROJECT, project.state, to_state)
    if to_state in ("trial", "live") and session.scalar(_a_task(project)) is None:
        raise Conflict("There is nothing to ask yet: take in scans and cut them first.")
    work = TrialWork()
    if project.state in trials.BEFORE_OPENING and to_state in trials.ENDS_TRIAL:
        work = _discarded(session, project, now, discarding)
    if to_state == "trial" and not project.trial_key:
        trials.new_key(session, project, account_id, now)
    note_move(session, "project", project.id, account_id, now, project.state, to_state, why)
    project.state = to_state
    occasions.moved(session, project, account_id, why, now)
    session.flush()
    return work


def _a_task(project: Project) -> Select[Any]:
    return select(Task.id).where(Task.project_id == project.id).limit(1)


def public_institutions(session: Session) -> list[Institution]:
    """The institutions that have a project which visitors see, by name."""
    public = select(Collection.institution_id).join(Project).where(Project.state.in_(PUBLIC_PROJECTS))
    return list(session.scalars(select(Institution).where(Institution.id.in_(public)).order_by(Institution.name)))
