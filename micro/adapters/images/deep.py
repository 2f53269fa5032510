"""Colour of 16 bits of which a scanner used the lower ones only: stretched, so that it does not come out black.

Pillow decodes such pixels to their upper bytes. The lower ones come of decoding the file once more as if its bytes
were in the other order.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from micro.adapters.images.colours import BITS, strips

_OTHER_ORDER = {"RGB;16L": "RGB;16B", "RGB;16B": "RGB;16L"}
_OTHER_ORDER["RGB;16N"] = _OTHER_ORDER["RGB;16L" if sys.byteorder == "little" else "RGB;16B"]
# From this upper byte on more than 14 bits are used, and those are 16.
_FULL = 1 << 6


def is_deep_colour(image: Image.Image) -> bool:
    """Whether an undecoded picture has RGB pixels of 16 bits a colour, beside each other."""
    tiles = getattr(image, "tile", ())
    return image.mode == "RGB" and bool(tiles) and all(_order_of(tile) in _OTHER_ORDER for tile in tiles)


def stretched(image: Image.Image, again: Callable[[], Image.Image]) -> Image.Image:
    """The decoded picture, stretched by the least usual number of bits that holds its brightest value, in place.

    ``again`` opens the same page anew, undecoded. What uses more than 14 bits is returned as it is, at no cost.
    Memory: twice the 8-bit picture while it is stretched.
    """
    brightest = max(most for _, most in image.getextrema())  # type: ignore[misc]
    if brightest >= _FULL:
        return image
    lower: Any = again()
    lower.tile = [tile._replace(args=_other_order(tile)) for tile in lower.tile]
    lower.load()
    parts = list(strips(image))
    white = _white(max(int(_numbers(image, lower, *part).max()) for part in parts))
    for top, bottom in parts:
        numbers = _numbers(image, lower, top, bottom).astype(np.float32)
        eight = np.clip(numbers * (255.0 / white) + 0.5, 0, 255).astype(np.uint8)
        image.paste(Image.fromarray(eight, "RGB"), (0, top))
    return image


def _white(brightest: int) -> int:
    return int(next(2**bits - 1 for bits in BITS if bits >= 8 and brightest < 2**bits))


def _numbers(upper: Image.Image, lower: Image.Image, top: int, bottom: int) -> Any:
    box = (0, top, upper.width, bottom)
    return np.asarray(upper.crop(box)).astype(np.uint16) << 8 | np.asarray(lower.crop(box))


def _order_of(tile: Any) -> str:
    return str(tile.args[0] if isinstance(tile.args, tuple) else tile.args)


def _other_order(tile: Any) -> Any:
    other = _OTHER_ORDER[_order_of(tile)]
    return (other, *tile.args[1:]) if isinstance(tile.args, tuple) else other
