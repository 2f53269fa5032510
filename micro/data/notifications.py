"""Notifications: what somebody is told on the site and by mail, and the digests that carry them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from micro.data.base import Addressed, Base
from micro.data.people import Account
from micro.data.projects import Project


class Digest(Base):
    """One mail with notifications: sending (since ``sent_at``), sent, waiting (the server did not answer), failed.

    ``key`` is the day of a daily mail ("2026-03-01") or names the first notification of one that goes at once: the
    same mail is never begun twice. ``reason`` is the sentence of a failure.
    """

    __tablename__ = "digest"
    __table_args__ = (
        UniqueConstraint("account_id", "key"),
        Index("ix_digest_open", "state", sqlite_where=text("state IN ('waiting', 'sending')"),
              postgresql_where=text("state IN ('waiting', 'sending')")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    key: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(20), default="sending")
    reason: Mapped[str] = mapped_column(Text, default="")
    sent_at: Mapped[datetime]

    account: Mapped[Account] = relationship()


class Notification(Addressed, Base):
    """What one person is told: assigned, returned, mentioned, queue or finished (``sort``). ``state``: unread, read.

    ``about`` names the occasion; the unique key makes the same occasion one notification for each person. ``path`` is
    where it leads on this site; ``details`` fills the sentence: {"name", "count", "who": public id of an account, …}.
    ``mail``: none (not wanted), waiting, digested (in the mail of ``digest_id``).
    """

    __tablename__ = "notification"
    __table_args__ = (
        UniqueConstraint("sort", "about", "account_id"),
        Index("ix_notification_account", "account_id", "id"),
        Index("ix_notification_unread", "account_id", sqlite_where=text("state = 'unread'"),
              postgresql_where=text("state = 'unread'")),
        Index("ix_notification_mail", "account_id", "id", sqlite_where=text("mail = 'waiting'"),
              postgresql_where=text("mail = 'waiting'")),
    )  # fmt: skip

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    sort: Mapped[str] = mapped_column(String(20))
    about: Mapped[str] = mapped_column(String(120))
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    path: Mapped[str] = mapped_column(String(200))
    details: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(20), default="unread")
    mail: Mapped[str] = mapped_column(String(20), default="waiting")
    digest_id: Mapped[int | None] = mapped_column(ForeignKey("digest.id"), index=True)
    at: Mapped[datetime]

    project: Mapped[Project] = relationship()
    account: Mapped[Account] = relationship()


class MailChoice(Base):
    """When somebody wants a sort of notification by mail: once (at once), daily or never. No row: daily."""

    __tablename__ = "mail_choice"
    __table_args__ = (UniqueConstraint("account_id", "sort"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    sort: Mapped[str] = mapped_column(String(20))
    choice: Mapped[str] = mapped_column(String(20))
    changed_at: Mapped[datetime]


class QueueLimit(Base):
    """How many records of a project may wait for review before its staff is told. ``state``: under, over."""

    __tablename__ = "queue_limit"

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), primary_key=True)
    most: Mapped[int]
    state: Mapped[str] = mapped_column(String(20), default="under")
    changed_at: Mapped[datetime]

    project: Mapped[Project] = relationship()
