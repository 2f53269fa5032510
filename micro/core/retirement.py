"""When a task has been answered often enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from micro.errors import BadAnswer

ANSWERS_MOST = 100
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
        sentence = "The least and the most are whole numbers from 1 to 100, and the least is not above the most."
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


def judge(rule: Redundancy, answered: int, wanted: int, confidence: float, aside: int = 0) -> Verdict:
    """The verdict on a task with ``answered`` answers and this confidence (0 to 1) in its weakest field.

    ``wanted`` only grows, one answer at a time beyond the least. A person who returned the task may have raised it,
    even beyond ``most``: those answers are waited for. ``aside`` more answers were given and do not count: they are
    waited for no longer, but never make up for the least. As ``wanted`` never falls, counting them again leads back
    to the verdict from before.
    """
    wanted = max(wanted, rule.least)
    if answered + aside < wanted or answered < rule.least:
        return Verdict(False, wanted)
    if confidence >= rule.target or answered >= rule.most:
        return Verdict(True, wanted)
    return Verdict(False, max(wanted, answered + 1))
