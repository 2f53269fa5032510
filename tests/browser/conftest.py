"""A real micro (web, worker, queue, mail) and a real Chromium."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.servers import Mailbox, free_port, smtp_server

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
# As root Chromium needs --no-sandbox; without the background flags it hangs on look-ups in a closed network.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
SCREENS = Path(os.environ.get("MICRO_SCREENS", ".screens"))
SIZES = {"wide": (1280, 900), "narrow": (390, 844)}


@dataclass
class Running:
    """A micro that is up: its address, its data folder and its mails."""

    url: str
    folder: Path
    mails: Mailbox


@contextmanager
def micro_up(folder: Path, demo: bool = True) -> Iterator[Running]:
    """Runs ``micro up`` with a mail server of its own until the block ends."""
    port = free_port()
    with smtp_server() as mails:
        known = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("MICRO_") and not name.endswith("_URL")
        }
        environ = {
            **known,
            "MICRO_DATA": str(folder),
            "MICRO_PORT": str(port),
            "MICRO_DEMO": "1" if demo else "0",
            "MICRO_MAIL_URL": mails.url,
        }
        with (folder.parent / "up.log").open("wb") as log:
            process = subprocess.Popen([sys.executable, "-m", "micro", "up"], env=environ, stdout=log, stderr=log)
            try:
                url = f"http://127.0.0.1:{port}"
                _wait_for(url, process, folder.parent / "up.log")
                yield Running(url, folder, mails)
            finally:
                process.terminate()
                process.wait(timeout=30)


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(url + "/healthz", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"micro did not come up: {log.read_text()}")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One micro with the demonstration for the tests of one file: each begins with a drawer that nobody has read."""
    with micro_up(tmp_path_factory.mktemp("up") / "var") as up:
        yield up


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


Visitor = Callable[..., Page]


@pytest.fixture
def visitor(browser: Browser, running: Running) -> Iterator[Visitor]:
    """Opens a fresh browser window: ``visitor(language="fr", size="narrow")``."""
    contexts: list[BrowserContext] = []

    def open_window(language: str = "en", size: str = "wide", **options: object) -> Page:
        width, height = SIZES[size]
        context = browser.new_context(
            locale=language,
            base_url=running.url,
            viewport={"width": width, "height": height},
            accept_downloads=True,
            **options,
        )  # type: ignore[arg-type]
        context.set_default_timeout(15_000)
        contexts.append(context)
        return context.new_page()

    yield open_window
    for context in contexts:
        context.close()


def sign_in(page: Page, who: str) -> Page:
    """Signs in as one of the demo accounts: volunteer, reviewer or manager.

    The account remembers the language of whoever used it last; the browser's own is chosen again.
    """
    page.goto("/sign-in")
    page.fill("input[name=email]", f"{who}@example.org")
    page.fill("input[name=password]", "micro-demo-2026")
    with page.expect_navigation():
        page.click("main form .button--main")
    language = page.evaluate("navigator.language.slice(0, 2)")
    if page.locator("html").get_attribute("lang") != language:
        with page.expect_navigation():
            page.locator(f"button[name=language][value={language}]").click()
    return page


def keep_screen(page: Page, name: str) -> None:
    """A screenshot for people to look at, in a folder that git ignores."""
    SCREENS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENS / f"{name}.png", full_page=True)
