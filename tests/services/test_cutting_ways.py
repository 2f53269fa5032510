"""Cutting scans as a whole, by a grid and by the lines of their layouts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from micro.core.geometry import Box
from micro.data.models import Item, Layout, Project, Region, Scan, Task
from micro.errors import BadAnswer, Conflict
from micro.house import House
from micro.jobs import drain_intake
from micro.services import cutting, intake, layouts
from micro.services.projects import make_project as a_new_project
from tests.cast import FORM, Cast
from tests.services.cutting_ways import (
    GRID,
    LINES,
    WHOLE,
    alto,
    cut,
    drawer,
    give_layout,
    regions_of,
    scans_of,
    uncut_project,
)

ALL_FIELDS = [field["name"] for field in FORM["fields"]]


def test_a_whole_scan_is_one_item_that_asks_for_every_field(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        uncut_project(session, house, cast, 2)
    assert cut(house, WHOLE) == 2
    with house.database.reading() as session:
        regions = regions_of(session)
        assert [(r.name, r.item.identifier, cutting.box_of(r)) for r in regions] == [
            ("whole", f"HM {number}", Box(0, 0, 400, 300)) for number in (1, 2)
        ]
        assert all(region.fields == ALL_FIELDS for region in regions)
        assert [task.fields for task in session.scalars(select(Task))] == [ALL_FIELDS] * 2


def test_a_scan_without_a_picture_is_cut_as_a_whole_and_in_no_other_way(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        uncut_project(session, house, cast, 2)
        scan = scans_of(session)[0]
        scan.reference, scan.width_px, scan.height_px = "https://example.org/1.jpg", 0, 0
    assert cut(house, GRID) == 1
    with house.database.writing() as session:
        assert "only be cut as a whole" in str(cutting.problem_of(scans_of(session)[0]))
        drawer(session).cutting = WHOLE
    assert cut(house, WHOLE) == 1


def test_every_cell_of_a_grid_is_an_item_of_its_own_and_asked_in_reading_order(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        uncut_project(session, house, cast, 2)
    assert cut(house, GRID) == 2
    with house.database.reading() as session:
        regions = regions_of(session)
        cells = [f"r{row:02}c{column:02}" for row in (1, 2) for column in (1, 2, 3)]
        assert [r.item.identifier for r in regions] == [f"HM {n} {cell}" for n in (1, 2) for cell in cells]
        assert [r.name for r in regions[:6]] == cells
        assert cutting.box_of(regions[5]) == Box(266, 150, 134, 150)
        assert all(cutting.field_boxes(session, r).keys() == set(ALL_FIELDS) for r in regions)


def test_every_line_of_a_layout_is_an_item_with_all_that_the_layout_says(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        uncut_project(session, house, cast, 1)
        layout = give_layout(session, house, scans_of(session)[0]).id
    assert cut(house, LINES) == 1
    with house.database.reading() as session:
        regions = regions_of(session)
        assert [(r.name, r.item.identifier, r.type, r.reference_text) for r in regions] == [
            ("l001", "HM 1 l001", "MainZone", "Laurent"),
            ("l002", "HM 1 l002", "MarginTextZone", "n. 7"),
            ("l003", "HM 1 l003", "MainZone", "Denfert"),
        ]
        assert cutting.box_of(regions[0]) == Box(40, 30, 300, 20)
        assert regions[0].baseline == [[40, 50], [340, 50]]
        assert [(r.position, r.layout_id, r.reference_confidence) for r in regions] == [
            (at, layout, 0.9) for at in range(3)
        ]
        assert session.get_one(Layout, layout).state == "used"


def test_lines_of_other_types_are_left_out_and_a_margin_keeps_tall_letters_on(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        uncut_project(session, house, cast, 1)
        give_layout(session, house, scans_of(session)[0])
    assert cut(house, {"by": "lines", "types": ["MainZone"], "margin": 0.5}) == 1
    with house.database.reading() as session:
        regions = regions_of(session)
        assert [r.name for r in regions] == ["l001", "l003"]
        assert cutting.box_of(regions[0]) == Box(30, 20, 320, 40)


def test_a_scan_that_cannot_be_cut_by_lines_says_why_and_the_others_are_cut(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        uncut_project(session, house, cast, 5)
        _, uncertain, good, other_type, withdrawn = scans_of(session)
        give_layout(session, house, uncertain, certain=False)
        give_layout(session, house, good)
        give_layout(session, house, other_type, alto([("Stamp", (10, 10, 50, 20), "Archives")]))
        give_layout(session, house, withdrawn)
        withdrawn.state = "withdrawn"
    assert cut(house, {**LINES, "types": ["MainZone"]}) == 1
    with house.database.reading() as session:
        problems = [str(cutting.problem_of(scan)) for scan in scans_of(session)]
        assert "no layout" in problems[0]
        assert problems[1] == cutting.UNCERTAIN
        assert problems[2] == problems[4] == ""
        assert "names no line" in problems[3]
        states = {layout.scan_id: layout.state for layout in session.scalars(select(Layout))}
        assert [states.get(scan.id) for scan in scans_of(session)] == [
            None,
            "proposed",
            "used",
            "proposed",
            "proposed",
        ]


def test_a_layout_that_comes_after_its_scan_cuts_it_then(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        uncut_project(session, house, cast, 1)
        drawer(session).cutting = LINES
        scan = scans_of(session)[0]
        assert not cutting.cut_scan(session, drawer(session), scan, house.clock())
        assert scan.cut_problem
        give_layout(session, house, scan)
        assert cutting.cut_when_ready(session, scan, house.clock())
        assert scan.cut_problem == ""
        assert not cutting.cut_when_ready(session, scan, house.clock()), "once is enough"
        assert len(regions_of(session)) == 3


def test_scans_of_the_same_identifier_give_different_items(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        uncut_project(session, house, cast, 3)
        for scan in scans_of(session):
            scan.identifier = "x" * 200
            scan.sha256, scan.frame = "a" * 64, scan.page_number
    assert cut(house, GRID) == 3
    with house.database.reading() as session:
        identifiers = session.scalars(select(Item.identifier)).all()
        assert len(set(identifiers)) == 18
        assert all(len(one) <= 200 and one[-6:].startswith("r0") for one in identifiers)


def test_a_newspaper_page_of_two_thousand_lines_is_cut(house: House, cast: Cast) -> None:
    lines = [("", (10 + at % 300, at % 280, 50, 9), str(at)) for at in range(2_100)]
    with house.database.writing() as session:
        uncut_project(session, house, cast, 1)
        give_layout(session, house, scans_of(session)[0], alto(lines))
    assert cut(house, LINES) == 1
    with house.database.reading() as session:
        names = [region.name for region in regions_of(session)]
        assert len(names) == 2_100 and names == sorted(names)


def test_a_form_of_which_a_field_is_in_no_box_takes_the_scan_in_and_says_so(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        uncut_project(session, house, cast, 1)
        project, scan = drawer(session), scans_of(session)[0]
        project.cutting = {"boxes": [{"name": "object", "x": 0, "y": 0, "width": 1, "height": 1}]}
        assert not cutting.cut_scan(session, project, scan, house.clock())
        assert str(cutting.problem_of(scan)) == "The field “material” must be read in exactly one box."


@pytest.mark.parametrize("way", [WHOLE, GRID, LINES])
def test_another_way_needs_the_old_tasks_gone_first(house: House, cast: Cast, way: dict[str, Any]) -> None:
    with house.database.writing() as session:
        uncut_project(session, house, cast, 1)
    cut(house, {"by": "grid", "rows": 1, "columns": 1})
    with house.database.writing() as session:
        with pytest.raises(Conflict, match="discard"):
            cutting.set_way(session, drawer(session), way)
        assert drawer(session).cutting == {"by": "grid", "rows": 1, "columns": 1}


def test_a_way_that_cannot_be_is_refused(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        uncut_project(session, house, cast, 1)
        with pytest.raises(BadAnswer):
            cutting.set_way(session, drawer(session), {"by": "scissors"})


REAL = os.environ.get("MICRO_REAL_DATA", "")


@pytest.mark.skipif(not REAL, reason="no real data is named")
def test_the_eight_real_scans_give_453_lines(house: House, cast: Cast) -> None:
    form = {"fields": [{"name": "text", "type": "text", "label": {"en": "Text"}}]}
    with house.database.writing() as session:
        project = a_new_project(session, session.merge(cast.collection), "wills", {"en": {}}, form, house.clock())
        cutting.set_way(session, project, LINES)
    for name in ("repertoires", "testaments"):
        folder = Path(REAL) / "scans" / name
        with house.database.writing() as session:
            project = session.scalars(select(Project).where(Project.slug == "wills")).one()
            sent = intake.deliver_folder(session, project, folder, house.clock()).id
        drain_intake(house, sent)
        for file in sorted(folder.glob("*.xml")):
            with house.database.writing() as session:
                project = session.scalars(select(Project).where(Project.slug == "wills")).one()
                made = layouts.attach_layout(session, project, file.name, file.read_bytes(), file.name, house.clock())
                cutting.cut_when_ready(session, made.scan, house.clock())
    with house.database.writing() as session:
        scans = scans_of(session, "wills")
        assert len(scans) == 8
        doubtful = [scan for scan in scans if scan.cut_problem]
        assert [scan.cut_problem for scan in doubtful] == [cutting.UNCERTAIN]
        [scan] = doubtful
        layout = layouts.layout_of(session, scan.id)
        assert layout is not None
        layouts.choose_frame(session, layout, str(layouts.frame_choices(layout, scan)[0]), cast.mia.id, house.clock())
        assert cutting.cut_when_ready(session, scan, house.clock())
    with house.database.reading() as session:
        mine = select(func.count()).select_from(Region).join(Scan).join(Project).where(Project.slug == "wills")
        assert session.scalar(mine) == 453
