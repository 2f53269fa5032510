"""Numbers in a table of answers: "12 cm" and "120 mm" are one reading, so they stand together before anything else."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable
from decimal import Decimal

from micro.core.consensus.measurements import Amount, base_of, is_unit
from micro.core.consensus.rows import Row

_AMOUNT = re.compile(r"\s*(\d{1,15}(?:[.,]\d{1,10})?)\s*([^\d\s.,]{1,12})\s*\.?\s*", re.ASCII)


def in_one_unit(row: Row, key_of: Callable[[str], str]) -> Row:
    """The row, with values that are the same in another unit written as most write them; of equals the first by text.

    Only what is a number and a known unit, and nothing else, is compared so: no other text is touched.
    """
    if row.type != "number" or len(row.values) < 2 or row.values.count(row.values[0]) == len(row.values):
        return row
    same: dict[tuple[str, Decimal], list[str]] = defaultdict(list)
    for value in row.values:
        amount = read_amount(value)
        if amount is not None:
            same[base_of(amount)].append(value)
    written: dict[str, str] = {}
    for values in same.values():
        if len({key_of(value) for value in values}) > 1:
            count = Counter(map(key_of, values))
            chosen = min(values, key=lambda value: (-count[key_of(value)], value))
            written |= {value: chosen for value in values if key_of(value) != key_of(chosen)}
    return row._replace(values=tuple(written.get(value, value) for value in row.values)) if written else row


def read_amount(text: str) -> Amount | None:
    """A number with a known unit, or None.

    >>> read_amount("12,5 cm.")
    Amount(amount=Decimal('12.5'), unit='cm')
    >>> read_amount("socket 24 mm") is None and read_amount("12") is None
    True
    """
    found = _AMOUNT.fullmatch(text)
    if found is None or not is_unit(found[2]):
        return None
    return Amount(Decimal(found[1].replace(",", ".")), found[2])
