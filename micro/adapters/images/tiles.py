"""Tiles: a page is decoded once for each level of its pyramid and kept in blocks; pictures are cut from these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from io import BytesIO
from math import ceil

from PIL import Image

from micro.adapters.images.colours import converted, to_srgb
from micro.adapters.images.frames import DAMAGED, damaged, turned
from micro.adapters.images.opening import HAS_PDF, open_file
from micro.adapters.images.pillow import JPEG_QUALITY, ONE_AT_A_TIME, WORKING_QUALITY
from micro.core.geometry import Box
from micro.core.iiif import Wish

_RESAMPLED = frozenset({"RGB", "L"})
_DRAFTED_MOST = 8  # libjpeg decodes at a half, a quarter or an eighth.
_TURNS = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}
_SAVING: Mapping[str, tuple[str, dict[str, object]]] = {
    "jpg": ("JPEG", {"quality": JPEG_QUALITY}),
    "png": ("PNG", {"compress_level": 3}),
    "webp": ("WEBP", {"quality": JPEG_QUALITY, "method": 2}),
    "gif": ("GIF", {}),
}


class PillowTiles:
    """``megapixels`` bounds what is decoded, in millions of pixels."""

    def __init__(self, megapixels: int, has_pdf: bool = HAS_PDF) -> None:
        self.most_px = megapixels * 1_000_000
        self.has_pdf = has_pdf

    def level(self, content: bytes, factor: int, block_px: int, frame: int = 0) -> Iterator[tuple[int, int, bytes]]:
        """The blocks of the upright page in sRGB, shrunk by ``factor``: column, row and a JPEG without metadata.

        Cost: one decoding, at 1/8 of the size at the least, and one encoding of the level. BadPicture when damaged.
        """
        with ONE_AT_A_TIME:
            image = self._shrunk(content, factor, frame)
        for top in range(0, image.height, block_px):
            for left in range(0, image.width, block_px):
                edges = (left, top, min(image.width, left + block_px), min(image.height, top + block_px))
                out = BytesIO()
                image.crop(edges).save(out, "JPEG", quality=WORKING_QUALITY, subsampling=0)
                yield left // block_px, top // block_px, out.getvalue()

    def _shrunk(self, content: bytes, factor: int, frame: int) -> Image.Image:
        with closing(open_file(content, self.most_px, self.has_pdf)) as file:
            page = file.frame(frame)
            size = page.image.size
            page.draft(min(factor, _DRAFTED_MOST))
            page.load()
            image = page.image
            drafted = max(1, round(max(size) / max(image.size))) if page.format == "JPEG" else 1
            convert = to_srgb(image, page.profile, page.white_is_zero)
            if image.mode not in _RESAMPLED:
                image, convert = converted(image, convert), None
            if factor > drafted:
                image = image.reduce(factor // drafted)
            return turned(converted(image, convert), page.turn)

    def picture(self, blocks: Mapping[tuple[int, int], bytes], block_px: int, factor: int, wish: Wish) -> bytes:
        """The picture of a wish, in its format, from the blocks of a level that its box lies on (by column and row).

        BadPicture when a block is damaged.
        """
        first = min(column for column, _ in blocks), min(row for _, row in blocks)
        try:
            canvas = _joined(blocks, first, block_px)
        except DAMAGED as error:
            raise damaged(error) from None
        inside = _inside(wish.box, factor, (first[0] * block_px, first[1] * block_px), canvas.size)
        image = canvas.resize((wish.width, wish.height), Image.Resampling.LANCZOS, box=inside, reducing_gap=2.0)
        return _saved(_finished(image, wish), wish.format)


def _joined(blocks: Mapping[tuple[int, int], bytes], first: tuple[int, int], block_px: int) -> Image.Image:
    """The blocks side by side. A single one is no copy."""
    opened = {place: Image.open(BytesIO(content), formats=("JPEG",)) for place, content in blocks.items()}
    if len(opened) == 1:
        (only,) = opened.values()
        only.load()
        return only
    lefts = {place: (place[0] - first[0]) * block_px for place in opened}
    tops = {place: (place[1] - first[1]) * block_px for place in opened}
    width = max(lefts[place] + image.width for place, image in opened.items())
    height = max(tops[place] + image.height for place, image in opened.items())
    canvas = Image.new(next(iter(opened.values())).mode, (width, height))
    for place, image in opened.items():
        canvas.paste(image, (lefts[place], tops[place]))
    return canvas


def _inside(box: Box, factor: int, corner: tuple[int, int], size: tuple[int, int]) -> tuple[float, float, float, float]:
    """The box in pixels of a canvas whose upper left corner lies at ``corner`` of the level; never outside of it."""
    left, top = box.x / factor - corner[0], box.y / factor - corner[1]
    right, bottom = (box.x + box.width) / factor - corner[0], (box.y + box.height) / factor - corner[1]
    # At its edges a level is rounded up: what is left of a pixel counts as a whole one.
    right = size[0] if ceil(right) >= size[0] else right
    bottom = size[1] if ceil(bottom) >= size[1] else bottom
    return left, top, right, bottom


def _finished(image: Image.Image, wish: Wish) -> Image.Image:
    if wish.quality in ("gray", "bitonal"):
        image = image.convert("L")
    if wish.quality == "bitonal":
        image = image.convert("1", dither=Image.Dither.NONE)
    if wish.mirrored:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return image.transpose(_TURNS[wish.degrees]) if wish.degrees else image


def _saved(image: Image.Image, form: str) -> bytes:
    name, options = _SAVING[form]
    if name in ("JPEG", "WEBP") and image.mode == "1":
        image = image.convert("L")
    out = BytesIO()
    image.save(out, name, **options)
    return out.getvalue()
