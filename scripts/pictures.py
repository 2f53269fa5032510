"""The pictures of docs/pictures: a demonstration is started, read by programs and looked at. See scripts/pictures."""

from __future__ import annotations

import io
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS, Running, micro_up, sign_in
from tests.browser.program import SLUG, Program, truths, unsettled, wait_until

# Name: width and height of the picture, in pixels. Wide windows are 1280 pixels wide and are made smaller.
SIZES = {
    "front-fr": (900, 1004),
    "workbench": (1100, 773),
    "workbench-phone-fr": (390, 844),
    "review": (1000, 976),
    "release": (900, 1125),
}
MOST_BYTES = 120_000
READERS, CARDS = 5, 8


def read_cards(running: Running) -> str:
    """Programs read the first cards as they stand, but for the findspot of one: the identifier of that one."""
    known = truths(running)
    readers = [Program(running) for _ in range(READERS)]
    taken = readers[0].take()
    doubtful = taken["item"]
    first, _, last = known[doubtful]["findspot"]["value"].rpartition(" ")
    for reader, reading in zip(
        readers,
        [
            f"{first} {last}",
            f"{first}l {last}",
            f"{first.replace('t', 'l')} {last}",
            f"{first} of {last}",
            f"near {last}",
        ],
        strict=True,
    ):
        said = {"findspot": {"value": reading}}
        if reader is readers[0]:
            reader.answer(taken["assignment"], {**known[doubtful], **said})
        reader.answer_cards(CARDS if reader in readers[:2] else 1, known, {doubtful: said})
        wait_until(lambda: unsettled(running) == 0)
    return str(doubtful)


def publish(page: Page) -> None:
    sign_in(page, "manager")
    page.goto(f"/desk/{SLUG}")
    page.get_by_role("button", name="Publish the next release").click()
    wait_until(lambda: (answer := page.goto(f"/data/{SLUG}/1")) is not None and answer.ok)


def at_the_bench(page: Page) -> Page:
    """The next card, its first field filled in; whoever came is no beginner any more."""
    page.goto(f"/p/{SLUG}/terms")
    page.locator("main form .button--main").click()
    page.goto(f"/p/{SLUG}/practice")
    page.locator("form[action$='/practice/end'] button").first.click()
    page.goto(f"/p/{SLUG}/take")
    page.locator("main .button--main").click()
    page.wait_for_selector("[data-started]")
    return page


def keep(page: Page, folder: Path, name: str) -> None:
    """Writes the picture, cut to its shape and made smaller, as a JPEG of few bytes."""
    page.wait_for_load_state("networkidle")
    width, height = SIZES[name]
    seen = Image.open(io.BytesIO(page.screenshot(full_page=not name.startswith("workbench")))).convert("RGB")
    shape = seen.crop((0, 0, seen.width, min(seen.height, round(seen.width * height / width))))
    small = shape.resize((width, round(width * shape.height / shape.width)), Image.Resampling.LANCZOS)
    for quality in range(88, 40, -4):
        written = io.BytesIO()
        small.save(written, "JPEG", quality=quality, optimize=True, progressive=True)
        if written.tell() < MOST_BYTES:
            break
    (folder / f"{name}.jpg").write_bytes(written.getvalue())
    print(f"{name}.jpg {small.width}×{small.height}, {written.tell() // 1000} kB")


@contextmanager
def window(browser: Browser, running: Running, language: str, width: int, height: int) -> Iterator[Page]:
    context = browser.new_context(
        locale=language, base_url=running.url, viewport={"width": width, "height": height}, reduced_motion="reduce"
    )
    yield context.new_page()
    context.close()


def take_all(browser: Browser, running: Running, folder: Path) -> None:
    doubtful = read_cards(running)
    with window(browser, running, "fr", 1280, 900) as page:
        page.goto("/")
        keep(page, folder, "front-fr")
    with window(browser, running, "en", 1280, 900) as page:
        keep(at_the_bench(page), folder, "workbench")
    with window(browser, running, "fr", 390, 844) as page:
        keep(at_the_bench(page), folder, "workbench-phone-fr")
    with window(browser, running, "en", 1280, 900) as page:
        sign_in(page, "reviewer")
        page.goto("/review")
        page.get_by_role("link", name=re.compile(re.escape(doubtful))).first.click()
        keep(page, folder, "review")
    with window(browser, running, "en", 1280, 900) as page:
        publish(page)
    with window(browser, running, "en", 1280, 900) as page:
        page.goto(f"/data/{SLUG}/1")
        keep(page, folder, "release")


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as place,
        micro_up(Path(place) / "var") as running,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        take_all(browser, running, folder)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
