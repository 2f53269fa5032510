"""What a project tells: news for everybody, and messages to those volunteers who agreed to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from micro.data.base import Addressed, Base
from micro.data.people import Account
from micro.data.projects import Project


class News(Addressed, Base):
    """News on a project's page, by language: {"en": {"title", "text"}, "fr": …}. ``state``: published, withdrawn."""

    __tablename__ = "news"

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    texts: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(20), default="published")
    published_at: Mapped[datetime]

    project: Mapped[Project] = relationship()


class Agreement(Base):
    """Whether somebody wants to hear from a project: agreed or withdrawn. ``wording`` is what they agreed to."""

    __tablename__ = "agreement"
    __table_args__ = (UniqueConstraint("account_id", "project_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    state: Mapped[str] = mapped_column(String(20), default="agreed")
    wording: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime]

    account: Mapped[Account] = relationship()
    project: Mapped[Project] = relationship()


class Message(Addressed, Base):
    """A mail to a project's volunteers who agreed, by language: {"en": {"subject", "text"}, "fr": …}.

    ``state``: waiting (being sent), done, cancelled. Each copy has a state of its own.
    """

    __tablename__ = "message"

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    texts: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(20), default="waiting")
    created_at: Mapped[datetime]

    project: Mapped[Project] = relationship()


class MessageCopy(Base):
    """One reader's copy of a message: waiting, sending (since ``sent_at``), sent, failed, or dropped.

    Dropped: they withdrew their agreement before it went. ``reason`` is the sentence of a failure, a message id.
    """

    __tablename__ = "message_copy"
    __table_args__ = (
        UniqueConstraint("message_id", "account_id"),
        Index("ix_message_copy_state", "message_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    state: Mapped[str] = mapped_column(String(20), default="waiting")
    reason: Mapped[str] = mapped_column(Text, default="")
    sent_at: Mapped[datetime | None]

    message: Mapped[Message] = relationship()
    account: Mapped[Account] = relationship()
