"""One page of a file, as Pillow has it before and after decoding; what is damaged, too large or turned."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from micro.adapters.images.deep import stretched
from micro.core.geometry import SIDEWAYS, Box
from micro.errors import BadPicture

ORIENTATION = 0x0112
# What puts a picture of each EXIF orientation upright (EXIF 2.32, tag Orientation; Pillow turns counter-clockwise).
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# What Pillow raises for damaged files, depending on where they are damaged.
DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
)


@dataclass
class Frame:
    """One page. ``image`` is not decoded before :meth:`load`; of a PDF it is the page as it was rendered.

    ``orientation`` is what the file says, 1 to 8. ``turn`` is the one that is still to be done once the picture is
    decoded: 1 where the decoder turns by itself. ``is_plain``: a browser shows the file as it is, but for profiles.
    ``mend`` gives the picture of a JPEG whose end is missing, filled up with a flat colour; None: nothing to mend.
    ``again`` opens a page of 16-bit colour once more, whose lower bits may be all that it uses.
    """

    format: str
    image: Image.Image
    orientation: int = 1
    turn: int = 1
    profile: bytes | None = None
    is_plain: bool = False
    white_is_zero: bool = False
    mend: Callable[[], Image.Image] | None = None
    is_mended: bool = False
    again: Callable[[], Image.Image] | None = None

    def draft(self, shrink: int) -> None:
        """Lets a JPEG be decoded at a half, a quarter or an eighth of its size: quicker, and much less memory."""
        if shrink > 1 and self.format == "JPEG":
            self.image.draft(None, (max(1, self.image.width // shrink), max(1, self.image.height // shrink)))

    def load(self) -> None:
        """Decodes. Raises BadPicture for a damaged file; one whose end alone is missing is mended and told so."""
        wished = self.image.size
        try:
            self.image.load()
            if self.again is not None:
                self.image, self.again = stretched(self.image, self.again), None
            return
        except DAMAGED as error:
            if self.mend is None:
                raise damaged(error) from None
        try:
            image = self.mend()
            if wished != image.size:
                image.draft(None, wished)
            image.load()
        except DAMAGED as error:
            raise damaged(error) from None
        self.image, self.is_mended = image, True


def damaged(error: Exception) -> BadPicture:
    why = "".join(sign for sign in str(error) if sign.isprintable())
    return BadPicture("the picture is damaged or cut off (%(why)s)", why=why[:120])


def check_size(width: int, height: int, most_px: int) -> None:
    """Raises BadPicture for a picture that is larger than allowed, before anything of it is decoded."""
    if width * height > most_px:
        raise BadPicture(
            "the picture has %(width)s × %(height)s pixels; at most %(most)s million are taken",
            width=width,
            height=height,
            most=most_px // 1_000_000,
        )


def orientation_of(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 where none can be read."""
    try:
        found = image.getexif().get(ORIENTATION, 1)
    except DAMAGED:
        return 1
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def turned(image: Image.Image, orientation: int) -> Image.Image:
    """The picture put upright."""
    turn = TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def stored_box(box: Box, width: int, height: int, orientation: int) -> Box:
    """Where a box of the upright picture lies in the picture as it is stored, ``width`` × ``height`` pixels."""
    right, bottom = width, height  # Of the stored picture.
    match orientation:
        case 2:
            x, y = right - box.x - box.width, box.y
        case 3:
            x, y = right - box.x - box.width, bottom - box.y - box.height
        case 4:
            x, y = box.x, bottom - box.y - box.height
        case 5:
            x, y = box.y, box.x
        case 6:
            x, y = box.y, bottom - box.x - box.width
        case 7:
            x, y = right - box.y - box.height, bottom - box.x - box.width
        case 8:
            x, y = right - box.y - box.height, box.x
        case _:
            x, y = box.x, box.y
    sides = (box.height, box.width) if orientation in SIDEWAYS else (box.width, box.height)
    return Box(x, y, *sides)
