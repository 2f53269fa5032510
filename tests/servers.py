"""Private servers for tests: each a context manager that starts one on this machine and stops it again.

PostgreSQL is the exception: ``scripts/test`` starts one cluster for the whole run and names it in
MICRO_TEST_POSTGRES; without that variable the tests that need it are skipped with a reason.
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path

import psycopg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from moto.server import ThreadedMotoServer
from psycopg import sql
from sqlalchemy import make_url

from micro.adapters.embedded_queue import EmbeddedQueue
from micro.adapters.processes import kill_session, start

NO_POSTGRES = "MICRO_TEST_POSTGRES is not set; scripts/test starts PostgreSQL and sets it"


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody uses now; somebody may take it before you do."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def postgres_database(template: str = "template0") -> Iterator[str]:
    """The address of a fresh database, empty or a copy of ``template``; dropped at the end, connections or not."""
    cluster = os.environ.get("MICRO_TEST_POSTGRES", "")
    if not cluster:
        pytest.skip(NO_POSTGRES)
    name = f"test_{uuid.uuid4().hex}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    _in_cluster(cluster, create)
    try:
        yield make_url(cluster).set(database=name).render_as_string(hide_password=False)
    finally:
        _in_cluster(cluster, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """The unix:// address of an empty Valkey, the one that ``micro up`` embeds. ``folder`` gets its address file."""
    queue = EmbeddedQueue(folder)
    process = start(queue.command, os.environ)
    try:
        assert queue.wait_until_ready(), queue.last_words()
        queue.publish()
        yield queue.address
    finally:
        kill_session(process.pid)
        process.wait()
        queue.remove()


@dataclass(frozen=True)
class Bucket:
    """A bucket that is not there yet, micro makes it; ``storage_url`` is what STORAGE_URL takes."""

    host: str
    key: str = "test-key"
    secret: str = "test-secret"
    name: str = "bucket"

    @property
    def storage_url(self) -> str:
        return f"s3+http://{self.key}:{self.secret}@{self.host}/{self.name}"


@contextmanager
def s3_server() -> Iterator[Bucket]:
    """Moto's imitation of S3, over real HTTP."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield Bucket(f"{host}:{port}")
    finally:
        server.stop()


@dataclass
class Mailbox:
    """What the SMTP server received so far, oldest first; ``url`` is what MICRO_MAIL_URL takes."""

    url: str = ""
    mails: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)

    def wait_for(self, count: int = 1, limit_s: float = 10) -> list[EmailMessage]:
        """The mails as soon as there are so many; AssertionError when there are not within the limit."""
        end = time.monotonic() + limit_s
        while len(self.mails) < count:
            assert time.monotonic() < end, f"{len(self.mails)} mails after {limit_s} s, not {count}"
            time.sleep(0.02)
        return self.mails

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.raw.append(envelope.content)
        self.mails.append(BytesParser(EmailMessage, policy=default).parsebytes(envelope.content))
        return "250 OK"


@contextmanager
def smtp_server() -> Iterator[Mailbox]:
    """A mailbox that takes every mail for everybody."""
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    mailbox.url = f"smtp://127.0.0.1:{controller.port}"
    try:
        yield mailbox
    finally:
        controller.stop()


def _in_cluster(cluster: str, statement: sql.Composed) -> None:
    with psycopg.connect(cluster, autocommit=True) as connection:
        connection.execute(statement)
