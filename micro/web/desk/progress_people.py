"""The figures about people: who comes back, what reviewers decide, and how often they leave what was proposed."""

from __future__ import annotations

from flask_babel import format_decimal, gettext, ngettext

from micro.core.shares import Share
from micro.services import dashboard_people
from micro.web.charts import bar_chart, dots_chart
from micro.web.desk.progress_facts import Column, Facts, Figure, short_day
from micro.web.show import show_percent


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
