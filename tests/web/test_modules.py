"""A page asks once for its script: the modules that it imports come with it, and do what they do alone."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import micro
from micro.web.modules import modules_of, together
from tests.cast import Cast

STATIC = Path(micro.__file__).parent / "static"
PAGES = sorted(str(path.relative_to(STATIC)) for path in (STATIC / "js").rglob("page.js"))
BENCH = "js/bench/page.js"


@pytest.mark.parametrize("page", PAGES)
def test_every_module_comes_once_and_after_those_that_it_imports(page: str) -> None:
    names = modules_of(page)
    assert len(set(names)) == len(names) and names[-1] == page
    content = together(page)[0]
    for place, name in enumerate(names):
        assert content.count(f"// {name}\nconst module{place} = ") == 1
        for other in names[place:]:
            assert f"module{names.index(other)};" not in content.split(f"// {name}\n")[1].split("\n// js/")[0]


def test_the_workbench_has_many() -> None:
    assert {"js/bench/viewer.js", "js/bench/tiles.js", "js/practice/guide.js"} <= set(modules_of(BENCH))


def written(folder: Path, **sources: str) -> Path:
    """A folder with two modules, of which the page imports the other under a name of its own."""
    own = {
        "count": "let here = 40;\nexport const add = (more) => here + more;\n",
        "page": 'import {\n  add as sum,\n} from "./count.js";\nconst here = 2;\nconsole.log(sum(here));\n',
    }
    (folder / "js").mkdir(parents=True)
    for name, source in {**own, **sources}.items():
        (folder / "js" / f"{name}.js").write_text(source)
    return folder


@pytest.mark.skipif(shutil.which("node") is None, reason="runs where there is a node")
def test_put_together_they_do_the_same(tmp_path: Path) -> None:
    source = together("js/page.js", written(tmp_path))[0]
    run = subprocess.run(["node", "--input-type=module", "-e", source], capture_output=True, text=True, check=True)
    assert run.stdout == "42\n"


def test_another_source_of_a_module_has_another_address(tmp_path: Path) -> None:
    one, other = written(tmp_path / "1"), written(tmp_path / "2", count="export const add = (more) => more;\n")
    assert together("js/page.js", one)[1] != together("js/page.js", other)[1]


@pytest.mark.parametrize(
    "line",
    ["export default 3;", 'export * from "./count.js";', 'import all from "./count.js";', 'import("./count.js");'],
)
def test_what_cannot_be_put_together_is_said_and_not_guessed(tmp_path: Path, line: str) -> None:
    with pytest.raises(ValueError, match=r"page\.js says"):
        together("js/page.js", written(tmp_path, page=f"{line}\n"))


def test_modules_that_import_each_other_are_told_of(tmp_path: Path) -> None:
    circle = written(tmp_path, count='import { a } from "./page.js";\nexport const add = a;\n')
    with pytest.raises(ValueError, match="imports itself"):
        together("js/page.js", circle)


def test_a_script_is_kept_for_good_under_its_own_version_only(cast: Cast, client: FlaskClient) -> None:
    version = together(BENCH)[1]
    kept = client.get(f"/scripts/{BENCH}?v={version}")
    assert kept.mimetype == "text/javascript" and "immutable" in kept.headers["Cache-Control"]
    for old in ("", "?v=0123456789"):
        assert client.get(f"/scripts/{BENCH}{old}").headers["Cache-Control"] == "no-cache"
    again = client.get(f"/scripts/{BENCH}", headers={"If-None-Match": kept.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("name", ["js/bench/send.js", "js/../../setup.cfg", "css/micro.css", "js/nothing/page.js"])
def test_nothing_but_scripts_of_pages_is_read(client: FlaskClient, name: str) -> None:
    assert client.get(f"/scripts/{name}").status_code == 404
