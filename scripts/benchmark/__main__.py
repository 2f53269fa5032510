"""What scripts/bench runs: starts everything, measures, prints the table, stops everything."""

from __future__ import annotations

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(CHECKOUT))

import fill  # noqa: E402
import load  # noqa: E402
import parts  # noqa: E402
import servers  # noqa: E402
from table import Table, machine, write_into  # noqa: E402

FILLING_S = 600
MODES = {"key": "clients with a key", "visitor": "visitors"}


def main() -> int:
    """Measures what the arguments ask for; returns the exit code."""
    arguments = argparse.ArgumentParser(prog="scripts/bench", description="Measures micro on this machine.")
    arguments.add_argument("--quick", action="store_true", help="a first look in half a minute")
    arguments.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    arguments.add_argument("--clients", type=int, default=8, help="how many volunteers answer at once")
    arguments.add_argument("--screen", action="store_true", help="only the workbench in a browser")
    asked = arguments.parse_args()
    size = fill.QUICK if asked.quick else fill.FULL
    begun, before = time.monotonic(), servers.machine_cpu_s()
    with ExitStack() as stack:
        # Not TMPDIR: the path of a socket stops at 107 bytes.
        temporary = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="micro-bench-", dir="/tmp")))
        table = Table()
        if not asked.screen:
            measure(stack, temporary, size, asked.clients, table)
        measure_screen(temporary, table)
    text = (
        f"{machine()}\n\n{table.markdown()}\n\nMeasured in {time.monotonic() - begun:.0f} s, during which "
        f"{servers.busy_cores(before, servers.machine_cpu_s()):.1f} cores were busy with other things."
    )
    print(f"\n{text}")
    if asked.write:
        write_into(CHECKOUT / "docs" / "performance.md", text)
    return 0


def measure(stack: ExitStack, temporary: Path, size: fill.Size, clients: int, table: Table) -> None:
    """Fills the table, a column per database."""
    places = servers.places(stack, temporary)
    with ExitStack() as running:
        micros = {}
        for place in places:
            say(f"{place.name}: starting, and filling it with {size.tasks} tasks and {size.records} records")
            micros[place.name] = running.enter_context(servers.micro_up(place))
            fill.fill(place.settings(), size, clients)
        for mode, words in MODES.items():
            for place in places:  # In turns, so that what else the machine does meets both.
                say(f"{place.name}: {clients} {words} for {size.load_s} s")
                found = load.run(place, mode, clients, size, micros[place.name])
                table.add_load(place.name, f"{clients} {words}", found)
        for place in places:
            peak = micros[place.name].web_peak_mb()
            table.add(place.name, "memory peak of the largest web process", f"{peak:.0f} MB")
    pictures = parts.draw_pictures(temporary / "pictures", size)
    for part in ("settle", "release", "ingest", "pair", "tiff", "tiles", "queue"):
        for place in places:
            say(f"{place.name}: {part}")
            if part == "queue":  # Is not measured, and takes what it takes.
                run_part("queue_fill", place, pictures, FILLING_S)
            table.add_part(place.name, part, run_part(part, place, pictures))
    for answers in size.answers:
        for part in ("fit", "merge"):
            say(f"consensus: {part} of {answers:,} answers")
            table.add_consensus(part, run_refit(part, answers))


def measure_screen(temporary: Path, table: Table) -> None:
    """The workbench in a browser, with a demonstration of its own; nothing else runs meanwhile."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None or find_spec("playwright") is None:
        say("the workbench is not measured: Chromium or the packages of the tests are missing")
        return
    place = servers.Place("SQLite", temporary / "demo", servers.free_port(), demo=True)
    say("the workbench in Chromium")
    with servers.micro_up(place):
        url = f"http://127.0.0.1:{place.port}"
        table.add_screen(place.name, run([str(Path(__file__).parent / "screen.py"), chromium, url], place))


def run_part(part: str, place: servers.Place, pictures: Path, most_s: int = 170) -> dict[str, float]:
    """Runs a part in a process of its own, so that its memory is its own too; up to ``most_s`` seconds."""
    return run([str(Path(__file__).parent / "parts.py"), part, str(pictures)], place, most_s)


def run(command: list[str], place: servers.Place, most_s: int = 170) -> dict[str, float]:
    """What a script prints as its last line, a JSON object."""
    done = subprocess.run(
        [sys.executable, *command],
        env=place.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=most_s,
    )
    if done.returncode:
        raise SystemExit(f"bench: {command[1]} on {place.name} failed:\n{done.stderr[-2000:]}")
    return parts.read(done.stdout)


def run_refit(part: str, answers: int) -> dict[str, float]:
    """The consensus engine on so many answers, in a process of its own."""
    file = str(Path(__file__).parent / "refit.py")
    done = subprocess.run([sys.executable, file, part, str(answers)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"bench: {part} of {answers} answers failed:\n{done.stderr[-2000:]}")
    return parts.read(done.stdout)


def say(line: str) -> None:
    print(f"bench: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # Both ways to stop it stop what it started.
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
