"""What the review pages show, worked out from what a reviewer sees; the templates only lay it out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext, ngettext
from werkzeug.datastructures import MultiDict

from micro.core.differences import Piece, differences
from micro.core.fields import Field, Said, parse_said
from micro.core.geometry import Box
from micro.core.review import ACTIONS
from micro.data.models import Region, Scan
from micro.errors import BadAnswer
from micro.services.review_queue import BANDS, REASONS, STATES, QueueFilters
from micro.services.reviewing import FieldSight, RecordSight
from micro.web.show import show_written

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
    if "value" not in said or "value" not in shown:
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
    if agree == 0:
        return str(gettext("Put together part by part: nobody wrote exactly this."))
    return str(gettext("%(agree)s of %(total)s people read this.", agree=agree, total=total))


def typed_into(field: Field, said: Mapping[str, Any]) -> dict[str, str]:
    """What stands in the inputs of one field: {"value" or its parts: text, "mark": …}, from a value or a form."""
    value = said.get("value")
    entries = {"mark": str(said.get("mark") or "")}
    if field.type == "date" and isinstance(value, str):
        parts = zip(DATE_PARTS, value.split("-"), strict=False)
        value = {part: "" if "X" in digits else digits for part, digits in parts}
    if isinstance(value, Mapping):
        return entries | {str(part): str(text) for part, text in value.items()}
    return entries | {"value": "" if value is None else str(value)}


def form_names(taken: Mapping[str, Taken], sight: RecordSight) -> list[tuple[str, str]]:
    """What was taken, as hidden inputs of the decision's form."""
    entries: list[tuple[str, str]] = []
    for name, one in taken.items():
        field = sight.field(name)
        if field is None:
            continue
        for part, text in typed_into(field.field, one.said).items():
            path = part if part in ("mark", "value") else f"value.{part}"
            entries += [(f"{name}.{path}", text)] if text else []
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
        return " ".join(text for name, text in typed_into(field, said).items() if name != "mark")


def strip(box: Box, scan: Scan, ratio: float) -> Box:
    """The part of the scan to show round a box: about ``ratio`` times as wide as high, with a margin, never beyond."""
    width = min(max(box.width * 1.15, box.height * 1.35 * ratio), scan.width_px)
    height = min(max(width / ratio, box.height * 1.2), scan.height_px)
    x = min(max(0, box.x + (box.width - width) / 2), scan.width_px - width)
    y = min(max(0, box.y + (box.height - height) / 2), scan.height_px - height)
    return Box(round(x), round(y), round(width), round(height))


def place_of(region: Region | None) -> Box | None:
    return None if region is None else Box(region.x_px, region.y_px, region.width_px, region.height_px)


def sharpness(view: Box, scan: Scan) -> int:
    """How large a picture of the scan, in pixels, shows this part of it sharply enough."""
    return 3200 if view.width * 2 < scan.width_px else 1600


def differing(fields: Sequence[FieldSight]) -> int:
    """In how many fields people differ, or contradict a decision."""
    return sum(not one.agrees for one in fields)
