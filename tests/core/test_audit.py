"""The bound of a sample keeps what it promises: computed exactly over a grid of true shares, not believed."""

from __future__ import annotations

import random
from math import comb

import pytest

from micro.core.audit import BOUNDS, SURE, at_most, sample_size, tail

GRID = [step / 400 for step in range(401)]
SIZES = (1, 2, 5, 29, 59, 149)


def chance(k: int, n: int, p: float) -> float:
    return comb(n, k) * p**k * (1 - p) ** (n - k)


@pytest.mark.parametrize("n", SIZES)
def test_the_bound_covers_every_true_share_at_least_as_often_as_stated(n: int) -> None:
    bounds = [at_most(k, n) for k in range(n + 1)]
    for share in (*GRID, *(bound - 1e-9 for bound in bounds), *(bound + 1e-9 for bound in bounds[:-1])):
        covered = sum(chance(k, n, share) for k, bound in enumerate(bounds) if bound >= share)
        assert covered >= SURE - 1e-6, (n, share, covered)


@pytest.mark.parametrize("n", SIZES)
def test_no_smaller_bound_would_do(n: int) -> None:
    """Just beyond each bound the chance of finding so few is just below what may be missed."""
    for k in range(n):
        assert tail(k, n, at_most(k, n) - 1e-6) > 1 - SURE > tail(k, n, at_most(k, n) + 1e-6)


@pytest.mark.parametrize(("lot", "n"), [(60, 59), (120, 59), (212, 59), (500, 149)])
def test_drawn_without_replacement_from_a_small_lot_it_covers_as_well(lot: int, n: int) -> None:
    bounds = [at_most(k, n) for k in range(n + 1)]
    for wrong in range(lot + 1):
        covered = sum(
            comb(wrong, k) * comb(lot - wrong, n - k)
            for k in range(max(0, n - lot + wrong), min(n, wrong) + 1)
            if bounds[k] >= wrong / lot
        )
        assert covered / comb(lot, n) >= SURE, (lot, n, wrong)


def test_samples_drawn_by_chance_are_covered_as_often() -> None:
    """An illustration, seeded: 4 % are wrong; of 4,000 samples of 59 at most one in twenty claims less than that."""
    chance_ = random.Random(1934)
    lot = [True] * 40 + [False] * 960
    claims = [at_most(sum(chance_.sample(lot, 59)), 59) for _ in range(4000)]
    assert sum(claim >= 0.04 for claim in claims) / len(claims) >= SURE
    assert min(claims) == pytest.approx(0.0495, abs=1e-4)


@pytest.mark.parametrize(("bound", "n"), list(zip(BOUNDS, (29, 59, 149, 299), strict=True)))
def test_a_sample_is_just_large_enough_for_the_bound_that_was_wanted(bound: float, n: int) -> None:
    assert sample_size(bound) == n
    assert at_most(0, n) <= bound < at_most(0, n - 1)


def test_known_values() -> None:
    assert at_most(0, 165) == pytest.approx(0.018, abs=5e-4)
    assert at_most(3, 20) == pytest.approx(0.3437, abs=5e-4)
    assert (at_most(0, 0), at_most(5, 5)) == (1.0, 1.0)
    assert tail(0, 2000, 0.001) == pytest.approx(0.999**2000)
    assert (tail(0, 5, 0.0), tail(4, 5, 1.0), tail(5, 5, 0.9)) == (1.0, 0.0, 1.0)
    for wrong, n in ((-1, 5), (6, 5)):
        with pytest.raises(ValueError, match="more are wrong"):
            at_most(wrong, n)
