"""The house for tests: every service and web test runs on SQLite, and on PostgreSQL where a server is named."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import make_url

from micro.app import create_app
from micro.config import Settings
from micro.data.database import Database
from micro.data.models import Base
from micro.house import House, open_house
from tests.cast import Cast, make_cast
from tests.servers import NO_POSTGRES, postgres_database

POSTGRES = os.environ.get("MICRO_TEST_POSTGRES", "")


@dataclass
class Clock:
    """A clock that stands still until a test moves it."""

    now: datetime = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Letters:
    """Keeps the mails that were sent."""

    sent: list[tuple[str, str, str]] = field(default_factory=list)

    def send(self, to: str, subject: str, text: str, ends_at: str = "") -> None:
        self.sent.append((to, subject, text))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for fixture in {"database_url", "tables_url"} & set(metafunc.fixturenames):
        postgres = pytest.param(
            "postgres", marks=[pytest.mark.postgres, pytest.mark.skipif(not POSTGRES, reason=NO_POSTGRES)]
        )
        metafunc.parametrize(fixture, ["sqlite", postgres], indirect=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a fresh, empty database: "" means SQLite in the data folder."""
    if request.param == "sqlite":
        yield ""
        return
    with postgres_database() as address:
        yield address


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def letters() -> Letters:
    return Letters()


@pytest.fixture(scope="session")
def postgres_with_tables() -> Iterator[str]:
    """The name of a database that holds all tables and is copied for each test: much quicker than making them anew."""
    with postgres_database() as address:
        database = Database(Settings(database_url=address).database)
        Base.metadata.create_all(database.engine)
        database.engine.dispose()  # PostgreSQL copies a database only while nobody is connected to it.
        yield str(make_url(address).database)


@pytest.fixture
def tables_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a fresh database with all tables, empty; "" is SQLite, which gets them in ``house``."""
    if request.param == "sqlite":
        yield ""
        return
    with postgres_database(request.getfixturevalue("postgres_with_tables")) as address:
        yield address


@pytest.fixture
def house(tmp_path: Path, tables_url: str, clock: Clock, letters: Letters) -> Iterator[House]:
    """An open house on a fresh database: all tables, nothing in them, and no queue running."""
    settings = Settings(data_folder=tmp_path / "var", database_url=tables_url, secret_key="for tests only").checked()
    opened = replace(open_house(settings, clock), mail=letters)
    if opened.database.is_sqlite:
        Base.metadata.create_all(opened.database.engine)
    yield opened
    opened.database.engine.dispose()


@pytest.fixture
def cast(house: House) -> Cast:
    """Ada answers, Ben reviews, Mia manages; Cleo manages another institution; Nora runs the network."""
    with house.database.writing() as session:
        return make_cast(session, house)


@pytest.fixture
def app(house: House) -> Flask:
    made = create_app(opened=house)
    made.config["WTF_CSRF_ENABLED"] = False
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
