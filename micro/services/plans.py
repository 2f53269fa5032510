"""A project from a plan: one JSON file that says all, for `micro project create` and for the demonstration.

``{"institution": {"slug", "name", "accent"}, "collection": name, "slug", "content_language", "licence",
"texts": {"en": {"title", "lead", "about"}, "fr": …}, "min_answers", "max_answers", "target_confidence",
"task_order", "kind": "transcribe", "form": {"fields": […]}, "boxes": […]}``.
Institution, collection, slug, texts and form are needed; docs/operator.md shows a whole one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.data.models import Collection, Institution, Project
from micro.errors import BadAnswer
from micro.services.cutting import set_template
from micro.services.projects import SLUG, make_project

NEEDED = ("institution", "collection", "slug", "texts", "form")
SETTINGS = ("min_answers", "max_answers", "target_confidence", "task_order")
LANGUAGE_LONGEST = 5
SHAPES: Mapping[str, type] = {
    "institution": Mapping,
    "texts": Mapping,
    "form": Mapping,
    "boxes": list,
    "collection": str,
    "slug": str,
    "licence": str,
    "content_language": str,
    "kind": str,
}
KNOWN = frozenset({*NEEDED, *SETTINGS, "content_language", "licence", "boxes", "kind"})
ACCENTS = ("", "valmont", "notarial", "harrowby", "kesten")


def project_from_plan(session: Session, plan: Any, now: datetime) -> Project:
    """A draft project with its institution and collection, which are made when they are new.

    Raises BadAnswer(part of the plan) when a part is missing, unknown or cannot be used; Conflict for a taken address.
    """
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
    if not all(isinstance(texts, Mapping) for texts in plan["texts"].values()):
        raise BadAnswer("texts", 'The texts are given by language: {"en": {"title": …}}.')
    if len(plan.get("content_language", "en")) > LANGUAGE_LONGEST:
        raise BadAnswer("content_language", "A language is a short code such as en or fr.")
    collection = _collection(session, _institution(session, plan["institution"], now), str(plan["collection"]), now)
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
        set_template(session, project, {"boxes": plan["boxes"]})
    return project


def _redundancy(plan: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: plan[name] for name in SETTINGS if name in plan}
    least, most, target = given.get("min_answers", 2), given.get("max_answers", 5), given.get("target_confidence", 0.8)
    if not (isinstance(least, int) and isinstance(most, int) and 1 <= least <= most <= 100):
        raise BadAnswer("min_answers", "The least and the most answers are whole numbers, 1 ≤ least ≤ most ≤ 100.")
    if not (isinstance(target, int | float) and 0 < target < 1):
        raise BadAnswer("target_confidence", "The target of confidence lies between 0 and 1.")
    if given.get("task_order", "spread") not in ("finish_first", "spread"):
        raise BadAnswer("task_order", "The order of tasks is finish_first or spread.")
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
    made = Institution(slug=slug, name=str(body["name"])[:200], accent=str(body.get("accent", "")), created_at=now)
    session.add(made)
    session.flush()
    return made


def _collection(session: Session, institution: Institution, name: str, now: datetime) -> Collection:
    found = session.scalar(
        select(Collection).where(Collection.institution_id == institution.id, Collection.name == name)
    )
    if found is not None:
        return found
    made = Collection(institution=institution, name=name[:200], created_at=now)
    session.add(made)
    session.flush()
    return made
