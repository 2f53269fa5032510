"""The workbench in a real browser: what its first visit weighs, and when one can work on a slow machine.

``python screen.py CHROMIUM URL`` opens a card of the demonstration there and prints one JSON line. It needs the
packages of the tests.

**Usable** means: the first field takes typed characters, the workbench's own script looks after them (drafts, keys,
sending), and a frame with the piece of the scan is on the screen. The time runs from the begin of the navigation, with
nothing kept by the browser and its processor slowed down four times, to the first frame in which all three are true; a
letter is typed then, and must stand in the field. The browser itself notes the moment: asking it from outside again and
again would cost the slowed processor more than the page does.
"""

from __future__ import annotations

import json
import re
import sys

from playwright.sync_api import Page, sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
SLOWER = 4
TIMES = 7
WORD = "micro usable after "
# Two frames after caret and script: in the first they are drawn, the second begins when it is out. When the picture
# came onto the screen, the browser itself tells, as the largest thing that was drawn.
WATCH = """
(() => {
  let [workable, seen] = [0, 0];
  const tell = () => workable && seen && console.info("WORD" + workable + " " + seen);
  const look = () => {
    const form = document.querySelector("[data-entry]");
    if (workable || form?.dataset.started === undefined || !document.activeElement?.closest("[data-field]")) return;
    workable = Infinity;
    requestAnimationFrame(() => requestAnimationFrame(() => {
      workable = performance.now();
      tell();
    }));
  };
  document.addEventListener("focusin", () => queueMicrotask(look), true);
  document.addEventListener("DOMContentLoaded", () => {
    look();
    new MutationObserver(look).observe(document.querySelector("[data-entry]"), { attributeFilter: ["data-started"] });
  });
  new PerformanceObserver((list) => {
    const drawn = list.getEntries().find((entry) => entry.element?.matches("[data-picture] image"));
    if (seen || !drawn) return;
    seen = drawn.startTime;
    if (workable < Infinity) tell();
  }).observe({ type: "largest-contentful-paint", buffered: true });
})();
""".replace("WORD", WORD)


def first_visits(chromium: str, url: str, times: int = TIMES) -> dict[str, float]:
    """{"page_kb", "scan_kb", "usable_ms", "usable_least_ms", "usable_most_ms", "typing_ms", "seen_ms", "slower"}.

    Kilobytes (1000 bytes) as they go over the line, until the scan has come in full. Of the times of so many first
    visits the middle one, the shortest and the longest; then the middle ones of its two parts: field and script, scan.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_context(base_url=url, locale="en", viewport={"width": 1280, "height": 900}).new_page()
        card = _take_a_card(page)
        devtools = page.context.new_cdp_session(page)
        devtools.send("Network.enable")
        devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
        devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        page.add_init_script(WATCH)
        addresses: dict[str, str] = {}
        sent: dict[str, int] = {}
        devtools.on(
            "Network.responseReceived", lambda one: addresses.update({one["requestId"]: one["response"]["url"]})
        )
        devtools.on("Network.loadingFinished", lambda one: sent.update({one["requestId"]: one["encodedDataLength"]}))
        parts, pages, scans = [], [], []
        for _ in range(times):
            addresses.clear()
            sent.clear()
            parts.append(_usable_after(page, card))
            page.wait_for_selector("[data-picture] image", state="detached")  # The tiles are there in full.
            page.wait_for_timeout(200)
            sizes = {addresses[one]: size for one, size in sent.items() if one in addresses}
            scans.append(sum(size for address, size in sizes.items() if "/iiif/" in address))
            pages.append(sum(sizes.values()) - scans[-1])
        browser.close()
    usable = sorted(map(max, parts))
    typing, seen = (sorted(one)[times // 2] for one in zip(*parts, strict=True))
    return {
        "page_kb": max(pages) / 1000,
        "scan_kb": max(scans) / 1000,
        "usable_ms": usable[times // 2],
        "usable_least_ms": usable[0],
        "usable_most_ms": usable[-1],
        "typing_ms": typing,
        "seen_ms": seen,
        "slower": SLOWER,
    }


def _usable_after(page: Page, card: str) -> tuple[float, float]:
    """Milliseconds from the begin of the navigation until one can type, and until the piece is seen; types a letter."""
    with page.expect_console_message(lambda one: one.text.startswith(WORD)) as told:
        page.goto(card, wait_until="commit")
    page.keyboard.type("x")
    if not str(page.evaluate("document.activeElement.value")).endswith("x"):
        raise SystemExit("The first field has the caret and does not take what is typed.")
    typing, seen = map(float, told.value.text.removeprefix(WORD).split())
    return typing, seen


def _take_a_card(page: Page) -> str:
    page.goto("/projects")
    page.locator("main a[href^='/p/']").first.click()
    page.wait_for_url(re.compile("/p/"))
    page.goto(page.url.partition("#")[0] + "/terms")
    page.locator("main form button.button--main").first.click()
    page.wait_for_url(re.compile("/terms|/work/|/take|/practice"))
    if "/work/" not in page.url:
        page.goto(re.sub(r"(/p/[^/]+).*", r"\1/take", page.url))
        page.locator("main form button.button--main").first.click()
        page.wait_for_url(re.compile("/work/"))
    return str(page.url)


if __name__ == "__main__":
    print(json.dumps(first_visits(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))))
