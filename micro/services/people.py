"""Who is who: the roles of an account, and the volunteer behind an account or a cookie."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from micro.data.models import Acceptance, Account, Membership, Volunteer

ROLES = ("reviewer", "manager")


@dataclass(frozen=True)
class Person:
    """Who makes a request. ``roles`` is {institution id: "reviewer" or "manager"}; a visitor has no account."""

    account_id: int | None = None
    public_id: str = ""
    name: str = ""
    language: str = ""
    roles: Mapping[int, str] | None = None
    is_network_admin: bool = False

    def role_in(self, institution_id: int) -> str:
        """reviewer, manager, admin, or empty for none."""
        return "admin" if self.is_network_admin else (self.roles or {}).get(institution_id, "")

    def may_review(self, institution_id: int) -> bool:
        return self.role_in(institution_id) in ("reviewer", "manager", "admin")

    def may_manage(self, institution_id: int) -> bool:
        return self.role_in(institution_id) in ("manager", "admin")

    @property
    def works_somewhere(self) -> bool:
        """Whether any desk is open to this person."""
        return self.is_network_admin or bool(self.roles)


def person_of(session: Session, account: Account) -> Person:
    """The account with its roles."""
    memberships = session.scalars(select(Membership).where(Membership.account_id == account.id))
    return Person(
        account.id,
        account.public_id,
        account.name,
        account.language,
        {m.institution_id: m.role for m in memberships},
        account.is_network_admin,
    )


def volunteer_of_account(session: Session, account_id: int, now: datetime) -> Volunteer:
    """The volunteer behind an account, made at the first need."""
    return _found_or_made(session, Volunteer.account_id == account_id, Volunteer(account_id=account_id, created_at=now))


def volunteer_of_cookie(session: Session, token: str, now: datetime) -> Volunteer:
    """The volunteer behind a signed cookie's token, made at the first need; only a hash of the token is kept."""
    hashed = hash_token(token)
    return _found_or_made(session, Volunteer.cookie_hash == hashed, Volunteer(cookie_hash=hashed, created_at=now))


def known_volunteer(session: Session, account_id: int | None, token: str | None) -> Volunteer | None:
    """The volunteer behind an account or a cookie if there is one; nothing is made."""
    if account_id is not None:
        return session.scalar(select(Volunteer).where(Volunteer.account_id == account_id))
    return session.scalar(select(Volunteer).where(Volunteer.cookie_hash == hash_token(token))) if token else None


def own_ids(session: Session, volunteer: Volunteer | None) -> list[int]:
    """The volunteer and those whose answers they claimed; only an account's volunteer has any. Nobody: none."""
    if volunteer is None:
        return []
    if volunteer.account_id is None:
        return [volunteer.id]
    claimed = select(Volunteer.id).where(Volunteer.claimed_by_id == volunteer.id)
    return [volunteer.id, *session.scalars(claimed.order_by(Volunteer.id))]


def _found_or_made(session: Session, which: object, new: Volunteer) -> Volunteer:
    query = select(Volunteer).where(which)  # type: ignore[arg-type]
    found = session.scalar(query)
    if found is not None:
        return found
    try:
        with session.begin_nested():
            session.add(new)
            session.flush()
    except IntegrityError:  # The same visitor's other request was faster.
        return session.scalars(query).one()
    return new


def hash_token(token: str) -> str:
    """SHA-256 of a random token: enough for secrets of 128 bits and more, unlike for passwords."""
    return hashlib.sha256(token.encode()).hexdigest()


def has_accepted(session: Session, volunteer_id: int, terms_version: str, licence: str) -> bool:
    """Whether the volunteer accepted these terms of contribution."""
    return (
        session.scalar(
            select(Acceptance.id).where(
                Acceptance.volunteer_id == volunteer_id,
                Acceptance.terms_version == terms_version,
                Acceptance.licence == licence,
            )
        )
        is not None
    )


def accept_terms(
    session: Session, volunteer: Volunteer, terms_version: str, licence: str, language: str, wording: str, now: datetime
) -> None:
    """Keeps that the volunteer accepted the terms, with the words that were shown. Twice is once."""
    if has_accepted(session, volunteer.id, terms_version, licence):
        return
    try:
        with session.begin_nested():
            session.add(
                Acceptance(
                    volunteer_id=volunteer.id,
                    terms_version=terms_version,
                    licence=licence,
                    language=language,
                    wording=wording,
                    accepted_at=now,
                )
            )
            session.flush()
    except IntegrityError:  # The same volunteer's other tab was faster.
        return
