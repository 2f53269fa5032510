"""Records, their versions, decisions and releases: what the project believes, and what it publishes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from micro.data.base import Addressed, Base
from micro.data.people import Account
from micro.data.projects import Project
from micro.data.scans import Item

# What every index of the queue begins with.
QUEUE = ("project_id", "state")


class Record(Addressed, Base):
    """What the project now believes of one item.

    ``state``: open (answers still come), review (a person is asked), settled (volunteers agreed), decided (a person
    said so), rejected (left out of releases). ``current`` is the number of the version that is believed;
    ``proposed`` that of the engine's newest outcome, which differs from it after a person's decision.
    ``confidence`` is the lowest of the current version's fields, 0 to 1, or of the engine's newest outcome when the
    evidence changed. ``reason`` says why a person is asked, ``asked_at`` since when.
    ``revision`` grows with every change, so that a decision can name what its maker had seen.
    ``errors`` is how many errors a look is expected to remove, ``fields_count`` how many fields there are to look at,
    and ``cost_s`` the seconds of work for each of these errors: the order of the queue, see core/review_order.py.
    ``assignee_id`` is the colleague who is asked. ``question`` is what a reviewer asks the volunteers.
    """

    __tablename__ = "record"
    __table_args__ = (
        UniqueConstraint("item_id"),
        # Each begins with what is asked for and holds every filter, so that no row is read to be left out.
        Index("ix_record_queue", *QUEUE, "cost_s", "id", "reason", "confidence", "asked_at", "assignee_id"),
        Index("ix_record_reason", *QUEUE, "reason", "cost_s", "id", "confidence", "asked_at", "assignee_id"),
        Index("ix_record_assignee", *QUEUE, "assignee_id", "cost_s", "id", "reason", "confidence", "asked_at"),
        Index("ix_record_confidence", *QUEUE, "confidence", "reason", "asked_at", "assignee_id"),
        Index("ix_record_asked", *QUEUE, "asked_at", "reason", "confidence", "assignee_id"),
        Index("ix_record_changed_at", "changed_at"),
        Index("ix_record_newest", *QUEUE, "changed_at", "id"),
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
    asked_at: Mapped[datetime | None]
    errors: Mapped[float] = mapped_column(default=0.0, server_default=text("0"))
    fields_count: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    cost_s: Mapped[float] = mapped_column(default=0.0, server_default=text("0"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    question: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))

    item: Mapped[Item] = relationship()
    project: Mapped[Project] = relationship()
    assignee: Mapped[Account | None] = relationship()


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
    the same sight. ``made`` is the number of the version that came of it, if any. ``asked`` is the reason for which
    the record waited, ``took_s`` how long its maker looked at it, ``fields_count`` at how many fields: the measure of
    what a decision costs. ``to_id`` is the colleague it was handed to, ``question`` what the volunteers were asked.
    ``before`` is what an undo brings back: {"state", "reason", …, "tasks": {id: [state, wanted]}}.
    """

    __tablename__ = "decision"
    __table_args__ = (
        UniqueConstraint("record_id", "revision"),
        Index("ix_decision_pace", "asked", "id"),
        Index("ix_decision_at", "at"),
    )

    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"))
    revision: Mapped[int]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    action: Mapped[str] = mapped_column(String(20))
    made: Mapped[int | None]
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]
    asked: Mapped[str] = mapped_column(String(30), default="", server_default=text("''"))
    took_s: Mapped[float | None]
    fields_count: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    to_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    question: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))
    before: Mapped[dict[str, Any] | None]

    record: Mapped[Record] = relationship()
    account: Mapped[Account] = relationship(foreign_keys=[account_id])


class RecordHold(Base):
    """Who has a record open on the screen, and until when: a soft lock. It names the holder and stops nobody."""

    __tablename__ = "record_hold"

    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    until: Mapped[datetime]

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
