"""A share with its interval: of n, how many, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass

Z_95 = 1.959964  # The 97.5 % point of a normal distribution.


@dataclass(frozen=True)
class Share:
    """``hits`` of ``n``; ``low`` and ``high`` hold the true share 95 times in 100, 0 to 1."""

    hits: int
    n: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """0 to 1; 0 of nothing."""
        return self.hits / self.n if self.n else 0.0


def share_of(hits: int, n: int) -> Share:
    """The share with its Wilson score interval (E. B. Wilson, 1927, doi:10.1080/01621459.1927.10502953).

    Of nothing, anything is possible: 0 to 1.

    >>> one = share_of(9, 10); round(one.low, 3), round(one.high, 3)
    (0.596, 0.982)
    """
    if not 0 <= hits <= n:
        raise ValueError("there cannot be more hits than there are cases")
    if n == 0:
        return Share(0, 0, 0.0, 1.0)
    part, square = hits / n, Z_95**2
    middle = (part + square / (2 * n)) / (1 + square / n)
    half = Z_95 * math.sqrt(part * (1 - part) / n + square / (4 * n * n)) / (1 + square / n)
    return Share(hits, n, max(0.0, middle - half), min(1.0, middle + half))
