"""Scans, their layouts, items and regions: what is asked about. And the deliveries that bring scans."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from micro.data.base import Addressed, Base
from micro.data.projects import Project


class Scan(Addressed, Base):
    """One page of an image file: immutable. Width and height are those of the upright picture, after the EXIF turn.

    ``frame`` counts the pages of one file (a TIFF, a PDF) from 0. ``working_key`` is a lossy sRGB copy, upright, from
    which pictures are cut when the file itself is slow to decode; empty: pictures are cut from the file.
    ``reference`` is the address of a picture that is not held here and never fetched: then there is no file, and width
    and height are 0. ``state``: shown, withdrawn (nobody sees its pictures), erased (its file is gone as well),
    replaced (by the better scan ``replaced_by_id``, which has its regions now). ``cut_problem`` is the sentence of
    why it could not be cut, a message id, and ``cut_problem_values`` fills its places.
    """

    __tablename__ = "scan"
    __table_args__ = (
        UniqueConstraint("project_id", "sha256", "frame"),
        Index("ix_scan_place", "project_id", "document", "page_number"),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    frame: Mapped[int] = mapped_column(default=0, server_default="0")
    format: Mapped[str] = mapped_column(String(10))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    width_px: Mapped[int]
    height_px: Mapped[int]
    orientation: Mapped[int]
    storage_key: Mapped[str] = mapped_column(String(200))
    working_key: Mapped[str] = mapped_column(String(200), default="", server_default=text("''"))
    reference: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))
    state: Mapped[str] = mapped_column(String(20), default="shown", server_default="shown")
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("scan.id"))
    cut_problem: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))
    cut_problem_values: Mapped[dict[str, Any] | None]
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
    """A shape on a scan, in pixels of the upright full-size picture, origin top left: a box, and maybe a polygon in it.

    ``fields`` are the names of the fields that are read in it. ``position`` is its place in the reading order of its
    scan. What a layout said of it: ``type`` ("MarginTextZone"), ``polygon`` and ``baseline`` as lists of [x, y], and
    the ``reference_text`` of an earlier reading with its confidence, 0 to 1.
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
    position: Mapped[int] = mapped_column(default=0, server_default="0")
    type: Mapped[str] = mapped_column(String(80), default="", server_default=text("''"))
    polygon: Mapped[list[Any] | None]
    baseline: Mapped[list[Any] | None]
    reference_text: Mapped[str | None] = mapped_column(Text)
    reference_confidence: Mapped[float | None]
    layout_id: Mapped[int | None] = mapped_column(ForeignKey("layout.id"))

    scan: Mapped[Scan] = relationship()
    item: Mapped[Item] = relationship()


class Layout(Addressed, Base):
    """What an ALTO or PAGE file says of a scan, as it was read; never changed but for ``frame`` and ``state``.

    ``body`` is {"lines": [...], "blocks": [...]}, see core/layout; its coordinates are the file's own.
    ``page_width`` and ``page_height`` are those that the file names for its picture, 0 when it names none.
    ``frame`` says how these coordinates lie on the picture, see core/layout/frames.py; ``certain`` is false while
    nobody has said so and the sizes do not fit. ``state``: proposed, used (its lines are regions), dropped.
    """

    __tablename__ = "layout"
    __table_args__ = (UniqueConstraint("scan_id", "sha256"),)

    scan_id: Mapped[int] = mapped_column(ForeignKey("scan.id"))
    file_name: Mapped[str] = mapped_column(String(255))
    format: Mapped[str] = mapped_column(String(40))
    sha256: Mapped[str] = mapped_column(String(64))
    storage_key: Mapped[str] = mapped_column(String(200))
    page_width: Mapped[float] = mapped_column(default=0.0)
    page_height: Mapped[float] = mapped_column(default=0.0)
    frame: Mapped[str] = mapped_column(String(40))
    certain: Mapped[bool] = mapped_column(default=True)
    state: Mapped[str] = mapped_column(String(20), default="proposed")
    body: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]

    scan: Mapped[Scan] = relationship()


class CuttingRun(Addressed, Base):
    """One cutting of all scans of a project that are not cut: waiting, done or cancelled.

    ``way`` is a copy of the project's way at that time, ``total`` how many scans there were to cut. How far it is
    shows in the scans themselves: those with a region are cut, those with a ``cut_problem`` failed.
    """

    __tablename__ = "cutting_run"

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    way: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(20), default="waiting")
    total: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    project: Mapped[Project] = relationship()


class Intake(Addressed, Base):
    """One delivery of files into a project: a folder, or an upload. Its files are drained by a job."""

    __tablename__ = "intake"

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    source: Mapped[str] = mapped_column(String(500))
    created_at: Mapped[datetime]

    project: Mapped[Project] = relationship()


class IntakeFile(Base):
    """One file of a delivery: waiting, working, taken, same (these bytes were there), refused, or cancelled.

    ``claimed_at`` is since when it is "working", in a worker's hand; ``claims`` how often it was without an end.

    ``pages`` is how many scans it gave; ``is_layout`` says that it is read after all pictures, an ALTO or PAGE file.

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
    pages: Mapped[int] = mapped_column(default=0, server_default="0")
    is_layout: Mapped[bool] = mapped_column(default=False, server_default=false())
    claimed_at: Mapped[datetime | None]
    claims: Mapped[int] = mapped_column(default=0, server_default="0")

    intake: Mapped[Intake] = relationship()
