"""Comments: what volunteers say of a card that they have answered, and what the museum answers them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from micro.data.base import Addressed, Base
from micro.data.people import Account, Volunteer
from micro.data.work import Assignment, Task


class Comment(Addressed, Base):
    """A few plain words about a card: shown or hidden (``state``), never changed.

    ``assignment_id`` and ``volunteer_id`` are of the volunteer who wrote it or, for an answer of the museum, of the one
    who is answered. An answer has the account of who wrote it and the comment that it answers (``answers_id``), and is
    "unread" or "seen" by that volunteer (``reading``, else empty). ``submission_key`` makes a repeated post one.
    """

    __tablename__ = "comment"
    __table_args__ = (
        UniqueConstraint("assignment_id", "submission_key"),
        Index("ix_comment_task", "task_id", "id"),
        Index("ix_comment_volunteer", "volunteer_id", "at"),
        Index("ix_comment_unread", "volunteer_id", sqlite_where=text("reading = 'unread'"),
              postgresql_where=text("reading = 'unread'")),
    )  # fmt: skip

    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"))
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"))
    volunteer_id: Mapped[int] = mapped_column(ForeignKey("volunteer.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    answers_id: Mapped[int | None] = mapped_column(ForeignKey("comment.id"), index=True)
    words: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(20), default="shown")
    reading: Mapped[str] = mapped_column(String(20), default="")
    submission_key: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]

    task: Mapped[Task] = relationship()
    assignment: Mapped[Assignment] = relationship()
    volunteer: Mapped[Volunteer] = relationship()
    account: Mapped[Account | None] = relationship()
