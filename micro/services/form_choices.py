"""Choices of a form that come from a vocabulary. The form keeps a copy, so that nothing changes under an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from micro.core.vocabularies.choices import Choice, read_codes, refreshed, taken
from micro.data.models import Project, Scan
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
    fresh = refreshed(entries_of(session, vocabulary), str(body.get("vocabulary_part") or ""), present)
    pictures = {choice["code"]: choice["picture"] for choice in present if choice.get("picture")}
    return [{**one, "picture": pictures[one["code"]]} if one["code"] in pictures else one for one in fresh]


def with_pictures(session: Session, project: Project, choices: Sequence[Choice], lines: str) -> list[Choice]:
    """The choices with scans of the project as examples: a line each, "code = file name or identifier of the scan".

    Raises BadAnswer("pictures") for a line that names no choice, or no scan with a picture of this project.
    """
    named: dict[str, str] = {}
    for line in filter(str.strip, lines.splitlines()):
        code, _, name = (part.strip() for part in line.partition("="))
        if code not in {choice["code"] for choice in choices}:
            raise BadAnswer("pictures", "“%(code)s” is not one of the choices.", code=code[:80])
        named[code] = _scan_called(session, project, name).public_id
    bare = ({key: part for key, part in choice.items() if key != "picture"} for choice in choices)
    return [{**one, "picture": named[one["code"]]} if one["code"] in named else one for one in bare]


def picture_lines(session: Session, choices: Sequence[Mapping[str, Any]]) -> str:
    """The way back: a line for each choice that has an example."""
    pictures = {choice["code"]: choice["picture"] for choice in choices if choice.get("picture")}
    found = session.execute(select(Scan.public_id, Scan.file_name).where(Scan.public_id.in_(pictures.values())))
    names = {public_id: name for public_id, name in found}
    return "\n".join(f"{code} = {names.get(picture, picture)}" for code, picture in pictures.items())


def _scan_called(session: Session, project: Project, name: str) -> Scan:
    same = or_(Scan.file_name == name, Scan.identifier == name, Scan.public_id == name)
    query = select(Scan).where(Scan.project_id == project.id, Scan.state == "shown", Scan.width_px > 0, same)
    found = session.scalar(query.order_by(Scan.id).limit(1)) if name else None
    if found is None:
        raise BadAnswer("pictures", "There is no scan called “%(name)s” in this project.", name=name[:80])
    return found


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
