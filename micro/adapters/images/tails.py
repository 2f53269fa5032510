"""JPEG files whose end is missing: a copy that broke off, a disk that was full.

The bytes that are there are closed with an end marker; libjpeg then fills what is missing with a flat colour. How
much that is shows by decoding twice, once with noise before the end marker: above the first row that differs,
everything came from the file (ISO/IEC 10918-1, B.2 and G.1: scans and their markers).
"""

from __future__ import annotations

import random
import re
from io import BytesIO

from PIL import Image, ImageChops

END = b"\xff\xd9"
# An end marker is followed by nothing, a stuffed FF by 00, and restart markers stand within a scan.
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_NOISE = bytes(random.Random(1).randrange(255) for _ in range(4096))  # Never FF.
_ZEROS = bytes(256)  # So many in a row are nothing that a JPEG encoder writes.
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})
_PROGRESSIVE = frozenset({0xC2, 0xCA})


def mended(content: bytes, filling: bytes = b"") -> bytes:
    """The file with an end. Zeros at its end are a disk's, no picture's."""
    return content.rstrip(b"\0").rstrip(b"\xff") + filling + END


def ends_in_zeros(content: bytes) -> bool:
    """Whether zeros stand where the end marker should: a disk's space for a file that was never wholly written."""
    return content.endswith(_ZEROS) and not content.rstrip(b"\0").endswith(END)


def is_progressive(content: bytes) -> bool:
    """Whether the picture comes in layers, each over its whole height: what is cut off is sharpness, not height."""
    place = 2
    while (found := _MARKER.search(content, place)) is not None:
        if (marker := content[found.end() - 1]) in _FRAMES:
            return marker in _PROGRESSIVE
        place = found.end() + int.from_bytes(content[found.end() : found.end() + 2], "big")
    return False


def missing_share(content: bytes) -> float:
    """How much of the height is not in a cut-off file, 0 to 1; 1 when a whole layer of the picture is missing.

    Of a progressive JPEG this is the part that is less sharp than the rest. Decodes twice at half the size.
    """
    if not _every_layer_has_begun(content):
        return 1.0
    seen, other = (_half(mended(content, filling)) for filling in (b"", _NOISE))
    differs = ImageChops.difference(seen, other).getbbox()
    return 0.0 if differs is None else 1 - differs[1] / seen.height


def _half(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content), formats=("JPEG",))
    image.draft(None, (image.width // 2, image.height // 2))
    image.load()
    return image


def _every_layer_has_begun(content: bytes) -> bool:
    """Whether each coefficient of each component occurs to its last bit in a scan that is there, at least in part."""
    missing: dict[int, set[int]] = {}
    place = 2
    while (found := _MARKER.search(content, place)) is not None:
        marker, body = content[found.end() - 1], found.end() + 2
        if marker == _END_OF_IMAGE:
            break
        place = found.end() + int.from_bytes(content[found.end() : body], "big")
        if marker in _FRAMES:
            components = content[body + 6 : body + 6 + 3 * content[body + 5] : 3]
            missing = {component: set(range(64)) for component in components}
            is_progressive = marker in _PROGRESSIVE
        elif marker == _START_OF_SCAN and missing:
            count = content[body]
            first, last, bits = content[body + 1 + 2 * count : body + 4 + 2 * count]
            done = range(first, last + 1) if is_progressive else range(64)
            for component in content[body + 1 : body + 1 + 2 * count : 2]:
                if not (is_progressive and bits & 15):
                    missing.get(component, set()).difference_update(done)
    return bool(missing) and not any(missing.values())
