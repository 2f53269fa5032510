"""What ``micro up`` does: starts, watches and stops the embedded queue, one worker and the web server.

:func:`run` is all there is for others. Lines for whoever runs micro go to standard error, one sentence each, without
addresses of visitors, secrets or names.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TypeVar

from micro.adapters import start_checks
from micro.adapters.embedded_queue import EmbeddedQueue
from micro.adapters.processes import kill_session, start
from micro.config import Settings
from micro.errors import MicroError

READY_S = 60  # how long the web may take until /healthz answers 200
STOP_S = 10  # how long a child may take to stop before it is killed; gunicorn's graceful_timeout is the same
LOOK_S = 0.2
DEATHS, WITHIN_S = 5, 60  # so many deaths of one child in so many seconds stop the whole
Result = TypeVar("Result")


@dataclass(frozen=True)
class Part:
    """One child to keep running. When the queue dies, parts that need it are started again with it."""

    name: str
    command: tuple[str, ...]
    needs_queue: bool = False


def worker_and_web(settings: Settings) -> list[Part]:
    """The two parts that are always there, in the order in which they are started; stopped in the reverse order."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    web = (
        sys.executable,
        "-m",
        "gunicorn",
        "--config",
        "python:micro.adapters.gunicorn_settings",
        "--bind",
        f"{host}:{settings.port}",
        "--workers",
        str(settings.web_processes),
        "--threads",
        str(settings.web_threads),
        # The app itself counts the proxies (ProxyFix); without any, nobody's X-Forwarded-Proto is believed.
        "--forwarded-allow-ips",
        "*" if settings.trusted_proxies else "",
        # At "info" gunicorn tells of every start of a process, which says nothing to whoever runs micro.
        "--log-level",
        "warning" if settings.log_level == "info" else settings.log_level,
        "wsgi:app",
    )
    return [Part("worker", (sys.executable, "-m", "micro", "worker"), needs_queue=True), Part("web server", web)]


def pause_s(deaths: Sequence[float], now: float) -> float | None:
    """Seconds to wait before a child is started again: 0.5, 1, 2, 4. None: it died too often, stop the whole.

    ``deaths`` are the moments at which it died, the last included, on the clock of ``now``, in seconds.

    >>> pause_s([100.0], 100.0), pause_s([30.0, 99.0, 100.0], 100.0), pause_s([1.0, 2.0, 3.0, 4.0, 5.0], 5.0)
    (0.5, 1.0, None)
    """
    recent = sum(1 for death in deaths if now - death < WITHIN_S)
    return None if recent >= DEATHS else 0.5 * 2.0 ** (recent - 1)


def run(
    settings: Settings,
    prepare: Callable[[], None],
    ready: Callable[[], None],
    work: Callable[[], int] | None = None,
    parts: Sequence[Part] | None = None,
) -> int:
    """Keeps everything running until SIGINT, SIGTERM or SIGHUP; returns the exit code, 0 for a stop that was asked for.

    ``prepare`` is called once the queue answers and before the other parts start (migrations, demo). ``ready`` is
    called when the web answers. With ``work``, that is called next and everything is stopped when it returns, with
    its result as the exit code. A second signal during the stop kills at once.

    Call it in the main thread. A MicroError of prepare, ready or work becomes one line and exit code 1; other errors
    pass through after everything was stopped.
    """
    try:
        start_checks.prepare_folder(settings.folder)
        with start_checks.only_one(settings.folder):
            start_checks.check_port(settings.host, settings.port)
            _warn_of_network(settings)
            with _embedded_queue(settings) as queue:
                parts = worker_and_web(settings) if parts is None else parts
                return _Supervisor(settings, queue, list(parts)).run(prepare, ready, work)
    except (start_checks.CannotStart, MicroError) as problem:
        _say(str(problem))
        return 1


class _GivingUp(Exception):
    """A child cannot be started or kept running; ``str()`` is the one line to print."""


class _AskedToStop(BaseException):
    """A signal came; like KeyboardInterrupt, no ``except Exception`` of prepare, ready or work swallows it."""


@dataclass
class _Child:
    part: Part
    process: subprocess.Popen[bytes] | None = None
    start_at: float = 0.0
    deaths: list[float] = field(default_factory=list)


class _Supervisor:
    """The running children and what was asked of them; one per call of :func:`run`."""

    def __init__(self, settings: Settings, queue: EmbeddedQueue | None, parts: list[Part]) -> None:
        self.settings = settings
        self.queue = queue
        self.queue_child = _Child(Part("queue", tuple(queue.command))) if queue else None
        self.children = [_Child(part) for part in parts]
        self.signals = 0
        self.interruptible = False
        # Children find the data folder whatever folder they run in; prints of theirs are not held back.
        self.env = {**os.environ, "MICRO_DATA": str(settings.folder), "PYTHONUNBUFFERED": "1"}

    def run(self, prepare: Callable[[], None], ready: Callable[[], None], work: Callable[[], int] | None) -> int:
        with _handled(self._on_signal):
            try:
                self._start_queue()
                self._interruptibly(prepare)
                self._wait_until_ready()
                self._interruptibly(ready)
                if work is not None:
                    return self._interruptibly(work)
                self._watch_for(float("inf"), until=lambda: False)
                return 0
            except _AskedToStop:
                return 0
            except _GivingUp as problem:
                _say(str(problem))
                return 1
            finally:
                self._stop()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.signals += 1
        if self.interruptible:
            raise _AskedToStop

    def _interruptibly(self, call: Callable[[], Result]) -> Result:
        self.interruptible = True
        try:
            if self.signals:
                raise _AskedToStop
            return call()
        finally:
            self.interruptible = False

    def _start_queue(self) -> None:
        if self.queue is None or self.queue_child is None:
            return
        self._start(self.queue_child)
        if not self.queue.wait_until_ready():
            raise _GivingUp(f"the embedded queue did not start: {self.queue.last_words() or 'it says nothing'}")
        self.queue.publish()

    def _wait_until_ready(self) -> None:
        if not self._watch_for(READY_S, until=lambda: _is_healthy(self.settings)):
            raise _GivingUp(
                f"the web server did not answer /healthz with 200 within {READY_S} seconds; "
                "what it printed above tells more"
            )

    def _watch_for(self, limit_s: float, until: Callable[[], bool]) -> bool:
        """Keeps the children running until it is so (True) or the time is over (False)."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            self._look(time.monotonic())
            if until():
                return True
            if self.signals:
                raise _AskedToStop
            time.sleep(LOOK_S)
        return False

    def _look(self, now: float) -> None:
        for child in self._all():
            if child.process is None:
                if now >= child.start_at:
                    self._start(child)
            elif child.process.poll() is not None:
                self._mourn(child, now)

    def _mourn(self, child: _Child, now: float) -> None:
        code = self._clear(child)
        child.deaths.append(now)
        pause = pause_s(child.deaths, now)
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        if pause is None:
            raise _GivingUp(f"the {child.part.name} {how}, the {DEATHS}th time in {WITHIN_S} seconds: giving up")
        _say(f"the {child.part.name} {how}; it is started again in {pause:g} s")
        child.start_at = now + pause
        if child is self.queue_child:
            self._restart_with_queue(child.start_at + 1)

    def _restart_with_queue(self, start_at: float) -> None:
        """A worker registers itself and its schedule in the queue; a new, empty queue knows neither."""
        for child in self.children:
            if child.part.needs_queue and child.process is not None:
                self._clear(child)
                child.start_at = start_at

    def _start(self, child: _Child) -> None:
        child.process = start(child.part.command, self.env)

    def _clear(self, child: _Child) -> int:
        """Ends whatever a child and its descendants still run; returns its exit code."""
        assert child.process is not None
        kill_session(child.process.pid)
        code = child.process.wait()
        child.process = None
        return code

    def _stop(self) -> None:
        """Stops the children one after the other, the web first and the queue last."""
        for child in reversed(self._all()):
            if child.process is None:
                continue
            child.process.terminate()
            end = time.monotonic() + STOP_S
            while child.process.poll() is None and time.monotonic() < end and self.signals < 2:
                time.sleep(LOOK_S / 10)
            self._clear(child)

    def _all(self) -> list[_Child]:
        return [self.queue_child, *self.children] if self.queue_child else self.children


@contextlib.contextmanager
def _embedded_queue(settings: Settings) -> Iterator[EmbeddedQueue | None]:
    if settings.redis_url:
        yield None
        return
    try:
        queue = EmbeddedQueue(settings.folder)
    except OSError as error:
        raise start_checks.CannotStart(f"cannot make a folder for the queue's socket: {error}") from error
    try:
        yield queue
    finally:
        queue.remove()


@contextlib.contextmanager
def _handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """The three signals that ask for a stop call the handler; SIGHUP not under nohup."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _is_healthy(settings: Settings) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(settings.host, settings.host)
    connection = http.client.HTTPConnection(host, settings.port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _warn_of_network(settings: Settings) -> None:
    mounts = Path("/proc/mounts")
    if not settings.database.startswith("sqlite") or not mounts.is_file():
        return
    kind = start_checks.network_file_system(settings.folder.resolve(), mounts.read_text(errors="replace"))
    if kind:
        _say(
            f"{settings.folder} is on a network file system ({kind}), where SQLite can lose data; "
            "set MICRO_DATA to a local disk or DATABASE_URL to PostgreSQL"
        )


def _say(line: str) -> None:
    sys.stderr.write(f"micro: {line}\n")
    sys.stderr.flush()
