"""Layouts of scans: found by name, placed on the upright picture, chosen, used, dropped."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageOps
from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.core.geometry import upright_size
from micro.core.layout.frames import read_frame
from micro.data.models import Account, Layout, Project, Scan
from micro.errors import BadAnswer, BadPicture, Conflict, NotFound
from micro.house import House
from micro.services import layout_lists, layouts
from micro.services.moves import moves_of
from tests.cast import Cast, make_project
from tests.core.test_layout_reading import alto, alto_line, in_block, page_line, page_region, page_xml

REAL = Path(os.environ.get("MICRO_REAL_DATA") or "/nowhere") / "scans"
ALTO = alto(in_block(alto_line("l1", '<String CONTENT="Ceci"/>'), alto_line("l2")))


@pytest.fixture
def session(house: House, cast: Cast) -> Iterator[Session]:
    with house.database.writing() as opened:
        yield opened


@pytest.fixture
def project(session: Session, cast: Cast) -> Project:
    return session.merge(cast.project)


def add_scan(session: Session, project: Project, file_name: str, **more: Any) -> Scan:
    """A scan without a stored picture, 1000 × 800 unless said otherwise."""
    number = len(session.scalars(select(Scan.id)).all())
    values: dict[str, Any] = {
        "sha256": f"{number:064x}",
        "format": "JPEG",
        "size_bytes": 1,
        "width_px": 1000,
        "height_px": 800,
        "orientation": 1,
        "storage_key": "scans/none.jpg",
        "file_name": file_name,
        "identifier": file_name,
        "details": {},
        "created_at": project.created_at,
        **more,
    }
    scan = Scan(project=project, **values)
    session.add(scan)
    session.flush()
    return scan


def attach(session: Session, house: House, project: Project, file_name: str, content: bytes = ALTO) -> Layout:
    return layouts.attach_layout(session, project, file_name, content, "layouts/x.xml", house.clock())


# Finding the scan --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("picture", "layout"),
    [
        ("card.jpg", "card.xml"),
        ("card.JPG", "CARD.XML"),
        ("card.jpg", "card.jpg.xml"),
        ("card.jpg", "card.alto.xml"),
        ("card.jpg", "card_PAGE.xml"),
        ("100% (1).jpg", "100% (1).xml"),
        ("fée.jpg", unicodedata.normalize("NFD", "FÉE.xml")),
        (unicodedata.normalize("NFD", "fée.jpg"), "fée.xml"),
        ("roll.tif", "roll-p001.xml"),
        ("a.b.jpg", "a.b.xml"),
    ],
)
def test_a_layout_belongs_to_the_scan_of_its_name(
    session: Session, house: House, project: Project, picture: str, layout: str
) -> None:
    add_scan(session, project, "other.jpg")
    scan = add_scan(session, project, picture)
    add_scan(session, project, "cardinal.jpg")
    assert attach(session, house, project, layout).scan_id == scan.id


def test_the_pages_of_one_file_have_layouts_of_their_own(session: Session, house: House, project: Project) -> None:
    pages = [add_scan(session, project, "Roll.tif", frame=frame) for frame in range(3)]
    found = [attach(session, house, project, f"roll-p00{number}.xml").scan_id for number in (1, 2, 3)]
    assert found == [page.id for page in pages]
    assert attach(session, house, project, "roll.xml").scan_id == pages[0].id
    with pytest.raises(NotFound):
        attach(session, house, project, "roll-p004.xml")


def test_the_name_of_the_picture_in_the_file_is_the_second_choice(
    session: Session, house: House, project: Project
) -> None:
    content = page_xml(page_region("r1", page_line("l1")))  # It names scans\roll.jpg.
    by_content = add_scan(session, project, "ROLL.png")
    assert attach(session, house, project, "0001.xml", content).scan_id == by_content.id
    by_name = add_scan(session, project, "0001.jpg")
    assert attach(session, house, project, "0001.xml", content).scan_id == by_name.id


def test_of_several_scans_of_a_name_the_one_that_came_last_and_best_written_just_so(
    session: Session, house: House, project: Project
) -> None:
    add_scan(session, project, "card.jpg")
    newest = add_scan(session, project, "card.png")
    add_scan(session, project, "CARD.jpg")
    assert attach(session, house, project, "card.xml").scan_id == newest.id


def test_a_scan_that_is_gone_or_has_no_picture_or_is_anothers_has_no_layout(
    session: Session, house: House, project: Project, cast: Cast
) -> None:
    other = make_project(session, session.merge(cast.collection), house.clock(), slug="other")
    add_scan(session, other, "card.jpg")
    for number, more in enumerate(({"state": "erased"}, {"state": "replaced"}, {"width_px": 0, "height_px": 0})):
        add_scan(session, project, "card.jpg", **more, page_number=number)
    with pytest.raises(NotFound, match="no scan called “card” here"):
        attach(session, house, project, "card.xml")


# Attaching ---------------------------------------------------------------------------------------------------------


def test_what_the_file_says_is_kept(session: Session, house: House, project: Project) -> None:
    scan = add_scan(session, project, "card.jpg")
    made = attach(session, house, project, "card.xml")
    assert (made.format, made.page_width, made.page_height, made.frame) == ("ALTO 4", 1000, 800, "stored")
    assert (made.certain, made.state, made.storage_key) == (True, "proposed", "layouts/x.xml")
    first, second = layouts.placed_lines(made, scan)
    assert (first.id, first.position, first.text) == ("l1", 0, "Ceci") and (second.position, second.text) == (1, None)
    assert (first.box.x, first.box.y, first.box.width, first.box.height) == (10, 20, 300, 40)
    assert first.polygon is None and first.baseline is None and first.confidence is None


def test_the_same_bytes_again_are_the_same_layout_whatever_became_of_it(
    session: Session, house: House, project: Project, cast: Cast
) -> None:
    scan = add_scan(session, project, "card.jpg")
    first = attach(session, house, project, "card.xml")
    layouts.drop_layout(session, first, cast.mia.id, house.clock())
    assert attach(session, house, project, "CARD.alto.xml") is first and first.state == "dropped"
    assert layouts.layout_of(session, scan.id) is None
    better = attach(session, house, project, "card.xml", ALTO.replace(b"Ceci", b"Cela"))
    assert layouts.layout_of(session, scan.id) is better and better.id != first.id


@pytest.mark.parametrize("content", [b"", b"<alto", b"<html/>", alto(""), alto(in_block('<TextLine ID="bare"/>'))])
def test_what_is_no_layout_or_an_empty_one_is_refused(
    session: Session, house: House, project: Project, content: bytes
) -> None:
    add_scan(session, project, "card.jpg")
    with pytest.raises(BadPicture):
        attach(session, house, project, "card.xml", content)
    assert not session.scalars(select(Layout)).all()


# On the picture ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_of_the_stored_picture_are_turned_with_its_pixels(
    session: Session, house: House, project: Project, orientation: int
) -> None:
    stored = Image.new("L", (100, 60), "white")
    ImageDraw.Draw(stored).rectangle((10, 5, 10 + 40 - 1, 5 + 8 - 1), fill="black")
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = BytesIO()
    stored.save(out, "PNG", exif=exif)
    upright = ImageOps.exif_transpose(Image.open(BytesIO(out.getvalue())))
    width, height = upright_size(100, 60, orientation)
    assert upright.size == (width, height)
    scan = add_scan(session, project, "card.jpg", width_px=width, height_px=height, orientation=orientation)
    line = '<TextLine ID="l1" HPOS="20" VPOS="10" WIDTH="80" HEIGHT="16"/>'  # For a picture of twice the size.
    made = attach(session, house, project, "card.xml", alto(in_block(line), page='WIDTH="200" HEIGHT="120"'))
    layouts.choose_frame(session, made, "stored", _manager(session), house.clock())
    box = layouts.placed_lines(made, scan)[0].box
    black = upright.convert("L").point(lambda value: 255 * (value < 128)).getbbox()
    assert black == (box.x, box.y, box.x + box.width, box.y + box.height)


@pytest.mark.parametrize(
    ("frame", "turn"),
    [  # Pillow turns counter-clockwise.
        ("turned-90", Image.Transpose.ROTATE_270),
        ("turned-180", Image.Transpose.ROTATE_180),
        ("turned-270", Image.Transpose.ROTATE_90),
    ],
)
def test_boxes_of_a_picture_that_people_turned_lie_where_its_pixels_do(
    session: Session, house: House, project: Project, frame: str, turn: Image.Transpose
) -> None:
    upright = Image.new("L", (100, 60), "white")
    ImageDraw.Draw(upright).rectangle((10, 5, 10 + 40 - 1, 5 + 8 - 1), fill="black")
    seen = upright.transpose(turn)
    left, top, right, bottom = seen.point(lambda value: 255 - value).getbbox() or (0, 0, 0, 0)
    line = f'<TextLine ID="l1" HPOS="{left}" VPOS="{top}" WIDTH="{right - left}" HEIGHT="{bottom - top}"/>'
    scan = add_scan(session, project, "card.jpg", width_px=100, height_px=60)
    content = alto(in_block(line), page=f'WIDTH="{seen.width}" HEIGHT="{seen.height}"')
    made = attach(session, house, project, "card.xml", content)
    placed = layouts.placed_lines(made, scan, read_frame(frame))[0].box
    assert (placed.x, placed.y, placed.width, placed.height) == (10, 5, 40, 8)


def test_tenths_of_a_millimetre_are_scaled_by_the_page_across_and_down_apart(
    session: Session, house: House, project: Project
) -> None:
    scan = add_scan(session, project, "card.jpg")
    unit = "<Description><MeasurementUnit>mm10</MeasurementUnit></Description>"
    made = attach(
        session, house, project, "card.xml", alto(in_block(alto_line("l1")), head=unit, page='WIDTH="500" HEIGHT="200"')
    )
    box = layouts.placed_lines(made, scan)[0].box
    assert (box.x, box.y, box.width, box.height) == (20, 80, 600, 160)
    assert not made.certain


def test_lines_beside_the_scan_are_left_out_and_the_others_numbered_on(
    session: Session, house: House, project: Project
) -> None:
    scan = add_scan(session, project, "card.jpg")
    far = '<TextLine ID="far" HPOS="5000" VPOS="20" WIDTH="300" HEIGHT="40"/>'
    made = attach(session, house, project, "card.xml", alto(in_block(alto_line("a"), far, alto_line("b"))))
    assert [(line.id, line.position) for line in layouts.placed_lines(made, scan)] == [("a", 0), ("b", 1)]
    assert made.body["line_count"] == 3


# What people do with it --------------------------------------------------------------------------------------------


def _manager(session: Session) -> int:
    return session.scalars(select(Account.id).where(Account.name == "Mia")).one()


@pytest.fixture
def proposed(session: Session, house: House, project: Project) -> Layout:
    add_scan(session, project, "card.jpg")
    return attach(session, house, project, "card.xml")


def test_a_frame_is_chosen_and_who_chose_it_is_written_down(
    session: Session, house: House, proposed: Layout, cast: Cast
) -> None:
    proposed.certain = False
    for _ in range(2):
        layouts.choose_frame(session, proposed, "upright@width=500", cast.mia.id, house.clock())
    assert (proposed.frame, proposed.certain) == ("upright@width=500", True)
    moves = moves_of(session, "layout", proposed.id)
    assert [(move.account_id, move.why) for move in moves] == [(cast.mia.id, "stored > upright@width=500")]
    assert layouts.placed_lines(proposed, proposed.scan)[0].box.x == 20


def test_saying_that_the_guess_is_right_makes_it_certain(
    session: Session, house: House, proposed: Layout, cast: Cast
) -> None:
    proposed.certain = False
    with pytest.raises(Conflict, match="not certain"):
        layouts.use_layout(session, proposed, None, house.clock())
    layouts.choose_frame(session, proposed, "stored", cast.mia.id, house.clock())
    layouts.use_layout(session, proposed, None, house.clock())
    assert proposed.state == "used"


def test_what_is_no_frame_is_refused_and_changes_nothing(
    session: Session, house: House, proposed: Layout, cast: Cast
) -> None:
    with pytest.raises(BadAnswer):
        layouts.choose_frame(session, proposed, "upside-down", cast.mia.id, house.clock())
    assert proposed.frame == "stored" and not moves_of(session, "layout", proposed.id)


def test_a_layout_that_is_used_stays_as_it_is(session: Session, house: House, proposed: Layout, cast: Cast) -> None:
    for _ in range(2):
        layouts.use_layout(session, proposed, cast.mia.id, house.clock())
    assert [(move.from_state, move.to_state) for move in moves_of(session, "layout", proposed.id)] == [
        ("proposed", "used")
    ]
    with pytest.raises(Conflict, match="discard the cutting first"):
        layouts.choose_frame(session, proposed, "turned-90", cast.mia.id, house.clock())
    with pytest.raises(Conflict, match="To drop them, discard"):
        layouts.drop_layout(session, proposed, cast.mia.id, house.clock())
    layouts.choose_frame(session, proposed, "stored", cast.mia.id, house.clock())  # It says nothing new.
    layouts.restore_layout(session, proposed, cast.mia.id, house.clock())
    assert (proposed.frame, proposed.state) == ("stored", "used")


def test_dropped_boxes_are_neither_used_nor_moved_until_they_are_taken_back(
    session: Session, house: House, proposed: Layout, cast: Cast
) -> None:
    mia, now = cast.mia.id, house.clock()
    for _ in range(2):
        layouts.drop_layout(session, proposed, mia, now)
    assert layouts.layout_of(session, proposed.scan_id) is None
    with pytest.raises(Conflict):
        layouts.use_layout(session, proposed, mia, now)
    with pytest.raises(Conflict, match="Take them back first"):
        layouts.choose_frame(session, proposed, "turned-90", mia, now)
    for _ in range(2):
        layouts.restore_layout(session, proposed, mia, now)
    assert layouts.layout_of(session, proposed.scan_id) is proposed
    assert [move.to_state for move in moves_of(session, "layout", proposed.id)] == ["proposed", "dropped"]


def test_the_layouts_own_frame_is_always_among_the_choices(session: Session, house: House, proposed: Layout) -> None:
    proposed.frame = "turned-90@width=777"
    assert read_frame("turned-90@width=777") in layouts.frame_choices(proposed, proposed.scan)


# Lists -------------------------------------------------------------------------------------------------------------


def test_the_list_begins_with_what_needs_a_look(session: Session, house: House, project: Project, cast: Cast) -> None:
    for name in ("dropped", "used", "sure", "unsure", "none"):
        add_scan(session, project, f"{name}.jpg")
    add_scan(session, project, "reference.jpg", width_px=0, height_px=0, reference="https://example.org/1.jpg")
    made = {name: attach(session, house, project, f"{name}.xml") for name in ("dropped", "used", "sure", "unsure")}
    made["unsure"].certain = False
    layouts.drop_layout(session, made["dropped"], cast.mia.id, house.clock())
    layouts.use_layout(session, made["used"], None, house.clock())
    session.flush()
    found = layout_lists.layout_page(session, project.id)
    assert [row.file_name for row in found.rows] == ["unsure.xml", "sure.xml", "used.xml", "dropped.xml"]
    assert (found.rows[0].lines, found.rows[0].read) == (2, 1)
    assert (found.total, found.unsure, found.without, found.page, found.pages) == (4, 1, 2, 1, 1)


def test_a_long_list_comes_in_pages(session: Session, house: House, project: Project) -> None:
    for number in range(layout_lists.A_PAGE + 1):
        add_scan(session, project, f"c{number:03}.jpg", page_number=number)
        attach(session, house, project, f"c{number:03}.xml")
    last = layout_lists.layout_page(session, project.id, 99)
    assert (last.page, last.pages, [row.file_name for row in last.rows]) == (2, 2, ["c050.xml"])
    assert layout_lists.layout_page(session, project.id, -3).page == 1


def test_the_layout_shown_is_the_one_that_counts_else_the_last_or_the_one_asked_for(
    session: Session, house: House, proposed: Layout, project: Project, cast: Cast
) -> None:
    newer = attach(session, house, project, "card.xml", ALTO.replace(b"Ceci", b"Cela"))
    scan_id = proposed.scan_id
    assert layout_lists.layout_to_show(session, scan_id) is newer
    layouts.drop_layout(session, newer, cast.mia.id, house.clock())
    assert layout_lists.layout_to_show(session, scan_id) is proposed
    layouts.drop_layout(session, proposed, cast.mia.id, house.clock())
    assert layout_lists.layout_to_show(session, scan_id) is newer
    assert layout_lists.layout_to_show(session, scan_id, proposed.public_id) is proposed
    assert [layout.id for layout in layout_lists.layouts_of(session, scan_id)] == [newer.id, proposed.id]
    with pytest.raises(NotFound):
        layout_lists.layout_to_show(session, add_scan(session, project, "x.jpg").id, proposed.public_id)


# Real files --------------------------------------------------------------------------------------------------------


def real_scan(session: Session, project: Project, layout: Path) -> Scan:
    """The scan of the picture that lies beside this layout."""
    picture = Image.open(layout.with_suffix(".jpg"))
    orientation = picture.getexif().get(0x0112, 1)
    width, height = upright_size(*picture.size, orientation)
    name = f"{layout.stem}.jpg"
    return add_scan(session, project, name, width_px=width, height_px=height, orientation=orientation)


@pytest.mark.skipif(not REAL.is_dir(), reason="MICRO_REAL_DATA names no folder with scans")
def test_eight_real_scans_give_453_lines_and_one_of_them_needs_a_look(
    session: Session, house: House, project: Project
) -> None:
    counts: dict[str, int] = {}
    unsure: list[Layout] = []
    for path in sorted(REAL.glob("*/*.xml")):
        scan = real_scan(session, project, path)
        made = attach(session, house, project, path.name, path.read_bytes())
        lines = layouts.placed_lines(made, scan)
        counts[path.parent.name] = counts.get(path.parent.name, 0) + len(lines)
        assert made.format == "ALTO 4.2" and all(line.text and line.baseline and line.type for line in lines)
        unsure += [] if made.certain else [made]
    assert counts == {"testaments": 76, "repertoires": 377}
    assert [layout.file_name for layout in unsure] == ["TestamentsDePoilus_will_AD78_0005-0.xml"]


@pytest.mark.skipif(not REAL.is_dir(), reason="MICRO_REAL_DATA names no folder with scans")
def test_the_wrong_frame_of_a_real_scan_is_seen_and_mended(
    session: Session, house: House, project: Project, cast: Cast
) -> None:
    path = REAL / "testaments" / "TestamentsDePoilus_will_AD78_0005-0.xml"
    scan = real_scan(session, project, path)
    made = attach(session, house, project, path.name, path.read_bytes())
    wrong = layouts.placed_lines(made, scan)[0].box
    assert wrong.height > 10 * wrong.width  # "Ceci est mon Testament" would stand on end.
    with pytest.raises(Conflict):
        layouts.use_layout(session, made, None, house.clock())
    best = layouts.frame_choices(made, scan)[0]
    assert str(best) == "upright@width=1416"
    layouts.choose_frame(session, made, str(best), cast.mia.id, house.clock())
    right = layouts.placed_lines(made, scan)[0]
    assert right.text == "Ceci est mon Testament" and right.box.width > 10 * right.box.height
    box = right.box
    whole = ImageOps.exif_transpose(Image.open(path.with_suffix(".jpg"))).convert("L")
    crop = whole.crop((box.x, box.y, box.x + box.width, box.y + box.height))
    inked = sum(crop.point(lambda value: 255 * (value < 110)).histogram()[255:])
    assert inked > 0.02 * crop.width * crop.height  # There is writing in it.
    layouts.use_layout(session, made, None, house.clock())
