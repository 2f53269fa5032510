"""Projects and their setups, scans, items and regions: what is asked about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from micro.data.base import Addressed, Base
from micro.data.people import Collection


class Project(Addressed, Base):
    """One piece of crowdsourced work on a collection.

    ``texts`` holds what visitors read, by language: {"en": {"title", "lead", "about"}, "fr": {…}}.
    ``task_order`` is "finish_first" or "spread". ``cutting`` is the template of named boxes, see core/geometry.py.
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
    target_confidence: Mapped[float] = mapped_column(default=0.8)
    cutting: Mapped[dict[str, Any] | None]
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


class Scan(Addressed, Base):
    """One image file: immutable. Width and height are those of the upright picture, after the EXIF turn."""

    __tablename__ = "scan"
    __table_args__ = (
        UniqueConstraint("project_id", "sha256"),
        Index("ix_scan_place", "project_id", "document", "page_number"),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    format: Mapped[str] = mapped_column(String(10))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    width_px: Mapped[int]
    height_px: Mapped[int]
    orientation: Mapped[int]
    storage_key: Mapped[str] = mapped_column(String(200))
    file_name: Mapped[str] = mapped_column(String(255))
    identifier: Mapped[str] = mapped_column(String(200), default="")
    title: Mapped[str] = mapped_column(String(300), default="")
    document: Mapped[str] = mapped_column(String(200), default="")
    page_number: Mapped[int] = mapped_column(default=1)
    rights: Mapped[str] = mapped_column(String(200), default="")
    credit: Mapped[str] = mapped_column(String(300), default="")
    details: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]

    project: Mapped[Project] = relationship()


class Item(Addressed, Base):
    """The thing described: a card, a register row, a page; carries the institution's own identifier."""

    __tablename__ = "item"
    __table_args__ = (UniqueConstraint("project_id", "identifier"),)

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    scan_id: Mapped[int] = mapped_column(ForeignKey("scan.id"), index=True)
    identifier: Mapped[str] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime]

    project: Mapped[Project] = relationship()
    scan: Mapped[Scan] = relationship()


class Region(Addressed, Base):
    """A box on a scan, in pixels of the upright full-size picture, origin top left.

    ``fields`` are the names of the fields that are read in it.
    """

    __tablename__ = "region"
    __table_args__ = (UniqueConstraint("scan_id", "name"),)

    scan_id: Mapped[int] = mapped_column(ForeignKey("scan.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    fields: Mapped[list[str]]
    x_px: Mapped[int]
    y_px: Mapped[int]
    width_px: Mapped[int]
    height_px: Mapped[int]

    scan: Mapped[Scan] = relationship()
    item: Mapped[Item] = relationship()


class Intake(Addressed, Base):
    """One delivery of files into a project: a folder, or an upload. Its files are drained by a job."""

    __tablename__ = "intake"

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    source: Mapped[str] = mapped_column(String(500))
    created_at: Mapped[datetime]

    project: Mapped[Project] = relationship()


class IntakeFile(Base):
    """One file of a delivery: waiting, taken, same (these bytes were there), or refused.

    ``reason`` is the sentence of a refusal, a message id, and ``reason_values`` fills its places.
    """

    __tablename__ = "intake_file"
    __table_args__ = (
        UniqueConstraint("intake_id", "file_name"),
        Index("ix_intake_file_state", "intake_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    intake_id: Mapped[int] = mapped_column(ForeignKey("intake.id"))
    file_name: Mapped[str] = mapped_column(String(255))
    storage_key: Mapped[str] = mapped_column(String(500))
    described: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(20), default="waiting")
    reason: Mapped[str] = mapped_column(Text, default="")
    reason_values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    scan_id: Mapped[int | None] = mapped_column(ForeignKey("scan.id"))

    intake: Mapped[Intake] = relationship()
