"""Finds the kinds of volunteer task: every folder of ``tasks`` that holds a kind.py."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

from micro.core.kind import Kind
from micro.errors import NotFound


@cache
def all_kinds() -> Mapping[str, Kind]:
    """Kinds by slug, in alphabetical order."""
    found = (cast(Kind, import_module(f"tasks.{folder.name}.kind")) for folder in kind_folders())
    return {kind.slug: kind for kind in found}


def kind_folders() -> list[Path]:
    """The folders of all kinds."""
    room = Path(str(files("tasks")))
    return sorted(folder for folder in room.iterdir() if (folder / "kind.py").is_file())


def kind_named(slug: str) -> Kind:
    """The kind with this slug; NotFound when there is none."""
    if slug not in all_kinds():
        raise NotFound("There is no kind of task called “%(slug)s”.", slug=slug)
    return all_kinds()[slug]


def narrowed(setup: Mapping[str, Any], fields: list[str]) -> dict[str, Any]:
    """A setup's body with only the fields that a task asks for."""
    kept = [field for field in setup["fields"] if field["name"] in fields]
    # What a field depends on may be asked in another task: then it is always asked here.
    return {**setup, "fields": kept, **({"part": True} if len(kept) < len(setup["fields"]) else {})}
