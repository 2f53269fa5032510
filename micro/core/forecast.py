"""When a project will be done, if volunteers go on as they did: a date with a range, or nothing while it is early."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean, stdev

LEAST_DAYS, LEAST_ACTIVE = 7, 3
FARTHEST_DAYS = 3650
EIGHT_IN_TEN = 1.2816  # Of a normal distribution, four fifths lie within so many standard deviations.


@dataclass(frozen=True)
class Forecast:
    """The expected last day, and the days between which it falls eight times in ten; ``latest`` None: out of sight."""

    expected: date
    earliest: date
    latest: date | None
    a_day: float
    days: int


def forecast(a_day: Sequence[int], missing: float, today: date) -> Forecast | None:
    """The end of a project that still needs ``missing`` answers, from the counts of the last full days, oldest first.

    None when nothing is missing, on fewer than 7 days or 3 with an answer, and when the end is more than ten years off.
    The range comes from how much days differ, both those seen and those to come; that they may follow each other (a
    good week, a summer) is left out, so it is rather too narrow.

    >>> forecast([10] * 14, 100, date(2026, 3, 1)).expected
    datetime.date(2026, 3, 11)
    >>> forecast([10, 0, 0, 0, 0, 0, 0], 100, date(2026, 3, 1)) is None
    True
    """
    if missing <= 0 or len(a_day) < LEAST_DAYS or sum(count > 0 for count in a_day) < LEAST_ACTIVE:
        return None
    mean, spread, seen = fmean(a_day), stdev(a_day), len(a_day)
    days = missing / mean
    if days > FARTHEST_DAYS:
        return None
    wide = EIGHT_IN_TEN * spread * math.sqrt(1 / seen + 1 / max(days, 1))
    slow = missing / (mean - wide) if mean > wide else math.inf
    return Forecast(
        _after(today, days),
        _after(today, missing / (mean + wide)),
        _after(today, slow) if slow <= FARTHEST_DAYS else None,
        mean,
        seen,
    )


def _after(today: date, days: float) -> date:
    return today + timedelta(days=math.ceil(days))
