"""Suggestions for a text that is being typed: labels of the vocabulary that its field names."""

from __future__ import annotations

import unicodedata
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from threading import Lock

from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.core.fields import Field
from micro.data.models import Concept, Project
from micro.errors import MicroError, NotFound
from micro.kinds import kind_named
from micro.services.assignments import current_setup
from micro.services.vocabularies import vocabulary_of

MOST = 12
LONGEST_TYPED = 120
Label = tuple[str, str]
"""A label as it is compared, and as it is written."""

# Somebody types a letter every fifth of a second: the labels of a few vocabularies are kept until these change.
_KEPT = 8
_labels: OrderedDict[tuple[int, datetime, str], tuple[Label, ...]] = OrderedDict()
_lock = Lock()


def suggest(session: Session, project: Project, place: str, typed: str) -> list[str]:
    """The labels that begin with what was typed, then those with a word that does, then others that hold it.

    ``place`` is the name of a field, or that of a column after those of its table and row: "finds.r2.what". At most 12;
    case and accents are all one. Raises NotFound for a field without suggestions. Cost: the labels of the vocabulary,
    some 20,000 at most, in memory.
    """
    field = _field_at(session, project, place)
    vocabulary = vocabulary_of(session, project.collection.institution_id, field.suggest)
    wanted = fold(typed[:LONGEST_TYPED])
    if vocabulary is None or not wanted:
        return []
    key = vocabulary.id, vocabulary.changed_at, project.content_language
    with _lock:
        known = _labels.get(key)
    if known is None:
        known = _read(session, vocabulary.id, project.content_language)
        _keep(key, known)
    return _fitting(known, wanted)


def fold(text: str) -> str:
    """The text as it is compared: without case, accents and surplus blanks."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(sign for sign in letters if not unicodedata.combining(sign)).split())


def _field_at(session: Session, project: Project, place: str) -> Field:
    setup = current_setup(session, project.id)
    try:
        fields: Sequence[Field] = kind_named(setup.kind).fields(setup.body)
    except MicroError:
        fields = ()
    first, *rest = place.split(".")
    found = next((field for field in fields if field.name == first), None)
    if found is not None and rest:
        found = next((column for column in found.columns if column.name == rest[-1]), None)
    if found is None or not found.suggest:
        raise NotFound("There are no suggestions for this field.")
    return found


def _read(session: Session, vocabulary_id: int, language: str) -> tuple[Label, ...]:
    """The labels of a vocabulary in the language of the scans, else in any; in their order."""
    rows = session.scalars(
        select(Concept.labels).where(Concept.vocabulary_id == vocabulary_id).order_by(Concept.position, Concept.id)
    )
    words = (labels.get(language) or next(iter(labels.values()), "") for labels in rows)
    return tuple((fold(word), word) for word in dict.fromkeys(map(str, words)) if word)


def _keep(key: tuple[int, datetime, str], labels: tuple[Label, ...]) -> None:
    with _lock:
        _labels[key] = labels
        _labels.move_to_end(key)
        while len(_labels) > _KEPT:
            _labels.popitem(last=False)


def _fitting(labels: Sequence[Label], wanted: str) -> list[str]:
    ranked: tuple[list[str], list[str], list[str]] = [], [], []
    for folded, label in labels:
        if wanted in folded:
            rank = 0 if folded.startswith(wanted) else 1 if f" {wanted}" in folded else 2
            ranked[rank].append(label)
    return [label for some in ranked for label in some][:MOST]
