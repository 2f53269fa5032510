"""Known answers, how people did on them, who has practised, and the guide of a project."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from micro.data.base import Addressed, Base
from micro.data.projects import Project
from micro.data.work import Task


class Gold(Addressed, Base):
    """What is known for certain about one task: ``values`` is {field: said}.

    ``state``: practice (a card of the first visit), mixed (lent among ordinary cards), off.
    """

    __tablename__ = "gold"
    __table_args__ = (UniqueConstraint("task_id"), Index("ix_gold_state", "project_id", "state"))

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"))
    values: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(20), default="practice")
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    project: Mapped[Project] = relationship()
    task: Mapped[Task] = relationship()


class GoldCheck(Base):
    """Whether one field of an answer to a card whose answer is known was right; made with the answer, never changed."""

    __tablename__ = "gold_check"
    __table_args__ = (
        UniqueConstraint("answer_id", "field"),
        Index("ix_gold_check_volunteer", "project_id", "volunteer_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    gold_id: Mapped[int] = mapped_column(ForeignKey("gold.id"), index=True)
    answer_id: Mapped[int] = mapped_column(ForeignKey("answer.id"))
    volunteer_id: Mapped[int] = mapped_column(ForeignKey("volunteer.id"))
    field: Mapped[str] = mapped_column(String(60))
    right: Mapped[bool]
    at: Mapped[datetime]


class Practice(Base):
    """That a volunteer practised in a project, or did not want to: done or skipped.

    ``seen`` are the public ids of the known answers that were shown: these cards are no test for them any more.
    """

    __tablename__ = "practice"
    __table_args__ = (UniqueConstraint("project_id", "volunteer_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    volunteer_id: Mapped[int] = mapped_column(ForeignKey("volunteer.id"), index=True)
    state: Mapped[str] = mapped_column(String(20))
    seen: Mapped[list[str]]
    changed_at: Mapped[datetime]


class Guide(Base):
    """The guide of a project: ``texts`` by language, and ``examples`` of letters cut from scans.

    An example is {"scan": public id, "box": [x, y, width, height] in pixels, "captions": {language: text}}.
    ``revision`` grows with every change, so that nobody overwrites what somebody else wrote meanwhile.
    """

    __tablename__ = "guide"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), unique=True)
    texts: Mapped[dict[str, Any]]
    examples: Mapped[list[Any]]
    revision: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime]
