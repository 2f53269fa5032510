"""The drawing on the right of a card: the find itself, true to its length, with a scale bar."""

import numpy as np
from PIL import Image, ImageDraw

from micro.demo.cards import CardTruth
from micro.demo.figures import Frame
from micro.demo.form import CARD_SIZE_PX, ILLUSTRATION_PX, font
from micro.demo.pen import Pen
from micro.demo.vessels import FIGURES
from micro.demo.words import find_named

OVERSAMPLING = 2
NIB_PX = 4.2  # On the oversampled drawing.
SCALE_BAR_HEIGHT_PX = 130
SCALE_BARS_MM = (5, 10, 20, 50, 100, 200, 500)
USUAL_FIGURE, USUAL_LENGTH_MM = "pot", 200.0


def draw_illustration(truth: CardTruth, source: np.random.Generator) -> Image.Image:
    """The illustration as a mask (L) of the card's size. An object outside the vocabulary is drawn as a pot."""
    find = find_named(str(truth.value("object")), truth.language)
    draw, unit_width, unit_height = FIGURES[find.figure if find else USUAL_FIGURE]
    left, top, right, bottom = ILLUSTRATION_PX
    width, height = (right - left) * OVERSAMPLING, (bottom - top) * OVERSAMPLING
    room = height - SCALE_BAR_HEIGHT_PX
    scale_px = min(width / unit_width, room / unit_height) * 0.94
    pen = Pen((width, height), NIB_PX, source)
    draw(pen, Frame((width / 2, room / 2), scale_px, float(source.normal(0, 2.2))), source)
    usual_mm = sum(find.length_mm) / 2 if find else USUAL_LENGTH_MM
    _draw_scale_bar(pen, scale_px / (_length_mm(truth) or usual_mm), height - 50)
    small = pen.mask.resize((right - left, bottom - top), Image.Resampling.LANCZOS)
    mask = Image.new("L", CARD_SIZE_PX, 0)
    mask.paste(small.point(lambda ink: ink * 0.92), (left, top))
    return mask


def _length_mm(truth: CardTruth) -> float | None:
    length = truth.value("length")
    if length is None:
        return None
    return float(length["amount"]) * (10 if length["unit"] == "cm" else 1)


def _draw_scale_bar(pen: Pen, px_per_mm: float, y: float) -> None:
    """A bar of a round number of centimetres, about a third of the drawing wide, in black and white halves."""
    width = pen.mask.width
    bar_mm = min(SCALE_BARS_MM, key=lambda mm: abs(mm * px_per_mm - width / 3))
    half = bar_mm * px_per_mm / 2
    start, middle, stop = width / 2 - half, width / 2, width / 2 + half
    frame = np.array([(start, y), (stop, y), (stop, y + 12), (start, y + 12)])
    pen.outline(frame, 0.7)
    pen.fill(np.array([(start, y), (middle, y), (middle, y + 12), (start, y + 12)]))
    for x in (start, middle, stop):
        pen.line(np.array([(x, y - 10), (x, y + 12)]), 0.8)
    _letter(pen, start, y, "0")
    _letter(pen, stop, y, f"{bar_mm // 10} cm" if bar_mm >= 10 else f"{bar_mm} mm")


def _letter(pen: Pen, x: float, y: float, text: str) -> None:
    face = font("Caveat-Regular.ttf", 58)
    ImageDraw.Draw(pen.mask).text((x, y - 18), text, font=face, fill=235, anchor="ms")
