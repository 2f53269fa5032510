"""Institutions and their collections: made by the network, described by their managers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from micro.core.accounts import checked_address
from micro.core.addresses import address_from, checked_slug
from micro.data.database import locked
from micro.data.models import Collection, Institution, Membership, Project
from micro.errors import BadAnswer, Conflict, NotFound
from micro.services.editing import fingerprint, gathered
from micro.services.moves import note_move

ACCENTS = ("", "valmont", "notarial", "harrowby", "kesten")
NAME_LONGEST, ABOUT_LONGEST, WEBSITE_LONGEST = 200, 5000, 300


@dataclass(frozen=True)
class Description:
    """What an institution says of itself; ``about`` by language."""

    name: str
    accent: str = ""
    about: Mapping[str, str] = field(default_factory=dict)
    website: str = ""
    contact: str = ""


def institution_named(session: Session, slug: str) -> Institution:
    """The institution with this slug; NotFound otherwise."""
    found = session.scalar(select(Institution).where(Institution.slug == slug))
    if found is None:
        raise NotFound("There is no institution called “%(slug)s”.", slug=slug)
    return found


def hold_institution(session: Session, institution: Institution) -> None:
    """Holds the institution's row: its staff, invitations and collections change one after the other."""
    held = locked(select(Institution).where(Institution.id == institution.id)).execution_options(populate_existing=True)
    session.scalars(held).one()


def make_institution(
    session: Session, slug: str, description: Description, account_id: int | None, now: datetime
) -> Institution:
    """A new institution. BadAnswer with every problem at once; Conflict when its address is taken."""
    checked, slug = gathered(
        lambda: checked_description(description), lambda: checked_slug(slug or address_from(description.name))
    )
    made = Institution(slug=slug, created_at=now, name=checked.name)
    _describe(made, checked)
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError:
        raise Conflict("There is an institution at the address “%(slug)s” already.", slug=slug) from None
    note_move(session, "institution", made.id, account_id, now, "", "made", made.slug)
    return made


def change_institution(session: Session, institution: Institution, description: Description, seen: str) -> None:
    """Describes the institution anew. BadAnswer with every problem; Conflict when it is not as it was ``seen``."""
    checked = checked_description(description)
    hold_institution(session, institution)
    if seen != fingerprint(asdict(described(institution))):
        raise Conflict("Somebody else changed this meanwhile. Please look at both and save again.")
    _describe(institution, checked)
    session.flush()


def described(institution: Institution) -> Description:
    """What the institution says of itself now."""
    about = {language: text for language, text in (institution.about or {}).items() if text}
    return Description(institution.name, institution.accent, about, institution.website, institution.contact)


def _describe(institution: Institution, checked: Description) -> None:
    institution.name, institution.accent, institution.about = checked.name, checked.accent, dict(checked.about)
    institution.website, institution.contact = checked.website, checked.contact


def checked_description(wished: Description) -> Description:
    """The description as it may be kept; BadAnswer with every problem at once."""
    name, accent, website, contact, about = gathered(
        lambda: _checked_name(wished.name),
        lambda: _checked_accent(wished.accent),
        lambda: checked_website(wished.website),
        lambda: _checked_contact(wished.contact),
        lambda: _checked_about(wished.about),
    )
    return Description(name, accent, about, website, contact)


def _checked_name(typed: str) -> str:
    name = " ".join(typed.split())
    if not name or len(name) > NAME_LONGEST or not name.isprintable():
        raise BadAnswer("name", "An institution needs a name of at most %(most)s characters.", most=NAME_LONGEST)
    return name


def _checked_accent(accent: str) -> str:
    if accent not in ACCENTS:
        raise BadAnswer("accent", "Choose one of the colours.")
    return accent


def _checked_contact(typed: str) -> str:
    if not typed.strip():
        return ""
    try:
        return checked_address(typed)
    except BadAnswer as problem:
        raise BadAnswer("contact", problem.sentence) from None


def _checked_about(about: Mapping[str, str]) -> dict[str, str]:
    kept = {language: text.replace("\r\n", "\n").strip() for language, text in about.items()}
    for language, text in kept.items():
        if len(text) > ABOUT_LONGEST:
            raise BadAnswer(f"about_{language}", "Please take at most %(most)s characters.", most=ABOUT_LONGEST)
    return {language: text for language, text in kept.items() if text}


def checked_website(typed: str) -> str:
    """An address on the web, or empty; BadAnswer otherwise. Without a scheme it becomes https.

    >>> checked_website(" museum.example/finds "), checked_website("")
    ('https://museum.example/finds', '')
    """
    address = typed.strip()
    if not address:
        return ""
    whole = address if "://" in address else f"https://{address}"
    try:
        parts = urlsplit(whole)
        host = parts.hostname or ""
    except ValueError:
        host, parts = "", None
    good = parts is not None and parts.scheme in ("http", "https") and "." in host.strip(".")
    if not good or len(whole) > WEBSITE_LONGEST or not whole.isprintable() or any(sign in whole for sign in ' "<>\\'):
        raise BadAnswer("website", "This is not an address on the web. One looks like https://museum.org.")
    return whole


# --- lists ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class InstitutionRow:
    """An institution with how many projects and people it has."""

    institution: Institution
    projects: int
    staff: int


def institutions(session: Session, ids: Iterable[int] | None = None) -> list[InstitutionRow]:
    """Some institutions (None: all), by name, in one query."""
    projects = (
        select(func.count(Project.id)).join(Collection).where(Collection.institution_id == Institution.id)
    ).scalar_subquery()
    staff = select(func.count(Membership.id)).where(Membership.institution_id == Institution.id).scalar_subquery()
    query = select(Institution, projects, staff).order_by(Institution.name, Institution.id)
    if ids is not None:
        query = query.where(Institution.id.in_(list(ids)))
    return [InstitutionRow(*row) for row in session.execute(query)]


def collections_of(session: Session, institution: Institution) -> list[tuple[Collection, int]]:
    """The collections of an institution by name, with how many projects each has."""
    found = session.execute(
        select(Collection, func.count(Project.id))
        .outerjoin(Project, Project.collection_id == Collection.id)
        .where(Collection.institution_id == institution.id)
        .group_by(Collection.id)
        .order_by(Collection.name, Collection.id)
    )
    return [(collection, count) for collection, count in found]


def collection_called(session: Session, institution: Institution, name: str, now: datetime) -> Collection:
    """The institution's collection of this name, made when it is new. BadAnswer without a name."""
    name = " ".join(name.split())[:NAME_LONGEST]
    if not name or not name.isprintable():
        raise BadAnswer("collection", "Which collection do the scans belong to? Any name that you use will do.")
    hold_institution(session, institution)  # Two at once make one.
    found = session.scalar(
        select(Collection)
        .where(Collection.institution_id == institution.id, Collection.name == name)
        .order_by(Collection.id)
        .limit(1)
    )
    if found is None:
        found = Collection(institution=institution, name=name, created_at=now)
        session.add(found)
        session.flush()
    return found
