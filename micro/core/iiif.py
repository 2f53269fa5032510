"""The IIIF Image API 3.0 as pure reckoning: what an address asks for, how it is written canonically, and info.json.

https://iiif.io/api/image/3.0/ ; all pixels are those of the upright full-size page. Level 2, and beyond it mirroring,
enlarging, WebP and GIF.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, isqrt
from typing import Any

from micro.core.geometry import Box
from micro.errors import BadAnswer, NotOffered

CONTEXT = "http://iiif.io/api/image/3/context.json"
LEVEL = "http://iiif.io/api/image/3/level2.json"
TILE_PX = 512
# No picture that comes out is larger: a page of 25 megapixels at once, any page region by region.
WIDEST_PX, MOST_PX = 10_000, 25_000_000
QUALITIES = ("color", "gray", "bitonal")
FORMATS: Mapping[str, str] = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "gif": "image/gif"}
OTHER_FORMATS = ("tif", "jp2", "pdf")  # The specification names them; micro does not make them.

_NUMBER = r"(\d{1,9})"
_DECIMAL = r"(\d{1,9}(?:\.\d{1,10})?)"
_PIXELS = re.compile(",".join([_NUMBER] * 4), re.ASCII)
_SHARES = re.compile("pct:" + ",".join([_DECIMAL] * 4), re.ASCII)
_SIZE = re.compile(r"(!?)(\d{0,9}),(\d{0,9})", re.ASCII)
_SCALE = re.compile(f"pct:{_DECIMAL}", re.ASCII)
_ROTATION = re.compile(r"(!?)(\d{1,3}(?:\.\d{1,10})?)", re.ASCII)


@dataclass(frozen=True)
class Wish:
    """One picture of a page: a part of it, ``width`` × ``height`` before it is mirrored and then turned clockwise."""

    box: Box
    width: int
    height: int
    mirrored: bool
    degrees: int
    quality: str
    format: str


def read_wish(region: str, size: str, rotation: str, name: str, width_px: int, height_px: int) -> Wish:
    """What the four parts of an address ask of a page of this size; ``name`` is quality and format.

    Raises BadAnswer(part) for what breaks the specification (400), NotOffered for what micro does not make (501).
    """
    box = read_region(region, width_px, height_px)
    width, height = read_size(size, box)
    mirrored, degrees = _rotation(rotation)
    quality, _, form = name.rpartition(".")
    if quality not in ("default", *QUALITIES):
        raise BadAnswer("quality", "The quality is one of default, color, gray and bitonal.")
    if form in OTHER_FORMATS:
        raise NotOffered("Pictures are made as jpg, png, webp and gif.")
    if form not in FORMATS:
        raise BadAnswer("format", "The format is one of jpg, png, webp and gif.")
    return Wish(box, width, height, mirrored, degrees, quality, form)


def read_region(text: str, width_px: int, height_px: int) -> Box:
    """The part of the page, cut at its edges (section 4.1)."""
    if text == "full":
        return Box(0, 0, width_px, height_px)
    if text == "square":
        side = min(width_px, height_px)
        return Box((width_px - side) // 2, (height_px - side) // 2, side, side)
    if found := _PIXELS.fullmatch(text):
        left, top, width, height = (int(number) for number in found.groups())
        right, bottom = left + width, top + height
    elif found := _SHARES.fullmatch(text):
        x, y, wide, high = (Fraction(number) / 100 for number in found.groups())
        left, top = round(x * width_px), round(y * height_px)
        right, bottom = round((x + wide) * width_px), round((y + high) * height_px)
    else:
        raise BadAnswer("region", "The region is full, square, x,y,w,h or pct:x,y,w,h.")
    right, bottom = min(right, width_px), min(bottom, height_px)
    if right <= left or bottom <= top:
        raise BadAnswer("region", "Nothing of this region lies on the picture.")
    return Box(left, top, right - left, bottom - top)


def read_size(text: str, box: Box) -> tuple[int, int]:
    """Width and height of what comes out (section 4.2)."""
    enlarges, wished = text.startswith("^"), text.removeprefix("^")
    if wished == "max":
        return largest(box, enlarges)
    if found := _SCALE.fullmatch(wished):
        share = Fraction(found[1]) / 100
        return _checked(round(box.width * share), round(box.height * share), box, enlarges)
    found = _SIZE.fullmatch(wished)
    if not found or not (found[2] or found[3]) or (found[1] and not (found[2] and found[3])):
        raise BadAnswer(
            "size", "The size is max, w,h or !w,h, where w or h may be missing, or pct:n; ^ lets it enlarge."
        )
    width, height = int(found[2] or 0), int(found[3] or 0)
    if (found[2] and not width) or (found[3] and not height):
        raise BadAnswer("size", "A picture needs at least one pixel.")
    if found[1]:
        return _within(box, width, height, enlarges)
    if not found[3]:
        height = round(Fraction(box.height * width, box.width))
    if not found[2]:
        width = round(Fraction(box.width * height, box.height))
    return _checked(width, height, box, enlarges)


def largest(box: Box, enlarges: bool = False) -> tuple[int, int]:
    """The largest size in which a part of the page comes out, in its own proportions; not enlarged unless asked."""
    share = min(Fraction(WIDEST_PX, box.width), Fraction(WIDEST_PX, box.height))
    share = min(share, Fraction(isqrt(MOST_PX * 10**12 // (box.width * box.height)), 10**6))
    share = share if enlarges else min(share, Fraction(1))
    return max(1, int(box.width * share)), max(1, int(box.height * share))


def _within(box: Box, width: int, height: int, enlarges: bool) -> tuple[int, int]:
    if not enlarges and width > box.width and height > box.height:
        # The text of the standard would allow the region as it is; its validator (1.0.5, size_noup) wants a refusal.
        raise BadAnswer("size", "This is larger than the region itself; ^ before the size lets it enlarge.")
    most = largest(box, enlarges)
    width, height = min(width, most[0]), min(height, most[1])
    share = min(Fraction(width, box.width), Fraction(height, box.height))
    return min(width, max(1, round(box.width * share))), min(height, max(1, round(box.height * share)))


def _checked(width: int, height: int, box: Box, enlarges: bool) -> tuple[int, int]:
    if not width or not height:
        raise BadAnswer("size", "A picture needs at least one pixel.")
    if not enlarges and (width > box.width or height > box.height):
        raise BadAnswer("size", "This is larger than the region itself; ^ before the size lets it enlarge.")
    if max(width, height) > WIDEST_PX or width * height > MOST_PX:
        raise BadAnswer("size", "This is larger than the largest size that info.json names.")
    return width, height


def _rotation(text: str) -> tuple[bool, int]:
    """Whether it is mirrored, and by how many degrees it is turned (section 4.3)."""
    found = _ROTATION.fullmatch(text)
    if not found or float(found[2]) > 360:
        raise BadAnswer("rotation", "The rotation is 0, 90, 180 or 270, with ! before it to mirror first.")
    if float(found[2]) % 90:
        raise NotOffered("Pictures are turned by 0, 90, 180 or 270 degrees only.")
    return bool(found[1]), int(float(found[2])) % 360


def canonical(wish: Wish, width_px: int, height_px: int) -> str:
    """The last four parts of the address as the specification writes them (section 4.7)."""
    box, size = wish.box, (wish.width, wish.height)
    region = "full" if box == Box(0, 0, width_px, height_px) else f"{box.x},{box.y},{box.width},{box.height}"
    if size == largest(box):
        said = "max"
    elif wish.width > box.width or wish.height > box.height:
        said = "^max" if size == largest(box, enlarges=True) else f"^{wish.width},{wish.height}"
    else:
        said = f"{wish.width},{wish.height}"
    quality = "default" if wish.quality == "color" else wish.quality
    return f"{region}/{said}/{'!' if wish.mirrored else ''}{wish.degrees}/{quality}.{wish.format}"


def region_address(service: str, box: Box, width_px: int, height_px: int) -> str:
    """The address of a part of a page, as large as it comes, below the service's own address."""
    return f"{service}/{canonical(Wish(box, *largest(box), False, 0, 'default', 'jpg'), width_px, height_px)}"


def scale_factors(width_px: int, height_px: int, smallest_px: int = TILE_PX) -> list[int]:
    """1, 2, 4, … until the whole page fits into a square of ``smallest_px``."""
    factors = [1]
    while ceil(max(width_px, height_px) / factors[-1]) > smallest_px:
        factors.append(2 * factors[-1])
    return factors


def describe(service: str, width_px: int, height_px: int, rights: str = "") -> dict[str, Any]:
    """The content of info.json (section 5); ``rights`` is the address of a licence, or empty."""
    factors = scale_factors(width_px, height_px)
    sizes = [(ceil(width_px / factor), ceil(height_px / factor)) for factor in reversed(factors)]
    most = largest(Box(0, 0, width_px, height_px))
    return {
        "@context": CONTEXT,
        "id": service,
        "type": "ImageService3",
        "protocol": "http://iiif.io/api/image",
        "profile": "level2",
        "width": width_px,
        "height": height_px,
        "maxWidth": WIDEST_PX,
        "maxHeight": WIDEST_PX,
        "maxArea": MOST_PX,
        "sizes": [{"width": w, "height": h} for w, h in sizes if w <= most[0] and h <= most[1]],
        "tiles": [{"width": TILE_PX, "height": TILE_PX, "scaleFactors": factors}],
        "preferredFormats": ["jpg"],
        "extraFormats": ["webp", "gif"],
        "extraQualities": list(QUALITIES),
        "extraFeatures": ["canonicalLinkHeader", "mirroring", "profileLinkHeader", "sizeUpscaling"],
        **({"rights": rights} if rights else {}),
    }
