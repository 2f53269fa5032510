"""Projects and their setups: what is asked, and how."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint, false, text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from micro.data.base import Addressed, Base
from micro.data.people import Collection


class Project(Addressed, Base):
    """One piece of crowdsourced work on a collection.

    ``texts`` holds what visitors read, by language: {"en": {"title", "lead", "about"}, "fr": {…}}.
    ``task_order`` is "finish_first" or "spread". ``cutting`` is the way to cut scans, see core/cutting.py.
    ``adaptive``: a task below its target ends too when one more answer is not expected to help. ``four_eyes``: a second
    person confirms every decision before it counts. ``teaching``: volunteers are shown what a decision corrected of
    theirs. ``trial_key`` opens the project to whoever holds it while its state is "trial". One card in ``gold_every``
    that a volunteer gets is one whose answer is known, 0 for none; with ``gold_tells`` they hear at once how they did.
    """

    __tablename__ = "project"

    collection_id: Mapped[int] = mapped_column(ForeignKey("collection.id"), index=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    texts: Mapped[dict[str, Any]]
    content_language: Mapped[str] = mapped_column(String(5))
    state: Mapped[str] = mapped_column(String(20), default="draft", index=True)
    licence: Mapped[str] = mapped_column(String(40))
    task_order: Mapped[str] = mapped_column(String(20), default="finish_first")
    min_answers: Mapped[int] = mapped_column(default=2)
    max_answers: Mapped[int] = mapped_column(default=5)
    target_confidence: Mapped[float] = mapped_column(default=0.6)
    adaptive: Mapped[bool] = mapped_column(default=True, server_default=false())
    cutting: Mapped[dict[str, Any] | None]
    trial_key: Mapped[str | None] = mapped_column(String(40))
    gold_every: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    gold_tells: Mapped[bool] = mapped_column(default=False, server_default=false())
    four_eyes: Mapped[bool] = mapped_column(default=False, server_default=false())
    teaching: Mapped[bool] = mapped_column(default=True, server_default=true())
    created_at: Mapped[datetime]

    collection: Mapped[Collection] = relationship()

    def text(self, name: str, language: str) -> str:
        """The text ``name`` in ``language``, else in English, else in any language, else empty."""
        for candidate in (language, "en", *self.texts):
            if found := self.texts.get(candidate, {}).get(name):
                return str(found)
        return ""


class Setup(Base):
    """A project's settings for a kind: its fields and help. Versioned; never changed, followed by a newer one."""

    __tablename__ = "setup"
    __table_args__ = (UniqueConstraint("project_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    version: Mapped[int]
    kind: Mapped[str] = mapped_column(String(40))
    kind_version: Mapped[int]
    body: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
