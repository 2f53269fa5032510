"""What one more answer is worth: the expected gain against a simulation, and what a project's patience ends."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micro.core.retirement import Patience, Redundancy, Verdict, expected_gain, judge, worth_asking

SHARES = st.floats(0, 1)
AHEAD = st.integers(0, 8)


@given(SHARES, SHARES, AHEAD, st.integers(1, 6))
def test_a_gain_is_never_negative_and_never_more_than_what_is_missing(
    confidence: float, reliability: float, ahead: int, ways: int
) -> None:
    assert 0 <= expected_gain(confidence, reliability, ahead, ways) <= 1 - confidence + 1e-9


@given(SHARES, SHARES, st.integers(0, 7))
def test_looking_further_ahead_never_makes_an_answer_worth_less(confidence: float, reliability: float, a: int) -> None:
    assert expected_gain(confidence, reliability, a + 1) >= expected_gain(confidence, reliability, a)


@pytest.mark.parametrize(("confidence", "reliability", "ahead"), [(1.0, 0.9, 5), (0.6, 0.2, 5), (0.6, 0.9, 0)])
def test_nothing_is_gained_where_nothing_can_be(confidence: float, reliability: float, ahead: int) -> None:
    assert expected_gain(confidence, reliability, ahead) == 0


def test_one_answer_cannot_turn_what_two_can() -> None:
    assert expected_gain(0.9, 0.75, 1) == 0
    assert expected_gain(0.9, 0.75, 3) > 0


def test_a_doubtful_item_is_worth_more_than_a_sure_one_and_a_good_volunteer_more_than_a_poor_one() -> None:
    gains = [expected_gain(confidence, 0.8, 3) for confidence in (0.5, 0.7, 0.9, 0.99)]
    assert gains == sorted(gains, reverse=True)
    assert gains[0] > 5 * gains[2]
    assert expected_gain(0.6, 0.9, 3) > expected_gain(0.6, 0.7, 3) > expected_gain(0.6, 0.5, 3)


@pytest.mark.parametrize("confidence", [0.4, 0.6, 0.8])
def test_the_gain_of_one_answer_is_about_what_a_simulation_finds(confidence: float) -> None:
    """Volunteers are drawn as the model says; after one more answer the likelier value is taken."""
    chance, reliability, ways, times = random.Random(7), 0.85, 4, 40_000
    said: Counter[tuple[bool, bool]] = Counter()
    for _ in range(times):
        proposed_right = chance.random() < confidence
        volunteer_right = chance.random() < reliability
        wrong_alike = chance.randrange(ways) == 0
        agrees = volunteer_right if proposed_right else (not volunteer_right and wrong_alike)
        said[agrees, proposed_right if agrees else (volunteer_right and not proposed_right)] += 1
        said[agrees, False] += 0
    kept_on_contradiction = sum(
        1 for _ in range(times) if chance.random() < confidence and chance.random() >= reliability
    )
    best = said[True, True] + max(said[False, True], kept_on_contradiction)
    assert expected_gain(confidence, reliability, 1, ways) == pytest.approx(max(0, best / times - confidence), abs=0.01)


def test_what_stays_in_doubt_after_many_answers_is_not_asked_for_ever() -> None:
    gains = [expected_gain(0.5, 0.85, 3, answers=answers) for answers in (0, 2, 5, 9)]
    assert gains == sorted(gains, reverse=True)
    assert gains[3] < gains[0] / 2


RULE = Redundancy(least=1, most=5, target=0.95)
KEEN, THRIFTY = Patience(0.85, 0.001), Patience(0.85, 0.1)


def test_a_task_ends_when_one_more_answer_does_not_bring_its_price() -> None:
    assert judge(RULE, 2, 2, 0.8, patience=KEEN) == Verdict(False, 3)
    assert judge(RULE, 2, 2, 0.8, patience=THRIFTY) == Verdict(True, 2)
    assert judge(RULE, 2, 2, 0.45, patience=THRIFTY) == Verdict(False, 3)


def test_what_the_project_learned_goes_before_the_model() -> None:
    assert judge(RULE, 2, 2, 0.8, patience=KEEN, worth=-0.001) == Verdict(True, 2)
    assert judge(RULE, 2, 2, 0.8, patience=THRIFTY, worth=0.001) == Verdict(False, 3)
    assert judge(RULE, 2, 2, 0.8, worth=-0.001) == Verdict(True, 2)


@given(st.integers(0, 9), st.integers(0, 9), SHARES, st.floats(0, 0.2), SHARES)
def test_patience_only_ever_ends_a_task_earlier_and_never_below_the_least_or_what_a_person_asked(
    answered: int, wanted: int, confidence: float, price: float, reliability: float
) -> None:
    rule = Redundancy(2, 5, 0.9)
    without = judge(rule, answered, wanted, confidence)
    with_it = judge(rule, answered, wanted, confidence, patience=Patience(reliability, price))
    if without.done:
        assert with_it == without
    if with_it.done:
        assert answered >= rule.least
        assert answered >= wanted
    assert judge(rule, answered, with_it.wanted, confidence, patience=Patience(reliability, price)) == with_it


def test_an_item_of_many_fields_is_worth_the_mean_of_them() -> None:
    patience = Patience(0.85, 0.05)
    assert worth_asking(patience, [0.45], 1, 1)
    assert not worth_asking(patience, [0.45, *[0.99] * 9], 1, 1)
    assert not worth_asking(patience, [], 3, 0)
