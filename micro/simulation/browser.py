"""A small browser: one kept connection, its cookies, and the links and forms of a page. Standard library only."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from micro.errors import OutsideFailed

TIMEOUT_S = 60


@dataclass
class Form:
    """A form of a page: where it goes, and what stands in it. Buttons are left to whoever presses one."""

    action: str
    entries: dict[str, str] = field(default_factory=dict)


@dataclass
class Page:
    """One page that came: its heading, its links and its forms."""

    status: int
    address: str
    heading: str = ""
    links: list[str] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)

    def form(self, action_holds: str) -> Form:
        """The form whose address holds this text; OutsideFailed when the page has none."""
        found = next((form for form in self.forms if action_holds in form.action), None)
        if found is None:
            raise OutsideFailed(
                "The page %(address)s (%(status)s) has no form for %(what)s.",
                address=self.address,
                status=self.status,
                what=action_holds,
            )
        return found


class Browser:
    """Asks one server over one connection that is kept, and made anew when the server had closed it."""

    def __init__(self, host: str, port: int, headers: Mapping[str, str] | None = None) -> None:
        self.connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
        self.headers = dict(headers or {})
        self.cookies: dict[str, str] = {}

    def close(self) -> None:
        self.connection.close()

    def api(self, method: str, address: str, body: Mapping[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """Sends JSON; returns the status and the JSON that came."""
        sent = None if body is None else json.dumps(body).encode()
        status, _, content = self._ask(method, address, sent, "application/json")
        return status, dict(json.loads(content))

    def download(self, address: str) -> bytes:
        """A file; OutsideFailed unless it is there."""
        status, _, content = self._ask("GET", address)
        if status != 200:
            raise OutsideFailed("%(address)s answered %(status)s.", address=address, status=status)
        return content

    def open(self, address: str) -> Page:
        """A page, after whatever redirects lead to it; its status may be any."""
        return self._page("GET", address)

    def submit(self, form: Form, **pressed: str) -> Page:
        """Sends a form with the button that is pressed; OutsideFailed when the page that follows is an error."""
        page = self._page("POST", form.action, urlencode({**form.entries, **pressed}).encode())
        if page.status >= 400:
            raise OutsideFailed(
                "%(address)s answered %(status)s: %(heading)s",
                address=form.action,
                status=page.status,
                heading=page.heading,
            )
        return page

    def _page(self, method: str, address: str, body: bytes | None = None) -> Page:
        status, location, content = self._ask(method, address, body, "application/x-www-form-urlencoded")
        if location and 300 <= status < 400:
            parts = urlsplit(urljoin(address, location))
            return self._page("GET", f"{parts.path}?{parts.query}" if parts.query else parts.path)
        page = Page(status, address)
        _Reader(page).feed(content.decode())
        return page

    def _ask(self, method: str, address: str, body: bytes | None = None, kind: str = "") -> tuple[int, str, bytes]:
        headers = dict(self.headers)
        if body is not None:
            headers["Content-Type"] = kind
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        response = self._response(method, address, body, headers)
        content = response.read()
        for value in response.headers.get_all("Set-Cookie", ()):
            name, _, rest = value.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return response.status, response.headers.get("Location", ""), content

    def _response(
        self, method: str, address: str, body: bytes | None, headers: Mapping[str, str]
    ) -> http.client.HTTPResponse:
        """Asks again over a new connection when the server had closed the old one: every post here may be repeated."""
        for is_last in (False, True):
            try:
                self.connection.request(method, address, body, dict(headers))
                return self.connection.getresponse()
            except (ConnectionError, http.client.BadStatusLine):
                self.connection.close()
                if is_last:
                    raise
        raise AssertionError("unreachable")


class _Reader(HTMLParser):
    """Fills a Page from its HTML: the first h1, links, forms with the values of their inputs, but no buttons."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page
        self.entries: dict[str, str] = {}
        self.text_of = ""  # The textarea that is open, or the option without a value: then its select.
        self.select = ""
        self.in_heading = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        match tag:
            case "a":
                self.page.links.append(given.get("href", ""))
            case "form":
                self.page.forms.append(Form(given.get("action", "")))
                self.entries = self.page.forms[-1].entries
            case "h1":
                self.in_heading = not self.page.heading
            case "textarea":
                self.text_of = given.get("name", "")
                self.entries[self.text_of] = ""
            case "select":
                self.select = given.get("name", "")
                self.entries[self.select] = ""
            case "option" if "selected" in given:
                self.entries[self.select] = given.get("value", "")
                self.text_of = "" if "value" in given else self.select
            case "input" if given.get("type") not in ("checkbox", "radio", "file") or "checked" in given:
                self.entries[given.get("name", "")] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        if self.in_heading:
            self.page.heading += data
        elif self.text_of:
            self.entries[self.text_of] += data

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "h1":
                self.in_heading = False
                self.page.heading = " ".join(self.page.heading.split())
            case "form":
                self.entries = {}
            case "textarea" | "option" if self.text_of:
                # HTML drops a line end right after the tag.
                self.entries[self.text_of] = self.entries[self.text_of].removeprefix("\n")
                self.text_of = ""
