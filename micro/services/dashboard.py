"""The figures of a project's progress page: what volunteers do, how far they agree, what is hard.

What is read off record versions comes from the newest records only (:data:`SAMPLE`), so that a page costs the same
however large the project is; every figure says how many cases it rests on.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import Integer, func, literal, select, union_all
from sqlalchemy.orm import Session

from micro.core.consensus.keys import key_of
from micro.core.fields import Field
from micro.core.shares import Share, share_of
from micro.data.models import Answer, Decision, Item, Project, Record, RecordVersion, Scan, Task
from micro.kinds import kind_named
from micro.services.assignments import current_setup

DAYS = 28
SAMPLE = 500  # So many of the newest records are read for agreement, fields and pages.
CHECKED = 300  # So many of the newest decisions are compared with what was proposed.
PAGES_SHOWN = 10
READ = ("review", "settled", "decided")
# Bounds of what was claimed, in per cent; the last holds 100.
CLAIMED = (0, 50, 60, 70, 80, 90, 95, 100)


@dataclass(frozen=True)
class Day:
    """One day in UTC: how many answers, and how many people gave them."""

    day: date
    answers: int
    people: int


def days_of(session: Session, project_id: int, now: datetime, count: int = DAYS) -> tuple[Day, ...]:
    """The last days, oldest first, today as the last; days without an answer too.

    One part of a query for each day: each reads its own stretch of the index, and nothing is sorted.
    """
    days = [now.date() - timedelta(days=back) for back in range(count - 1, -1, -1)]
    parts = []
    for number, day in enumerate(days):
        start = datetime.combine(day, time(), UTC)
        within = Answer.project_id == project_id, Answer.at >= start, Answer.at < start + timedelta(days=1)
        people = func.count(func.distinct(Answer.volunteer_id))
        parts.append(select(literal(number, Integer), func.count(), people).select_from(Answer).where(*within))
    return tuple(
        Day(days[row[0]], row[1], row[2]) for row in sorted(tuple(row) for row in session.execute(union_all(*parts)))
    )


# --- what is read off records -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sampled:
    """One record with what the engine last made of it, and how many answers it took beyond the project's least."""

    record_id: int
    scan_id: int
    confidence: float
    values: Mapping[str, Any]
    extra: int
    answers: int


def sample_of(session: Session, project: Project) -> list[Sampled]:
    """The newest records that are read, at most :data:`SAMPLE`."""
    rows = session.execute(
        select(Record.id, Record.item_id, Item.scan_id, Record.confidence, RecordVersion.values, Record.answers_count)
        .join(Item, Item.id == Record.item_id)
        .join(RecordVersion, (RecordVersion.record_id == Record.id) & (RecordVersion.number == Record.proposed))
        .where(Record.id.in_(_newest(project.id)))
        .order_by(Record.changed_at.desc(), Record.id.desc())
    ).all()
    extra = _extra_answers(session, project, [row.item_id for row in rows])
    return [
        Sampled(row[0], row.scan_id, row.confidence, row[4], extra.get(row.item_id, 0), row.answers_count)
        for row in rows
    ]


def _newest(project_id: int) -> Any:
    """The newest of each state come by an index, and are then put together: no more than needed is read."""
    mine = select(Record.id, Record.changed_at).where(Record.project_id == project_id)
    newest = mine.order_by(Record.changed_at.desc(), Record.id.desc()).limit(SAMPLE)
    of_state = [newest.where(Record.state == state).subquery() for state in READ]
    found = union_all(*(select(part) for part in of_state)).subquery()
    return select(found.c.id).order_by(found.c.changed_at.desc(), found.c.id.desc()).limit(SAMPLE)


def oldest_waiting(session: Session, project_id: int) -> datetime | None:
    """Since when the record waits that has waited longest; None when none does. One look through an index."""
    waiting = Record.project_id == project_id, Record.state == "review"
    since = select(func.min(Record.asked_at), func.count() - func.count(Record.asked_at)).where(*waiting)
    oldest, unsaid = session.execute(since).one()
    if unsaid:  # Of a time before micro wrote down since when.
        changed = session.scalar(select(func.min(Record.changed_at)).where(*waiting, Record.asked_at.is_(None)))
        oldest = min((one for one in (oldest, changed) if one is not None), default=None)
    return oldest


def _extra_answers(session: Session, project: Project, item_ids: Sequence[int]) -> dict[int, int]:
    beyond = func.sum(Task.answered - project.min_answers)
    found = select(Task.item_id, beyond).where(Task.item_id.in_(item_ids), Task.answered > project.min_answers)
    return {row[0]: int(row[1]) for row in session.execute(found.group_by(Task.item_id))}


@dataclass(frozen=True)
class FieldFigures:
    """One field over the sampled records: in how many all said the same, in how many somebody could not read it or was
    not sure, and the mean confidence, 0 to 1. ``field`` is None when the form has it no more."""

    name: str
    field: Field | None
    agreed: Share
    doubted: Share
    confidence: float


def fields_of(session: Session, project: Project, sample: Iterable[Sampled]) -> list[FieldFigures]:
    """The fields, the hardest (least often agreed) first; those that fewer than two people answered do not count."""
    setup = current_setup(session, project.id)
    form = {field.name: field for field in kind_named(setup.kind).fields(setup.body)}
    seen: dict[str, list[tuple[bool, bool, float]]] = defaultdict(list)
    for one in sample:
        for name, entry in one.values.items():
            if (told := _told(entry)) is not None:
                seen[name].append((*told, float(entry.get("confidence", 0.0))))
    figures = [
        FieldFigures(
            name,
            form.get(name),
            share_of(sum(agreed for agreed, _, _ in rows), len(rows)),
            share_of(sum(doubted for _, doubted, _ in rows), len(rows)),
            sum(confidence for _, _, confidence in rows) / len(rows),
        )
        for name, rows in seen.items()
    ]
    return sorted(figures, key=lambda figure: (figure.agreed.share, figure.confidence, figure.name))


def _told(entry: Mapping[str, Any]) -> tuple[bool, bool] | None:
    """Whether all said the same of a field, and whether somebody doubted; None when only one person answered."""
    groups = [group for group in entry.get("evidence") or () if isinstance(group, dict)]
    if sum(int(group.get("count", 1)) for group in groups) < 2:
        return None
    doubted = any(
        group.get("unsure") or (group.get("said") or {}).get("mark") in ("illegible", "unsure") for group in groups
    )
    return len(groups) == 1, doubted


def agreement_of(figures: Iterable[FieldFigures]) -> Share:
    """Over all fields: in how many all who answered said the same."""
    counted = [figure.agreed for figure in figures]
    return share_of(sum(one.hits for one in counted), sum(one.n for one in counted))


@dataclass(frozen=True)
class PageFigures:
    """One scan: how many of its sampled records there are, the mean of their confidence, and answers beyond the
    least."""

    scan: Scan
    records: int
    confidence: float
    extra: int
    answers: int


def pages_of(session: Session, sample: Iterable[Sampled]) -> list[PageFigures]:
    """The scans that are the hardest to read: the least confidence first."""
    by_scan: dict[int, list[Sampled]] = defaultdict(list)
    for one in sample:
        by_scan[one.scan_id].append(one)
    means = {scan_id: sum(one.confidence for one in ones) / len(ones) for scan_id, ones in by_scan.items()}
    hardest = sorted(means, key=lambda scan_id: (means[scan_id], scan_id))[:PAGES_SHOWN]
    scans = {scan.id: scan for scan in session.scalars(select(Scan).where(Scan.id.in_(hardest)))}
    return [
        PageFigures(
            scans[scan_id],
            len(by_scan[scan_id]),
            means[scan_id],
            sum(one.extra for one in by_scan[scan_id]),
            sum(one.answers for one in by_scan[scan_id]),
        )
        for scan_id in hardest
    ]


# Why more than the least was asked, in this order: the first that holds is the reason.
REASONS = ("returned", "differed", "doubted", "not_enough")


def asked_again(session: Session, sample: Sequence[Sampled]) -> dict[str, int]:
    """Of the sampled records that took more answers than the least: how many for each reason."""
    more = [one for one in sample if one.extra]
    returned = set(
        session.scalars(
            select(Decision.record_id).where(
                Decision.record_id.in_([one.record_id for one in more]), Decision.action == "return"
            )
        )
    )
    counts = Counter("returned" if one.record_id in returned else _why(one) for one in more)
    return {reason: counts[reason] for reason in REASONS}


def _why(one: Sampled) -> str:
    told = [found for entry in one.values.values() if (found := _told(entry)) is not None]
    if any(not agreed for agreed, _ in told):
        return "differed"
    return "doubted" if any(doubted for _, doubted in told) else "not_enough"


# --- when we say 90 %, is it 90 %? ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Claim:
    """The values that were proposed with a confidence from ``low`` to ``high`` (per cent), and how many a person then
    found right."""

    low: int
    high: int
    right: Share
    claimed: float


def claims_of(session: Session, project: Project) -> list[Claim]:
    """What was proposed beside what people then decided, over the newest decisions; only bands with a value.

    A value is right when the person left what the engine proposed, in any spelling that a reader calls the same.
    """
    setup = current_setup(session, project.id)
    form = {field.name: field for field in kind_named(setup.kind).fields(setup.body)}
    pairs = _decided_and_proposed(session, project.id)
    seen: list[tuple[float, bool]] = []
    for decided, proposed in pairs:
        for name, field in form.items():
            if name in decided and name in proposed and (keys := _keys(field, decided[name], proposed[name])):
                seen.append((float(proposed[name].get("confidence", 0.0)), keys[0] == keys[1]))
    made = []
    for low, high in pairwise(CLAIMED):
        within = [(at, right) for at, right in seen if low <= at * 100 < high or (high == 100 and at >= 1)]
        if within:
            right = share_of(sum(right for _, right in within), len(within))
            made.append(Claim(low, high, right, sum(at for at, _ in within) / len(within)))
    return made


def _keys(field: Field, decided: Mapping[str, Any], proposed: Mapping[str, Any]) -> tuple[str | None, ...]:
    """What both say as a reader compares it; empty where one of them cannot be said of today's field."""
    said = [{part: one[part] for part in ("value", "mark") if part in one} for one in (decided, proposed)]
    if said[0] == said[1]:
        return ("", "")
    try:
        return tuple(key_of(field, one) for one in said)
    except (KeyError, TypeError, ValueError):
        return ()


def _decided_and_proposed(session: Session, project_id: int) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """The versions that people made, each with the engine's newest before it."""
    made = session.execute(
        select(Decision.record_id, Decision.made)
        .join(Record, Record.id == Decision.record_id)
        .where(Record.project_id == project_id, Decision.made.is_not(None), Decision.action.in_(("accept", "amend")))
        .order_by(Decision.id.desc())
        .limit(CHECKED)
    ).all()
    versions: dict[int, dict[int, tuple[str, Mapping[str, Any]]]] = defaultdict(dict)
    theirs = select(RecordVersion.record_id, RecordVersion.number, RecordVersion.made_by, RecordVersion.values)
    for row in session.execute(theirs.where(RecordVersion.record_id.in_({record_id for record_id, _ in made}))):
        versions[row[0]][row[1]] = row[2], row[3]
    pairs = []
    for record_id, number in made:
        if number is None:
            continue
        there = versions[record_id]
        before = [at for at, (made_by, _) in there.items() if at < number and made_by == "engine"]
        if number in there and before:
            pairs.append((there[number][1], there[max(before)][1]))
    return pairs
