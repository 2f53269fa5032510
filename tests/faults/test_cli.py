"""The `micro` command with no server running: what each subcommand does, and that every error is exactly one line."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from micro import __version__
from micro.data.migrations import newest_revision
from micro.data.models import (
    Account,
    Membership,
    Project,
    Scan,
)
from micro.services import accounts
from tests.cast import PASSWORD, card_picture
from tests.faults.commanding import CHECKOUT, Micro


def test_the_version_is_told_without_any_data(embedded: Micro) -> None:
    assert embedded.does("--version") == f"micro, version {__version__}\n"
    assert not embedded.data.exists()


def test_the_installed_command_says_an_error_on_stderr_in_one_line(embedded: Micro) -> None:
    said = in_a_process(embedded, "sweep")
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr == "micro: the database is not ready for this version; run: micro migrate\n"


def in_a_process(micro: Micro, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name not in micro.environment}
    mine = {name: value for name, value in micro.environment.items() if value is not None}
    return subprocess.run(
        [sys.executable, "-m", "micro", *arguments],
        cwd=CHECKOUT,
        env={**inherited, **mine, **more},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# --- before the work ----------------------------------------------------------------------------------------------


def test_migrate_makes_the_tables_and_twice_changes_nothing(micro: Micro) -> None:
    with micro.house() as house:
        newest = newest_revision(house.database)
    assert micro.does("migrate") == micro.does("migrate") == f"the database is at {newest}\n"
    assert micro.count(Project) == 0


@pytest.mark.parametrize(
    "words",
    [
        ("sweep",),
        ("project", "create", "plan.json"),
        ("ingest", "drawer"),
        ("cut",),
        ("release",),
        ("admin", "create", "nora@example.org", "--name", "Nora", "--password", PASSWORD),
    ],
    ids=lambda words: words[0],
)
def test_before_migrate_every_command_says_what_to_run(embedded: Micro, words: tuple[str, ...]) -> None:
    assert "run: micro migrate" in embedded.fails(*words)


@pytest.mark.parametrize(
    ("wrong", "part"),
    [
        ({"MICRO_COLOUR": "red"}, "unknown setting MICRO_COLOUR"),
        ({"MICRO_PORT": "eighty"}, "MICRO_PORT"),
        ({"DATABASE_URL": "mysql://host/x"}, "DATABASE_URL"),
    ],
)
@pytest.mark.parametrize("command", ["up", "worker", "migrate", "sweep"])
def test_a_wrong_setting_stops_every_command(embedded: Micro, command: str, wrong: dict[str, str], part: str) -> None:
    assert part in embedded.fails(command, **wrong)
    assert not embedded.data.exists()


def test_a_data_folder_that_is_a_file_is_one_line(embedded: Micro) -> None:
    embedded.file("var", "not a folder")
    assert str(embedded.data) in embedded.fails("migrate")


def test_a_damaged_database_is_one_line(embedded: Micro) -> None:
    embedded.file("var/micro.db", b"this is no database" * 100)
    assert "database" in embedded.fails("migrate")


def test_a_database_that_does_not_answer_is_one_line(embedded: Micro) -> None:
    pytest.importorskip("psycopg")
    line = embedded.fails("migrate", DATABASE_URL="postgresql://127.0.0.1:1/nothing?connect_timeout=2")
    assert line.startswith("micro: the database does not answer: ")


def test_a_worker_without_a_queue_says_how_to_get_one(embedded: Micro) -> None:
    assert "REDIS_URL" in embedded.fails("worker")


def test_a_worker_whose_queue_does_not_answer_is_one_line(embedded: Micro) -> None:
    # In a process of its own: a worker changes how its process forks.
    said = in_a_process(embedded, "worker", "--burst", REDIS_URL="redis://127.0.0.1:1/0")
    assert said.returncode == 1
    (line,) = said.stderr.splitlines()
    assert line.startswith("micro: the queue does not answer: ")


# --- people -------------------------------------------------------------------------------------------------------


def create(email: str = "mia@example.org", *more: str, password: str = PASSWORD) -> list[str]:
    return ["admin", "create", email, "--name", "Mia", "--password", password, *more]


def person(session: Session, email: str = "mia@example.org") -> Account:
    return session.scalars(select(Account).where(Account.email == email)).one()


def test_a_network_admin_may_sign_in_at_once(micro: Micro) -> None:
    micro.prepare()
    assert micro.does(*create()) == "mia@example.org may sign in now\n"
    with micro.house() as house, house.database.reading() as session:
        mia = person(session)
        assert (mia.name, mia.is_network_admin, mia.email_confirmed) == ("Mia", True, True)
        assert accounts.is_right_password(mia, PASSWORD, house.passwords)
        assert session.scalars(select(Membership)).all() == []


def test_the_password_is_asked_for_twice_and_not_shown(embedded: Micro) -> None:
    embedded.prepare()
    words = ("admin", "create", "mia@example.org", "--name", "Mia")
    result = embedded.run(*words, typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0
    assert PASSWORD not in result.output
    with embedded.house() as house, house.database.reading() as session:
        assert accounts.is_right_password(person(session), PASSWORD, house.passwords)


@pytest.mark.parametrize(("more", "role"), [((), "manager"), (("--role", "reviewer"), "reviewer")])
def test_staff_belong_to_their_institution_and_do_not_run_the_network(
    micro: Micro, more: tuple[str, ...], role: str
) -> None:
    micro.prepare("cards")
    micro.does(*create("mia@example.org", "--institution", "harrowby", *more))
    with micro.reading() as session:
        (member,) = session.scalars(select(Membership))
        assert (member.account.email, member.institution.slug, member.role) == ("mia@example.org", "harrowby", role)
        assert not member.account.is_network_admin


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (create(" MIA@example.org"), "There is an account with this address already."),
        (create("ben@example.org", password="short"), "at least 10 characters"),
        (create("no address"), "This is not a complete e-mail address."),
        (create("ben@example.org", "--institution", "nowhere"), "There is no institution called “nowhere”."),
    ],
    ids=["taken", "short password", "no address", "no institution"],
)
def test_an_account_that_cannot_be_made_is_one_line_and_leaves_nothing(
    micro: Micro, words: list[str], part: str
) -> None:
    micro.prepare()
    micro.does(*create())
    assert part in micro.fails(*words)
    assert micro.count(Account) == 1


# --- backup -------------------------------------------------------------------------------------------------------


def test_a_backup_comes_back_in_an_empty_folder(embedded: Micro) -> None:
    embedded.prepare("cards")
    embedded.does("ingest", embedded.drawer(2))
    target = embedded.folder / "micro.tar.gz"
    assert embedded.does("backup", target).startswith(f"{target}: ")
    other = Micro(embedded.folder / "other")
    assert other.does("restore", target) == f"restored into {other.data}\n"
    other.does("migrate")
    assert other.count(Scan) == 2
    assert (other.data / "secret").read_text() == (embedded.data / "secret").read_text()
    with other.house() as house, house.database.reading() as session:
        first = session.scalars(select(Scan).order_by(Scan.id)).first()
        assert first is not None
        assert house.storage.get(first.storage_key) == card_picture(1)


def test_what_cannot_be_backed_up_or_restored_is_one_line(embedded: Micro) -> None:
    target = embedded.folder / "micro.tar.gz"
    assert "There is no database" in embedded.fails("backup", target)
    assert "There is no backup" in embedded.fails("restore", target)
    embedded.does("migrate")
    embedded.does("backup", target)
    assert "is not overwritten" in embedded.fails("backup", target)
    assert "could not be written" in embedded.fails("backup", embedded.folder / "nowhere" / "micro.tar.gz")
    assert "holds a database already" in embedded.fails("restore", target)
    assert "DATABASE_URL is set" in embedded.fails("backup", target, DATABASE_URL="postgresql://127.0.0.1/x")
    damaged = embedded.file("damaged.tar.gz", target.read_bytes()[:-20])
    other = Micro(embedded.folder / "other")
    assert "cannot be read as a backup" in other.fails("restore", damaged)
    assert "cannot be read as a backup" in other.fails("restore", embedded.file("text.tar.gz", "text"))
