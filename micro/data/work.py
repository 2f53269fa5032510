"""Tasks, assignments and answers: what is asked of whom, and what was said."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from micro.data.base import Addressed, Base
from micro.data.people import Volunteer
from micro.data.projects import Project, Setup
from micro.data.scans import Item, Region

# A task may be lent while answers in hand and answers on their way do not yet make up what is wanted.
# The queries say it in these very words, the column alone on the left: SQLite knows a partial index by nothing else.
FREE = "state = 'open' AND wanted > answered + lent"


class Task(Addressed, Base):
    """One question about one region: asks for one or more fields of an item.

    ``wanted`` is how many answers are asked for in all; only settling or a reviewer raises it. ``answered`` counts the
    volunteers who answered, ``lent`` the leases that are out: together they never pass ``wanted``.
    ``unsettled`` is true while an answer waits to be merged. ``source_id`` is the number of an imported task where it
    came from.
    """

    __tablename__ = "task"
    __table_args__ = (
        UniqueConstraint("region_id"),
        Index("ix_task_source", "project_id", "source_id", unique=True),
        Index(
            "ix_task_free",
            "project_id",
            text("priority DESC"),
            text("answered DESC"),
            "position",
            "id",
            sqlite_where=text(FREE),
            postgresql_where=text(FREE),
        ),
        Index(
            "ix_task_spread",
            "project_id",
            text("priority DESC"),
            "answered",
            "position",
            "id",
            sqlite_where=text(FREE),
            postgresql_where=text(FREE),
        ),
        Index(
            "ix_task_unsettled",
            "project_id",
            "item_id",
            sqlite_where=text("unsettled"),
            postgresql_where=text("unsettled"),
        ),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"), index=True)
    region_id: Mapped[int] = mapped_column(ForeignKey("region.id"))
    fields: Mapped[list[str]]
    state: Mapped[str] = mapped_column(String(20), default="open")
    priority: Mapped[int] = mapped_column(default=0)
    position: Mapped[int] = mapped_column(default=0)
    wanted: Mapped[int]
    answered: Mapped[int] = mapped_column(default=0)
    lent: Mapped[int] = mapped_column(default=0)
    unsettled: Mapped[bool] = mapped_column(default=False)
    source_id: Mapped[str | None] = mapped_column(String(120))
    created_at: Mapped[datetime]

    project: Mapped[Project] = relationship()
    item: Mapped[Item] = relationship()
    region: Mapped[Region] = relationship()


class Assignment(Addressed, Base):
    """A task lent to a volunteer until an expiry; one row per task and volunteer, for ever.

    ``trial`` is true when it was lent while the project was tried out: going live discards it with its answers.
    ``gold`` is true when it was lent because the answer is known: it takes no place among those that are wanted, and
    what is said there never reaches the record.
    ``heard`` is true once this volunteer has read what others say of the card: the answer is corrected no more.
    """

    __tablename__ = "assignment"
    __table_args__ = (
        UniqueConstraint("task_id", "volunteer_id"),
        Index(
            "ix_assignment_out",
            "project_id",
            "expires_at",
            sqlite_where=text("state = 'lent'"),
            postgresql_where=text("state = 'lent'"),
        ),
        Index("ix_assignment_volunteer", "volunteer_id", "project_id", "state"),
    )

    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"))
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    volunteer_id: Mapped[int] = mapped_column(ForeignKey("volunteer.id"))
    setup_id: Mapped[int] = mapped_column(ForeignKey("setup.id"))
    state: Mapped[str] = mapped_column(String(20), default="lent")
    lent_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    draft: Mapped[dict[str, Any] | None]
    draft_at: Mapped[datetime | None]
    trial: Mapped[bool] = mapped_column(default=False, server_default=false())
    gold: Mapped[bool] = mapped_column(default=False, server_default=false())
    heard: Mapped[bool] = mapped_column(default=False, server_default=false())

    task: Mapped[Task] = relationship()
    volunteer: Mapped[Volunteer] = relationship()
    setup: Mapped[Setup] = relationship()
    project: Mapped[Project] = relationship()


class Answer(Addressed, Base):
    """What one volunteer said; numbered within its assignment, the newest counts, none is ever changed.

    ``value`` is {field: {"value": …} or {"mark": "blank" | "illegible" | "unsure"} or both value and "unsure"}.
    ``surplus`` is true when enough people had answered before it came. ``submission_key`` makes a repeated post one.
    ``source_id`` is the number of an imported answer where it came from, ``details`` what it said besides the form.
    """

    __tablename__ = "answer"
    __table_args__ = (
        UniqueConstraint("assignment_id", "number"),
        UniqueConstraint("assignment_id", "submission_key"),
        Index("ix_answer_source", "project_id", "source_id", unique=True),
        Index("ix_answer_project_at", "project_id", "at", "volunteer_id"),
        Index("ix_answer_people", "project_id", "volunteer_id", "at"),
    )

    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"))
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), index=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    volunteer_id: Mapped[int] = mapped_column(ForeignKey("volunteer.id"), index=True)
    setup_id: Mapped[int] = mapped_column(ForeignKey("setup.id"))
    number: Mapped[int]
    value: Mapped[dict[str, Any]]
    submission_key: Mapped[str] = mapped_column(String(40))
    surplus: Mapped[bool] = mapped_column(default=False)
    source_id: Mapped[str | None] = mapped_column(String(120))
    details: Mapped[dict[str, Any] | None]
    at: Mapped[datetime]

    assignment: Mapped[Assignment] = relationship()
    volunteer: Mapped[Volunteer] = relationship()


class Report(Base):
    """A volunteer's word about a task that something is wrong with it: the picture, the question, the text."""

    __tablename__ = "report"

    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), index=True)
    volunteer_id: Mapped[int] = mapped_column(ForeignKey("volunteer.id"))
    words: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class SetAside(Base):
    """A volunteer whose answers in a project do not count: aside, or restored. Each move is logged with its reason."""

    __tablename__ = "set_aside"
    __table_args__ = (UniqueConstraint("project_id", "volunteer_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    volunteer_id: Mapped[int] = mapped_column(ForeignKey("volunteer.id"), index=True)
    state: Mapped[str] = mapped_column(String(20), default="aside")
    changed_at: Mapped[datetime]

    volunteer: Mapped[Volunteer] = relationship()
