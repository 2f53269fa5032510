"""Each figure of the progress page: its title, one sentence on what it rests on, its chart, its columns and rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import accumulate
from typing import Any

from flask import url_for
from flask_babel import format_date, format_decimal, gettext, ngettext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from micro.core.shares import Share
from micro.data.models import Project, Record
from micro.services import dashboard, dashboard_people
from micro.services.course import Course, course_of, missing_answers
from micro.services.dashboard import Claim, FieldFigures, PageFigures
from micro.services.dashboard_people import Cohort, Throughput
from micro.services.figures import Progress, progress_of
from micro.web.charts import Chart, Curve, Dots, Rows, bar_chart, curve_chart, dots_chart, mean_line, row_chart
from micro.web.show import show_label, show_percent


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
    sample = dashboard.sample_of(session, project)
    waiting = select(func.min(func.coalesce(Record.asked_at, Record.changed_at)))
    return Facts(
        project,
        now,
        progress_of(session, project.id),
        course_of(session, project, now),
        missing_answers(session, project),
        session.scalar(waiting.where(Record.project_id == project.id, Record.state == "review")),
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


def days(facts: Facts) -> Figure:
    chart = bar_chart([(short_day(one.day), one.answers) for one in facts.course.days])
    total = sum(one.answers for one in facts.course.days)
    return Figure(
        "answers",
        gettext("Answers each day"),
        ngettext(
            "%(count)s answer in four weeks.", "%(count)s answers in four weeks.", total, count=format_decimal(total)
        )
        + " "
        + gettext("Bars: days in UTC. Line: mean of 7 days. Open bar: today, which is not over."),
        (
            Column("day", gettext("Day"), "day"),
            Column("answers", gettext("Answers"), "number"),
            Column("people", gettext("People"), "number"),
        ),
        tuple((one.day, one.answers, one.people) for one in facts.course.days),
        "bars",
        chart,
        mean_line(chart),
        open_last=True,
    )


def active(facts: Facts) -> Figure:
    chart = bar_chart([(short_day(one.day), one.people) for one in facts.course.days])
    return Figure(
        "volunteers",
        gettext("Active volunteers each day"),
        ngettext(
            "%(count)s person in the last 7 days, %(new)s for the first time.",
            "%(count)s people in the last 7 days, %(new)s for the first time.",
            facts.course.people_week,
            count=format_decimal(facts.course.people_week),
            new=format_decimal(facts.course.people_new),
        )
        + " "
        + gettext("Who answers without an account counts once for each browser."),
        (Column("day", gettext("Day"), "day"), Column("people", gettext("People"), "number")),
        tuple((one.day, one.people) for one in facts.course.days),
        "bars",
        chart,
        mean_line(chart),
        open_last=True,
    )


def ending(facts: Facts) -> Figure:
    before = facts.progress.answers - sum(one.answers for one in facts.course.days)
    sums = list(accumulate((one.answers for one in facts.course.days), initial=max(before, 0)))[1:]
    whole, ahead = facts.progress.answers + facts.missing, facts.course.forecast
    history = [(one.day, so_far) for one, so_far in zip(facts.course.days, sums, strict=True)]
    columns = (
        Column("day", gettext("Day"), "day"),
        Column("answers_so_far", gettext("Answers so far"), "number"),
        Column("answers_needed", gettext("Needed in all, about"), "number"),
        Column("what", gettext("What it is")),
    )
    rows: list[tuple[Any, ...]] = [(day, count, round(whole), gettext("counted")) for day, count in history]
    if ahead is None:
        about = (
            gettext("A forecast needs an open project, and a week with answers on three days.")
            if facts.missing
            else gettext("No more answers are needed.")
        )
    else:
        ends = (
            (ahead.earliest, gettext("forecast, earliest")),
            (ahead.expected, gettext("forecast, expected")),
            (ahead.latest, gettext("forecast, latest")),
        )
        rows += [(day, None, round(whole), words) for day, words in ends]
        about = _ahead(facts)
    return Figure(
        "forecast",
        gettext("When it will be done"),
        about,
        columns,
        tuple(rows),
        "curve",
        curve_chart(history, whole, ahead),
    )


def _ahead(facts: Facts) -> str:
    ahead = facts.course.forecast
    assert ahead is not None
    expected, first = (format_date(day, "long") for day in (ahead.expected, ahead.earliest))
    told = {"day": expected, "first": first, "days": ahead.days, "count": format_decimal(round(ahead.a_day, 1))}
    if ahead.latest is None:
        later: str = gettext(
            "%(day)s if people go on as in the last %(days)s days, with %(count)s answers a day; the days differ so "
            "much that it may be much later, and hardly before %(first)s.",
            **told,
        )
        return later
    sure: str = gettext(
        "%(day)s if people go on as in the last %(days)s days, with %(count)s answers a day; 8 times in 10 between "
        "%(first)s and %(last)s.",
        last=format_date(ahead.latest, "long"),
        **told,
    )
    return sure


def agreement(facts: Facts) -> Figure:
    """How far volunteers agree, by field, the hardest first."""
    whole = dashboard.agreement_of(facts.fields)
    rows = tuple(
        (
            show_label(one.field) if one.field else one.name,
            one.agreed.n,
            one.agreed.share,
            one.agreed.low,
            one.agreed.high,
            one.doubted.share,
            one.confidence,
        )
        for one in facts.fields
    )
    chart = row_chart([(row[0], *row[2:5]) for row in rows[:8]])
    about = (
        gettext(
            "All who answered said the same in %(share)s of %(count)s values (%(low)s to %(high)s, 95 times in 100); "
            "of the newest %(records)s records that are read. The hardest field stands first.",
            share=show_percent(whole.share),
            count=format_decimal(whole.n),
            low=show_percent(whole.low),
            high=show_percent(whole.high),
            records=format_decimal(facts.sampled),
        )
        if whole.n
        else gettext("No value has two answers yet.")
    )
    return Figure(
        "agreement",
        gettext("How far volunteers agree, by field"),
        about,
        (
            Column("field", gettext("Field")),
            Column("n", gettext("Values"), "number"),
            Column("agreed", gettext("All said the same"), "share"),
            Column("agreed_low", gettext("at least"), "share"),
            Column("agreed_high", gettext("at most"), "share"),
            Column("doubted", gettext("Somebody doubted"), "share"),
            Column("confidence", gettext("Mean confidence"), "share"),
        ),
        rows,
        "rows" if rows else "",
        chart if rows else None,
    )


def pages(facts: Facts) -> Figure:
    return Figure(
        "pages",
        gettext("The hardest pages"),
        ngettext(
            "Of the scans of the newest %(count)s record that is read, those with the least confidence.",
            "Of the scans of the newest %(count)s records that are read, those with the least confidence.",
            facts.sampled,
            count=format_decimal(facts.sampled),
        ),
        (
            Column("scan", gettext("Scan")),
            Column("records", gettext("Records"), "number"),
            Column("confidence", gettext("Confidence"), "share"),
            Column("answers", gettext("Answers"), "number"),
            Column("extra", gettext("Extra"), "number"),
        ),
        tuple(
            (one.scan.title or one.scan.identifier, one.records, one.confidence, one.answers, one.extra)
            for one in facts.pages
        ),
        is_table=True,
        links=tuple(url_for("manage.scan", scan=one.scan.public_id) for one in facts.pages),
    )


def again(facts: Facts) -> Figure:
    words = {
        "returned": gettext("a reviewer sent it back"),
        "differed": gettext("people read it differently"),
        "doubted": gettext("somebody was not sure, or could not read it"),
        "not_enough": gettext("all said the same, and it was not sure enough yet"),
    }
    total = sum(facts.reasons.values())
    return Figure(
        "asked-again",
        gettext("Why answers were asked again"),
        gettext(
            "%(count)s of the newest %(records)s records that are read took more than %(least)s answers.",
            count=format_decimal(total),
            records=format_decimal(facts.sampled),
            least=facts.project.min_answers,
        ),
        (
            Column("reason", gettext("Reason")),
            Column("records", gettext("Records"), "number"),
            Column("share", gettext("Share"), "share"),
        ),
        tuple((words[reason], count, count / total if total else None) for reason, count in facts.reasons.items()),
        "rows" if total else "",
        row_chart([(words[reason], count / total, None, None) for reason, count in facts.reasons.items()])
        if total
        else None,
    )


def retention(facts: Facts) -> Figure:
    """Of those who began in a week, how many answered in the weeks after."""
    back = dashboard_people.came_back(facts.cohorts)
    weeks = dashboard_people.WEEKS
    chart = bar_chart([(str(later), round(100 * one.share)) for later, one in enumerate(back, 1)], 100)
    people = sum(cohort.people for cohort in facts.cohorts)
    return Figure(
        "retention",
        gettext("Who comes back"),
        ngettext(
            "Of %(count)s person whose first answer here was in the last %(weeks)s weeks: how many answered again so "
            "many weeks later, in per cent. Weeks that are not over are left out.",
            "Of %(count)s people whose first answer here was in the last %(weeks)s weeks: how many answered again so "
            "many weeks later, in per cent. Weeks that are not over are left out.",
            people,
            count=format_decimal(people),
            weeks=weeks,
        ),
        (
            Column("first_week", gettext("Week of the first answer"), "day"),
            Column("people", gettext("People"), "number"),
            *(
                Column(f"week_{later}", gettext("%(count)s weeks later", count=later), "number")
                for later in range(1, weeks)
            ),
        ),
        tuple((one.monday, *one.active, *([None] * (weeks - len(one.active)))) for one in facts.cohorts),
        "bars" if people else "",
        chart if people else None,
        as_percent=True,
    )


def decisions(facts: Facts) -> Figure:
    found = facts.throughput
    return Figure(
        "decisions",
        gettext("Reviewers’ decisions each day"),
        ngettext(
            "%(count)s decision in four weeks.",
            "%(count)s decisions in four weeks.",
            found.decisions,
            count=format_decimal(found.decisions),
        ),
        (Column("day", gettext("Day"), "day"), Column("decisions", gettext("Decisions"), "number")),
        found.by_day,
        "bars" if found.decisions else "",
        bar_chart([(short_day(day), count) for day, count in found.by_day]),
        open_last=True,
    )


def reviewers(facts: Facts) -> Figure:
    found = facts.throughput
    return Figure(
        "reviewers",
        gettext("What reviewers get through"),
        gettext("In four weeks. How long a decision takes is the middle one of those that were measured.")
        if found.reviewers
        else gettext("No reviewer has decided in four weeks."),
        (
            Column("reviewer", gettext("Reviewer")),
            Column("decisions", gettext("Decisions"), "number"),
            Column("days", gettext("Days"), "number"),
            Column("seconds", gettext("Seconds each"), "decimal"),
            Column("measured", gettext("Measured"), "number"),
        ),
        tuple(
            (one.name or gettext("An account that is no more"), one.decisions, one.days, one.seconds, one.measured)
            for one in found.reviewers
        ),
        is_table=True,
    )


def calibration(facts: Facts) -> Figure:
    """When we say 90 %, is it 90 %?"""
    n = sum(one.right.n for one in facts.claims)
    shares = [
        (one.claimed, one.right.share, one.right.low, one.right.high, _claim(one.claimed, one.right))
        for one in facts.claims
    ]
    return Figure(
        "calibration",
        gettext("How sure is sure?"),
        ngettext(
            "%(count)s value that a reviewer decided on: the confidence that was claimed, below, and how often the "
            "proposal was left as it was, with the range that holds 95 times in 100. On the dashed line is honest. "
            "Reviewers mostly see the doubtful ones.",
            "%(count)s values that reviewers decided on: the confidence that was claimed, below, and how often the "
            "proposal was left as it was, with the range that holds 95 times in 100. On the dashed line is honest. "
            "Reviewers mostly see the doubtful ones.",
            n,
            count=format_decimal(n),
        )
        if n
        else gettext("No reviewer has decided on a value yet."),
        (
            Column("from_percent", gettext("Claimed from, in per cent"), "number"),
            Column("to_percent", gettext("to, in per cent"), "number"),
            Column("n", gettext("Values"), "number"),
            Column("claimed", gettext("Claimed on average"), "share"),
            Column("right", gettext("Right"), "share"),
            Column("right_low", gettext("at least"), "share"),
            Column("right_high", gettext("at most"), "share"),
        ),
        tuple(
            (one.low, one.high, one.right.n, one.claimed, one.right.share, one.right.low, one.right.high)
            for one in facts.claims
        ),
        "dots" if n else "",
        dots_chart(shares) if n else None,
    )


def _claim(claimed: float, right: Share) -> str:
    words: str = gettext(
        "%(claimed)s claimed, %(right)s right, of %(count)s",
        claimed=show_percent(claimed),
        right=show_percent(right.share),
        count=format_decimal(right.n),
    )
    return words


FIGURES: Mapping[str, Callable[[Facts], Figure]] = {
    "answers": days,
    "forecast": ending,
    "volunteers": active,
    "agreement": agreement,
    "calibration": calibration,
    "retention": retention,
    "asked-again": again,
    "pages": pages,
    "decisions": decisions,
    "reviewers": reviewers,
}
