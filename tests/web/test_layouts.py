"""The boxes of lines on the desk: seen over the scan, chosen, dropped, taken back."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from micro.data.models import Layout, Project, Region, Scan
from micro.house import House
from micro.services import layout_lists, layouts
from micro.services.moves import moves_of
from micro.web.desk.layouts import SHOWN_LINES
from tests.cast import Cast, add_cards, signed_in
from tests.core.test_layout_reading import TAGS, alto, alto_line, in_block

# For a picture of 800 × 600, of which the scan of 400 × 300 is a copy.
PAGE = 'WIDTH="800" HEIGHT="600"'
READ = '<String CONTENT="Je &lt;soussigné&gt;" WC="0.5"/>'
SHAPE = '<Shape><Polygon POINTS="20 20 700 24 700 80"/></Shape>'


@pytest.fixture
def mia(app: Flask, cast: Cast) -> FlaskClient:
    return signed_in(app, cast.mia)


def attach(house: House, cast: Cast, content: bytes, name: str = "card-001.xml") -> tuple[str, str]:
    """A scan with a layout: the addresses of both."""
    with house.database.writing() as session:
        project = session.get_one(Project, cast.project.id)
        if not session.query(Scan).count():
            add_cards(session, house, project, 2)
        made = layouts.attach_layout(session, project, name, content, "layouts/x.xml", house.clock())
        return made.scan.public_id, made.public_id


@pytest.fixture
def lines() -> bytes:
    """Two lines: one with an outline, of a margin, read; one that is a mere box."""
    margin = in_block(alto_line("l1", SHAPE + READ), more='TAGREFS="t1"')
    return alto(margin + in_block(alto_line("l2"), name="b2"), head=TAGS, page=PAGE)


@pytest.fixture
def unsure(lines: bytes) -> bytes:
    """The same lines beside a page that is as high as it is wide."""
    return lines.replace(b'HEIGHT="600"', b'HEIGHT="800"')


def text_of(answer: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer)).split())


def layout_named(house: House, public_id: str) -> Layout:
    with house.database.reading() as session:
        return session.query(Layout).filter_by(public_id=public_id).one()


def test_a_manager_sees_the_boxes_over_the_scan_with_their_numbers_types_and_readings(
    house: House, cast: Cast, mia: FlaskClient, lines: bytes
) -> None:
    scan, _ = attach(house, cast, lines)
    page = mia.get(f"/desk/scan/{scan}/layout").text
    assert 'id="line-1"' in page and 'd="M10 10L350 12L350 40z"' in page  # Half as large.
    assert 'd="M5 10h150v20h-150z"' in page
    assert f"/pictures/scan/{scan}/1600.jpg" in page
    text = text_of(page)
    assert "1 Je <soussigné> MarginTextZone 50%" in text and "2 not read" in text
    assert "MarginTextZone 1" in text and "without a type 1" in text
    assert "2 (1 read already)" in text and "800 × 600" in text and "400 × 300" in text


def test_the_lines_of_one_type_are_shown_alone_under_their_own_numbers(
    house: House, cast: Cast, mia: FlaskClient, lines: bytes
) -> None:
    scan, _ = attach(house, cast, lines)
    page = mia.get(f"/desk/scan/{scan}/layout?type=").text
    assert 'id="line-2"' in page and 'id="line-1"' not in page
    assert "No line lies on the scan." in mia.get(f"/desk/scan/{scan}/layout?type=Nothing").text


def test_doubt_is_said_and_the_choice_of_frames_is_open(
    house: House, cast: Cast, mia: FlaskClient, lines: bytes, unsure: bytes
) -> None:
    scan, _ = attach(house, cast, lines)
    sure = mia.get(f"/desk/scan/{scan}/layout").text
    assert "It is not certain" not in sure and '<details class="disclosure' in sure
    scan, layout = attach(house, cast, unsure, "card-002.xml")
    page = mia.get(f"/desk/scan/{scan}/layout").text
    assert "It is not certain how these boxes lie on the scan." in page and '<details class="disclosure' not in page
    with house.database.reading() as session:
        found = layout_lists.layout_to_show(session, session.query(Scan).filter_by(public_id=scan).one().id)
        assert found is not None and found.public_id == layout
        offered = [str(frame) for frame in layouts.frame_choices(found, found.scan)]
    assert all(f'name="frame" value="{frame}"' in page for frame in offered) and len(offered) >= 4


def test_a_frame_is_chosen_by_its_button_or_by_look_and_width(
    house: House, cast: Cast, mia: FlaskClient, unsure: bytes
) -> None:
    scan, layout = attach(house, cast, unsure)
    address = f"/desk/scan/{scan}/layout"
    answer = mia.post(address, data={"layout": layout, "frame": "stored@width=800"})
    assert answer.status_code == 303 and answer.location.endswith(f"{address}?layout={layout}")
    found = layout_named(house, layout)
    assert (found.frame, found.certain) == ("stored@width=800", True)
    assert "The boxes lie so now." in mia.get(address).text
    mia.post(address, data={"layout": layout, "look": "turned-180", "width": " 640 "})
    assert layout_named(house, layout).frame == "turned-180@width=640"
    mia.post(address, data={"layout": layout, "look": "upright", "width": ""})
    assert layout_named(house, layout).frame == "upright"
    with house.database.reading() as session:
        assert {move.account_id for move in moves_of(session, "layout", found.id)} == {cast.mia.id}


@pytest.mark.parametrize("width", ["abc", "0", "-3", "1.5", "١٢", "99999999", "9" * 5000, "000000001" + "1" * 5000])
def test_a_width_that_is_none_is_said_beside_the_field_and_changes_nothing(
    house: House, cast: Cast, mia: FlaskClient, lines: bytes, width: str
) -> None:
    scan, layout = attach(house, cast, lines)
    answer = mia.post(f"/desk/scan/{scan}/layout", data={"layout": layout, "look": "upright", "width": width})
    assert answer.status_code == 422 and "The width is a whole number of pixels." in answer.text
    assert f'value="{width}" aria-invalid="true" aria-describedby="width-problem"' in answer.text
    assert '<option value="upright" selected>' in answer.text
    assert layout_named(house, layout).frame == "stored"


@pytest.mark.parametrize("frame", ["upside", "stored@width=0", "stored\0"])
def test_what_is_no_frame_is_refused(house: House, cast: Cast, mia: FlaskClient, lines: bytes, frame: str) -> None:
    scan, layout = attach(house, cast, lines)
    answer = mia.post(f"/desk/scan/{scan}/layout", data={"layout": layout, "frame": frame})
    assert answer.status_code == 422 and layout_named(house, layout).frame == "stored"


def test_boxes_are_dropped_and_taken_back(house: House, cast: Cast, mia: FlaskClient, lines: bytes) -> None:
    scan, layout = attach(house, cast, lines)
    address = f"/desk/scan/{scan}/layout"
    for _ in range(2):  # A double click.
        assert mia.post(address, data={"layout": layout, "do": "drop"}).status_code == 303
    page = mia.get(address).text
    assert "Take them back" in page and "Drop these boxes" not in page and 'name="frame"' not in page
    refused = mia.post(address, data={"layout": layout, "frame": "turned-90"})
    assert refused.status_code == 409 and "These boxes were dropped. Take them back first." in refused.text
    mia.post(address, data={"layout": layout, "do": "restore"})
    assert layout_named(house, layout).state == "proposed" and "Drop these boxes" in mia.get(address).text


def test_boxes_in_use_can_neither_be_moved_nor_dropped(
    house: House, cast: Cast, mia: FlaskClient, lines: bytes
) -> None:
    scan, layout = attach(house, cast, lines)
    with house.database.writing() as session:
        layouts.use_layout(session, session.query(Layout).one(), None, house.clock())
    address = f"/desk/scan/{scan}/layout"
    page = mia.get(address).text
    assert "in use" in text_of(page) and 'name="do"' not in page and 'name="frame"' not in page
    for data in ({"frame": "turned-90"}, {"do": "drop"}):
        answer = mia.post(address, data={"layout": layout, **data})
        assert answer.status_code == 409 and "cut by these boxes already" in answer.text
    assert layout_named(house, layout).state == "used"


def test_a_layout_of_another_scan_is_not_there(house: House, cast: Cast, mia: FlaskClient, lines: bytes) -> None:
    scan, _ = attach(house, cast, lines)
    _, others = attach(house, cast, lines, "card-002.xml")
    assert mia.get(f"/desk/scan/{scan}/layout?layout={others}").status_code == 404
    assert mia.post(f"/desk/scan/{scan}/layout", data={"layout": others, "do": "drop"}).status_code == 404
    assert layout_named(house, others).state == "proposed"


def test_several_files_of_one_scan_lead_to_each_other(house: House, cast: Cast, mia: FlaskClient, lines: bytes) -> None:
    scan, first = attach(house, cast, lines)
    _, second = attach(house, cast, lines.replace(b"Je", b"Tu"), "card-001.alto.xml")
    page = mia.get(f"/desk/scan/{scan}/layout").text
    assert "Tu &lt;sous" in page and f"layout={first}" in page
    assert f"layout={second}" in mia.get(f"/desk/scan/{scan}/layout?layout={first}").text


def test_what_is_left_out_is_counted(house: House, cast: Cast, mia: FlaskClient) -> None:
    far = '<TextLine ID="far" HPOS="5000" VPOS="20" WIDTH="300" HEIGHT="40"/>'
    scan, _ = attach(house, cast, alto(in_block(alto_line("l1"), far, '<TextLine ID="bare"/>'), page=PAGE))
    text = text_of(mia.get(f"/desk/scan/{scan}/layout").text)
    assert "1 line has no place in the file and was left out." in text
    assert "1 line lies beside the scan and is left out." in text


def test_a_page_of_a_newspaper_comes_in_parts(house: House, cast: Cast, mia: FlaskClient) -> None:
    inner = "".join(
        f'<TextLine ID="l{n}" HPOS="10" VPOS="{n}" WIDTH="300" HEIGHT="1"/>' for n in range(SHOWN_LINES + 1)
    )
    scan, _ = attach(house, cast, alto(in_block(inner), page=PAGE))
    first = mia.get(f"/desk/scan/{scan}/layout").text
    assert f'id="line-{SHOWN_LINES}"' in first and f'id="line-{SHOWN_LINES + 1}"' not in first
    for begin in (str(SHOWN_LINES), "999999999"):
        last = mia.get(f"/desk/scan/{scan}/layout?from={begin}").text
        assert f'id="line-{SHOWN_LINES + 1}"' in last and 'id="line-1"' not in last


def test_the_list_names_all_layouts_and_what_needs_a_look(
    house: House, cast: Cast, mia: FlaskClient, lines: bytes, unsure: bytes
) -> None:
    empty = text_of(mia.get("/desk/finds/layouts").text)
    assert "No boxes yet." in empty
    attach(house, cast, lines)
    scan, layout = attach(house, cast, unsure, "card-002.xml")
    page = mia.get("/desk/finds/layouts").text
    text = text_of(page)
    assert "Of 1 scan it is not certain how the boxes lie on it." in text
    assert text.index("look first 2 1 card-002.xml ALTO 4") < text.index("proposed 2 1 card-001.xml ALTO 4")
    assert f"/desk/scan/{scan}/layout?layout={layout}" in page


def test_a_scan_without_a_layout_says_what_to_send(house: House, cast: Cast, mia: FlaskClient) -> None:
    with house.database.writing() as session:
        (scan,) = add_cards(session, house, session.merge(cast.project), 1)
        address = f"/desk/scan/{scan.public_id}/layout"
    assert "Upload an ALTO or PAGE file called like this scan, card-001.jpg." in mia.get(address).text
    assert mia.post(address, data={"do": "drop"}).status_code == 303


def test_layouts_are_for_managers_of_the_institution_only(house: House, cast: Cast, app: Flask, lines: bytes) -> None:
    scan, layout = attach(house, cast, lines)
    for account, status in ((cast.cleo, 404), (cast.ben, 403), (cast.ada, 404)):
        client = signed_in(app, account)
        for address in (f"/desk/scan/{scan}/layout", "/desk/finds/layouts"):
            assert client.get(address).status_code == status
        assert client.post(f"/desk/scan/{scan}/layout", data={"layout": layout, "do": "drop"}).status_code == status
    assert layout_named(house, layout).state == "proposed"


def test_a_scan_that_waited_for_somebody_to_say_how_its_boxes_lie_is_cut_then(
    house: House, cast: Cast, mia: FlaskClient, unsure: bytes
) -> None:
    with house.database.writing() as session:
        project = session.get_one(Project, cast.project.id)
        project.cutting = None
        scan_id = add_cards(session, house, project, 1)[0].id
        project.cutting = {"by": "lines"}
    scan, layout = attach(house, cast, unsure)
    answer = mia.post(f"/desk/scan/{scan}/layout", data={"layout": layout, "frame": "stored"}, follow_redirects=True)
    assert "The boxes lie so now. The scan was cut by them." in text_of(answer.text)
    assert layout_named(house, layout).state == "used"
    with house.database.reading() as session:
        regions = session.query(Region).filter_by(scan_id=scan_id).order_by(Region.position).all()
        assert [region.reference_text for region in regions] == ["Je <soussigné>", None]


def test_without_its_picture_a_scan_shows_its_lines_alone(
    house: House, cast: Cast, mia: FlaskClient, lines: bytes
) -> None:
    scan, _ = attach(house, cast, lines)
    with house.database.writing() as session:
        session.query(Scan).filter_by(public_id=scan).one().state = "erased"
    page = mia.get(f"/desk/scan/{scan}/layout").text
    assert "/pictures/scan/" not in page and "Je &lt;soussigné" in page


@pytest.mark.parametrize(
    "query", ["layout=%00", "layout=%F0%9F", "from=-5", "from=9e9", f"from={'9' * 5000}", "type=%00"]
)
def test_odd_addresses_break_nothing(house: House, cast: Cast, mia: FlaskClient, lines: bytes, query: str) -> None:
    scan, _ = attach(house, cast, lines)
    assert mia.get(f"/desk/scan/{scan}/layout?{query}").status_code in (200, 404, 422)
    assert mia.get(f"/desk/finds/layouts?page={'9' * 30}").status_code == 200


def test_what_was_chosen_for_one_is_used_for_all_that_are_unsure_and_each_can_be_laid_otherwise(
    house: House, cast: Cast, mia: FlaskClient, lines: bytes, unsure: bytes
) -> None:
    with house.database.writing() as session:
        add_cards(session, house, session.get_one(Project, cast.project.id), 4)
    attach(house, cast, lines, "card-001.xml")
    first, one = attach(house, cast, unsure, "card-002.xml")
    others = [attach(house, cast, unsure, f"card-{number:03}.xml") for number in (3, 4)]
    early = mia.post(f"/desk/scan/{first}/layout/for-all", data={"layout": one})
    assert early.status_code == 409 and "Choose that first." in text_of(early.text)
    assert "other scans are unsure" not in text_of(mia.get(f"/desk/scan/{first}/layout").text)
    mia.post(f"/desk/scan/{first}/layout", data={"layout": one, "frame": "turned-90@width=600"})
    text = text_of(mia.get(f"/desk/scan/{first}/layout").text)
    assert "2 other scans are unsure" in text and "as here: Turned to the right, drawn 600 pixels wide." in text
    assert "Nothing is cut by it." in text
    done = mia.post(f"/desk/scan/{first}/layout/for-all", data={"layout": one}, follow_redirects=True)
    assert "The boxes of 2 scans lie so now." in text_of(done.text) and "not certain" not in text_of(done.text)
    for _, layout in others:
        assert (layout_named(house, layout).frame, layout_named(house, layout).certain) == ("turned-90@width=600", True)
        assert layout_named(house, layout).state == "proposed"
    scan, layout = others[0]
    mia.post(f"/desk/scan/{scan}/layout", data={"layout": layout, "frame": "upright"})
    assert layout_named(house, layout).frame == "upright"
    with house.database.reading() as session:
        assert len(moves_of(session, "layout", layout_named(house, layout).id)) == 2
