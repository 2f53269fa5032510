"""How volunteers behave: who answers at random, pastes the same, stopped caring, or copies from somebody.

Each of these is told from what others gave for the same fields, never from a single answer, and only with enough of
them: a newcomer has no flags, and the reliability that everybody starts with. A flag is a reason to look, with its
numbers; what to do is for a person.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from micro.core.consensus.calibration import wilson

ENOUGH, ENOUGH_FOR_CHANGE, ENOUGH_TOGETHER = 15, 30, 15
"""So many answers that others answered too, before anything is said of one volunteer, of a change, of a pair."""

RARELY = 0.4
PASTED = 0.5
CHANGED, CHANGE_DOUBT = 0.35, 8.0
TOGETHER = 0.15
MANY_PAIRS_Z = 2.6  # There are many pairs, so one of them must stand out more than one volunteer.

USUAL, USUAL_ANSWERS = 0.7, 6.0


@dataclass(frozen=True)
class Deed:
    """One answer: what was asked (an item's field), its comparison key, and its place in time (any number)."""

    volunteer: Hashable
    asked: Hashable
    key: str
    at: float


@dataclass(frozen=True)
class Flag:
    """``kind``: "rarely agrees", "pastes", "changed" or "together". ``share`` and ``expected`` (0 to 1) are the reason:
    what was seen in ``answers`` answers, and what would be usual; ``other``: the second of a pair."""

    kind: str
    share: float
    expected: float
    answers: int
    other: Hashable = None


@dataclass(frozen=True)
class Conduct:
    """``agreement``: the shrunk share (0 to 1) of the others that agreed, in ``answers`` that can be compared."""

    agreement: float
    answers: int
    flags: tuple[Flag, ...]


@dataclass(frozen=True)
class _Compared:
    deed: Deed
    agreed: float
    others: tuple[Deed, ...]


def conduct_of(deeds: Iterable[Deed]) -> dict[Hashable, Conduct]:
    """The conduct of every volunteer. Answers that nobody else gave too teach nothing.

    Cost: answers, times those of the same field.
    """
    asked: dict[Hashable, list[Deed]] = defaultdict(list)
    for deed in deeds:
        asked[deed.asked].append(deed)
    compared: dict[Hashable, list[_Compared]] = defaultdict(list)
    for together in asked.values():
        for deed in together:
            others = tuple(one for one in together if one.volunteer != deed.volunteer)
            agreed = sum(one.key == deed.key for one in others) / len(others) if others else 0.0
            compared[deed.volunteer].append(_Compared(deed, agreed, others))
    pairs = _pairs(asked.values())
    return {who: _judged(_usable(seen), pairs.get(who, ())) for who, seen in compared.items()}


def _usable(seen: Sequence[_Compared]) -> list[_Compared]:
    return sorted((one for one in seen if one.others), key=lambda one: (one.deed.at, str(one.deed.asked)))


def _agreement(seen: Sequence[_Compared]) -> float:
    return (math.fsum(one.agreed for one in seen) + USUAL * USUAL_ANSWERS) / (len(seen) + USUAL_ANSWERS)


def _judged(seen: Sequence[_Compared], pairs: Sequence[Flag]) -> Conduct:
    found = [flag for flag in (_rarely(seen), _pastes(seen), _changed(seen)) if flag]
    return Conduct(_agreement(seen), len(seen), (*found, *pairs))


def _rarely(seen: Sequence[_Compared]) -> Flag | None:
    """A vandal, or somebody who misunderstood: with 95 % certainty most others disagree (Wilson's interval)."""
    if len(seen) < ENOUGH:
        return None
    share = math.fsum(one.agreed for one in seen) / len(seen)
    return Flag("rarely agrees", share, USUAL, len(seen)) if wilson(share, len(seen))[1] < RARELY else None


def _pastes(seen: Sequence[_Compared]) -> Flag | None:
    """One and the same answer where nobody else gives it: its share of all answers."""
    if len(seen) < ENOUGH:
        return None
    alone = Counter(one.deed.key for one in seen if one.agreed == 0 and one.deed.key)
    if not alone:
        return None
    share = max(alone.values()) / len(seen)
    return Flag("pastes", share, 1 / len(seen), len(seen)) if wilson(share, len(seen))[0] > PASTED / 2 else None


def _changed(seen: Sequence[_Compared]) -> Flag | None:
    """A sleeper: agreement fell at some time, by CHANGED or more, with a likelihood ratio beyond doubt (Page 1954)."""
    many = len(seen)
    if many < ENOUGH_FOR_CHANGE:
        return None
    total, before, best = math.fsum(one.agreed for one in seen), 0.0, (0.0, 0)
    for place in range(1, many):
        before += seen[place - 1].agreed
        if min(place, many - place) >= ENOUGH // 2:
            gain = _likely(before, place) + _likely(total - before, many - place) - _likely(total, many)
            best = max(best, (gain, place))
    gain, place = best
    early = math.fsum(one.agreed for one in seen[:place]) / max(1, place)
    late = math.fsum(one.agreed for one in seen[place:]) / (many - place)
    return Flag("changed", late, early, many - place) if gain > CHANGE_DOUBT and early - late > CHANGED else None


def _likely(right: float, many: int) -> float:
    """The logarithm of the likelihood of ``right`` of ``many`` at their own share."""
    share = min(1 - 1e-9, max(1e-9, right / many))
    return right * math.log(share) + (many - right) * math.log(1 - share)


def _pairs(asked: Iterable[Sequence[Deed]]) -> dict[Hashable, tuple[Flag, ...]]:
    """Pairs who agree with each other far more than how each agrees with everybody else lets expect.

    Independent volunteers who are right with chances p and q agree in about p times q; how each agrees with all others
    gives p and q up to a factor that is the same for all, the square root of how all agree with all.
    """
    seen: dict[tuple[Hashable, Hashable], list[int]] = defaultdict(lambda: [0, 0])
    alone: dict[Hashable, list[int]] = defaultdict(lambda: [0, 0])
    for together in asked:
        by_letters = sorted(together, key=lambda deed: str(deed.volunteer))
        for one, other in combinations(by_letters, 2):
            if one.volunteer != other.volunteer:
                for count in (seen[one.volunteer, other.volunteer], alone[one.volunteer], alone[other.volunteer]):
                    count[0] += one.key == other.key
                    count[1] += 1
    usual = max(0.05, sum(same for same, _ in seen.values()) / max(1, sum(many for _, many in seen.values())))
    found: dict[Hashable, tuple[Flag, ...]] = defaultdict(tuple)
    for (one_who, other_who), (same, many) in seen.items():
        if many < ENOUGH_TOGETHER:
            continue
        rates = [
            (alone[who][0] - same + usual * USUAL_ANSWERS) / (alone[who][1] - many + USUAL_ANSWERS)
            for who in (one_who, other_who)
        ]
        expected = min(1.0, rates[0] * rates[1] / usual)
        if wilson(same / many, many, MANY_PAIRS_Z)[0] > expected + TOGETHER:
            found[one_who] += (Flag("together", same / many, expected, many, other_who),)
            found[other_who] += (Flag("together", same / many, expected, many, one_who),)
    return found
