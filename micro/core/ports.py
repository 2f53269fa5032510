"""What the outside has to be able to do: the Protocols that the adapters fulfil and the services are given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from micro.core.geometry import Box


@dataclass(frozen=True)
class Picture:
    """What a file really is. Width and height in pixels are those of the upright picture."""

    format: str
    width_px: int
    height_px: int
    orientation: int


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


class Images(Protocol):
    """Reading and cutting of pictures."""

    def look(self, content: bytes) -> Picture:
        """What the bytes really are, fully decoded once; BadPicture with the reason when they cannot be a scan."""

    def cut(self, content: bytes, box: Box | None, longest_px: int) -> bytes:
        """A JPEG of the box of the upright picture (all of it: None), shrunk to ``longest_px``, never enlarged."""


class Queue(Protocol):
    """The queue is a hint: a call that fails is logged and swallowed, `micro sweep` catches up."""

    def is_reachable(self) -> bool: ...

    def begun(self, kind: str, subject_id: int) -> None: ...

    def sweep(self) -> None: ...

    def settle(self, project_id: int) -> None: ...

    def take_in(self, intake_id: int) -> None: ...

    def cut(self, project_id: int) -> None: ...

    def release(self, release_id: int) -> None: ...


class Mail(Protocol):
    """Sends one plain text mail; OutsideFailed when it could not be handed over."""

    def send(self, to: str, subject: str, text: str) -> None: ...


class PasswordHasher(Protocol):
    """Hashes passwords (argon2id)."""

    def hash(self, password: str) -> str: ...

    def verify(self, hashed: str, password: str) -> bool: ...
