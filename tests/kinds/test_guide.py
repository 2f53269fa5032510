"""docs/add-a-kind.md tells the truth: a kind that is built from its fragments alone works in all its parts."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from flask import Flask, render_template
from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader

from micro.core.fields import Field
from micro.errors import BadAnswer
from micro.kinds import kind_folders
from micro.services.review.sight import FieldSight
from micro.web.forms import nested, typed

CHECKOUT = Path(__file__).parents[2]
GUIDE = (CHECKOUT / "docs/add-a-kind.md").read_text(encoding="utf-8")
SETUP = {"fields": [{"name": "things", "type": "number", "label": {"en": "How many?"}}]}


def fragment(language: str, after: str = "") -> str:
    """The first piece of this language in the guide, after these words."""
    found = re.search(rf"```{language}\n(.*?)```", GUIDE.partition(after)[2] if after else GUIDE, re.S)
    assert found is not None, f"there is no {language} after “{after}”"
    return found[1]


@pytest.fixture
def kind(tmp_path: Path) -> ModuleType:
    """The kind of the guide: its module, loaded from a folder that the guide alone has filled."""
    folder = tmp_path / "count"
    (folder / "templates").mkdir(parents=True)
    (folder / "kind.py").write_text(fragment("python"), encoding="utf-8")
    (folder / "examples.json").write_text(fragment("json"), encoding="utf-8")
    for name in ("answer", "amend", "review", "show"):
        text = fragment("html", f"`templates/{name}.html` is given")
        (folder / "templates" / f"{name}.html").write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("kind_of_the_guide", folder / "kind.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def rendered(app: Flask, kind: ModuleType) -> Callable[..., str]:
    """Renders a template of the kind of the guide as the pages would."""
    templates = Path(str(kind.__file__)).parent / "templates"
    mine = PrefixLoader({"kinds": PrefixLoader({"count": FileSystemLoader(templates)})})
    assert app.jinja_loader is not None
    app.jinja_loader = ChoiceLoader([mine, app.jinja_loader])
    app.jinja_env.cache = None

    def render(name: str, **given: Any) -> str:
        with app.test_request_context():
            return render_template(f"kinds/count/{name}.html", **given)

    return render


def test_the_kind_in_the_guide_works(kind: ModuleType) -> None:
    said = kind.parse({"things": {"value": {"amount": "3"}}}, SETUP)
    assert kind.row(said, SETUP) == {"things": "3"}
    assert [column.name for column in kind.columns(SETUP)] == ["things"]
    with pytest.raises(BadAnswer):
        kind.parse({}, SETUP)


def test_its_examples_are_true(kind: ModuleType) -> None:
    content = json.loads((Path(str(kind.__file__)).parent / "examples.json").read_text(encoding="utf-8"))
    kept = 0
    for example in content["examples"]:
        setup = content["setups"][example["setup"]]
        if "errors" in example:
            with pytest.raises(BadAnswer) as caught:
                kind.parse(example["submitted"], setup)
            assert {caught.value.field: str(caught.value)} == example["errors"]
            continue
        value = kind.parse(example["submitted"], setup)
        assert (value, kind.row(value, setup)) == (example["value"], example["row"])
        assert kind.parse(value, setup) == value
        kept += 1
    assert 0 < kept < len(content["examples"])


def test_its_form_sends_what_it_reads(kind: ModuleType, rendered: Callable[..., str]) -> None:
    draft = typed({"things": {"value": {"amount": "many"}}})
    problems = {"things": "Not a number."}
    more = {"boxes": {}, "content_language": "en", "setup": SETUP}
    page = rendered("answer", fields=kind.fields(SETUP), typed=draft, problems=problems, **more)
    assert "How many?" in page and "Not a number." in page and 'value="many"' in page
    (name,) = set(re.findall(r'name="(things\.value[^"]*)"', page))
    assert kind.row(kind.parse(nested([(name, "7")], ["things"]), SETUP), SETUP) == {"things": "7"}


def test_a_reviewer_amends_it_and_everybody_can_look_at_it(kind: ModuleType, rendered: Callable[..., str]) -> None:
    (field,) = kind.fields(SETUP)
    said = kind.parse({"things": {"value": {"amount": "12"}}}, SETUP)["things"]

    class Sight:
        fields = (FieldSight(field, None, said, said, 1.0, (), (), tied=False),)

    inputs = typed({"things": said})
    amended = rendered("amend", sight=Sight, inputs=inputs, problems={}, tongue="en", focus="", setup=SETUP)
    assert 'name="things.value.amount" value="12"' in amended
    reading = SimpleNamespace(number=1, said=said, count=2, unsure=0, is_shown=True, pieces=(), take="/take-it")
    compared = rendered("review", chosen=Sight.fields[0], readings=(reading,), tongue="en", is_own=False, is_held=False)
    assert 'href="/take-it" data-key="1"' in compared and "2 people" in compared
    shown = rendered("show", fields=(field,), values={"things": said}, content_language="en", decided={})
    assert "How many?" in shown and ">12<" in shown
    assert isinstance(field, Field)


def test_every_file_that_the_guide_names_is_there_in_every_real_kind() -> None:
    named = re.findall(r"^  (\S+\.(?:py|json|html))", GUIDE, re.M)
    assert len(named) == 7
    for folder in kind_folders():
        for name in named:
            assert (folder / name).is_file(), f"{folder.name}: {name}"
        assert f"`tasks/{folder.name}`" in GUIDE, "a kind to learn from"
