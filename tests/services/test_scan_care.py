"""Care for one scan: taken down and shown again, erased for good, replaced by a better one and put back."""

from __future__ import annotations

from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.core.geometry import Box
from micro.data.models import Assignment, Item, Project, Record, Region, Scan, Task
from micro.errors import BadAnswer, BadPicture, Conflict, OutsideFailed
from micro.house import House
from micro.services import assignments, figures, people, pictures, scan_care, scan_replacing
from micro.services.answers import give_answer
from micro.services.intake import Waiting
from micro.services.moves import moves_of
from micro.services.scan_care import erase, erase_files, restore, withdraw
from micro.services.scan_replacing import Better, put_back, replace, scaled
from micro.services.workbench import Place, place_of
from tests.cast import Cast, add_cards, card_picture, good_answer, make_project
from tests.services.reading import agreed, decided, read, record_of, settle, tasks_of
from tests.services.releasing import RULE, files_of, make, table


@pytest.fixture
def scan(house: House, cast: Cast) -> Scan:
    """A card of the cast's project, cut into one task."""
    with house.database.writing() as session:
        return add_cards(session, house, session.merge(cast.project), 1)[0]


def here(session: Session, scan: Scan) -> Scan:
    """The scan as it is in the database."""
    return session.scalars(select(Scan).where(Scan.id == scan.id).execution_options(populate_existing=True)).one()


def the_task(session: Session) -> Task:
    return session.scalars(select(Task).execution_options(populate_existing=True)).one()


def lent_to_ada(session: Session, house: House, cast: Cast) -> Assignment | None:
    ada = people.volunteer_of_account(session, cast.ada.id, house.clock())
    return assignments.lend_task(session, session.get_one(Project, cast.project.id), ada, house.clock(), RULE)


def picture(width: int, height: int, colour: str = "ivory") -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "JPEG")
    return out.getvalue()


def better(house: House, width: int = 800, height: int = 600, colour: str = "ivory") -> Better:
    house.storage.put("incoming/better", picture(width, height, colour))
    waiting = Waiting(0, "better.jpg", "incoming/better")
    return scan_replacing.look_at_better(waiting, house.storage, house.images)


def boxes(session: Session) -> dict[str, tuple[Any, ...]]:
    regions = session.scalars(select(Region).execution_options(populate_existing=True))
    return {
        r.name: (r.public_id, r.scan_id, r.x_px, r.y_px, r.width_px, r.height_px, r.polygon, r.baseline)
        for r in regions
    }


# Taking down -------------------------------------------------------------------------------------------------------


def test_a_scan_that_is_taken_down_is_asked_no_more(house: House, cast: Cast, scan: Scan) -> None:
    with house.database.writing() as session:
        assert withdraw(session, here(session, scan), cast.mia.id, "names a child", house.clock()) == 0
        assert here(session, scan).state == "withdrawn" and the_task(session).state == "held"
        assert lent_to_ada(session, house, cast) is None
        assert [(m.to_state, m.why, m.account_id) for m in moves_of(session, "scan", scan.id)] == [
            ("withdrawn", "names a child", cast.mia.id)
        ]


def test_what_is_being_typed_can_still_be_sent_and_counts(house: House, cast: Cast, scan: Scan) -> None:
    with house.database.writing() as session:
        held = lent_to_ada(session, house, cast)
        assert held is not None
        assert withdraw(session, here(session, scan), None, "rights", house.clock()) == 1
        task = the_task(session)
        assert (held.state, task.lent, task.state) == ("released", 0, "held")
        with pytest.raises(Conflict, match="taken this picture down"):
            assignments.renew_lease(session, held, house.clock(), RULE)
        given = give_answer(session, held, good_answer(), "once", house.clock())
        assert not given.answer.surplus
        settle(session, house, session.get_one(Project, cast.project.id))
        task = the_task(session)
        assert (task.answered, task.lent, task.state) == (1, 0, "held")


def test_shown_again_its_tasks_are_asked_again(house: House, cast: Cast, scan: Scan) -> None:
    with house.database.writing() as session:
        withdraw(session, here(session, scan), None, "rights", house.clock())
        restore(session, here(session, scan), cast.mia.id, "cleared", house.clock())
        assert (the_task(session).state, the_task(session).unsettled) == ("open", False)
        assert lent_to_ada(session, house, cast) is not None


def test_shown_again_a_task_that_was_answered_meanwhile_is_done(house: House, cast: Cast, scan: Scan) -> None:
    with house.database.writing() as session:
        project = session.get_one(Project, cast.project.id)
        withdraw(session, here(session, scan), None, "rights", house.clock())
        for who in ("one", "two"):
            read(session, house, the_task(session), who)
        settle(session, house, project)
        assert (the_task(session).state, session.scalars(select(Record)).one().state) == ("held", "open")
        restore(session, here(session, scan), None, "", house.clock())
        settle(session, house, project)
        assert (the_task(session).state, session.scalars(select(Record)).one().state) == ("done", "settled")


def test_a_scan_that_was_not_cut_meanwhile_is_cut_when_it_is_shown_again(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = make_project(session, session.merge(cast.collection), house.clock(), slug="uncut", cutting=None)
        uncut = add_cards(session, house, project, 1)[0]
        withdraw(session, uncut, None, "rights", house.clock())
        project.cutting = session.merge(cast.project).cutting
        session.flush()
        restore(session, uncut, None, "", house.clock())
        assert the_task(session).state == "open"


def test_nobody_is_asked_anew_about_a_scan_that_is_taken_down(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = agreed(session, house, cast)
        withdraw(session, record.item.scan, None, "rights", house.clock())
        task = tasks_of(session, record.item)[0]
        assert task.state == "done"  # It waits for nobody.
        with pytest.raises(Conflict, match="taken down"):
            decided(session, house, record, cast.ben, "return")


def test_a_task_that_would_open_again_is_held_instead(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = agreed(session, house, cast)
        withdraw(session, record.item.scan, None, "rights", house.clock())
        for who in ("three", "four"):
            read(session, house, tasks_of(session, record.item)[0], who, material={"value": "gold"})
        record.project.max_answers = 9
        settle(session, house, record.project)
        assert tasks_of(session, record.item)[0].state == "held"


def test_it_needs_a_reason_and_the_right_state(house: House, cast: Cast, scan: Scan) -> None:
    with house.database.writing() as session:
        with pytest.raises(BadAnswer, match="why this scan is taken down"):
            withdraw(session, here(session, scan), None, " ", house.clock())
        with pytest.raises(Conflict, match="not taken down"):
            restore(session, here(session, scan), None, "", house.clock())
        withdraw(session, here(session, scan), None, "rights", house.clock())
        with pytest.raises(Conflict):
            withdraw(session, here(session, scan), None, "rights", house.clock())


def test_public_pages_choose_another_example(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        first, second = add_cards(session, house, session.merge(cast.project), 2)
        for withdrawn, shown in ((first, second), (second, first)):
            withdraw(session, withdrawn, None, "rights", house.clock())
            item = figures.a_cut_item(session, cast.project.id)
            assert item is not None and item[0].scan_id == shown.id
            restore(session, withdrawn, None, "", house.clock())
        for task in session.scalars(select(Task)).all():
            for who in ("one", "two"):
                read(session, house, task, who)
        settle(session, house, first.project)
        for withdrawn, shown in ((first, second), (second, first)):
            withdraw(session, withdrawn, None, "rights", house.clock())
            example, item = (
                figures.a_read_record(session, house.clock().date()),
                figures.a_cut_item(session, cast.project.id),
            )
            assert example is not None and example.scan.id == shown.id
            assert item is None or item[0].scan_id == shown.id
            restore(session, withdrawn, None, "", house.clock())
            settle(session, house, first.project)


def test_what_is_held_is_not_among_what_there_is_to_do(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        first, _ = add_cards(session, house, session.merge(cast.project), 2)
        withdraw(session, first, None, "rights", house.clock())
        assert figures.progress_of(session, cast.project.id).tasks == 1


# What is said of it --------------------------------------------------------------------------------------------------


def test_what_is_said_of_a_scan_changes_and_is_logged(house: House, cast: Cast, scan: Scan) -> None:
    with house.database.writing() as session:
        said = {"credit": "Given by  the  family", "rights": "CC0-1.0", "page_number": "7"}
        assert scan_care.describe(session, here(session, scan), said, cast.mia.id, house.clock()) == 2
        assert (here(session, scan).credit, here(session, scan).page_number) == ("Given by the family", 7)
        whys = [move.why for move in moves_of(session, "scan", scan.id)]
        assert whys == ["page_number: “1” → “7”", "credit: “Drawn for a test” → “Given by the family”"]
        assert scan_care.describe(session, here(session, scan), said, cast.mia.id, house.clock()) == 0


@pytest.mark.parametrize("page", ["", "0", "-1", "1.5", "one", "9" * 30, "²"])
def test_a_page_is_a_whole_number(house: House, cast: Cast, scan: Scan, page: str) -> None:
    with house.database.writing() as session, pytest.raises(BadAnswer, match="At most 300 signs") as raised:
        scan_care.describe(session, here(session, scan), {"page_number": page, "title": "x" * 301}, None, house.clock())
    assert (raised.value.field, raised.value.others[0].field) == ("title", "page_number")


# Erasing -------------------------------------------------------------------------------------------------------------


def test_erased_for_good_nothing_of_it_is_in_the_storage(house: House, cast: Cast, scan: Scan) -> None:
    derived(house, scan)
    with house.database.writing() as session:
        todo = erase(session, here(session, scan), cast.mia.id, " HM  1 ", "a court said so", house.clock())
    assert scan_care.files_left(todo, house.storage)
    erase_files(todo, house.storage)
    erase_files(todo, house.storage)  # Twice is once.
    assert list(house.storage.keys("scans")) == list(house.storage.keys("derived")) == []
    assert not scan_care.files_left(todo, house.storage)
    with house.database.reading() as session:
        assert (here(session, scan).state, the_task(session).state) == ("erased", "held")
        assert session.scalars(select(Item)).one().scan_id == scan.id  # The row, its item and its record stay.
        with pytest.raises(Conflict):
            restore(session, here(session, scan), None, "", house.clock())


def derived(house: House, scan: Scan) -> None:
    """Lets somebody look at the scan, so that there is a derived picture."""
    key = pictures.picture_key(scan.sha256, None, 320, scan.frame)
    pictures.picture(key, pictures.source_of(scan), None, house.storage, house.images)


@pytest.mark.parametrize(("typed", "why", "field"), [("HM 2", "x", "typed"), ("", "x", "typed"), ("HM 1", " ", "why")])
def test_erasing_needs_the_identifier_and_a_reason(
    house: House, cast: Cast, scan: Scan, typed: str, why: str, field: str
) -> None:
    with house.database.writing() as session, pytest.raises(BadAnswer) as raised:
        erase(session, here(session, scan), None, typed, why, house.clock())
    assert raised.value.field == field


def test_a_file_that_another_project_uses_stays(house: House, cast: Cast, scan: Scan) -> None:
    derived(house, scan)
    with house.database.writing() as session:
        other = make_project(session, session.merge(cast.collection), house.clock(), slug="other")
        same = add_cards(session, house, other, 1)[0]
        same.sha256, same.storage_key = scan.sha256, scan.storage_key
        session.flush()
        todo = erase(session, here(session, scan), None, "HM 1", "rights", house.clock())
        assert todo.page_is_shared
    erase_files(todo, house.storage)
    assert house.storage.exists(scan.storage_key) and list(house.storage.keys("derived"))
    with house.database.writing() as session:
        last = erase(session, here(session, same), None, "HM 1", "rights", house.clock())
    erase_files(last, house.storage)
    assert not house.storage.exists(scan.storage_key) and not list(house.storage.keys("derived"))


def test_a_file_stays_while_another_page_of_it_is_used(house: House, cast: Cast, scan: Scan) -> None:
    derived(house, scan)
    with house.database.writing() as session:
        second = _second_page(session, scan)
        todo = erase(session, here(session, scan), None, "HM 1", "rights", house.clock())
        assert (todo.page_is_shared, todo.file_is_shared) == (False, True)
    erase_files(todo, house.storage)
    assert house.storage.exists(second.storage_key) and not list(house.storage.keys("derived"))


def _second_page(session: Session, scan: Scan) -> Scan:
    columns = {c.key: getattr(scan, c.key) for c in Scan.__table__.columns if c.key not in ("id", "public_id")}
    second = Scan(**{**columns, "frame": 1})
    session.add(second)
    session.flush()
    return second


def test_a_storage_that_is_down_is_told_and_asked_again(house: House, cast: Cast, scan: Scan) -> None:
    class Down:
        def keys(self, prefix: str) -> list[str]:
            return []

        def exists(self, key: str) -> bool:
            return False

        def delete(self, key: str) -> None:
            raise OutsideFailed("The storage did not answer.")

    with house.database.writing() as session:
        todo = erase(session, here(session, scan), None, "HM 1", "rights", house.clock())
    with pytest.raises(OutsideFailed):
        erase_files(todo, Down())  # type: ignore[arg-type]
    assert scan_care.files_left(todo, house.storage)
    erase_files(todo, house.storage)
    assert not scan_care.files_left(todo, house.storage)


# Replacing ---------------------------------------------------------------------------------------------------------


def test_a_better_picture_takes_the_regions_along(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = agreed(session, house, cast)
        old = record.item.scan
        region = session.scalars(select(Region).where(Region.name == "object")).one()
        region.polygon, region.baseline = [[40, 30], [240, 30], [240, 60]], [[40, 58], [240, 58]]
        session.flush()
        before, task = boxes(session), tasks_of(session, record.item)[0].public_id
        new = replace(session, old, better(house), cast.mia.id, house.clock(), why="sharper", credit="New credit")
        after = boxes(session)
        assert {name: row[0] for name, row in after.items()} == {name: row[0] for name, row in before.items()}
        assert all(row[1] == new.id for row in after.values())
        assert after["object"][2:] == (80, 60, 400, 60, [[80, 60], [480, 60], [480, 120]], [[80, 116], [480, 116]])
        assert (old.state, old.replaced_by_id, new.state) == ("replaced", new.id, "shown")
        assert (new.identifier, new.document, new.rights, new.credit) == ("HM 1", "drawer", "CC0-1.0", "New credit")
        item = session.scalars(select(Item).execution_options(populate_existing=True)).one()
        assert item.scan_id == new.id and tasks_of(session, item)[0].public_id == task
        assert record_of(session, item).state == "settled"
        assert place_of(session, new) == Place(1, 1)
        told = moves_of(session, "scan", old.id)[0].why
        assert told == f"{old.public_id} (400 × 300) → {new.public_id} (800 × 600) sharper"


def test_put_back_everything_lies_where_it_lay(house: House, cast: Cast, scan: Scan) -> None:
    with house.database.writing() as session:
        region = session.scalars(select(Region).where(Region.name == "object")).one()
        region.polygon = [[41, 33], [239, 31], [240, 59]]
        session.flush()
        before = boxes(session)
        new = replace(session, here(session, scan), better(house, 933, 700), None, house.clock())
        put_back(session, here(session, scan), cast.mia.id, "it was the wrong card", house.clock())
        assert boxes(session) == before
        assert (here(session, scan).state, here(session, scan).replaced_by_id) == ("shown", None)
        assert (here(session, new).state, here(session, new).replaced_by_id) == ("replaced", scan.id)
        with pytest.raises(Conflict, match="has not been replaced"):
            put_back(session, here(session, scan), None, "", house.clock())
        put_back(session, here(session, new), None, "it was the right one", house.clock())
        assert here(session, new).state == "shown"


@given(
    st.integers(1, 400).flatmap(lambda width: st.tuples(st.integers(0, 400 - width), st.just(width))),
    st.integers(1, 300).flatmap(lambda height: st.tuples(st.integers(0, 300 - height), st.just(height))),
    st.integers(400, 4000),
    st.integers(300, 3000),
)
def test_a_box_on_a_larger_picture_and_back_is_the_same(
    across: tuple[int, int], down: tuple[int, int], width: int, height: int
) -> None:
    small: Any = SimpleNamespace(width_px=400, height_px=300)
    large: Any = SimpleNamespace(width_px=width, height_px=height)
    box = Box(across[0], down[0], across[1], down[1])
    there = scaled(box, small, large)
    assert 0 <= there.x < there.x + there.width <= width and 0 <= there.y < there.y + there.height <= height
    assert scaled(there, large, small) == box


@pytest.mark.parametrize(("width", "height", "refused"), [(800, 600, False), (800, 611, False), (800, 617, True)])
def test_other_proportions_are_refused_with_both_sizes(
    house: House, cast: Cast, scan: Scan, width: int, height: int, refused: bool
) -> None:
    picture_ = better(house, width, height)
    with house.database.writing() as session:
        if not refused:
            replace(session, here(session, scan), picture_, None, house.clock())
            return
        with pytest.raises(BadAnswer, match=f"400 × 300 before, {width} × {height} now"):
            replace(session, here(session, scan), picture_, None, house.clock())
        assert replace(session, here(session, scan), picture_, None, house.clock(), proportions_differ=True)


def test_the_same_bytes_are_refused_and_so_is_another_scan_of_the_project(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        first, second = add_cards(session, house, session.merge(cast.project), 2)
        new = better(house)
        first.sha256 = new.sha256
        session.flush()
        with pytest.raises(Conflict, match="very same file"):
            replace(session, first, new, None, house.clock())
        with pytest.raises(Conflict, match="in the project already, as “card-001"):
            replace(session, second, new, None, house.clock())


def test_a_scan_that_is_taken_down_is_not_replaced(house: House, cast: Cast, scan: Scan) -> None:
    with house.database.writing() as session:
        withdraw(session, here(session, scan), None, "rights", house.clock())
        with pytest.raises(Conflict, match="Only a scan that is shown"):
            replace(session, here(session, scan), better(house), None, house.clock())


def test_a_scan_known_by_reference_gets_its_picture(house: House, cast: Cast, scan: Scan) -> None:
    with house.database.writing() as session:
        known = here(session, scan)
        known.reference, known.width_px, known.height_px, known.storage_key = "https://example.org/1.jpg", 0, 0, ""
        new = replace(session, known, better(house, 640, 480), None, house.clock())
        assert {row[2:6] for row in boxes(session).values()} == {(0, 0, 640, 480)}
        assert new.reference == ""
        with pytest.raises(Conflict, match="no picture here before"):
            put_back(session, here(session, scan), None, "", house.clock())


def test_an_uncut_scan_is_cut_once_it_is_replaced(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = make_project(session, session.merge(cast.collection), house.clock(), slug="uncut", cutting=None)
        old = add_cards(session, house, project, 1)[0]
        project.cutting = session.merge(cast.project).cutting
        session.flush()
        new = replace(session, old, better(house), None, house.clock())
        assert {region.scan_id for region in session.scalars(select(Region))} == {new.id}


def test_only_one_picture_can_take_the_place_of_a_scan(house: House, cast: Cast) -> None:
    several = BytesIO()
    pages = [Image.new("RGB", (40, 30), colour) for colour in ("ivory", "gold")]
    pages[0].save(several, "TIFF", save_all=True, append_images=pages[1:])
    house.storage.put("incoming/several", several.getvalue())
    house.storage.put("incoming/none", b"nothing of the kind")
    with pytest.raises(BadAnswer, match="one picture of one page"):
        scan_replacing.look_at_better(Waiting(0, "a.tif", "incoming/several"), house.storage, house.images)
    with pytest.raises(BadPicture):
        scan_replacing.look_at_better(Waiting(0, "a.jpg", "incoming/none"), house.storage, house.images)


def test_a_replaced_scan_can_be_erased_and_then_not_put_back(house: House, cast: Cast, scan: Scan) -> None:
    with house.database.writing() as session:
        replace(session, here(session, scan), better(house), None, house.clock())
        todo = erase(session, here(session, scan), None, "HM 1", "not needed", house.clock())
        with pytest.raises(Conflict, match="has not been replaced"):
            put_back(session, here(session, scan), None, "", house.clock())
        assert session.scalars(select(Task.state)).all() == ["open"]  # Its tasks lie on the better one.
    erase_files(todo, house.storage)
    assert not house.storage.exists(scan.storage_key)
    assert card_picture(1)  # The better one has a file of its own.


# Releases ----------------------------------------------------------------------------------------------------------


def test_a_release_made_meanwhile_leads_to_no_picture_of_it(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        record = agreed(session, house, cast)
        withdraw(session, record.item.scan, None, "rights", house.clock())
    files = files_of(house, make(house, cast.project))
    row = table(files["records.csv"])[0]
    assert (row["scan_url"], row["region_url"]) == ("", "") and row["object"] == "Socketed axe"
    assert b"/pictures/" not in b"".join(files.values())
    with house.database.writing() as session:
        restore(session, session.scalars(select(Scan)).one(), None, "", house.clock())
    row = table(files_of(house, make(house, cast.project))["records.csv"])[0]
    assert row["scan_url"] and row["region_url"]
