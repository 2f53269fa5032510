"""Institutions and people: who signs in, who answers, and who may do what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from micro.data.base import Addressed, Base


class Institution(Addressed, Base):
    """A museum, archive or society; member of the network. ``accent`` names a pair of colours in tokens.css.

    ``about`` is what visitors read of it, by language: {"en": text, "fr": text}. ``contact`` is an e-mail address.
    """

    __tablename__ = "institution"

    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    accent: Mapped[str] = mapped_column(String(20), default="")
    about: Mapped[dict[str, Any] | None]
    website: Mapped[str] = mapped_column(String(300), default="", server_default=text("''"))
    contact: Mapped[str] = mapped_column(String(254), default="", server_default=text("''"))
    created_at: Mapped[datetime]


class Collection(Addressed, Base):
    """Holdings of one institution described together."""

    __tablename__ = "collection"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    about: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]

    institution: Mapped[Institution] = relationship()


class Account(Addressed, Base):
    """Somebody who signs in. ``session_stamp`` changes with the password, and ends all older sessions."""

    __tablename__ = "account"

    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    password_hash: Mapped[str] = mapped_column(String(200))
    session_stamp: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(5), default="en")
    email_confirmed: Mapped[bool] = mapped_column(default=False)
    is_network_admin: Mapped[bool] = mapped_column(default=False)
    api_key_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]

    memberships: Mapped[list[Membership]] = relationship(back_populates="account")


class Membership(Base):
    """A role of an account in one institution: reviewer or manager. A manager may do what a reviewer may."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("account_id", "institution_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), index=True)
    role: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime]

    account: Mapped[Account] = relationship(back_populates="memberships")
    institution: Mapped[Institution] = relationship()


class Invitation(Addressed, Base):
    """A role in an institution, offered by mail: open, accepted or withdrawn. Only a hash of its token is kept."""

    __tablename__ = "invitation"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), index=True)
    email: Mapped[str] = mapped_column(String(254))
    role: Mapped[str] = mapped_column(String(20))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    state: Mapped[str] = mapped_column(String(20), default="open")
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    accepted_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    institution: Mapped[Institution] = relationship()


class Volunteer(Addressed, Base):
    """Whoever answers. Without an account it is one signed cookie, whose token is kept as a hash only.

    ``claimed_by_id`` is the volunteer of an account who said that these answers, given without one, are theirs too.
    ``source_id`` names a volunteer who came with imported work: neither cookie nor account.
    ``credit`` is how they want to be named in public, see core/credit.py; empty: nothing was chosen, so not at all.
    """

    __tablename__ = "volunteer"

    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), unique=True)
    cookie_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    source_id: Mapped[str | None] = mapped_column(String(120), unique=True)
    claimed_by_id: Mapped[int | None] = mapped_column(ForeignKey("volunteer.id"), index=True)
    credit: Mapped[str] = mapped_column(String(10), default="", server_default=text("''"))
    credit_name: Mapped[str] = mapped_column(String(80), default="", server_default=text("''"))
    orcid: Mapped[str] = mapped_column(String(19), default="", server_default=text("''"))
    created_at: Mapped[datetime]

    account: Mapped[Account | None] = relationship()


class Acceptance(Base):
    """The terms of contribution as a volunteer accepted them: version, licence and the very words shown."""

    __tablename__ = "acceptance"
    __table_args__ = (UniqueConstraint("volunteer_id", "terms_version", "licence"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    volunteer_id: Mapped[int] = mapped_column(ForeignKey("volunteer.id"))
    terms_version: Mapped[str] = mapped_column(String(20))
    licence: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(5))
    wording: Mapped[str] = mapped_column(Text)
    accepted_at: Mapped[datetime]


class SignInTry(Base):
    """A failed sign-in or a mail that was asked for, counted by keyed hashes of address and origin."""

    __tablename__ = "sign_in_try"
    __table_args__ = (Index("ix_sign_in_try_key_at", "key", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


class Move(Base):
    """One change of a state: of what, by whom, when, from, to, and why. Written in the same transaction."""

    __tablename__ = "move"
    __table_args__ = (
        Index("ix_move_subject", "subject", "subject_id"),
        Index("ix_move_at", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[int]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime]
    from_state: Mapped[str] = mapped_column(String(20))
    to_state: Mapped[str] = mapped_column(String(20))
    why: Mapped[str] = mapped_column(Text, default="")
