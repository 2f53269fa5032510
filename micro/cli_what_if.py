"""``micro project what-if``: a project's answers replayed under other settings. Nothing is written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from micro.cli_ready import ready_house
from micro.config import BadSetting
from micro.services.projects import project_named
from micro.services.what_if import Comparison, Tally, changed_choice, choice_of, compare


@click.command("what-if")
@click.argument("project")
@click.option("--set", "single", multiple=True, metavar="NAME=VALUE", help="One setting; can be repeated.")
@click.option("--settings", "file", type=click.Path(path_type=Path), help="Settings as a JSON object.")
def what_if(project: str, single: Sequence[str], file: Path | None) -> None:
    """Compares the settings of PROJECT with others, over the answers that it has. Nothing is changed.

    Settings: min_answers, max_answers, target_confidence (0 to 1), adaptive, learning, calibrated (true or false).
    """
    wished = {**(_object(file) if file else {}), **dict(_pair(one) for one in single)}
    if not wished:
        raise BadSetting("name at least one setting with --set or --settings")
    house = ready_house()
    with house.database.looking_only() as session:
        found = project_named(session, project)
        now = choice_of(found)
        instead = changed_choice(now, wished)
        told = compare(session, found, instead)
    click.echo("\n".join(table(told)))


def _object(path: Path) -> dict[str, Any]:
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadSetting(f"{path} is not JSON: {error}") from None
    if not isinstance(read, dict):
        raise BadSetting(f"{path} is not one JSON object")
    return read


def _pair(given: str) -> tuple[str, Any]:
    name, equals, value = given.partition("=")
    if not equals:
        raise BadSetting(f"--set {given}: write NAME=VALUE")
    try:
        return name.strip(), json.loads(value)
    except (ValueError, RecursionError):
        return name.strip(), value


def table(told: Comparison) -> list[str]:
    """The lines of the comparison."""
    rows = [("", "now", "instead"), *((label, *_both(told, label)) for label in _LABELS)]
    widths = [max(len(row[place]) for row in rows) for place in range(3)]
    lines = [f"{label:<{widths[0]}}  {now:>{widths[1]}}  {other:>{widths[2]}}" for label, now, other in rows]
    lines += ["", f"{told.changed} of {told.records} records would say something else"]
    lines += [f"  {identifier}: {', '.join(names)}" for identifier, names in told.named]
    if told.changed > len(told.named):
        lines.append(f"  and {told.changed - len(told.named)} more")
    return lines


_LABELS = (
    "answers used",
    "records finished",
    "accepted without a person",
    "confidence of the weakest field, mean",
    "as professionals decided",
)


def _both(told: Comparison, label: str) -> tuple[str, str]:
    return _cell(told, told.now, label), _cell(told, told.instead, label)


def _cell(told: Comparison, tally: Tally, label: str) -> str:
    match label:
        case "answers used":
            return f"{tally.answers:,} of {told.given:,}"
        case "records finished":
            return f"{tally.finished:,} of {told.records:,}"
        case "accepted without a person":
            return f"{tally.accepted / max(1, told.records):.1%}"
        case "confidence of the weakest field, mean":
            return f"{tally.sure / max(1, told.records):.3f}"
        case _:
            return f"{tally.right / tally.checked:.1%} of {tally.checked:,}" if tally.checked else "nothing decided"
