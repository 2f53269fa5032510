"""Datasets as everybody sees them: projects with published releases. Looks only, changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from micro.data.models import Collection, Project, Release
from micro.errors import NotFound

# A draft is nobody's business but its makers'; what was published once stays, for somebody may have cited it.
HIDDEN = ("draft", "trial")
MayReview = Callable[[int], bool]
"""Whether whoever asks reviews for the institution with this id; only asked where it matters."""


@dataclass(frozen=True)
class Dataset:
    """A project with its newest published release."""

    project: Project
    newest: Release


def datasets(session: Session, institution_id: int | None = None) -> list[Dataset]:
    """All datasets, or those of one institution; the one released last first."""
    newest = (
        select(Release.project_id, func.max(Release.number).label("number"))
        .where(Release.state == "published")
        .group_by(Release.project_id)
        .subquery()
    )
    query = (
        select(Release)
        .join(newest, (newest.c.project_id == Release.project_id) & (newest.c.number == Release.number))
        .join(Project, Project.id == Release.project_id)
        .where(Project.state.not_in(HIDDEN))
        .options(joinedload(Release.project).joinedload(Project.collection).joinedload(Collection.institution))
        .order_by(Release.published_at.desc(), Release.id.desc())
    )
    if institution_id is not None:
        query = query.where(Project.collection_id == Collection.id, Collection.institution_id == institution_id)
    return [Dataset(release.project, release) for release in session.scalars(query)]


def published_releases(session: Session, slug: str, may_review: MayReview) -> list[Release]:
    """The published releases of a project, newest first; NotFound when there are none that whoever asks may know of."""
    found = list(
        session.scalars(
            select(Release)
            .join(Project)
            .where(Project.slug == slug, Release.state == "published")
            .options(joinedload(Release.project).joinedload(Project.collection).joinedload(Collection.institution))
            .order_by(Release.number.desc())
        )
    )
    if not found or not may_see(found[0].project, may_review):
        raise NotFound("There is no such dataset.")
    return found


def published_release(session: Session, slug: str, number: int, may_review: MayReview) -> Release:
    """One published release; NotFound otherwise."""
    for release in published_releases(session, slug, may_review):
        if release.number == number:
            return release
    raise NotFound("There is no such release.")


def may_see(project: Project, may_review: MayReview) -> bool:
    """Whether whoever asks may know of the project's releases."""
    return project.state not in HIDDEN or may_review(project.collection.institution_id)


def file_of(release: Release, name: str) -> Mapping[str, Any]:
    """The manifest's entry of one file or of the archive, with its ``key`` in the storage; NotFound otherwise."""
    manifest = release.manifest or {}
    for entry in (*manifest.get("files", ()), manifest.get("archive", {})):
        if entry.get("name") == name:
            return {**entry, "key": f"{manifest['folder']}/{name}"}
    raise NotFound("There is no such file in this release.")
