"""Old card stock on a scanner: tone, fibres, stains, foxing, the hole for the drawer's rod, skew and noise."""

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from micro.demo.chance import Plane, cloud
from micro.demo.form import CARD_SIZE_PX, PAPER_EDGES_PX, SHIFT_LIMIT_PX, SKEW_LIMIT_DEG

Colour = tuple[int, int, int]

STOCKS = ((238, 226, 196), (242, 232, 208), (231, 217, 184), (235, 228, 210), (228, 219, 190))
STAIN_BROWN = (150, 104, 52)
WATER_BROWN = (196, 168, 118)
FOXING_BROWN = (160, 98, 48)
SPILL_CORNERS_PX = ((120, 940), (1500, 900), (1480, 90), (60, 400))
SOFTNESS = ImageFilter.Kernel((3, 3), (1, 3, 1, 3, 16, 3, 1, 3, 1))
HOLE_CENTRE_PX, HOLE_RADIUS_PX = (800, 921), 21


def stain(colours: Plane, density: Plane, ink: Colour) -> None:
    """Lays ink over `colours` (height × width × 3, 0–1) in place, wholly where density (height × width) is 1."""
    for channel in range(3):
        colours[..., channel] *= 1 - density * np.float32(1 - ink[channel] / 255)


def ink_in(colours: Plane, mask: Image.Image, ink: Colour) -> None:
    """`stain` with a mask (L, of the same size); costs only the part of the card that the mask touches."""
    touched = mask.getbbox()
    if touched is None:
        return
    left, top, right, bottom = touched
    density = np.asarray(mask.crop(touched), dtype=np.float32) / np.float32(255)
    stain(colours[top:bottom, left:right], density, ink)


def blank_paper(source: np.random.Generator) -> Plane:
    """A card with nothing on it: height × width × 3, 0–1, tone uneven and darker towards the edges, with fibres."""
    tone = np.array(STOCKS[int(source.integers(len(STOCKS)))], dtype=np.float32) / 255
    shade = 0.955 + 0.05 * cloud(source, (7, 5), CARD_SIZE_PX) + 0.03 * cloud(source, (60, 38), CARD_SIZE_PX)
    shade += 0.022 * (cloud(source, (800, 500), CARD_SIZE_PX) - 0.5)
    paper: Plane = (shade[..., None] * tone).astype(np.float32)
    stain(paper, _edge_browning(source), (186, 148, 92))
    ink_in(paper, _fibres(source, 170), (120, 92, 60))
    paper += np.asarray(_fibres(source, 120), dtype=np.float32)[..., None] / 255 * 0.1
    return paper


def _edge_browning(source: np.random.Generator) -> Plane:
    left, top, right, bottom = PAPER_EDGES_PX
    across = np.arange(CARD_SIZE_PX[0], dtype=np.float32)
    down = np.arange(CARD_SIZE_PX[1], dtype=np.float32)
    from_side = np.minimum(across - left, right - across)[None, :]
    from_end = np.minimum(down - top, bottom - down)[:, None]
    distance = np.clip(np.minimum(from_side, from_end), 0, None)
    reach = 16 + 64 * cloud(source, (9, 6), CARD_SIZE_PX)
    browning: Plane = (source.uniform(0.22, 0.42) * np.exp(-distance / reach)).astype(np.float32)
    return browning


def _fibres(source: np.random.Generator, count: int) -> Image.Image:
    mask = Image.new("L", CARD_SIZE_PX, 0)
    pen = ImageDraw.Draw(mask)
    for x, y, angle, bend, length in zip(
        source.uniform(0, CARD_SIZE_PX[0], count),
        source.uniform(0, CARD_SIZE_PX[1], count),
        source.uniform(0, math.tau, count),
        source.normal(0, 0.7, count),
        source.uniform(8, 30, count),
        strict=True,
    ):
        turns = angle + bend * np.arange(4)
        xs, ys = x + np.cumsum(np.cos(turns)) * length / 4, y + np.cumsum(np.sin(turns)) * length / 4
        pen.line(
            [(float(px), float(py)) for px, py in zip(xs, ys, strict=True)], fill=int(source.integers(18, 75)), width=1
        )
    return mask


def age(colours: Plane, source: np.random.Generator) -> None:
    """Puts what the years did onto a finished card, in place: foxing, and at times a cup's ring or a tide of water."""
    ink_in(colours, _foxing(source), FOXING_BROWN)
    if source.random() < 0.38:
        _press_cup_ring(colours, source)
    if source.random() < 0.4:
        _spill_water(colours, source)


def _foxing(source: np.random.Generator) -> Image.Image:
    """Rust-brown specks, each a small core within a soft halo."""
    halved = (CARD_SIZE_PX[0] // 2, CARD_SIZE_PX[1] // 2)
    mask = Image.new("L", halved, 0)  # Soft spots need no finer grid.
    pen = ImageDraw.Draw(mask)
    home = source.uniform((0, 0), halved)
    for _ in range(int(source.integers(8, 55))):
        x, y = source.normal(home, (210, 150)) if source.random() < 0.6 else source.uniform((0, 0), halved)
        radius = float(min(source.lognormal(0.1, 0.55), 3.5))
        for reach, strength in ((2.2, 32), (1.3, 55), (0.7, 95)):
            r = radius * reach
            pen.ellipse((x - r, y - r * 0.85, x + r, y + r * 0.85), fill=int(strength * source.uniform(0.5, 1)))
    return mask.filter(ImageFilter.GaussianBlur(0.8)).resize(CARD_SIZE_PX)


def _press_cup_ring(colours: Plane, source: np.random.Generator) -> None:
    """A coffee cup's foot: a thin uneven ring with a darker outer edge, part of it dry."""
    radius = float(source.uniform(120, 165))
    centre = source.uniform((900, 250), (1500, 900))
    window, distance, angle = _around((float(centre[0]), float(centre[1])), radius + 30)
    rim = radius + 1.6 * np.sin(2 * angle + source.uniform(0, 6)) + 0.8 * np.sin(5 * angle)
    wet = np.clip(0.55 + 0.6 * np.sin(angle + source.uniform(0, math.tau)), 0.05, 1)
    band = np.exp(-(((distance - rim) / 3.2) ** 2)) + 0.45 * np.exp(-(((distance - rim + 7) / 6) ** 2))
    stain(colours[window], (band * wet * 0.4).astype(np.float32), STAIN_BROWN)


def _spill_water(colours: Plane, source: np.random.Generator) -> None:
    """A dried puddle: hardly tinted inside, with a brown tide mark where it stopped."""
    radius = float(source.uniform(130, 260))
    corner = SPILL_CORNERS_PX[int(source.integers(len(SPILL_CORNERS_PX)))]
    window, distance, angle = _around(corner, radius * 1.6)
    wander = np.zeros_like(distance)
    for waves in range(1, 9):
        wander += source.normal(0, 0.2 / waves) * np.sin(waves * angle + source.uniform(0, math.tau))
    past_rim = distance - radius * (1 + wander)
    tide = np.where(past_rim < 0, np.exp(past_rim / 10), np.exp(-np.maximum(past_rim, 0) / 2))
    stain(colours[window], (0.16 * (past_rim < 0) + 0.5 * tide).astype(np.float32), WATER_BROWN)


def _around(centre: tuple[float, float], reach: float) -> tuple[tuple[slice, slice], Plane, Plane]:
    """The part of the card within `reach` of a point, and each pixel's distance and angle from that point."""
    x, y = centre
    columns = slice(max(0, round(x - reach)), min(CARD_SIZE_PX[0], round(x + reach)))
    rows = slice(max(0, round(y - reach)), min(CARD_SIZE_PX[1], round(y + reach)))
    across = np.arange(columns.start, columns.stop, dtype=np.float32)[None, :] - np.float32(x)
    down = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] - np.float32(y)
    return (rows, columns), np.hypot(across, down), np.arctan2(down, across)


def scan(colours: Plane, source: np.random.Generator) -> Image.Image:
    """The card as a scanner sees it: a little skewed and shifted on a dark bed, softened and grainy. RGB, full size."""
    card = Image.fromarray((np.clip(colours, 0, 1) * 255).astype(np.uint8))
    placing = _placing(source)
    lain = card.transform(CARD_SIZE_PX, Image.Transform.AFFINE, placing, Image.Resampling.BILINEAR)
    outline = _outline(source).transform(CARD_SIZE_PX, Image.Transform.AFFINE, placing, Image.Resampling.BILINEAR)
    bed = _scanner_bed(outline, source)
    bed.paste(lain, (0, 0), outline)
    seen = np.asarray(bed.filter(SOFTNESS), dtype=np.float32)
    grain = source.standard_normal(seen.shape[:2], dtype=np.float32) * 2.6
    return Image.fromarray(np.clip(seen + grain[..., None], 0, 255).astype(np.uint8))


def _placing(source: np.random.Generator) -> tuple[float, float, float, float, float, float]:
    """Skew about the card's centre, then shift, as the inverse affine map that Pillow wants."""
    turn = math.radians(float(np.clip(source.normal(0, 0.55), -SKEW_LIMIT_DEG, SKEW_LIMIT_DEG)))
    shift_x, shift_y = source.uniform(-SHIFT_LIMIT_PX, SHIFT_LIMIT_PX, 2)
    cosine, sine = math.cos(turn), math.sin(turn)
    x, y = CARD_SIZE_PX[0] / 2, CARD_SIZE_PX[1] / 2
    back_x = x - cosine * (x + shift_x) - sine * (y + shift_y)
    back_y = y + sine * (x + shift_x) - cosine * (y + shift_y)
    return cosine, sine, float(back_x), -sine, cosine, float(back_y)


def _outline(source: np.random.Generator) -> Image.Image:
    """Where there is card, as a mask (L): rounded, slightly uneven edges and the punched hole."""
    mask = Image.new("L", CARD_SIZE_PX, 0)
    pen = ImageDraw.Draw(mask)
    pen.rounded_rectangle(PAPER_EDGES_PX, radius=int(source.integers(5, 20)), fill=255)
    x, y = HOLE_CENTRE_PX
    pen.ellipse((x - HOLE_RADIUS_PX, y - HOLE_RADIUS_PX, x + HOLE_RADIUS_PX, y + HOLE_RADIUS_PX), fill=0)
    for _ in range(int(source.poisson(0.6))):
        _nick(pen, source)
    return mask.filter(ImageFilter.GaussianBlur(0.9))


def _nick(pen: ImageDraw.ImageDraw, source: np.random.Generator) -> None:
    """A small tear in the upper or lower edge."""
    x, depth, width = float(source.uniform(60, 1540)), float(source.uniform(3, 7)), float(source.uniform(9, 22))
    edge, inwards = (PAPER_EDGES_PX[1], 1) if source.random() < 0.5 else (PAPER_EDGES_PX[3], -1)
    pen.polygon([(x - width, edge - inwards), (x, edge + inwards * depth), (x + width * 0.6, edge - inwards)], fill=0)


def _scanner_bed(outline: Image.Image, source: np.random.Generator) -> Image.Image:
    """The dark lid behind the card, darkest in the card's own shadow below and to the right of it."""
    shadow = np.asarray(outline.resize((400, 250)).filter(ImageFilter.GaussianBlur(3)).resize(CARD_SIZE_PX))
    fallen = np.roll(shadow, (7, 9), (0, 1)).astype(np.float32) / 255
    light = (50 + 10 * cloud(source, (5, 4), CARD_SIZE_PX)) * (1 - 0.62 * fallen)
    return Image.fromarray(np.stack([light, light * 1.01, light * 1.06], axis=2).astype(np.uint8))
