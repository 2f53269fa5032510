"""A manager sends pictures by the form and watches them being taken in by the worker."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Route, expect

from tests.browser.conftest import Running, Visitor, keep_screen, sign_in
from tests.browser.program import SLUG
from tests.browser.test_every_page import RULES
from tests.cast import card_picture


def test_an_upload_is_taken_in_while_its_page_looks_on(running: Running, visitor: Visitor) -> None:
    page = sign_in(visitor(size="narrow"), "manager")
    page.goto(f"/desk/{SLUG}/scans")
    pictures = [
        {"name": f"new-{n}.jpg", "mimeType": "image/jpeg", "buffer": card_picture(n, 1600, 1000)} for n in range(3)
    ]
    broken = {"name": "broken.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}
    page.set_input_files("#files", [*pictures, broken])  # type: ignore[list-item]
    with page.expect_navigation():
        page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("3 scans were taken in.")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("rowheader", name="broken.jpg")).to_be_visible()
    keep_screen(page, "delivery-after-upload")
    page.get_by_role("link", name="Back to the scans").click()
    page.get_by_role("link", name="Overview").click()
    expect(page.locator(".figures dd").last).to_have_text("15")


def test_many_files_go_batch_by_batch_and_a_lost_connection_costs_nothing(running: Running, visitor: Visitor) -> None:
    page = sign_in(visitor(), "manager")
    page.goto(f"/desk/{SLUG}/scans")
    calls: list[str] = []

    def second_is_lost(route: Route) -> None:
        calls.append(route.request.url)
        if len(calls) == 2:
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/upload?*", second_is_lost)
    files = [
        {"name": f"many-{n}.jpg", "mimeType": "image/jpeg", "buffer": card_picture(1000 + n, 300, 200)}
        for n in range(45)
    ]
    manifest = {
        "name": "manifest.csv",
        "mimeType": "text/csv",
        "buffer": b"file,identifier\nmany-44.jpg,The last one\n",
    }
    page.set_input_files("#files", [*files, manifest])  # type: ignore[list-item]
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("The connection was lost.")).to_be_visible()
    expect(page.get_by_text("20 of 46 files sent")).to_be_visible()
    assert Axe().run(page, options=RULES).violations_count == 0
    keep_screen(page, "upload-lost")
    with page.expect_navigation():
        page.get_by_role("button", name="Try again").click()
    assert [url.rpartition("=")[2] for url in calls] == ["0", "1", "1", "2"]
    expect(page.get_by_text("45 scans were taken in.")).to_be_visible(timeout=30_000)
    page.goto(f"/desk/{SLUG}/scans")
    expect(page.locator(".plain-list a[href*='/desk/intake/']").first).to_be_visible()


def test_a_manifest_that_is_wrong_is_said_and_other_files_can_be_chosen(running: Running, visitor: Visitor) -> None:
    page = sign_in(visitor(), "manager")
    page.goto(f"/desk/{SLUG}/scans")
    picture = {"name": "mended.jpg", "mimeType": "image/jpeg", "buffer": card_picture(5000)}
    for manifest in (b"name\nmended.jpg\n", b"file,identifier\nmended.jpg,Mended\n"):
        table = {"name": "manifest.csv", "mimeType": "text/csv", "buffer": manifest}
        page.set_input_files("#files", [table, picture])  # type: ignore[list-item]
        page.get_by_role("button", name="Upload").click()
        if manifest.startswith(b"name"):
            expect(page.get_by_text("needs a column called “file”")).to_be_visible()
    page.wait_for_url("**/desk/intake/*")
    expect(page.get_by_text("1 scan was taken in.")).to_be_visible(timeout=20_000)


def test_files_are_put_into_batches_that_fit(running: Running, visitor: Visitor) -> None:
    page = visitor()
    page.goto("/")
    made = page.evaluate(
        """async () => {
          const { batchesOf, isTooLarge } = await import("/static/js/upload/batches.js");
          const file = (name, size) => ({ name, size });
          const files = [file("a.XML", 1), file("big.tif", 39e6), file("b.jpg", 3e6), file("Manifest.csv", 10),
            ...Array.from({ length: 50 }, (_, n) => file(`${n}.jpg`, 1000))];
          return { names: batchesOf(files, 1e9).map((batch) => [batch.number, batch.files.map((one) => one.name)]),
            small: batchesOf([file("a", 900), file("b", 900)], 101000).length,
            large: [isTooLarge(file("a", 2e6), 1e6), isTooLarge(file("a", 8e5), 1e6)], none: batchesOf([], 1e6) };
        }"""
    )
    batches = [names for _, names in made["names"]]
    assert [number for number, _ in made["names"]] == list(range(len(batches)))
    assert batches[0] == ["Manifest.csv", "big.tif"] and batches[1][0] == "b.jpg"
    assert batches[-1][-1] == "a.XML" and sum(map(len, batches)) == 54 and max(map(len, batches)) == 20
    assert (made["small"], made["large"], made["none"]) == (2, [True, False], [])
