"""Repeatable randomness: every layer of a card has its own stream, so that one layer never shifts another's draws."""

import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Plane = NDArray[np.float32]


def stream(seed: int, identifier: str, layer: str) -> np.random.Generator:
    """A generator that depends on nothing but its arguments, on any machine."""
    return np.random.default_rng(zlib.crc32(f"{seed}/{identifier}/{layer}".encode()))


def cloud(source: np.random.Generator, cells: tuple[int, int], size_px: tuple[int, int]) -> Plane:
    """Smooth noise between 0 and 1, height × width of `size_px` (width, height), with `cells` bumps (across, down)."""
    coarse = source.random((cells[1], cells[0]), dtype=np.float32)
    plane = np.asarray(Image.fromarray(coarse).resize(size_px, Image.Resampling.BICUBIC), dtype=np.float32)
    clipped: Plane = np.clip(plane, 0.0, 1.0)
    return clipped
