"""Where imported work goes: its institution, collection, project and form, found or made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.core.addresses import address_from
from micro.core.import_form import Seen, grown, names_by_key
from micro.core.imports import visible
from micro.data.models import Institution, Project, Setup, Task
from micro.errors import BadAnswer, Closed, Conflict
from micro.kinds import kind_named
from micro.services.assignments import current_setup
from micro.services.cutting import hold_project
from micro.services.forms import change_setup
from micro.services.institutions import Description, collection_called, make_institution
from micro.services.projects import institution_named, make_project

Found = TypeVar("Found")
UNNAMED_INSTITUTION = ("imported", "Imported work")
LANGUAGE_LONGEST = 5


@dataclass(frozen=True)
class Wished:
    """Where somebody wants the work. Empty texts mean: whatever is usual. ``named``: the address was said by a person.

    ``name`` is what the work is called where it comes from; ``institution`` is an address, as ``slug`` is.
    """

    name: str
    slug: str
    named: bool
    institution: str = ""
    institution_name: str = ""
    collection: str = ""
    title: str = ""
    licence: str = ""
    language: str = ""


def wished_project(session: Session, wished: Wished) -> Project | None:
    """The project that is there already, or None.

    Raises Conflict when it is another's: of another institution, or nobody named it and nothing was imported into it.
    Closed when it is archived.
    """
    project = session.scalar(select(Project).where(Project.slug == wished.slug))
    if project is None:
        return None
    if project.state == "archived":
        raise Closed("The project “%(slug)s” is archived and stays as it is.", slug=project.slug)
    if wished.institution and project.collection.institution.slug != wished.institution:
        raise Conflict("The project “%(slug)s” belongs to another institution.", slug=project.slug)
    if not wished.named and not _was_imported(session, project):
        raise Conflict(
            "There is a project “%(slug)s” that was not imported; name it with --project if these belong to it.",
            slug=project.slug,
        )
    return project


def _was_imported(session: Session, project: Project) -> bool:
    """Whether an import made its form, or a task of it came from elsewhere."""
    came = select(Task.id).where(Task.project_id == project.id, Task.source_id.is_not(None)).limit(1)
    fields = current_setup(session, project.id).body.get("fields", ())
    return any("source" in field for field in fields) or session.scalar(came) is not None


def open_project(
    session: Session, wished: Wished, seen: Mapping[str, Seen], wanted: int, now: datetime
) -> tuple[Project, bool]:
    """The project, held and with a form for these keys, and whether it is new: a draft.

    ``wanted`` is how many answers each task asks for. Two who make it at once get the same one.
    """
    found = wished_project(session, wished)
    project, new = (
        (found, False)
        if found is not None
        else _found_or_made(lambda: wished_project(session, wished), lambda: _make(session, wished, seen, wanted, now))
    )
    hold_project(session, project)
    if not new:
        grow_form(session, project, seen, now)
    return project, new


def _make(session: Session, wished: Wished, seen: Mapping[str, Seen], wanted: int, now: datetime) -> Project:
    fields = grown((), seen)
    if not fields:
        raise BadAnswer("runs", "Nothing in these answers was typed by people, so there is no form to make of them.")
    if len(wished.language or "en") > LANGUAGE_LONGEST:
        raise BadAnswer("language", "A language is written as en, fr, pt-BR.")
    title = visible(wished.title or wished.name, 200)
    collection = collection_called(session, _institution(session, wished, now), wished.collection or title, now)
    return make_project(
        session,
        collection,
        wished.slug,
        {"en": {"title": title, "lead": "", "about": ""}, "fr": {"title": title, "lead": "", "about": ""}},
        {"fields": fields},
        now,
        licence=wished.licence or "CC-BY-4.0",
        content_language=wished.language or "en",
        # As many answers as were asked for there, and no more of itself: where they differ, a professional looks.
        min_answers=wanted,
        max_answers=wanted,
    )


def _institution(session: Session, wished: Wished, now: datetime) -> Institution:
    """The one that was named, else the only one there is; made when it has a name, or when there is none at all."""
    if wished.institution and not wished.institution_name:
        return institution_named(session, wished.institution)
    if wished.institution_name:
        slug = wished.institution or address_from(wished.institution_name)
        return _institution_at(session, slug, wished.institution_name, now)
    known = session.scalars(select(Institution).order_by(Institution.slug).limit(2)).all()
    if len(known) > 1:
        raise BadAnswer("institution", "There are several institutions: name one with --institution.")
    return known[0] if known else _institution_at(session, *UNNAMED_INSTITUTION, now)


def _institution_at(session: Session, slug: str, name: str, now: datetime) -> Institution:
    """The institution at this address, made with this name when there is none."""

    def find() -> Institution | None:
        return session.scalar(select(Institution).where(Institution.slug == slug))

    return find() or _found_or_made(find, lambda: make_institution(session, slug, Description(name), None, now))[0]


def _found_or_made(find: Callable[[], Found | None], make: Callable[[], Found]) -> tuple[Found, bool]:
    """Made, or found after all because somebody else was faster: the unique key is the truth."""
    try:
        return make(), True
    except Conflict:
        found = find()
        if found is None:
            raise
        return found, False


def grow_form(session: Session, project: Project, seen: Mapping[str, Seen], now: datetime) -> Setup:
    """The project's newest form; a newer version of it when there are keys that it has no field for."""
    setup = current_setup(session, project.id)
    fields = grown(setup.body.get("fields", ()), seen)
    if fields == setup.body.get("fields"):
        return setup
    return change_setup(session, project, {**setup.body, "fields": fields}, now)


@dataclass(frozen=True)
class Form:
    """A form for reading answers: the setup that they remember, and its fields by the key that they come under."""

    setup_id: int
    fields: Mapping[str, Any]
    order: tuple[str, ...]


def form_for(session: Session, project: Project, keys: Mapping[str, object]) -> Form:
    """The project's newest form, as these keys go into it."""
    setup = current_setup(session, project.id)
    fields = {field.name: field for field in kind_named(setup.kind).fields(setup.body)}
    names = names_by_key(setup.body.get("fields", ()), keys)
    return Form(setup.id, {key: fields[name] for key, name in names.items()}, tuple(fields))
