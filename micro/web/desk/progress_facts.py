"""What the figures of the progress page are: title, sentence, drawing, table; and the facts they are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import format_date
from sqlalchemy.orm import Session

from micro.data.models import Project
from micro.services import dashboard, dashboard_people
from micro.services.course import Course, course_of
from micro.services.dashboard import Claim, FieldFigures, PageFigures
from micro.services.dashboard_people import Cohort, Throughput
from micro.services.figures import Progress, progress_of
from micro.web.charts import Chart, Curve, Dots, Rows


@dataclass(frozen=True)
class Column:
    """A column: its name in the file, its heading on the page, and what is in it.

    ``kind``: text, number, share (0 to 1), decimal, day.
    """

    key: str
    label: str
    kind: str = "text"


@dataclass(frozen=True)
class Figure:
    """``shape`` says how ``chart`` is drawn: bars, rows, curve, dots or none (a table only). ``about`` tells what it
    rests on, with n. ``links`` lead from the first column of a row, where there is one."""

    name: str
    title: str
    about: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    shape: str = ""
    chart: Chart | Curve | Dots | Rows | None = None
    line: str = ""
    open_last: bool = False
    links: tuple[str, ...] = ()
    as_percent: bool = False
    is_table: bool = False


@dataclass(frozen=True)
class Facts:
    """Everything that the figures are made of, read once."""

    project: Project
    now: datetime
    progress: Progress
    course: Course
    missing: float
    oldest_waiting: datetime | None
    fields: list[FieldFigures]
    pages: list[PageFigures]
    sampled: int
    reasons: Mapping[str, int]
    claims: list[Claim]
    cohorts: list[Cohort]
    throughput: Throughput


def gathered(session: Session, project: Project, now: datetime) -> Facts:
    """The facts of a project, a few queries by index."""
    sample, ahead = dashboard.sample_of(session, project), course_of(session, project, now)
    return Facts(
        project,
        now,
        progress_of(session, project.id),
        ahead,
        ahead.missing,
        dashboard.oldest_waiting(session, project.id),
        dashboard.fields_of(session, project, sample),
        dashboard.pages_of(session, sample),
        len(sample),
        dashboard.asked_again(session, sample),
        dashboard.claims_of(session, project),
        dashboard_people.cohorts_of(session, project.id, now),
        dashboard_people.throughput_of(session, project.id, now),
    )


def short_day(day: date) -> str:
    return str(format_date(day, "d MMM"))
