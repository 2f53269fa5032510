"""Reliabilities: learned at once or item by item, they say the same."""

from __future__ import annotations

import random
import time

import numpy as np
import pytest

from micro.core.consensus.reliability import PRIOR, Votes, fitted
from micro.core.consensus.running import TOLERANCE, Answered, Running, full_fit


def simulated(seed: int, items: int = 1500, volunteers: int = 40) -> tuple[list[list[Answered]], dict[str, float]]:
    draw = random.Random(seed)
    true = {f"v{n}": draw.uniform(0.5, 0.97) for n in range(volunteers)}
    rows = []
    for _ in range(items):
        who = draw.sample(sorted(true), draw.choice((2, 3, 3, 4)))
        rows.append(
            [Answered(one, "right" if draw.random() < true[one] else f"wrong {draw.randrange(4)}") for one in who]
        )
    return rows, true


@pytest.mark.parametrize("seed", range(4))
def test_learned_item_by_item_or_all_at_once_they_agree_within_the_stated_tolerance(seed: int) -> None:
    rows, _ = simulated(seed)
    running = Running()
    for row in rows:
        running.learn(row)
    whole = Running(full_fit((row, None) for row in rows))
    apart = [abs(running.of(who) - whole.of(who)) for who in whole.tallies]
    assert sum(apart) / len(apart) < TOLERANCE
    assert max(apart) < 4 * TOLERANCE


@pytest.mark.parametrize("seed", range(3))
def test_reliabilities_come_near_the_truth(seed: int) -> None:
    rows, true = simulated(seed)
    whole = Running(full_fit((row, None) for row in rows))
    apart = [abs(whole.of(who) - true[str(who)]) for who in whole.tallies]
    assert sum(apart) / len(apart) < 0.06


def test_what_was_learned_can_be_taken_back() -> None:
    rows, _ = simulated(1, items=50)
    running = Running()
    for row in rows[:-1]:
        running.learn(row)
    before = {who: running.of(who) for who in running.tallies}
    running.forget(running.learn(rows[-1]))
    assert {who: running.of(who) for who in before} == pytest.approx(before)


def test_a_newcomer_counts_like_everybody() -> None:
    assert Running().of("newcomer") == pytest.approx(PRIOR)
    running = Running()
    running.learn([Answered("a", "x"), Answered("b", "x")])
    assert running.of("newcomer") == pytest.approx(running.usual)


def test_a_decided_record_tells_more_than_agreement() -> None:
    running = Running()
    for _ in range(20):
        running.learn([Answered("good", "x"), Answered("bad", "y")], truth="x")
    assert running.of("good") > 0.85 > 0.3 > running.of("bad")


def test_nothing_is_learned_from_nothing() -> None:
    assert full_fit([]) == {}
    assert full_fit([([], None)]) == {}


def test_a_million_answers_of_five_thousand_volunteers_are_fitted_in_a_minute() -> None:
    draw = np.random.default_rng(1)
    rows, volunteers = 400_000, 5_000
    row = np.repeat(np.arange(rows), 2)
    answer_row = draw.integers(0, rows, 1_000_000)
    candidate = 2 * answer_row + (draw.random(1_000_000) < 0.2)
    votes = Votes(candidate, draw.integers(0, volunteers, 1_000_000), row, np.full(2 * rows, np.nan), volunteers)
    started = time.process_time()
    reliability, _ = fitted(votes)
    assert time.process_time() - started < 60
    assert 0.7 < reliability.mean() < 0.95
