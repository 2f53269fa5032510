"""Every format and mode that archives bring: the right colours, the right pages, and nothing private left in."""

from __future__ import annotations

import random
import struct
import zlib
from contextlib import suppress
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageDraw, TiffImagePlugin
from PIL.PngImagePlugin import PngInfo

from micro.adapters.images import PillowImages
from micro.adapters.images.frames import TURNS
from micro.core.geometry import Box
from micro.core.ports import Page
from micro.errors import BadPicture
from tests.services.test_images import (
    COLOURS,
    GOOD_JPEG,
    GOOD_PNG,
    IMAGES,
    SIZE,
    is_nearly,
    look,
    marker_box,
    marker_card,
    opened,
    saved,
)

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
GPS = {1: "N", 2: (48.0, 51.0, 30.0), 3: "E", 4: (2.0, 21.0, 7.0)}


def profile_with_swapped_colours() -> bytes:
    """A valid RGB profile in which red is called green and the other way round."""
    tags = {}
    count = int.from_bytes(SRGB[128:132], "big")
    table = bytearray(SRGB)
    for number in range(count):
        at = 132 + 12 * number
        tags[SRGB[at : at + 4]] = at
    table[tags[b"rXYZ"] : tags[b"rXYZ"] + 4], table[tags[b"gXYZ"] : tags[b"gXYZ"] + 4] = b"gXYZ", b"rXYZ"
    return bytes(table)


SWAPPED = profile_with_swapped_colours()


def private_exif(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x013B] = "Somebody"
    exif[0x8825] = GPS
    return exif


def tiff(image: Image.Image, **options: Any) -> bytes:
    return saved(image, "TIFF", **options)


def only(content: bytes, images: PillowImages = IMAGES) -> Page:
    (page,) = images.pages(content)
    return page


def check_markers(content: bytes) -> None:
    """All four boxes have their colours, in the crop of each and in the whole."""
    for name, colour in COLOURS.items():
        box = marker_box(name)
        crop = opened(IMAGES.cut(content, box, 1600))
        assert crop.size == (box.width, box.height)
        assert is_nearly(crop.convert("RGB").getpixel((box.width // 2, box.height // 2)), colour), name


GREY = marker_card().convert("L")
FORMS = {
    "TIFF, plain": (tiff(marker_card()), "TIFF"),
    "TIFF, LZW": (tiff(marker_card(), compression="tiff_lzw"), "TIFF"),
    "TIFF, Deflate": (tiff(marker_card(), compression="tiff_adobe_deflate"), "TIFF"),
    "TIFF, JPEG": (tiff(marker_card(), compression="jpeg", quality=95), "TIFF"),
    "TIFF, PackBits": (tiff(marker_card(), compression="packbits"), "TIFF"),
    "TIFF, CMYK": (tiff(marker_card().convert("CMYK")), "TIFF"),
    "TIFF, palette": (tiff(marker_card().convert("P", palette=Image.Palette.ADAPTIVE)), "TIFF"),
    "TIFF, transparent": (tiff(marker_card().convert("RGBA")), "TIFF"),
    "TIFF, large endian": (tiff(marker_card(), big_tiff=True), "TIFF"),
    "WebP": (saved(marker_card(), "WEBP", lossless=True), "WEBP"),
    "WebP, transparent": (saved(marker_card().convert("RGBA"), "WEBP", lossless=True), "WEBP"),
    "JPEG 2000": (saved(marker_card(), "JPEG2000"), "JPEG2000"),
    "JPEG 2000, codestream": (saved(marker_card(), "JPEG2000", no_jp2=True), "JPEG2000"),
    "JPEG, CMYK": (saved(marker_card().convert("CMYK"), "JPEG", quality=95), "JPEG"),
    "JPEG, progressive": (saved(marker_card(), "JPEG", quality=95, progressive=True), "JPEG"),
}


@pytest.mark.parametrize("name", list(FORMS))
def test_every_format_shows_the_colours_that_were_painted(name: str) -> None:
    content, form = FORMS[name]
    page = only(content)
    assert (page.picture.format, page.picture.width_px, page.picture.height_px) == (form, *SIZE)
    check_markers(content)
    if page.working_copy:
        assert opened(page.working_copy).size == SIZE
        check_markers(page.working_copy)
    assert IMAGES.working_copy(content, 0) == page.working_copy or not page.working_copy


def test_what_is_slow_or_not_plain_gets_a_working_copy_and_the_rest_does_not() -> None:
    plain = (GOOD_JPEG, GOOD_PNG, FORMS["JPEG, progressive"][0], saved(GREY, "JPEG"), saved(marker_card(), "MPO"))
    for content in (
        *plain,
        saved(marker_card(), "JPEG", icc_profile=SRGB),
        saved(marker_card(), "PNG", icc_profile=b"x"),
    ):
        assert only(content).working_copy == b""
    for name in FORMS.keys() - {"JPEG, progressive"}:
        assert only(FORMS[name][0]).working_copy, name
    assert only(saved(marker_card(), "JPEG", icc_profile=SWAPPED)).working_copy


@pytest.mark.parametrize("compression", ["group4", "group3", "tiff_ccitt", None])
def test_black_and_white_tiffs_are_read_in_every_compression(compression: str | None) -> None:
    page = Image.new("1", (400, 300), 1)
    ImageDraw.Draw(page).rectangle((50, 50, 149, 99), fill=0)
    content = tiff(page, compression=compression)
    assert look(content).format == "TIFF"
    grey = opened(IMAGES.cut(content, None, 1600)).convert("L")
    assert (grey.getpixel((100, 75)), grey.getpixel((300, 200))) == (0, 255)


@pytest.mark.parametrize("form", ["PNG", "TIFF", "JPEG2000"])
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_greys_of_more_than_8_bits_come_out_neither_black_nor_white(form: str, bits: int) -> None:
    """Scanners write 10, 12 or 14 bits into 16: the white of the paper is white, and the middle is the middle."""
    white = 2**bits - 1
    numbers = np.full((60, 80), white // 2, dtype=np.uint16)
    numbers[:, :20], numbers[:, 60:] = 0, white
    content = saved(Image.fromarray(numbers), form)
    for picture in (
        only(content).working_copy,
        IMAGES.cut(content, None, 1600),
        IMAGES.cut(content, Box(5, 5, 70, 50), 1600),
    ):
        grey = opened(picture)
        assert grey.mode == "L"
        middle = grey.height // 2
        dark, half, light = (grey.getpixel((x, middle)) for x in (5, grey.width // 2, grey.width - 5))
        assert isinstance(half, int) and isinstance(dark, int) and isinstance(light, int)
        assert dark < 6 and 118 < half < 138 and light > 249, (dark, half, light)


def tiff_of_numbers(
    numbers: np.ndarray[Any, Any], photometric: int = 1, sample_format: int = 1, order: str = "<"
) -> bytes:
    """An uncompressed grey TIFF by hand: one strip, these numbers in this order of bytes."""
    numbers = numbers.astype(numbers.dtype.newbyteorder(order))
    height, width = numbers.shape
    entries = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, numbers.dtype.itemsize * 8),
        (259, 3, 1),
        (262, 3, photometric),
        (273, 4, 8),
        (277, 3, 1),
        (278, 4, height),
        (279, 4, numbers.nbytes),
        (339, 3, sample_format),
    ]
    table = struct.pack(order + "H", len(entries))
    for tag, kind, value in entries:
        short = struct.pack(order + "HH", value, 0) if kind == 3 else struct.pack(order + "I", value)
        table += struct.pack(order + "HHI", tag, kind, 1) + short
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8 + numbers.nbytes)
    return head + numbers.tobytes() + table + struct.pack(order + "I", 0)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("kind", "sample_format", "black", "white"),
    [
        ("u2", 1, 0, 65_535),
        ("i2", 2, -32_768, 32_767),
        ("f4", 3, 0.0, 1.0),
        ("f4", 3, -2.5, 1000.5),
        ("i4", 2, 0, 65_535),
    ],
)
def test_signed_floating_and_32_bit_greys_are_read_by_the_range_they_use(
    kind: str, sample_format: int, black: float, white: float, order: str
) -> None:
    numbers = np.full((40, 60), black, dtype=kind)
    numbers[:, 30:] = white
    grey = opened(IMAGES.cut(tiff_of_numbers(numbers, 1, sample_format, order), None, 1600))
    assert (grey.getpixel((5, 20)), grey.getpixel((55, 20))) == (0, 255)


def test_numbers_that_are_none_are_black_and_do_not_stretch_the_rest() -> None:
    numbers = np.full((40, 60), 0.5, dtype="f4")
    numbers[:, :20], numbers[:, 40:] = np.nan, np.inf
    grey = opened(IMAGES.cut(tiff_of_numbers(numbers, 1, 3), None, 1600))
    assert grey.getpixel((5, 20)) == 0 and 120 < grey.getpixel((30, 20)) < 135  # type: ignore[operator]


@pytest.mark.parametrize("kind", ["u1", "u2"])
def test_a_tiff_in_which_white_is_zero_is_not_a_negative(kind: str) -> None:
    most = np.iinfo(kind).max
    numbers = np.zeros((40, 60), dtype=kind)
    numbers[:, 30:] = most
    grey = opened(IMAGES.cut(tiff_of_numbers(numbers, photometric=0), None, 1600)).convert("L")
    assert (grey.getpixel((5, 20)), grey.getpixel((55, 20))) == (255, 0)


def test_16_bit_colour_keeps_its_colours() -> None:
    wide = np.asarray(marker_card()).astype(">u2") * 257
    height, width, _ = wide.shape

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    rows = b"".join(b"\0" + row.tobytes() for row in wide)
    content = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
    assert only(content).working_copy
    check_markers(content)


def tiff_of_colours(numbers: np.ndarray[Any, Any], order: str, deflate: bool) -> bytes:
    """A TIFF of 16-bit RGB by hand, one strip: Pillow reads such files and writes none."""
    height, width, _ = numbers.shape
    pixels = numbers.astype(order + "u2").tobytes()
    body = zlib.compress(pixels) if deflate else pixels
    after, count = 8 + len(body), 9
    entries = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 3, after + 2 + 12 * count + 4),
        (259, 3, 1, 8 if deflate else 1),
        (262, 3, 1, 2),
        (273, 4, 1, 8),
        (277, 3, 1, 3),
        (278, 4, 1, height),
        (279, 4, 1, len(body)),
    ]
    table = struct.pack(order + "H", count)
    for tag, kind, many, value in entries:
        is_short = kind == 3 and many == 1
        place = struct.pack(order + "HH", value, 0) if is_short else struct.pack(order + "I", value)
        table += struct.pack(order + "HHI", tag, kind, many) + place
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", after)
    return head + body + table + struct.pack(order + "I", 0) + struct.pack(order + "HHH", 16, 16, 16)


@pytest.mark.parametrize("deflate", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_colour_that_uses_the_low_bits_only_comes_out_as_light_as_it_is(bits: int, order: str, deflate: bool) -> None:
    wide = np.asarray(marker_card()).astype(np.float64) / 255
    content = tiff_of_colours(np.round(wide * (2**bits - 1)).astype(np.uint16), order, deflate)
    made = opened(only(content).working_copy)
    assert np.abs(np.asarray(made).astype(int) - np.asarray(marker_card()).astype(int)).mean() < 2
    check_markers(content)


def test_a_lab_tiff_keeps_its_colours() -> None:
    lab = ImageCms.profileToProfile(
        marker_card(), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert lab is not None
    check_markers(tiff(lab))


# Profiles ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_colours_are_turned_into_srgb_by_the_profile_of_the_file(form: str) -> None:
    options: dict[str, Any] = {"quality": 95} if form == "JPEG" else {"lossless": True} if form == "WEBP" else {}
    red, green, blue = marker_card().split()
    content = saved(Image.merge("RGB", (green, red, blue)), form, icc_profile=SWAPPED, **options)
    check_markers(content)
    check_markers(only(content).working_copy)


def test_a_jpeg_2000_is_shown_by_its_profile_too() -> None:
    red, green, blue = marker_card().split()
    content = saved(Image.merge("RGB", (green, red, blue)), "JPEG2000")
    at = content.index(b"colr") - 4
    length = int.from_bytes(content[at : at + 4], "big")
    box = struct.pack(">I", 11 + len(SWAPPED)) + b"colr\2\0\0" + SWAPPED
    head = content.index(b"jp2h") - 4
    longer = int.from_bytes(content[head : head + 4], "big") - length + len(box)
    content = content[:head] + struct.pack(">I", longer) + content[head + 4 : at] + box + content[at + length :]
    check_markers(content)


@pytest.mark.parametrize("profile", [b"", b"nonsense", SRGB[:300], SRGB[:128] + b"\xff" * 200, b"\0" * 5000])
def test_a_broken_profile_counts_as_srgb(profile: bytes) -> None:
    content = saved(marker_card(), "JPEG", quality=95, icc_profile=profile)
    assert only(content).working_copy == b""
    check_markers(content)


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGBA", "P", "1"])
def test_a_profile_for_other_colours_harms_no_picture(mode: str) -> None:
    card = Image.new("RGB", (60, 40), "white").convert(mode)
    content = saved(card, "TIFF", icc_profile=SWAPPED)
    assert min(opened(only(content).working_copy).convert("L").tobytes()) > 250


# What nobody needs to know ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_where_it_was_taken_and_by_whom_is_never_in_a_derived_picture(form: str) -> None:
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>private place</x:xmpmeta>"
    options: dict[str, Any] = {"exif": private_exif(6), "icc_profile": SWAPPED}
    if form == "PNG":
        info = PngInfo()
        info.add_text("Comment", "private comment")
        info.add_itxt("XML:com.adobe.xmp", xmp.decode())
        options["pnginfo"] = info
    elif form == "JPEG":
        options |= {"comment": b"private comment", "xmp": xmp}
    elif form == "WEBP":
        options["xmp"] = xmp
    else:
        options["tiffinfo"] = {700: xmp, 270: "private comment", 315: "Somebody"}
    content = saved(marker_card(), form, **options)
    assert b"Somebody" in content and b"private" in content
    page = only(content)
    assert page.working_copy
    for made in (page.working_copy, IMAGES.cut(content, None, 320), IMAGES.cut(content, Box(1, 1, 50, 50), 320)):
        picture = opened(made)
        assert not picture.getexif() and set(picture.info) <= {
            "jfif",
            "jfif_version",
            "jfif_unit",
            "jfif_density",
            "progressive",
            "progression",
            "dpi",
        }
        for word in (b"Somebody", b"private", b"Exif", b"adobe:ns", b"ICC_PROFILE"):
            assert word not in made, word


# Pages ------------------------------------------------------------------------------------------------------------


def numbered(count: int, **options: Any) -> bytes:
    """A TIFF with pages of different sizes: page n is 100 + n pixels wide and has the grey n."""
    pages = [Image.new("L", (100 + number, 50), number) for number in range(count)]
    return saved(pages[0], "TIFF", save_all=True, append_images=pages[1:], **options)


def test_every_page_of_a_tiff_is_a_page() -> None:
    content = numbered(50, compression="tiff_lzw")
    found = list(IMAGES.pages(content))
    assert [page.picture.width_px for page in found] == [100 + number for number in range(50)]
    for number in (0, 1, 17, 49):
        assert opened(IMAGES.cut(content, None, 320, number)).getpixel((5, 5)) == number
        assert IMAGES.working_copy(content, number) == found[number].working_copy


@pytest.mark.parametrize(("tag", "value"), [(254, 1), (255, 2), (254, 4)])
def test_thumbnails_and_masks_in_a_tiff_are_no_pages(tag: int, value: int) -> None:
    out = BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(out, True) as writer:
        for page, extra in ((marker_card(), {}), (Image.new("RGB", (48, 30)), {tag: value}), (GREY, {})):
            page.save(writer, format="TIFF", tiffinfo=extra)
            writer.newFrame()
    found = list(IMAGES.pages(out.getvalue()))
    assert [page.picture.width_px for page in found] == [480, 480]
    assert opened(IMAGES.cut(out.getvalue(), None, 320, 1)).mode == "L"


def test_a_tiff_of_nothing_but_a_thumbnail_is_one_page() -> None:
    assert look(tiff(marker_card(), tiffinfo={254: 1})).width_px == 480


@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_page_of_a_tiff_is_turned_upright_by_its_own_orientation(
    orientation: int, compression: str | None
) -> None:
    back = {6: 8, 8: 6}.get(orientation, orientation)
    stored = marker_card() if orientation == 1 else marker_card().transpose(TURNS[back])
    second = Image.new("RGB", (30, 20))
    out = BytesIO()
    stored.save(
        out, "TIFF", tiffinfo={274: orientation}, compression=compression, save_all=True, append_images=[second]
    )
    content = out.getvalue()
    first = next(iter(IMAGES.pages(content)))
    assert (first.picture.width_px, first.picture.height_px, first.picture.orientation) == (*SIZE, orientation)
    for source in (content, first.working_copy):
        check_markers(source)


def test_a_page_that_is_too_large_or_damaged_ends_the_file() -> None:
    pages = [Image.new("1", (100, 100)), Image.new("1", (2000, 1001))]
    content = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    with pytest.raises(BadPicture, match="2000 × 1001"):
        list(IMAGES.pages(content))
    with pytest.raises(BadPicture):
        list(IMAGES.pages(numbered(3)[:-60]))


def test_a_tiff_whose_pages_go_round_in_a_circle_ends() -> None:
    content = bytearray(tiff_of_numbers(np.zeros((4, 4), dtype="u1")))
    content[-4:] = struct.pack("<I", int.from_bytes(content[4:8], "little"))
    with suppress(BadPicture):
        assert len(list(IMAGES.pages(bytes(content)))) == 1


def test_an_animation_is_its_first_picture() -> None:
    other = Image.new("RGB", SIZE, "black")
    for form in ("WEBP", "PNG"):
        content = saved(
            marker_card(), form, save_all=True, append_images=[other], **({"lossless": True} if form == "WEBP" else {})
        )
        assert only(content).picture.width_px == 480
        check_markers(content)


def test_a_picture_that_is_too_long_for_a_jpeg_is_cut_from_its_file() -> None:
    page = only(tiff(Image.new("1", (70_000, 20), 1)))
    assert (page.picture.width_px, page.working_copy) == (70_000, b"")
    assert opened(IMAGES.cut(tiff(Image.new("1", (70_000, 20), 1)), None, 3200)).width == 3200


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", [name for name in FORMS if "JPEG, prog" not in name])
def test_damaged_files_of_every_format_are_refused_or_read_and_never_worse(name: str) -> None:
    chance = random.Random(5)
    source = FORMS[name][0]
    for _ in range(60):
        content = bytearray(source)
        for _ in range(chance.randint(1, 5)):
            where = chance.randrange(len(content))
            match chance.randrange(3):
                case 0:
                    content[where] = chance.randrange(256)
                case 1:
                    del content[where : where + chance.randint(1, 400)]
                case 2:
                    del content[where:]
            if len(content) < 10:
                break
        try:
            pages = list(IMAGES.pages(bytes(content)))
        except BadPicture:
            continue
        for number, page in enumerate(pages):
            size = (page.picture.width_px, page.picture.height_px)
            if page.working_copy:
                assert opened(page.working_copy).size == size
            if max(size) <= 3200:
                assert opened(IMAGES.cut(bytes(content), None, 3200, number)).size == size
