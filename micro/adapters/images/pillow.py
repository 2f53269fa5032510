"""Pictures through Pillow: every page of a file looked at, working copies, and crops of the upright picture."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO

from PIL import Image

from micro.adapters.images import tails
from micro.adapters.images.colours import converted, is_srgb, to_srgb
from micro.adapters.images.frames import Frame, stored_box, turned
from micro.adapters.images.opening import HAS_PDF, open_file
from micro.core.geometry import Box, upright_size
from micro.core.ports import Page, Picture
from micro.errors import BadPicture

JPEG_QUALITY, WORKING_QUALITY = 85, 92
JPEG_LONGEST_PX = 65_500  # libjpeg's JPEG_MAX_DIMENSION
MISSING_MOST = 0.1  # A cut-off JPEG is taken when at least 90 % of it are there.
_RESAMPLED = frozenset({"RGB", "L", "CMYK"})  # Modes whose pixels may be mixed before their colours are converted.
_RESAMPLE = Image.Resampling.LANCZOS

# A decoded scan of 200 megapixels takes 800 MB, and PDFium serves one caller: one at a time in a process.
ONE_AT_A_TIME = threading.Lock()


class PillowImages:
    """``megapixels`` bounds what is decoded, in millions of pixels: a small file may hold a huge picture (a "bomb")."""

    def __init__(self, megapixels: int, has_pdf: bool = HAS_PDF) -> None:
        self.most_px = megapixels * 1_000_000
        self.has_pdf = has_pdf

    def pages(self, content: bytes) -> Iterator[Page]:
        """What the pages are, one after the other; each is decoded once, so that damage is found now and not later."""
        with ONE_AT_A_TIME:
            file = open_file(content, self.most_px, self.has_pdf)
        try:
            for number in range(file.count):
                with ONE_AT_A_TIME:
                    page = _look(file.frame(number), content)
                yield page
        finally:
            with ONE_AT_A_TIME:
                file.close()

    def working_copy(self, content: bytes, frame: int) -> bytes:
        """The working copy of a page, made anew: the same bytes that :meth:`pages` gave."""
        with ONE_AT_A_TIME, closing(open_file(content, self.most_px, self.has_pdf)) as file:
            found = file.frame(frame)
            found.load()
            return _working_copy(found)

    def cut(self, content: bytes, box: Box | None, longest_px: int, frame: int = 0) -> bytes:
        """A JPEG of the box of the upright page in sRGB; None is the whole. All metadata is left behind."""
        with ONE_AT_A_TIME, closing(open_file(content, self.most_px, self.has_pdf)) as file:
            made = _cut(file.frame(frame), box, longest_px)
        out = BytesIO()
        made.save(out, "JPEG", quality=JPEG_QUALITY, optimize=True, progressive=True, icc_profile=None, comment=b"")
        return out.getvalue()


def _look(frame: Frame, content: bytes) -> Page:
    frame.load()
    missing = _missing(content) if frame.is_mended else 0.0
    width, height = upright_size(*frame.image.size, frame.turn)
    picture = Picture(frame.format, width, height, frame.orientation, missing)
    is_plain = frame.is_plain and not frame.is_mended and is_srgb(frame.profile, frame.image.mode)
    # A picture that is too long for a JPEG is cut from the file each time.
    needs_copy = not is_plain and max(width, height) <= JPEG_LONGEST_PX
    return Page(picture, _working_copy(frame) if needs_copy else b"")


def _missing(content: bytes) -> float:
    """How much of a cut-off JPEG is missing; BadPicture when it is too much."""
    missing = tails.missing_share(content)
    if missing > MISSING_MOST and tails.is_progressive(content):
        raise BadPicture(
            "the file is cut off: %(blurred)s %% of the picture never became sharp", blurred=math.ceil(100 * missing)
        )
    if missing > MISSING_MOST:
        raise BadPicture(
            "the file is cut off: only %(there)s %% of the picture is there", there=int(100 * (1 - missing))
        )
    return missing


def _working_copy(frame: Frame) -> bytes:
    """The decoded page as an upright sRGB JPEG of the same size. Baseline: a progressive one takes more memory."""
    image = converted(frame.image, to_srgb(frame.image, frame.profile, frame.white_is_zero))
    out = BytesIO()
    turned(image, frame.turn).save(out, "JPEG", quality=WORKING_QUALITY, icc_profile=None, comment=b"", exif=b"")
    return out.getvalue()


def _cut(frame: Frame, box: Box | None, longest_px: int) -> Image.Image:
    """The part of the page, shrunk, in sRGB and upright. Only the part is turned and has its colours converted."""
    stored = frame.image.size
    if box is not None:
        box = stored_box(box, *stored, frame.turn)
        frame.draft(max(box.width, box.height) // longest_px)
    else:
        frame.draft(max(stored) // longest_px)
    frame.load()
    if frame.format == "TIFF":
        stored = frame.image.size  # Pillow has turned it meanwhile.
    box = box or Box(0, 0, *stored)
    across, down = frame.image.width / stored[0], frame.image.height / stored[1]  # Below 1 for a draft.
    inside = (
        box.x * across,
        box.y * down,
        min(frame.image.width, (box.x + box.width) * across),
        min(frame.image.height, (box.y + box.height) * down),
    )
    return turned(_part(frame, inside, _fitted(box.width, box.height, longest_px)), frame.turn)


def _part(frame: Frame, inside: tuple[float, float, float, float], size: tuple[int, int]) -> Image.Image:
    """The part of the decoded page in sRGB, of this size; large parts are never held twice where that can be."""
    image, convert = frame.image, to_srgb(frame.image, frame.profile, frame.white_is_zero)
    if image.mode not in _RESAMPLED:
        left, top = int(inside[0]), int(inside[1])
        edges = (left, top, max(left + 1, math.ceil(inside[2])), max(top + 1, math.ceil(inside[3])))
        image = converted(image.crop(edges), convert)
        inside = (inside[0] - left, inside[1] - top, inside[2] - left, inside[3] - top)
        convert = None
    part = image.resize(size, _RESAMPLE, box=inside, reducing_gap=2.0)
    return convert(part) if convert else part


def _fitted(width: int, height: int, longest_px: int) -> tuple[int, int]:
    """The size shrunk to the longest side, never enlarged, never empty."""
    share = min(1.0, longest_px / max(width, height))
    return max(1, round(width * share)), max(1, round(height * share))
