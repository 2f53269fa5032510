"""Taking in scans: the same bytes once, what cannot be a scan refused by name, the rest goes on, and nothing twice."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest
from PIL import Image
from sqlalchemy import func, select

from micro.data.models import Intake, IntakeFile, Item, Project, Scan, Task
from micro.errors import BadAnswer, BadPicture, NotFound, OutsideFailed
from micro.house import House, open_house
from micro.jobs import drain_intake, sweep_all
from micro.services import intake
from micro.services.intake import Progress
from tests.cast import Cast, card_picture, make_project
from tests.conftest import Clock
from tests.services.test_images import GOOD_JPEG, GOOD_PNG, png_head


class Drawer:
    """A folder of pictures and a project that they go into."""

    def __init__(self, house: House, cast: Cast, folder: Path) -> None:
        self.house, self.project_id, self.folder = house, cast.project.id, folder
        folder.mkdir()

    def put(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def manifest(self, *rows: str, encoding: str = "utf-8", name: str = "manifest.csv") -> None:
        self.put(name, "\n".join(rows).encode(encoding))

    def deliver(self, project: int = 0) -> int:
        with self.house.database.writing() as session:
            found = session.get_one(Project, project or self.project_id)
            return intake.deliver_folder(session, found, self.folder, self.house.clock()).id

    def ingest(self, project: int = 0) -> Progress:
        delivery = self.deliver(project)
        drain_intake(self.house, delivery)
        return self.progress(delivery)

    def progress(self, delivery: int) -> Progress:
        with self.house.database.reading() as session:
            return intake.progress_of(session, intake.delivery(session, delivery))

    def scans(self, project: int = 0) -> dict[str, Scan]:
        with self.house.database.reading() as session:
            found = session.scalars(
                select(Scan).where(Scan.project_id == (project or self.project_id)).order_by(Scan.id)
            )
            return {scan.file_name: scan for scan in found}

    def count(self, what: type[Item | Task | Scan | IntakeFile | Intake]) -> int:
        with self.house.database.reading() as session:
            return session.scalar(select(func.count()).select_from(what)) or 0


@pytest.fixture
def drawer(house: House, cast: Cast, tmp_path: Path) -> Drawer:
    return Drawer(house, cast, tmp_path / "drawer")


def test_a_folder_becomes_scans_items_and_tasks_and_the_bytes_stay_as_they_are(drawer: Drawer) -> None:
    sources = {"b.jpg": GOOD_JPEG, "a.png": GOOD_PNG, "c.JPEG": card_picture(3)}
    for name, content in sources.items():
        drawer.put(name, content)
    progress = drawer.ingest()
    assert (progress.total, progress.waiting, progress.taken, progress.refused, progress.same) == (3, 0, 3, (), ())
    scans = drawer.scans()
    assert list(scans) == ["a.png", "b.jpg", "c.JPEG"]
    for name, content in sources.items():
        scan = scans[name]
        assert scan.sha256 == hashlib.sha256(content).hexdigest()
        assert drawer.house.storage.get(scan.storage_key) == content == (drawer.folder / name).read_bytes()
        assert (scan.size_bytes, scan.identifier) == (len(content), name.split(".")[0])
    assert (scans["a.png"].format, scans["b.jpg"].format, scans["b.jpg"].width_px) == ("PNG", "JPEG", 480)
    assert drawer.count(Item) == drawer.count(Task) == 3


def test_the_content_decides_what_a_file_is_and_not_its_name(drawer: Drawer) -> None:
    drawer.put("really-png.jpg", GOOD_PNG)
    drawer.put("really-jpeg.png", GOOD_JPEG)
    drawer.put("no ending", card_picture(1))
    drawer.ingest()
    scans = drawer.scans()
    assert {name: scan.format for name, scan in scans.items()} == {
        "really-png.jpg": "PNG",
        "really-jpeg.png": "JPEG",
        "no ending": "JPEG",
    }
    assert scans["really-png.jpg"].storage_key.endswith(".png")


def test_what_cannot_be_a_scan_is_refused_by_name_with_its_reason_and_the_rest_goes_on(
    drawer: Drawer, tmp_path: Path
) -> None:
    bad = {
        "01-empty.jpg": b"",
        "02-page.jpg": b"<html>404</html>",
        "03-archive.jpg": b"PK\x03\x04" + b"\0" * 99,
        "04-cut-off.jpg": GOOD_JPEG[:1000],
        "05-cut-off.png": GOOD_PNG[:900],
        "06-bomb.png": png_head(30_000, 30_000),
        "07-drawing.jpg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "08-moving.jpg": b"GIF89a" + b"\0" * 99,
        "09-nothing.png": png_head(0, 0),
    }
    for name, content in bad.items():
        drawer.put(name, content)
    drawer.put("99-good.jpg", GOOD_JPEG)
    os.symlink(drawer.folder / "nowhere.jpg", drawer.folder / "10-broken-link.jpg")
    os.mkfifo(drawer.folder / "11-pipe.jpg")
    os.symlink("12-round.jpg", drawer.folder / "12-round.jpg")
    with (drawer.folder / "13-three-gigabytes.jpg").open("wb") as sparse:
        sparse.truncate(3_000_000_000)
    progress = drawer.ingest()
    assert progress.taken == 1
    reasons = {name: str(reason) for name, reason in progress.refused}
    assert sorted(reasons) == [
        *sorted(bad),
        "10-broken-link.jpg",
        "11-pipe.jpg",
        "12-round.jpg",
        "13-three-gigabytes.jpg",
    ]
    assert all(reasons.values())
    assert "30000 × 30000" in reasons["06-bomb.png"]
    assert "empty" in reasons["01-empty.jpg"]
    assert "3000 MB" in reasons["13-three-gigabytes.jpg"]
    assert list(drawer.scans()) == ["99-good.jpg"]


def test_a_link_is_followed_inside_the_folder_and_refused_outside_of_it(drawer: Drawer, tmp_path: Path) -> None:
    (tmp_path / "of somebody else.jpg").write_bytes(card_picture(1))
    drawer.put("real.jpg", card_picture(2))
    os.symlink("real.jpg", drawer.folder / "inside.jpg")
    os.symlink(tmp_path / "of somebody else.jpg", drawer.folder / "outside.jpg")
    os.symlink("/etc/passwd", drawer.folder / "passwd.jpg")
    progress = drawer.ingest()
    assert [name for name, _ in progress.refused] == ["outside.jpg", "passwd.jpg"]
    assert all("link" in str(reason) for _, reason in progress.refused)
    assert progress.same == (("real.jpg", "inside.jpg"),)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not read")
def test_a_file_that_may_not_be_read_is_refused_with_the_systems_reason(drawer: Drawer) -> None:
    waiting = intake.Waiting(1, "secret.jpg", f"folder:{drawer.put('secret.jpg', GOOD_JPEG)}")
    (drawer.folder / "secret.jpg").chmod(0)
    with somebody_else():
        looked = intake.look_at(waiting, drawer.house.storage, drawer.house.images)
    assert looked.pages == ()
    assert "Permission denied" in str(looked.refusal)


@contextmanager
def somebody_else() -> Iterator[None]:
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_names_may_have_accents_emoji_and_any_length(drawer: Drawer) -> None:
    long = "ü" * 120 + ".jpg"  # 244 bytes of 255.
    names = [
        "Müller, Grab 3.jpg",
        "😀 carte.jpg",
        long,
        "'; DROP TABLE scan; --.jpg",
        "line\nbreak.jpg",
        "<b>&amp;.jpg",
    ]
    for number, name in enumerate(names):
        drawer.put(name, card_picture(number))
    (drawer.folder / os.fsdecode(b"latin-\xfc.jpg")).write_bytes(card_picture(99))
    progress = drawer.ingest()
    assert set(drawer.scans()) == set(names)
    ((name, reason),) = progress.refused
    assert name == "latin-\ufffd.jpg"
    assert "UTF-8" in str(reason)
    assert drawer.scans()[long].identifier == "ü" * 120
    assert drawer.ingest().taken == len(names)


def test_hidden_files_folders_and_papers_are_passed_over(drawer: Drawer) -> None:
    for name in (".DS_Store", "._card.jpg", "readme.txt", "truth.json"):
        drawer.put(name, b"x")
    (drawer.folder / "sub.jpg").mkdir()
    assert drawer.ingest() == Progress(0, 0, 0, (), ())


def test_the_same_bytes_under_another_name_are_the_same_scan(drawer: Drawer) -> None:
    drawer.put("a.jpg", GOOD_JPEG)
    drawer.put("b.jpg", GOOD_JPEG)
    progress = drawer.ingest()
    assert (progress.taken, progress.same) == (1, (("b.jpg", "a.jpg"),))
    drawer.put("c.jpg", GOOD_JPEG)
    assert drawer.ingest().same == (("b.jpg", "a.jpg"), ("c.jpg", "a.jpg"))
    assert drawer.count(Scan) == drawer.count(Task) == 1


def test_the_same_bytes_in_two_projects_are_two_scans_and_one_file(drawer: Drawer, house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        other = make_project(session, session.merge(cast.collection), house.clock(), "other").id
    drawer.put("a.jpg", GOOD_JPEG)
    assert drawer.ingest().taken == drawer.ingest(other).taken == 1
    assert drawer.scans()["a.jpg"].storage_key == drawer.scans(other)["a.jpg"].storage_key
    assert len(list(house.storage.keys("scans"))) == 1


def test_the_same_folder_again_takes_in_only_what_is_new(drawer: Drawer) -> None:
    drawer.put("a.jpg", card_picture(1))
    drawer.put("b.jpg", b"not yet copied")
    assert len(drawer.ingest().refused) == 1
    drawer.put("b.jpg", card_picture(2))
    drawer.put("c.jpg", card_picture(3))
    progress = drawer.ingest()
    assert (progress.total, progress.taken, progress.refused) == (3, 3, ())
    assert drawer.ingest() == progress
    assert drawer.count(Intake) == 1
    assert drawer.count(Scan) == drawer.count(Task) == 3


def test_two_deliveries_of_the_same_bytes_at_once_are_one_scan(drawer: Drawer, house: House) -> None:
    deliveries = [
        upload(house, drawer.project_id, {f"{number}.jpg": card_picture(number) for number in range(4)})
        for _ in range(4)
    ]
    gate = Barrier(4)

    def drain(delivery: int) -> int:
        gate.wait()
        return drain_intake(house, delivery)

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(drain, deliveries)) == [4, 4, 4, 4]
    assert drawer.count(Scan) == drawer.count(Task) == drawer.count(Item) == 4
    told = [drawer.progress(delivery) for delivery in deliveries]
    assert sum(progress.taken for progress in told) == 4
    assert sum(len(progress.same) for progress in told) == 12
    assert not any(progress.refused for progress in told)


def test_two_workers_on_one_delivery_take_in_each_file_once(drawer: Drawer, house: House) -> None:
    delivery = upload(house, drawer.project_id, {f"{number}.jpg": card_picture(number) for number in range(6)})
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda _: drain_intake(house, delivery), range(3)))
    progress = drawer.progress(delivery)
    assert (progress.taken, progress.refused, progress.same) == (6, (), ())
    assert list(house.storage.keys("incoming")) == []


def upload(house: House, project_id: int, files: dict[str, bytes]) -> int:
    with house.database.writing() as session:
        delivery = intake.open_delivery(session, session.get_one(Project, project_id), "upload", house.clock())
        for name, content in files.items():
            key = f"incoming/{delivery.id}-{name}"
            house.storage.put(key, content)
            intake.add_file(session, delivery, name, key, {"identifier": f"HM {name}"})
        return delivery.id


def test_uploads_are_moved_to_where_scans_are_and_the_refused_are_kept_for_another_try(
    drawer: Drawer, house: House
) -> None:
    delivery = upload(house, drawer.project_id, {"good.jpg": GOOD_JPEG, "bad.jpg": b"no picture"})
    assert drain_intake(house, delivery) == 2
    assert [name for name, _ in drawer.progress(delivery).refused] == ["bad.jpg"]
    assert drawer.scans()["good.jpg"].identifier == "HM good.jpg"
    assert [house.storage.get(key) for key in house.storage.keys("incoming")] == [b"no picture"]
    assert len(list(house.storage.keys("scans"))) == 1


class PowerCut(BaseException):
    """The process ends here."""


def cut_off(after: int) -> Callable[[], None]:
    left = iter([False] * (after - 1) + [True])

    def one_done() -> None:
        if next(left):
            raise PowerCut

    return one_done


def test_an_interrupted_delivery_goes_on_where_it_was_in_a_new_process(drawer: Drawer, house: House) -> None:
    for number in range(7):
        drawer.put(f"{number}.jpg", card_picture(number))
    delivery = drawer.deliver()
    with pytest.raises(PowerCut):
        drain_intake(house, delivery, cut_off(after=3))
    assert (drawer.progress(delivery).taken, drawer.progress(delivery).waiting) == (3, 4)
    again = open_house(house.settings, house.clock)
    assert drawer.deliver() == delivery
    assert drain_intake(again, delivery) == 4
    again.database.engine.dispose()
    assert drawer.progress(delivery) == Progress(7, 0, 7, (), (), scans=7)
    assert drawer.count(Scan) == drawer.count(Task) == 7


def test_a_file_that_was_read_but_not_written_down_is_taken_in_the_next_time(
    drawer: Drawer, house: House, clock: Clock
) -> None:
    """The power goes between the two: an upload must still be there then."""
    delivery = upload(house, drawer.project_id, {"a.jpg": GOOD_JPEG})
    with house.database.writing() as session:
        waiting = intake.next_file(session, delivery, house.clock())
    assert waiting is not None
    assert len(intake.look_at(waiting, house.storage, house.images).pages) == 1
    assert (drain_intake(house, delivery), drawer.progress(delivery).waiting) == (0, 1)
    clock.pass_(minutes=11)
    assert drain_intake(house, delivery) == 1
    assert drawer.progress(delivery).taken == 1


def test_a_sweep_takes_in_what_was_left_behind(drawer: Drawer, house: House) -> None:
    upload(house, drawer.project_id, {"a.jpg": GOOD_JPEG})
    assert sweep_all(house)["files taken in"] == 1
    assert sweep_all(house)["files taken in"] == 0
    assert drawer.count(Scan) == 1


class BrokenStorage:
    """A storage that does not answer."""

    def put(self, *_: object) -> None:
        raise OutsideFailed("The storage did not answer.")

    get = exists = delete = keys = put


def test_a_storage_that_does_not_answer_refuses_nobodys_file(drawer: Drawer, house: House) -> None:
    delivery = upload(house, drawer.project_id, {"a.jpg": GOOD_JPEG})
    with pytest.raises(OutsideFailed):
        drain_intake(replace(house, storage=BrokenStorage()), delivery)  # type: ignore[arg-type]
    assert drawer.progress(delivery).waiting == 1
    drain_intake(house, delivery)
    assert drawer.progress(delivery).taken == 1


def test_scans_wait_uncut_while_the_project_has_no_template(drawer: Drawer, house: House) -> None:
    with house.database.writing() as session:
        session.get_one(Project, drawer.project_id).cutting = None
    drawer.put("a.jpg", GOOD_JPEG)
    assert drawer.ingest().taken == 1
    assert (drawer.count(Scan), drawer.count(Item)) == (1, 0)


# The manifest ---------------------------------------------------------------------------------------------------

HEAD = "file,identifier,title,document,page,rights,credit,room"


def test_a_manifest_describes_each_picture(drawer: Drawer) -> None:
    drawer.put("a.jpg", card_picture(1))
    drawer.put("b.jpg", card_picture(2))
    drawer.manifest(HEAD, 'a.jpg,HM 1907.12,"Axe, bronze",Drawer 4,12,CC0-1.0,"Harrowby Museum, J. Doe",Room 3')
    assert drawer.ingest().taken == 2
    scan = drawer.scans()["a.jpg"]
    assert (scan.identifier, scan.title, scan.document, scan.page_number) == (
        "HM 1907.12",
        "Axe, bronze",
        "Drawer 4",
        12,
    )
    assert (scan.rights, scan.credit, scan.details) == ("CC0-1.0", "Harrowby Museum, J. Doe", {"room": "Room 3"})
    assert drawer.scans()["b.jpg"].identifier == "b"
    with drawer.house.database.reading() as session:
        assert set(session.scalars(select(Item.identifier))) == {"HM 1907.12", "b"}


def test_a_file_that_the_manifest_names_and_nobody_sent_is_told(drawer: Drawer) -> None:
    drawer.put("a.jpg", GOOD_JPEG)
    drawer.manifest("file,identifier", "a.jpg,1", "b.jpg,2")
    progress = drawer.ingest()
    assert progress.taken == 1
    ((name, why),) = progress.refused
    assert (name, str(why)) == ("b.jpg", "there is no such file in the folder")
    drawer.put("b.jpg", card_picture(2))
    assert drawer.ingest().refused == ()
    assert drawer.scans()["b.jpg"].identifier == "2"


def test_a_manifest_never_leads_out_of_the_folder(drawer: Drawer, tmp_path: Path) -> None:
    (tmp_path / "outside.jpg").write_bytes(card_picture(1))
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "secret.jpg").write_bytes(card_picture(2))
    drawer.manifest(
        "file",
        "../outside.jpg",
        "../../etc/passwd",
        "/etc/shadow",
        str(tmp_path / "private" / "secret.jpg"),
        "..\\..\\boot.ini",
    )
    progress = drawer.ingest()
    assert progress.taken == 0
    assert [name for name, _ in progress.refused] == ["boot.ini", "outside.jpg", "passwd", "secret.jpg", "shadow"]
    assert {str(reason) for _, reason in progress.refused} == {"there is no such file in the folder"}
    assert list(drawer.house.storage.keys("scans")) == []


def test_a_manifest_that_was_mended_describes_what_was_refused_before(drawer: Drawer) -> None:
    drawer.put("a.jpg", b"not yet")
    drawer.manifest("file,identifier", "a.jpg,wrong")
    drawer.ingest()
    drawer.put("a.jpg", GOOD_JPEG)
    drawer.manifest("file,identifier", "a.jpg,right")
    drawer.ingest()
    assert drawer.scans()["a.jpg"].identifier == "right"


def test_two_pictures_with_one_identifier_are_two_items(drawer: Drawer) -> None:
    drawer.put("a.jpg", card_picture(1))
    drawer.put("b.jpg", card_picture(2))
    drawer.manifest("file,identifier", "a.jpg,HM 1", "b.jpg,HM 1")
    drawer.ingest()
    second = drawer.scans()["b.jpg"].sha256[:8]
    with drawer.house.database.reading() as session:
        assert sorted(session.scalars(select(Item.identifier))) == ["HM 1", f"HM 1 ({second})"]


def test_names_written_as_on_a_mac_are_found_in_a_manifest(drawer: Drawer) -> None:
    drawer.put("Gra\u0308ber.jpg", GOOD_JPEG)
    drawer.manifest("file,identifier", "Gr\u00e4ber.jpg,G 1")
    progress = drawer.ingest()
    assert (progress.taken, progress.refused) == (1, ())
    assert next(iter(drawer.scans().values())).identifier == "G 1"


def test_a_manifest_that_is_wrong_takes_in_nothing(drawer: Drawer) -> None:
    drawer.put("a.jpg", GOOD_JPEG)
    drawer.manifest("name,identifier", "a.jpg,1")
    with pytest.raises(BadAnswer):
        drawer.deliver()
    assert drawer.count(IntakeFile) == drawer.count(Intake) == 0


def test_a_manifest_that_is_a_link_to_elsewhere_is_not_read(drawer: Drawer) -> None:
    os.symlink("/etc/passwd", drawer.folder / "manifest.csv")
    with pytest.raises(BadPicture):
        drawer.deliver()


def test_a_folder_that_is_not_there_or_too_deep_is_told(drawer: Drawer, tmp_path: Path) -> None:
    drawer.folder = tmp_path / "nowhere"
    with pytest.raises(NotFound):
        drawer.deliver()
    drawer.folder = tmp_path.joinpath(*["deep" * 20] * 7)
    drawer.folder.mkdir(parents=True)
    with pytest.raises(BadAnswer):
        drawer.deliver()


def test_a_path_that_is_too_long_is_refused_by_name(drawer: Drawer, tmp_path: Path) -> None:
    drawer.folder = tmp_path.joinpath(*["d" * 60] * ((400 - len(str(tmp_path))) // 61))
    drawer.folder.mkdir(parents=True)
    drawer.put("x" * 200 + ".jpg", card_picture(1))
    drawer.put("short.jpg", card_picture(2))
    progress = drawer.ingest()
    assert progress.taken == 1
    assert "too long" in str(progress.refused[0][1])


def test_ten_thousand_rows_are_quickly_in_line(drawer: Drawer) -> None:
    out = io.StringIO()
    csv.writer(out).writerows(
        [("file", "identifier", "page"), *((f"card-{n}.jpg", f"HM {n}", n) for n in range(10_000))]
    )
    drawer.put("manifest.csv", out.getvalue().encode())
    begun = time.monotonic()
    delivery = drawer.deliver()
    assert drawer.progress(delivery).waiting == 10_000
    assert drawer.deliver() == delivery
    assert time.monotonic() - begun < 20


def test_a_colour_card_of_every_sort_goes_all_the_way(drawer: Drawer) -> None:
    Image.new("CMYK", (60, 40)).save(drawer.folder / "cmyk.jpg")
    Image.new("P", (60, 40)).save(drawer.folder / "palette.png")
    Image.new("I;16", (60, 40)).save(drawer.folder / "grey16.png")
    assert drawer.ingest().taken == 3
