"""A page names all modules of its script at once, so that a browser fetches them side by side."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import micro
from micro.web.modules import modules_of

STATIC = Path(micro.__file__).parent / "static"
PAGES = sorted(str(path.relative_to(STATIC)) for path in (STATIC / "js").rglob("page.js"))


@pytest.mark.parametrize("page", PAGES)
def test_every_module_that_is_imported_is_named_once(page: str) -> None:
    named = modules_of(page)
    assert len(set(named)) == len(named) and page not in named
    for name in (page, *named):
        folder = (STATIC / name).parent
        for imported in re.findall(r'from "(\./[^"]+|\.\./[^"]+)"', (STATIC / name).read_text(encoding="utf-8")):
            found = (folder / imported).resolve().relative_to(STATIC.resolve())
            assert str(found) in (page, *named), f"{name} imports {found}"


def test_the_workbench_has_many() -> None:
    assert {"js/bench/viewer.js", "js/bench/tiles.js", "js/bench/geometry.js"} <= set(modules_of("js/bench/page.js"))
