"""Vocabularies: the labels that an institution's forms offer, with their identifiers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from micro.data.base import Addressed, Base
from micro.data.people import Institution


class Vocabulary(Addressed, Base):
    """The concepts that an institution's forms may offer; ``uri`` is that of the scheme. Forms keep a copy of them."""

    __tablename__ = "vocabulary"
    __table_args__ = (UniqueConstraint("institution_id", "slug"),)

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    slug: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(200))
    uri: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    institution: Mapped[Institution] = relationship()


class Concept(Base):
    """One entry of a vocabulary: a permanent code, labels by language, and its identifier elsewhere."""

    __tablename__ = "concept"
    __table_args__ = (UniqueConstraint("vocabulary_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    vocabulary_id: Mapped[int] = mapped_column(ForeignKey("vocabulary.id"))
    code: Mapped[str] = mapped_column(String(80))
    uri: Mapped[str] = mapped_column(Text, default="")
    labels: Mapped[dict[str, Any]]
    broader: Mapped[str] = mapped_column(String(80), default="")
    position: Mapped[int] = mapped_column(default=0)

    vocabulary: Mapped[Vocabulary] = relationship()
