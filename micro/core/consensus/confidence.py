"""How sure the engine is, from votes alone.

The model is that of Dawid and Skene (1979, doi:10.2307/2346806) with one fixed reliability for everybody: a volunteer
says the true value with probability ``SURE`` (``UNSURE`` when they marked it so), and otherwise one of ``WRONG_WAYS``
wrong values, all alike. With a flat prior the posterior of each value follows; the true value may be one that nobody
gave. Reliabilities that are learned, and calibration on decided records, are the engine's next step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

SURE, UNSURE = 0.85, 0.6
WRONG_WAYS = 4


def posterior(votes: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """The probability of each value given its votes: {value: one reliability (0 to 1) per vote} -> {value: 0 to 1}.

    Empty input gives an empty result. The probabilities sum to less than 1: the rest is "none of these".
    Cost: values x votes.
    """
    everyone = [r for reliabilities in votes.values() for r in reliabilities]
    if not everyone:
        return {}
    all_wrong = sum(math.log((1 - r) / WRONG_WAYS) for r in everyone)
    logs = {
        value: all_wrong + sum(math.log(r) - math.log((1 - r) / WRONG_WAYS) for r in reliabilities)
        for value, reliabilities in votes.items()
    }
    unseen = max(1, WRONG_WAYS + 1 - len(votes))
    top = max(*logs.values(), all_wrong)
    total = sum(math.exp(log - top) for log in logs.values()) + unseen * math.exp(all_wrong - top)
    return {value: math.exp(log - top) / total for value, log in logs.items()}
