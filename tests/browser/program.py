"""Volunteers that answer by the JSON interface, and the worker waited for: what a journey needs beside its browser."""

from __future__ import annotations

import json
import sqlite3
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from typing import Any

from tests.browser.conftest import Running

SLUG = "harrowby-finds"


def truths(running: Running) -> dict[str, dict[str, Any]]:
    """What stands on the demo's cards: {identifier: {field: said}}."""
    listed = json.loads((running.folder / "demo" / SLUG / "truth.json").read_text(encoding="utf-8"))
    return {entry["identifier"]: entry["fields"] for entry in listed.values()}


class Program:
    """A volunteer who answers by the JSON interface, without an account."""

    def __init__(self, running: Running) -> None:
        self.base, self.cookie = running.url + "/api/v1", ""
        self.terms = self._ask(f"/projects/{SLUG}")["terms"]["version"]

    def _ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        request = urllib.request.Request(
            self.base + path,
            None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json", "Cookie": self.cookie},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            if (sent := answer.headers.get("Set-Cookie", "")).startswith("micro_volunteer"):
                self.cookie = sent.partition(";")[0]
            found: dict[str, Any] = json.load(answer)
            return found

    def take(self) -> dict[str, Any]:
        return self._ask(f"/projects/{SLUG}/take", {"terms": self.terms})

    def answer(self, assignment: str, value: dict[str, Any]) -> dict[str, Any]:
        return self._ask(f"/assignments/{assignment}/answer", {"value": value, "submission_key": "one"})

    def answer_cards(self, count: int, known: dict[str, dict[str, Any]], wrong: dict[str, dict[str, Any]]) -> None:
        """Answers ``count`` cards by the truth, but for the fields of the cards in ``wrong``."""
        for _ in range(count):
            task = self.take()
            self.answer(task["assignment"], {**known[task["item"]], **wrong.get(task["item"], {})})


def unsettled(running: Running) -> int:
    """How many tasks the worker has yet to settle."""
    with closing(sqlite3.connect(running.folder / "micro.db")) as database:
        found: int = database.execute("SELECT count(*) FROM task WHERE unsettled").fetchone()[0]
        return found


def wait_until(true: Callable[[], object], limit_s: float = 30) -> None:
    """Waits for the worker."""
    end = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < end, "the worker did not come to it"
        time.sleep(0.2)
