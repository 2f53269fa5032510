"""The servers that are measured: `micro up` on SQLite and on PostgreSQL, and a private PostgreSQL if none is named."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from micro.adapters.processes import start
from micro.config import Settings

READY_S = 60


@dataclass(frozen=True)
class Place:
    """Where one micro runs: its data folder, its port, its database ("" for SQLite), and the database's process."""

    name: str
    folder: Path
    port: int
    database_url: str = ""
    database_pid: int = 0
    demo: bool = False

    def settings(self) -> Settings:
        return Settings(
            data_folder=self.folder, port=self.port, database_url=self.database_url, log_level="error"
        ).checked()

    def environment(self) -> dict[str, str]:
        """The variables of every process that works here."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("MICRO_") and name not in ("REDIS_URL", "STORAGE_URL", "DATABASE_URL")
        }
        checkout = str(Path(__file__).resolve().parents[2])
        return {
            **kept,
            "PYTHONPATH": checkout,
            "MICRO_DATA": str(self.folder),
            "MICRO_PORT": str(self.port),
            "MICRO_LOG_LEVEL": "error",
            **({"MICRO_DEMO": "1"} if self.demo else {}),
            **({"DATABASE_URL": self.database_url} if self.database_url else {}),
        }


def places(stack: ExitStack, temporary: Path) -> list[Place]:
    """SQLite, and PostgreSQL where there is one; what was started ends with the stack."""
    found = [Place("SQLite", temporary / "sqlite", free_port())]
    named = os.environ.get("MICRO_TEST_POSTGRES", "")
    server, pid = (named, 0) if named else stack.enter_context(_private_postgres(temporary))
    if server:
        found.append(Place("PostgreSQL", temporary / "postgres", free_port(), _database(stack, server), pid))
    return found


def free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@dataclass
class Micro:
    """One running `micro up`."""

    process: subprocess.Popen[bytes]
    web: int
    worker: int

    def web_tree(self) -> list[int]:
        return [self.web, *_children(self.web)]

    def web_peak_mb(self) -> float:
        """The most memory that any web process ever held, in MB."""
        return max(peak_mb(pid) for pid in self.web_tree())


@contextmanager
def micro_up(place: Place) -> Iterator[Micro]:
    """`micro up` at a place, from its first answer on; stopped at the end."""
    place.folder.mkdir()
    with (place.folder / "output").open("wb") as output:
        process = start([sys.executable, "-m", "micro", "up"], place.environment(), output.fileno())
    try:
        _wait_until_it_answers(place, process)
        children = _children(process.pid)
        web, worker = (next(pid for pid in children if word in _command(pid)) for word in ("gunicorn", "worker\0"))
        yield Micro(process, web, worker)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=40)


def _wait_until_it_answers(place: Place, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + READY_S * (6 if place.demo else 1)  # The demonstration is drawn first.
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{place.port}/healthz", timeout=2):
            return
        time.sleep(0.1)
    raise SystemExit(f"bench: micro did not start:\n{(place.folder / 'output').read_text()[-2000:]}")


# Processes -------------------------------------------------------------------------------------------------------


def cpu_s(pids: Sequence[int]) -> float:
    """The processor time of these processes, and of their children that ended, in seconds."""
    ticks = 0
    for pid in pids:
        with suppress(OSError):
            parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, parts[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def machine_cpu_s() -> tuple[float, float, float]:
    """When this is, how much processor time the machine has used, and how much of it was ours; in seconds."""
    ticks = [int(text) for text in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    mine = os.times()
    busy = (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")
    return time.monotonic(), busy, mine.user + mine.system + mine.children_user + mine.children_system


def busy_cores(before: tuple[float, float, float], after: tuple[float, float, float]) -> float:
    """How many cores something else kept busy between two moments, on average; our children have ended by then."""
    seconds, busy, mine = (late - early for early, late in zip(before, after, strict=True))
    return max(0.0, busy - mine) / seconds


def peak_mb(pid: int) -> float:
    """The most memory that a process ever held (VmHWM), in MB; 0 when it is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1000
    return 0.0


def tree(pid: int) -> list[int]:
    """A process with all below it."""
    return [pid, *(below for child in _children(pid) for below in tree(child))] if pid else []


def _children(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(entry.name))
    return found


def _command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


# PostgreSQL ------------------------------------------------------------------------------------------------------


@contextmanager
def _private_postgres(temporary: Path) -> Iterator[tuple[str, int]]:
    """The address and process of a cluster with PostgreSQL's own settings; ("", 0) when it is not installed."""
    programs = _postgres_programs()
    if programs is None:
        print("bench: no PostgreSQL is installed, so only SQLite is measured", file=sys.stderr)
        yield "", 0
        return
    folder = temporary / "pg"
    folder.mkdir(mode=0o700)
    runs = _as_whom(temporary, folder)
    making = [*runs, programs / "initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    making += ["--locale", "C.UTF-8"]
    subprocess.run(making, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    with (temporary / "postgres.log").open("wb") as log:
        serving = [*runs, programs / "postgres", "-D", "data", "-k", folder, "-h", ""]
        server = subprocess.Popen(serving, cwd=folder, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait_for_socket(folder / ".s.PGSQL.5432")
        yield f"postgresql://postgres@/postgres?host={folder}", server.pid
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=30)


def _as_whom(temporary: Path, folder: Path) -> list[str | Path]:
    """What to begin a command of PostgreSQL with: it ends with us, and refuses to run as root."""
    runs: list[str | Path] = ["setpriv", "--pdeathsig", "QUIT"]
    if os.geteuid() == 0:  # Then it runs as Debian's user postgres.
        temporary.chmod(0o711)
        shutil.chown(folder, "postgres", "postgres")
        runs += ["--reuid", "postgres", "--regid", "postgres", "--init-groups"]
    return runs


def _postgres_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: path.parts[-3].zfill(4))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


def _wait_for_socket(path: Path) -> None:
    end = time.monotonic() + READY_S
    while time.monotonic() < end:
        with suppress(OSError), closing(socket.socket(socket.AF_UNIX)) as asking:
            asking.connect(str(path))
            return
        time.sleep(0.1)
    raise SystemExit("bench: PostgreSQL did not start")


def _database(stack: ExitStack, server: str) -> str:
    """A fresh database on the server; dropped at the end."""
    import psycopg  # noqa: PLC0415 - not needed for SQLite, and not always installed

    name = f"micro_bench_{uuid4().hex[:8]}"
    end = time.monotonic() + READY_S
    while True:  # It listens before it takes connections.
        try:
            connection = psycopg.connect(server, autocommit=True)
            break
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
    stack.callback(connection.close)
    connection.execute(f'CREATE DATABASE "{name}"')
    stack.callback(connection.execute, f'DROP DATABASE "{name}" WITH (FORCE)')
    head, _, query = server.partition("?")
    return head.rpartition("/")[0] + f"/{name}" + (f"?{query}" if query else "")
