"""A running `micro up` whose web and worker are stand-ins, and what the machine knows of its processes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from redis import Redis
from rq import Queue

from tests.servers import free_port

CHECKOUT = Path(__file__).parents[2]
STAND_INS = {
    "wsgi.py": """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["wsgi.url_scheme"].encode()]
""",
    "worker.py": """
from micro.adapters.processes import forks_die_with_me
from micro.config import Settings
from redis import Redis
from rq import Queue, Worker
forks_die_with_me()
connection = Redis.from_url(Settings.from_env().redis)
Worker([Queue(connection=connection)], connection=connection).work(with_scheduler=True)
""",
    "chores.py": """
import pathlib, time
def sleep(seconds): time.sleep(seconds)
def touch(path): pathlib.Path(path).touch()
""",
    "up.py": """
import sys
from micro.config import Settings
from micro.supervise import Part, run, worker_and_web
settings = Settings.from_env()
worker = Part("worker", (sys.executable, *(sys.argv[1:] or ["worker.py"])), needs_queue=True)
sys.exit(run(settings, lambda: print("prepare", flush=True), lambda: print("ready", flush=True),
             parts=[worker, worker_and_web(settings)[1]]))
""",
}


class Up:
    """One running `micro up` with stand-ins, in a folder of its own."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        for name, text in STAND_INS.items():
            (folder / name).write_text(text)
        self.port = int(environment.get("MICRO_PORT", free_port()))
        self.data = folder / environment.get("MICRO_DATA", "data")
        self.output = folder / f"output-{time.monotonic_ns()}"
        environment = {"MICRO_PORT": str(self.port), "MICRO_DATA": str(self.data), **environment}
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("MICRO_") and not k.endswith("_URL")}
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "up.py", *arguments],
                cwd=folder,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env={**inherited, "PYTHONPATH": f"{CHECKOUT}:{folder}", **environment},
            )

    @property
    def said(self) -> str:
        return self.output.read_text()

    @property
    def lines_of_micro(self) -> list[str]:
        return [line for line in self.said.splitlines() if line.startswith("micro:")]

    @property
    def queue(self) -> Queue:
        address = (self.data / "queue-address").read_text().strip()
        return Queue(connection=Redis.from_url(address))

    def wait_until_ready(self) -> Up:
        eventually(lambda: "ready\n" in self.said, self)
        return self

    def get(self, path: str, **headers: str) -> str:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=5) as answer:
            return str(answer.read().decode())

    def child(self, word: str) -> int:
        """The process id of the direct child whose command has this word."""
        return next(pid for pid in children_of(self.process.pid) if word in command_of(pid))

    def child_is_alive(self, word: str, other_than: int = 0) -> bool:
        return any(word in command_of(pid) and pid != other_than for pid in children_of(self.process.pid))

    def end(self) -> None:
        """Stops it without patience; SIGKILL for whatever a failed test left."""
        family = descendants(self.process.pid) if self.process.poll() is None else []
        for _ in range(2):
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=2)
        for pid in [self.process.pid, *family] if self.process.poll() is None else []:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


def eventually(is_so: Callable[[], bool], up: Up | None = None, limit_s: float = 30) -> None:
    end = time.monotonic() + limit_s
    while not is_so():
        assert time.monotonic() < end, f"not so after {limit_s} s" + (f":\n{up.said}" if up else "")
        assert up is None or up.process.poll() is None, f"it ended:\n{up.said}"
        time.sleep(0.05)


def parents() -> dict[int, int]:
    """The parent of every process that is alive."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            if state not in "ZX":
                found[int(entry.name)] = int(parent)
    return found


def children_of(pid: int) -> list[int]:
    return [child for child, parent in parents().items() if parent == pid]


def descendants(pid: int) -> list[int]:
    return [one for child in children_of(pid) for one in (child, *descendants(child))]


def command_of(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return ""


def gone(pids: list[int]) -> bool:
    return not set(pids) & set(parents())


def answers(running: Up) -> bool:
    try:
        return running.get("/healthz") == "http"
    except OSError:
        return False
