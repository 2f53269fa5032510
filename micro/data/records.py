"""Records, their versions, decisions and releases: what the project believes, and what it publishes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from micro.data.base import Addressed, Base
from micro.data.people import Account
from micro.data.projects import Project
from micro.data.scans import Item


class Record(Addressed, Base):
    """What the project now believes of one item.

    ``state``: open (answers still come), review (a person is asked), settled (volunteers agreed), decided (a person
    said so), rejected (left out of releases). ``current`` is the number of the version that is believed;
    ``proposed`` that of the engine's newest outcome, which differs from it after a person's decision.
    ``confidence`` is the lowest of the current version's fields, 0 to 1, or of the engine's newest outcome when the
    evidence changed. ``reason`` says why a person is asked.
    ``revision`` grows with every change, so that a decision can name what its maker had seen.
    """

    __tablename__ = "record"
    __table_args__ = (
        UniqueConstraint("item_id"),
        Index("ix_record_queue", "project_id", "state", "confidence", "id"),
        Index("ix_record_changed_at", "changed_at"),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    state: Mapped[str] = mapped_column(String(20), default="open")
    reason: Mapped[str] = mapped_column(String(30), default="")
    confidence: Mapped[float] = mapped_column(default=0.0)
    answers_count: Mapped[int] = mapped_column(default=0)
    current: Mapped[int] = mapped_column(default=0)
    proposed: Mapped[int] = mapped_column(default=0)
    revision: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime]

    item: Mapped[Item] = relationship()
    project: Mapped[Project] = relationship()


class RecordVersion(Base):
    """One version of a record, never changed: by the engine (with its name) or by a person's decision.

    ``values`` is {field: {"value" or "mark", "confidence", "evidence"}}; ``evidence`` lists the competing answers
    with how many said each. ``fingerprint`` is a hash of what went in, so that settling twice makes nothing new.
    """

    __tablename__ = "record_version"
    __table_args__ = (UniqueConstraint("record_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"))
    number: Mapped[int]
    values: Mapped[dict[str, Any]]
    made_by: Mapped[str] = mapped_column(String(20))
    engine: Mapped[str] = mapped_column(String(40), default="")
    fingerprint: Mapped[str] = mapped_column(String(64), default="")
    made_at: Mapped[datetime]

    record: Mapped[Record] = relationship()


class Decision(Addressed, Base):
    """A professional's word about a record, never changed.

    ``revision`` is the record's as it was on the screen; the unique key refuses the second of two decisions made on
    the same sight. ``made`` is the number of the version that came of it, if any.
    """

    __tablename__ = "decision"
    __table_args__ = (UniqueConstraint("record_id", "revision"),)

    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"))
    revision: Mapped[int]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    action: Mapped[str] = mapped_column(String(20))
    made: Mapped[int | None]
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]

    record: Mapped[Record] = relationship()
    account: Mapped[Account] = relationship()


class Release(Addressed, Base):
    """A frozen, numbered, citable copy of a project's records.

    ``state``: making, published, failed. ``manifest`` lists the files: [{"name", "about", "rows", "bytes", "sha256"}].
    """

    __tablename__ = "release"
    __table_args__ = (UniqueConstraint("project_id", "number"),)

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(20), default="making")
    licence: Mapped[str] = mapped_column(String(40))
    notes: Mapped[str] = mapped_column(Text, default="")
    manifest: Mapped[dict[str, Any] | None]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]

    project: Mapped[Project] = relationship()
