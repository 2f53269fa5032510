"""Filters for templates: how numbers, dates, values and boxes are shown. No query, no rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from babel.dates import format_skeleton
from flask import url_for
from flask_babel import (
    format_date,
    format_datetime,
    format_decimal,
    format_percent,
    format_time,
    get_locale,
    gettext,
    ngettext,
)

from micro.core.fields import Field, Said, written
from micro.core.fields.marks import Marked, read_marks
from micro.core.fields.rows import rows_of
from micro.core.fields.tags import BETWEEN
from micro.core.guide import read_guide
from micro.core.licences import licence_name
from micro.data.models import Scan
from micro.services.guides import Example
from micro.services.news import text_of
from micro.web.context import current_person, house
from micro.web.language import current_language
from micro.web.problems import said

EXAMPLE_PX = 480
FAR = 90_000  # The veil reaches this far, in pixels, beyond every side of a scan.


def text_in(texts: Mapping[str, Mapping[str, str]], part: str) -> tuple[str, str]:
    """A part of texts by language in the visitor's, else in one there is; and which language that is."""
    return text_of(texts, part, current_language())


def about_in(texts: Mapping[str, str]) -> tuple[str, str]:
    """A text by language in the visitor's, else in English, else in any there is; and which language that is."""
    language = current_language()
    return next(((texts[one], one) for one in (language, "en", *texts) if texts.get(one)), ("", language))


def filters() -> dict[str, Callable[..., Any]]:
    """All filters by name."""
    return {
        "written": show_written,
        "marked": marked,
        "label": show_label,
        "percent": show_percent,
        "number": format_decimal,
        "day": show_day,
        "date": show_date,
        "time": show_time,
        "moment": show_moment,
        "corners": corners,
        "veil": veil,
        "stroke": stroke,
        "size": show_size,
        "box": as_box,
        "licence_name": licence_name,
        "said": said,
        "text_in": text_in,
        "guide_blocks": read_guide,
        "takes": show_pace,
        "about_in": about_in,
        "short_day": show_short_day,
        "example_picture": example_picture,
        "seen": is_seen,
    }


def show_written(said: Said, field: Field) -> str:
    """What was said, as a reader writes it: choices by their label, dates in words, the visitor's own decimal sign."""
    text = written(field, said, current_language())
    if field.type == "tags":
        return text.replace(BETWEEN, "; ")
    if field.type == "table":
        return "\n".join(_show_row(field, row) for row in rows_of(field, said.get("value")))
    if field.type == "number" and current_language() == "fr":
        amount, gap, unit = text.partition(" ")
        return amount.replace(".", ",") + gap + unit
    return show_edtf(text) if field.type == "date" and text else text


def _show_row(field: Field, row: Mapping[str, Said]) -> str:
    """One row of a table on one line; a cell that says nothing is left out."""
    cells = [(column, row[column.name]) for column in field.columns if column.name in row]
    words = {"illegible": gettext("illegible"), "unsure": gettext("not sure")}
    shown = (
        (show_label(column), show_written(cell, column) or words.get(cell.get("mark", ""), ""))
        for column, cell in cells
    )
    return " · ".join(f"{label}: {text}" for label, text in shown)


def marked(said: Said, field: Field) -> tuple[str | Marked, ...]:
    """A text as plain and marked stretches, for a template to show."""
    return read_marks(show_written(said, field), field.markup)


# Which parts of an EDTF date are known -> how it is written (Unicode CLDR skeletons).
_SKELETONS = {
    (True, True, True): "yMMMMd",
    (True, True, False): "yMMMM",
    (True, False, False): "y",
    (False, True, True): "MMMMd",
    (False, True, False): "MMMM",
}


def show_edtf(text: str) -> str:
    """An EDTF date as people write it: "12 October 1907", "October 1907", "1907"; anything odd stays as it is."""
    year, month, day = text.split("-")
    skeleton = _SKELETONS.get((year.isdigit(), month.isdigit(), day.isdigit()))
    try:
        at = date(
            int(year) if year.isdigit() else 2000,
            int(month) if month.isdigit() else 1,
            int(day) if day.isdigit() else 1,
        )
    except ValueError:  # 31 February may well stand on a card.
        return text
    return str(format_skeleton(skeleton, at, locale=get_locale())) if skeleton else text


def show_label(field: Field) -> str:
    return field.label(current_language())


def show_percent(share: float) -> str:
    """0.97 as "97%" or "97 %", by the language's custom; never 100 % unless it is."""
    return str(format_percent(min(share, 0.99) if share < 1 else 1, "#,##0%" if current_language() == "en" else None))


def show_day(at: datetime | date) -> str:
    return str(format_date(at, "long"))


def show_date(on: date) -> str:
    """A day without a time, short, with its year."""
    return str(format_date(on, "medium"))


def show_short_day(at: date) -> str:
    """A day of about now: "24 January", with its year when that is another one."""
    return show_day(at) if at.year != house().clock().year else str(format_skeleton("MMMMd", at, locale=get_locale()))


def show_time(at: datetime) -> str:
    return f"{format_time(at, 'short')} UTC"


def show_moment(at: datetime) -> str:
    return f"{format_datetime(at, 'medium')} UTC"


def example_picture(example: Example) -> str:
    """The address of the picture of an example in a guide, at most as wide as it is on the scan."""
    box = example.box
    part, size = f"{box.x},{box.y},{box.width},{box.height}", f"{min(box.width, EXAMPLE_PX)},"
    where: dict[str, Any] = {"scan": example.scan.public_id, "region": part, "size": size}
    return url_for("iiif.image", **where, rotation="0", name="default.jpg")


def show_pace(seconds: float | None) -> str:
    """How long a card takes: "20 seconds", "2 minutes"; empty when nobody knows yet."""
    if seconds is None:
        return ""
    if seconds < 55:
        count = max(10, round(seconds / 10) * 10)
        return str(ngettext("%(num)s second", "%(num)s seconds", count))
    return str(ngettext("%(num)s minute", "%(num)s minutes", max(1, round(seconds / 60))))


def show_size(count: int) -> str:
    """Bytes as kB or MB, in French as ko or Mo."""
    if count >= 1_000_000:
        return str(gettext("%(number)s MB", number=format_decimal(round(count / 1_000_000, 1))))
    if count >= 1000:
        return str(gettext("%(number)s kB", number=format_decimal(round(count / 1000, 1))))
    return str(gettext("%(number)s B", number=count))


def is_seen(scan: Scan) -> bool:
    """Whether whoever asks sees a picture of the scan; one that is taken down is for those who manage it."""
    if not scan.width_px or scan.state == "erased":
        return False
    return scan.state != "withdrawn" or current_person().may_manage(scan.project.collection.institution_id)


def _sides(box: Any) -> tuple[float, float, float, float]:
    if isinstance(box, Mapping):
        return box["x"], box["y"], box["width"], box["height"]
    return box.x, box.y, box.width, box.height


def as_box(region: Any) -> dict[str, int]:
    """A region as {"x", "y", "width", "height"} in pixels of its scan."""
    return {"x": region.x_px, "y": region.y_px, "width": region.width_px, "height": region.height_px}


def corners(box: Any) -> str:
    """The four corner brackets round a box, as an SVG path; arms are short beside the sides."""
    x, y, width, height = _sides(box)
    arm = round(min(min(width, height) / 3.2, max(width, height) / 18), 1)
    right, bottom = x + width, y + height
    return (
        f"M{x} {y + arm}V{y}H{x + arm}M{right - arm} {y}H{right}V{y + arm}"
        f"M{right} {bottom - arm}V{bottom}H{right - arm}M{x + arm} {bottom}H{x}V{bottom - arm}"
    )


def veil(box: Any) -> str:
    """Everything but the box, as an SVG path to be filled evenodd."""
    x, y, width, height = _sides(box)
    return f"M-{FAR} -{FAR}h{3 * FAR}v{3 * FAR}h-{3 * FAR}zM{x} {y}h{width}v{height}h-{width}z"


def stroke(view: Any) -> float:
    """A bracket's stroke, in pixels of the scan, for a view of this size: about 1/200 of its width."""
    return round(max(1.5, _sides(view)[2] / 200), 1)
