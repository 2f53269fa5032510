"""Pictures: what a file really is, what is refused, and that regions lie where they were drawn in all orientations."""

from __future__ import annotations

import random
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from micro.adapters.images import PillowImages
from micro.adapters.storage import FolderStorage
from micro.core.geometry import Box, NamedBox, place
from micro.core.ports import Picture
from micro.demo.drawer import save_in_orientation
from micro.errors import BadPicture, NotFound
from micro.services.pictures import Source, picture, picture_key

IMAGES = PillowImages(megapixels=2)
COLOURS = {"red": (200, 30, 30), "green": (30, 160, 40), "blue": (30, 50, 200), "yellow": (220, 200, 30)}
# Four boxes without any symmetry, so that every wrong turn and every mirror shows.
MARKERS = {
    "red": (0.05, 0.1, 0.2, 0.15),
    "green": (0.6, 0.05, 0.35, 0.1),
    "blue": (0.1, 0.5, 0.1, 0.4),
    "yellow": (0.5, 0.7, 0.3, 0.2),
}
SIZE = (480, 300)


def marker_card() -> Image.Image:
    card = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(card)
    for name in MARKERS:
        box = marker_box(name)
        pen.rectangle((box.x, box.y, box.x + box.width - 1, box.y + box.height - 1), fill=COLOURS[name])
    return card


def marker_box(name: str, size: tuple[int, int] = SIZE) -> Box:
    return place(NamedBox(name, *MARKERS[name], (name,), False), *size)


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def look(content: bytes, images: PillowImages = IMAGES) -> Picture:
    """What the only page of a file is."""
    (page,) = images.pages(content)
    return page.picture


def opened(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    image.load()
    return image


def is_nearly(pixel: Any, colour: tuple[int, int, int]) -> bool:
    return all(abs(int(a) - b) < 25 for a, b in zip(pixel, colour, strict=True))


@pytest.mark.parametrize("ending", ["jpg", "png"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_region_lies_where_it_was_drawn_in_every_orientation(
    tmp_path: Path, orientation: int, ending: str
) -> None:
    path = tmp_path / f"card.{ending}"
    save_in_orientation(marker_card(), path, orientation)
    content = path.read_bytes()
    looked = look(content)
    assert (looked.width_px, looked.height_px, looked.orientation) == (*SIZE, orientation)
    for name, colour in COLOURS.items():
        crop = opened(IMAGES.cut(content, marker_box(name), 1600))
        box = marker_box(name)
        assert crop.size == (box.width, box.height)
        for x, y in ((3, 3), (-4, 3), (3, -4), (-4, -4), (box.width // 2, box.height // 2)):
            assert is_nearly(crop.getpixel((x % box.width, y % box.height)), colour), (name, x, y)
    whole = opened(IMAGES.cut(content, None, 240))
    assert whole.size == (240, 150)
    for name, colour in COLOURS.items():
        box = marker_box(name, whole.size)
        assert is_nearly(whole.getpixel((box.x + box.width // 2, box.y + box.height // 2)), colour)


def test_an_orientation_that_makes_no_sense_counts_as_upright() -> None:
    """Neither a ninth one nor a sixth that is written as a fraction: looking and cutting must agree."""
    for kind, value in (
        (3, struct.pack("<HH", 0, 0)),
        (3, struct.pack("<HH", 9, 0)),
        (11, struct.pack("<f", 6)),
        (5, struct.pack("<I", 26)),
        (2, b"6\0\0\0"),
    ):
        tiff = b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHI", 0x0112, kind, 1) + value + struct.pack("<III", 0, 6, 1)
        content = saved(marker_card(), "JPEG", exif=b"Exif\0\0" + tiff)
        assert look(content).orientation == 1
        assert opened(IMAGES.cut(content, None, 1600)).size == SIZE


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_broken_exif_is_no_reason_to_refuse_a_picture() -> None:
    content = saved(marker_card(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7fnonsense")
    assert look(content).orientation == 1
    assert opened(IMAGES.cut(content, marker_box("red"), 320)).format == "JPEG"


def grey_16(clear: bool = False) -> bytes:
    image = Image.new("I;16", (40, 30))
    image.putdata([65_535 if x < 20 else 0 for _ in range(30) for x in range(40)])
    return saved(image, "PNG", **({"transparency": 0} if clear else {}))


ODD = {
    "CMYK JPEG": saved(marker_card().convert("CMYK"), "JPEG"),
    "progressive JPEG": saved(marker_card(), "JPEG", progressive=True),
    "grey JPEG": saved(marker_card().convert("L"), "JPEG"),
    "JPEG with more pictures behind it": saved(marker_card(), "MPO", save_all=True, append_images=[marker_card()]),
    "palette PNG": saved(marker_card().convert("P"), "PNG"),
    "transparent palette PNG": saved(marker_card().convert("P"), "PNG", transparency=0),
    "transparent PNG": saved(marker_card().convert("RGBA"), "PNG"),
    "grey PNG with transparency": saved(marker_card().convert("LA"), "PNG"),
    "RGB PNG with a clear colour": saved(marker_card(), "PNG", transparency=(255, 255, 255)),
    "black and white PNG": saved(marker_card().convert("1"), "PNG"),
    "16-bit PNG": grey_16(),
    "16-bit PNG with a clear grey": grey_16(clear=True),
}


@pytest.mark.parametrize("name", list(ODD))
def test_every_sort_of_jpeg_and_png_becomes_a_plain_jpeg(name: str) -> None:
    content = ODD[name]
    looked = look(content)
    assert looked.format == ("JPEG" if "JPEG" in name else "PNG")
    for box in (None, Box(2, 2, 30, 20)):
        crop = opened(IMAGES.cut(content, box, 320))
        assert crop.format == "JPEG"
        assert crop.mode in ("RGB", "L")


def test_colours_stay_in_cmyk_and_grey_keeps_its_range() -> None:
    red = opened(IMAGES.cut(ODD["CMYK JPEG"], marker_box("red"), 320))
    pixel = red.getpixel((10, 10))
    assert isinstance(pixel, tuple)
    assert pixel[0] > 150 > 90 > max(pixel[1:])
    grey = opened(IMAGES.cut(grey_16(), None, 320))
    assert (grey.getpixel((5, 15)), grey.getpixel((35, 15))) == (255, 0)


def test_what_is_transparent_becomes_white_paper() -> None:
    clear = Image.new("RGBA", (40, 30), (255, 0, 0, 0))
    assert opened(IMAGES.cut(saved(clear, "PNG"), None, 320)).getpixel((20, 15)) == (255, 255, 255)


def test_a_crop_is_shrunk_and_never_enlarged() -> None:
    content = saved(marker_card(), "JPEG")
    assert opened(IMAGES.cut(content, None, 96)).size == (96, 60)
    assert opened(IMAGES.cut(content, Box(0, 0, 20, 10), 3200)).size == (20, 10)
    assert opened(IMAGES.cut(content, Box(479, 299, 1, 1), 320)).size == (1, 1)


def png_head(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is this large."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


GOOD_JPEG, GOOD_PNG = saved(marker_card(), "JPEG"), saved(marker_card(), "PNG")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"<html><body>Not found</body></html>", "not a JPEG, PNG"),
        (b"PK\x03\x04" + b"\0" * 200, "not a JPEG, PNG"),
        (saved(marker_card(), "GIF"), "not a JPEG, PNG"),
        (saved(marker_card(), "BMP"), "not a JPEG, PNG"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "not a JPEG, PNG"),
        (b"\xff\xd8\xff", "JPEG"),
        (b"\0" * 10_000, "not a JPEG, PNG"),
        (GOOD_JPEG[: len(GOOD_JPEG) // 2], "cut off"),
        (GOOD_PNG[: len(GOOD_PNG) // 2], "damaged or cut off"),
        (GOOD_PNG[:-40], "damaged or cut off"),
        (GOOD_PNG[:200] + b"\x55" * 50 + GOOD_PNG[250:], "damaged or cut off"),
        (png_head(0, 0), ""),
        (png_head(30_000, 30_000), "30000 × 30000"),
        (png_head(2_000, 1_001), "at most 2 million"),
        (png_head(100_000, 1), "damaged or cut off"),
    ],
    ids=range(16),
)
def test_what_cannot_be_a_scan_is_refused_with_its_reason(content: bytes, reason: str) -> None:
    with pytest.raises(BadPicture) as caught:
        look(content)
    assert reason in str(caught.value)


def test_the_setting_alone_says_how_large_a_scan_may_be() -> None:
    """Pillow's own guard, at 179 million pixels, must not refuse what was allowed."""
    with pytest.raises(BadPicture, match="damaged or cut off"):
        look(png_head(10_000, 19_000), PillowImages(megapixels=200))


def test_a_scan_of_exactly_the_allowed_size_is_taken() -> None:
    edge = saved(Image.new("1", (1000, 1000)), "PNG")
    assert look(edge, PillowImages(megapixels=1)).width_px == 1000
    with pytest.raises(BadPicture):
        look(saved(Image.new("1", (1001, 1000)), "PNG"), PillowImages(megapixels=1))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_files_are_refused_or_read_and_never_worse() -> None:
    """Files with bytes changed, lost or doubled at random."""
    chance = random.Random(7)
    exif = Image.Exif()
    exif[0x0112] = 6
    small = marker_card().resize((64, 40))
    sources = [saved(small, "JPEG", exif=exif), saved(small, "PNG", exif=exif), saved(small.convert("P"), "PNG")]
    refused = 0
    for number in range(3000):
        content = bytearray(sources[number % 3])
        for _ in range(chance.randint(1, 6)):
            where = chance.randrange(len(content))
            match chance.randrange(3):
                case 0:
                    content[where] = chance.randrange(256)
                case 1:
                    del content[where : where + chance.randint(1, 40)]
                case 2:
                    content[where:where] = content[where : where + chance.randint(1, 40)]
        try:
            looked = look(bytes(content))
        except BadPicture:
            refused += 1
            continue
        crop = opened(IMAGES.cut(bytes(content), None, 3200))
        assert crop.size == (looked.width_px, looked.height_px)
    assert 50 < refused < 3000


def test_threads_take_turns_without_waiting_for_ever() -> None:
    content = saved(marker_card(), "PNG")

    def work(number: int) -> int:
        if number % 3 == 0:
            with pytest.raises(BadPicture):
                look(GOOD_PNG[:300])
        return look(content).width_px + opened(IMAGES.cut(content, marker_box("red"), 320)).width

    with ThreadPoolExecutor(8) as threads:
        sizes = [running.result(timeout=30) for running in [threads.submit(work, n) for n in range(40)]]
    assert set(sizes) == {480 + marker_box("red").width}


@dataclass
class CountingImages(PillowImages):
    """Counts how often a scan is really cut."""

    cuts: list[Box | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(2)

    def cut(self, content: bytes, box: Box | None, longest_px: int, frame: int = 0) -> bytes:
        self.cuts.append(box)
        return super().cut(content, box, longest_px, frame)


def test_a_crop_is_made_once_and_kept_by_content(tmp_path: Path) -> None:
    storage, images = FolderStorage(tmp_path), CountingImages()
    storage.put("scans/one.png", GOOD_PNG)
    key = picture_key("ab" * 32, marker_box("red"), 500)
    first = picture(key, Source("scans/one.png"), marker_box("red"), storage, images)
    storage.delete("scans/one.png")
    assert picture(key, Source("scans/one.png"), marker_box("red"), storage, images) == first
    assert len(images.cuts) == 1


def test_the_same_bytes_share_their_crops_and_other_sizes_and_boxes_do_not() -> None:
    red, sha = marker_box("red"), "ab" * 32
    assert picture_key(sha, red, 500) == picture_key(sha, red, 800)
    keys = {
        picture_key(sha, red, 500),
        picture_key(sha, red, 801),
        picture_key(sha, None, 500),
        picture_key(sha, marker_box("blue"), 500),
        picture_key("cd" * 32, red, 500),
        picture_key(sha, red, 500, frame=1),
    }
    assert len(keys) == 6
    assert picture_key(sha, red, 1_000_000) == picture_key(sha, red, 3200)


def test_a_crop_of_a_scan_that_is_gone_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        picture(picture_key("ab" * 32, None, 320), Source("scans/gone.jpg"), None, FolderStorage(tmp_path), IMAGES)
