"""Cutting by a template of named boxes: regions, items and tasks, and crops that show what was drawn there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select

from micro.core.geometry import Box
from micro.data.models import Item, Project, Region, Scan, Task
from micro.demo.drawer import save_in_orientation
from micro.errors import BadAnswer, Conflict, NotFound
from micro.house import House
from micro.jobs import drain_cutting, drain_intake
from micro.services import cutting, cutting_runs, intake, pictures
from micro.services.assignments import current_setup
from tests.cast import CUTTING, Cast, add_cards, make_project
from tests.services.test_images import COLOURS, MARKERS, is_nearly, marker_card

FORM_OF_MARKERS = {"fields": [{"name": name, "type": "text"} for name in MARKERS]}


def template(*own: str) -> dict[str, Any]:
    return {
        "boxes": [
            {"name": name, "x": x, "y": y, "width": width, "height": height, "own_task": name in own}
            for name, (x, y, width, height) in MARKERS.items()
        ]
    }


def project_of_markers(house: House, cast: Cast, cut_by: dict[str, Any] | None) -> int:
    with house.database.writing() as session:
        project = make_project(session, session.merge(cast.collection), house.clock(), "markers", cutting=cut_by)
        setup = current_setup(session, project.id)
        setup.body = FORM_OF_MARKERS
        return project.id


def ingest(house: House, project_id: int, folder: Path) -> None:
    with house.database.writing() as session:
        delivery = intake.deliver_folder(session, session.get_one(Project, project_id), folder, house.clock()).id
    drain_intake(house, delivery)


def cut_all(house: House, slug: str = "finds") -> int:
    """Starts a run and drains it, as pressing the button does."""
    with house.database.writing() as session:
        project = session.scalars(select(Project).where(Project.slug == slug)).one()
        run = cutting_runs.start_run(session, project, None, house.clock()).id
    return drain_cutting(house, run)


def count(house: House, what: type[Item | Region | Task]) -> int:
    with house.database.reading() as session:
        return session.scalar(select(func.count()).select_from(what)) or 0


def test_regions_show_what_was_drawn_there_in_all_orientations_from_file_to_crop(
    house: House, cast: Cast, tmp_path: Path
) -> None:
    project_id = project_of_markers(house, cast, template("green"))
    folder = tmp_path / "drawer"
    folder.mkdir()
    for orientation in range(1, 9):
        for ending in ("jpg", "png"):
            save_in_orientation(marker_card(), folder / f"{orientation}.{ending}", orientation)
    ingest(house, project_id, folder)
    with house.database.reading() as session:
        scans = session.scalars(select(Scan).where(Scan.project_id == project_id)).all()
        assert len(scans) == 16
        regions = session.scalars(
            select(Region).join(Scan).where(Scan.project_id == project_id, Region.name != "whole")
        ).all()
        assert len(regions) == 64
        for region in regions:
            box = cutting.box_of(region)
            key = pictures.picture_key(region.scan.sha256, box, 320)
            crop = Image.open(
                BytesIO(pictures.picture(key, pictures.source_of(region.scan), box, house.storage, house.images))
            )
            for x in (2, crop.width - 3):
                for y in (2, crop.height - 3):
                    assert is_nearly(crop.getpixel((x, y)), COLOURS[region.name]), (region.scan.file_name, region.name)


def test_a_box_is_a_field_of_the_common_task_or_a_task_of_its_own(house: House, cast: Cast, tmp_path: Path) -> None:
    project_id = project_of_markers(house, cast, template("green", "yellow"))
    folder = tmp_path / "drawer"
    folder.mkdir()
    marker_card().save(folder / "card.png")
    ingest(house, project_id, folder)
    with house.database.reading() as session:
        tasks = {task.region.name: task for task in session.scalars(select(Task).where(Task.project_id == project_id))}
        assert {name: task.fields for name, task in tasks.items()} == {
            "whole": ["red", "blue"],
            "green": ["green"],
            "yellow": ["yellow"],
        }
        assert len({task.item_id for task in tasks.values()}) == 1
        assert all((task.wanted, task.state, task.answered) == (2, "open", 0) for task in tasks.values())
        boxes = cutting.field_boxes(session, tasks["whole"].region)
        assert set(boxes) == {"red", "blue"}
        assert boxes["red"] == Box(24, 30, 96, 45)
        assert cutting.region_named(session, tasks["green"].region.public_id).name == "green"
        with pytest.raises(NotFound):
            cutting.region_named(session, "nosuchthing")


def test_cutting_again_changes_nothing(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        add_cards(session, house, session.get_one(Project, cast.project.id), 3)
    assert cut_all(house) == 0
    with house.database.writing() as session:
        project = session.get_one(Project, cast.project.id)
        assert not any(
            cutting.cut_scan(session, project, scan, house.clock()) for scan in session.scalars(select(Scan))
        )
    assert count(house, Task) == count(house, Item) == 3


def test_scans_that_came_before_the_template_are_cut_by_it_and_two_at_once_cut_each_once(
    house: House, cast: Cast
) -> None:
    with house.database.writing() as session:
        project = session.get_one(Project, cast.project.id)
        project.cutting = None
        add_cards(session, house, project, 12)
        for scan in session.scalars(select(Scan)):
            scan.identifier = "the same for all"
    assert count(house, Item) == 0
    with pytest.raises(Conflict, match="Choose first"):
        cut_all(house)
    with house.database.writing() as session:
        cutting.set_way(session, session.get_one(Project, cast.project.id), CUTTING)
    with ThreadPoolExecutor(3) as threads:
        assert sum(threads.map(lambda _: cut_all(house), range(3))) == 12
    assert count(house, Task) == count(house, Item) == 12


def test_a_template_is_checked_against_the_form(house: House, cast: Cast) -> None:
    with house.database.writing() as session, pytest.raises(BadAnswer) as caught:
        cutting.set_way(session, session.get_one(Project, cast.project.id), {"boxes": CUTTING["boxes"][:-1]})
    assert caught.value.field == "notes"


def test_a_template_that_was_used_stays(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.get_one(Project, cast.project.id)
        add_cards(session, house, project, 1)
        cutting.set_way(session, project, CUTTING)  # The same once more is no change.
        other = {"boxes": [{**box, "x": 0.2} for box in CUTTING["boxes"]]}
        with pytest.raises(Conflict):
            cutting.set_way(session, project, other)
        assert project.cutting == CUTTING


def test_a_scan_that_is_taken_in_while_the_template_is_set_is_cut_all_the_same(
    house: House, cast: Cast, tmp_path: Path
) -> None:
    """Setting the template waits for the scan that is just written down, and then finds it."""
    with house.database.writing() as session:
        session.get_one(Project, cast.project.id).cutting = None
    folder = tmp_path / "drawer"
    folder.mkdir()
    marker_card().save(folder / "card.png")
    with house.database.writing() as session:
        delivery = intake.deliver_folder(session, session.get_one(Project, cast.project.id), folder, house.clock()).id
    with house.database.writing() as session:
        waiting = intake.next_file(session, delivery, house.clock())
    assert waiting is not None
    looked = intake.look_at(waiting, house.storage, house.images)

    def set_and_cut() -> int:
        with house.database.writing() as session:
            cutting.set_way(session, session.get_one(Project, cast.project.id), CUTTING)
        return cut_all(house)

    with ThreadPoolExecutor(1) as threads:
        with house.database.writing() as session:
            intake.take_in(session, waiting.id, looked, house.clock())
            setting = threads.submit(set_and_cut)
            with pytest.raises(TimeoutError):
                setting.result(timeout=0.3)
        assert setting.result(timeout=10) == 1
