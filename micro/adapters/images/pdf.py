"""Pages of a PDF of scans, rendered by PDFium at the resolution of the picture that each of them holds.

PDFium must not be used by two threads at once: whoever calls this holds the lock of pillow.py.
"""

from __future__ import annotations

import math
from typing import Any

import pypdfium2
from pypdfium2 import raw

from micro.adapters.images.frames import Frame, check_size
from micro.errors import BadPicture

POINTS = 72  # PDF measures in 1/72 inch.
DPI = 300  # For pages without a picture.
LARGEST_SIDE_PX = 60_000
_WRONG_PASSWORD = 4  # FPDF_ERR_PASSWORD


class PdfFile:
    """An opened PDF. Raises BadPicture for a damaged one, and for one that wants a password."""

    def __init__(self, content: bytes, most_px: int) -> None:
        self.most_px = most_px
        try:
            self._document = pypdfium2.PdfDocument(content)
        except pypdfium2.PdfiumError as error:
            if error.err_code == _WRONG_PASSWORD:
                raise BadPicture("this PDF is protected by a password; save it without one") from None
            raise BadPicture("this PDF is damaged or cut off") from None
        self.count = len(self._document)

    def frame(self, number: int) -> Frame:
        """A page as it looks, upright: its own turn is done already."""
        try:
            page = self._document[number]
            try:
                bitmap = page.render(scale=self._scale(page), rev_byteorder=True)
                try:
                    image = bitmap.to_pil().convert("RGB")
                finally:
                    bitmap.close()
            finally:
                page.close()
        except (pypdfium2.PdfiumError, ValueError, MemoryError):
            raise BadPicture("page %(number)s of this PDF cannot be shown", number=number + 1) from None
        return Frame("PDF", image)

    def close(self) -> None:
        self._document.close()

    def _scale(self, page: Any) -> float:
        """Pixels for each point: as many as the largest picture on the page has, never more than allowed."""
        width, height = page.get_size()
        if not (math.isfinite(width * height) and width > 0 and height > 0):
            raise ValueError("a page without a size")
        scale = min(
            self._finest(page) / POINTS,
            math.sqrt(self.most_px / (width * height)),
            LARGEST_SIDE_PX / max(width, height),
        )
        # PDFium rounds up: a page of exactly 2480 pixels must not become 2481, nor one too large by a row.
        scale = (max(1, round(width * scale)) - 0.01) / width
        while math.ceil(width * scale) * math.ceil(height * scale) > self.most_px and scale * width > 1:
            scale *= 0.99
        return float(scale)

    def _finest(self, page: Any) -> float:
        """The resolution of the largest picture on the page, in dots per inch."""
        largest, dpi = 0.0, float(DPI)
        for thing in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=4):
            width, height = thing.get_px_size()
            check_size(width, height, self.most_px)
            left, bottom, right, top = thing.get_bounds()
            area = (right - left) * (top - bottom)
            if area > largest and width and height:
                # Pixels by area: whether the picture lies on its side on the page does not matter.
                largest, dpi = area, POINTS * math.sqrt(width * height / area)
        return dpi
