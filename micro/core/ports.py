"""What the outside has to be able to do: the Protocols that the adapters fulfil and the services are given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from micro.core.geometry import Box
from micro.core.iiif import Wish


@dataclass(frozen=True)
class Picture:
    """What a page of a file really is. Width and height in pixels are those of the upright picture.

    ``format``: JPEG, PNG, TIFF, WEBP, JPEG2000 or PDF. ``missing`` is the share of a JPEG, 0 to 1, that is not in its
    file because the file's end is missing.
    """

    format: str
    width_px: int
    height_px: int
    orientation: int
    missing: float = 0.0


@dataclass(frozen=True)
class Page:
    """A page with its working copy, an upright JPEG in sRGB of the same size; empty when the file is as good."""

    picture: Picture
    working_copy: bytes


class Storage(Protocol):
    """Files by key: "scans/ab/abcd….jpg". Keys are made by micro, never by visitors."""

    def put(self, key: str, content: bytes) -> None:
        """Stores all or nothing; OutsideFailed otherwise."""

    def get(self, key: str) -> bytes:
        """The content; NotFound when there is none."""

    def exists(self, key: str) -> bool: ...

    def delete(self, key: str) -> None:
        """Removes it; nothing happens when there is none."""

    def keys(self, prefix: str) -> Iterator[str]: ...

    def sizes(self, prefix: str) -> Iterator[tuple[str, int, float]]:
        """Of each file its key, its size in bytes, and when it was stored, in seconds since 1970."""


class Images(Protocol):
    """Reading and cutting of pictures. Whatever comes out is sRGB and carries no metadata."""

    def pages(self, content: bytes) -> Iterator[Page]:
        """What the pages of a file really are, each fully decoded once; BadPicture when one cannot be a scan."""

    def working_copy(self, content: bytes, frame: int) -> bytes:
        """The working copy of the page ``frame``, from 0, made anew."""

    def cut(self, content: bytes, box: Box | None, longest_px: int, frame: int = 0) -> bytes:
        """A JPEG of the box of the upright page (all of it: None), shrunk to ``longest_px``, never enlarged."""


class Tiles(Protocol):
    """Pages in levels, each shrunk by a power of two and kept in square blocks of JPEG; and pictures out of them."""

    def level(self, content: bytes, factor: int, block_px: int, frame: int = 0) -> Iterator[tuple[int, int, bytes]]:
        """Column, row and content of every block of the upright page in sRGB; BadPicture when it is damaged."""

    def picture(self, blocks: Mapping[tuple[int, int], bytes], block_px: int, factor: int, wish: Wish) -> bytes:
        """The picture of a wish from all blocks, by column and row, under its box; BadPicture for a bad one."""


class Once(Protocol):
    """Lets one at a time do the same thing, in all processes of this machine."""

    def alone(self, name: str) -> AbstractContextManager[None]:
        """Waits until nobody else does what has this name."""


class Queue(Protocol):
    """The queue is a hint: a call that fails is logged and swallowed, `micro sweep` catches up."""

    def is_reachable(self) -> bool: ...

    def begun(self, kind: str, subject_id: int) -> None: ...

    def sweep(self) -> None: ...

    def settle(self, project_id: int) -> None: ...

    def take_in(self, intake_id: int, hand: int = 1) -> None: ...

    def cut(self, project_id: int) -> None: ...

    def release(self, release_id: int) -> None: ...

    def send(self, message_id: int) -> None: ...

    def fit(self, project_id: int) -> None: ...

    def redo(self, project_id: int) -> None: ...

    def batch(self, batch_id: int) -> None: ...


class Mail(Protocol):
    """Sends one plain text mail; OutsideFailed when it could not be handed over.

    ``ends_at`` is the address at which a reader ends such mails by one POST (RFC 8058), for those sent to many.
    """

    def send(self, to: str, subject: str, text: str, ends_at: str = "") -> None: ...


class PasswordHasher(Protocol):
    """Hashes passwords (argon2id)."""

    def hash(self, password: str) -> str: ...

    def verify(self, hashed: str, password: str) -> bool: ...
