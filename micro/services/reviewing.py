"""Reviewing: a professional looks at a record, decides, and sees what was decided before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased, joinedload

from micro.core.fields import Field, Said
from micro.core.review import after_decision
from micro.core.states import TASK, check_move
from micro.data.database import locked
from micro.data.models import Account, Answer, Decision, Item, Record, RecordVersion, Region, Task, Volunteer
from micro.errors import Conflict, NotAllowed, NotFound
from micro.kinds import kind_named, narrowed
from micro.services.assignments import current_setup
from micro.services.moves import moves_of, note_move
from micro.services.review_queue import field_regions, form_of, newest_versions, said_of, weakest_field
from micro.services.settling import bare, lowest, next_number, version_of

LONGEST_REASON = 2000


@dataclass(frozen=True)
class FieldSight:
    """One field as a reviewer sees it.

    ``said`` is what the record says, ``proposed`` what the newest answers say; they differ only after a decision.
    ``evidence`` lists the competing answers, most frequent first; no contributor is named. ``between`` are the ends of
    the interval in which the chance of being right lies 19 times in 20, as far as ``checked`` records told the
    ``engine``; None where a person decided, or an older engine did not say.
    """

    field: Field
    region: Region | None
    said: Said
    proposed: Said
    confidence: float
    evidence: tuple[dict[str, Any], ...]
    tied: bool
    between: tuple[float, float] | None = None
    checked: int = 0
    engine: str = ""

    @property
    def is_contradicted(self) -> bool:
        """Whether the newest answers say something else than a decision."""
        return self.said != self.proposed

    @property
    def agrees(self) -> bool:
        """Whether everybody who answered says what the record says."""
        return not self.is_contradicted and len(self.evidence) == 1


@dataclass(frozen=True)
class RecordSight:
    """A record as a reviewer sees it; ``weakest`` names the field to look at first, empty when nothing was said yet."""

    record: Record
    fields: tuple[FieldSight, ...]
    current: RecordVersion | None
    weakest: str
    decided_by: str

    def field(self, name: str) -> FieldSight | None:
        return next((sight for sight in self.fields if sight.field.name == name), None)


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


def record_named(session: Session, public_id: str) -> Record:
    """The record at an address; NotFound otherwise."""
    record = session.scalar(
        select(Record)
        .where(Record.public_id == public_id)
        .options(joinedload(Record.item).joinedload(Item.scan), joinedload(Record.project))
    )
    if record is None:
        raise NotFound("There is no such record.")
    return record


def look_at(session: Session, record: Record) -> RecordSight:
    """The record with every field of its form that was ever asked about it."""
    form = form_of(session, record.project_id)
    current, proposed = newest_versions(session, [record])[record.id]
    regions = field_regions(session, [record.item_id]).get(record.item_id, {})
    newest = proposed or current
    sights = tuple(
        _field_sight(field, regions.get(name), record, current, newest)
        for name, field in form.items()
        if newest is not None and name in newest.values
    )
    return RecordSight(record, sights, current, weakest_field(current, proposed, form), _who_decided(session, current))


def _field_sight(
    field: Field, region: Region | None, record: Record, current: RecordVersion | None, newest: RecordVersion
) -> FieldSight:
    entry = newest.values[field.name]
    # A standing decision is as sure as its maker; once new answers question it, their confidence is what matters.
    stands = current.values.get(field.name, entry) if current is not None and record.state == "decided" else entry
    return FieldSight(
        field,
        region,
        said_of(current, field.name),
        said_of(newest, field.name),
        stands["confidence"],
        tuple(entry["evidence"]),
        tied=bool(entry.get("tied")),
        between=tuple(entry["between"]) if stands is entry and entry.get("between") else None,
        checked=entry.get("checked", 0),
        engine=newest.engine,
    )


def _who_decided(session: Session, current: RecordVersion | None) -> str:
    """The name of the person who made this version; empty for the engine's."""
    if current is None or current.made_by != "decision":
        return ""
    return (
        session.scalar(
            select(Account.name)
            .join(Decision, Decision.account_id == Account.id)
            .where(Decision.record_id == current.record_id, Decision.made == current.number)
        )
        or ""
    )


def has_answered(session: Session, record: Record, account_id: int) -> bool:
    """Whether this person is among those who answered about the record's item, and so must not decide."""
    owner = aliased(Volunteer)  # Of answers that were given without the account and claimed later.
    return (
        session.scalar(
            select(Answer.id)
            .join(Task, Task.id == Answer.task_id)
            .join(Volunteer, Volunteer.id == Answer.volunteer_id)
            .outerjoin(owner, owner.id == Volunteer.claimed_by_id)
            .where(Task.item_id == record.item_id)
            .where((Volunteer.account_id == account_id) | (owner.account_id == account_id))
            .limit(1)
        )
        is not None
    )


def decide(
    session: Session,
    record_public_id: str,
    account_id: int,
    action: str,
    revision_seen: int,
    values: Mapping[str, Any] | None,
    reason: str,
    now: datetime,
) -> Decision:
    """A professional's decision: accept, amend (with ``values`` per field), reject, or return to the crowd.

    - accept: what the record says becomes a version of this person's;
    - amend: the same with ``values`` in place, each read by its type of field; the others stay as they are;
    - reject: the record is left out of releases;
    - return: the engine's proposal stands again, and one more answer is asked for.

    The same post twice is one decision. Raises Conflict when the record changed since it was seen, NotAllowed for a
    person's own answer, BadAnswer for values that cannot be taken.
    """
    record, tasks = _held(session, record_named(session, record_public_id))
    if has_answered(session, record, account_id):
        raise NotAllowed("You gave one of the answers yourself, so a colleague has to decide about this record.")
    parsed = _parsed(session, record, values) if action == "amend" and values else None
    if (before := _same_decision(session, record, account_id, action, revision_seen, parsed)) is not None:
        return before
    if record.revision != revision_seen:
        raise Conflict("This record changed after you opened it, so your decision was not kept.")
    state = after_decision(record.state, action, parsed)
    was = record.state
    made = _make_version(session, record, action, parsed, now)
    _settle_tasks(session, record, tasks, action, account_id, now)
    decision = Decision(
        record_id=record.id,
        revision=revision_seen,
        account_id=account_id,
        action=action,
        made=made,
        reason=reason.strip()[:LONGEST_REASON],
        at=now,
    )
    _keep(session, decision)
    note_move(session, "record", record.id, account_id, now, was, state, action)
    record.state, record.reason, record.changed_at = state, "", now
    record.revision = record.revision + 1
    session.flush()
    return decision


def _held(session: Session, seen: Record) -> tuple[Record, Sequence[Task]]:
    """The record and its item's tasks, locked as settling locks them: tasks by id, then the record; read anew."""
    tasks = locked(select(Task).where(Task.item_id == seen.item_id).order_by(Task.id))
    held_tasks = session.scalars(tasks.execution_options(populate_existing=True)).all()
    record = locked(select(Record).where(Record.id == seen.id))
    return session.scalars(record.execution_options(populate_existing=True)).one(), held_tasks


def _parsed(session: Session, record: Record, values: Mapping[str, Any]) -> dict[str, Said]:
    """The amended fields, read by the project's kind. Raises BadAnswer, with all further problems as ``others``."""
    setup = current_setup(session, record.project_id)
    return kind_named(setup.kind).parse(values, narrowed(setup.body, list(values)))


def _same_decision(
    session: Session,
    record: Record,
    account_id: int,
    action: str,
    revision_seen: int,
    parsed: Mapping[str, Said] | None,
) -> Decision | None:
    """The decision that this very post made before: a double click, or a retry after the network failed."""
    found = session.scalar(
        select(Decision).where(
            Decision.record_id == record.id,
            Decision.revision == revision_seen,
            Decision.account_id == account_id,
            Decision.action == action,
        )
    )
    if found is None or parsed is None:
        return found
    version = version_of(session, record, found.made or 0)
    return found if all(said_of(version, name) == said for name, said in parsed.items()) else None


def _make_version(
    session: Session, record: Record, action: str, parsed: Mapping[str, Said] | None, now: datetime
) -> int | None:
    """Makes the version that an acceptance or an amendment leads to; returns its number, None for the other actions."""
    if action == "reject":
        return None
    if action == "return":
        _believe_the_engine(session, record)
        return None
    current, proposed = newest_versions(session, [record])[record.id]
    if current is None:
        raise Conflict("Nobody has answered yet, so there is nothing to decide.")
    values = dict(current.values)
    evidence = (proposed or current).values
    for name, said in (parsed or {}).items():
        known = evidence.get(name, {}).get("evidence", [])
        values[name] = {**said, "confidence": 1.0, "evidence": known, "tied": False}
    version = RecordVersion(
        record_id=record.id,
        number=next_number(session, record),
        values=values,
        made_by="decision",
        engine="",
        fingerprint="",
        made_at=now,
    )
    session.add(version)
    session.flush()
    record.current, record.confidence = version.number, lowest(values)
    return version.number


def _believe_the_engine(session: Session, record: Record) -> None:
    proposed = version_of(session, record, record.proposed)
    record.current, record.confidence = record.proposed, lowest(proposed.values) if proposed else 0.0


def _settle_tasks(
    session: Session, record: Record, tasks: Sequence[Task], action: str, account_id: int, now: datetime
) -> None:
    """Asks for one answer more, or for none: nobody is asked in vain about what a person has decided."""
    if action == "return" and record.project.state not in ("live", "paused", "trial"):
        raise Conflict("This project is over, so nobody can be asked for one more answer.")
    if action == "return" and record.item.scan.state != "shown":
        raise Conflict("The scan has been taken down, so nobody can be asked for one more answer.")
    state = "open" if action == "return" else "done"
    for task in tasks:
        if action == "return":
            task.wanted = max(task.wanted, task.answered) + 1
        if task.state != state:
            check_move(TASK, task.state, state)
            note_move(session, "task", task.id, account_id, now, task.state, state, action)
            task.state = state


def _keep(session: Session, decision: Decision) -> None:
    try:
        with session.begin_nested():
            session.add(decision)
            session.flush()
    except IntegrityError:  # The unique key (record, revision) is the truth.
        raise Conflict("This record changed after you opened it, so your decision was not kept.") from None


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
