"""The history of a record: every version, decision and move, and nothing of it is ever changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from micro.core.fields import Said
from micro.data.models import Account, Decision, Move, Record, RecordVersion
from micro.services.settling import bare


@dataclass(frozen=True)
class Event:
    """One line of a record's history; ``who`` is empty for micro itself.

    ``what`` is version, decision, move, or looked (somebody asked who had answered). ``changed`` names the fields in
    which a version differs from the one before; ``to`` is whom a record was handed to, ``question`` what was asked.
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
    to: str = ""
    question: str = ""


@dataclass(frozen=True)
class VersionSight:
    """One version with all that it says; ``before`` is what the one before said of the fields that differ."""

    number: int
    at: datetime
    who: str
    engine: str
    said: Mapping[str, Said]
    before: Mapping[str, Said]

    @property
    def changed(self) -> tuple[str, ...]:
        return tuple(self.before)


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
    events = [
        *((0, one.number, _version_event(one)) for one in versions_of(session, record)),
        *_moves(session, record),
        *_decisions(session, record),
    ]
    ordered = sorted(events, key=lambda entry: (entry[2].at, entry[0], entry[1]), reverse=True)
    return [event for _, _, event in ordered]


def versions_of(session: Session, record: Record) -> list[VersionSight]:
    """Every version, oldest first."""
    makers = _makers(session, record)
    versions = session.scalars(
        select(RecordVersion).where(RecordVersion.record_id == record.id).order_by(RecordVersion.number)
    )
    made, last = [], dict[str, Said]()
    for version in versions:
        said = bare(version.values)
        before = {name: last.get(name, {}) for name in said if said[name] != last.get(name)} if last else {}
        who = makers.get(version.number, "")
        made.append(VersionSight(version.number, version.made_at, who, version.engine, said, before))
        last = said
    return made


def _makers(session: Session, record: Record) -> dict[int, str]:
    found = session.execute(
        select(Decision.made, Account.name)
        .join(Account, Account.id == Decision.account_id)
        .where(Decision.record_id == record.id, Decision.made.is_not(None))
    )
    return {number: name for number, name in found if number is not None}


def _version_event(version: VersionSight) -> Event:
    return Event("version", version.at, version.who, version.number, changed=version.changed)


def _decisions(session: Session, record: Record) -> list[tuple[int, int, Event]]:
    to = aliased(Account)
    found = session.execute(
        select(Decision, Account.name, to.name)
        .join(Account, Account.id == Decision.account_id)
        .outerjoin(to, to.id == Decision.to_id)
        .where(Decision.record_id == record.id)
    )
    return [
        (
            2,
            made.id,
            Event(
                "decision",
                made.at,
                who,
                made.made or 0,
                made.action,
                why=made.reason,
                to=handed_to or "",
                question=made.question,
            ),
        )
        for made, who, handed_to in found
    ]


def _moves(session: Session, record: Record) -> list[tuple[int, int, Event]]:
    found = session.execute(
        select(Move, Account.name)
        .outerjoin(Account, Account.id == Move.account_id)
        .where(Move.subject.in_(("record", "contributors")), Move.subject_id == record.id)
    )
    return [
        (
            1,
            move.id,
            Event(
                "move" if move.subject == "record" else "looked",
                move.at,
                who or "",
                why=move.why,
                from_state=move.from_state,
                to_state=move.to_state,
            ),
        )
        for move, who in found
    ]
