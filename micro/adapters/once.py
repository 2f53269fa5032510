"""One at a time, in all processes of this machine: locks on files that end with whoever holds them, even if killed."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zlib import crc32

FILES = 64  # Two names that share a file wait for each other without need, which costs little.


class FileOnce:
    """Keeps its lock files, empty ones, in a folder that it makes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Waits until nobody else does what has this name; threads of one process wait for each other too."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / f"{crc32(name.encode()) % FILES}.lock").open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
