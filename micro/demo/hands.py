"""The clerks' handwriting: six hands, each with a pen, a slant and an unsteadiness of its own."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from micro.demo.chance import cloud
from micro.demo.form import CARD_SIZE_PX, WritingLine, font

Colour = tuple[int, int, int]

BLUE_BLACK: Colour = (30, 36, 68)
IRON_GALL_BROWN: Colour = (78, 47, 26)
PENCIL: Colour = (74, 74, 78)
SMALLEST_LETTERS = 0.62  # Writing is never drawn smaller than this share of the clerk's usual size.
TILE_MARGIN_PX = 40


@dataclass(frozen=True)
class Hand:
    """How one clerk writes: `slant` in pixels to the right per pixel of height, `wobble` as a share of the size."""

    font_file: str
    size_px: int
    slant: float
    colour: Colour
    strength: float
    wobble: float = 0.012
    is_pencil: bool = False


HANDS: tuple[Hand, ...] = (
    Hand("Caveat-Regular.ttf", 64, 0.06, BLUE_BLACK, 1.1),
    Hand("LaBelleAurore-Regular.ttf", 50, 0.0, IRON_GALL_BROWN, 1.15, 0.006),
    Hand("NothingYouCouldDo-Regular.ttf", 50, 0.0, BLUE_BLACK, 1.15, 0.008),
    Hand("Caveat-Regular.ttf", 61, -0.04, PENCIL, 0.95, 0.016, True),
    Hand("LaBelleAurore-Regular.ttf", 51, 0.1, (24, 30, 48), 1.2, 0.008),
    Hand("NothingYouCouldDo-Regular.ttf", 49, 0.12, IRON_GALL_BROWN, 1.2, 0.01),
)


class DoesNotFit(ValueError):
    """A text is too long for its line even in the smallest letters that can be read."""


def missing_characters(font_file: str, text: str) -> set[str]:
    """The characters of `text` that the font cannot draw: those that look exactly like a character no font has."""
    face = font(font_file, 40)
    unknown = bytes(face.getmask("\uffff"))
    return {letter for letter in text if not letter.isspace() and bytes(face.getmask(letter)) == unknown}


def write_line(text: str, hand: Hand, line: WritingLine, source: np.random.Generator) -> Image.Image:
    """A mask (L) of the card's size with `text` written on the line; all ink within the line's limits.

    Letters shrink until the text fits; raises DoesNotFit when they would become too small to read.
    """
    jitter = source.normal(0, 1, (len(text), 2))
    slope = source.normal(0, 0.0022)
    indent = int(source.integers(4, 26))
    size_px = hand.size_px
    while size_px >= hand.size_px * SMALLEST_LETTERS:
        tile = _lettered(text, hand, size_px, jitter, slope)
        share = _share_that_fits(tile, line)
        if share >= 1:
            place = _place(tile, line, indent)
            mask = Image.new("L", CARD_SIZE_PX, 0)
            mask.paste(_uneven_ink(tile, hand, source), place)
            return mask
        size_px = min(size_px - 1, int(size_px * share))
    raise DoesNotFit(f"{text!r} is too long for a line of {line.right - line.left} pixels")


def _lettered(text: str, hand: Hand, size_px: int, jitter: np.ndarray, slope: float) -> Image.Image:
    """The letters one by one on a tile whose baseline lies two letter heights down, then slanted."""
    face = font(hand.font_file, size_px)
    tile = Image.new("L", (round(face.getlength(text)) + 4 * TILE_MARGIN_PX, 3 * size_px), 0)
    pen = ImageDraw.Draw(tile)
    for place, letter in enumerate(text):
        # The length up to this letter includes kerning, which the sum of single lengths would lose.
        x = TILE_MARGIN_PX + face.getlength(text[: place + 1]) - face.getlength(letter)
        wobble_x, wobble_y = jitter[place] * hand.wobble * size_px
        y = 2 * size_px + wobble_y + slope * x
        pen.text((x + wobble_x, y), letter, font=face, fill=int(232 - 12 * abs(jitter[place][1])), anchor="ls")
    if hand.slant == 0:
        return tile
    shear = (1, hand.slant, -hand.slant * 2 * size_px, 0, 1, 0)
    return tile.transform(tile.size, Image.Transform.AFFINE, shear, Image.Resampling.BICUBIC)


def _share_that_fits(tile: Image.Image, line: WritingLine) -> float:
    """How large the tile's ink may be against what it is; 1 or more when it fits the line."""
    left, top, right, bottom = tile.getbbox() or (0, 0, 1, 1)
    return min((line.right - line.left) / (right - left), (line.bottom - line.top) / (bottom - top))


def _place(tile: Image.Image, line: WritingLine, indent: int) -> tuple[int, int]:
    """Where the tile's corner must go so that its ink is inside the line's limits."""
    left, top, right, bottom = tile.getbbox() or (0, 0, 1, 1)
    spare = line.right - line.left - (right - left)
    y = line.baseline - round(tile.height * 2 / 3)
    y = max(line.top - top, min(y, line.bottom - bottom))
    return line.left + min(indent, spare) - left, y


def _uneven_ink(tile: Image.Image, hand: Hand, source: np.random.Generator) -> Image.Image:
    """Ink that runs thick and thin along the line; a pencil also leaves out the hollows of the paper."""
    flow = 0.78 + 0.3 * cloud(source, (max(2, tile.width // 60), 3), tile.size)
    if hand.is_pencil:
        flow *= 0.72 + 0.42 * source.random(flow.shape, dtype=np.float32)
    ink = np.asarray(tile, dtype=np.float32) * flow * hand.strength
    return Image.fromarray(np.clip(ink, 0, 255).astype(np.uint8))
