"""Who works for an institution: roles given, changed and taken away, and never the last manager's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from micro.data.models import Account, Institution, Membership
from micro.errors import BadAnswer, Conflict, NotFound
from micro.services.institutions import hold_institution
from micro.services.moves import note_move
from micro.services.people import ROLES, Person


@dataclass(frozen=True)
class Colleague:
    """Somebody with a role; ``is_needed`` for the only manager."""

    account: Account
    role: str
    since: datetime
    is_needed: bool


def colleagues(session: Session, institution: Institution) -> list[Colleague]:
    """Everybody with a role in the institution: managers first, then by name."""
    found = session.scalars(
        select(Membership)
        .join(Account, Account.id == Membership.account_id)
        .where(Membership.institution_id == institution.id)
        .options(joinedload(Membership.account))
        .order_by(Membership.role, Account.name, Account.id)
    ).all()
    managers = sum(one.role == "manager" for one in found)
    return [Colleague(one.account, one.role, one.created_at, one.role == "manager" and managers == 1) for one in found]


def checked_role(role: str) -> str:
    """The role; BadAnswer("role") for anything else."""
    if role not in ROLES:
        raise BadAnswer("role", "A role is one of: %(roles)s.", roles=", ".join(ROLES))
    return role


def add_colleague(session: Session, institution: Institution, account: Account, role: str, now: datetime) -> Membership:
    """Gives somebody who has no role yet one; Conflict when they have one. The institution's row is held."""
    membership = Membership(
        account_id=account.id, institution_id=institution.id, role=checked_role(role), created_at=now
    )
    try:
        with session.begin_nested():
            session.add(membership)
            session.flush()
    except IntegrityError:
        raise Conflict("You work for %(institution)s already.", institution=institution.name) from None
    note_move(session, "membership", membership.id, account.id, now, "", role, institution.slug)
    return membership


def change_role(
    session: Session, institution: Institution, public_id: str, role: str, seen: str, actor: Person, now: datetime
) -> Account:
    """Gives a colleague the ``role``, or none when it is empty; returns their account.

    Conflict when the role is no longer the one that was ``seen``, and when nobody would be left who manages: only
    those who run the network may take the last manager away.
    """
    hold_institution(session, institution)
    membership = session.scalar(
        select(Membership)
        .join(Account, Account.id == Membership.account_id)
        .where(Membership.institution_id == institution.id, Account.public_id == public_id)
        .execution_options(populate_existing=True)
    )
    if membership is None:
        raise NotFound("This person does not work for %(institution)s any more.", institution=institution.name)
    if membership.role != seen:
        raise Conflict("Somebody else changed this role meanwhile. Please look at it once more.")
    if role != membership.role:
        _check_managed(session, membership, actor)
        _write_role(session, institution, membership, role, actor, now)
    return membership.account


def _check_managed(session: Session, membership: Membership, actor: Person) -> None:
    if membership.role != "manager" or actor.is_network_admin:
        return
    others = (
        select(func.count())
        .select_from(Membership)
        .where(
            Membership.institution_id == membership.institution_id,
            Membership.role == "manager",
            Membership.id != membership.id,
        )
    )
    if not session.scalar(others):
        raise Conflict("An institution needs a manager. Make somebody else a manager first.")


def _write_role(
    session: Session, institution: Institution, membership: Membership, role: str, actor: Person, now: datetime
) -> None:
    note_move(session, "membership", membership.id, actor.account_id, now, membership.role, role, institution.slug)
    if role:
        membership.role = checked_role(role)
    else:
        session.delete(membership)
    session.flush()
