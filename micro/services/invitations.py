"""Invitations: a role in an institution, offered by mail to one address, for two weeks.

The link in the mail holds a random token of which only a hash is kept. It proves that whoever opens it reads the
mails of that address, so an account may be made with it; it never opens an account that is there.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from micro.core.accounts import Wish, checked_address
from micro.core.states import INVITATION, check_move
from micro.data.database import locked
from micro.data.models import Account, Institution, Invitation, Membership
from micro.errors import BadAnswer, Closed, Conflict, NotAllowed, NotFound
from micro.services.accounts import account_at, make_confirmed, set_password
from micro.services.editing import gathered
from micro.services.institutions import hold_institution
from micro.services.moves import note_move
from micro.services.people import hash_token
from micro.services.staff import add_colleague, checked_role

VALID = timedelta(days=14)


@dataclass(frozen=True)
class Invited:
    """An invitation with the token of its link, which is known at this moment only."""

    invitation: Invitation
    token: str


# --- from the inside ------------------------------------------------------------------------------------------------


def invite(
    session: Session, institution: Institution, email: str, role: str, account_id: int | None, now: datetime
) -> Invited:
    """A new invitation. BadAnswer for an address or role that cannot be, and for somebody who works there already.

    Conflict while the same address has an open one: that can be sent again.
    """
    address, role = gathered(lambda: checked_address(email), lambda: checked_role(role))
    hold_institution(session, institution)  # Of two at once one is made.
    if _works_there(session, institution, address):
        raise BadAnswer(
            "email", "Whoever has this address works for %(institution)s already.", institution=institution.name
        )
    if any(one.email == address and one.expires_at > now for one in open_invitations(session, institution)):
        raise Conflict("%(email)s is invited already. You can send the invitation again below.", email=address)
    token = secrets.token_urlsafe(24)
    made = Invitation(
        institution=institution,
        email=address,
        role=role,
        token_hash=hash_token(token),
        state="open",
        invited_by_id=account_id,
        created_at=now,
        expires_at=now + VALID,
    )
    session.add(made)
    session.flush()
    note_move(session, "invitation", made.id, account_id, now, "", "open", role)
    return Invited(made, token)


def _works_there(session: Session, institution: Institution, address: str) -> bool:
    found = select(Membership.id).join(Account, Account.id == Membership.account_id)
    return (
        session.scalar(found.where(Membership.institution_id == institution.id, Account.email == address)) is not None
    )


def open_invitations(session: Session, institution: Institution) -> list[Invitation]:
    """The institution's invitations that are neither accepted nor withdrawn, newest first; some may have expired."""
    open_ones = select(Invitation).where(Invitation.institution_id == institution.id, Invitation.state == "open")
    return list(session.scalars(open_ones.order_by(Invitation.created_at.desc(), Invitation.id.desc())))


def invitation_at(session: Session, institution: Institution, public_id: str) -> Invitation:
    """One invitation of the institution; NotFound otherwise."""
    found = session.scalar(
        select(Invitation).where(Invitation.public_id == public_id, Invitation.institution_id == institution.id)
    )
    if found is None:
        raise NotFound("There is no such invitation.")
    return found


def withdraw(session: Session, institution: Institution, public_id: str, account_id: int | None, now: datetime) -> str:
    """Withdraws an open invitation, whose link then says so; returns its address."""
    found = _held(session, institution, public_id)
    check_move(INVITATION, found.state, "withdrawn")
    note_move(session, "invitation", found.id, account_id, now, found.state, "withdrawn")
    found.state = "withdrawn"
    session.flush()
    return found.email


def send_again(
    session: Session, institution: Institution, public_id: str, account_id: int | None, now: datetime
) -> Invited:
    """A new link for an open invitation, for two more weeks; the link before ends."""
    found = _held(session, institution, public_id)
    if found.state != "open":
        raise Conflict("This invitation is not open any more.")
    token = secrets.token_urlsafe(24)
    found.token_hash, found.expires_at = hash_token(token), now + VALID
    note_move(session, "invitation", found.id, account_id, now, "open", "open", "sent again")
    session.flush()
    return Invited(found, token)


def _held(session: Session, institution: Institution, public_id: str) -> Invitation:
    found = invitation_at(session, institution, public_id)
    held = locked(select(Invitation).where(Invitation.id == found.id)).execution_options(populate_existing=True)
    return session.scalars(held).one()


# --- from the outside -----------------------------------------------------------------------------------------------


def invitation_behind(session: Session, token: str, now: datetime, hold: bool = False) -> Invitation:
    """The open invitation of a link; NotFound for a link that is none of ours, Closed for one that is over."""
    query = select(Invitation).where(Invitation.token_hash == hash_token(token))
    found: Invitation | None = session.scalar(
        locked(query).execution_options(populate_existing=True)
        if hold
        else query.options(joinedload(Invitation.institution))
    )
    if found is None:
        raise NotFound("There is no such invitation. Is the link complete? A newer mail ends the links before it.")
    if found.state == "accepted":
        raise Closed("This invitation was accepted already.")
    if found.state == "withdrawn":
        raise Closed("This invitation was withdrawn.")
    if found.expires_at <= now:
        raise Closed("This invitation has expired. Please ask for a new one.")
    return found


def accept(session: Session, token: str, account: Account, now: datetime) -> Institution:
    """Gives the account the role that the invitation offers; returns the institution.

    NotAllowed for an account with another address, Conflict for somebody who works there already; the rest as in
    invitation_behind. Of two at once one accepts.
    """
    found = invitation_behind(session, token, now, hold=True)
    if account.email != found.email or not account.email_confirmed:
        raise NotAllowed("This invitation was sent to %(email)s. Please sign in with that address.", email=found.email)
    add_colleague(session, found.institution, account, found.role, now)
    note_move(session, "invitation", found.id, account.id, now, found.state, "accepted")
    found.state, found.accepted_by_id = "accepted", account.id
    session.flush()
    return found.institution


def accept_anew(session: Session, token: str, wish: Wish, password_hash: str, now: datetime) -> Account:
    """Makes an account for whoever was invited, and accepts with it; returns the account.

    The link proves the address. Conflict when it has an account already: that one is signed in to. An account that
    was never confirmed gets this name and password instead: whoever made it has not shown that the address is theirs.
    """
    found = invitation_behind(session, token, now, hold=True)
    account = account_at(session, found.email)
    if account is None:
        account = make_confirmed(session, replace(wish, email=found.email), password_hash, now)
    elif account.email_confirmed:
        raise Conflict("There is an account with this address already. Please sign in to accept.")
    else:
        account.name, account.language = wish.name, wish.language
        set_password(session, account, password_hash)
    accept(session, token, account, now)
    return account
