"""Child processes that never outlive their parent, however it ends.

Linux tells a process when its parent dies (``prctl(PR_SET_PDEATHSIG)``), also after SIGKILL, when nobody is left to
stop it. The request is lost over a fork and kept over an exec, so :func:`start` runs this very file as a tiny
launcher that asks for it and then becomes the command. This file imports the standard library only, because the
launcher runs without site-packages to be quick. Elsewhere than on Linux the requests do nothing.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1  # <sys/prctl.h>


def die_with_parent(parent_pid: int) -> None:
    """Has this process killed as soon as its parent ends, and at once when ``parent_pid`` is already gone.

    The parent is the *thread* that forked: fork from the main thread.
    """
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent_pid:  # It died between the fork and the call above.
        os.kill(os.getpid(), signal.SIGKILL)


def forks_die_with_me() -> None:
    """From now on every fork of this process dies with it: RQ's work horses and its scheduler, for instance.

    Call it once, early, in the main thread. Forks of forks die with *their* parent. Commands started by subprocess
    are not forks in this sense; use :func:`start` for them.
    """
    forking = [os.getpid()]

    def remember() -> None:
        forking[0] = os.getpid()

    os.register_at_fork(before=remember, after_in_child=lambda: die_with_parent(forking[0]))


def start(command: Sequence[str], env: Mapping[str, str], output: int | None = None) -> subprocess.Popen[bytes]:
    """The command as a running child in a session of its own, that dies with this process.

    Its process id is also the id of its session and process group. ``output`` is a file descriptor for both of its
    outputs; None: those of this process.
    """
    launcher = [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]
    return subprocess.Popen(
        launcher, env=dict(env), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
    )


def session_members(session: int) -> list[int]:
    """The process ids in a session, zombies left out; empty where there is no /proc."""
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _session(entry) == session]


def kill_session(session: int) -> None:
    """Kills whatever is left of a child and its descendants, those in process groups of their own included."""
    for pid in session_members(session):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError, PermissionError):  # Where there is no /proc, its group at least.
        os.killpg(session, signal.SIGKILL)


def _session(entry: Path) -> int:
    try:
        # "pid (name) state ppid pgrp session …"; the name may hold spaces and brackets.
        state, _, _, session = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
    except (OSError, ValueError):  # It ended while we looked.
        return 0
    return 0 if state in "ZX" else int(session)


def _become(arguments: Sequence[str]) -> None:
    parent_pid, *command = arguments
    die_with_parent(int(parent_pid))
    os.execvp(command[0], command)


if __name__ == "__main__":
    _become(sys.argv[1:])
