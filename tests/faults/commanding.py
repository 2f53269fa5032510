"""The `micro` command in tests: run in this process, with a data folder of its own."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from micro.cli import main
from micro.config import Settings
from micro.house import House, open_house
from tests.cast import card_picture

CHECKOUT = Path(__file__).parents[2]
GUIDE = CHECKOUT / "docs/operator.md"
NOTHING_LEFT = (
    "files taken in: 0\n"
    "scans cut: 0\n"
    "items settled: 0\n"
    "projects learned from: 0\n"
    "records worked out anew: 0\n"
    "records accepted together: 0\n"
    "releases made: 0\n"
    "messages sent: 0\n"
    "old uploads deleted: 0\n"
    "old tiles deleted: 0\n"
    "queues put in order: 0\n"
    "notifications made: 0\n"
    "digests sent: 0\n"
    "failed: 0\n"
)
# What the machine of whoever runs the tests may have set; None takes it out of the environment.
FOREIGN = ("DATABASE_URL", "REDIS_URL", "STORAGE_URL")


def plan(**changed: Any) -> dict[str, Any]:
    """The plan of the operator's guide; ``changed`` replaces parts."""
    written = re.search(r"```json\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.S)
    assert written is not None
    return {**json.loads(written[1]), **changed}


@dataclass
class Micro:
    """The command on a data folder of its own, and a look at what it left there."""

    folder: Path
    database_url: str = ""

    @property
    def data(self) -> Path:
        return self.folder / "var"

    @property
    def environment(self) -> dict[str, str | None]:
        mine = {name: None for name in os.environ if name.startswith("MICRO_") or name in FOREIGN}
        return {**mine, "MICRO_DATA": str(self.data), "DATABASE_URL": self.database_url or None}

    def run(self, *arguments: str | Path, typed: str = "", **environment: str) -> Result:
        return CliRunner().invoke(
            main, [str(word) for word in arguments], input=typed, env={**self.environment, **environment}
        )

    def does(self, *arguments: str | Path, **environment: str) -> str:
        """What the command says when it succeeds."""
        result = self.run(*arguments, **environment)
        assert result.exit_code == 0, result.output
        return result.output

    def fails(self, *arguments: str | Path, **environment: str) -> str:
        """The one line of a command that fails as it should: exit code 1 and no traceback."""
        result = self.run(*arguments, **environment)
        assert isinstance(result.exception, SystemExit), repr(result.exception)
        assert result.exit_code == 1
        (line,) = result.output.splitlines()
        assert line.startswith("micro: ")
        return line

    def file(self, name: str, content: Any) -> Path:
        """A file beside the data: bytes and text as they are, anything else as JSON."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, bytes):
            content = (content if isinstance(content, str) else json.dumps(content)).encode()
        path.write_bytes(content)
        return path

    def drawer(self, count: int) -> Path:
        """A folder with some pictures of cards."""
        for number in range(1, count + 1):
            self.file(f"drawer/card-{number}.jpg", card_picture(number))
        return self.folder / "drawer"

    def prepare(self, *slugs: str, **changed: Any) -> None:
        """Tables, and a draft project at each address."""
        self.does("migrate")
        for slug in slugs:
            self.does("project", "create", self.file("plan.json", plan(slug=slug, **changed)))

    @contextmanager
    def house(self) -> Iterator[House]:
        opened = open_house(Settings(data_folder=self.data, database_url=self.database_url))
        yield opened
        opened.database.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with self.house() as house, house.database.reading() as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        with self.house() as house, house.database.writing() as session:
            yield session

    def count(self, what: type[Any]) -> int:
        with self.reading() as session:
            return session.scalar(select(func.count()).select_from(what)) or 0
