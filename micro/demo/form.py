"""The printed form: where each field lies, its labels and rules, the heading, the number, and now and then a stamp."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

CARD_SIZE_PX = (1600, 1000)
SKEW_LIMIT_DEG = 1.2
SHIFT_LIMIT_PX = 5
PAPER_EDGES_PX = (35, 35, 1565, 965)  # left, top, right, bottom of the paper before skew and shift

BOXES: Mapping[str, tuple[int, int, int, int]] = {
    "card": (0, 0, *CARD_SIZE_PX),
    "object": (60, 160, 950, 114),
    "material": (60, 274, 500, 114),
    "length": (560, 274, 450, 114),
    "findspot": (60, 388, 950, 114),
    "found_on": (60, 502, 950, 114),
    "description": (60, 616, 950, 266),
}
ILLUSTRATION_PX = (1045, 178, 1530, 790)  # left, top, right, bottom
LINE_PITCH_PX = 64

HEADINGS = {
    "en": ("Harrowby Museum", "Catalogue of finds"),
    "fr": ("Musée de Valmont", "Fiches des trouvailles"),
}
LABELS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "object": "Object",
        "material": "Material",
        "length": "Length",
        "findspot": "Found at",
        "found_on": "Found on",
        "description": "Notes",
    },
    "fr": {
        "object": "Objet",
        "material": "Matière",
        "length": "Longueur",
        "findspot": "Lieu",
        "found_on": "Date",
        "description": "Description",
    },
}
NUMBER_LABELS = {"en": "No.", "fr": "N°"}
STAMPS = {"en": ("ENTERED", "CHECKED", "ON VIEW"), "fr": ("INVENTORIÉ", "VÉRIFIÉ", "EXPOSÉ")}

FONTS = Path(__file__).parent / "fonts"
PRINT_FONT, ITALIC_FONT = "OldStandardTT-Regular.ttf", "OldStandardTT-Italic.ttf"
TYPED_FONT = "CourierPrime-Regular.ttf"


@dataclass(frozen=True)
class WritingLine:
    """Where one line of handwriting may stand, in pixels of the card before skew: ink stays between the four limits."""

    left: int
    top: int
    right: int
    bottom: int
    baseline: int


@lru_cache(maxsize=256)
def font(file: str, size_px: int) -> ImageFont.FreeTypeFont:
    """A vendored font; basic layout, because the complex one depends on libraries that differ between machines."""
    return ImageFont.truetype(FONTS / file, size_px, layout_engine=ImageFont.Layout.BASIC)


def displacement_px(x: float, y: float) -> tuple[float, float]:
    """How far skew and shift can carry the point (x, y), at most, across and down."""
    turn = math.radians(SKEW_LIMIT_DEG)
    across, down = abs(y - CARD_SIZE_PX[1] / 2), abs(x - CARD_SIZE_PX[0] / 2)
    return turn * across + SHIFT_LIMIT_PX + 2, turn * down + SHIFT_LIMIT_PX + 2


def writing_lines(field: str, language: str) -> list[WritingLine]:
    """The lines of a field, one or (description) three, so far inside its box that no skew carries ink out of it."""
    left, top, width, height = BOXES[field]
    far_y = top if abs(top - CARD_SIZE_PX[1] / 2) > abs(top + height - CARD_SIZE_PX[1] / 2) else top + height
    across, down = (math.ceil(limit) for limit in displacement_px(left, far_y))
    start, stop = left + across, left + width - across
    if field == "description":
        baselines = [top + height - 49 - LINE_PITCH_PX * back for back in (2, 1, 0)]
        return [WritingLine(start, y - 50, stop, min(y + 26, top + height - down), y) for y in baselines]
    start += round(label_font().getlength(LABELS[language][field])) + 24
    return [WritingLine(start, top + down, stop, top + height - down, baseline_of(field))]


def baseline_of(field: str) -> int:
    """The y of the rule that a one-line field is written on."""
    return BOXES[field][1] + BOXES[field][3] - 48


def label_font() -> ImageFont.FreeTypeFont:
    """The face of the field labels."""
    return font(ITALIC_FONT, 31)


def draw_rules(size_px: tuple[int, int]) -> Image.Image:
    """The faint writing rules as a mask (L), 255 where a rule is."""
    mask = Image.new("L", size_px, 0)
    pen = ImageDraw.Draw(mask)
    for field in LABELS["en"]:
        left, _, width, _ = BOXES[field]
        if field == "description":
            ys = [line.baseline + 6 for line in writing_lines(field, "en")]
        else:
            ys = [baseline_of(field) + 6]
        for y in ys:
            pen.line((left + 18, y, left + width - 18, y), fill=150, width=2)
    return mask


def draw_print(identifier: str, language: str, source: np.random.Generator) -> Image.Image:
    """Heading, labels and accession number as a mask (L), 255 where the black is full."""
    mask = Image.new("L", CARD_SIZE_PX, 0)
    pen = ImageDraw.Draw(mask)
    _draw_heading(pen, language)
    for field, label in LABELS[language].items():
        left, top = BOXES[field][:2]
        y = top + 36 if field == "description" else baseline_of(field)
        pen.text((left + 18, y), label, font=label_font(), fill=215, anchor="ls")
    _draw_number(pen, identifier, language, source)
    return mask


def _draw_heading(pen: ImageDraw.ImageDraw, language: str) -> None:
    museum, catalogue = HEADINGS[language]
    large, slanted = font(PRINT_FONT, 50), font(ITALIC_FONT, 46)
    pen.text((78, 122), museum, font=large, fill=225, anchor="ls")
    x = 78 + large.getlength(museum)
    pen.text((x, 122), " – ", font=large, fill=200, anchor="ls")
    pen.text((x + large.getlength(" – "), 122), catalogue, font=slanted, fill=215, anchor="ls")
    pen.line((70, 146, 1530, 146), fill=215, width=4)
    pen.line((70, 154, 1530, 154), fill=190, width=1)


def _draw_number(pen: ImageDraw.ImageDraw, identifier: str, language: str, source: np.random.Generator) -> None:
    """The number is typed, each letter with its own strength and a hair off the line, as typewriters do."""
    typed = font(TYPED_FONT, 44)
    x = 1518 - typed.getlength(identifier)
    pen.text((x - 16, 120), NUMBER_LABELS[language], font=font(PRINT_FONT, 36), fill=210, anchor="rs")
    for letter in identifier:
        pen.text((x, 121 + source.normal(0, 0.9)), letter, font=typed, fill=int(source.integers(185, 250)), anchor="ls")
        x += typed.getlength(letter)


def draw_stamp(language: str, source: np.random.Generator) -> Image.Image:
    """A rubber stamp as a mask (L) of the card's size, pressed unevenly at the lower right."""
    wording = str(source.choice(STAMPS[language]))
    tile = _round_stamp(HEADINGS[language][0].upper(), wording) if source.random() < 0.5 else _oblong_stamp(wording)
    worn = np.asarray(tile, dtype=np.float32) * _press(tile.size, source)
    turned = Image.fromarray(worn.astype(np.uint8)).rotate(
        float(source.uniform(-16, 14)), Image.Resampling.BICUBIC, expand=True
    )
    pressed = turned.crop(turned.getbbox())
    mask = Image.new("L", CARD_SIZE_PX, 0)
    left = int(source.integers(1060, 1535 - pressed.width))
    mask.paste(pressed, (left, int(source.integers(940, 954)) - pressed.height))
    return mask


def _press(size_px: tuple[int, int], source: np.random.Generator) -> np.ndarray:
    """How well the rubber took, 0 to 1: one side weaker, with specks where it missed the paper."""
    coarse = source.random((4, 6)).astype(np.float32)
    uneven = np.asarray(Image.fromarray(coarse).resize(size_px, Image.Resampling.BICUBIC))
    speckled = source.random(size_px[::-1]) > 0.13
    return np.clip(0.35 + 0.8 * uneven, 0, 1) * (0.55 + 0.45 * speckled)


def _oblong_stamp(wording: str) -> Image.Image:
    face = font(TYPED_FONT, 46)
    width = round(face.getlength(wording)) + 56
    tile = Image.new("L", (width, 84), 0)
    pen = ImageDraw.Draw(tile)
    pen.rectangle((3, 3, width - 4, 80), outline=235, width=5)
    pen.text((width / 2, 44), wording, font=face, fill=240, anchor="mm", stroke_width=1, stroke_fill=240)
    return tile


def _round_stamp(museum: str, wording: str) -> Image.Image:
    """Two rings with the museum's name running round between them and a word across the middle."""
    diameter = 184
    tile = Image.new("L", (diameter, diameter), 0)
    pen = ImageDraw.Draw(tile)
    pen.ellipse((2, 2, diameter - 3, diameter - 3), outline=235, width=4)
    pen.ellipse((37, 37, diameter - 38, diameter - 38), outline=220, width=2)
    ring = f"{museum} · "
    for place, letter in enumerate(ring):
        angle = 360 * place / len(ring)
        glyph = Image.new("L", (diameter, diameter), 0)
        ImageDraw.Draw(glyph).text((diameter / 2, 21), letter, font=font(PRINT_FONT, 28), fill=240, anchor="mm")
        tile.paste(240, (0, 0), glyph.rotate(-angle - 180 / len(ring) + 90, Image.Resampling.BICUBIC))
    pen.text((diameter / 2, diameter / 2), wording, font=font(TYPED_FONT, 19), fill=240, anchor="mm")
    return tile
