"""Pictures through Pillow: what a file really is, and crops of the upright picture."""

from __future__ import annotations

import struct
import threading
from io import BytesIO

from PIL import Image, UnidentifiedImageError

from micro.core.geometry import Box, upright_size
from micro.core.ports import Picture
from micro.errors import BadPicture

# What is taken in, decided by content, never by the file's name.
FORMATS = ("JPEG", "PNG")
ORIENTATION = 0x0112
JPEG_QUALITY = 85
_RESAMPLE = Image.Resampling.LANCZOS
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
)
# Colours that an embedded profile still describes after the picture became RGB or grey.
_PROFILED = frozenset({"RGB", "RGBA", "P", "PA", "L", "LA"})

# Pillow's own guard is below what may be allowed here; PillowImages looks at the size before anything is decoded.
Image.MAX_IMAGE_PIXELS = None


class PillowImages:
    """``megapixels`` bounds what is decoded, in millions of pixels: a small file may hold a huge picture (a "bomb")."""

    def __init__(self, megapixels: int) -> None:
        self.most_px = megapixels * 1_000_000
        # A decoded scan of 200 megapixels takes 600 MB: one at a time is decoded in a process.
        self._one_at_a_time = threading.Lock()

    def look(self, content: bytes) -> Picture:
        """What the bytes are; every pixel is decoded once, so that a truncated file is found now and not later."""
        if not content:
            raise BadPicture("the file is empty")
        with self._one_at_a_time:
            image = self._open(content)
            try:
                image.load()
            except DAMAGED as error:
                raise _damaged(error) from None
            orientation = _orientation(image)
        width, height = upright_size(*image.size, orientation)
        # Pillow calls a JPEG with further pictures behind the first one MPO.
        return Picture("PNG" if image.format == "PNG" else "JPEG", width, height, orientation)

    def cut(self, content: bytes, box: Box | None, longest_px: int) -> bytes:
        """A JPEG of the box of the upright picture; None is the whole. Metadata is left behind, colours stay."""
        with self._one_at_a_time:
            image = self._open(content)
            profile = image.info.get("icc_profile") if image.mode in _PROFILED else None
            if box is None:
                image.draft("RGB", (longest_px, longest_px))
            upright = _upright(image)
            if box is not None:
                upright = upright.crop((box.x, box.y, box.x + box.width, box.y + box.height))
            upright = _flat(upright)
            upright.thumbnail((longest_px, longest_px), _RESAMPLE)
        out = BytesIO()
        upright.save(
            out, "JPEG", quality=JPEG_QUALITY, optimize=True, progressive=True, icc_profile=profile, comment=b""
        )
        return out.getvalue()

    def _open(self, content: bytes) -> Image.Image:
        """The picture, not decoded yet: only its head is read."""
        try:
            image = Image.open(BytesIO(content), formats=FORMATS)
        except UnidentifiedImageError:
            raise BadPicture("this is not a JPEG or PNG picture") from None
        except DAMAGED as error:
            raise _damaged(error) from None
        if image.width * image.height > self.most_px:
            raise BadPicture(
                "the picture has %(width)s × %(height)s pixels; at most %(most)s million are taken",
                width=image.width,
                height=image.height,
                most=self.most_px // 1_000_000,
            )
        return image


def _damaged(error: Exception) -> BadPicture:
    why = "".join(sign for sign in str(error) if sign.isprintable())
    return BadPicture("the picture is damaged or cut off (%(why)s)", why=why[:120])


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 where none can be read."""
    try:
        found = image.getexif().get(ORIENTATION, 1)
    except DAMAGED:
        return 1
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def _upright(image: Image.Image) -> Image.Image:
    """The decoded picture, turned by the very orientation that :meth:`PillowImages.look` told."""
    try:
        image.load()
    except DAMAGED as error:
        raise _damaged(error) from None
    turn = TURNS.get(_orientation(image))
    return image if turn is None else image.transpose(turn)


def _flat(image: Image.Image) -> Image.Image:
    """As RGB or grey, on white where the picture is transparent."""
    if image.mode in ("RGB", "L"):
        return image
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        return image.point(lambda value: value / 256).convert("L")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        clear = image.convert("RGBA")
        paper = Image.new("RGBA", clear.size, "white")
        return Image.alpha_composite(paper, clear).convert("RGB")
    return image.convert("RGB")
