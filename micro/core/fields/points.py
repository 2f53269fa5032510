"""Points: latitude and longitude in degrees of WGS 84, read from what people type and paste.

A value is ``{"lat": "51.5357", "lon": "-0.9028"}``: decimal texts with as many digits as were given, at most seven
(about a centimetre). Read are decimal degrees with points or commas, degrees, minutes and seconds, and the letters of
the four directions (N, S, E, W, and the O of the French ouest), in one text or as ``{"lat", "lon"}``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from micro.core.fields.field import Field
from micro.errors import BadAnswer

EARTH_M = 6_371_008.8  # The mean radius (IUGG 1980).
MOST_DECIMALS = 7
LONGEST = 120
_MINUS = str.maketrans({"−": "-", "–": "-", "\u00a0": " ", "\u202f": " ", "º": "°", "˚": "°"})
_PLAIN = r"[-+]?\d{1,3}(?:[.,]\d{1,20})?"
_PAIR = re.compile(rf"({_PLAIN})(\s*[;/]\s*|\s*,\s+|\s+|,)({_PLAIN})", re.ASCII)
_MARKED = (
    r"\d{1,3}(?:[.,]\d+)?\s*°?(?:\s*\d{1,2}(?:[.,]\d+)?\s*['’′])?(?:\s*\d{1,2}(?:[.,]\d+)?\s*(?:\"|”|″|''|’’|′′))?"
)
_SIDE = "[NSEWO]"
_LETTERS = re.compile(
    rf"(?:({_SIDE})\s*({_MARKED})|({_MARKED})\s*({_SIDE}))\s*[,;/]?\s*(?:({_SIDE})\s*({_MARKED})|({_MARKED})\s*({_SIDE}))"
)
_SIGNED = re.compile(rf"([-+]?{_MARKED})(?:\s*[,;/]\s*|\s+)([-+]?{_MARKED})")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?", re.ASCII)


def parse_point(field: Field, value: Any) -> dict[str, str] | None:
    """The point, or None when nothing was said."""
    if isinstance(value, Mapping):
        parts = [str(value[part]).strip() if value.get(part) is not None else "" for part in ("lat", "lon")]
        if not any(parts):
            return None
        found = (
            _plain(*parts) if all(re.fullmatch(_PLAIN, part.translate(_MINUS), re.ASCII) for part in parts) else None
        )
    elif value is None or (isinstance(value, str) and not value.strip()):
        return None
    else:
        found = _read(value) if isinstance(value, str) and len(value) <= LONGEST else None
    if found is None:
        raise BadAnswer(field.name, "Give a latitude and a longitude, for example 51.5357, -0.9028.")
    lat, lon = found
    if abs(lat) > 90 or abs(lon) > 180:
        raise BadAnswer(
            field.name,
            "A latitude lies between -90 and 90, a longitude between -180 and 180; the latitude comes first.",
        )
    return {"lat": decimal_text(lat), "lon": decimal_text(lon)}


def decimal_text(degrees: Decimal) -> str:
    """The degrees with at most seven decimals; the zeros that were given stay, for they say how exact it is."""
    exponent = degrees.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -MOST_DECIMALS:
        degrees = degrees.quantize(Decimal(1).scaleb(-MOST_DECIMALS))
    return f"{abs(degrees) if degrees == 0 else degrees:f}"


def _plain(lat: str, lon: str) -> tuple[Decimal, Decimal]:
    return _decimal(lat), _decimal(lon)


def _decimal(text: str) -> Decimal:
    return Decimal(text.translate(_MINUS).replace(",", "."))


def _read(text: str) -> tuple[Decimal, Decimal] | None:
    """The degrees of one text; None when it is no point, or could be two."""
    text = re.sub(r"^(geo:|\()\s*|\s*\)$", "", text.translate(_MINUS).strip(), flags=re.IGNORECASE).strip()
    if found := _PAIR.fullmatch(text):
        return None if _is_doubtful(text) else _plain(found[1], found[3])
    if found := _LETTERS.fullmatch(text.upper()):
        one, other = (found[1] or found[4], found[2] or found[3]), (found[5] or found[8], found[6] or found[7])
        return _by_sides(one, other)
    if "°" in text and (found := _SIGNED.fullmatch(text)):
        lat, lon = _degrees(found[1]), _degrees(found[2])
        return (lat, lon) if lat is not None and lon is not None else None
    return None


def _is_doubtful(text: str) -> bool:
    """Whether commas alone leave two readings: "51,53" may be half a point, "51,53,10" has two ways to be one."""
    return re.fullmatch(r"[-+]?\d+,\d+(,\d+)?", text) is not None


def _by_sides(one: tuple[str, str], other: tuple[str, str]) -> tuple[Decimal, Decimal] | None:
    """Latitude and longitude of two numbers with their directions, in either order."""
    if (one[0] in "NS") == (other[0] in "NS"):
        return None
    (north, lat_text), (east, lon_text) = (one, other) if one[0] in "NS" else (other, one)
    lat, lon = _degrees(lat_text), _degrees(lon_text)
    if lat is None or lon is None:
        return None
    return (-lat if north == "S" else lat), (-lon if east in "WO" else lon)


def _degrees(text: str) -> Decimal | None:
    """Degrees from degrees, minutes and seconds; six decimals when there are any of the latter."""
    numbers = [Decimal(number.replace(",", ".")) for number in _NUMBER.findall(text)]
    if any(part >= 60 for part in numbers[1:]):
        return None
    if len(numbers) == 1:
        return -numbers[0] if text.startswith("-") else numbers[0]
    has_minutes = re.search("['’′]", re.sub("''|’’|′′", '"', text)) is not None
    minutes = numbers[1] if has_minutes else Decimal(0)
    seconds = numbers[-1] if len(numbers) == 3 or not has_minutes else Decimal(0)
    degrees = (numbers[0] + minutes / 60 + seconds / 3600).quantize(Decimal("0.000001"))
    return -degrees if text.startswith("-") else degrees


def written_point(value: Mapping[str, Any]) -> str:
    """The point as it can be typed again: "51.5357, -0.9028"."""
    return f"{value['lat']}, {value['lon']}"


def metres_between(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    """The distance of two points along a great circle of the sphere, in metres (haversine; within 0.6 % of WGS 84)."""
    lat_a, lon_a, lat_b, lon_b = (math.radians(float(p[part])) for p in (one, other) for part in ("lat", "lon"))
    a = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(a)))
