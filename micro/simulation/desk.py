"""The simulated staff: a reviewer decides in the review pages, a manager publishes; over HTTP, with the real forms."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any
from urllib.parse import urlsplit

from micro.core.fields import Said
from micro.errors import OutsideFailed
from micro.simulation.browser import Browser, Form, Page
from micro.simulation.crowd import Truths
from micro.simulation.people import Asked, Habits, read_card

RELEASE_S = 120  # how long a release may take to be made
SHARE_ASKED_AGAIN = 0.15  # of the records that a reviewer would amend, so many go back to the crowd first
DATE_PARTS = ("year", "month", "day")


def sign_in(browser: Browser, email: str, password: str) -> None:
    """Signs in by the form, as anybody does; OutsideFailed when that does not work."""
    page = browser.open("/sign-in")
    browser.submit(page.form("/sign-in"), email=email, password=password)
    if browser.open("/me").address != "/me":
        raise OutsideFailed("%(email)s could not sign in.", email=email)


class Reviewer:
    """Looks at each waiting record beside the card: right is accepted, wrong is amended or first returned, once."""

    def __init__(
        self,
        browser: Browser,
        fields: Sequence[Asked],
        truths: Mapping[str, tuple[str, Mapping[str, Said]]],
        error_rate: float,
        seed: int,
    ) -> None:
        """``truths`` is {what heads the record's page: (identifier, what stands on the card)}."""
        self.browser, self.fields, self.truths, self.seed = browser, fields, truths, seed
        self.habits = Habits("reviewer", error_rate, harder=2 * error_rate)
        self.returned: set[str] = set()
        self.decisions = {"accept": 0, "amend": 0, "return": 0}

    def waiting(self, project: str) -> list[str]:
        """The addresses of the records that wait, of the first page of the queue."""
        links = (urlsplit(link).path for link in self.browser.open(f"/review?project={project}").links)
        return list(dict.fromkeys(path for path in links if re.fullmatch(r"/review/\w+", path)))

    def decide(self, address: str) -> None:
        """Decides one record by what this reviewer reads on the card."""
        page = self.browser.open(f"{address}?edit=1")
        shown = page.form("/decide")
        identifier, truth = self.truths[page.heading]
        read = read_card(truth, self.fields, self.habits, identifier, self.seed)
        wanted = {name: text for field in self.fields for name, text in entries_of(field, read[field["name"]]).items()}
        differing = [name for name, text in wanted.items() if plain(shown.entries.get(name, "")) != text]
        if not differing:
            self._press(self.browser.open(address).form("/decide"), "accept")
        elif self._asks_again(identifier):
            self.returned.add(identifier)
            self._press(self.browser.open(address).form("/decide"), "return")
        else:
            rest = {name: text for name, text in shown.entries.items() if "." not in name}
            self._press(Form(shown.action, {**rest, **{name: text for name, text in wanted.items() if text}}), "amend")

    def _press(self, form: Form, action: str) -> None:
        self.browser.submit(form, action=action)
        self.decisions[action] += 1

    def _asks_again(self, identifier: str) -> bool:
        asks = Random(f"{self.seed}/{identifier}/asks again").random() < SHARE_ASKED_AGAIN
        return asks and identifier not in self.returned


def entries_of(field: Asked, said: Said) -> dict[str, str]:
    """What stands in the inputs of a field when it says this; an input that is empty has an empty text."""
    name, value = field["name"], said.get("value")
    entries = {f"{name}.mark": str(said.get("mark") or "")}
    match field["type"]:
        case "number":
            parts = value or {}
            return entries | {f"{name}.value.{part}": parts.get(part, "") for part in ("amount", "unit")}
        case "date":
            digits = value.split("-") if value else ("", "", "")
            return entries | {
                f"{name}.value.{part}": "" if "X" in text else text
                for part, text in zip(DATE_PARTS, digits, strict=True)
            }
        case _:
            return entries | {f"{name}.value": value or ""}


def plain(text: str) -> str:
    """A form's text with line ends as micro keeps them."""
    return text.replace("\r\n", "\n")


class Manager:
    """Opens the project and publishes releases."""

    def __init__(self, browser: Browser, project: str) -> None:
        self.browser, self.project = browser, project

    def open_project(self) -> None:
        self.browser.submit(self._desk().form("/state"), state="live")

    def publish(self, notes: str, look: Callable[[], None]) -> list[dict[str, Any]]:
        """Publishes the next release and reads its records back; ``look`` is called while it is being made."""
        published = len(self._published(self._desk()))
        self.browser.submit(self._desk().form("/release"), notes=notes)
        end = time.monotonic() + RELEASE_S
        while published == len(releases := self._published(self._desk())):
            if time.monotonic() > end:
                raise OutsideFailed("The release was not made within %(seconds)s seconds.", seconds=RELEASE_S)
            look()
            time.sleep(0.2)
        lines = self.browser.download(f"{releases[0]}/records.jsonl").decode().splitlines()
        return [json.loads(line) for line in lines]

    def _desk(self) -> Page:
        return self.browser.open(f"/desk/{self.project}")

    def _published(self, desk: Page) -> list[str]:
        """The addresses of the published releases, newest first."""
        return [link for link in desk.links if link.startswith(f"/data/{self.project}/")]


def everything(truths: Truths, titles: Mapping[str, str]) -> dict[str, tuple[str, Mapping[str, Said]]]:
    """What a reviewer finds each card by: {title: (identifier, truth)} from {identifier: title}."""
    return {titles[identifier]: (identifier, truth) for identifier, truth in truths.items()}
