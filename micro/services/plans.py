"""A project from a plan: one JSON file that says all, for `micro project create` and for the demonstration.

``{"institution": {"slug", "name", "accent"}, "collection": name, "slug", "content_language", "licence",
"texts": {"en": {"title", "lead", "about"}, "fr": …}, "min_answers", "max_answers", "target_confidence",
"task_order", "kind": "transcribe", "form": {"fields": […]}, "boxes": […]}``; instead of boxes any other way to cut,
``"cutting": {"by": "lines"}``.
Institution, collection, slug, texts and form are needed; docs/operator.md shows a whole one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.core.addresses import SLUG
from micro.core.retirement import check_redundancy, check_task_order
from micro.data.models import Institution, Project
from micro.errors import BadAnswer
from micro.services.cutting import set_way
from micro.services.institutions import ACCENTS, NAME_LONGEST, Description, collection_called, make_institution
from micro.services.projects import make_project

NEEDED = ("institution", "collection", "slug", "texts", "form")
SETTINGS = ("min_answers", "max_answers", "target_confidence", "task_order")
LANGUAGE_LONGEST = 5
SHAPES: Mapping[str, type] = {
    "institution": Mapping,
    "texts": Mapping,
    "form": Mapping,
    "boxes": list,
    "cutting": Mapping,
    "collection": str,
    "slug": str,
    "licence": str,
    "content_language": str,
    "kind": str,
}
KNOWN = frozenset({*NEEDED, *SETTINGS, "content_language", "licence", "boxes", "cutting", "kind"})


def project_from_plan(session: Session, plan: Any, now: datetime) -> Project:
    """A draft project with its institution and collection, which are made when they are new.

    Raises BadAnswer(part of the plan) when a part is missing, unknown or cannot be used; Conflict for a taken address.
    """
    _check(plan)
    institution = _institution(session, plan["institution"], now)
    collection = collection_called(session, institution, str(plan["collection"]), now)
    project = make_project(
        session,
        collection,
        str(plan["slug"]),
        plan["texts"],
        plan["form"],
        now,
        licence=plan.get("licence", "CC-BY-4.0"),
        content_language=plan.get("content_language", "en"),
        kind=plan.get("kind", "transcribe"),
        **_redundancy(plan),
    )
    if plan.get("boxes"):
        set_way(session, project, {"boxes": plan["boxes"]})
    if "cutting" in plan:
        _cut_by(session, project, plan["cutting"])
    return project


def _check(plan: Any) -> None:
    """Raises BadAnswer for a part that is missing, unknown or of the wrong form."""
    if not isinstance(plan, Mapping):
        raise BadAnswer("", "A plan is one JSON object.")
    for name in NEEDED:
        if not plan.get(name):
            raise BadAnswer(name, "The plan needs “%(name)s”.", name=name)
    if unknown := sorted(set(plan) - KNOWN):
        raise BadAnswer(unknown[0], "The plan has no part called “%(name)s”.", name=unknown[0])
    for name, shape in SHAPES.items():
        if name in plan and not isinstance(plan[name], shape):
            raise BadAnswer(name, "The plan's “%(name)s” has the wrong form.", name=name)
    if plan.get("boxes") and "cutting" in plan:
        raise BadAnswer("cutting", "The plan says “boxes” or “cutting”, not both.")
    if not all(isinstance(texts, Mapping) for texts in plan["texts"].values()):
        raise BadAnswer("texts", 'The texts are given by language: {"en": {"title": …}}.')
    if len(plan.get("content_language", "en")) > LANGUAGE_LONGEST:
        raise BadAnswer("content_language", "A language is a short code such as en or fr.")


def _cut_by(session: Session, project: Project, way: Mapping[str, Any]) -> None:
    """The way to cut, as `micro cut` takes it. Raises BadAnswer("cutting", or "cutting.rows" for a part of it)."""
    try:
        set_way(session, project, way)
    except BadAnswer as error:
        error.field = f"cutting.{error.field}" if error.field else "cutting"
        raise


def _redundancy(plan: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: plan[name] for name in SETTINGS if name in plan}
    check_redundancy(given.get("min_answers", 2), given.get("max_answers", 5), given.get("target_confidence", 0.6))
    check_task_order(given.get("task_order", "spread"))
    return given


def _institution(session: Session, body: Mapping[str, Any], now: datetime) -> Institution:
    slug = str(body.get("slug", ""))
    found = session.scalar(select(Institution).where(Institution.slug == slug))
    if found is not None:
        return found
    if not SLUG.fullmatch(slug) or not body.get("name"):
        raise BadAnswer(
            "institution", "An institution needs a name, and an address of small letters, digits and hyphens."
        )
    if body.get("accent", "") not in ACCENTS:
        raise BadAnswer("institution", "There are the accents valmont, notarial, harrowby and kesten.")
    description = Description(str(body["name"])[:NAME_LONGEST], str(body.get("accent", "")))
    return make_institution(session, slug, description, None, now)
