"""Pictures by the IIIF Image API: from the levels of a page's pyramid, which are made when they are first needed.

A level is the page shrunk by a power of two, cut into blocks. They lie beside the other pictures that are derived from
the page, so that whatever removes these removes them too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from micro.core.iiif import Wish, scale_factors
from micro.core.ports import Images, Once, Storage, Tiles
from micro.data.models import Scan
from micro.errors import BadPicture, NotFound
from micro.services.pictures import Source, content_of, forget, page_folder, source_of

BLOCK_PX = 1024
LEVELS = "levels"


@dataclass(frozen=True)
class PagePicture:
    """The page of a scan as pictures of it need it. Pixels are those of the upright page."""

    sha256: str
    frame: int
    width_px: int
    height_px: int
    source: Source


@dataclass(frozen=True)
class Workshop:
    """All that makes pictures."""

    storage: Storage
    images: Images
    tiles: Tiles
    once: Once


def page_of(scan: Scan) -> PagePicture:
    """The page behind a scan; NotFound for one whose picture is not held here."""
    source = source_of(scan)
    if not (scan.width_px and scan.height_px):
        raise NotFound("There is no such scan.")
    return PagePicture(scan.sha256, scan.frame, scan.width_px, scan.height_px, source)


def picture_of(page: PagePicture, wish: Wish, workshop: Workshop) -> bytes:
    """The picture of a wish. Two who ask at once for a level that is missing make it once. No database here.

    Raises NotFound when the scan's file is gone, BadPicture when it is damaged, OutsideFailed when storage fails.
    """
    factor = level_of(page, wish)
    for last_try in (False, True):
        blocks = _blocks(page, wish, factor, workshop)
        try:
            return workshop.tiles.picture(blocks, BLOCK_PX, factor, wish)
        except BadPicture:
            if last_try:
                raise
            for column, row in blocks:  # A block that broke on the disk is made anew, once.
                workshop.storage.delete(block_key(page, factor, column, row))
    raise AssertionError("unreachable")


def level_of(page: PagePicture, wish: Wish) -> int:
    """By what the page is shrunk in the coarsest level that still has every pixel of the wish."""
    fitting = [
        factor
        for factor in scale_factors(page.width_px, page.height_px, BLOCK_PX)
        if ceil(wish.box.width / factor) >= wish.width and ceil(wish.box.height / factor) >= wish.height
    ]
    return fitting[-1] if fitting else 1


def block_key(page: PagePicture, factor: int, column: int, row: int) -> str:
    """Where a block of a level is cached."""
    return f"{page_folder(page.sha256, page.frame)}/{LEVELS}/{factor}/{column}-{row}.jpg"


def _places(wish: Wish, factor: int) -> Iterator[tuple[int, int]]:
    """Columns and rows of the blocks on which the box of a wish lies."""
    box, side = wish.box, BLOCK_PX * factor
    for row in range(box.y // side, (box.y + box.height - 1) // side + 1):
        for column in range(box.x // side, (box.x + box.width - 1) // side + 1):
            yield column, row


def _blocks(page: PagePicture, wish: Wish, factor: int, workshop: Workshop) -> dict[tuple[int, int], bytes]:
    try:
        return _cached(page, wish, factor, workshop.storage)
    except NotFound:
        pass
    with workshop.once.alone(f"{page.sha256}/{page.frame}/{factor}"):
        try:
            return _cached(page, wish, factor, workshop.storage)  # Somebody made it while we waited.
        except NotFound:
            return _made(page, wish, factor, workshop)


def _cached(page: PagePicture, wish: Wish, factor: int, storage: Storage) -> dict[tuple[int, int], bytes]:
    return {place: storage.get(block_key(page, factor, *place)) for place in _places(wish, factor)}


def _made(page: PagePicture, wish: Wish, factor: int, workshop: Workshop) -> dict[tuple[int, int], bytes]:
    """Makes a level and keeps it; returns the blocks of the wish."""
    content, frame = content_of(page.source, workshop.storage, workshop.images)
    wanted, found = set(_places(wish, factor)), {}
    for column, row, block in workshop.tiles.level(content, factor, BLOCK_PX, frame):
        workshop.storage.put(block_key(page, factor, column, row), block)
        if (column, row) in wanted:
            found[column, row] = block
    if not workshop.storage.exists(page.source.storage_key):  # It was erased meanwhile: nothing of it may stay.
        forget(page.sha256, page.frame, workshop.storage, with_working=True)
        raise NotFound("There is no such scan.")
    if wanted - set(found):
        raise BadPicture("the picture is smaller than it was when it was taken in")
    return found


def trim(storage: Storage, most_bytes: int) -> int:
    """Deletes the levels that were made first until the rest fits into ``most_bytes``; returns how many files.

    They come again when somebody asks. Cost: one listing of all that is derived.
    """
    kept = [(at, size, key) for key, size, at in storage.sizes("derived") if f"/{LEVELS}/" in key]
    over, deleted = sum(size for _, size, _ in kept) - most_bytes, 0
    for _, size, key in sorted(kept):
        if over <= 0:
            break
        storage.delete(key)
        over, deleted = over - size, deleted + 1
    return deleted
