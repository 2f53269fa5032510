"""The boxes of lines that ALTO and PAGE files bring, shown over their scans before they are used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal, gettext, ngettext
from sqlalchemy.orm import Session

from micro.core.layout.frames import LOOKS, Frame, read_frame
from micro.data.models import Layout, Scan
from micro.errors import BadAnswer, Conflict
from micro.services import cutting, layout_lists, layouts, pictures, projects
from micro.services.layouts import PlacedLine
from micro.web.context import current_person, house
from micro.web.desk.frame import blueprint, project_page
from micro.web.problems import said
from micro.web.show import is_seen

# Lines that one page shows; a register has some 250, a newspaper page 2,000.
SHOWN_LINES = 500
PREVIEWED_LINES = 600
# Ways that are shown at once; the others wait behind a word.
LIKELY = 4
CROWDED = 120
# Kinds of dashes in layout.css, by which types are told apart.
DASHES = 6


@dataclass(frozen=True)
class TypeOfLine:
    """A type in the legend; ``dash`` is the kind of its outline."""

    name: str
    count: int
    dash: int


@dataclass(frozen=True)
class DrawnLine:
    """A line with its outline as an SVG path, and where its number stands, at the end of ``anchor``."""

    line: PlacedLine
    number: int
    type: TypeOfLine
    outline: str
    x: int
    y: int
    anchor: str


@dataclass(frozen=True)
class Preview:
    """All boxes as one path, as they would lie in this frame; ``outside`` counts lines beside the scan.

    ``is_likely``: it is shown at once.
    """

    frame: str
    title: str
    note: str
    boxes: str
    outside: int
    is_chosen: bool
    is_likely: bool


@blueprint.get("/desk/<project>/layouts", endpoint="layouts")
def project_layouts(project: str) -> str:
    """The layouts of all scans, those that need a look first."""
    with house().database.reading() as session:
        found = projects.project_named(session, project)
        listed = layout_lists.layout_page(session, found.id, request.args.get("page", 1, int))
        return project_page("manage/layouts.html", found, "manage.layouts", listed=listed)


@blueprint.get("/desk/scan/<scan>/layout", endpoint="layout")
def scan_layout(scan: str) -> str:
    """A scan with the boxes of its lines, and how else they may lie."""
    with house().database.reading() as session:
        return _page(session, pictures.scan_named(session, scan), request.args.get("layout", ""))


@blueprint.post("/desk/scan/<scan>/layout", endpoint="change_layout")
def change_layout(scan: str) -> ResponseReturnValue:
    """Chooses how the boxes lie, drops them, or takes them back."""
    wished = request.form.get("layout", "")
    try:
        with house().database.writing() as session:
            found = pictures.scan_named(session, scan)
            layout = layout_lists.layout_to_show(session, found.id, wished)
            done = _change(session, layout) if layout else ""
    except (BadAnswer, Conflict) as error:
        with house().database.reading() as session:
            page = _page(session, pictures.scan_named(session, scan), wished, said(error))
        return page, 422 if isinstance(error, BadAnswer) else 409
    if done:
        flash(done, "good")
    return redirect(url_for("manage.layout", scan=scan, layout=wished or None), code=303)


@blueprint.post("/desk/scan/<scan>/layout/for-all")
def use_frame_for_all(scan: str) -> ResponseReturnValue:
    """Lays the boxes of all unsure layouts of the project as those of this scan."""
    account_id, wished = current_person().account_id, request.form.get("layout", "")
    assert account_id is not None  # The access table lets managers in only.
    try:
        with house().database.writing() as session:
            found = pictures.scan_named(session, scan)
            layout = layout_lists.layout_to_show(session, found.id, wished)
            count = layout_lists.choose_for_unsure(session, layout, account_id, house().clock()) if layout else 0
            project = found.project.slug
    except Conflict as error:
        with house().database.reading() as session:
            return _page(session, pictures.scan_named(session, scan), wished, said(error)), 409
    flash(ngettext("The boxes of %(num)s scan lie so now.", "The boxes of %(num)s scans lie so now.", count), "good")
    return redirect(url_for("manage.layouts", project=project), code=303)


def _change(session: Session, layout: Layout) -> str:
    """Does what the form asks for; the sentence says what was done."""
    account_id, now = current_person().account_id, house().clock()
    assert account_id is not None  # The access table lets managers in only.
    match request.form.get("do"):
        case "drop":
            layouts.drop_layout(session, layout, account_id, now)
            return str(gettext("These boxes are dropped."))
        case "restore":
            layouts.restore_layout(session, layout, account_id, now)
            done = gettext("The boxes are back.")
        case _:
            layouts.choose_frame(session, layout, _wished_frame(), account_id, now)
            done = gettext("The boxes lie so now.")
    # Where scans are cut by their lines, this one may have waited for just that.
    was_cut = cutting.cut_when_ready(session, layout.scan, now)
    cut = gettext("The scan was cut by them.")
    return f"{done} {cut}" if was_cut else str(done)


def _wished_frame() -> str:
    """The frame of a button; or the one of the form, by look and width."""
    if frame := request.form.get("frame"):
        return frame
    width = request.form.get("width", "").strip()
    look = request.form.get("look", "")
    if width and not (width.isascii() and width.isdigit() and len(width) < 8 and int(width)):
        raise BadAnswer("width", "The width is a whole number of pixels.")
    return f"{look}@width={int(width)}" if width else look


def _page(session: Session, scan: Scan, wished: str, problem: str = "") -> str:
    layout = layout_lists.layout_to_show(session, scan.id, wished)
    placed = layouts.placed_lines(layout, scan) if layout else []
    types = types_of(placed)
    chosen = request.args.get("type")
    wanted = [line for line in placed if chosen is None or line.type == chosen]
    start = min(max(0, request.args.get("from", 0, int)), max(0, len(wanted) - 1)) // SHOWN_LINES * SHOWN_LINES
    size = number_px(scan, len(wanted))
    return project_page(
        "manage/layout.html",
        scan.project,
        "manage.layouts",
        scan=scan,
        layout=layout,
        others=[other for other in layout_lists.layouts_of(session, scan.id) if layout and other.id != layout.id],
        unsure=layout_lists.unsure_layouts(session, scan.project_id),
        frame_words=frame_words(read_frame(layout.frame), scan) if layout else ("", ""),
        types=list(types.values()),
        chosen=chosen,
        lines=drawn(wanted[start : start + SHOWN_LINES], types, size),
        placed=len(placed),
        total=len(wanted),
        shown=(start, SHOWN_LINES),
        number_px=size,
        previews=previews(layout, scan) if layout and layout.state == "proposed" and is_seen(scan) else [],
        looks=[(look, look_words(look, scan)) for look in LOOKS if look != "stored" or scan.orientation != 1],
        typed=request.form,
        problem=problem,
    )


def types_of(lines: Sequence[PlacedLine]) -> dict[str, TypeOfLine]:
    """The types of lines by name, in the order of the alphabet."""
    counts = sorted(Counter(line.type for line in lines).items(), key=lambda counted: counted[0].casefold())
    return {name: TypeOfLine(name, count, place % DASHES) for place, (name, count) in enumerate(counts)}


def number_px(scan: Scan, lines: int) -> int:
    """The size of the lines' numbers, in pixels of the scan: smaller where there are many, never less than 12."""
    return max(12, round(max(scan.width_px, scan.height_px) / (90 if lines <= CROWDED else 140)))


def drawn(lines: Sequence[PlacedLine], types: dict[str, TypeOfLine], size: int) -> list[DrawnLine]:
    """The lines as they are drawn: their numbers, of this size, stand to their left, or within if there is no room."""
    made = []
    for line in lines:
        number, box = line.position + 1, line.box
        has_room = box.x > size * 0.65 * len(str(number))
        x = box.x - size // 5 if has_room else box.x + size // 5
        y = box.y + min(box.height, 3 * size) // 2 + size // 3
        made.append(DrawnLine(line, number, types[line.type], outline(line), x, y, "end" if has_room else "start"))
    return made


def outline(line: PlacedLine) -> str:
    """The line's polygon, else its box, as an SVG path."""
    if line.polygon:
        return "M" + "L".join(f"{x} {y}" for x, y in line.polygon) + "z"
    return _rectangle(line)


def _rectangle(line: PlacedLine) -> str:
    box = line.box
    return f"M{box.x} {box.y}h{box.width}v{box.height}h-{box.width}z"


def previews(layout: Layout, scan: Scan) -> list[Preview]:
    """The ways in which the boxes may lie, the likeliest first."""
    chosen, all_lines = read_frame(layout.frame), layout.body["line_count"]
    made = []
    for place, frame in enumerate(layouts.frame_choices(layout, scan)):
        lines = layouts.placed_lines(layout, scan, frame)
        boxes = "".join(_rectangle(line) for line in lines[:PREVIEWED_LINES])
        title, note = frame_words(frame, scan)
        likely = place < LIKELY or frame == chosen
        made.append(Preview(str(frame), title, note, boxes, all_lines - len(lines), frame == chosen, likely))
    return made


def frame_words(frame: Frame, scan: Scan) -> tuple[str, str]:
    """How a frame is called: the look, and the scale."""
    note = gettext("fitted to the size that the file names")
    if frame.width is not None:
        note = gettext("drawn %(width)s pixels wide", width=format_decimal(frame.width))
    return look_words(frame.look, scan), str(note)


def look_words(look: str, scan: Scan) -> str:
    """How somebody looked at the picture when the boxes were drawn."""
    if look in ("stored", "upright") and scan.orientation == 1:
        return str(gettext("As the scan is"))
    return {
        "stored": str(gettext("As the file was stored, before it was turned upright")),
        "upright": str(gettext("As the scan stands here, upright")),
        "turned-90": str(gettext("Turned to the right")),
        "turned-180": str(gettext("Turned upside down")),
        "turned-270": str(gettext("Turned to the left")),
    }[look]
