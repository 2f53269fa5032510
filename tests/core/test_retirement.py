"""When a task has been answered often enough."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micro.core.retirement import Redundancy, Verdict, judge

RULE = Redundancy(least=2, most=4, target=0.8)
COUNTS = st.integers(0, 12)
SHARES = st.floats(0, 1)


@st.composite
def rules(draw: st.DrawFn) -> Redundancy:
    least = draw(st.integers(1, 5))
    return Redundancy(least, draw(st.integers(least, 9)), draw(SHARES))


@pytest.mark.parametrize(
    ("answered", "wanted", "confidence", "verdict"),
    [
        (0, 2, 0.0, Verdict(False, 2)),
        (1, 2, 0.99, Verdict(False, 2)),  # Sure, but below the least.
        (2, 2, 0.8, Verdict(True, 2)),  # The target itself is enough.
        (2, 2, 0.79, Verdict(False, 3)),
        (3, 3, 0.5, Verdict(False, 4)),
        (4, 4, 0.1, Verdict(True, 4)),  # The most; a person decides.
        (5, 4, 0.1, Verdict(True, 4)),  # Surplus answers change nothing.
        (3, 2, 0.5, Verdict(False, 4)),  # One more than there are, not than were wanted.
        (2, 3, 0.99, Verdict(False, 3)),  # A reviewer asked for a third.
        (4, 6, 0.99, Verdict(False, 6)),  # Even beyond the most.
    ],
)
def test_the_verdict(answered: int, wanted: int, confidence: float, verdict: Verdict) -> None:
    assert judge(RULE, answered, wanted, confidence) == verdict


@given(rules(), COUNTS, COUNTS, SHARES)
def test_what_is_wanted_never_shrinks_and_grows_by_one_answer_at_most(
    rule: Redundancy, answered: int, wanted: int, confidence: float
) -> None:
    verdict = judge(rule, answered, wanted, confidence)
    assert wanted <= verdict.wanted <= max(wanted, rule.least, answered + 1)


@given(rules(), COUNTS, COUNTS, SHARES)
def test_a_task_that_is_not_done_asks_for_more_than_it_has(
    rule: Redundancy, answered: int, wanted: int, confidence: float
) -> None:
    verdict = judge(rule, answered, wanted, confidence)
    assert verdict.done or verdict.wanted > answered


@given(rules(), COUNTS, COUNTS, SHARES)
def test_judged_twice_the_verdict_is_the_same(rule: Redundancy, answered: int, wanted: int, confidence: float) -> None:
    once = judge(rule, answered, wanted, confidence)
    assert judge(rule, answered, once.wanted, confidence) == once


@given(rules(), st.lists(SHARES, min_size=10, max_size=10))
def test_a_task_ends_within_the_least_and_the_most_whatever_is_said(rule: Redundancy, confidences: list[float]) -> None:
    wanted = rule.least
    for answered, confidence in enumerate(confidences):
        verdict = judge(rule, answered, wanted, confidence)
        wanted = verdict.wanted
        if verdict.done:
            assert rule.least <= answered <= rule.most
            return
    pytest.fail("the task was never done")


@given(rules(), COUNTS, SHARES)
def test_no_answer_beyond_the_most_is_asked_for_unless_a_person_asked(
    rule: Redundancy, answered: int, confidence: float
) -> None:
    assert judge(rule, answered, rule.least, confidence).wanted <= max(rule.most, rule.least)
