"""Numbers with a unit: one scale for all units, and the habit of rounding told apart from a misreading.

A number that stands on a card is read, so the heaviest reading wins (weighted mode). Only where the volunteers measure
themselves is the weighted median of what they found better than any one of them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal
from typing import Literal

System = Literal["metric", "imperial"]

# Exact by definition: the international yard and pound (1959). Base units: millimetre, gram, square millimetre,
# cubic millimetre, degree.
_SCALES: dict[str, tuple[str, Decimal]] = {
    "µm": ("length", Decimal("0.001")),
    "mm": ("length", Decimal(1)),
    "cm": ("length", Decimal(10)),
    "dm": ("length", Decimal(100)),
    "m": ("length", Decimal(1000)),
    "km": ("length", Decimal(1_000_000)),
    "in": ("length", Decimal("25.4")),
    "ft": ("length", Decimal("304.8")),
    "yd": ("length", Decimal("914.4")),
    "mi": ("length", Decimal("1609344")),
    "mg": ("mass", Decimal("0.001")),
    "g": ("mass", Decimal(1)),
    "kg": ("mass", Decimal(1000)),
    "gr": ("mass", Decimal("0.06479891")),
    "oz": ("mass", Decimal("28.349523125")),
    "lb": ("mass", Decimal("453.59237")),
    "mm²": ("area", Decimal(1)),
    "cm²": ("area", Decimal(100)),
    "m²": ("area", Decimal(1_000_000)),
    "ml": ("volume", Decimal(1000)),
    "l": ("volume", Decimal(1_000_000)),
    "°": ("angle", Decimal(1)),
}
_SPELLINGS = {
    **dict.fromkeys(("millimetre", "millimetres", "millimeter", "millimeters", "millimètre", "millimètres"), "mm"),
    **dict.fromkeys(("centimetre", "centimetres", "centimeter", "centimeters", "centimètre", "centimètres"), "cm"),
    **dict.fromkeys(("metre", "metres", "meter", "meters", "mètre", "mètres"), "m"),
    **dict.fromkeys(('"', "″", "”", "in.", "ins", "inch", "inches", "pouce", "pouces"), "in"),
    **dict.fromkeys(("'", "′", "’", "ft.", "foot", "feet", "pied", "pieds"), "ft"),
    **dict.fromkeys(("gram", "grams", "gramme", "grammes", "gm", "gms", "grs"), "g"),
    **dict.fromkeys(("ounce", "ounces", "ozs", "oz.", "once", "onces"), "oz"),
    **dict.fromkeys(("lbs", "lb.", "pound", "pounds", "livre", "livres"), "lb"),
    **dict.fromkeys(("um", "micron", "microns"), "µm"),
    **dict.fromkeys(("deg", "degree", "degrees", "degré", "degrés"), "°"),
}
_SHOWN: dict[System, dict[str, str]] = {
    "metric": {"length": "mm", "mass": "g", "area": "mm²", "volume": "ml", "angle": "°"},
    "imperial": {"length": "in", "mass": "oz", "area": "mm²", "volume": "ml", "angle": "°"},
}
HABIT = 0.3
HABIT_ANSWERS = 4.0
LIKE = 1e-9


@dataclass(frozen=True)
class Amount:
    """A number as it was given: exact, with the decimals that were written, and its unit ("" for none)."""

    amount: Decimal
    unit: str = ""


@dataclass(frozen=True)
class Reading:
    """What the numbers say. ``chosen`` is the number of the answer whose spelling stands for the value.

    ``support`` is the share (0 to 1) of the weight behind it, of those who rounded only as far as they have the habit;
    ``rival`` that of the next best; ``tied`` when they are the same. ``backers`` say the value, exactly or rounded.
    """

    chosen: int
    support: float
    rival: float
    tied: bool
    backers: tuple[int, ...]


def normal_unit(unit: str) -> str:
    """The usual short name of a unit, itself when it is unknown.

    >>> [normal_unit(unit) for unit in ("Inches", "mm", "″", "cubits")]
    ['in', 'mm', 'in', 'cubits']
    """
    plain = " ".join(unit.split())
    if plain in _SCALES:
        return plain
    lower = plain.casefold()
    return _SPELLINGS.get(lower, lower if lower in _SCALES else plain)


def is_unit(unit: str) -> bool:
    """Whether this is a unit of which the size is known."""
    return normal_unit(unit) in _SCALES


def base_of(given: Amount) -> tuple[str, Decimal]:
    """What is measured, and how much in its base unit: two spellings of one value give the same.

    >>> base_of(Amount(Decimal("12.0"), "cm")) == base_of(Amount(Decimal(120), "mm"))
    True
    """
    unit = normal_unit(given.unit)
    if unit not in _SCALES:
        return unit, _plain(given.amount)
    kind, scale = _SCALES[unit]
    return kind, _plain(given.amount * scale)


def shown_in(given: Amount, system: System) -> Amount:
    """The value in the project's system, with as many significant digits as were given; unknown units stay.

    >>> shown_in(Amount(Decimal("4.72"), "in"), "metric")
    Amount(amount=Decimal('120'), unit='mm')
    """
    kind, base = base_of(given)
    unit = _SHOWN[system].get(kind, "")
    if not unit or unit == normal_unit(given.unit):
        return Amount(given.amount, normal_unit(given.unit))
    converted = base / _SCALES[unit][1]
    if not converted:
        return Amount(Decimal(0), unit)
    digits = max(1, len(given.amount.as_tuple().digits))
    rounded = converted.quantize(Decimal(1).scaleb(converted.adjusted() - digits + 1))
    return Amount(rounded if "E" not in str(rounded) else Decimal(f"{rounded:f}"), unit)


def rounds_to(fine: Amount, coarse: Amount) -> bool:
    """Whether ``coarse`` is ``fine`` with fewer decimals, rounded or cut off, in the same unit; never both ways.

    >>> [rounds_to(Amount(Decimal("12.04")), Amount(Decimal(text))) for text in ("12", "12.0", "12.04", "12.1", "13")]
    [True, True, False, False, False]
    """
    if normal_unit(fine.unit) != normal_unit(coarse.unit):
        return False
    step = Decimal(1).scaleb(_exponent(coarse.amount))
    if _exponent(fine.amount) >= _exponent(coarse.amount) or fine.amount == coarse.amount:
        return False
    ways = (ROUND_HALF_UP, ROUND_HALF_DOWN, "ROUND_DOWN")
    return coarse.amount in {fine.amount.quantize(step, rounding=way) for way in ways}


def weighted_mode(given: Sequence[Amount], weights: Sequence[float], habits: Sequence[float] = ()) -> Reading | None:
    """The value with the most weight; None without an answer. Weights are above 0 and may be scaled by any factor.

    Values are compared in one unit: 12 cm is 120 mm. Who gave a value that is the rounding of a finer one supports the
    finer one too, as far as ``habits`` says (0 to 1 per answer, how likely this volunteer rounds; HABIT when left out):
    of 12 and 12.04 the latter was hardly made up. A tie stays open; the guess is then the lower of the values in the
    middle. Spelling: the unit and decimals that most weight has, then the finest. Cost: answers squared.
    """
    if not given:
        return None
    habit = habits or [HABIT] * len(given)
    bases = [base_of(one) for one in given]
    total = math.fsum(weights)
    backing: dict[tuple[str, Decimal], dict[int, float]] = {}
    for base in sorted(set(bases)):
        finest = [given[i] for i in range(len(given)) if bases[i] == base]
        backing[base] = {
            i: weights[i] / total * (1.0 if bases[i] == base else habit[i])
            for i in range(len(given))
            if bases[i] == base or any(rounds_to(fine, given[i]) for fine in finest)
        }
    support = {base: round(math.fsum(shares.values()), 9) for base, shares in backing.items()}
    most = max(support.values())
    leaders = [base for base in sorted(support) if support[base] == most]
    base = leaders[(len(leaders) - 1) // 2]
    rival = max((share for other, share in support.items() if other != base), default=0.0)
    mine = [i for i in range(len(given)) if bases[i] == base]
    return Reading(
        _spelling(given, weights, mine), min(1.0, most), rival, len(leaders) > 1, tuple(sorted(backing[base]))
    )


def weighted_median(given: Sequence[Amount], weights: Sequence[float], tolerance: float = 0.05) -> Reading | None:
    """The lower weighted median of what volunteers measured; None without an answer.

    Only what is measured in the heaviest kind of unit counts. ``backers`` are those within ``tolerance`` (a share of
    the value) of it, and ``support`` their weight, ``rival`` the weight of all others; it is never a tie, because the
    middle of several measurements is an estimate and not somebody's claim.
    """
    if not given:
        return None
    bases = [base_of(one) for one in given]
    total = math.fsum(weights)
    kinds: dict[str, list[float]] = defaultdict(list)
    for (kind, _), weight in zip(bases, weights, strict=True):
        kinds[kind].append(weight / total)
    kind = min(kinds, key=lambda one: (-round(math.fsum(kinds[one]), 9), one))
    ordered = sorted((bases[i][1], weights[i] / total, i) for i in range(len(given)) if bases[i][0] == kind)
    half, so_far, middle = math.fsum(share for _, share, _ in ordered) / 2, 0.0, ordered[-1][0]
    for value, share, _ in ordered:
        so_far += share
        if so_far >= half - LIKE:
            middle = value
            break
    near = sorted(i for value, _, i in ordered if abs(value - middle) <= abs(middle) * Decimal(repr(tolerance)))
    support = min(1.0, math.fsum(weights[i] / total for i in near))
    mine = [i for value, _, i in ordered if value == middle]
    return Reading(_spelling(given, weights, mine), support, max(0.0, 1 - support), False, tuple(near))


def rounding_habits(answers: Sequence[tuple[Hashable, Hashable, Amount]]) -> dict[Hashable, float]:
    """How likely each volunteer rounds, 0 to 1, from (item, volunteer, number) of a whole project.

    Counted are the items where at least two volunteers gave values that are the same or the rounding of one another, so
    that nobody misread: of those, how often the volunteer's was the coarser one. Shrunk to HABIT as if HABIT_ANSWERS
    had been seen before. Cost: answers, times answers an item.
    """
    items: dict[Hashable, list[tuple[Hashable, Amount]]] = defaultdict(list)
    seen: dict[Hashable, list[bool]] = {}
    for item, volunteer, amount in answers:
        items[item].append((volunteer, amount))
        seen.setdefault(volunteer, [])
    for together in items.values():
        for volunteer, amount in together:
            others = [other for who, other in together if who != volunteer]
            coarser = any(rounds_to(other, amount) for other in others)
            exact = any(rounds_to(amount, other) or _same_but_written_finer(amount, other) for other in others)
            if coarser or exact:
                seen[volunteer].append(coarser)
    return {who: (HABIT * HABIT_ANSWERS + sum(habit)) / (HABIT_ANSWERS + len(habit)) for who, habit in seen.items()}


def support_of(given: Sequence[Amount], weights: Sequence[float]) -> Mapping[tuple[str, Decimal], float]:
    """The share of the weight that says exactly each value, in base units: for the evidence."""
    total = math.fsum(weights)
    shares: dict[tuple[str, Decimal], list[float]] = defaultdict(list)
    for one, weight in zip(given, weights, strict=True):
        shares[base_of(one)].append(weight / total)
    return {base: math.fsum(parts) for base, parts in sorted(shares.items())}


def _same_but_written_finer(one: Amount, other: Amount) -> bool:
    return base_of(one) == base_of(other) and _exponent(one.amount) < 0


def _spelling(given: Sequence[Amount], weights: Sequence[float], numbers: Sequence[int]) -> int:
    """The answer whose unit and decimals most weight has; of equals the finest, then the first by unit and number."""
    written: dict[tuple[str, str], list[float]] = defaultdict(list)
    for i in numbers:
        written[given[i].unit, str(given[i].amount)].append(weights[i])
    total = math.fsum(weights)

    def rank(i: int) -> tuple[float, int, str, str]:
        spelled = given[i].unit, str(given[i].amount)
        return -round(math.fsum(written[spelled]) / total, 9), _exponent(given[i].amount), *spelled

    return min(numbers, key=rank)


def _exponent(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _plain(amount: Decimal) -> Decimal:
    """One form for every value: no trailing zeros, and no sign on zero."""
    return abs(amount.normalize()) if not amount else amount.normalize()
