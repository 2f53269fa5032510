"""The figures of the progress page about people: who comes back, and what reviewers get through."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median

from sqlalchemy import Integer, func, literal, select, union_all
from sqlalchemy.orm import Session

from micro.core.shares import Share, share_of
from micro.data.days import day_of
from micro.data.models import Account, Answer, Decision, Record, Volunteer

WEEKS = 8
DAYS = 28
DECISIONS_MOST = 5000


@dataclass(frozen=True)
class Cohort:
    """Those whose first answer fell into the week that begins on ``monday``: ``active[k]`` of them answered k weeks
    later. The last entry is this week, which is not over."""

    monday: date
    active: tuple[int, ...]

    @property
    def people(self) -> int:
        return self.active[0]


def cohorts_of(session: Session, project_id: int, now: datetime) -> list[Cohort]:
    """The last weeks, oldest first. A person is an account with what they claimed, or one browser."""
    this_week = now.date() - timedelta(days=now.weekday())
    first_week = this_week - timedelta(weeks=WEEKS - 1)
    begins = datetime.combine(first_week, time(), UTC)
    mine = select(Answer.volunteer_id).where(Answer.project_id == project_id).group_by(Answer.volunteer_id)
    claimed = _claimed(session, project_id)
    earlier = session.scalars(mine.having(func.min(Answer.at) < begins))
    old = {claimed.get(who, who) for who in earlier}
    parts = []
    for number in range(WEEKS):
        start = begins + timedelta(weeks=number)
        within = Answer.project_id == project_id, Answer.at >= start, Answer.at < start + timedelta(weeks=1)
        parts.append(select(literal(number, Integer), Answer.volunteer_id).where(*within).distinct())
    weeks: dict[int, set[int]] = defaultdict(set)
    for number, volunteer_id in session.execute(union_all(*parts)):
        if (who := claimed.get(volunteer_id, volunteer_id)) not in old:
            weeks[who].add(number)
    made = []
    for number in range(WEEKS):
        theirs = [active for active in weeks.values() if min(active) == number]
        counts = tuple(sum(later in active for active in theirs) for later in range(number, WEEKS))
        made.append(Cohort(first_week + timedelta(weeks=number), counts))
    return made


def _claimed(session: Session, project_id: int) -> dict[int, int]:
    """The volunteers here whose answers somebody claimed, each with the volunteer who stands for the person."""
    here = select(Answer.id).where(Answer.project_id == project_id, Answer.volunteer_id == Volunteer.id).exists()
    found = select(Volunteer.id, Volunteer.claimed_by_id).where(Volunteer.claimed_by_id.is_not(None), here)
    return {row[0]: row[1] for row in session.execute(found) if row[1] is not None}


def came_back(cohorts: list[Cohort]) -> list[Share]:
    """By weeks after the first, from 1: how many of those who had that whole week came back in it."""
    shares = []
    for later in range(1, WEEKS - 1):
        had = [cohort for cohort in cohorts if len(cohort.active) > later + 1]  # This week is not over.
        shares.append(share_of(sum(c.active[later] for c in had), sum(c.people for c in had)))
    return shares


@dataclass(frozen=True)
class Reviewer:
    """What one person decided in the last days; ``seconds`` is the median time of a decision, over ``measured``."""

    name: str
    decisions: int
    days: int
    seconds: float | None
    measured: int


@dataclass(frozen=True)
class Throughput:
    """Decisions by day, oldest first, today as the last; and by reviewer, the most first."""

    by_day: tuple[tuple[date, int], ...]
    reviewers: tuple[Reviewer, ...]

    @property
    def decisions(self) -> int:
        return sum(count for _, count in self.by_day)


def throughput_of(session: Session, project_id: int, now: datetime) -> Throughput:
    """What reviewers got through in the last days; only their newest decisions tell how long one takes."""
    first = now.date() - timedelta(days=DAYS - 1)
    recent = Record.project_id == project_id, Decision.at >= datetime.combine(first, time(), UTC)
    day = day_of(Decision.at)
    grouped = session.execute(
        select(Decision.account_id, day, func.count())
        .join(Record, Record.id == Decision.record_id)
        .where(*recent)
        .group_by(Decision.account_id, day)
    ).all()
    times: dict[int, list[float]] = defaultdict(list)
    measured = select(Decision.account_id, Decision.took_s).join(Record, Record.id == Decision.record_id)
    measured = measured.where(*recent, Decision.took_s.is_not(None)).order_by(Decision.id.desc()).limit(DECISIONS_MOST)
    for account_id, took_s in session.execute(measured):
        if took_s is not None:
            times[account_id].append(took_s)
    names = {row[0]: row[1] for row in session.execute(
        select(Account.id, Account.name).where(Account.id.in_({row[0] for row in grouped}))
    )}  # fmt: skip
    by_day, by_person = defaultdict[str, int](int), defaultdict[int, list[int]](list)
    for account_id, at, count in grouped:
        by_day[at] += count
        by_person[account_id].append(count)
    days = [first + timedelta(days=number) for number in range(DAYS)]
    reviewers = sorted(
        (
            Reviewer(
                names.get(who, ""),
                sum(counts),
                len(counts),
                median(times[who]) if times[who] else None,
                len(times[who]),
            )
            for who, counts in by_person.items()
        ),
        key=lambda reviewer: (-reviewer.decisions, reviewer.name),
    )
    return Throughput(tuple((day, by_day[day.isoformat()]) for day in days), tuple(reviewers))
