"""How a clerk writes a value down: the words on the card, as against the values in the truth."""

from collections.abc import Mapping

import numpy as np

from micro.demo.cards import CardTruth
from micro.demo.words import MATERIALS


def _months(english: str, french: str) -> Mapping[str, tuple[str, ...]]:
    return {"en": tuple(english.split()), "fr": tuple(french.split())}


MONTHS = _months(
    "January February March April May June July August September October November December",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
)
SHORT_MONTHS = _months(
    "Jan. Feb. March April May June July Aug. Sept. Oct. Nov. Dec.",
    "janv. févr. mars avril mai juin juill. août sept. oct. nov. déc.",
)
# French clerks wrote September to December as the numbered months of the Roman year, well into the twentieth century.
NUMBERED_MONTHS: Mapping[int, str] = {9: "7bre", 10: "8bre", 11: "9bre", 12: "Xbre"}


def written_lines(truth: CardTruth, field: str, source: np.random.Generator) -> list[str]:
    """The lines that stand in one field of the card, top to bottom; an empty list where nothing is written."""
    value = truth.value(field)
    if value is None:
        return []
    match field:
        case "material":
            return [MATERIALS[value][truth.language]]
        case "found_on":
            return [written_date(value, truth.language, source)]
        case "length":
            return [written_length(value, truth.language)]
        case _:
            return str(value).split("\n")


def written_date(edtf: str, language: str, source: np.random.Generator) -> str:
    """A date as a human writes it: "12 October 1907", "Oct. 1907", "1907"; in French now and then "12 8bre 1907".

    `edtf` is year-month-day with XX for an unknown month or day. Raises ValueError for anything else.
    """
    year, month_digits, day_digits = edtf.split("-")
    if month_digits == "XX":
        return year
    month = _written_month(int(month_digits), language, source)
    if day_digits == "XX":
        return f"{month} {year}"
    return f"{_written_day(int(day_digits), language)} {month} {year}"


def _written_month(month: int, language: str, source: np.random.Generator) -> str:
    style = source.random()
    if language == "fr" and month in NUMBERED_MONTHS and style < 0.3:
        return NUMBERED_MONTHS[month]
    return (SHORT_MONTHS if style < 0.5 else MONTHS)[language][month - 1]


def _written_day(day: int, language: str) -> str:
    return "1er" if language == "fr" and day == 1 else str(day)


def written_length(length: Mapping[str, str], language: str) -> str:
    """A number with its unit; French writes the decimal comma."""
    amount = length["amount"].replace(".", ",") if language == "fr" else length["amount"]
    return f"{amount} {length['unit']}"
