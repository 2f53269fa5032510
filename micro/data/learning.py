"""What a project has learned: whom to trust, how sure to be, and whose answers somebody should look at."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from micro.data.base import Base
from micro.data.people import Volunteer


class Learning(Base):
    """One row a project; whoever settles, fits or works out anew in the project holds it, before any task.

    ``engine`` is the version of the engine that the undecided records were last worked out with; ``redone`` the id of
    the last record that is done while they are worked out anew, else None. ``totals`` is the sum of the project's
    reliabilities: {type of field: [credit, answers]}. ``turn`` grows with every item that is learned, ``fits`` with
    every full fit. ``calibration`` is the engine's state, fitted on ``decided`` records, and ``bins`` its reliability
    diagram: [[mean confidence, share that was right, low, high, how many values]]. ``last_answer`` and
    ``last_decision`` are the newest ids that the full fit saw, ``new_answers`` how many answers were learned since.
    """

    __tablename__ = "learning"
    __table_args__ = (UniqueConstraint("project_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    engine: Mapped[str] = mapped_column(String(40), default="")
    redone: Mapped[int | None]
    totals: Mapped[dict[str, Any]] = mapped_column(default=dict)
    turn: Mapped[int] = mapped_column(default=0)
    fits: Mapped[int] = mapped_column(default=0)
    calibration: Mapped[dict[str, Any] | None]
    decided: Mapped[int] = mapped_column(default=0)
    bins: Mapped[list[Any]] = mapped_column(default=list)
    last_answer: Mapped[int] = mapped_column(default=0)
    last_decision: Mapped[int] = mapped_column(default=0)
    new_answers: Mapped[int] = mapped_column(default=0)
    fitted_at: Mapped[datetime | None]


class Reliability(Base):
    """How often a person (by the volunteer that stands for them) is right about a type of field in a project.

    ``credit`` is how many of their ``answers`` are likely right.
    """

    __tablename__ = "reliability"
    __table_args__ = (UniqueConstraint("project_id", "volunteer_id", "type"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    volunteer_id: Mapped[int] = mapped_column(ForeignKey("volunteer.id"), index=True)
    type: Mapped[str] = mapped_column(String(20))
    credit: Mapped[float]
    answers: Mapped[int]


class ItemLesson(Base):
    """What an item taught when it was last settled, so that it can be taken back before it is settled again.

    ``given`` is [[volunteer id, type of field, credit, answers]]. It counts for the full fit number ``fits``; after a
    later one the item's part is worked out from its answers.
    """

    __tablename__ = "item_lesson"
    __table_args__ = (Index("ix_item_lesson_turn", "project_id", "turn"),)

    item_id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    fits: Mapped[int]
    turn: Mapped[int]
    given: Mapped[list[Any]]


class Conduct(Base):
    """A reason to look at somebody's answers: ``kind`` is "rarely agrees", "pastes", "changed" or "together".

    ``share`` was seen in ``answers`` answers where ``expected`` would be usual (both 0 to 1); ``other`` is the second
    of a pair. Found anew with every full fit. Nothing follows from it by itself.
    """

    __tablename__ = "conduct"
    __table_args__ = (Index("ix_conduct_project", "project_id", "volunteer_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    volunteer_id: Mapped[int] = mapped_column(ForeignKey("volunteer.id"))
    kind: Mapped[str] = mapped_column(String(20))
    share: Mapped[float]
    expected: Mapped[float]
    answers: Mapped[int]
    other_id: Mapped[int | None] = mapped_column(ForeignKey("volunteer.id"))

    volunteer: Mapped[Volunteer] = relationship(foreign_keys=[volunteer_id])
    other: Mapped[Volunteer | None] = relationship(foreign_keys=[other_id])
