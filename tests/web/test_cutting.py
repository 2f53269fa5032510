"""The page on which a manager chooses how scans are cut, looks at it first, cuts, stops, tries again and discards."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from micro.core.fields import Field
from micro.data.models import CuttingRun, Item, Task
from micro.errors import BadAnswer
from micro.house import House
from micro.services import cutting_runs
from micro.services.cutting import form_of
from micro.web.desk.cutting_form import body_of, percent, typed_from_body, typed_from_form
from tests.cast import CUTTING, Cast, add_cards, signed_in
from tests.services.cutting_ways import GRID, LINES, WHOLE, drawer, give_layout, scans_of, uncut_project

PAGE, LOOK = "/desk/drawer/cutting", "/desk/drawer/cutting/look"


@pytest.fixture
def mia(app: Flask, cast: Cast) -> FlaskClient:
    return signed_in(app, cast.mia)


@pytest.fixture
def cards(house: House, cast: Cast) -> House:
    """A draft with eight cards of which none is cut."""
    with house.database.writing() as session:
        uncut_project(session, house, cast, 8)
    return house


def text(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())


def tasks(house: House) -> int:
    with house.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Task)) or 0


def template_form(**changed: Any) -> MultiDict[str, str]:
    """The form as a browser sends it for CUTTING, in percent."""
    sent: list[tuple[str, str]] = [("by", "template"), ("number", "1"), ("do", "look")]
    for number, box in enumerate(CUTTING["boxes"], 1):
        sent += [(f"box.{number}.{side}", percent(box[side])) for side in ("x", "y", "width", "height")]
        sent.append((f"box.{number}.fields", str(box["name"])))
    return MultiDict([(name, changed.pop(name, value)) for name, value in sent] + list(changed.items()))


def way_of(page: str) -> Any:
    """The way that the page would cut by."""
    found = re.search(r'name="way" value="([^"]*)"', page)
    assert found is not None
    return json.loads(unescape(found[1]))


# Choosing --------------------------------------------------------------------------------------------------------


def test_all_ways_are_on_the_page_with_inputs_that_need_no_script(cards: House, mia: FlaskClient) -> None:
    page = mia.get(PAGE).text
    for way in ("template", "grid", "lines", "whole"):
        assert f'name="by" value="{way}"' in page
    assert 'name="area.x"' in page and 'name="margin"' in page and 'name="do" value="add"' in page
    assert "card-001.jpg" in page
    for label in ("Object", "Material", "Length", "Found on", "Notes"):
        assert label in text(page)


def test_a_box_more_a_box_less_and_another_scan_keep_what_was_typed(cards: House, mia: FlaskClient) -> None:
    sent = template_form(**{"box.1.x": "77.7", "do": "add", "rows": "33"})
    page = mia.post(LOOK, data=sent)
    assert page.status_code == 200
    assert 'name="box.6.x"' in page.text and 'value="77.7"' in page.text and 'value="33"' in page.text
    page = mia.post(LOOK, data=template_form(**{"box.1.x": "77.7", "do": "remove:2"}))
    assert 'name="box.5.x"' not in page.text and 'value="77.7"' in page.text
    assert "In no box yet: Material" in text(page.text)
    page = mia.post(LOOK, data=template_form(**{"box.1.x": "77.7", "do": "scan:3"}))
    assert "card-003.jpg" in page.text and 'value="77.7"' in page.text
    page = mia.post(LOOK, data=template_form(do="scan", number="99"))
    assert "card-008.jpg" in page.text
    assert tasks(cards) == 0


def test_an_added_box_is_for_the_first_field_that_is_in_none(cards: House, mia: FlaskClient) -> None:
    page = mia.post(LOOK, data={"by": "template", "do": "add"}).text
    boxes = page[page.index('class="boxes"') : page.index("<template")]
    assert 'value="object" data-label="Object" checked' in boxes
    assert boxes.count(" checked") == 1


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"box.1.x": "left"}, "Box 1 needs numbers from 0 to 100, in percent."),
        ({"box.1.x": "95"}, "leaves the scan"),
        ({"box.1.width": "0"}, "has no width or no height"),
        ({"by": "grid", "area.height": "0"}, "The area of the grid has no width or no height"),
        ({"box.1.fields": "notes"}, "“Object” must be read in exactly one box"),
        ({"by": "grid", "rows": "0"}, "at least 1"),
        ({"by": "grid", "rows": "many"}, "at least 1"),
        ({"by": "grid", "rows": "2000", "columns": "2"}, "at most 2000"),
        ({"by": "grid", "area.x": "50"}, "leaves the scan"),
        ({"by": "lines", "margin": "101"}, "from 0 to 100"),
        ({"by": "lines", "which": "some"}, "at least one type"),
        ({"json": "{", "do": "json"}, "written as JSON"),
        ({"json": "[]", "do": "json"}, "must be written as"),
        ({"json": "[" * 50_000, "do": "json"}, "written as JSON"),
    ],
)
def test_what_cannot_be_cut_is_said_and_what_was_typed_stays(
    cards: House, mia: FlaskClient, changed: dict[str, str], sentence: str
) -> None:
    answer = mia.post(LOOK, data=template_form(**{"box.2.y": "31.25", **changed}))
    assert answer.status_code == 422
    assert sentence in text(answer.text)
    assert 'value="31.25"' in answer.text
    assert tasks(cards) == 0


def test_a_template_in_json_becomes_boxes(cards: House, mia: FlaskClient) -> None:
    page = mia.post(LOOK, data={"by": "template", "do": "json", "json": json.dumps(CUTTING)})
    assert 'name="box.5.height" type="number" min="0" max="100" step="any" value="20"' in page.text


def test_a_project_without_scans_can_still_be_given_a_way(house: House, cast: Cast, mia: FlaskClient) -> None:
    with house.database.writing() as session:
        uncut_project(session, house, cast, 0)
    assert "No scan to draw on yet." in mia.get(PAGE).text
    page = mia.post(LOOK, data={"by": "whole"}).text
    assert "There is no scan to look at yet." in page
    assert mia.post(PAGE, data={"way": json.dumps(way_of(page))}).status_code == 303
    with house.database.reading() as session:
        assert drawer(session).cutting == WHOLE


# Looking first ---------------------------------------------------------------------------------------------------


def test_a_template_is_seen_over_six_scans_before_anything_is_cut(cards: House, mia: FlaskClient) -> None:
    page = mia.post(LOOK, data=template_form())
    assert page.status_code == 200
    assert page.text.count('class="plate cut-plate"') == 6
    assert "card-001.jpg" in page.text and "card-008.jpg" in page.text
    assert "8 scans to cut" in figures(page.text) and "8 tasks from them" in figures(page.text)
    assert "Cut 8 scans" in text(page.text)
    assert 'class="cut-label"' in page.text
    assert tasks(cards) == 0
    assert [box["name"] for box in way_of(page.text)["boxes"]] == [box["name"] for box in CUTTING["boxes"]]


def figures(page: str) -> list[str]:
    """The figures of a page as "8 scans to cut"."""
    found = re.findall(r"<div><dt>(.*?)</dt><dd>(.*?)</dd></div>", page)
    return [f"{number} {what.strip()}" for what, number in found]


def test_the_sets_go_on_to_other_scans_and_back_to_the_form(cards: House, mia: FlaskClient) -> None:
    way = json.dumps(CUTTING)
    first, second = (mia.post(LOOK, data={"way": way, "set": number}).text for number in (1, 2))
    assert second.count('class="plate cut-plate"') == 6
    assert mia.post(LOOK, data={"way": way, "set": 2}).text.count("card-00") == second.count("card-00"), "stable"
    assert first != second and mia.post(LOOK, data={"way": way, "set": "99"}).status_code == 200
    back = mia.post(LOOK, data={"way": way, "do": "edit"}).text
    assert 'name="box.5.height" type="number" min="0" max="100" step="any" value="20"' in back


def test_scans_that_cannot_be_cut_are_named_before(cards: House, mia: FlaskClient) -> None:
    with cards.database.writing() as session:
        scans = scans_of(session)
        for scan in scans[:3]:
            give_layout(session, cards, scan)
        give_layout(session, cards, scans[3], certain=False)
        scans[7].state = "withdrawn"
        address = f"/desk/scan/{scans[3].public_id}/layout"
    page = mia.post(LOOK, data={"by": "lines", "margin": "15"}).text
    assert "3 scans to cut" in figures(page) and "9 tasks from them" in figures(page)
    assert "4 cannot be cut this way" in figures(page)
    table = page[page.index("<tbody>") :]
    assert [name in table for name in ("card-003", "card-004", "card-005", "card-007", "card-008")] == [
        False,
        True,
        True,
        True,
        False,
    ]
    assert "Look at its boxes first" in text(table) and f'href="{address}"' in table


def test_types_of_lines_are_counted_and_can_be_left_out(cards: House, mia: FlaskClient) -> None:
    with cards.database.writing() as session:
        for scan in scans_of(session)[:2]:
            give_layout(session, cards, scan)
    page = text(mia.get(PAGE).text)
    assert "2 scans have a layout." in page and "MainZone 4" in page and "MarginTextZone 2" in page
    sent = {"by": "lines", "margin": "0", "which": "some", "type": "MainZone"}
    looked = mia.post(LOOK, data=sent).text
    assert "4 tasks from them" in figures(looked)
    assert way_of(looked) == {"by": "lines", "margin": 0, "types": ["MainZone"]}


def test_a_scan_that_is_too_small_for_the_grid_is_named(cards: House, mia: FlaskClient) -> None:
    with cards.database.writing() as session:
        scans_of(session)[4].width_px = 3
    page = mia.post(LOOK, data={"by": "grid", "rows": "2", "columns": "5"}).text
    assert "7 scans to cut" in figures(page) and "70 tasks from them" in figures(page)
    assert "It is too small for so many rows and columns." in text(page)


# Cutting ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("way", "count"), [(CUTTING, 8), (WHOLE, 8), (GRID, 48)])
def test_pressing_cut_cuts_and_says_so(cards: House, mia: FlaskClient, way: Any, count: int) -> None:
    assert mia.post(PAGE, data={"way": json.dumps(way)}).status_code == 303
    assert tasks(cards) == count
    page = text(mia.get(PAGE).text)
    assert "8 of 8 scans are cut." in page and f"They give {count} tasks." in page
    with cards.database.reading() as session:
        run = session.scalars(select(CuttingRun)).one()
        assert (run.state, run.account_id is not None) == ("done", True)


def test_a_large_project_goes_on_with_a_worker_and_its_page_looks_on(
    cards: House, cast: Cast, mia: FlaskClient
) -> None:
    way = {"by": "grid", "rows": 20, "columns": 20}
    mia.post(PAGE, data={"way": json.dumps(way)})
    page = mia.get(PAGE)
    assert 'data-waiting="1"' in page.text and "3 of 8 scans are cut." in text(page.text)
    asked = mia.get(f"{PAGE}?format=json")
    assert asked.json == {"waiting": True, "share": 0.375, "sentence": "3 of 8 scans are cut."}
    assert asked.headers["Cache-Control"] == "no-store"
    assert mia.post(f"{PAGE}/cancel").status_code == 303
    page = mia.get(PAGE)
    assert "Cutting was stopped: 5 scans are not cut." in text(page.text) and 'data-waiting="0"' in page.text
    assert tasks(cards) == 1200
    mia.post(f"{PAGE}/again")
    mia.post(f"{PAGE}/again")
    assert "They give 3200 tasks." in text(mia.get(PAGE).text).replace(",", "")


def test_stopping_what_is_over_says_so(cards: House, mia: FlaskClient) -> None:
    mia.post(PAGE, data={"way": json.dumps(WHOLE)})
    page = mia.post(f"{PAGE}/cancel", follow_redirects=True)
    assert page.status_code == 200 and "Nothing is being cut at the moment." in text(page.text)


def test_what_failed_is_named_with_a_way_to_mend_it_and_tried_again(cards: House, mia: FlaskClient) -> None:
    with cards.database.writing() as session:
        scans = scans_of(session)
        give_layout(session, cards, scans[0])
        give_layout(session, cards, scans[1], certain=False)
        address = f"/desk/scan/{scans[1].public_id}/layout"
    mia.post(PAGE, data={"way": json.dumps(LINES)})
    page = mia.get(PAGE).text
    assert "7 scans could not be cut" in text(page) and f'href="{address}"' in page
    assert "Try again" in page and "card-008.jpg" in page
    with cards.database.writing() as session:
        give_layout(session, cards, scans_of(session)[2])
    mia.post(f"{PAGE}/again")
    assert "2 of 8 scans are cut." in text(mia.get(PAGE).text)


@pytest.mark.parametrize("way", ["", "[]", "{", '{"by": "scissors"}', json.dumps({"boxes": []}), "null", '"\\ud800"'])
def test_a_way_that_was_tampered_with_cuts_nothing(cards: House, mia: FlaskClient, way: str) -> None:
    assert mia.post(PAGE, data={"way": way}).status_code == 422
    assert mia.post(LOOK, data={"way": way}).status_code == 422
    assert tasks(cards) == 0


def test_another_way_than_the_one_that_is_cutting_is_refused(cards: House, mia: FlaskClient) -> None:
    with cards.database.writing() as session:
        cutting_runs.cut_by_way(session, drawer(session), WHOLE, None, cards.clock())
    answer = mia.post(PAGE, data={"way": json.dumps(GRID)})
    assert answer.status_code == 422 and "Scans are being cut at this moment." in text(answer.text)


# Discarding ------------------------------------------------------------------------------------------------------


def test_a_cutting_that_nobody_used_is_discarded_after_a_word_about_how_much(cards: House, mia: FlaskClient) -> None:
    mia.post(PAGE, data={"way": json.dumps(GRID)})
    page = mia.get(PAGE).text
    assert "48 tasks are deleted for good" in text(page) and 'name="seen" value="48"' in page
    answer = mia.post(f"{PAGE}/discard", data={"seen": "48"}, follow_redirects=True)
    assert "48 tasks were discarded." in text(answer.text)
    assert 'name="by" value="grid" checked' in answer.text, "the way stays, to be changed"
    assert tasks(cards) == 0
    with cards.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Item)) == 0


def test_another_number_than_was_read_discards_nothing(cards: House, mia: FlaskClient) -> None:
    mia.post(PAGE, data={"way": json.dumps(WHOLE)})
    for seen in ("7", "", "all"):
        answer = mia.post(f"{PAGE}/discard", data={"seen": seen}, follow_redirects=True)
        assert "There are 8 tasks by now." in text(answer.text)
    assert tasks(cards) == 8


def test_an_open_project_does_not_offer_it(house: House, cast: Cast, mia: FlaskClient) -> None:
    with house.database.writing() as session:
        add_cards(session, house, session.merge(cast.project), 1)
    page = text(mia.get("/desk/finds/cutting").text)
    assert "Only a draft" in page and "Discard 1 task" not in page


# The form's own rules --------------------------------------------------------------------------------------------


def fields_of(house: House) -> tuple[Field, ...]:
    with house.database.reading() as session:
        return form_of(session, drawer(session))


@pytest.mark.parametrize("way", [CUTTING, GRID, LINES, WHOLE, {"by": "lines", "margin": 0.2, "types": ["a", "b"]}])
def test_a_way_goes_into_the_form_and_comes_back(cards: House, way: dict[str, Any]) -> None:
    body = body_of(typed_from_body(way), fields_of(cards))
    again = body_of(typed_from_body(body), fields_of(cards))
    assert body == again
    if "boxes" in way:
        for box, kept in zip(body["boxes"], way["boxes"], strict=True):
            assert {**kept, "fields": [kept["name"]]} == box
    else:
        assert {**body, **way} == body


def test_roundings_that_were_typed_by_hand_do_not_leave_the_scan(cards: House) -> None:
    sent = template_form(**{"box.1.x": "33,34", "box.1.width": "66.67"})
    box = body_of(typed_from_form(sent), fields_of(cards))["boxes"][0]
    assert box["x"] + box["width"] == 1


def test_boxes_keep_their_names_and_new_ones_get_that_of_their_field(cards: House) -> None:
    sent = template_form(**{"box.1.name": "head", "box.2.name": "length"})
    names = [box["name"] for box in body_of(typed_from_form(sent), fields_of(cards))["boxes"]]
    assert names == ["head", "material", "length", "found_on", "notes"]


def test_a_box_for_nothing_is_named_by_its_number(cards: House) -> None:
    sent = MultiDict([("by", "template"), ("box.7.x", "1"), ("box.7.y", "1")])
    with pytest.raises(BadAnswer, match="box 1"):
        body_of(typed_from_form(sent), fields_of(cards))
