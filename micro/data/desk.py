"""What the desk keeps besides decisions: lessons for volunteers, and records that are accepted together."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from micro.data.base import Addressed, Base
from micro.data.people import Account, Volunteer
from micro.data.projects import Project
from micro.data.records import Decision, Record


class Lesson(Base):
    """What one volunteer said of a record beside what a professional decided.

    ``version`` is the decision's: the lesson stands as long as the record says that version. ``said`` and ``stands``
    are {field: said} of the fields that can be compared, ``wrong`` names those that differ. ``state``: unread, seen.
    """

    __tablename__ = "lesson"
    __table_args__ = (
        UniqueConstraint("volunteer_id", "record_id"),
        Index("ix_lesson_unread", "volunteer_id", sqlite_where=text("state = 'unread'"),
              postgresql_where=text("state = 'unread'")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    volunteer_id: Mapped[int] = mapped_column(ForeignKey("volunteer.id"))
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"), index=True)
    version: Mapped[int]
    said: Mapped[dict[str, Any]]
    stands: Mapped[dict[str, Any]]
    wrong: Mapped[list[str]]
    state: Mapped[str] = mapped_column(String(20), default="seen")
    at: Mapped[datetime]

    record: Mapped[Record] = relationship()
    volunteer: Mapped[Volunteer] = relationship()


class Batch(Addressed, Base):
    """Records above a confidence that one reviewer accepts together.

    ``state``: open (its sample is looked at), accepting, accepted, undoing, undone, dropped. ``least`` is the
    confidence, 0 to 1. ``size`` counts all records, ``sample_size`` those that were drawn by ``seed`` to be looked at;
    it was fixed by ``bound``, the share of wrong records that a sample without a mistake excludes.
    ``stopped``: the sample was given up before all of it was judged, so nothing is said about the rest.
    """

    __tablename__ = "batch"

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    state: Mapped[str] = mapped_column(String(20), default="open", index=True)
    least: Mapped[float]
    lowest: Mapped[float]
    size: Mapped[int]
    bound: Mapped[float]
    sample_size: Mapped[int]
    seed: Mapped[str] = mapped_column(String(40))
    stopped: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    project: Mapped[Project] = relationship()
    account: Mapped[Account] = relationship()


class BatchRecord(Base):
    """A record of a batch as it was when the batch was confirmed: at which ``revision`` and ``version``.

    ``state``: sample (it is looked at by a person and never accepted with the others), waiting, accepted (by
    ``decision_id``), passed (something had changed, see ``why``), undone, kept (something newer stood on it).
    ``before`` is where a record of the sample came from: {"state", "reason"}.
    """

    __tablename__ = "batch_record"
    __table_args__ = (UniqueConstraint("batch_id", "record_id"), Index("ix_batch_record_state", "batch_id", "state"))

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"))
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"), index=True)
    revision: Mapped[int]
    version: Mapped[int]
    state: Mapped[str] = mapped_column(String(20), default="waiting")
    why: Mapped[str] = mapped_column(Text, default="")
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"), index=True)
    before: Mapped[dict[str, Any] | None]

    batch: Mapped[Batch] = relationship()
    record: Mapped[Record] = relationship()
    decision: Mapped[Decision | None] = relationship()
