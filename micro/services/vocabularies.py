"""Vocabularies of an institution: looking at them, mending a concept, and taking a file in."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from micro.core.vocabularies import CONCEPTS_MOST, LANGUAGES, Entry, Plan, Read, make_code, plan_import
from micro.core.vocabularies.entries import checked
from micro.data.database import locked
from micro.data.models import Concept, Institution, Vocabulary
from micro.errors import BadAnswer, Conflict, NotFound

A_PAGE = 50
NAME_LONGEST = 200
SLUG_LONGEST = 60


@dataclass(frozen=True)
class ConceptPage:
    """One page of concepts; ``total`` counts those that were searched for, on all pages."""

    concepts: tuple[Concept, ...]
    total: int
    page: int
    pages: int


def vocabularies_of(session: Session, institution_id: int) -> list[tuple[Vocabulary, int]]:
    """The vocabularies of an institution by name, each with the number of its concepts."""
    counts = select(Concept.vocabulary_id, func.count().label("n")).group_by(Concept.vocabulary_id).subquery()
    found = session.execute(
        select(Vocabulary, counts.c.n)
        .outerjoin(counts, counts.c.vocabulary_id == Vocabulary.id)
        .where(Vocabulary.institution_id == institution_id)
        .order_by(Vocabulary.name, Vocabulary.id)
    )
    return [(vocabulary, count or 0) for vocabulary, count in found]


def vocabulary_named(session: Session, public_id: str) -> Vocabulary:
    """The vocabulary at an address; NotFound otherwise."""
    found = session.scalar(select(Vocabulary).where(Vocabulary.public_id == public_id))
    if found is None:
        raise NotFound("There is no such vocabulary.")
    return found


def vocabulary_of(session: Session, institution_id: int, slug: str) -> Vocabulary | None:
    """The institution's vocabulary with this slug, which forms remember; None when there is none."""
    return session.scalar(
        select(Vocabulary).where(Vocabulary.institution_id == institution_id, Vocabulary.slug == slug)
    )


def make_vocabulary(session: Session, institution: Institution, name: str, now: datetime) -> Vocabulary:
    """A new, empty vocabulary. Raises BadAnswer("name"), also for a name that the institution has already."""
    name = " ".join(name.split())
    if not name or len(name) > NAME_LONGEST:
        raise BadAnswer("name", "Give the vocabulary a name of at most %(most)s characters.", most=NAME_LONGEST)
    slug = make_code(name).lower().replace(".", "-").replace(":", "-").replace("_", "-")[:SLUG_LONGEST]
    if vocabulary_of(session, institution.id, slug) is not None:
        raise BadAnswer("name", "There is a vocabulary with this name already.")
    made = Vocabulary(institution=institution, slug=slug, name=name, created_at=now, changed_at=now)
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError:  # A colleague made it at this moment.
        raise BadAnswer("name", "There is a vocabulary with this name already.") from None
    return made


def concepts_page(session: Session, vocabulary: Vocabulary, searched: str = "", page: int = 1) -> ConceptPage:
    """The concepts in their order, or those in whose code, labels or URI all the searched words occur.

    Letters count without case and accents. Cost: reads the whole vocabulary, some 20,000 rows at most.
    """
    concepts: Sequence[Concept] = session.scalars(_in_order(vocabulary)).all()
    words = _folded(searched).split()
    if words:
        concepts = [one for one in concepts if all(word in _folded(_all_text(one)) for word in words)]
    pages = max(1, -(-len(concepts) // A_PAGE))
    page = min(max(1, page), pages)
    return ConceptPage(tuple(concepts[(page - 1) * A_PAGE : page * A_PAGE]), len(concepts), page, pages)


def _in_order(vocabulary: Vocabulary) -> Any:
    return select(Concept).where(Concept.vocabulary_id == vocabulary.id).order_by(Concept.position, Concept.id)


def _all_text(concept: Concept) -> str:
    return " ".join((concept.code, concept.uri, *map(str, concept.labels.values())))


def _folded(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in letters if not unicodedata.combining(sign))


def entries_of(session: Session, vocabulary: Vocabulary) -> list[Entry]:
    """All concepts as entries, in their order."""
    columns = (Concept.code, Concept.labels, Concept.uri, Concept.broader)
    rows = session.execute(_in_order(vocabulary).with_only_columns(*columns))
    return [Entry(code, dict(labels), uri, broader) for code, labels, uri, broader in rows]


def concept_named(session: Session, vocabulary: Vocabulary, code: str) -> Concept:
    """The concept with this code; NotFound otherwise."""
    found = session.scalar(select(Concept).where(Concept.vocabulary_id == vocabulary.id, Concept.code == code))
    if found is None:
        raise NotFound("There is no concept “%(code)s” in this vocabulary.", code=code[:80])
    return found


def add_concept(session: Session, vocabulary: Vocabulary, typed: Mapping[str, str], now: datetime) -> Concept:
    """One more concept, at the end. Raises BadAnswer(code, en, uri or broader); nothing given as code: it is made.

    ``typed`` has code, en, fr, uri and broader, each of which may be missing.
    """
    hold_vocabulary(session, vocabulary)
    entries = entries_of(session, vocabulary)
    if len(entries) >= CONCEPTS_MOST:
        raise BadAnswer("code", "A vocabulary holds at most %(most)s concepts.", most=CONCEPTS_MOST)
    labels = _labels(typed)
    code = typed.get("code", "") or make_code(next(iter(labels.values()), "")).lower()
    entry = _checked_part(entries, Entry(code, labels, typed.get("uri", ""), typed.get("broader", "")))
    if any(other.code == code for other in entries):
        raise BadAnswer("code", "There is a concept “%(code)s” already.", code=code)
    made = Concept(vocabulary_id=vocabulary.id, position=_next_position(session, vocabulary), **_columns(entry))
    session.add(made)
    vocabulary.changed_at = now
    session.flush()
    return made


def change_concept(
    session: Session,
    vocabulary: Vocabulary,
    code: str,
    typed: Mapping[str, str],
    seen: Mapping[str, str],
    now: datetime,
) -> Concept:
    """Other labels, URI or place for a concept; its code stays for ever.

    ``seen`` is what stood in the same fields when the page was opened: Conflict when a colleague changed it since.
    """
    hold_vocabulary(session, vocabulary)
    concept = concept_named(session, vocabulary, code)
    if typed_of(concept) != dict(seen):
        raise Conflict(
            "A colleague has changed this concept meanwhile. Look at both, and save again what should stand."
        )
    entries = [entry for entry in entries_of(session, vocabulary) if entry.code != code]
    others = {language: text for language, text in concept.labels.items() if language not in LANGUAGES}
    entry = Entry(code, {**others, **_labels(typed)}, typed.get("uri", ""), typed.get("broader", ""))
    _checked_part(entries, entry)
    concept.labels, concept.uri, concept.broader = dict(entry.labels), entry.uri, entry.broader
    vocabulary.changed_at = now
    session.flush()
    return concept


def typed_of(concept: Concept) -> dict[str, str]:
    """A concept as its form shows it."""
    labels = {language: str(concept.labels.get(language, "")) for language in LANGUAGES}
    return {**labels, "uri": concept.uri, "broader": concept.broader}


def _labels(typed: Mapping[str, str]) -> dict[str, str]:
    return {language: typed[language] for language in LANGUAGES if typed.get(language)}


def _checked_part(others: Iterable[Entry], entry: Entry) -> Entry:
    """The entry, if it can stand beside the others; BadAnswer with the part of the form that cannot."""
    if not entry.labels:
        raise BadAnswer("en", "Give a label in at least one language.")
    checked(Entry("x", entry.labels, place="en"))
    checked(Entry(entry.code, {"en": "x"}, place="code"))
    checked(Entry("x", {"en": "x"}, entry.uri, place="uri"))
    if entry.uri and any(other.uri == entry.uri for other in others):
        raise BadAnswer("uri", "Another concept of this vocabulary has this URI.")
    above = {other.code: other.broader for other in others}
    if entry.broader and entry.broader not in above:
        raise BadAnswer("broader", "There is no other concept “%(code)s” here.", code=entry.broader[:80])
    higher = entry.broader
    while higher in above:  # Each is passed once: a circle that was here already ends it as well.
        higher = above.pop(higher)
        if higher == entry.code:
            raise BadAnswer("broader", "“%(code)s” stands below this concept itself.", code=entry.broader[:80])
    return entry


def _columns(entry: Entry) -> dict[str, Any]:
    return {"code": entry.code, "labels": dict(entry.labels), "uri": entry.uri, "broader": entry.broader}


def _next_position(session: Session, vocabulary: Vocabulary) -> int:
    last = select(func.max(Concept.position)).where(Concept.vocabulary_id == vocabulary.id)
    return (session.scalar(last) or 0) + 1


def hold_vocabulary(session: Session, vocabulary: Vocabulary) -> None:
    """Holds the vocabulary: changes to it are made one after the other."""
    held = locked(select(Vocabulary).where(Vocabulary.id == vocabulary.id)).execution_options(populate_existing=True)
    session.scalars(held).one()


def plan_of(session: Session, vocabulary: Vocabulary, read: Read) -> Plan:
    """What taking the file in would change. Raises BadAnswer("file")."""
    return plan_import(entries_of(session, vocabulary), read)


def take_in(session: Session, vocabulary: Vocabulary, read: Read, now: datetime) -> Plan:
    """Takes the file in: adds and changes concepts, removes none; returns what was done. Twice: nothing more happens.

    What is done is decided anew, by the vocabulary as it is now and not as it was when somebody looked at the plan.
    """
    hold_vocabulary(session, vocabulary)
    plan = plan_of(session, vocabulary, read)
    position = _next_position(session, vocabulary)
    if plan.added:
        session.execute(
            insert(Concept),
            [
                {"vocabulary_id": vocabulary.id, "position": position + place, **_columns(entry)}
                for place, entry in enumerate(plan.added)
            ],
        )
    changed = {change.after.code: change.after for change in plan.changed}
    for concept in session.scalars(_in_order(vocabulary)) if changed else ():
        if (after := changed.get(concept.code)) is not None:
            concept.labels, concept.uri, concept.broader = dict(after.labels), after.uri, after.broader
    if read.uri and not vocabulary.uri:
        vocabulary.uri = read.uri
    if plan.added or changed:
        vocabulary.changed_at = now
    session.flush()
    return plan
