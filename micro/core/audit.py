"""What a random sample says about everything it was drawn from: how many to look at, and how many at most are wrong.

The bound is the one-sided exact one of Clopper and Pearson (1934), "The use of confidence or fiducial limits
illustrated in the case of the binomial", Biometrika 26(4), 404–413, doi:10.1093/biomet/26.4.404. It holds for a size
that was fixed before anything was looked at: who stops when it looks well, is no longer sure to 95 %. A sample drawn
without replacement from a finite lot knows a little more than that (Hoeffding 1963, theorem 4), so that the bound is on
the safe side.
"""

from __future__ import annotations

from math import ceil, comb, exp, lgamma, log, log1p

SURE = 0.95
# The shares of wrong records among which a reviewer chooses: what a sample without a mistake shall exclude.
BOUNDS = (0.10, 0.05, 0.02, 0.01)


def at_most(wrong: int, looked_at: int, sure: float = SURE) -> float:
    """The share of wrong ones, 0 to 1, that is not exceeded, given ``wrong`` of ``looked_at`` in a random sample.

    It is the p at which so few or fewer would be found with the chance 1 − ``sure``; 1 when all were wrong, or none was
    looked at. Bisection on the binomial tail, which falls with p; the upper end is returned.

    >>> round(at_most(0, 165), 3), round(at_most(0, 59), 3), round(at_most(1, 59), 3)
    (0.018, 0.05, 0.078)
    """
    if not 0 <= wrong <= looked_at:
        raise ValueError("more are wrong than were looked at")
    if wrong == looked_at:
        return 1.0
    low, high = wrong / looked_at, 1.0
    while high - low > 1e-12:
        middle = (low + high) / 2
        if tail(wrong, looked_at, middle) > 1 - sure:
            low = middle
        else:
            high = middle
    return high


def tail(most: int, drawn: int, share: float) -> float:
    """The chance of finding ``most`` or fewer wrong ones among ``drawn`` when ``share`` of all are: P(X ≤ most).

    >>> tail(1, 2, 0.5)
    0.75
    """
    if share <= 0 or most >= drawn:
        return 1.0
    if share >= 1:
        return 0.0
    if drawn < 1000:  # Exact coefficients while a float holds them.
        return min(1.0, sum(comb(drawn, k) * share**k * (1 - share) ** (drawn - k) for k in range(most + 1)))
    all_ = lgamma(drawn + 1)
    parts = (all_ - lgamma(k + 1) - lgamma(drawn - k + 1) + k * log(share) + (drawn - k) * log1p(-share)
             for k in range(most + 1))  # fmt: skip
    return min(1.0, sum(map(exp, parts)))


def sample_size(bound: float, sure: float = SURE) -> int:
    """How many have to be looked at so that none wrong excludes ``bound``: (1 − bound)ⁿ ≤ 1 − sure.

    >>> [sample_size(bound) for bound in BOUNDS]
    [29, 59, 149, 299]
    """
    return ceil(log(1 - sure) / log1p(-bound) - 1e-9)
