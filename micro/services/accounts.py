"""Accounts: who signs up, which mail is due, and what somebody may change about themselves.

Nothing here tells a stranger whether an address has an account: every sign-up and every forgotten password ends in
exactly one mail, and only the mail differs.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from micro.core.accounts import PASSWORD_MOST, Wish, checked_name, checked_wish, composed, plain_address
from micro.core.ports import PasswordHasher
from micro.data.models import Account, Institution, Membership
from micro.errors import BadAnswer, Conflict, NotFound
from micro.services.people import ROLES, hash_token


@dataclass(frozen=True)
class Letter:
    """A mail that is due after the commit: which text, to whom, in which language, about which account."""

    text: Literal["confirm", "taken", "reset", "unknown", "address", "in_use", "moved"]
    to: str
    language: str
    account: Account | None = None
    new_address: str = ""


# --- signing up and in --------------------------------------------------------------------------------------------


def sign_up(session: Session, wish: Wish, password_hash: str, now: datetime) -> Letter:
    """Makes an account that is not confirmed yet, unless the address has one; returns the mail that is due.

    An account that exists is never changed from here, confirmed or not: whoever types an address has not shown that
    it is theirs.
    """
    if account_at(session, wish.email) is None:
        try:
            with session.begin_nested():
                _add(session, wish, password_hash, now, confirmed=False, network_admin=False)
        except IntegrityError:  # The same sign-up, sent twice at once.
            pass
    return letter_again(session, wish.email, wish.language)


def letter_again(session: Session, email: str, language: str) -> Letter:
    """The mail for somebody who signed up and waits: to confirm, or that there is an account, or that there is none."""
    account = account_at(session, email)
    if account is None:
        return Letter("unknown", email, language)
    return Letter("taken" if account.email_confirmed else "confirm", account.email, account.language, account)


def letter_reset(session: Session, email: str, language: str) -> Letter:
    """The mail for somebody who forgot the password: a link to set a new one, or that there is no account."""
    account = account_at(session, email)
    return Letter("reset", account.email, account.language, account) if account else Letter("unknown", email, language)


def account_at(session: Session, email: str) -> Account | None:
    """The account with this address, however it is typed."""
    return session.scalar(select(Account).where(Account.email == plain_address(email)))


def is_right_password(account: Account | None, typed: str, passwords: PasswordHasher) -> bool:
    """Whether the password is the account's. Takes as long when there is no account, so that time tells nothing."""
    password = composed(typed)[: PASSWORD_MOST + 1]
    if account is None:
        passwords.hash(password)
        return False
    return passwords.verify(account.password_hash, password)


def set_password(session: Session, account: Account, password_hash: str) -> None:
    """Sets a new password after a link in a mail was opened, which confirms the address too.

    Every session and the API key end: the reason may be that somebody else had them.
    """
    account.password_hash, account.session_stamp = password_hash, _new_stamp()
    account.email_confirmed, account.api_key_hash = True, None
    session.flush()


# --- what somebody changes about themselves -----------------------------------------------------------------------


def account_of(session: Session, account_id: int) -> Account:
    """The account; NotFound when it is gone."""
    if (account := session.get(Account, account_id)) is None:
        raise NotFound("There is no such account any more.")
    return account


def describe_myself(session: Session, account_id: int, name: str, language: str) -> None:
    """Changes the name and the language of an account."""
    account = account_of(session, account_id)
    account.name, account.language = checked_name(name), language
    session.flush()


def letter_new_address(session: Session, account_id: int, new: str) -> Letter:
    """The mail to a new address that somebody wants; when another account has it, the mail says only that.

    So nobody learns from the page which addresses have accounts.
    """
    account, other = account_of(session, account_id), account_at(session, new)
    if other is not None and other.id != account_id:
        return Letter("in_use", other.email, other.language, other)
    return Letter("address", new, account.language, account, new)


def change_address(session: Session, account: Account, new: str) -> Letter:
    """Gives the account its new address, which the opened link has confirmed; returns the notice to the old one."""
    notice = Letter("moved", account.email, account.language, account)
    try:
        with session.begin_nested():
            account.email, account.email_confirmed = new, True
            session.flush()
    except IntegrityError:
        raise Conflict("There is an account with this address already.") from None
    return notice


def make_key(session: Session, account_id: int) -> str:
    """A new key for programs, which ends the one before. Only its hash is kept: this is the one time it is seen."""
    key = f"micro_{secrets.token_urlsafe(32)}"
    account_of(session, account_id).api_key_hash = hash_token(key)
    session.flush()
    return key


def withdraw_key(session: Session, account_id: int) -> None:
    """Ends the account's key; without one nothing happens."""
    account_of(session, account_id).api_key_hash = None
    session.flush()


def account_with_key(session: Session, key: str) -> Account | None:
    """The account that made this key; None for a wrong one and for an account that is not confirmed."""
    return session.scalar(select(Account).where(Account.api_key_hash == hash_token(key), Account.email_confirmed))


# --- for the command line and the demo ----------------------------------------------------------------------------


def create_account(
    session: Session,
    email: str,
    name: str,
    password: str,
    now: datetime,
    passwords: PasswordHasher,
    *,
    confirmed: bool = True,
    network_admin: bool = False,
    language: str = "en",
) -> Account:
    """Makes an account without any mail. BadAnswer names the field and its problem; Conflict: the address is taken."""
    wish = checked_wish(email, name, password, language)
    try:
        with session.begin_nested():
            return _add(session, wish, passwords.hash(wish.password), now, confirmed, network_admin)
    except IntegrityError:
        raise Conflict("There is an account with this address already.") from None


def make_confirmed(session: Session, wish: Wish, password_hash: str, now: datetime) -> Account:
    """Makes an account whose address is proven already, by a link in a mail; Conflict when the address has one."""
    try:
        with session.begin_nested():
            return _add(session, wish, password_hash, now, confirmed=True, network_admin=False)
    except IntegrityError:
        raise Conflict("There is an account with this address already.") from None


def give_role(session: Session, account: Account, institution: Institution, role: str, now: datetime) -> Membership:
    """Makes the account a reviewer or manager of the institution; a role that it has there already is replaced."""
    if role not in ROLES:
        raise BadAnswer("role", "A role is one of: %(roles)s.", roles=", ".join(ROLES))
    membership = session.scalar(
        select(Membership).where(Membership.account_id == account.id, Membership.institution_id == institution.id)
    )
    if membership is None:
        membership = Membership(account=account, institution=institution, created_at=now)
        session.add(membership)
    membership.role = role
    session.flush()
    return membership


def _add(
    session: Session, wish: Wish, password_hash: str, now: datetime, confirmed: bool, network_admin: bool
) -> Account:
    account = Account(
        email=wish.email,
        name=wish.name,
        password_hash=password_hash,
        session_stamp=_new_stamp(),
        language=wish.language,
        email_confirmed=confirmed,
        is_network_admin=network_admin,
        created_at=now,
    )
    session.add(account)
    session.flush()
    return account


def _new_stamp() -> str:
    return secrets.token_urlsafe(12)
