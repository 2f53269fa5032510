"""What the review pages show, worked out from what a reviewer sees; the templates only lay it out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import format_decimal, gettext, ngettext
from werkzeug.datastructures import MultiDict

from micro.core.consensus.places import SAME_PLACE_M
from micro.core.differences import Piece, differences
from micro.core.fields import Field, Said, has_form, parse_said, written
from micro.core.fields.points import metres_between
from micro.core.geometry import Box
from micro.core.publication import is_public
from micro.core.review import ACTIONS
from micro.data.models import Region, Scan
from micro.errors import BadAnswer
from micro.core.review import REASONS
from micro.services.review.filters import BANDS, STATES, QueueFilters
from micro.services.review.sight import FieldSight, RecordSight
from micro.web.forms import typed
from micro.web.show import show_edtf, show_written

NEW = "new"
DATE_PARTS = ("year", "month", "day")
SHOWN_ANSWERS = 9  # As many as there are keys.


@dataclass(frozen=True)
class Reading:
    """One of the competing answers. ``takes`` are the choices of the page once this one is taken."""

    number: int
    said: Said
    count: int
    unsure: int
    is_shown: bool
    pieces: tuple[Piece, ...]
    takes: tuple[str, ...]


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


def filters_from(args: MultiDict[str, str]) -> QueueFilters:
    """The filters that an address names; what is unknown in it is left out."""
    state = args.get("state", "review")
    return QueueFilters(
        project=args.get("project", ""),
        state=state if state in STATES else "review",
        reasons=tuple(reason for reason in REASONS if reason in args.getlist("reason")) if state == "review" else (),
        bands=tuple(band for band in BANDS if band in args.getlist("band")),
    )


def filter_args(filters: QueueFilters) -> dict[str, Any]:
    """The way back, for addresses; what is as usual is left out."""
    usual = QueueFilters()
    given = {"project": filters.project, "state": filters.state, "reason": filters.reasons, "band": filters.bands}
    return {name: value for name, value in given.items() if value not in (usual.project, usual.state, usual.reasons)}


def taken_from(sight: RecordSight, tokens: Iterable[str]) -> dict[str, Taken]:
    """What the address takes: "field:2" is the second answer, "field:new" what the newest answers say."""
    found: dict[str, Taken] = {}
    for token in tokens:
        name, _, which = token.partition(":")
        field = sight.field(name)
        if field is None:
            continue
        if which == NEW and field.is_contradicted and field.proposed:
            found[name] = Taken(token, field.proposed)
        elif which.isascii() and which.isdigit() and 1 <= int(which) <= len(field.evidence):
            found[name] = Taken(token, field.evidence[int(which) - 1]["said"])
    return found


def all_that_is_new(sight: RecordSight) -> list[str]:
    """What to take so that every field says what the newest answers say."""
    return [f"{one.field.name}:{NEW}" for one in sight.fields if one.is_contradicted and one.proposed]


def readings(sight: FieldSight, taken: Mapping[str, Taken]) -> tuple[Reading, ...]:
    """The competing answers to one field, each compared with what the record says."""
    others = tuple(one.token for name, one in taken.items() if name != sight.field.name)
    made = []
    for number, group in enumerate(sight.evidence[:SHOWN_ANSWERS], start=1):
        is_shown = group["said"] == sight.said
        takes = others if is_shown else (*others, f"{sight.field.name}:{number}")
        made.append(
            Reading(
                number,
                group["said"],
                group["count"],
                group["unsure"],
                is_shown,
                _pieces(sight.field, sight.said, group["said"]),
                takes,
            )
        )
    return tuple(made)


def _pieces(field: Field, shown: Said, said: Said) -> tuple[Piece, ...]:
    # Labels and degrees are not read letter by letter: one that differs is another one.
    if field.type in ("tags", "point") or "value" not in said or "value" not in shown:
        return ()
    return differences(show_written(shown, field), show_written(said, field))


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
    return str(gettext("%(agree)s of %(total)s people read this.", agree=agree, total=total))


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
        parts = zip(DATE_PARTS, value.split("-"), strict=False)
        value = {part: "" if "X" in digits else digits for part, digits in parts}
    if field.type == "point" and has_form(field, value):
        value = written(field, {"value": value})
    return typed({field.name: {"value": value, "mark": mark}})


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
