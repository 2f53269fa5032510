"""What a way would make of a project's scans before anything is cut: samples, counts, and what would fail."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from micro.core.cutting import way_from_body
from micro.data.models import Scan, Task
from micro.house import House
from micro.services import cutting_preview
from micro.services.cutting import UNCERTAIN
from tests.cast import CUTTING, FORM, Cast
from tests.services.cutting_ways import (
    GRID,
    LINES,
    WHOLE,
    alto,
    cut,
    drawer,
    give_layout,
    scans_of,
    uncut_project,
)

FIELDS = [field["name"] for field in FORM["fields"]]


def foresee(session: Session, way: Any) -> cutting_preview.Foreseen:
    return cutting_preview.foresee(session, drawer(session), way_from_body(way, FIELDS))


@pytest.fixture
def cards(house: House, cast: Cast) -> House:
    """A draft with 20 cards: the 4th tiny, the 5th huge, the 6th narrow, the 7th broad."""
    sizes = {4: (20, 15), 5: (4000, 3000), 6: (100, 900), 7: (900, 100)}
    with house.database.writing() as session:
        uncut_project(session, house, cast, 20)
        for scan in scans_of(session):
            scan.width_px, scan.height_px = sizes.get(scan.page_number, (400, 300))
            scan.sha256 = f"{(scan.page_number * 7919) % 97:064x}"
    return house


def test_the_first_set_holds_the_first_the_last_and_the_extremes(cards: House) -> None:
    with cards.database.reading() as session:
        scans, number, sets = cutting_preview.sample_scans(session, drawer(session).id, 1)
        assert (number, sets) == (1, 5)
        assert [scan.page_number for scan in scans] == [1, 20, 4, 5, 6, 7]


def test_all_scans_are_in_some_set_and_a_set_is_always_the_same(cards: House) -> None:
    with cards.database.reading() as session:
        project = drawer(session).id
        seen: set[int] = set()
        for page in (2, 3, 4, 5):
            scans, _, _ = cutting_preview.sample_scans(session, project, page)
            assert scans == cutting_preview.sample_scans(session, project, page)[0]
            seen |= {scan.page_number for scan in scans}
        assert len(seen) == 20
        assert cutting_preview.sample_scans(session, project, 99)[1] == 5
        assert cutting_preview.sample_scans(session, project, -1)[1] == 1


def test_scans_that_are_withdrawn_are_no_samples(cards: House) -> None:
    with cards.database.writing() as session:
        for scan in scans_of(session):
            scan.state = "shown" if scan.page_number == 3 else "withdrawn"
        scans, _, sets = cutting_preview.sample_scans(session, drawer(session).id, 1)
        assert [scan.page_number for scan in scans] == [3] and sets == 1
        found, number, count = cutting_preview.nth_scan(session, drawer(session).id, 9)
        assert found is not None and (found.page_number, number, count) == (3, 1, 1)


def test_an_empty_project_has_nothing_to_look_at(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = uncut_project(session, house, cast, 0).id
        assert cutting_preview.sample_scans(session, project, 1) == ([], 1, 1)
        assert cutting_preview.nth_scan(session, project, 1) == (None, 1, 0)
        assert cutting_preview.lines_found(session, project).layouts == 0
        for way in (CUTTING, GRID, WHOLE, LINES):
            assert foresee(session, way) == cutting_preview.Foreseen(0, 0, True, 0, ())


@pytest.mark.parametrize(("way", "each"), [(CUTTING, 1), (GRID, 6), (WHOLE, 1)])
def test_what_is_foreseen_is_what_is_cut(cards: House, way: dict[str, Any], each: int) -> None:
    with cards.database.reading() as session:
        foreseen = foresee(session, way)
        assert (foreseen.scans, foreseen.tasks, foreseen.failing) == (20, 20 * each, 0)
    assert cut(cards, way) == 20
    with cards.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Task)) == foreseen.tasks
        assert foresee(session, way).scans == 0


def test_a_scan_without_a_picture_and_one_that_is_too_small_are_foreseen(cards: House) -> None:
    with cards.database.writing() as session:
        reference = scans_of(session)[0]
        reference.reference, reference.width_px, reference.height_px = "https://example.org/1.jpg", 0, 0
        foreseen = foresee(session, {"by": "grid", "rows": 16, "columns": 2})
        assert (foreseen.scans, foreseen.tasks) == (18, 18 * 32)
        assert [(scan.page_number, str(why).split()[0:4]) for scan, why in foreseen.problems] == [
            (1, ["There", "is", "no", "picture"]),
            (4, ["It", "is", "too", "small"]),
        ]
        assert foresee(session, CUTTING).failing == 1
        assert foresee(session, WHOLE).failing == 0


def test_lines_are_counted_exactly(cards: House) -> None:
    with cards.database.writing() as session:
        scans = scans_of(session)
        for scan in scans[7:17]:
            give_layout(session, cards, scan)
        give_layout(session, cards, scans[17], certain=False)
        dropped = give_layout(session, cards, scans[18])
        dropped.state = "dropped"
        foreseen = foresee(session, LINES)
        assert (foreseen.scans, foreseen.tasks, foreseen.is_exact, foreseen.failing) == (10, 30, True, 10)
        assert str(foreseen.problems[0][1]) == UNCERTAIN and len(foreseen.problems) == 10
        some = foresee(session, {**LINES, "types": ["MainZone"]})
        assert (some.tasks, some.is_exact) == (20, True)
        found = cutting_preview.lines_found(session, drawer(session).id)
        assert (found.layouts, found.uncertain, found.read) == (11, 1, 11)
        assert found.types == (("MainZone", 22), ("MarginTextZone", 11))


def test_in_a_large_project_lines_of_a_type_are_reckoned(cards: House) -> None:
    with cards.database.writing() as session:
        project = drawer(session)
        first = scans_of(session)[7]
        layout = give_layout(session, cards, first)
        kept = {column.name for column in Scan.__table__.columns} - {"id", "public_id", "sha256", "file_name"}
        for number in range(cutting_preview.LAYOUTS_READ + 9):
            scan = Scan(
                **{name: getattr(first, name) for name in kept}, sha256=f"f{number:063}", file_name=f"more-{number}.jpg"
            )
            session.add(scan)
            session.flush()
            give_layout(session, cards, scan, alto([("MainZone", (40, 30, 300, 20), "a")]))
        assert layout.scan_id == first.id
        foreseen = cutting_preview.foresee(
            session, project, way_from_body({**LINES, "types": ["MarginTextZone"]}, FIELDS)
        )
        assert (foreseen.tasks, foreseen.is_exact) == (round(1 * 70 / 60), False)
