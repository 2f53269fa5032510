"""When a task has been answered often enough.

A task ends within its least and most answers, once its target of confidence is reached, or, where a project says what
an answer must bring, once one more is not expected to bring that much (:func:`expected_gain`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from micro.errors import BadAnswer, to_translate

ANSWERS_MOST = 100
PRIOR_ANSWERS = 4.0
TASK_ORDERS = ("finish_first", "spread")


@dataclass(frozen=True)
class Redundancy:
    """A project's rule: at least ``least`` answers, at most ``most``, none more once ``target`` (0 to 1) is reached."""

    least: int
    most: int
    target: float


@dataclass(frozen=True)
class Verdict:
    """What becomes of a task: is it done, and how many answers are wanted in all."""

    done: bool
    wanted: int


def check_redundancy(least: Any, most: Any, target: Any) -> None:
    """Raises BadAnswer, with both problems at once, unless this can be a project's rule."""
    problems = []
    if not (isinstance(least, int) and isinstance(most, int) and 1 <= least <= most <= ANSWERS_MOST):
        sentence = to_translate(
            "The least and the most are whole numbers from 1 to 100, and the least is not above the most."
        )
        problems.append(BadAnswer("min_answers", sentence))
    if not (isinstance(target, int | float) and 0.01 <= target <= 0.99):
        problems.append(BadAnswer("target_confidence", "How sure we have to be lies between 1 and 99 percent."))
    if problems:
        problems[0].others = tuple(problems[1:])
        raise problems[0]


def check_task_order(order: Any) -> None:
    """Raises BadAnswer unless tasks can be lent in this order."""
    if order not in TASK_ORDERS:
        raise BadAnswer("task_order", "The order of tasks is finish_first or spread.")


@dataclass(frozen=True)
class Patience:
    """What one more answer must bring to be asked for.

    ``reliability``: how often a volunteer of the project is right about such a field, 0 to 1. ``price``: the rise of
    the probability of being right (0 to 1) that an answer must be expected to bring, such as 0.02. ``ways``: how many
    wrong values there are about alike; it says how likely it is that two err in the same way.
    """

    reliability: float
    price: float
    ways: int = 4


@lru_cache(maxsize=65_536)
def expected_gain(confidence: float, reliability: float, ahead: int, ways: int = 4, answers: int = 0) -> float:
    """How much the probability of being right is expected to rise for each answer more, when up to ``ahead`` are asked.

    The proposed value is right with the probability ``confidence``, and every further volunteer with ``reliability``,
    independently, else giving one of ``ways`` wrong values (Dawid and Skene 1979, with one reliability for all). So
    many answers are imagined, and after them the better of the proposed value and the strongest other is taken. This
    is the value of information as of Kamar, Hacker and Horvitz (2012, "Combining human and machine intelligence in
    large-scale crowdsourcing"). Not only the next answer is looked at, because one alone often cannot turn a majority
    that two could: the best rise per answer of all numbers up to ``ahead`` counts. What stays in doubt after many
    ``answers`` is hard, and the next volunteers will not be better at it: the reliability is drawn towards the
    confidence by every answer that there is, from a prior worth PRIOR_ANSWERS of them.

    0 when ``ahead`` is 0, when nobody is better than chance, or when it is certain. Never negative.
    """
    sure = min(max(confidence, 0.0), 1.0)
    chance = 1 / (ways + 1)
    if ahead < 1 or reliability <= chance or sure >= 1:
        return 0.0
    here = (PRIOR_ANSWERS * reliability + answers * min(sure, reliability)) / (PRIOR_ANSWERS + answers)
    here = min(max(here, chance), 0.999)
    return max(_rise(sure, here, more, ways) / more for more in range(1, ahead + 1))


def _rise(sure: float, right: float, more: int, ways: int) -> float:
    """How much surer one is expected to be after ``more`` answers than now."""
    by_error = (1 - right) / ways  # A volunteer gives one certain wrong value.
    known = right / (1 - by_error)  # Of those who contradict a wrong value, so many give the true one.
    after = 0.0
    for agreeing in range(more + 1):
        times = math.comb(more, agreeing)
        if_right = sure * times * right**agreeing * (1 - right) ** (more - agreeing)
        if_wrong = (1 - sure) * times * by_error**agreeing * (1 - by_error) ** (more - agreeing)
        after += max(if_right, if_wrong * known if agreeing < more else 0.0)
    return max(0.0, after - sure)


def judge(
    rule: Redundancy,
    answered: int,
    wanted: int,
    confidence: float,
    aside: int = 0,
    *,
    patience: Patience | None = None,
    worth: float | None = None,
    votes: float | None = None,
) -> Verdict:
    """The verdict on a task with ``answered`` answers and this confidence (0 to 1) in its weakest field.

    ``wanted`` only grows, one answer at a time beyond the least. A person who returned the task may have raised it,
    even beyond ``most``: those answers are waited for. ``aside`` more answers were given and do not count: they are
    waited for no longer, but never make up for the least. As ``wanted`` never falls, counting them again leads back
    to the verdict from before. With ``patience`` a task below its target ends too when one more answer is not worth
    its price; what is left undecided then goes to review as it would at the most. ``worth`` is what going on is
    expected to bring beyond its price where the project has learned it (gains.py); it goes before the model of
    ``patience``. ``votes``: what the answers alone make of the weakest field (0 to 1), for that model, which imagines
    further answers; None: the confidence.
    """
    wanted = max(wanted, rule.least)
    if answered + aside < wanted or answered < rule.least:
        return Verdict(False, wanted)
    if confidence >= rule.target or answered >= rule.most:
        return Verdict(True, wanted)
    if worth is not None:
        pays = worth > 0
    else:
        weighed = confidence if votes is None else votes
        pays = patience is None or worth_asking(patience, [weighed], rule.most - answered, answered)
    if not pays:
        return Verdict(True, wanted)
    return Verdict(False, max(wanted, answered + 1))


def worth_asking(patience: Patience, confidences: Iterable[float], ahead: int, answers: int) -> bool:
    """Whether one more answer to an item is expected to bring its price, as the mean of its fields; no field, no worth.

    ``confidences`` are those of the fields that one answer fills in together, ``ahead`` how many answers may come yet,
    ``answers`` how many there are.
    """
    gains = [expected_gain(round(one, 3), patience.reliability, ahead, patience.ways, answers) for one in confidences]
    return bool(gains) and math.fsum(gains) / len(gains) >= patience.price
