"""The scripts say in one line what is missing, whatever machine they meet. Fakes on the PATH stand for the machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
SCRIPTS = [".ci/run", "scripts/lib.sh", "scripts/lock", "scripts/run", "scripts/test"]
NEEDED = (
    "awk",
    "bash",
    "cat",
    "cut",
    "df",
    "dirname",
    "env",
    "find",
    "flock",
    "grep",
    "id",
    "ls",
    "mkdir",
    "mktemp",
    "readlink",
    "rm",
    "sed",
    "sha256sum",
    "sleep",
    "sort",
    "tail",
)
OLD_PYTHON = "#!/bin/bash\nexit 1\n"
# A Python of the right age: what follows says what else it can do.
PYTHON = """#!/bin/bash
case "$*" in
    *'not (3, 11)'*) exit 0 ;;
    *ensurepip*) {ensurepip} ;;
    *-venv*) echo python3.11-venv ;;
    *'-m venv'*) mkdir -p "${{@: -1}}/bin"; cp {venv_python} "${{@: -1}}/bin/python" ;;
esac
"""
VENV_PYTHON = """#!/bin/bash
case "$*" in
    *'pip install'*) {pip} ;;
esac
"""
MICRO = '#!/bin/bash\necho "micro $* MICRO_DEMO=${MICRO_DEMO:-} in $PWD"\n'

Done = subprocess.CompletedProcess[str]


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder with a copy of the scripts, under a path with a space, and a PATH of few commands."""
    copy = tmp_path / "my checkout"
    shutil.copytree(CHECKOUT / "scripts", copy / "scripts")
    for name in ("setup.cfg", "pyproject.toml"):
        shutil.copy(CHECKOUT / name, copy)
    (tmp_path / "bin").mkdir()
    for name in (*NEEDED, "cp"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name) or f"/missing/{name}")
    return tmp_path


def fake(machine: Path, name: str, text: str) -> Path:
    path = machine / "bin" / name
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def good_python(machine: Path, ensurepip: str = "exit 0", pip: str = "exit 0") -> None:
    pip = f'cp {machine}/bin/micro "$(dirname "$0")/micro"; {pip}'
    fake(machine, "micro", MICRO)
    inside = fake(machine, "venv-python", VENV_PYTHON.format(pip=pip))
    fake(machine, "python3.11", PYTHON.format(ensurepip=ensurepip, venv_python=inside))


def run(machine: Path, *arguments: str, script: Path | None = None, **environment: str) -> Done:
    return subprocess.run(
        [str(script or machine / "my checkout" / "scripts" / "run"), *arguments],
        capture_output=True,
        text=True,
        cwd=machine,
        timeout=60,
        env={"PATH": str(machine / "bin"), "HOME": str(machine), "TMPDIR": str(machine), **environment},
    )


def only_line(done: Done) -> str:
    """The last line of standard error when all others only tell what is being done."""
    *before, last = done.stderr.splitlines()
    assert done.returncode == 1
    assert all("installing" in line for line in before), done.stderr
    return last


@pytest.mark.parametrize("name", SCRIPTS)
def test_bash_understands_the_script(name: str) -> None:
    subprocess.run(["bash", "-n", CHECKOUT / name], check=True)


@pytest.mark.parametrize("name", [name for name in SCRIPTS if name != "scripts/lib.sh"])
def test_the_script_can_be_called(name: str) -> None:
    assert os.access(CHECKOUT / name, os.X_OK)
    assert (CHECKOUT / name).read_text().startswith("#!/usr/bin/env bash\n")


def test_constraints_are_exact_versions_without_places_of_one_machine() -> None:
    header, *lines = (CHECKOUT / "scripts" / "constraints.txt").read_text().splitlines()
    assert header.startswith("# ")
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9._+!-]+", line)] == []


def test_every_package_that_setup_cfg_names_has_an_exact_version() -> None:
    exact = {
        _normal(line.split("==")[0]) for line in (CHECKOUT / "scripts" / "constraints.txt").read_text().splitlines()[1:]
    }
    named = re.findall(r"^    ([a-z][\w-]*)(?:\[\w+\])? >=", (CHECKOUT / "setup.cfg").read_text(), re.MULTILINE)
    assert len(named) > 20
    assert {_normal(name) for name in named} - exact == set(), "scripts/lock writes them"


def test_a_python_that_is_too_old_is_one_line(machine: Path) -> None:
    for name in ("python3.11", "python3"):
        fake(machine, name, OLD_PYTHON)
    assert only_line(run(machine)) == (
        "micro: Python 3.11, 3.12 or 3.13 is needed and was not found (on Debian: apt-get install python3 python3-venv)"
    )


def test_no_python_at_all_is_the_same_line(machine: Path) -> None:
    assert "Python 3.11, 3.12 or 3.13 is needed" in only_line(run(machine))


def test_a_missing_venv_module_is_named_where_it_may_not_be_installed(machine: Path) -> None:
    good_python(machine, ensurepip="exit 1")
    fake(machine, "id", "#!/bin/bash\necho 1000\n")
    assert only_line(run(machine)) == (
        "micro: Python's venv module is missing (on Debian: apt-get install python3.11-venv)"
    )


def test_a_missing_venv_module_is_installed_by_root(machine: Path) -> None:
    good_python(machine, ensurepip=f"[ -e {machine}/installed ]")
    fake(machine, "id", "#!/bin/bash\necho 0\n")
    fake(machine, "apt-get", f'#!/bin/bash\n[ "$1" != install ] || echo "$@" >{machine}/installed\n')
    done = run(machine)
    assert done.returncode == 0, done.stderr
    assert (machine / "installed").read_text().split()[-1] == "python3.11-venv"


def test_apt_get_that_fails_is_one_line(machine: Path) -> None:
    good_python(machine, ensurepip="exit 1")
    fake(machine, "id", "#!/bin/bash\necho 0\n")
    fake(machine, "apt-get", '#!/bin/bash\necho "E: Could not resolve deb.debian.org."; exit 100\n')
    assert "apt-get install python3.11-venv failed: no connection to the package index" in only_line(run(machine))


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            "No space left on device",
        ),
        (
            "WARNING: Retrying: Failed to establish a new connection\nERROR: No matching distribution found for rq",
            "no connection to the package index",
        ),
        (
            "ERROR: Cannot install rq==1 and rq==2 because they conflict.\nnote: see above",
            "ERROR: Cannot install rq==1 and rq==2 because they conflict",
        ),
    ],
)
def test_pip_that_fails_is_one_line_and_names_its_log(machine: Path, said: str, reason: str) -> None:
    good_python(machine, pip=f"printf '{said}\\n'; exit 1")
    line = only_line(run(machine))
    assert line.startswith(f"micro: the packages could not be installed: {reason}. Everything pip said: ")
    assert Path(line.rpartition(": ")[2]).read_text() == said + "\n"


def test_it_runs_from_any_folder_and_through_a_link(machine: Path) -> None:
    good_python(machine)
    link = machine / "link"
    link.symlink_to(machine / "my checkout" / "scripts" / "run")

    assert run(machine, script=link).stdout == f"micro up MICRO_DEMO=1 in {machine}\n"
    assert run(machine, "--simulate", "--seed", "7", script=link).stdout == (
        f"micro simulate --seed 7 MICRO_DEMO= in {machine}\n"
    )
    assert (machine / "my checkout" / ".venv" / "installed").is_file()


def test_packages_are_installed_once_and_again_after_a_change(machine: Path) -> None:
    good_python(machine, pip=f"echo once >>{machine}/installs")
    installs = machine / "installs"
    run(machine)
    run(machine)
    assert installs.read_text().count("once") == 1
    with (machine / "my checkout" / "setup.cfg").open("a") as setup:
        setup.write("# changed\n")
    run(machine)
    assert installs.read_text().count("once") == 2


def test_a_venv_that_was_left_half_made_is_made_anew(machine: Path) -> None:
    good_python(machine, pip="kill -KILL $PPID; exit 1")
    killed = run(machine)
    assert killed.returncode != 0
    venv = machine / "my checkout" / ".venv"
    assert (venv / "unfinished").exists()
    (venv / "half").touch()

    good_python(machine)

    assert run(machine).stdout == f"micro up MICRO_DEMO=1 in {machine}\n"
    assert not (venv / "half").exists()
    assert not (venv / "unfinished").exists()


def test_a_folder_with_something_else_is_never_cleared(machine: Path) -> None:
    good_python(machine)
    mine = machine / "mine"
    mine.mkdir()
    (mine / "thesis.txt").touch()
    assert only_line(run(machine, MICRO_VENV=str(mine))) == (
        f"micro: {mine} (MICRO_VENV) holds something else; name an empty folder"
    )
    assert [path.name for path in mine.iterdir()] == ["thesis.txt"]


def test_a_venv_that_cannot_be_written_is_one_line(machine: Path) -> None:
    good_python(machine)
    assert only_line(run(machine, MICRO_VENV="/proc/venv")) == (
        "micro: cannot write into /proc/venv: the disk is full or read-only, or the folder is not yours"
    )


def test_a_disk_without_room_is_one_line(machine: Path) -> None:
    good_python(machine)
    fake(machine, "df", "#!/bin/bash\nprintf 'Filesystem\\ntmpfs 60 50 10 80%% /\\n'\n")
    venv = machine / "my checkout" / ".venv"
    assert only_line(run(machine)) == (
        f"micro: {venv} needs about 300 MB and the disk has 10; MICRO_VENV names another folder"
    )


def test_an_unknown_argument_is_one_line(machine: Path) -> None:
    assert only_line(run(machine, "--demo")) == "micro: unknown argument --demo; scripts/run --help tells what there is"


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
