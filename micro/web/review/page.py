"""What the review pages show, worked out from what a reviewer sees; the templates only lay it out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import format_decimal, format_percent, gettext, ngettext

from micro.core.alignment import Place, Stretch, align
from micro.core.consensus.keys import text_key
from micro.core.consensus.places import SAME_PLACE_M
from micro.core.differences import Piece, differences
from micro.core.fields import Field, Said, has_form, parse_said, written
from micro.core.fields.points import metres_between
from micro.core.geometry import Box
from micro.core.publication import is_public
from micro.core.review import ACTIONS
from micro.data.models import Region, Scan
from micro.errors import BadAnswer
from micro.services.review.sight import FieldSight, RecordSight
from micro.web.forms import typed
from micro.web.show import show_edtf, show_written

NEW = "new"
# A text of fewer words is shown whole for every reading; of a longer one only the places in which people differ.
WHOLE_WORDS = 8
PLACES_A_PAGE = 4
DATE_PARTS = ("year", "month", "day")
SHOWN_ANSWERS = 9  # As many as there are keys.


@dataclass(frozen=True)
class Reading:
    """One of the competing answers. ``take`` is the address of the page once this one is taken."""

    number: int
    said: Said
    text: str
    count: int
    unsure: int
    is_shown: bool
    pieces: tuple[Piece, ...]
    take: str


@dataclass(frozen=True)
class Aligned:
    """A long text place by place: some of its places, which are from ``first`` on, and how many there are in all.

    ``rows`` holds the cells of each reading in these places.
    """

    stretches: tuple[Stretch, ...]
    places: tuple[Place, ...]
    rows: tuple[tuple[Reading, tuple[tuple[Piece, ...], ...]], ...]
    total: int
    page: int
    pages: int


@dataclass(frozen=True)
class Taken:
    """What the reviewer took for a field but has not saved yet."""

    token: str
    said: Said


@dataclass(frozen=True)
class Wanted:
    """What somebody wanted whose decision was refused: field by field, theirs and how it is now."""

    action: str
    rows: tuple[tuple[Field, Said | str, Said], ...]


def taken_from(sight: RecordSight, tokens: Iterable[str]) -> dict[str, Taken]:
    """What the address takes of a field, and nothing that it only pretends to be.

    "field:2" is the second answer as people wrote it, "field:n2" the second where spellings are put together,
    "field:new" what the newest answers say.
    """
    found: dict[str, Taken] = {}
    for token in tokens:
        name, _, which = token.partition(":")
        field = sight.field(name)
        if field is None:
            continue
        if which == NEW and field.is_contradicted and field.proposed:
            found[name] = Taken(token, field.proposed)
        elif (group := _group(field, which)) is not None:
            found[name] = Taken(token, group["said"])
    return found


def _group(sight: FieldSight, which: str) -> dict[str, Any] | None:
    groups, number = (sight.evidence, which[1:]) if which.startswith("n") else (sight.written, which)
    fits = number.isascii() and number.isdigit() and len(number) < 4 and 1 <= int(number) <= len(groups)
    return groups[int(number) - 1] if fits else None


def all_that_is_new(sight: RecordSight) -> list[str]:
    """What to take so that every field says what the newest answers say."""
    return [f"{one.field.name}:{NEW}" for one in sight.fields if one.is_contradicted and one.proposed]


def has_two_ways(sight: FieldSight) -> bool:
    """Whether "as written" and "normalised" show something else: only what is written in letters has spellings."""
    return sight.field.type in ("text", "long_text")


def readings(
    sight: FieldSight, taken: Mapping[str, Taken], normal: bool, taking: Callable[[tuple[str, ...]], str]
) -> tuple[Reading, ...]:
    """The competing answers to one field, each compared with what the record says.

    ``normal``: as the engine compares them, spellings that mean the same as one; else as they were written.
    """
    others = tuple(one.token for name, one in taken.items() if name != sight.field.name)
    shown_text = _text(sight.field, sight.said, normal)
    made = []
    for number, group in enumerate((sight.evidence if normal else sight.written)[:SHOWN_ANSWERS], start=1):
        is_shown = group["said"] == sight.said
        token = f"{sight.field.name}:{'n' if normal else ''}{number}"
        text = _text(sight.field, group["said"], normal)
        made.append(
            Reading(
                number,
                group["said"],
                text,
                group["count"],
                group["unsure"],
                is_shown,
                _pieces(sight.field, sight.said, group["said"], shown_text, text),
                taking(others if is_shown else (*others, token)),
            )
        )
    return tuple(made)


def _text(field: Field, said: Said, normal: bool) -> str:
    text = show_written(said, field) if "value" in said else ""
    return text_key(text) if normal else text


def _pieces(field: Field, shown: Said, said: Said, shown_text: str, text: str) -> tuple[Piece, ...]:
    # Labels and degrees are not read letter by letter: one that differs is another one.
    if field.type in ("tags", "point", "table") or "value" not in said or "value" not in shown:
        return ()
    return differences(shown_text, text)


def aligned(sight: FieldSight, found: Sequence[Reading], normal: bool, page: int) -> Aligned | None:
    """A long text place by place, some places a page; None for a short one, and where nobody differs."""
    proposal = _text(sight.field, sight.said, normal)
    if not has_two_ways(sight) or len(proposal.split()) < WHOLE_WORDS:
        return None
    written_out = [one for one in found if "value" in one.said]
    made = align(proposal, [one.text for one in written_out])
    if not made.places:
        return None
    pages = -(-len(made.places) // PLACES_A_PAGE)
    page = min(max(1, page), pages)
    start = (page - 1) * PLACES_A_PAGE
    some = made.places[start : start + PLACES_A_PAGE]
    cells = {id(one): tuple(place.cells[row] for place in some) for row, one in enumerate(written_out)}
    rows = tuple((one, cells.get(id(one), ())) for one in found)
    return Aligned(made.stretches, some, rows, len(made.places), page, pages)


def why(sight: FieldSight) -> str:
    """One sentence: why this value is proposed."""
    total = sum(group["count"] for group in sight.evidence)
    agree = sum(group["count"] for group in sight.evidence if group["said"] == sight.proposed)
    if total == 0:
        return str(gettext("Nobody could say anything about this field."))
    if agree == total:
        return str(ngettext("One person read this, nobody else yet.", "All %(num)s people read the same.", total))
    if sight.tied:
        return str(gettext("Several readings have the same support, so what stands here is only a guess."))
    if sight.field.type == "tags" and "value" in sight.proposed:
        return _why_these_labels(agree, total)
    if sight.field.type == "point" and "value" in sight.proposed:
        return _why_this_place(sight, total)
    if agree == 0:
        return str(gettext("Put together part by part: nobody wrote exactly this."))
    if any(group["count"] >= agree and group["said"] != sight.proposed for group in sight.evidence):
        trusted = gettext(
            "%(agree)s of %(total)s people read this; they have been right more often.", agree=agree, total=total
        )
        return str(trusted)
    return str(gettext("%(agree)s of %(total)s people read this.", agree=agree, total=total))


def uncertainty(sight: FieldSight) -> str:
    """One sentence: how far the confidence itself can be believed; empty where a person decided."""
    if sight.between is None:
        return ""
    low, high = (format_percent(end) for end in sight.between)
    if not sight.checked:
        return str(gettext("Not checked yet, so a modest guess: between %(low)s and %(high)s.", low=low, high=high))
    sentence = ngettext(
        "Calibrated on %(num)s checked record: between %(low)s and %(high)s.",
        "Calibrated on %(num)s checked records: between %(low)s and %(high)s.",
        sight.checked,
        low=low,
        high=high,
    )
    return str(sentence)


def _why_these_labels(agree: int, total: int) -> str:
    if agree == 0:
        return str(gettext("Each label is decided by itself: nobody chose exactly these."))
    sentence = gettext(
        "Each label is decided by itself; %(agree)s of %(total)s people chose exactly these.", agree=agree, total=total
    )
    return str(sentence)


def _why_this_place(sight: FieldSight, total: int) -> str:
    place = sight.proposed["value"]
    near = sum(
        group["count"]
        for group in sight.evidence
        if "value" in group["said"] and metres_between(place, group["said"]["value"]) <= SAME_PLACE_M
    )
    sentence = gettext(
        "%(near)s of %(total)s people mean a place within a kilometre of this one.", near=near, total=total
    )
    return str(sentence)


def typed_into(field: Field, said: Mapping[str, Any]) -> dict[str, str]:
    """What stands in the inputs of one field, by their dotted names, from a value or a form."""
    value, mark = said.get("value"), str(said.get("mark") or "")
    if field.type == "date" and isinstance(value, str):
        value = _date_parts(value)
    if field.type == "table" and has_form(field, value):
        value = {f"r{number}": _typed_row(field, row) for number, row in enumerate(value or (), start=1)}
    if field.type == "lines" and has_form(field, value):
        value = {f"r{number}": dict(line) for number, line in enumerate(value or (), start=1)}
    if field.type == "point" and has_form(field, value):
        value = written(field, {"value": value})
    return typed({field.name: {"value": value, "mark": mark}})


def _date_parts(value: str) -> dict[str, str]:
    parts = zip(DATE_PARTS, value.split("-"), strict=False)
    return {part: "" if "X" in digits else digits for part, digits in parts}


def _typed_row(field: Field, row: Mapping[str, Any]) -> dict[str, Any]:
    """The cells of one row as its inputs have them."""
    dates = {column.name for column in field.columns if column.type == "date"}
    return {
        name: {**said, "value": _date_parts(said["value"])} if name in dates and "value" in said else dict(said)
        for name, said in row.items()
    }


def form_names(taken: Mapping[str, Taken], sight: RecordSight) -> list[tuple[str, str]]:
    """What was taken, as hidden inputs of the decision's form."""
    entries: list[tuple[str, str]] = []
    for name, one in taken.items():
        field = sight.field(name)
        if field is None:
            continue
        entries += [(path, text) for path, text in typed_into(field.field, one.said).items() if text]
    return entries


def wanted_by(sight: RecordSight, action: str, values: Mapping[str, Any]) -> Wanted:
    """What a refused decision wanted, beside how the record is now."""
    rows = tuple(
        (one.field, _readable(one.field, values[one.field.name]), one.said)
        for one in sight.fields
        if one.field.name in values
    )
    return Wanted(action if action in ACTIONS else "", rows)


def _readable(field: Field, said: Mapping[str, Any]) -> Said | str:
    try:
        return parse_said(field, said)
    except BadAnswer:
        return " ".join(text for path, text in typed_into(field, said).items() if not path.endswith(".mark"))


def strip(box: Box, scan: Scan, ratio: float) -> Box:
    """The part of the scan to show round a box: about ``ratio`` times as wide as high, with a margin, never beyond."""
    width = min(max(box.width * 1.15, box.height * 1.35 * ratio), scan.width_px)
    height = min(max(width / ratio, box.height * 1.2), scan.height_px)
    x = min(max(0, box.x + (box.width - width) / 2), scan.width_px - width)
    y = min(max(0, box.y + (box.height - height) / 2), scan.height_px - height)
    return Box(round(x), round(y), round(width), round(height))


def publication_note(field: Field, today: date) -> str:
    """One sentence for a field whose values the public does not see as they stand here; empty otherwise."""
    if field.publish == "never":
        return str(gettext("Not for publication: only you and your colleagues see this."))
    if not is_public(field, today):
        return str(
            gettext("Closed until %(day)s: only you and your colleagues see this.", day=show_edtf(field.publish))
        )
    if field.grid_m:
        metres = format_decimal(field.grid_m)
        return str(gettext("Exact here; when published, it is blurred to a grid of %(metres)s m.", metres=metres))
    return ""


def place_of(region: Region | None) -> Box | None:
    return None if region is None else Box(region.x_px, region.y_px, region.width_px, region.height_px)


def sharpness(view: Box, scan: Scan) -> int:
    """How large a picture of the scan, in pixels, shows this part of it sharply enough."""
    return 3200 if view.width * 2 < scan.width_px else 1600


def differing(fields: Sequence[FieldSight]) -> int:
    """In how many fields people differ, or contradict a decision."""
    return sum(not one.agrees for one in fields)
