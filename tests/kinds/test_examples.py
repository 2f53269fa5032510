"""Every kind's examples.json, run: inputs with answers, cells and errors. A new kind is tested by its examples."""

from __future__ import annotations

import json
from typing import Any

import pytest

from micro.errors import BadAnswer
from micro.kinds import all_kinds, kind_folders


def every_example() -> list[Any]:
    found = []
    for folder in kind_folders():
        content = json.loads((folder / "examples.json").read_text(encoding="utf-8"))
        for example in content["examples"]:
            setup = content["setups"][example["setup"]]
            found.append(pytest.param(folder.name, setup, example, id=f"{folder.name}: {example['name']}"))
    return found


@pytest.mark.parametrize(("slug", "setup", "example"), every_example())
def test_the_example_is_true(slug: str, setup: dict[str, Any], example: dict[str, Any]) -> None:
    kind = all_kinds()[slug]
    if "errors" in example:
        with pytest.raises(BadAnswer) as caught:
            kind.parse(example["submitted"], setup)
        problems = (caught.value, *caught.value.others)
        assert {problem.field: str(problem) for problem in problems} == example["errors"]
        return
    value = kind.parse(example["submitted"], setup)
    assert value == example["value"]
    assert kind.parse(value, setup) == value, "a value that is read again stays what it is"
    if "row" in example:
        assert kind.row(value, setup) == example["row"]


@pytest.mark.parametrize("slug", sorted(all_kinds()))
def test_a_kind_has_examples_of_answers_and_of_errors(slug: str) -> None:
    mine = [example.values[2] for example in every_example() if example.values[0] == slug]
    assert any("value" in example for example in mine)
    assert any("errors" in example for example in mine)
