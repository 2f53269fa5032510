"""Colours: whatever a file has becomes 8-bit sRGB, or 8-bit grey where it is grey; nothing else is carried along."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from io import BytesIO
from itertools import product
from typing import Any

import numpy as np
from PIL import Image, ImageChops, ImageCms

Converter = Callable[[Image.Image], Image.Image]

# How many bits scanners really use in 16 or 32: the least number that holds the brightest pixel is taken.
BITS = (1, 8, 10, 12, 14, 16, 24, 31)
FLOATS = (1.0, 255.0, 65_535.0)  # The usual whites of pictures in floating point.
STRIP_PX = 4_000_000  # So many pixels are turned at once into numbers or colours.
NEARLY = 3  # Steps of 255 that nobody sees: a profile that changes no colour by more is sRGB.
_PROFILE_ERRORS = (ImageCms.PyCMSError, OSError, ValueError, TypeError)
_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION


def to_srgb(image: Image.Image, profile: bytes | None, white_is_zero: bool = False) -> Converter | None:
    """What turns the decoded picture, or any part of it, into RGB or grey in sRGB; None: it is that already.

    ``profile`` is the embedded ICC profile: a broken one, or one for other colours, is left out of account, which
    means sRGB, and for CMYK a plain conversion. What is transparent becomes white paper. Greys of more than 8 bits
    are scaled by the range that the whole picture uses, so that 12 bits in a 16-bit file do not come out black.
    """
    if image.mode == "LAB":
        return _converter_of(_from_lab())
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        plain: Converter | None = _from_deep_grey(image, white_is_zero)
        mode = "L"
    elif image.mode in ("RGB", "L", "CMYK"):
        plain, mode = None, image.mode
    elif image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        plain, mode = _on_paper, "RGB"
    elif image.mode == "1":
        plain, mode = _as("L"), "L"
    else:
        plain, mode = _as("RGB"), "RGB"
    coloured = _by_profile(profile, mode) if profile else None
    if coloured is None and mode == "CMYK":
        coloured = _as("RGB")
    return _both(plain, coloured)


def is_srgb(profile: bytes | None, mode: str) -> bool:
    """Whether a picture of this mode ("RGB", "L", …) looks the same with and without this profile."""
    return not profile or _by_profile(profile, "L" if mode in ("L", "LA", "1") else "RGB") is None


def converted(image: Image.Image, convert: Converter | None) -> Image.Image:
    """The whole picture, strip by strip; in place where its mode stays, so that it is never twice in memory."""
    if convert is None:
        return image
    out = None
    for top, bottom in strips(image):
        piece = convert(image.crop((0, top, image.width, bottom)))
        if out is None:
            out = image if piece.mode == image.mode else Image.new(piece.mode, image.size)
        out.paste(piece, (0, top))
    return out or convert(image)


def strips(image: Image.Image) -> Iterator[tuple[int, int]]:
    """Top and bottom of each strip of the picture."""
    rows = max(1, STRIP_PX // max(1, image.width))
    for top in range(0, image.height, rows):
        yield top, min(image.height, top + rows)


def _both(first: Converter | None, second: Converter | None) -> Converter | None:
    if first is None or second is None:
        return first or second
    return lambda image: second(first(image))


def _as(mode: str) -> Converter:
    return lambda image: image.convert(mode)


def _on_paper(image: Image.Image) -> Image.Image:
    """On white where the picture is transparent."""
    clear = image.convert("RGBA")
    paper = Image.new("RGB", clear.size, "white")
    paper.paste(clear, mask=clear)
    return paper


def _from_deep_grey(image: Image.Image, white_is_zero: bool) -> Converter:
    low, high = _white(*_range(image))
    scale = 255.0 / ((high - low) or 1.0)

    def convert(part: Image.Image) -> Image.Image:
        numbers = np.nan_to_num(np.asarray(part).astype(np.float32), nan=low, posinf=high, neginf=low)
        grey = np.clip((numbers - low) * scale + 0.5, 0, 255).astype(np.uint8)
        return Image.fromarray(255 - grey if white_is_zero else grey)

    return convert


def _range(image: Image.Image) -> tuple[float, float]:
    """The darkest and the brightest number of the picture; (0, 0) when none is a number."""
    found: list[float] = []
    for top, bottom in strips(image):
        numbers: Any = np.asarray(image.crop((0, top, image.width, bottom)))
        numbers = numbers[np.isfinite(numbers)] if image.mode == "F" else numbers
        if numbers.size:
            found += [float(numbers.min()), float(numbers.max())]
    return (min(found), max(found)) if found else (0.0, 0.0)


def _white(darkest: float, brightest: float) -> tuple[float, float]:
    """Which numbers are black and white in a picture with this range."""
    if darkest < 0:
        return darkest, brightest
    whole = brightest == int(brightest) and brightest > 1
    whites = [2.0**bits - 1 for bits in BITS] if whole else FLOATS
    return next(((0.0, white) for white in whites if brightest <= white), (darkest, brightest))


def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _converter_of(transform: ImageCms.ImageCmsTransform) -> Converter:
    def convert(image: Image.Image) -> Image.Image:
        made = ImageCms.applyTransform(image, transform)
        assert made is not None  # It is only with inPlace.
        return made

    return convert


@lru_cache(maxsize=1)
def _from_lab() -> ImageCms.ImageCmsTransform:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    return ImageCms.buildTransform(lab, _srgb(), "LAB", "RGB", _INTENT, _FLAGS)


@lru_cache(maxsize=16)
def _by_profile(profile: bytes, mode: str) -> Converter | None:
    """What takes 8-bit RGB, L or CMYK of this profile to sRGB; None: nothing to do, or nothing that can be done."""
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        space = source.profile.xcolor_space.strip()
        given = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}.get(space, "")
        if not given or (given != mode and (given, mode) != ("RGB", "L")):
            return None
        transform = ImageCms.buildTransform(source, _srgb(), given, "RGB", _INTENT, _FLAGS)
        convert = _converter_of(transform)
        if given != "CMYK" and _changes_nothing(convert, given):
            return None
    except _PROFILE_ERRORS:
        return None
    if given == "L":
        return lambda image: convert(image).convert("L")
    return convert if given == mode else lambda image: convert(image.convert("RGB"))


def _changes_nothing(convert: Converter, mode: str) -> bool:
    """Tried on all greys, or on colours from all over the cube."""
    if mode == "L":
        tried = Image.frombytes("L", (256, 1), bytes(range(256)))
    else:
        levels = range(0, 256, 51)
        tried = Image.frombytes("RGB", (216, 1), b"".join(bytes(colour) for colour in product(levels, repeat=3)))
    differs = ImageChops.difference(convert(tried), tried.convert("RGB")).getextrema()
    return all(most <= NEARLY for _, most in differs)  # type: ignore[misc]
