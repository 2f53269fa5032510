"""Releases: begun by a manager, made by a job, published once, and never changed afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from micro.core.states import RELEASE, check_move
from micro.data.database import locked
from micro.data.models import Project, Record, Release
from micro.errors import BadAnswer, Conflict
from micro.services.moves import note_move
from micro.services.release_answers import is_released
from micro.services.release_files import Plan, write_files
from micro.services.release_rows import gather
from micro.services.trials import BEFORE_OPENING

__all__ = [
    "Plan",
    "count_to_release",
    "fail",
    "gather",
    "publish",
    "releases_behind",
    "releases_of",
    "start_release",
    "write_files",
]
NOTES_LONGEST = 5000


def start_release(session: Session, project: Project, account_id: int | None, notes: str, now: datetime) -> Release:
    """Begins the project's next release, whose files a job then makes.

    Numbers have no gaps: one that failed is taken up again under its number. Conflict while another is being made;
    BadAnswer as long as no record has an outcome.
    """
    if project.state in BEFORE_OPENING:
        raise Conflict("This project is not open yet. Its records can be released once it is.")
    newest: Release | None = session.scalar(
        locked(select(Release).where(Release.project_id == project.id).order_by(Release.number.desc()).limit(1))
    )
    if newest is not None and newest.state == "making":
        raise Conflict("Release %(number)s of this project is being made already.", number=newest.number)
    if session.scalar(select(Record.id).where(Record.project_id == project.id, is_released()).limit(1)) is None:
        raise BadAnswer("", "There is nothing to release yet: no record has an answer.")
    if newest is not None and newest.state == "failed":
        release, before = newest, "failed"
    else:
        release, before = _next_release(session, project, newest, now), ""
    release.state, release.licence, release.made_by, release.created_at = "making", project.licence, account_id, now
    release.notes = notes.strip()[:NOTES_LONGEST]
    note_move(session, "release", release.id, account_id, now, before, "making")
    session.flush()
    return release


def _next_release(session: Session, project: Project, newest: Release | None, now: datetime) -> Release:
    release = Release(
        project=project,
        number=newest.number + 1 if newest else 1,
        state="making",
        licence=project.licence,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(release)
            session.flush()
    except IntegrityError:  # Somebody else began the same number at the same moment.
        raise Conflict("Another release of this project has just been started.") from None
    return release


def _held(session: Session, release_id: int) -> Release | None:
    found: Release | None = session.scalar(
        locked(select(Release).where(Release.id == release_id)).execution_options(populate_existing=True)
    )
    return found


def publish(session: Session, release_id: int, manifest: Mapping[str, Any], now: datetime) -> None:
    """Publishes a release with its manifest, in this one transaction. A published one stays exactly as it is."""
    release = _held(session, release_id)
    if release is None or release.state == "published":
        return
    check_move(RELEASE, release.state, "published")
    note_move(session, "release", release.id, None, now, release.state, "published")
    release.state, release.manifest, release.published_at = "published", dict(manifest), now
    session.flush()


def fail(session: Session, release_id: int, why: str, now: datetime) -> None:
    """Notes that a release could not be made; it may be started again. A published one stays exactly as it is."""
    release = _held(session, release_id)
    if release is None or release.state != "making":
        return
    note_move(session, "release", release.id, None, now, "making", "failed", why)
    release.state = "failed"
    session.flush()


def releases_behind(session: Session) -> list[int]:
    """The releases that were begun and are not published: their job was lost or killed."""
    return list(session.scalars(select(Release.id).where(Release.state == "making").order_by(Release.id)))


def releases_of(session: Session, project: Project) -> list[Release]:
    """All releases of a project, those being made and those that failed too, newest first."""
    return list(
        session.scalars(select(Release).where(Release.project_id == project.id).order_by(Release.number.desc()))
    )


def is_published(session: Session, project: Project) -> bool:
    """Whether any release of the project is out, whatever became of the project."""
    out = select(Release.id).where(Release.project_id == project.id, Release.state == "published").limit(1)
    return session.scalar(out) is not None


def count_to_release(session: Session, project: Project) -> int:
    """How many records the next release would hold."""
    return (
        session.scalar(select(func.count()).select_from(Record).where(Record.project_id == project.id, is_released()))
        or 0
    )
