"""PDF files of scans: rendered at the resolution of what they hold, and every one that cannot be is told why."""

from __future__ import annotations

import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
from PIL import Image

from micro.adapters.images import PillowImages
from micro.core.geometry import Box
from micro.errors import BadPicture
from tests.services.test_images import COLOURS, IMAGES, SIZE, is_nearly, marker_box, marker_card, opened, saved

pytest.importorskip("pypdfium2")
LARGE = PillowImages(megapixels=30)


def pdf(*objects: bytes, trailer: bytes = b"") -> bytes:
    """A PDF of these objects, numbered from 1; the first is the catalogue, the second the tree of pages."""
    out = b"%PDF-1.7\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    table += b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, len(out))
    return out + table + end


def stream(body: bytes, head: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>\nstream\n" % (head, len(body)) + body + b"\nendstream"


def page_with(content: bytes, box: tuple[float, float] = (240, 150), extra: bytes = b"", *more: bytes) -> bytes:
    """A PDF of one page of so many points."""
    return pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %g %g]/Contents 4 0 R%s>>" % (*box, extra),
        stream(content),
        *more,
    )


def page_with_card(box: tuple[float, float] = (240, 150), turn: int = 0, place: bytes = b"240 0 0 150 0 0 cm") -> bytes:
    """A page that the card of the other tests fills, as a JPEG of 480 × 300 pixels: 144 dpi."""
    jpeg = saved(marker_card(), "JPEG", quality=95)
    about = b"/Type/XObject/Subtype/Image/Width 480/Height 300/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode"
    extra = b"/Rotate %d/Resources<</XObject<</I 5 0 R>>>>" % turn
    return page_with(b"q " + place + b" /I Do Q", box, extra, stream(jpeg, about))


def check_card(content: bytes) -> None:
    for name, colour in COLOURS.items():
        box = marker_box(name)
        crop = opened(content).crop((box.x, box.y, box.x + box.width, box.y + box.height))
        assert is_nearly(crop.getpixel((box.width // 2, box.height // 2)), colour), name


def test_a_page_is_rendered_at_the_resolution_of_its_picture() -> None:
    (page,) = IMAGES.pages(page_with_card())
    assert (page.picture.format, page.picture.width_px, page.picture.height_px) == ("PDF", *SIZE)
    check_card(page.working_copy)
    assert opened(IMAGES.cut(page_with_card(), Box(10, 10, 100, 50), 1600)).size == (100, 50)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_page_is_shown_as_its_readers_see_it(turn: int) -> None:
    """The picture stands on its side in the file, and the page is turned back."""
    place = {90: b"0 240 -150 0 150 0 cm", 180: b"-240 0 0 -150 240 150 cm", 270: b"0 -240 150 0 0 240 cm"}[turn]
    box = (240, 150) if turn == 180 else (150, 240)
    (page,) = IMAGES.pages(page_with_card(box, turn, place))
    assert (page.picture.width_px, page.picture.height_px, page.picture.orientation) == (*SIZE, 1)
    check_card(page.working_copy)


def test_a_page_without_a_picture_has_300_dots_an_inch() -> None:
    content = page_with(b"1 0 0 rg 20 20 100 50 re f", (144, 72))
    (page,) = LARGE.pages(content)
    assert (page.picture.width_px, page.picture.height_px) == (600, 300)
    assert is_nearly(opened(page.working_copy).getpixel((200, 150)), (255, 0, 0))


def test_pages_are_never_larger_than_allowed() -> None:
    for box in ((14_400, 14_400), (14_400, 3), (2, 2)):
        (page,) = IMAGES.pages(page_with(b"0 0 1 rg 0 0 20 20 re f", box))
        width, height = page.picture.width_px, page.picture.height_px
        assert 1 <= width * height <= 2_000_000
        assert abs(width / height - box[0] / box[1]) < 0.02 * box[0] / box[1] or min(width, height) < 60
        assert opened(IMAGES.cut(page.working_copy, None, 320)).width <= 320


def test_a_picture_in_a_pdf_that_is_too_large_is_refused_before_it_is_decoded() -> None:
    about = b"/Type/XObject/Subtype/Image/Width 60000/Height 60000/ColorSpace/DeviceGray/BitsPerComponent 8"
    body = stream(zlib.compress(b"\0" * 1000), about + b"/Filter/FlateDecode")
    content = page_with(b"q 240 0 0 150 0 0 cm /I Do Q", (240, 150), b"/Resources<</XObject<</I 5 0 R>>>>", body)
    with pytest.raises(BadPicture, match="60000 × 60000"):
        list(IMAGES.pages(content))


def test_every_page_is_a_page() -> None:
    out = BytesIO()
    pages = [Image.new("L", (100 + number, 60), 5 * number) for number in range(12)]
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=150)
    found = list(IMAGES.pages(out.getvalue()))
    assert [page.picture.width_px for page in found] == [100 + number for number in range(12)]
    assert is_nearly(opened(IMAGES.cut(out.getvalue(), None, 320, 7)).getpixel((5, 5)), (35, 35, 35))
    assert IMAGES.working_copy(out.getvalue(), 7) == found[7].working_copy


def test_what_is_said_of_a_pdf_is_not_in_its_pictures() -> None:
    out = BytesIO()
    marker_card().save(out, "PDF", author="Somebody", title="private", resolution=144)
    (page,) = IMAGES.pages(out.getvalue())
    assert b"Somebody" not in page.working_copy and b"private" not in page.working_copy


ENCRYPTED = (  # A made-up key: whoever does not know the password cannot tell.
    b"/Encrypt<</Filter/Standard/V 1/R 2/P -64/O<"
    + b"41" * 32
    + b">/U<"
    + b"42" * 32
    + b">>>/ID[<"
    + b"00" * 16
    + b"><"
    + b"00" * 16
    + b">]"
)


def test_a_pdf_with_a_password_is_refused_with_that_reason() -> None:
    content = pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>", trailer=ENCRYPTED)
    with pytest.raises(BadPicture, match="password"):
        list(IMAGES.pages(content))


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7\n",
        b"%PDF-1.7\n" + b"\0" * 5000,
        page_with_card()[:3000],
        pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>"),
        pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[9 0 R]/Count 1>>"),
    ],
    ids=range(5),
)
def test_a_damaged_or_empty_pdf_is_refused(content: bytes) -> None:
    with pytest.raises(BadPicture, match="PDF"):
        list(IMAGES.pages(content))


def test_without_the_package_a_pdf_is_refused_with_what_to_install() -> None:
    with pytest.raises(BadPicture, match=r"pip install 'micro\[pdf\]'"):
        list(PillowImages(megapixels=2, has_pdf=False).pages(page_with_card()))
    without = (
        "import sys; sys.modules['pypdfium2'] = None\nfrom micro.adapters.images import HAS_PDF\nassert not HAS_PDF"
    )
    subprocess.run([sys.executable, "-c", without], check=True)


def test_many_threads_share_one_pdfium() -> None:
    content = page_with_card()

    def work(_: int) -> int:
        (page,) = IMAGES.pages(content)
        return page.picture.width_px + opened(IMAGES.cut(content, None, 320)).width

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(work, range(24))) == {480 + 320}
