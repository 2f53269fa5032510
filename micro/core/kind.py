"""What a kind of volunteer task is: six members, no HTML and no I/O. See docs/add-a-kind.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from micro.core.fields import Field, Said


@dataclass(frozen=True)
class Column:
    """A column of a release. ``holds``: string, number (decimal point), date (EDTF) or unit; ``labels`` by language."""

    name: str
    holds: Literal["string", "number", "date", "unit"] | str
    labels: Mapping[str, str]
    field: Field


class Kind(Protocol):
    """A module tasks/<slug>/kind.py. ``setup`` is always the body of a Setup, narrowed to the fields that are asked."""

    slug: str
    version: int

    def parse(self, submitted: Any, setup: Mapping[str, Any]) -> dict[str, Said]: ...

    def fields(self, setup: Mapping[str, Any]) -> tuple[Field, ...]: ...

    def columns(self, setup: Mapping[str, Any]) -> tuple[Column, ...]: ...

    def row(self, value: Mapping[str, Said], setup: Mapping[str, Any], language: str = "en") -> dict[str, str]: ...
