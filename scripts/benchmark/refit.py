"""The consensus engine on many answers, in a process of its own: a full fit, and merging everything together.

``python refit.py fit|merge ANSWERS`` prints one JSON line. Fields have three answers each, by up to 5,000 volunteers of
whom each is right with a chance of their own; no database takes part.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterator

from parts import peak_mb

from micro.core.consensus.conduct import Deed
from micro.core.consensus.project import merge_project
from micro.core.consensus.rows import Row
from micro.services.conducting import Deeds
from micro.services.fitting import FitRow, Gathered, fit

VOLUNTEERS, EACH, DECIDED = 5_000, 3, 300
WORDS = ("socketed axe", "flat axe", "palstave", "spearhead", "rapier", "torc", "gouge", "chisel", "awl", "ferrule")


def answered(answers: int) -> Iterator[tuple[tuple[int, ...], tuple[int, ...], int]]:
    """For each field who answered, the numbers of the words that they gave, and the right one."""
    chance = random.Random(1)
    people = min(VOLUNTEERS, max(10, answers // 20))
    right_share = [0.55 + 0.43 * chance.random() for _ in range(people)]
    for _ in range(answers // EACH):
        right = chance.randrange(len(WORDS))
        who = tuple(chance.sample(range(people), EACH))
        said = tuple(right if chance.random() < right_share[one] else chance.randrange(len(WORDS)) for one in who)
        yield who, said, right


def full_fit(answers: int) -> float:
    """Seconds for everything that a full fit works out, when its rows are read."""
    gathered = Gathered(1, 0, 0, answers, answers, 0, {}, deeds=Deeds())
    for number, (who, said, right) in enumerate(answered(answers)):
        truth = right if number < DECIDED else None
        gathered.rows["text"].append(FitRow(number, tuple(one + 1 for one in who), said, truth))
        for one, word in zip(who, said, strict=True):
            gathered.deeds.add(Deed(one + 1, number, WORDS[word], number))
    begun = time.perf_counter()
    fit(gathered)
    return time.perf_counter() - begun


def merged(answers: int) -> float:
    """Seconds for merging all fields together, as ``micro consensus`` does."""
    rows = [
        Row(str(number // 5), f"field {number % 5}", "text", tuple(map(str, who)), tuple(WORDS[one] for one in said))
        for number, (who, said, _) in enumerate(answered(answers))
    ]
    begun = time.perf_counter()
    merge_project(rows)
    return time.perf_counter() - begun


if __name__ == "__main__":
    part, many = sys.argv[1], int(sys.argv[2])
    seconds = full_fit(many) if part == "fit" else merged(many)
    print(json.dumps({"answers": many, "seconds": seconds, "peak_mb": peak_mb()}))
