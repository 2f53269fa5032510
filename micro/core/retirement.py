"""When a task has been answered often enough."""

from __future__ import annotations

from dataclasses import dataclass


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


def judge(rule: Redundancy, answered: int, wanted: int, confidence: float) -> Verdict:
    """The verdict on a task with ``answered`` answers and this confidence (0 to 1) in its weakest field.

    ``wanted`` only grows, one answer at a time beyond the least. A person who returned the task may have raised it,
    even beyond ``most``: those answers are waited for.
    """
    wanted = max(wanted, rule.least)
    if answered < wanted:
        return Verdict(False, wanted)
    if confidence >= rule.target or answered >= rule.most:
        return Verdict(True, wanted)
    return Verdict(False, answered + 1)
