"""Taking concepts and vocabularies away again, as long as nothing hangs on them; else it is told what does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import String, cast, delete, func, select
from sqlalchemy.orm import Session

from micro.data.models import Answer, Collection, Concept, Project, Record, RecordVersion, Setup, Vocabulary
from micro.errors import Conflict
from micro.services.assignments import current_setup
from micro.services.vocabularies import concept_named, hold_vocabulary

NAMED_MOST = 3


def remove_vocabulary(session: Session, vocabulary: Vocabulary) -> None:
    """Deletes a vocabulary with its concepts. Raises Conflict, naming them, while forms take choices from it."""
    hold_vocabulary(session, vocabulary)
    users = [project for project in _projects(session, vocabulary) if _takes_from(session, project, vocabulary)]
    if users:
        names = ", ".join(f"“{project.text('title', 'en')}”" for project in users[:NAMED_MOST])
        more = ", …" if len(users) > NAMED_MOST else ""
        raise Conflict(
            "The forms of these projects take choices from it, and so it stays: %(names)s.", names=names + more
        )
    session.execute(delete(Concept).where(Concept.vocabulary_id == vocabulary.id))
    session.delete(vocabulary)
    session.flush()


def remove_concept(session: Session, vocabulary: Vocabulary, code: str, now: datetime) -> None:
    """Deletes a concept; forms that offer it keep their copy.

    Raises NotFound, or Conflict while other concepts are below it, or an answer or record has named it.
    Cost: searches the answers of the projects whose forms ever took choices from the vocabulary.
    """
    hold_vocabulary(session, vocabulary)
    concept = concept_named(session, vocabulary, code)
    below = select(func.count()).where(Concept.vocabulary_id == vocabulary.id, Concept.broader == code)
    if count := session.scalar(below):
        raise Conflict(
            "Other concepts are below it (%(count)s), and so it stays. Give them another place first.", count=count
        )
    for project in _projects(session, vocabulary):
        if count := _answers_with(session, project, vocabulary, code):
            title = project.text("title", "en")
            raise Conflict(
                "Answers in “%(project)s” have named it (%(count)s), and so it stays.", count=count, project=title
            )
    session.delete(concept)
    vocabulary.changed_at = now
    session.flush()


def _projects(session: Session, vocabulary: Vocabulary) -> list[Project]:
    query = select(Project).join(Collection, Collection.id == Project.collection_id)
    return list(
        session.scalars(query.where(Collection.institution_id == vocabulary.institution_id).order_by(Project.id))
    )


def _takes_from(session: Session, project: Project, vocabulary: Vocabulary) -> bool:
    return any(_fields_from(current_setup(session, project.id).body, vocabulary))


def _fields_from(body: dict[str, Any], vocabulary: Vocabulary) -> Iterator[str]:
    return (str(one["name"]) for one in body.get("fields", ()) if one.get("vocabulary") == vocabulary.slug)


def _answers_with(session: Session, project: Project, vocabulary: Vocabulary, code: str) -> int:
    """How many answers of a project, and versions of its records, name the concept in a field of this vocabulary."""
    bodies = session.scalars(select(Setup.body).where(Setup.project_id == project.id))
    fields = {name for body in bodies for name in _fields_from(body, vocabulary)}
    if not fields:
        return 0
    answers = select(Answer.value).where(Answer.project_id == project.id, _mentions(Answer.value, code))
    versions = (
        select(RecordVersion.values)
        .join(Record, Record.id == RecordVersion.record_id)
        .where(Record.project_id == project.id, _mentions(RecordVersion.values, code))
    )
    found = [*session.scalars(answers), *session.scalars(versions)]
    return sum(any(_names(value.get(field), code) for field in fields) for value in found)


def _mentions(column: Any, code: str) -> Any:
    """A first sieve in the database: the code stands somewhere in the JSON."""
    return cast(column, String).contains(f'"{code}"', autoescape=True)


def _names(said: Any, code: str) -> bool:
    value = said.get("value") if isinstance(said, dict) else None
    return value == code or (isinstance(value, list) and code in value)
