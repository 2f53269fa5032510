"""Pictures: what a file really is, page by page, and sRGB pictures of them without any of their metadata."""

from micro.adapters.images.opening import FORMATS, HAS_PDF
from micro.adapters.images.pillow import PillowImages
from micro.adapters.images.tiles import PillowTiles

__all__ = ["FORMATS", "HAS_PDF", "PillowImages", "PillowTiles"]
