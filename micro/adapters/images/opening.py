"""Files, opened: which format it is, by content and never by name, and which pages it has."""

from __future__ import annotations

from io import BytesIO
from typing import Protocol

from PIL import Image, UnidentifiedImageError

from micro.adapters.images import tails
from micro.adapters.images.deep import is_deep_colour
from micro.adapters.images.frames import DAMAGED, Frame, check_size, damaged, orientation_of
from micro.adapters.images.jpeg2000 import profile_of
from micro.errors import BadPicture

try:
    from micro.adapters.images.pdf import PdfFile

    HAS_PDF = True
except ImportError:  # The extra "pdf" is not installed; open_file says how.
    HAS_PDF = False

FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "JPEG2000", "PDF")
PAGES_MOST = 5000
# A PDF may begin with other bytes (ISO 32000-1, annex H, note 13); a picture's own signature goes before.
_PDF_HEAD, _PDF_WITHIN = b"%PDF-", 1024
_SUBFILE, _OLD_SUBFILE, _PHOTOMETRIC = 254, 255, 262
_REDUCED, _MASK, _OLD_REDUCED = 1, 4, 2
_EIGHT_BITS = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA"})

# Pillow's own guard is below what may be allowed here; the size is looked at before anything is decoded.
Image.MAX_IMAGE_PIXELS = None


class Opened(Protocol):
    """A file with ``count`` pages, of which :meth:`frame` gives one, numbered from 0."""

    count: int

    def frame(self, number: int) -> Frame:
        """The page; BadPicture when it is damaged or too large."""

    def close(self) -> None: ...


def open_file(content: bytes, most_px: int, has_pdf: bool = HAS_PDF) -> Opened:
    """The file, with nothing decoded. Raises BadPicture when it is none of FORMATS, damaged, or too large."""
    if not content:
        raise BadPicture("the file is empty")
    if _PDF_HEAD in content[:_PDF_WITHIN] and not content.startswith((b"\xff\xd8", b"\x89PNG", b"II", b"MM")):
        if not has_pdf:
            raise BadPicture("taking in PDF files needs one more package: pip install 'micro[pdf]'")
        return PdfFile(content, most_px)
    return PictureFile(content, most_px)


class PictureFile:
    """A picture that Pillow reads. Of a TIFF all pages count but for thumbnails and masks; of others the first one."""

    def __init__(self, content: bytes, most_px: int) -> None:
        self.content, self.most_px = content, most_px
        try:
            # Pillow calls a JPEG with further pictures behind the first one MPO, and opens it as a JPEG.
            self._image = Image.open(BytesIO(content), formats=[name for name in FORMATS if name != "PDF"])
            self._places = _pages_of_tiff(self._image) if self._image.format == "TIFF" else [0]
        except UnidentifiedImageError:
            raise BadPicture("this is not a JPEG, PNG, TIFF, WebP, JPEG 2000 or PDF picture") from None
        except DAMAGED as error:
            raise damaged(error) from None
        self.count = len(self._places)

    def frame(self, number: int) -> Frame:
        try:
            image = self._at(self._places[number])
            form = "JPEG" if image.format == "MPO" else str(image.format)
            check_size(*image.size, self.most_px)
            is_plain = _is_plain(form, image)  # Decoding forgets how many bits there were.
            is_deep = form == "TIFF" and is_deep_colour(image)
            if form == "PNG":
                image.load()  # Pillow looks for the EXIF behind the pixels, and would hide that they are damaged.
            orientation = orientation_of(image)
            frame = Frame(
                form,
                image,
                orientation=orientation,
                turn=1 if form == "TIFF" else orientation,  # Pillow turns TIFFs while it decodes them.
                profile=profile_of(self.content) if form == "JPEG2000" else image.info.get("icc_profile"),
                is_plain=is_plain,
                white_is_zero=form == "TIFF" and _tag(image, _PHOTOMETRIC) == 0,
                again=(lambda: self._anew(self._places[number])) if is_deep else None,
            )
        except DAMAGED as error:
            raise damaged(error) from None
        if form == "JPEG" and tails.ends_in_zeros(self.content):
            frame.image, frame.is_mended = self._mended(), True  # Its zeros would be read as a picture of something.
        elif form == "JPEG":
            frame.mend = self._mended
        return frame

    def close(self) -> None:
        self._image.close()

    def _mended(self) -> Image.Image:
        return Image.open(BytesIO(tails.mended(self.content)), formats=("JPEG",))

    def _anew(self, place: int) -> Image.Image:
        image = Image.open(BytesIO(self.content), formats=("TIFF",))
        image.seek(place)
        return image

    def _at(self, place: int) -> Image.Image:
        """The picture at this place, undecoded: what was decoded before is opened anew."""
        if self._image.format != "TIFF":
            return Image.open(BytesIO(self.content), formats=[str(self._image.format).replace("MPO", "JPEG")])
        self._image.seek(place)
        return self._image


def _pages_of_tiff(image: Image.Image) -> list[int]:
    """The places of the pages in a TIFF; a file of nothing but thumbnails has its first one."""
    pages, place = [], 0
    while True:
        kind, old_kind = _tag(image, _SUBFILE), _tag(image, _OLD_SUBFILE)
        if not kind & (_REDUCED | _MASK) and old_kind != _OLD_REDUCED:
            pages.append(place)
        if len(pages) > PAGES_MOST:
            raise BadPicture("the file has more than %(most)s pages", most=PAGES_MOST)
        place += 1
        try:
            image.seek(place)
        except EOFError:
            return pages or [0]


def _tag(image: Image.Image, tag: int) -> int:
    found = getattr(image, "tag_v2", {}).get(tag, 0)
    return found if isinstance(found, int) else 0


def _is_plain(form: str, image: Image.Image) -> bool:
    """Whether pictures can be cut from the file itself quickly: 8-bit grey or RGB, as JPEG or PNG."""
    deep = any("16" in str(tile[3]) for tile in getattr(image, "tile", ()))
    return form in ("JPEG", "PNG") and image.mode in _EIGHT_BITS and not deep
