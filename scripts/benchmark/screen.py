"""The workbench in a real browser: what its first visit weighs, and when one can type on a slow machine.

``python screen.py CHROMIUM URL`` opens a card of the demonstration there and prints one JSON line. It needs the
packages of the tests.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

from playwright.sync_api import sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
SLOWER = 4
TIMES = 7


def first_visits(chromium: str, url: str) -> dict[str, float]:
    """{"page_kb", "scan_kb", "usable_ms", "usable_most_ms"} of visits with nothing kept and the processor slowed down.

    Kilobytes (1000 bytes) as they go over the line. Usable is when the first field has the caret, from the begin of
    the navigation; the middle and the longest of some visits.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_context(base_url=url, locale="en", viewport={"width": 1280, "height": 900}).new_page()
        card = _take_a_card(page)
        devtools = page.context.new_cdp_session(page)
        devtools.send("Network.enable")
        devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
        devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        addresses: dict[str, str] = {}
        sent: dict[str, int] = {}
        devtools.on(
            "Network.responseReceived", lambda one: addresses.update({one["requestId"]: one["response"]["url"]})
        )
        devtools.on("Network.loadingFinished", lambda one: sent.update({one["requestId"]: one["encodedDataLength"]}))
        times, pages, scans = [], [], []
        for _ in range(TIMES):
            addresses.clear()
            sent.clear()
            page.goto(card)
            page.wait_for_function("document.activeElement?.closest('[data-field]')")
            times.append(float(page.evaluate("performance.now()")))
            page.wait_for_selector("[data-tiles] canvas", state="attached")
            page.wait_for_load_state("networkidle")
            of_scan = [addresses.get(one, "").find("/iiif/") > 0 for one in sent]
            scans.append(sum(size for size, is_scan in zip(sent.values(), of_scan, strict=True) if is_scan))
            pages.append(sum(sent.values()) - scans[-1])
        browser.close()
    return {
        "page_kb": max(pages) / 1000,
        "scan_kb": max(scans) / 1000,
        "usable_ms": sorted(times)[TIMES // 2],
        "usable_most_ms": max(times),
        "slower": SLOWER,
    }


def _take_a_card(page: Any) -> str:
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
    print(json.dumps(first_visits(sys.argv[1], sys.argv[2])))
