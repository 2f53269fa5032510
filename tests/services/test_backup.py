"""Backup of the embedded folder while it is written to, and the way back."""

from __future__ import annotations

import os
import sqlite3
import stat
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from micro.backup import back_up, restore
from micro.config import Settings
from micro.data.models import Account, Base, Move, Project, Scan
from micro.errors import Conflict, NotFound, OutsideFailed
from micro.house import House, open_house
from tests.cast import add_cards, make_cast
from tests.conftest import Clock


@pytest.fixture
def lived_in(tmp_path: Path) -> Iterator[House]:
    """An embedded house with people, two cards, and things that need no backup. (There is no other kind to back up.)"""
    house = open_house(Settings(data_folder=tmp_path / "var"), Clock())
    Base.metadata.create_all(house.database.engine)
    with house.database.writing() as session:
        add_cards(session, house, make_cast(session, house).project, 2)
    house.storage.put("derived/ab/crop.jpg", b"can be made again")
    house.storage.put("releases/one/data.csv", b"a,b\n")
    (house.settings.folder / "files" / "scans" / ".half-written").write_bytes(b"x")
    yield house
    house.database.engine.dispose()


def elsewhere(tmp_path: Path) -> Settings:
    return Settings(data_folder=tmp_path / "other" / "var")


def test_a_house_comes_back_whole(lived_in: House, tmp_path: Path) -> None:
    target = tmp_path / "micro.tar.gz"
    size = back_up(lived_in.settings, target)
    assert size == target.stat().st_size > 0
    restore(elsewhere(tmp_path), target)
    house = open_house(elsewhere(tmp_path))
    with house.database.reading() as session:
        assert session.scalar(select(Account.name).where(Account.email == "ada@example.org")) == "Ada"
        for scan in session.scalars(select(Scan)):
            assert house.storage.get(scan.storage_key) == lived_in.storage.get(scan.storage_key)
    assert house.secret == lived_in.secret
    assert house.storage.get("releases/one/data.csv") == b"a,b\n"
    house.database.engine.dispose()


def test_a_backup_leaves_out_what_can_be_made_again_and_what_is_half(lived_in: House, tmp_path: Path) -> None:
    back_up(lived_in.settings, tmp_path / "micro.tar.gz")
    with tarfile.open(tmp_path / "micro.tar.gz") as archive:
        names = archive.getnames()
    assert sorted(names) == [
        "files/releases/one/data.csv",
        "files/scans/test/finds-1.jpg",
        "files/scans/test/finds-2.jpg",
        "micro.db",
        "secret",
    ]


def test_a_backup_is_for_its_owner_alone(lived_in: House, tmp_path: Path) -> None:
    back_up(lived_in.settings, tmp_path / "micro.tar.gz")
    assert stat.S_IMODE(os.stat(tmp_path / "micro.tar.gz").st_mode) == 0o600
    restore(elsewhere(tmp_path), tmp_path / "micro.tar.gz")
    for name in ("micro.db", "secret"):
        assert not stat.S_IMODE(os.stat(elsewhere(tmp_path).folder / name).st_mode) & 0o077


def test_a_backup_while_everything_is_written_to_is_one_moment(lived_in: House, tmp_path: Path) -> None:
    """Every transaction writes a file and two rows that belong together; a backup holds both rows or none."""
    stop, written = threading.Event(), [0]

    def write() -> None:
        while not stop.is_set():
            number = written[0] + 1
            lived_in.storage.put(f"scans/new/{number}.jpg", b"x" * 1000)
            with lived_in.database.writing() as session:
                project = session.scalars(select(Project)).one()
                session.add(
                    Scan(
                        project=project,
                        sha256=f"{number:064}",
                        format="JPEG",
                        size_bytes=1000,
                        width_px=1,
                        height_px=1,
                        orientation=1,
                        storage_key=f"scans/new/{number}.jpg",
                        file_name="x",
                        details={},
                        created_at=lived_in.clock(),
                    )
                )
                session.add(Move(subject="test", subject_id=number, at=lived_in.clock(), from_state="a", to_state="b"))
            written[0] = number
            if number % 7 == 0:
                lived_in.storage.put("incoming/here and gone", b"x")
                lived_in.storage.delete("incoming/here and gone")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while written[0] < 20:
            assert writer.is_alive()
        before = written[0]
        for number in range(3):
            back_up(lived_in.settings, tmp_path / f"{number}.tar.gz")
        after = written[0]
    finally:
        stop.set()
        writer.join()
    assert after > before, "nobody waits for a backup"
    restore(elsewhere(tmp_path), tmp_path / "2.tar.gz")
    house = open_house(elsewhere(tmp_path))
    with house.database.reading() as session:
        new = session.scalars(select(Scan.storage_key).where(Scan.storage_key.like("scans/new/%"))).all()
        assert len(new) == session.scalar(select(func.count()).select_from(Move))
        assert len(new) >= before
        assert all(house.storage.exists(key) for key in new)
    house.database.engine.dispose()
    with sqlite3.connect(elsewhere(tmp_path).folder / "micro.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_backup_never_overwrites(lived_in: House, tmp_path: Path) -> None:
    (tmp_path / "micro.tar.gz").write_bytes(b"yesterday")
    with pytest.raises(Conflict):
        back_up(lived_in.settings, tmp_path / "micro.tar.gz")
    assert (tmp_path / "micro.tar.gz").read_bytes() == b"yesterday"


def test_a_backup_that_cannot_be_written_leaves_nothing(lived_in: House, tmp_path: Path) -> None:
    with pytest.raises(OutsideFailed):
        back_up(lived_in.settings, tmp_path / "no such folder" / "micro.tar.gz")
    with pytest.raises(OutsideFailed):
        back_up(lived_in.settings, Path("/dev/full/micro.tar.gz"))
    assert [path.name for path in tmp_path.iterdir()] == ["var"]
    assert not list(lived_in.settings.folder.glob(".backup*"))


def test_there_must_be_something_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        back_up(Settings(data_folder=tmp_path / "empty"), tmp_path / "micro.tar.gz")
    assert not (tmp_path / "micro.tar.gz").exists()


@pytest.mark.parametrize(
    "where", [{"database_url": "postgresql://localhost/micro"}, {"storage_url": "s3://k:s@host/bucket"}]
)
def test_what_is_elsewhere_is_not_pretended_to_be_saved(lived_in: House, tmp_path: Path, where: dict[str, Any]) -> None:
    back_up(lived_in.settings, tmp_path / "micro.tar.gz")
    for act in (
        lambda: back_up(replace(lived_in.settings, **where), tmp_path / "more.tar.gz"),
        lambda: restore(replace(elsewhere(tmp_path), **where), tmp_path / "micro.tar.gz"),
    ):
        with pytest.raises(Conflict):
            act()
    assert not (tmp_path / "more.tar.gz").exists()
    assert not elsewhere(tmp_path).folder.exists()


@pytest.mark.parametrize("there", ["micro.db", "micro.db-wal"])
def test_nothing_is_restored_over_a_database_or_beside_its_journal(lived_in: House, tmp_path: Path, there: str) -> None:
    back_up(lived_in.settings, tmp_path / "micro.tar.gz")
    elsewhere(tmp_path).folder.mkdir(parents=True)
    (elsewhere(tmp_path).folder / there).write_bytes(b"precious")
    with pytest.raises(Conflict):
        restore(elsewhere(tmp_path), tmp_path / "micro.tar.gz")
    assert [path.name for path in elsewhere(tmp_path).folder.iterdir()] == [there]


def test_a_damaged_backup_is_refused_and_leaves_nothing_behind(lived_in: House, tmp_path: Path) -> None:
    back_up(lived_in.settings, tmp_path / "micro.tar.gz")
    whole = (tmp_path / "micro.tar.gz").read_bytes()
    half = len(whole) // 2
    for number, content in enumerate(
        (
            b"",
            b"no archive",
            whole[:half],
            whole[:-9],
            whole[:half] + bytes(byte ^ 0xFF for byte in whole[half : half + 200]) + whole[half + 200 :],
        )
    ):
        damaged = tmp_path / f"{number}.tar.gz"
        damaged.write_bytes(content)
        with pytest.raises(Conflict):
            restore(elsewhere(tmp_path), damaged)
        assert list(elsewhere(tmp_path).folder.iterdir()) == [], number
    with pytest.raises(NotFound):
        restore(elsewhere(tmp_path), tmp_path / "no such file")
    with pytest.raises(NotFound):
        restore(elsewhere(tmp_path), tmp_path)


def archive_with(path: Path, *names: str) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            about = tarfile.TarInfo(name)
            about.size = 1
            archive.addfile(about, BytesIO(b"x"))
    return path


def test_an_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Conflict, match="not a backup"):
        restore(elsewhere(tmp_path), archive_with(tmp_path / "other.tar.gz", "readme.txt"))
    assert list(elsewhere(tmp_path).folder.iterdir()) == []


def test_an_archive_cannot_write_outside_of_the_folder(tmp_path: Path) -> None:
    with pytest.raises(Conflict):
        restore(elsewhere(tmp_path), archive_with(tmp_path / "evil.tar.gz", "micro.db", "../outside"))
    assert not (tmp_path / "other" / "outside").exists()
    assert not (elsewhere(tmp_path).folder / "micro.db").exists()
