"""docs/add-a-kind.md tells the truth: the kind that it shows works, and the files that it names are those of a kind."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from micro.errors import BadAnswer

CHECKOUT = Path(__file__).parents[2]
GUIDE = (CHECKOUT / "docs/add-a-kind.md").read_text(encoding="utf-8")
SETUP = {"fields": [{"name": "things", "type": "number", "label": {"en": "How many?"}}]}


def test_the_kind_in_the_guide_works(tmp_path: Path) -> None:
    path = tmp_path / "kind.py"
    path.write_text(re.search(r"```python\n(.*?)```", GUIDE, re.S)[1], encoding="utf-8")  # type: ignore[index]
    spec = importlib.util.spec_from_file_location("kind_of_the_guide", path)
    assert spec is not None
    assert spec.loader is not None
    kind = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = kind
    spec.loader.exec_module(kind)
    said = kind.parse({"things": {"value": {"amount": "3"}}}, SETUP)
    assert kind.row(said, SETUP) == {"things": "3"}
    assert [column.name for column in kind.columns(SETUP)] == ["things"]
    with pytest.raises(BadAnswer):
        kind.parse({}, SETUP)


def test_every_file_that_the_guide_names_is_there_in_a_real_kind() -> None:
    named = re.findall(r"^  (\S+\.(?:py|json|html))", GUIDE, re.M)
    assert named
    for name in named:
        assert (CHECKOUT / "tasks/transcribe" / name).is_file(), name
