"""Dates: voted part by part, for a volunteer who misread the day still read the year; then looked at as a whole."""

from __future__ import annotations

import calendar
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from micro.core.consensus.outcome import GIVEN, Group, Outcome, against_the_marks, leading_of

MOST_PARTS = 12  # So many readings of a part, the likeliest, are tried in search of a day that exists.


def merge_dates(groups: Sequence[Group], evidence: tuple[dict[str, Any], ...]) -> Outcome:
    """All dates together are voted against the marks; then year, month and day each by itself, unknown being a value.

    The weakest of these votes gives the confidence, so one more who agrees always adds to it. What the parts make
    together should be a day that exists. 31 February may well stand on a card, so it is kept where somebody gave
    exactly this date, but told as a tie unless all did; otherwise the likeliest combination that exists stands as a
    guess, and so it does when "unknown" leads in every part, which is no date. ``groups`` has at least one value;
    groups carry the votes, so nothing depends on the order of answers.
    """
    best, leading = against_the_marks(groups)
    if GIVEN not in leading:
        marked = next(group for group in groups if group.key == leading[0])
        return Outcome(marked.said, best, evidence, tied=len(leading) > 1)
    dated = [group for group in groups if "value" in group.said]
    counted = [leading_of(_part_votes(dated, place)) for place in range(3)]
    date = "-".join(leaders[0] for _, leaders, _ in counted)
    tied = len(leading) > 1 or any(len(leaders) > 1 for _, leaders, _ in counted)
    chances = [chances for _, _, chances in counted]
    if not is_day(date) and date not in {group.said["value"] for group in dated}:
        date, tied = _likeliest_day(chances), True
    tied = tied or (len(dated) > 1 and not is_day(date))
    sure = [chance[part] for chance, part in zip(chances, date.split("-"), strict=True)]
    return Outcome({"value": date}, min(best, *sure), evidence, tied)


def is_day(date: str) -> bool:
    """Whether an EDTF date with unknown parts as X can be: at least one part known, and no day that no month has.

    >>> [is_day(date) for date in ("1907-02-29", "1908-02-29", "XXXX-02-29", "XXXX-02-30", "1907-XX-31", "XXXX-XX-XX")]
    [False, True, True, False, True, False]
    """
    year, month, day = date.split("-")
    if all("X" in part for part in (year, month, day)):
        return False
    if "X" in day:
        return True
    if "X" in month:
        return 1 <= int(day) <= 31
    leap = "X" in year or int(year) == 0 or calendar.isleap(int(year))
    longest = 29 if month == "02" and leap else calendar.monthrange(2001, int(month))[1]
    return 1 <= int(day) <= longest


def _likeliest_day(chances: Sequence[Mapping[str, float]]) -> str:
    """The combination of parts with the greatest product of chances that is a day; of equals the first by its text.

    Every date that was given is a combination of them; an impossible one is the last resort.
    """
    best = [sorted(part, key=lambda one: (-part[one], one))[:MOST_PARTS] for part in chances]
    ranked = [
        (
            not is_day("-".join(parts)),
            -round(math.fsum(_log(c[p]) for c, p in zip(chances, parts, strict=True)), 9),
            parts,
        )
        for parts in product(*best)
        if not all("X" in part for part in parts)
    ]
    return "-".join(min(ranked)[2])


def _log(chance: float) -> float:
    return math.log(max(chance, 1e-300))


def _part_votes(dated: Sequence[Group], place: int) -> dict[str, list[float]]:
    """The votes on year, month or day (0 to 2); an unknown part is a vote for being unknown."""
    votes: dict[str, list[float]] = defaultdict(list)
    for group in dated:
        votes[group.said["value"].split("-")[place]] += group.votes
    return votes
