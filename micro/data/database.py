"""The engine and its two kinds of session.

SQLite and PostgreSQL differ in these few lines only: SQLite gets WAL, and BEGIN IMMEDIATE in writing transactions
(a deferred one that turns to writing half-way fails with "database is locked" however long it waits); PostgreSQL
locks rows, and skips those that others hold when a task is chosen.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Select, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

SQLITE_WAIT_MS = 30_000
Query = TypeVar("Query", bound=Select[Any])


class Watch(Protocol):
    """Looks at writing transactions: at each one's beginning, and before it is committed, when it may add to it."""

    def begun(self, session: Session) -> None: ...

    def ending(self, session: Session) -> None: ...


# Who watches what this thread writes; the web sets it for the acts of professionals.
WATCH: ContextVar[Watch | None] = ContextVar("watch", default=None)


class Database:
    """One engine. Sessions come from :meth:`reading` and :meth:`writing`; nothing else opens a transaction."""

    def __init__(self, address: str) -> None:
        url = make_url(address)
        self.is_sqlite = url.get_backend_name() == "sqlite"
        options: dict[str, Any] = {} if self.is_sqlite else {"pool_size": 10, "max_overflow": 10, "pool_pre_ping": True}
        self.engine = create_engine(url, hide_parameters=True, **options)  # What people typed is never logged.
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        self._writing = self.engine.execution_options(micro_writes=True)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for looking: always rolled back."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def looking_only(self) -> Iterator[Session]:
        """A session for looking at one unmoving picture, in which the database itself refuses to write."""
        with self.engine.connect() as connection:
            if not self.is_sqlite:
                connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            else:
                connection.exec_driver_sql("PRAGMA query_only=ON")
            try:
                with Session(connection, expire_on_commit=False) as session:
                    yield session
            finally:
                connection.rollback()
                if self.is_sqlite:
                    connection.exec_driver_sql("PRAGMA query_only=OFF")

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session for one use case: committed at the end, rolled back when anything is raised."""
        with self._turn(), Session(self._writing, expire_on_commit=False) as session, session.begin():
            if (watch := WATCH.get()) is None:
                yield session
                return
            watch.begun(session)
            yield session
            session.flush()
            watch.ending(session)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Waits for SQLite's one place for a writer in line, among the threads and processes of this machine.

        SQLite itself has no line: whoever waits sleeps up to 100 ms and looks again, so that the place stands empty
        and some wait for seconds. The lock ends with the process, even a killed one.
        """
        if not self.is_sqlite:
            yield
            return
        with open(f"{self.engine.url.database}-turn", "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's begin event says BEGIN, not the driver.
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", f"busy_timeout={SQLITE_WAIT_MS}", "foreign_keys=ON", "synchronous=NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("micro_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def locked(statement: Query, skip: bool = False) -> Query:
    """The same query, holding the rows it finds (PostgreSQL); SQLite's one writer holds everything already.

    FOR NO KEY UPDATE, because keys never change: rows that merely refer to the held ones are added without waiting.
    """
    return statement.with_for_update(skip_locked=skip, key_share=True)


def inserting(session: Session, table: Any) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can say what happens when the row is there already; both databases say it in the same words."""
    return sqlite.insert(table) if session.get_bind().dialect.name == "sqlite" else postgresql.insert(table)
