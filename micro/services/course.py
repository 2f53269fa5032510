"""The course of a project, for its manager: answers by day, people, the likely end, and what waits for somebody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from micro.core.forecast import Forecast, forecast
from micro.data.models import (
    Account,
    Answer,
    CuttingRun,
    Intake,
    IntakeFile,
    Layout,
    Move,
    Project,
    Record,
    Release,
    Scan,
    Task,
    Volunteer,
)
from micro.services.dashboard import Day, days_of
from micro.services.setting_aside import person_id

FIRST_EXPERIENCE = 10  # So many done tasks tell how many answers one takes; before that the rule's least does.


@dataclass(frozen=True)
class Course:
    """``days`` are the answers of the last 28 days, oldest first, today's as the last.

    ``week`` and ``week_before`` count answers in the last 7 times 24 hours and the 7 before; ``people_week`` those who
    gave them, ``people_new`` those of them who never answered here before. ``missing`` is how many answers the project
    probably still needs.
    """

    days: tuple[Day, ...]
    week: int
    week_before: int
    people_week: int
    people_new: int
    forecast: Forecast | None
    missing: float

    @property
    def by_day(self) -> tuple[tuple[date, int], ...]:
        """The answers of each day."""
        return tuple((one.day, one.answers) for one in self.days)


def course_of(session: Session, project: Project, now: datetime) -> Course:
    """The course of a project. Cost: some counts over its answers of four weeks, by index."""
    days = days_of(session, project.id, now)
    weeks = [now - timedelta(days=7 * number) for number in (0, 1, 2)]
    week, week_before = (
        _answers_between(session, project.id, *span) for span in ((weeks[1], now), (weeks[2], weeks[1]))
    )
    people, newcomers = _people_since(session, project.id, weeks[1])
    full = [one.answers for one in days[:-1]]
    began = next((place for place, count in enumerate(full) if count), len(full))
    missing = missing_answers(session, project)
    ahead = forecast(full[began:], missing, now.date()) if project.state == "live" else None
    return Course(days, week, week_before, people, newcomers, ahead, missing)


def _answers_between(session: Session, project_id: int, start: datetime, end: datetime) -> int:
    query = select(func.count()).where(Answer.project_id == project_id, Answer.at > start, Answer.at <= end)
    return session.scalar(query) or 0


def _people_since(session: Session, project_id: int, start: datetime) -> tuple[int, int]:
    lately = (
        select(person_id().label("person_id"))
        .join(Answer, Answer.volunteer_id == Volunteer.id)
        .where(Answer.project_id == project_id, Answer.at > start)
        .distinct()
        .subquery()
    )
    theirs = select(Volunteer.id).where(
        or_(Volunteer.id == lately.c.person_id, Volunteer.claimed_by_id == lately.c.person_id)
    )
    earlier = select(Answer.id).where(
        Answer.project_id == project_id, Answer.volunteer_id.in_(theirs.correlate(lately)), Answer.at <= start
    )
    people, known = session.execute(
        select(func.count(), func.count(case((earlier.exists(), 1)))).select_from(lately)
    ).one()
    return people, people - known


def missing_answers(session: Session, project: Project) -> float:
    """Each open task needs as many answers as done ones took, less what it has. All tasks are gone through once."""
    sums = func.coalesce(func.sum(Task.wanted), 0), func.coalesce(func.sum(Task.answered), 0)
    mine = Task.project_id == project.id, Task.state.in_(("open", "done"))
    found = session.execute(select(Task.state, func.count(), *sums).where(*mine).group_by(Task.state))
    by_state = {row[0]: tuple(row[1:]) for row in found}
    done, _, took = by_state.get("done", (0, 0, 0))
    open_tasks, wanted, answered = by_state.get("open", (0, 0, 0))
    least = float(project.min_answers)
    each = max(float(took) / done, least) if done >= FIRST_EXPERIENCE else least
    return max(open_tasks * each - float(answered), float(wanted - answered), 0.0)


# --- what waits -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Waiting:
    """What is under way or wants somebody: counts, 0 where nothing does. ``failed_release`` is a number or None."""

    files: int
    refused: int
    is_cutting: bool
    uncut: int
    layouts: int
    reviews: int
    making_release: int | None
    failed_release: int | None


def what_waits(session: Session, project_id: int) -> Waiting:
    """What waits in a project, in a few counts by index."""
    files, refused = session.execute(
        select(
            func.count(case((IntakeFile.state != "refused", 1))), func.count(case((IntakeFile.state == "refused", 1)))
        )
        .join(Intake, Intake.id == IntakeFile.intake_id)
        .where(Intake.project_id == project_id, IntakeFile.state.in_(("waiting", "working", "refused")))
    ).one()
    uncut = select(func.count()).where(Scan.project_id == project_id, Scan.state == "shown", Scan.cut_problem != "")
    layouts = (
        select(func.count())
        .select_from(Layout)
        .join(Scan, Scan.id == Layout.scan_id)
        .where(Scan.project_id == project_id, Scan.state == "shown", Layout.state == "proposed", ~Layout.certain)
    )
    reviews = select(func.count()).where(Record.project_id == project_id, Record.state == "review")
    release = session.scalars(
        select(Release).where(Release.project_id == project_id).order_by(Release.number.desc()).limit(1)
    ).first()
    return Waiting(
        files,
        refused,
        _is_cutting(session, project_id),
        session.scalar(uncut) or 0,
        session.scalar(layouts) or 0,
        session.scalar(reviews) or 0,
        release.number if release and release.state == "making" else None,
        release.number if release and release.state == "failed" else None,
    )


def _is_cutting(session: Session, project_id: int) -> bool:
    running = select(CuttingRun.id).where(CuttingRun.project_id == project_id, CuttingRun.state == "waiting")
    return session.scalar(running.limit(1)) is not None


@dataclass(frozen=True)
class Event:
    """One line of a project's log: who moved it, from and to which state, and why. Empty ``who``: micro itself."""

    at: datetime
    who: str
    from_state: str
    to_state: str
    why: str


def log_of(session: Session, project_id: int, most: int) -> list[Event]:
    """The newest moves of a project between its states, newest first."""
    found = session.execute(
        select(Move.at, func.coalesce(Account.name, ""), Move.from_state, Move.to_state, Move.why)
        .outerjoin(Account, Account.id == Move.account_id)
        .where(Move.subject == "project", Move.subject_id == project_id)
        .order_by(Move.at.desc(), Move.id.desc())
        .limit(most)
    )
    return [Event(*row) for row in found]
