"""What more answers bring, learned from decided records."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micro.core.gains import LEAST_STEPS, Gains, Step, looks_of

SHARES = st.lists(st.floats(0, 1), max_size=5)


def project(times: int, seed: int = 1) -> list[Step]:
    """Items that are sure stay as they are; of the doubtful half is mended by the third answer, and none later."""
    chance = random.Random(seed)
    steps = []
    for _ in range(times):
        sure = chance.random() < 0.5
        mended = 1.0 if sure or chance.random() < 0.5 else 0.0
        steps.append(Step(2, looks_of([0.95 if sure else 0.4]), (float(sure), mended, mended)))
        steps.append(Step(3, looks_of([0.95 if mended else 0.4]), (mended, mended)))
    return steps


def test_what_is_in_doubt_gains_and_what_is_sure_does_not() -> None:
    gains = Gains.fitted(project(400))
    assert gains.expected(2, looks_of([0.4]), 1) == pytest.approx(0.5, abs=0.06)
    assert gains.expected(2, looks_of([0.95]), 1) == pytest.approx(0.0, abs=0.02)


def test_what_no_answer_mends_is_not_expected_to_be_mended() -> None:
    assert Gains.fitted(project(400)).expected(3, looks_of([0.4]), 1) == pytest.approx(0.0, abs=1e-6)


def test_the_best_rise_per_answer_counts() -> None:
    steps = [Step(1, looks_of([0.5]), (0.0, 0.0, 0.8)) for _ in range(50)]
    gains = Gains.fitted(steps)
    alone, both = gains.expected(1, looks_of([0.5]), 1), gains.expected(1, looks_of([0.5]), 2)
    assert alone == pytest.approx(0.0, abs=1e-9)
    assert both == pytest.approx(0.4, abs=0.02)


@pytest.mark.parametrize("steps", [[], project((LEAST_STEPS - 1) // 2)])
def test_of_too_few_decided_records_nothing_is_learned(steps: list[Step]) -> None:
    assert Gains.fitted(steps).expected(2, looks_of([0.4]), 3) is None


def test_about_more_answers_than_were_ever_given_nothing_is_known() -> None:
    assert Gains.fitted(project(100)).expected(9, looks_of([0.4]), 3) is None


@given(st.randoms(use_true_random=False))
def test_the_order_of_decided_records_never_matters(chance: random.Random) -> None:
    steps = project(60)
    mixed = list(steps)
    chance.shuffle(mixed)
    one, other = (Gains.fitted(some).expected(2, looks_of([0.6]), 2) for some in (steps, mixed))
    assert one == pytest.approx(other)


@given(SHARES, SHARES)
def test_an_item_looks_the_same_whatever_the_order_of_its_fields(now: list[float], before: list[float]) -> None:
    assert looks_of(now, before) == pytest.approx(looks_of(now[::-1], before[::-1]))
    assert len(looks_of(now, before)) == len(looks_of([]))
