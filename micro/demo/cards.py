"""What stands on the demo cards: seeded, pure, and known exactly, so that a demo can compare answers with the truth."""

import random
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from micro.demo.words import FIGURE_REMARKS, FINDS, FINDSPOTS, MATERIAL_REMARKS, REMARKS, Find

LANGUAGES = ("en", "fr")
FIELDS = ("object", "material", "findspot", "found_on", "length", "description")
BLANK_SHARE = 0.06
LINE_CHARACTERS = 40
LINE_COUNTS = (2, 3)
SMALL_FIND_MM = 100  # Shorter finds are sometimes given in millimetres.
NUMBER_PREFIXES = {"en": "HM", "fr": "MV"}

FieldTruth = dict[str, Any]
Item = TypeVar("Item")


@dataclass(frozen=True)
class CardTruth:
    """One card: the museum's own number, its language and for each field `{"value": ...}` or `{"mark": "blank"}`.

    Values: text for `object`, `findspot` and `description` (lines divided by "\\n" as drawn); a code such as "bronze"
    for `material`; an EDTF string with X for unknown parts for `found_on`; `{"amount": "12.4", "unit": "cm"}` for
    `length`.
    """

    identifier: str
    language: str
    fields: Mapping[str, FieldTruth]

    def value(self, field: str) -> Any:
        """The value of a field, None where nothing is written."""
        return self.fields[field].get("value")


def make_truths(count: int, language: str, seed: int) -> list[CardTruth]:
    """`count` cards in the order of their numbers, the same for equal arguments; an empty list for 0.

    A longer drawer of the same seed begins with the same cards. Raises ValueError for an unknown language or a negative
    count.
    """
    if language not in LANGUAGES:
        raise ValueError(f"the demo speaks {', '.join(LANGUAGES)}, not {language!r}")
    if count < 0:
        raise ValueError(f"a drawer cannot hold {count} cards")
    source = random.Random(f"micro demo cards/{language}/{seed}")
    finds, findspots = _in_turn(FINDS, source), _in_turn(FINDSPOTS[language], source)
    numbers = _numbers(language, source)
    return [_card(next(numbers), language, next(finds), next(findspots), source) for _ in range(count)]


def _card(identifier: str, language: str, find: Find, findspot: str, source: random.Random) -> CardTruth:
    material = source.choice(find.materials)
    accession_year = int(identifier.split()[1].split(".")[0])
    values: dict[str, Any] = {
        "object": find.names[language],
        "material": material,
        "findspot": findspot,
        "found_on": _found_on(accession_year, source),
        "length": _length(find, source),
        "description": _description(find, material, language, source),
    }
    fields = {name: _field(name, value, source) for name, value in values.items()}
    return CardTruth(identifier, language, fields)


def _field(name: str, value: Any, source: random.Random) -> FieldTruth:
    is_blank = source.random() < BLANK_SHARE and name != "object"
    return {"mark": "blank"} if is_blank else {"value": value}


def _in_turn(items: Sequence[Item], source: random.Random) -> Iterator[Item]:
    """Every item once in a shuffled order, then all again in another order, without end."""
    while True:
        yield from source.sample(items, len(items))


def _numbers(language: str, source: random.Random) -> Iterator[str]:
    """Accession numbers in rising order, as a register gives them: year, then a number within the year."""
    year, number = source.randint(1889, 1911), source.randint(1, 9)
    while True:
        yield f"{NUMBER_PREFIXES[language]} {year}.{number}"
        number += source.randint(1, 6)
        if number > 60 and year < 1938:
            year, number = year + 1, source.randint(1, 9)


def _found_on(accession_year: int, source: random.Random) -> str:
    """An EDTF date (ISO 8601-2), up to four years before the museum took the find in."""
    year = accession_year - source.choice((0, 0, 0, 1, 1, 2, 4))
    month, day = source.randint(1, 12), source.randint(1, 28)
    match source.choices(("day", "month", "year"), (6, 3, 2))[0]:
        case "day":
            return f"{year}-{month:02d}-{day:02d}"
        case "month":
            return f"{year}-{month:02d}-XX"
        case _:
            return f"{year}-XX-XX"


def _length(find: Find, source: random.Random) -> dict[str, str]:
    length_mm = source.randint(*find.length_mm)
    if length_mm < SMALL_FIND_MM and source.random() < 0.5:
        return {"amount": str(length_mm), "unit": "mm"}
    centimetres, tenths = divmod(length_mm, 10)
    return {"amount": f"{centimetres}.{tenths}" if tenths else str(centimetres), "unit": "cm"}


def _description(find: Find, material: str, language: str, source: random.Random) -> str:
    """Two or three written lines: a remark on the figure, one on the material, and what else there is room for."""
    first = source.choice(FIGURE_REMARKS[find.figure][language])
    second = source.choice(MATERIAL_REMARKS[material][language])
    lines = _wrapped(f"{first} {second}")
    for remark in source.sample(REMARKS[language], 3):
        longer = _wrapped(f"{' '.join(lines)} {remark}")
        if len(longer) <= LINE_COUNTS[-1] and (len(lines) < LINE_COUNTS[0] or source.random() < 0.6):
            lines = longer
    return "\n".join(lines)


def _wrapped(text: str) -> list[str]:
    """Lines of at most LINE_CHARACTERS; none begins with the colon or semicolon that French sets off by a space."""
    held = text.replace(" :", "\N{NO-BREAK SPACE}:").replace(" ;", "\N{NO-BREAK SPACE};")
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in textwrap.wrap(held, LINE_CHARACTERS)]
