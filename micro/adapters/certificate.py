"""A certificate as a PDF of one page, drawn with Pillow in the typeface of the site.

Pillow is there already and writes a PDF, which a library of its own for one page would not repay. The page is a
picture: what it says stands as text on the page that offers it.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

import micro

FONTS = Path(micro.__file__).parent / "static" / "fonts"
DPI = 150
PAGE_PX = (1754, 1240)  # A4, lying
INK, SOFT, RULE = "#22201c", "#5d574d", "#a08a5c"
SIZES_PX = {"title": 76, "name": 92, "text": 44, "small": 30}
MARGIN_PX = 90


def can_write(text: str) -> bool:
    """Whether the typeface has all signs of a text: those of European languages in Latin letters."""
    return all(sign.isprintable() and _which(sign) for sign in text)


def draw(lines: list[tuple[str, str]]) -> bytes:
    """The PDF of some centred lines, each (size, text) with a size of SIZES_PX; longer ones get smaller."""
    page = Image.new("L", PAGE_PX, "white")
    pen = ImageDraw.Draw(page)
    width, height = PAGE_PX
    for gap, weight in ((MARGIN_PX // 2, 3), (MARGIN_PX // 2 + 12, 1)):
        pen.rectangle((gap, gap, width - gap, height - gap), outline=RULE, width=weight)
    heights = [SIZES_PX[size] * 1.75 for size, _ in lines]
    top = (height - sum(heights)) / 2
    for (size, text), line_height in zip(lines, heights, strict=True):
        _write(pen, text, SIZES_PX[size], top + line_height / 2, SOFT if size == "small" else INK)
        top += line_height
    out = BytesIO()
    page.save(out, "PDF", resolution=DPI, title=lines[0][1] if lines else "")
    return out.getvalue()


def _write(pen: ImageDraw.ImageDraw, text: str, size_px: int, middle: float, ink: str) -> None:
    room = PAGE_PX[0] - 2 * MARGIN_PX
    while (length := sum(_length(part, font, size_px) for part, font in _runs(text))) > room and size_px > 12:
        size_px = int(size_px * 0.9)
    place = (PAGE_PX[0] - length) / 2
    for part, font in _runs(text):
        pen.text((place, middle), part, fill=ink, font=_font(font, size_px), anchor="lm")
        place += _length(part, font, size_px)


def _runs(text: str) -> list[tuple[str, str]]:
    """The text in pieces of one font file each: (piece, file)."""
    runs: list[tuple[str, str]] = []
    for sign in text:
        which = _which(sign) or "latin"
        if runs and runs[-1][1] == which:
            runs[-1] = runs[-1][0] + sign, which
        else:
            runs.append((sign, which))
    return runs


def _which(sign: str) -> str:
    """The file that has a sign, by the ranges of tokens.css; empty for none."""
    code = ord(sign)
    if code <= 0xFF or code in (0x131, 0x152, 0x153, 0x20AC) or 0x2000 <= code <= 0x206F:
        return "latin"
    return "latin-ext" if code <= 0x24F or 0x1E00 <= code <= 0x1E9F or 0x1EF2 <= code <= 0x1EFF else ""


def _length(text: str, which: str, size_px: int) -> float:
    return _font(which, size_px).getlength(text)


@cache
def _font(which: str, size_px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS / f"literata-{which}-wght-normal.woff2", size_px)
