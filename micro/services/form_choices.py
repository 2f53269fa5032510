"""Choices of a form that come from a vocabulary. The form keeps a copy, so that nothing changes under an answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from micro.core.vocabularies.choices import Choice, read_codes, refreshed, taken
from micro.data.models import Project
from micro.errors import BadAnswer, Conflict
from micro.services.cutting import hold_project
from micro.services.forms import CHANGED, edit_field, form_state
from micro.services.vocabularies import entries_of, vocabulary_of


def chosen(session: Session, project: Project, slug: str, part: str, lines: str) -> list[Choice]:
    """The choices of a field that takes ``part`` of a vocabulary: all, below:<code>, or the codes of the ``lines``.

    Raises BadAnswer("vocabulary" or "choices").
    """
    vocabulary = vocabulary_of(session, project.collection.institution_id, slug)
    if vocabulary is None:
        raise BadAnswer("vocabulary", "Choose one of the institution’s vocabularies.")
    found = taken(entries_of(session, vocabulary), part, read_codes(lines))
    if not found:
        raise BadAnswer("choices", "Name at least one concept of the vocabulary, or take all of it.")
    return found


def drift_of(session: Session, project: Project, body: Mapping[str, Any]) -> int:
    """How many choices of a field its vocabulary says otherwise by now, or has anew; 0 without a vocabulary."""
    before = {choice["code"]: choice for choice in body.get("choices", ())}
    try:
        after = _fresh(session, project, body)
    except BadAnswer:  # It has outgrown what a field may offer: the field's own page says so.
        return 0
    return sum(before.get(choice["code"]) != choice for choice in after)


def _fresh(session: Session, project: Project, body: Mapping[str, Any]) -> list[Choice]:
    slug = str(body.get("vocabulary") or "")
    vocabulary = vocabulary_of(session, project.collection.institution_id, slug) if slug else None
    present = list(body.get("choices", ()))
    if vocabulary is None:
        return present
    return refreshed(entries_of(session, vocabulary), str(body.get("vocabulary_part") or ""), present)


def update_from_vocabulary(session: Session, project: Project, seen: int, name: str, now: datetime) -> int:
    """Copies labels and identifiers anew, and adds what is new; returns how many choices changed. None is removed."""
    hold_project(session, project)
    state = form_state(session, project)
    if state.setup.version != seen:
        raise Conflict(CHANGED)
    body = state.body_of(name)
    count = drift_of(session, project, body)
    edit_field(session, project, seen, name, {**body, "choices": _fresh(session, project, body)}, now)
    return count
