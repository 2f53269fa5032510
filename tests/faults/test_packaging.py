"""A wheel carries everything, and `pip install .` into a clean environment runs from an empty folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
import zipfile
from pathlib import Path

import pytest

from tests.servers import free_port

CHECKOUT = Path(__file__).parents[2]
ROOMS = ("micro", "tasks", "templates", "static")
NOT_PACKED = (".cfg", ".po", ".pot")


def tracked_files() -> set[str]:
    """The project's files below the rooms that a wheel carries, as paths inside the wheel."""
    found = set()
    for room in ROOMS:
        for path in (CHECKOUT / room).rglob("*"):
            name = path.relative_to(CHECKOUT).as_posix()
            if path.is_file() and "__pycache__" not in name and path.suffix not in NOT_PACKED:
                found.add(f"micro/{name}" if room in ("templates", "static") else name)
    return found


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout without what git ignores: pip builds in place and must not litter."""
    target = tmp_path_factory.mktemp("checkout") / "micro"
    shutil.copytree(
        CHECKOUT,
        target,
        symlinks=True,
        ignore=shutil.ignore_patterns(
            ".git",
            ".venv",
            "var",
            "__pycache__",
            ".*_cache",
            "build",
            "*.egg-info",
            ".screens",
            "node_modules",
            ".hypothesis",
        ),
    )
    return target


@pytest.fixture(scope="module")
def wheel(copy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", target, copy], check=True, timeout=300
    )
    return next(target.glob("micro-*.whl"))


def test_the_wheel_carries_every_file_of_its_rooms(wheel: Path) -> None:
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert packed - {"wsgi.py"} == tracked_files()


def test_it_runs_from_an_empty_folder_in_a_clean_environment(wheel: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "env"], check=True, timeout=120)
    python = tmp_path / "env/bin/python"
    constraints = CHECKOUT / "scripts/constraints.txt"
    subprocess.run([python, "-m", "pip", "install", "-q", "-c", constraints, wheel], check=True, timeout=600)
    empty = tmp_path / "empty"
    empty.mkdir()
    port = free_port()
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MICRO_", "PYTHON")) and not name.endswith("_URL")
    }
    environ |= {"MICRO_PORT": str(port)}
    up = subprocess.Popen(
        [tmp_path / "env/bin/micro", "up"], cwd=empty, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        health = _wait_for(f"http://127.0.0.1:{port}/healthz", up)
        assert health["database"] == health["storage"] == health["queue"] == "ok"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as page:
            assert b"Old handwriting" in page.read()
        assert (empty / "var/micro.db").is_file()
    finally:
        up.terminate()
        assert up.wait(timeout=30) == 0


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> dict[str, str]:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert process.poll() is None, process.stderr.read().decode() if process.stderr else ""
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:
                found: dict[str, str] = json.load(answer)
                return found
        except OSError:
            time.sleep(0.2)
    raise AssertionError("it did not come up")
