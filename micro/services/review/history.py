"""The history of a record: every version, decision and move, and nothing of it is ever changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.core.fields import Said
from micro.data.models import Account, Decision, Record, RecordVersion
from micro.services.moves import moves_of
from micro.services.settling import bare


@dataclass(frozen=True)
class Event:
    """One line of a record's history. ``what`` is version, decision or move; ``who`` is empty for micro itself.

    ``changed`` names the fields in which a version differs from the one before.
    """

    what: str
    at: datetime
    who: str
    number: int = 0
    action: str = ""
    from_state: str = ""
    to_state: str = ""
    why: str = ""
    changed: tuple[str, ...] = ()


def newest_decision(session: Session, record: Record) -> tuple[Decision, str] | None:
    """The newest decision about a record with the name of whoever made it."""
    found = session.execute(
        select(Decision, Account.name)
        .join(Account, Account.id == Decision.account_id)
        .where(Decision.record_id == record.id)
        .order_by(Decision.id.desc())
        .limit(1)
    ).first()
    return None if found is None else (found[0], found[1])


def history(session: Session, record: Record) -> list[Event]:
    """Everything that happened to a record, newest first: its versions, decisions and moves. No volunteer is named."""
    decisions = session.execute(
        select(Decision, Account.name)
        .join(Account, Account.id == Decision.account_id)
        .where(Decision.record_id == record.id)
    ).all()
    makers = {decision.made: name for decision, name in decisions if decision.made}
    names = {decision.account_id: name for decision, name in decisions}
    events = [
        (2, made.id, Event("decision", made.at, name, made.made or 0, made.action, why=made.reason))
        for made, name in decisions
    ]
    events += [
        (
            1,
            move.id,
            Event(
                "move",
                move.at,
                names.get(move.account_id or 0, ""),
                why=move.why,
                from_state=move.from_state,
                to_state=move.to_state,
            ),
        )
        for move in moves_of(session, "record", record.id)
    ]
    events += [(0, number, event) for number, event in _version_events(session, record, makers)]
    ordered = sorted(events, key=lambda entry: (entry[2].at, entry[0], entry[1]), reverse=True)
    return [event for _, _, event in ordered]


def _version_events(session: Session, record: Record, makers: Mapping[int, str]) -> list[tuple[int, Event]]:
    versions = session.scalars(
        select(RecordVersion).where(RecordVersion.record_id == record.id).order_by(RecordVersion.number)
    ).all()
    events, before = [], dict[str, Said]()
    for version in versions:
        said = bare(version.values)
        changed = tuple(name for name in said if said[name] != before.get(name)) if before else ()
        events.append(
            (
                version.number,
                Event("version", version.made_at, makers.get(version.number, ""), version.number, changed=changed),
            )
        )
        before = said
    return events
