"""What must be so before anything is started; each check ends in one clear line for whoever runs micro."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROBE_BYTES = 1_000_000
NETWORK_FILE_SYSTEMS = frozenset(
    {
        "9p",
        "afs",
        "ceph",
        "cifs",
        "davfs",
        "fuse.ceph",
        "fuse.davfs2",
        "fuse.glusterfs",
        "fuse.s3fs",
        "fuse.sshfs",
        "glusterfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "smb3",
        "smbfs",
    }
)
REASONS = {
    errno.EACCES: "this account may not write there",
    errno.EPERM: "this account may not write there",
    errno.EDQUOT: "the quota of this account is used up",
    errno.EEXIST: "it is a file",
    errno.ENOSPC: "the disk is full",
    errno.EROFS: "the disk is read-only",
    errno.ENOTDIR: "a part of its path is a file",
}


class CannotStart(Exception):
    """Something outside keeps micro from starting. ``str()`` is the one line to print."""


def prepare_folder(folder: Path) -> None:
    """Makes the data folder (mode 0700) if it is missing, and sees that a megabyte can be written into it."""
    probe = folder / f".probe-{os.getpid()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            _write_through(probe)
        finally:
            probe.unlink(missing_ok=True)
    except OSError as error:
        raise CannotStart(f"cannot use the data folder {folder}: {_reason(error)}. MICRO_DATA names another") from error


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Holds the data folder's lock; CannotStart when another process does.

    The lock ends with the process that holds it, even a killed one.
    """
    try:
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise CannotStart(f"cannot make {folder / 'lock'}: {_reason(error)}") from error
    try:
        _take(lock, folder)
        yield
    finally:
        os.close(lock)


def check_port(host: str, port: int) -> None:
    """CannotStart unless a server could listen there now."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except OSError as error:
        raise CannotStart(_port_problem(host, port, error)) from error


def network_file_system(folder: Path, mounts: str) -> str:
    """The type of the network file system that holds the folder, or "". ``mounts`` is the text of /proc/mounts.

    SQLite's write-ahead log needs memory shared between processes, which these do not give (sqlite.org/wal.html).
    """
    found = (0, "")
    for line in mounts.splitlines():
        _, place, kind, *_ = line.split(" ")
        place = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), place)
        if folder.is_relative_to(place) and len(place) >= found[0]:  # The last of two at one place covers the first.
            found = (len(place), kind)
    return found[1] if found[1] in NETWORK_FILE_SYSTEMS else ""


def _write_through(probe: Path) -> None:
    with probe.open("wb") as file:
        file.write(os.urandom(PROBE_BYTES))
        file.flush()
        os.fsync(file.fileno())


def _take(lock: int, folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(lock, 20, 0).decode(errors="replace").strip()
        raise CannotStart(
            f"another micro (process {holder}) already runs on the data folder {folder}; "
            "stop it first, or name another with MICRO_DATA"
        ) from None
    except OSError as error:
        raise CannotStart(f"cannot lock {folder / 'lock'}: {_reason(error)}") from error
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)


def _reason(error: OSError) -> str:
    return REASONS.get(error.errno or 0, error.strerror or str(error))


def _port_problem(host: str, port: int, error: OSError) -> str:
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is not an address of this machine. MICRO_HOST names another"
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is in use by another program. MICRO_PORT names another"
    return f"cannot listen on port {port} of {host}: {error.strerror}. MICRO_PORT names another"
