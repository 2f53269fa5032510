"""Files of many pages, layouts beside their pictures, and scans that are taken in with a warning."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from micro.data.models import Intake, Item, Layout, Scan, Task
from micro.house import House
from micro.jobs import drain_intake
from micro.services import deliveries, intake, pictures
from tests.cast import Cast, card_picture
from tests.services.test_images import GOOD_JPEG, opened
from tests.services.test_images_damage import PAGE
from tests.services.test_images_formats import SWAPPED, numbered, private_exif
from tests.services.test_intake import Drawer, upload

ALTO = """<?xml version="1.0" encoding="UTF-8"?>
<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><Description><MeasurementUnit>pixel</MeasurementUnit>
<sourceImageInformation><fileName>{name}</fileName></sourceImageInformation></Description>
<Layout><Page ID="p" WIDTH="400" HEIGHT="300"><PrintSpace><TextBlock ID="b"><TextLine ID="l" HPOS="10" VPOS="20"
WIDTH="200" HEIGHT="30"><String CONTENT="One line"/></TextLine></TextBlock></PrintSpace></Page></Layout></alto>"""


@pytest.fixture
def drawer(house: House, cast: Cast, tmp_path: Path) -> Drawer:
    return Drawer(house, cast, tmp_path / "drawer")


def test_each_page_of_a_file_is_a_scan_with_a_picture_of_its_own(drawer: Drawer, house: House) -> None:
    drawer.put("drawer.tif", numbered(50))
    drawer.put("other.jpg", card_picture(1))
    progress = drawer.ingest()
    assert (progress.taken, progress.scans, progress.refused) == (2, 51, ())
    scans = drawer.scans()
    pages = [scan for scan in scans.values() if scan.format == "TIFF"]
    assert [scan.frame for scan in pages] == list(range(50))
    assert [scan.page_number for scan in pages] == list(range(1, 51))
    assert {scan.document for scan in pages} == {"drawer"}
    second = scans["drawer-p002.tif"]
    assert (second.identifier, second.frame, second.width_px) == ("drawer-p002", 1, 101)
    assert len({(scan.storage_key, scan.sha256) for scan in pages}) == 1
    assert len(list(house.storage.keys("scans"))) == 2
    assert len(list(house.storage.keys("working"))) == 50
    for scan in (pages[0], pages[17], pages[49]):
        key = pictures.picture_key(scan.sha256, None, 320, scan.frame)
        made = opened(pictures.picture(key, pictures.source_of(scan), None, house.storage, house.images))
        pixel = made.convert("L").getpixel((5, 5))
        assert isinstance(pixel, int) and abs(pixel - scan.frame) < 3
    assert drawer.count(Item) == drawer.count(Task) == 51


def test_the_same_file_of_many_pages_again_adds_no_page(drawer: Drawer) -> None:
    drawer.put("a.tif", numbered(4))
    drawer.put("b.tif", numbered(4))
    progress = drawer.ingest()
    assert (progress.taken, progress.scans, progress.same) == (1, 4, (("b.tif", "a-p001.tif"),))
    assert drawer.count(Scan) == 4


def test_a_manifest_describes_all_pages_of_a_file(drawer: Drawer) -> None:
    drawer.put("roll.tif", numbered(3))
    drawer.manifest("file,identifier,title,document,page,credit", "roll.tif,HM 7,Register,Roll 7,20,Museum")
    drawer.ingest()
    scans = list(drawer.scans().values())
    assert [scan.identifier for scan in scans] == ["HM 7-p001", "HM 7-p002", "HM 7-p003"]
    assert [scan.title for scan in scans] == ["Register, p. 1", "Register, p. 2", "Register, p. 3"]
    assert [(scan.document, scan.page_number, scan.credit) for scan in scans] == [
        ("Roll 7", 20, "Museum"),
        ("Roll 7", 21, "Museum"),
        ("Roll 7", 22, "Museum"),
    ]


def test_names_and_numbers_stay_within_their_bounds(drawer: Drawer) -> None:
    drawer.put("n" * 250 + ".tif", numbered(2))
    drawer.manifest("file,identifier,title", f"{'n' * 250}.tif,{'i' * 400},{'t' * 400}")
    drawer.ingest()
    first, second = drawer.scans().values()
    assert first.file_name.endswith("-p001.tif") and second.identifier.endswith("i-p002")
    assert second.title.endswith("t, p. 2")
    assert (len(second.file_name), len(second.identifier)) == (255, 200)


def test_a_file_with_one_bad_page_is_refused_as_a_whole_and_leaves_nothing(drawer: Drawer, house: House) -> None:
    pages = [Image.new("1", (100, 100)), Image.new("1", (100, 100)), Image.new("1", (20_000, 20_000))]
    out = BytesIO()
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:], compression="group4")
    drawer.put("roll.tif", out.getvalue())
    ((name, why),) = drawer.ingest().refused
    assert (name, why.values["at_page"]) == ("roll.tif", "3")
    assert "20000 × 20000" in str(why)
    assert drawer.count(Scan) == 0
    assert not list(house.storage.keys("working")) and not list(house.storage.keys("scans"))


def test_a_working_copy_that_is_gone_is_made_anew(drawer: Drawer, house: House) -> None:
    drawer.put("a.tif", numbered(2))
    drawer.ingest()
    scan = drawer.scans()["a-p002.tif"]
    before = house.storage.get(scan.working_key)
    house.storage.delete(scan.working_key)
    key = pictures.picture_key(scan.sha256, None, 320, 1)
    pictures.picture(key, pictures.source_of(scan), None, house.storage, house.images)
    assert house.storage.get(scan.working_key) == before


def test_what_was_derived_is_forgotten_page_by_page_and_the_file_stays(drawer: Drawer, house: House) -> None:
    drawer.put("a.tif", numbered(2))
    drawer.ingest()
    scans = list(drawer.scans().values())
    sha256 = scans[0].sha256
    for scan in scans:
        for size in (320, 800):
            key = pictures.picture_key(sha256, None, size, scan.frame)
            pictures.picture(key, pictures.source_of(scan), None, house.storage, house.images)
    house.storage.put(f"derived/{sha256[:2]}/{sha256}/whole-320.jpg", b"from before there were pages")
    assert pictures.forget(sha256, 1, house.storage) == 2
    assert len(list(house.storage.keys("derived"))) == 3
    assert house.storage.exists(scans[1].working_key)
    assert pictures.forget(sha256, 0, house.storage, with_working=True) == 4
    assert pictures.forget(sha256, 0, house.storage, with_working=True) == 0
    assert not list(house.storage.keys("derived"))
    assert list(house.storage.keys("working")) == [scans[1].working_key]
    assert house.storage.exists(scans[0].storage_key)


def test_where_a_picture_was_taken_stays_in_the_original_and_nowhere_else(drawer: Drawer, house: House) -> None:
    out = BytesIO()
    PAGE.save(out, "JPEG", exif=private_exif(6), icc_profile=SWAPPED)
    drawer.put("phone.jpg", out.getvalue())
    drawer.put("plain.jpg", GOOD_JPEG[:2] + b"\xff\xe1\0\x0eExif\0\0Somebody"[:16] + GOOD_JPEG[2:])
    drawer.ingest()
    scan = drawer.scans()["phone.jpg"]
    assert (scan.width_px, scan.height_px) == (PAGE.height, PAGE.width)
    assert b"Somebody" in house.storage.get(scan.storage_key)
    key = pictures.picture_key(scan.sha256, None, 800)
    pictures.picture(key, pictures.source_of(scan), None, house.storage, house.images)
    for kept in (*house.storage.keys("working"), *house.storage.keys("derived")):
        assert b"Somebody" not in house.storage.get(kept) and not opened(house.storage.get(kept)).getexif()


# What is missing --------------------------------------------------------------------------------------------------


def test_a_scan_whose_end_is_missing_is_taken_with_a_warning(drawer: Drawer, house: House) -> None:
    out = BytesIO()
    PAGE.save(out, "JPEG", quality=85)
    drawer.put("whole.jpg", out.getvalue())
    drawer.put("most.jpg", out.getvalue()[: int(len(out.getvalue()) * 0.95)])
    drawer.put("half.jpg", out.getvalue()[: len(out.getvalue()) // 2])
    drawer.manifest("file,damage", "whole.jpg,a corner")
    progress = drawer.ingest()
    assert progress.taken == 2
    ((name, why),) = progress.warned
    assert name == "most.jpg" and "blank or blurred" in str(why) and 2 < int(why.values["missing"]) < 9  # type: ignore[call-overload]
    ((name, why),) = progress.refused
    assert name == "half.jpg" and "cut off" in str(why)
    scans = drawer.scans()
    assert scans["whole.jpg"].details == {"damage": "a corner"}
    assert deliveries.warning_of(scans["whole.jpg"]) is None
    assert scans["most.jpg"].working_key


# Layouts ----------------------------------------------------------------------------------------------------------


def layouts_of(drawer: Drawer) -> list[tuple[str, str]]:
    with drawer.house.database.reading() as session:
        found = session.execute(select(Scan.file_name, Layout.file_name).join(Layout, Layout.scan_id == Scan.id))
        return sorted((scan, layout) for scan, layout in found)


def test_a_layout_is_read_after_all_pictures_and_given_to_that_of_its_name(drawer: Drawer, house: House) -> None:
    content = ALTO.format(name="").encode()
    drawer.put("a.xml", content)
    drawer.put("b.jpg", card_picture(2))
    drawer.put("z.jpg", card_picture(1))
    drawer.put("z.xml", content + b"\n")
    drawer.put("b.alto", content + b" ")
    progress = drawer.ingest()
    assert (progress.taken, progress.scans, progress.layouts, progress.waiting) == (4, 2, 2, 0)
    assert layouts_of(drawer) == [("b.jpg", "b.alto"), ("z.jpg", "z.xml")]
    ((name, why),) = progress.refused
    assert name == "a.xml" and str(why)
    assert content + b"\n" in [house.storage.get(key) for key in house.storage.keys("layouts")]
    assert drawer.ingest().layouts == 2


def test_a_layout_finds_its_page_of_a_file_of_many(drawer: Drawer) -> None:
    drawer.put("roll.tif", numbered(3))
    drawer.put("roll-p002.xml", ALTO.format(name="").encode())
    assert drawer.ingest().refused == ()
    assert layouts_of(drawer) == [("roll-p002.tif", "roll-p002.xml")]


@pytest.mark.parametrize(
    "content",
    [
        b"<html><body>Not found</body></html>",
        b'<?xml version="1.0"?><mets xmlns="http://www.loc.gov/METS/"/>',
        b"<?xml version='1.0'?><alto>",
        b"<",
        '\ufeff<?xml version="1.0" encoding="UTF-16"?><TEI/>'.encode("utf-16-le"),
        b'<!DOCTYPE a [<!ENTITY b "c">]><alto>&b;</alto>',
        b"<a>" * 100_000,
    ],
    ids=range(7),
)
def test_xml_that_is_no_layout_is_refused_with_a_sentence(drawer: Drawer, content: bytes) -> None:
    drawer.put("a.jpg", card_picture(1))
    drawer.put("a.xml", content)
    drawer.put("also.tif", content)
    progress = drawer.ingest()
    assert [name for name, _ in progress.refused] == ["a.xml", "also.tif"]
    assert all(str(why) for _, why in progress.refused)
    assert progress.taken == 1 and layouts_of(drawer) == []


def test_a_picture_that_is_called_xml_is_a_picture(drawer: Drawer) -> None:
    drawer.put("a.xml", card_picture(1))
    progress = drawer.ingest()
    assert (progress.taken, progress.scans, progress.layouts) == (1, 1, 0)


def test_a_layout_that_came_too_early_is_read_when_it_is_tried_again(drawer: Drawer, house: House) -> None:
    early = upload(house, drawer.project_id, {"a.xml": ALTO.format(name="").encode()})
    drain_intake(house, early)
    assert len(drawer.progress(early).refused) == 1
    drain_intake(house, upload(house, drawer.project_id, {"a.jpg": card_picture(1)}))
    with house.database.writing() as session:
        assert deliveries.retry(session, session.get_one(Intake, early)) == 1
    drain_intake(house, early)
    assert drawer.progress(early).layouts == 1
    assert list(house.storage.keys("incoming")) == []


def test_a_layout_waits_while_another_worker_has_its_picture_in_hand(drawer: Drawer, house: House) -> None:
    delivery = upload(house, drawer.project_id, {"a.jpg": card_picture(1), "a.alto": ALTO.format(name="").encode()})
    with house.database.writing() as session:
        first = intake.next_file(session, delivery, house.clock())
    assert first is not None and first.file_name == "a.jpg"
    looked = intake.look_at(first, house.storage, house.images)
    with house.database.writing() as session:
        assert intake.take_in(session, first.id, looked, house.clock()) == "taken"
        second = intake.next_file(session, delivery, house.clock())
    assert second is not None
    looked = intake.look_at(second, house.storage, house.images)
    with house.database.writing() as session:
        assert intake.take_in(session, second.id, looked, house.clock()) == "waiting"
        assert intake.take_in(session, second.id, looked, house.clock()) == "taken"


def test_what_was_erased_is_not_taken_in_again_and_not_stored_either(drawer: Drawer, house: House) -> None:
    drawer.put("a.jpg", card_picture(1))
    drawer.ingest()
    with house.database.writing() as session:
        scan = session.scalars(select(Scan)).one()
        scan.state = "erased"
        house.storage.delete(scan.storage_key)
    drawer.put("b.jpg", card_picture(1))
    ((name, why),) = drawer.ingest().refused
    assert name == "b.jpg" and "erased" in str(why)
    assert list(house.storage.keys("scans")) == []


def test_what_is_erased_while_a_copy_of_it_is_looked_at_is_not_taken_in_either(drawer: Drawer, house: House) -> None:
    drawer.put("a.jpg", card_picture(1))
    drawer.ingest()
    delivery = upload(house, drawer.project_id, {"b.jpg": card_picture(1)})
    with house.database.writing() as session:
        waiting = intake.next_file(session, delivery, house.clock(), intake.erased_in(session, delivery))
    assert waiting is not None
    looked = intake.look_at(waiting, house.storage, house.images)
    with house.database.writing() as session:
        session.scalars(select(Scan)).one().state = "erased"
        assert intake.take_in(session, waiting.id, looked, house.clock()) == "refused"
