"""The parts that are measured without a server, each in a process of its own.

``python parts.py PART PICTURES`` works on the settings of the environment and prints one JSON line.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from pair import pair
from PIL import Image
from sqlalchemy import select, update

from micro import jobs
from micro.config import Settings
from micro.core.iiif import read_wish
from micro.data.models import Scan, Task
from micro.demo.cards import make_truths
from micro.demo.draw import draw_card
from micro.house import House, open_house
from micro.services import iiif, intake, projects, releases

if TYPE_CHECKING:
    from fill import Size

LARGE_PX = (6000, 3750)
TIFF_PX = (12_500, 8000)  # 100 megapixels
PAGE_PX = (6000, 8000)  # 48 megapixels
# What the workbench asks for: the page as it opens, a tile at full size, a wide region at half its size.
TILES = {
    "the page": "full/750,1000/0/default.jpg",
    "a tile": "2560,3584,512,512/512,512/0/default.jpg",
    "a region": "1200,3000,2400,600/1200,300/0/default.jpg",
}
DRAWN = 4


def draw_pictures(folder: Path, size: Size) -> Path:
    """Folders "cards" and "large" with JPEG files that differ in their bytes; few drawings, because drawing is slow."""
    drawings = [draw_card(truth, 1) for truth in make_truths(DRAWN, "en", 1)]
    for name, count, pixels in (("cards", size.cards, drawings[0].size), ("large", size.large_scans, LARGE_PX)):
        contents = [_jpeg(drawing.resize(pixels)) for drawing in drawings[:count]]
        _write_copies(folder / name, contents, count, "scan")
        _write_copies(folder / f"pair-{name}", contents, count, name)
    (folder / "tiff").mkdir()
    drawings[0].resize(TIFF_PX).save(folder / "tiff" / "scan.tif", compression="tiff_lzw")
    (folder / "tiles").mkdir()
    (folder / "tiles" / "page.jpg").write_bytes(_jpeg(drawings[0].resize(PAGE_PX)))
    return folder


def _write_copies(folder: Path, contents: list[bytes], count: int, called: str) -> None:
    folder.mkdir(parents=True)
    for number in range(count):
        # A comment after the first two bytes (ISO 10918-1, COM) makes another file of the same picture.
        words = f"{folder.name} {number}".encode()
        comment = b"\xff\xfe" + (len(words) + 2).to_bytes(2, "big") + words
        content = contents[number % len(contents)]
        (folder / f"{called}-{number:03}.jpg").write_bytes(content[:2] + comment + content[2:])


def _jpeg(picture: Image.Image) -> bytes:
    out = BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()


def settle(house: House, pictures: Path) -> dict[str, float]:
    """Settles all items of the project "settle", whose answers wait."""
    with house.database.reading() as session:
        project_id = projects.project_named(session, "settle").id
    with house.database.writing() as session:  # Not before: the worker that ran beside the clients settles what waits.
        session.execute(update(Task).where(Task.project_id == project_id).values(unsettled=True))
    begun = time.perf_counter()
    count = jobs.drain_settling(house, project_id)
    return {"count": count, "seconds": time.perf_counter() - begun}


def release(house: House, pictures: Path) -> dict[str, float]:
    """Makes a release of the project "released": all files, the archive and the sums."""
    begun = time.perf_counter()
    with house.database.writing() as session:
        project = projects.project_named(session, "released")
        release_id, project_id = releases.start_release(session, project, None, "", house.clock()).id, project.id
    jobs.write_release(house, release_id)
    with house.database.reading() as session:
        rows = projects.progress_of(session, project_id).tasks
    return {"count": rows, "seconds": time.perf_counter() - begun}


def ingest(house: House, pictures: Path) -> dict[str, float]:
    """Takes in both folders; beside each, what Pillow alone needs to decode the same files, before and after."""
    found = {}
    for name in ("cards", "large"):
        folder = pictures / name
        decoding = _decode(folder)
        with house.database.writing() as session:
            project = projects.project_named(session, "ingest")
            delivery = intake.deliver_folder(session, project, folder, house.clock()).id
        begun = time.perf_counter()
        count = jobs.drain_intake(house, delivery)
        seconds = time.perf_counter() - begun
        decoding = (decoding + _decode(folder)) / 2
        with Image.open(folder / "scan-000.jpg") as picture:
            megapixels = picture.width * picture.height / 1e6
        found |= {
            f"{name}_count": count,
            f"{name}_seconds": seconds,
            f"{name}_decode_seconds": decoding,
            f"{name}_megapixels": megapixels,
        }
    return found


def tiff(house: House, pictures: Path) -> dict[str, float]:
    """Takes in one large TIFF with its working copy; what counts is the memory that this process needs for it."""
    with house.database.writing() as session:
        project = projects.project_named(session, "ingest")
        delivery = intake.deliver_folder(session, project, pictures / "tiff", house.clock()).id
    begun, before_mb = time.perf_counter(), peak_mb()
    count = jobs.drain_intake(house, delivery)
    file_mb = (pictures / "tiff" / "scan.tif").stat().st_size / 1e6
    pixels = TIFF_PX[0] * TIFF_PX[1] / 1e6
    return {
        "count": count,
        "seconds": time.perf_counter() - begun,
        "megapixels": pixels,
        "bytes_per_pixel": (peak_mb() - before_mb - file_mb) / pixels,
    }


def tiles(house: House, pictures: Path) -> dict[str, float]:
    """Milliseconds until a picture of a large page is there: cold, when its level is made first, and warm."""
    with house.database.writing() as session:
        project = projects.project_named(session, "ingest")
        delivery = intake.deliver_folder(session, project, pictures / "tiles", house.clock()).id
    jobs.drain_intake(house, delivery)
    with house.database.reading() as session:
        page = iiif.page_of(session.scalars(select(Scan).where(Scan.height_px == PAGE_PX[1])).one())
    found = {"count": 1.0, "megapixels": page.width_px * page.height_px / 1e6}
    shop = iiif.Workshop(house.storage, house.images, house.tiles, house.once)
    for name, asked in TILES.items():
        wish = read_wish(*asked.split("/"), page.width_px, page.height_px)
        times = []
        for _ in range(21):
            begun = time.perf_counter()
            iiif.picture_of(page, wish, shop)
            times.append(1000 * (time.perf_counter() - begun))
        found |= {f"{name}, cold": times[0], f"{name}, warm": sorted(times[1:])[10]}
    return found


def _decode(folder: Path) -> float:
    begun = time.perf_counter()
    for path in sorted(folder.iterdir()):
        with Image.open(path) as picture:
            picture.load()
    return time.perf_counter() - begun


def queue_fill(house: House, pictures: Path) -> dict[str, float]:
    """Fills the reviewers' queue."""
    import desk  # noqa: PLC0415 - only these parts need the web application

    begun = time.perf_counter()
    desk.fill(house, desk.RECORDS)
    return {"count": desk.RECORDS, "seconds": time.perf_counter() - begun}


def queue(house: House, pictures: Path) -> dict[str, float]:
    """Opens the reviewers' queue in every way."""
    import desk  # noqa: PLC0415 - only these parts need the web application

    return desk.measure(house)


PARTS: dict[str, Callable[[House, Path], dict[str, float]]] = {
    "settle": settle,
    "release": release,
    "ingest": ingest,
    "tiff": tiff,
    "pair": pair,
    "tiles": tiles,
    "queue_fill": queue_fill,
    "queue": queue,
}


def read(output: str) -> dict[str, float]:
    """The JSON line of a part's output."""
    return dict(json.loads(output.splitlines()[-1]))


def peak_mb() -> float:
    """The most memory that this process ever held, in MB."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in status if line.startswith("VmHWM:"))


if __name__ == "__main__":
    house, begun = open_house(Settings.from_env()), time.process_time()
    measured = PARTS[sys.argv[1]](house, Path(sys.argv[2]))
    print(json.dumps({**measured, "peak_mb": peak_mb(), "cpu_s": time.process_time() - begun}))
