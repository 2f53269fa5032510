"""`micro up` as a real process: whatever happens to it, nothing is left behind and one line says what was wrong.

The web and the worker are stand-ins, so that these tests are about the supervision only; Valkey, gunicorn, RQ and
every signal are real.
"""

from __future__ import annotations

import os
import signal
import socket
import stat
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from micro.adapters.embedded_queue import SOCKET_PATH_BYTES, EmbeddedQueue
from micro.adapters.start_checks import CannotStart, network_file_system, prepare_folder
from micro.config import Settings
from micro.supervise import worker_and_web
from tests.faults.running import Up, answers, children_of, descendants, eventually, gone


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    started: list[Up] = []

    def start(*arguments: str, **environment: str) -> Up:
        started.append(Up(tmp_path, *arguments, **environment))
        return started[-1]

    yield start
    for one in started:
        one.end()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_stop_every_child_and_leave_no_file(up: Callable[..., Up], number: signal.Signals) -> None:
    running = up().wait_until_ready()
    # Valkey, the worker and its scheduler, gunicorn and its two processes; the second may come a moment later.
    eventually(lambda: len(descendants(running.process.pid)) >= 6)
    family = descendants(running.process.pid)
    socket_path = Path((running.data / "queue-address").read_text().strip().removeprefix("unix://"))
    assert stat.S_IMODE(socket_path.stat().st_mode) == 0o600
    assert stat.S_IMODE(socket_path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(running.data.stat().st_mode) == 0o700

    running.process.send_signal(number)

    assert running.process.wait(timeout=25) == 0
    assert gone(family)
    assert [path.name for path in running.data.iterdir()] == ["lock"]
    assert not socket_path.parent.exists()
    assert running.lines_of_micro == []


def test_a_second_signal_does_not_wait_for_a_long_job(up: Callable[..., Up]) -> None:
    running = up().wait_until_ready()
    running.queue.enqueue("chores.sleep", 60)
    worker = running.child("worker.py")
    eventually(lambda: len(children_of(worker)) == 2, running)  # the scheduler and the work horse
    family = descendants(running.process.pid)
    started = time.monotonic()

    running.process.send_signal(signal.SIGINT)
    eventually(lambda: not running.child_is_alive("gunicorn"))
    running.process.send_signal(signal.SIGINT)

    assert running.process.wait(timeout=25) == 0
    assert time.monotonic() - started < 9
    assert gone(family)


def test_15_seconds_after_sigkill_nothing_is_left_not_even_the_work_horse(up: Callable[..., Up]) -> None:
    running = up().wait_until_ready()
    running.queue.enqueue("chores.sleep", 60)
    worker = running.child("worker.py")
    eventually(lambda: len(children_of(worker)) == 2, running)
    family = descendants(running.process.pid)
    leftover = Path((running.data / "queue-address").read_text().strip().removeprefix("unix://")).parent

    running.process.kill()
    running.process.wait()

    eventually(lambda: gone(family), limit_s=15)
    again = up().wait_until_ready()
    assert not leftover.exists(), "the next start clears the folder that nobody could remove"
    assert again.queue.connection.ping()


def test_a_child_that_dies_is_started_again(up: Callable[..., Up]) -> None:
    running = up().wait_until_ready()
    first = {word: running.child(word) for word in ("gunicorn", "valkey")}
    touched = running.data / "touched"

    for pid in first.values():
        os.kill(pid, signal.SIGKILL)

    eventually(lambda: all(running.child_is_alive(word, other_than=pid) for word, pid in first.items()), running)
    eventually(lambda: answers(running), running)
    running.queue.enqueue("chores.touch", str(touched))
    eventually(touched.exists, running)
    assert "micro: the queue was killed by SIGKILL; it is started again in 0.5 s" in running.lines_of_micro
    assert "micro: the web server was killed by SIGKILL; it is started again in 0.5 s" in running.lines_of_micro


def test_five_deaths_in_a_minute_stop_the_whole_with_one_line(up: Callable[..., Up]) -> None:
    running = up("-c", "raise SystemExit(3)")

    assert running.process.wait(timeout=40) == 1
    assert running.lines_of_micro[-1] == (
        "micro: the worker ended with exit code 3, the 5th time in 60 seconds: giving up"
    )
    assert [line.rpartition(" in ")[2] for line in running.lines_of_micro[:-1]] == ["0.5 s", "1 s", "2 s", "4 s"]


def test_a_second_start_on_the_same_folder_is_refused(up: Callable[..., Up]) -> None:
    first = up().wait_until_ready()
    second = up()

    assert second.process.wait(timeout=10) == 1
    assert second.said == (
        f"micro: another micro (process {first.process.pid}) already runs on the data folder "
        f"{first.data}; stop it first, or name another with MICRO_DATA\n"
    )
    assert first.queue.connection.ping(), "the first is not disturbed"


def test_a_busy_port_is_one_line(up: Callable[..., Up]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        running = up(MICRO_PORT=str(port))
        assert running.process.wait(timeout=10) == 1
    assert running.said == (f"micro: port {port} of 127.0.0.1 is in use by another program. MICRO_PORT names another\n")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("up.py", "it is a file"),
        ("up.py/below", "a part of its path is a file"),
        ("/proc/micro", "No such file or directory"),
    ],
)
def test_a_data_folder_that_cannot_be_used_is_one_line(up: Callable[..., Up], data: str, reason: str) -> None:
    running = up(MICRO_DATA=data)

    assert running.process.wait(timeout=10) == 1
    assert running.said == (f"micro: cannot use the data folder {running.data}: {reason}. MICRO_DATA names another\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_a_full_disk_is_told_by_name(tmp_path: Path) -> None:
    (tmp_path / f".probe-{os.getpid()}").symlink_to("/dev/full")
    with pytest.raises(CannotStart, match="the disk is full"):
        prepare_folder(tmp_path)


def test_the_sockets_path_fits_however_deep_the_folders_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path.joinpath(*["a-rather-long-folder-name"] * 8)
    deep.mkdir(parents=True)
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    queue = EmbeddedQueue(deep)
    try:
        assert len(os.fsencode(queue.socket)) <= SOCKET_PATH_BYTES
        queue.publish()
        assert Settings(data_folder=deep).redis == f"unix://{queue.socket}"
    finally:
        queue.remove()
    assert Settings(data_folder=deep).redis == ""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/srv/scans/micro", "nfs4"),
        ("/srv/scans", "nfs4"),
        ("/srv/scans2", ""),
        ("/srv", ""),
        ("/mnt/two words/var", "cifs"),
        ("/srv/scans/local/var", ""),
    ],
)
def test_a_network_file_system_is_known_by_its_mount(folder: str, kind: str) -> None:
    mounts = (
        "/dev/vda / ext4 rw 0 0\nnas:/scans /srv/scans nfs4 rw 0 0\n//nas/x /mnt/two\\040words cifs rw 0 0\n"
        "/dev/vdb /srv/scans/local xfs rw 0 0\n"
    )
    assert network_file_system(Path(folder), mounts) == kind


def test_without_proxies_nobody_is_believed_and_with_them_the_app_counts(up: Callable[..., Up]) -> None:
    command = worker_and_web(Settings(trusted_proxies=1))[1].command
    assert command[command.index("--forwarded-allow-ips") + 1] == "*"
    running = up().wait_until_ready()
    assert running.get("/", **{"X-Forwarded-Proto": "https"}) == "http"


def test_a_quiet_connection_stays_open_while_somebody_reads_and_holds_up_no_stop(up: Callable[..., Up]) -> None:
    running = up().wait_until_ready()
    connection = HTTPConnection("127.0.0.1", running.port, timeout=5)
    connection.request("GET", "/")
    connection.getresponse().read()
    quiet, by = connection.sock, time.monotonic()
    time.sleep(5)
    connection.request("GET", "/")
    assert connection.getresponse().read() == b"http" and connection.sock is quiet
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(timeout=25) == 0 and time.monotonic() - by < 20
    connection.close()


def test_gunicorns_own_lines_hold_no_address_of_a_visitor(up: Callable[..., Up]) -> None:
    running = up().wait_until_ready()
    with socket.create_connection(("127.0.0.1", running.port)) as visitor:
        visitor.sendall(b"GET /secret-link HTTP/1.1\r\nBad Header: x\r\n\r\n")
        visitor.recv(1000)
    eventually(lambda: "Invalid request" in running.said, running)
    assert "ip=" not in running.said
    assert "secret-link" not in running.said
