"""The terms of contribution in a request: are they accepted, and accept them."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from micro.core import terms
from micro.data.models import Project, Volunteer
from micro.services import people
from micro.web.context import house
from micro.web.language import LANGUAGES, current_language


def needs_terms(session: Session, volunteer: Volunteer, project: Project, accepted_version: Any = None) -> bool:
    """Whether the volunteer has yet to accept the terms; the newest ``accepted_version`` accepts them now."""
    if people.has_accepted(session, volunteer.id, terms.VERSION, project.licence):
        return False
    if accepted_version != terms.VERSION:
        return True
    language = current_language()
    wording = "\n\n".join(terms.wording(language, project.licence))
    people.accept_terms(session, volunteer, terms.VERSION, project.licence, language, wording, house().clock())
    return False


def licence_terms(licence: str) -> dict[str, Any]:
    """The terms for programs: version, licence and wording by language."""
    return {
        "version": terms.VERSION,
        "licence": licence,
        "wording": {language: list(terms.wording(language, licence)) for language in LANGUAGES},
    }
