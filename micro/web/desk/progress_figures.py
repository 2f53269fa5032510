"""The figures of the progress page, by name: each tells what it rests on. Those about people are in progress_people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Any

from flask import url_for
from flask_babel import format_date, format_decimal, gettext, ngettext

from micro.services import dashboard
from micro.web.charts import bar_chart, curve_chart, mean_line, row_chart
from micro.web.desk.progress_facts import Column, Facts, Figure, short_day
from micro.web.desk.progress_people import calibration, decisions, retention, reviewers
from micro.web.show import show_label, show_percent


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


def _agreed_in_words(facts: Facts) -> str:
    """How far they agree over all fields, with the interval."""
    whole = dashboard.agreement_of(facts.fields)
    if not whole.n:
        return str(gettext("No value has two answers yet."))
    said: str = gettext(
        "All who answered said the same in %(share)s of %(count)s values (%(low)s to %(high)s, 95 times in 100); "
        "of the newest %(records)s records that are read. The hardest field stands first.",
        share=show_percent(whole.share),
        count=format_decimal(whole.n),
        low=show_percent(whole.low),
        high=show_percent(whole.high),
        records=format_decimal(facts.sampled),
    )
    return said


def agreement(facts: Facts) -> Figure:
    """How far volunteers agree, by field, the hardest first."""
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
    return Figure(
        "agreement",
        gettext("How far volunteers agree, by field"),
        _agreed_in_words(facts),
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
