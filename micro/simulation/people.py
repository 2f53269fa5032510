"""Simulated volunteers: what each reads on a card, right or wrong in the ways in which people are wrong. Pure.

What somebody reads depends on the seed, the person, the card and the field only, never on the order of answering: runs
with the same seed make the same mistakes, whoever is lent which card. One mistake in four is the one that this very
writing invites, so that two people now and then agree on a wrong value, as they do on real cards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from random import Random
from typing import Any

from micro.core.fields import UNASKED, Said

Asked = Mapping[str, Any]
"""One field as the JSON interface describes it: name, type, units, choices; of some types free, columns, only_if."""

CAREFUL, SLOPPY = 0.02, 0.25
HARD_SHARE, HARDER = 0.1, 0.35  # one field in ten is faded or badly written: so much is added to the error rate there
SHARED_MISTAKES = 0.25
UNSURE_WHEN_RIGHT, UNSURE_WHEN_WRONG = 0.03, 0.25
TAKEN_FOR_BLANK, TAKEN_FOR_ILLEGIBLE = 0.05, 0.1
LOOK_ALIKES = {"0": "6", "1": "7", "2": "7", "3": "8", "4": "9", "5": "6", "6": "0", "7": "1", "8": "3", "9": "4"}
LETTERS_ALIKE = {
    "a": "o",
    "o": "a",
    "e": "c",
    "c": "e",
    "n": "u",
    "u": "n",
    "i": "l",
    "l": "t",
    "t": "l",
    "r": "v",
    "h": "k",
    "m": "nn",
    "g": "y",
    "b": "h",
    "s": "r",
    "é": "e",
    "è": "é",
}
BLANK: Said = {"mark": "blank"}
RUBBISH = ("asdf", "lol", "x", "no idea", "aaaaaaaa")


@dataclass(frozen=True)
class Habits:
    """How somebody reads. ``error_rate`` is the share of fields read wrongly, 0 to 1, and ``harder`` is added to it
    where the writing is hard to read; a vandal reads nothing.
    """

    name: str
    error_rate: float
    harder: float = HARDER
    is_vandal: bool = False


def everybody(count: int) -> list[Habits]:
    """``count`` people, 3 or more: from careful to sloppy in even steps, and one vandal at the end."""
    readers = count - 1
    step = (SLOPPY - CAREFUL) / max(1, readers - 1)
    honest = [Habits(f"volunteer-{number + 1}", round(CAREFUL + number * step, 4)) for number in range(readers)]
    return [*honest, Habits(f"volunteer-{count}", 1.0, is_vandal=True)]


def read_card(
    truth: Mapping[str, Said], asked: Sequence[Asked], who: Habits, identifier: str, seed: int
) -> dict[str, Said]:
    """What somebody says of the asked fields of one card, in the form of an answer.

    What nobody knows of a card counts as blank on it: also a field that is asked only because another was misread.
    """
    names, said = {field["name"] for field in asked}, dict[str, Said]()
    for field in asked:
        known = truth.get(field["name"], BLANK)
        known = BLANK if known.get("mark") == UNASKED else known
        is_asked = _is_asked(field, said, names)
        said[field["name"]] = _read(known, field, who, identifier, seed) if is_asked else {"mark": UNASKED}
    return said


def _is_asked(field: Asked, said: Mapping[str, Said], names: Set[str]) -> bool:
    """As the form itself decides it, see core/kind.py, by what was said before."""
    condition = field.get("only_if")
    if condition is None or condition["field"] not in names:
        return True
    value = said[condition["field"]].get("value")
    given = value if isinstance(value, list) else [value]
    return value is not None and (not condition["is"] or any(one in condition["is"] for one in given))


def _read(truth: Said, field: Asked, who: Habits, identifier: str, seed: int) -> Said:
    own = Random(f"{seed}/{identifier}/{field['name']}/{who.name}")
    if who.is_vandal:
        return _scribble(field, own)
    writing = Random(f"{seed}/{identifier}/{field['name']}")
    is_hard = writing.random() < HARD_SHARE
    if own.random() >= who.error_rate + (who.harder if is_hard else 0):
        return _perhaps_unsure(truth, own, UNSURE_WHEN_RIGHT)
    source = writing if own.random() < SHARED_MISTAKES else own
    return _perhaps_unsure(_mistaken(truth, field, source), own, UNSURE_WHEN_WRONG)


def _perhaps_unsure(said: Said, source: Random, share: float) -> Said:
    return {**said, "mark": "unsure"} if "value" in said and source.random() < share else said


def _mistaken(truth: Said, field: Asked, source: Random) -> Said:
    """A wrong reading of a field; never the truth."""
    value = truth.get("value")
    if value is None:
        return {"mark": "illegible" if truth.get("mark") == "blank" else "blank"}
    lot = source.random()
    if lot < TAKEN_FOR_BLANK + TAKEN_FOR_ILLEGIBLE:
        return {"mark": "blank" if lot < TAKEN_FOR_BLANK else "illegible"}
    ways = list(WAYS[field["type"]])
    source.shuffle(ways)
    for way in ways:
        wrong = way(value, field, source)
        if wrong is not None and wrong != value:
            return {"value": wrong}
    return {"mark": "illegible"}


Way = Callable[[Any, Asked, Random], Any]
"""One way to be wrong: (true value, field, chance) -> wrong value, or None where it does not apply."""


def _typo(text: str, field: Asked, source: Random) -> str | None:
    """A letter left out, doubled, or changed places with its neighbour."""
    places = [place for place in range(1, len(text) - 1) if text[place].isalpha() and text[place + 1].isalpha()]
    if not places:
        return None
    at = source.choice(places)
    match source.randrange(3):
        case 0:
            return text[:at] + text[at + 1 :]
        case 1:
            return text[:at] + text[at] + text[at:]
        case _:
            return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _misread_letter(text: str, field: Asked, source: Random) -> str | None:
    places = [place for place, sign in enumerate(text) if sign in LETTERS_ALIKE]
    if not places:
        return None
    at = source.choice(places)
    return text[:at] + LETTERS_ALIKE[text[at]] + text[at + 1 :]


def _wrong_case(text: str, field: Asked, source: Random) -> str:
    return source.choice((text.lower(), text.title(), text[:1].swapcase() + text[1:]))


def _left_out_line(text: str, field: Asked, source: Random) -> str | None:
    lines = text.split("\n")
    if len(lines) < 2:
        return None
    lines.pop(source.randrange(len(lines)))
    return "\n".join(lines)


def _joined_lines(text: str, field: Asked, source: Random) -> str:
    return text.replace("\n", " ")


def _lost_point(value: Mapping[str, str], field: Asked, source: Random) -> dict[str, str] | None:
    return {**value, "amount": value["amount"].replace(".", "")} if "." in value["amount"] else None


def _other_digit(value: Mapping[str, str], field: Asked, source: Random) -> dict[str, str]:
    return {**value, "amount": _misread_digit(value["amount"], source)}


def _other_unit(value: Mapping[str, str], field: Asked, source: Random) -> dict[str, str] | None:
    others = [unit for unit in field["units"] if unit != value["unit"]]
    return {**value, "unit": source.choice(others)} if others else None


def _swapped_digits(value: Mapping[str, str], field: Asked, source: Random) -> dict[str, str] | None:
    amount = value["amount"]
    places = [at for at in range(len(amount) - 1) if amount[at : at + 2].isdigit() and amount[at] != amount[at + 1]]
    if not places:
        return None
    at = source.choice(places)
    return {**value, "amount": amount[:at] + amount[at + 1] + amount[at] + amount[at + 2 :]}


def _day_for_month(value: str, field: Asked, source: Random) -> str | None:
    year, month, day = value.split("-")
    return f"{year}-{day}-{month}" if day.isdigit() and int(day) <= 12 and month.isdigit() else None


def _left_out_day(value: str, field: Asked, source: Random) -> str:
    return value[:8] + "XX"


def _other_year(value: str, field: Asked, source: Random) -> str | None:
    """The last digits of the year misread or swapped."""
    if not value[:4].isdigit():
        return None
    if source.random() < 0.5:
        return value[:2] + value[3] + value[2] + value[4:]
    return value[:2] + _misread_digit(value[2:4], source) + value[4:]


def _other_choice(value: str, field: Asked, source: Random) -> str | None:
    others = [choice["code"] for choice in field["choices"] if choice["code"] != value]
    return source.choice(others) if others else None


def _missed_one(value: list[Any], field: Asked, source: Random) -> list[Any] | None:
    """A label, a row of a table or a line of a page left out."""
    missed = source.randrange(len(value))
    return value[:missed] + value[missed + 1 :] if len(value) > 1 else None


def _other_tag(value: list[Any], field: Asked, source: Random) -> list[Any] | None:
    """A label that does not fit instead of one that does."""
    others = [choice["code"] for choice in field["choices"] if choice["code"] not in value]
    at = source.randrange(len(value))
    return [*value[:at], *value[at + 1 :], source.choice(others)] if others else None


def _other_hemisphere(value: Mapping[str, str], field: Asked, source: Random) -> dict[str, str] | None:
    """West read as east, and the other way round."""
    return {**value, "lon": value["lon"][1:]} if value["lon"].startswith("-") else {**value, "lon": f"-{value['lon']}"}


def _swapped_degrees(value: Mapping[str, str], field: Asked, source: Random) -> dict[str, str] | None:
    """Length for width; what lies beyond the poles is noticed."""
    return {"lat": value["lon"], "lon": value["lat"]} if abs(float(value["lon"])) <= 90 else None


def _misread_cell(value: list[Any], field: Asked, source: Random) -> list[Any] | None:
    columns = {column["name"]: column for column in field["columns"]}
    places = [(at, name) for at, row in enumerate(value) for name in sorted(row) if "value" in row[name]]
    if not places:
        return None
    at, name = source.choice(places)
    wrong = _mistaken(value[at][name], columns[name], source)
    return [*value[:at], {**value[at], name: wrong}, *value[at + 1 :]]


def _misread_line(value: list[Any], field: Asked, source: Random) -> list[Any] | None:
    places = [at for at, line in enumerate(value) if "value" in line]
    if not places:
        return None
    at = source.choice(places)
    return [*value[:at], _mistaken(value[at], {"name": "line", "type": "text"}, source), *value[at + 1 :]]


def _misread_digit(text: str, source: Random) -> str:
    at = source.choice([place for place, sign in enumerate(text) if sign in LOOK_ALIKES])
    return text[:at] + LOOK_ALIKES[text[at]] + text[at + 1 :]


WAYS: Mapping[str, tuple[Way, ...]] = {
    "text": (_typo, _misread_letter, _wrong_case),
    "long_text": (_typo, _misread_letter, _left_out_line, _joined_lines),
    "number": (_lost_point, _other_digit, _swapped_digits, _other_unit),
    "date": (_day_for_month, _left_out_day, _other_year),
    "choice": (_other_choice,),
    "tags": (_missed_one, _other_tag),
    "point": (_other_hemisphere, _swapped_degrees),
    "table": (_missed_one, _misread_cell),
    "lines": (_missed_one, _misread_line),
}


def _scribble(field: Asked, source: Random) -> Said:
    """What a vandal says: nothing that stands on the card."""
    match field["type"]:
        case "number":
            unit = source.choice(field["units"]) if field["units"] else ""
            return {"value": {"amount": str(source.randint(1, 999)), "unit": unit}}
        case "date":
            return {"value": "2000-01-01"}
        case "choice":
            return {"value": source.choice(field["choices"])["code"]}
        case "tags":
            codes = [choice["code"] for choice in field["choices"]]
            return {"value": [source.choice(codes)] if codes else [{"free": source.choice(RUBBISH)}]}
        case "point":
            return {"value": {"lat": "0", "lon": "0"}}
        case "table":
            column = field["columns"][0]
            return {"value": [{column["name"]: _scribble(column, source)}]}
        case "lines":
            return {"value": [{"value": source.choice(RUBBISH)}]}
        case _:
            return {"value": source.choice(RUBBISH)}
