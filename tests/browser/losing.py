"""A web server that can be stopped, started again and broken in the middle of a post; and a card of each kind."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from playwright.sync_api import Locator, Page, expect
from sqlalchemy import func, select
from werkzeug.serving import BaseWSGIServer, make_server

from micro.app import create_app
from micro.data.models import Answer, Record
from micro.services.settling import settle_some
from tests.browser.forms import served_with
from tests.browser.test_tags import Served
from tests.forms import PAGE, TREE, with_lines

CARD: dict[str, Any] = {
    "fields": [
        {"name": "object", "type": "text", "label": {"en": "Object", "fr": "Objet"}},
        {"name": "notes", "type": "long_text", "label": {"en": "Notes", "fr": "Notes"}},
    ]
}
KINDS = ("transcribe", "text", "classify")


@dataclass
class Breakable:
    """The web server of a house: a new one after each start, as after a restart of the machine.

    ``cut_off`` is how many posts of answers from now on are answered to nobody: the server does its work and dies
    before a word of it goes out.
    """

    served: Served
    port: int = 0
    cut_off: int = 0
    running: list[tuple[BaseWSGIServer, threading.Thread]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        app = create_app(opened=self.served.house)

        def may_break(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            if self.cut_off and environ["PATH_INFO"].endswith("/answer"):
                self.cut_off -= 1
                list(app(environ, lambda *_: None))
                environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
                raise ConnectionError("the server is gone")
            return app(environ, start_response)

        server = make_server("127.0.0.1", self.port, may_break, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.port = server.server_port
        self.running.append((server, thread))

    def stop(self) -> None:
        while self.running:
            server, thread = self.running.pop()
            server.shutdown()
            thread.join()
            server.server_close()


@contextmanager
def breakable(folder: Path, kind: str) -> Iterator[Breakable]:
    form, more = {"transcribe": (CARD, None), "text": (PAGE, with_lines), "classify": (TREE, None)}[kind]
    for served in served_with(folder, kind, form, more):
        server = Breakable(served)
        server.start()
        served.url = server.url
        yield server
        server.stop()


def type_it(page: Page, kind: str, word: str = "axe") -> None:
    """Something of everything that the card asks for."""
    match kind:
        case "transcribe":
            page.fill("[name='object.value']", f"Socketed {word}")
            page.fill("[name='notes.value']", "one line\nand another")
        case "text":
            for number in (1, 2, 3):
                page.locator(f"[id='field-text.r{number}']").fill(f"line {number} of the {word}")
        case _:
            choose(page, "shows", "coin" if word == "axe" else "vessel").check()
            if word != "axe":
                choose(page, "part", "whole").check()


def choose(page: Page, field: str, code: str) -> Locator:
    """The radio button of one choice."""
    return page.locator(f"input[name='{field}.value'][value={code}]")


def is_there(page: Page, kind: str, word: str = "axe") -> None:
    """All of it stands on the page as it was typed."""
    match kind:
        case "transcribe":
            expect(page.locator("[name='object.value']")).to_have_value(f"Socketed {word}")
            expect(page.locator("[name='notes.value']")).to_have_value("one line\nand another")
        case "text":
            for number in (1, 2, 3):
                expect(page.locator(f"[id='field-text.r{number}']")).to_have_value(f"line {number} of the {word}")
        case _:
            expect(choose(page, "shows", "coin" if word == "axe" else "vessel")).to_be_checked()


def says_it(value: dict[str, Any], kind: str, word: str = "axe") -> bool:
    """Whether an answer says what was typed."""
    match kind:
        case "transcribe":
            return value == {
                "object": {"value": f"Socketed {word}"},
                "notes": {"value": "one line\nand another"},
            }
        case "text":
            return [line["value"] for line in value["text"]["value"]] == [f"line {n} of the {word}" for n in (1, 2, 3)]
        case _:
            return bool(value["shows"]["value"] == ("coin" if word == "axe" else "vessel"))


def answers(server: Breakable) -> list[dict[str, Any]]:
    with server.served.house.database.reading() as session:
        return [answer.value for answer in session.scalars(select(Answer).order_by(Answer.id))]


def answers_that_count(server: Breakable) -> int:
    """How many answers the records rest on, once all is settled."""
    house = server.served.house
    with house.database.writing() as session:
        settle_some(session, server.served.cast.project.id, house.clock())
        return session.scalar(select(func.sum(Record.answers_count))) or 0


Do = Callable[[], None]


def sends(page: Page, do: Do) -> None:
    """Does what sends the card, and waits until the page is another."""
    before = page.url
    do()
    page.wait_for_url(lambda url: url != before)
