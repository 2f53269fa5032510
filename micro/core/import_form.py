"""The form of imported work: one field for each key of its answers that people typed. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# A place on a map, and how it was found: no words that people typed. Kept beside the answer for a kind that locates.
PLACES = frozenset({"geojson", "lon", "lng", "longitude", "lat", "latitude", "optionsAccuracy"})
# Longer ones deserve a box of several lines.
ONE_LINE = 200
FIELDS_MOST = 60  # As many as the form builder allows; a test compares them.
NAME_LONGEST = 40
# Read alike by anybody who made such a form; any other label is the key's own words in both languages.
FRENCH: Mapping[str, str] = {
    "title": "Titre",
    "name": "Nom",
    "date": "Date",
    "place": "Lieu",
    "length": "Longueur",
    "width": "Largeur",
    "height": "Hauteur",
    "thickness": "Épaisseur",
    "weight": "Poids",
    "remarks": "Remarques",
    "notes": "Notes",
    "other": "Autres",
}


@dataclass
class Seen:
    """What the values of one key look like: the longest, whether any has lines, is nested, or is not the key itself."""

    longest: int = 0
    has_lines: bool = False
    is_nested: bool = False
    is_typed: bool = False
    count: int = 0


def look_over(infos: Iterable[Mapping[str, Any]]) -> dict[str, Seen]:
    """What the values of each key look like, in the order in which the keys come."""
    seen: dict[str, Seen] = {}
    for info in infos:
        for key, value in info.items():
            _note(seen.setdefault(key, Seen()), key, value)
    return seen


def _note(seen: Seen, key: str, value: Any) -> None:
    seen.count += 1
    if isinstance(value, Mapping | list):
        seen.is_nested = True
        return
    text = "" if value is None else str(value).strip()
    seen.longest = max(seen.longest, len(text))
    seen.has_lines = seen.has_lines or "\n" in text or "\r" in text
    seen.is_typed = seen.is_typed or text != key


def typed_keys(seen: Mapping[str, Seen]) -> list[str]:
    """The keys that people typed into, at most FIELDS_MOST, those that most answers have.

    Not the places on a map, nor what is nested, nor the caption of a button that was sent along with the form.
    """
    found = [key for key, one in seen.items() if key not in PLACES and not one.is_nested and one.is_typed]
    if len(found) <= FIELDS_MOST:
        return found
    most = set(sorted(found, key=lambda key: -seen[key].count)[:FIELDS_MOST])
    return [key for key in found if key in most]


def grown(fields: Sequence[Mapping[str, Any]], seen: Mapping[str, Seen]) -> list[dict[str, Any]]:
    """The fields of a setup, with new ones for new keys, and with several lines where a field now needs them.

    Nothing is renamed or taken away; equal to ``fields`` when these do already.
    """
    made = [dict(field) for field in fields]
    for key in typed_keys(seen):
        field = _field_of(key, made)
        kind = "long_text" if seen[key].has_lines or seen[key].longest > ONE_LINE else "text"
        if field is None and len(made) >= FIELDS_MOST:
            continue
        if field is None:
            label = words_of(key)
            french = FRENCH.get(label.lower(), label)
            name = _free_name(key, {"whole", *(str(one["name"]) for one in made)})
            made.append({"name": name, "type": kind, "label": {"en": label, "fr": french}, "source": key})
        elif field["type"] == "text" and kind == "long_text":
            field["type"] = kind
    return made


def names_by_key(fields: Sequence[Mapping[str, Any]], keys: Iterable[str]) -> dict[str, str]:
    """The name of the field that each key goes into; a key without one is not in it."""
    found = {key: _field_of(key, fields) for key in keys}
    return {key: str(field["name"]) for key, field in found.items() if field is not None}


def _field_of(key: str, fields: Sequence[Any]) -> Any:
    """The field that was made for the key, else the one with its name that was made for no key."""
    for field in fields:
        if field.get("source") == key:
            return field
    name = name_of(key)
    return next((field for field in fields if field["name"] == name and "source" not in field), None)


def words_of(key: str) -> str:
    """A key as people read it.

    >>> words_of("objectType"), words_of("date_found"), words_of("Find spot"), words_of("ISBNNumber")
    ('Object type', 'Date found', 'Find spot', 'ISBN number')
    """
    words = _parts(key)
    text = " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words)
    return (text[:1].upper() + text[1:])[:100] or "?"


def name_of(key: str) -> str:
    """A key as the name of a field: small letters, digits and underscores.

    >>> name_of("objectType"), name_of("Désignation (fr)"), name_of("2nd line"), name_of("名")
    ('object_type', 'designation_fr', 'f_2nd_line', 'field')
    """
    plain = unicodedata.normalize("NFKD", "_".join(_parts(key))).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    if name and not name[0].isalpha():
        name = f"f_{name}"
    return name[:NAME_LONGEST].rstrip("_") or "field"


def _parts(key: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-zà-ÿ0-9])(?=[A-ZÀ-Þ])|(?<=[A-Z])(?=[A-Z][a-z])", " ", key)
    return re.sub(r"[\W_]+", " ", spaced).split()


def _free_name(key: str, taken: set[str]) -> str:
    name, number = name_of(key), 2
    free = name
    while free in taken:
        free, number = f"{name[: NAME_LONGEST - 4]}_{number}", number + 1
    return free
