"""What people wrote of a record, letter by letter; and who they were, for whoever is written down as asking."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.core.consensus.keys import key_of
from micro.core.fields import Field, Said
from micro.data.models import Move, Record, Task, Volunteer
from micro.services.heard import Voice, fits, heard_of
from micro.services.moves import note_move

# Whoever asked sees the names for so long without asking again.
SHOWN_FOR = timedelta(hours=1)


@dataclass(frozen=True)
class Contribution:
    """What one person said of a field, and the volunteer who stands for them."""

    volunteer: Volunteer
    said: Said


def as_written(session: Session, record: Record, form: Mapping[str, Field]) -> dict[str, tuple[dict[str, Any], ...]]:
    """By field: the answers that count, identical ones together, most frequent first: {"said", "count", "unsure"}.

    Unlike the evidence of a version, spellings that mean the same stay apart.
    """
    found: dict[str, dict[str, list[Said]]] = defaultdict(lambda: defaultdict(list))
    for voice in _voices(session, record):
        for name, said in voice.value.items():
            if name in form and (key := _key(form[name], said)):
                found[name][key].append(said)
    return {name: _grouped(form[name], by_key) for name, by_key in found.items()}


def contributions(session: Session, record: Record, name: str) -> list[Contribution]:
    """Who said what of one field, in the order in which they came to micro."""
    said = {voice.person: voice.value[name] for voice in _voices(session, record) if name in voice.value}
    people = session.scalars(select(Volunteer).where(Volunteer.id.in_(said)).order_by(Volunteer.id))
    return [Contribution(volunteer, said[volunteer.id]) for volunteer in people]


def ask_who_answered(session: Session, record: Record, account_id: int, now: datetime) -> None:
    """Writes down that this person wants to see who answered; they do from then on, for a while."""
    note_move(session, "contributors", record.id, account_id, now, "hidden", "shown")


def sees_who_answered(session: Session, record: Record, account_id: int, now: datetime) -> bool:
    """Whether this person asked a moment ago."""
    asked = select(Move.id).where(
        Move.subject == "contributors",
        Move.subject_id == record.id,
        Move.account_id == account_id,
        Move.at > now - SHOWN_FOR,
    )
    return session.scalar(asked.limit(1)) is not None


def _voices(session: Session, record: Record) -> list[Voice]:
    tasks = session.scalars(select(Task.id).where(Task.item_id == record.item_id).order_by(Task.id)).all()
    heard = heard_of(session, record.project_id, tasks)
    return [voice for task_id in tasks for voice in heard[task_id].counted]


def _key(field: Field, said: Said) -> str:
    """What was said, without how sure somebody was; empty for what says nothing, or fits the form no more."""
    return "" if not fits(field, said) or key_of(field, said) is None else repr(said.get("value", said.get("mark")))


def _grouped(field: Field, by_key: Mapping[str, list[Said]]) -> tuple[dict[str, Any], ...]:
    groups = [
        {
            "said": {"value": given[0]["value"]} if "value" in given[0] else {"mark": given[0]["mark"]},
            "count": len(given),
            "unsure": sum(said.get("mark") == "unsure" for said in given),
        }
        for given in by_key.values()
    ]
    return tuple(sorted(groups, key=lambda one: (-one["count"], key_of(field, one["said"]) or "", repr(one["said"]))))
