"""A record as a reviewer sees it, and whether this person may decide about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Integer, Select, bindparam, select
from sqlalchemy.orm import Session, aliased, joinedload

from micro.core.fields import Field, Said
from micro.data.models import Account, Answer, Decision, Item, Record, RecordVersion, Region, Task, Volunteer
from micro.errors import NotFound
from micro.services.review import readings
from micro.services.review.versions import field_regions, form_of, newest_versions, said_of, weakest_field


@dataclass(frozen=True)
class FieldSight:
    """One field as a reviewer sees it.

    ``said`` is what the record says, ``proposed`` what the newest answers say; they differ only after a decision.
    ``evidence`` lists the competing answers, most frequent first, spellings that say the same as one; ``written`` lists
    them letter by letter as people wrote them. No contributor is named. ``between`` are the ends of the interval in
    which the chance of being right lies 19 times in 20, as far as ``checked`` records told the ``engine``; None where
    a person decided, or an older engine did not say.
    """

    field: Field
    region: Region | None
    said: Said
    proposed: Said
    confidence: float
    evidence: tuple[dict[str, Any], ...]
    written: tuple[dict[str, Any], ...]
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


@cache  # As _answered below: built once, asked with each decision.
def _named() -> Select[Record]:
    whole = joinedload(Record.item).joinedload(Item.scan), joinedload(Record.project)
    return select(Record).where(Record.public_id == bindparam("named")).options(*whole)


def record_named(session: Session, public_id: str) -> Record:
    """The record at an address; NotFound otherwise."""
    record = session.scalar(_named(), {"named": public_id})
    if record is None:
        raise NotFound("There is no such record.")
    return record


def look_at(session: Session, record: Record) -> RecordSight:
    """The record with every field of its form that was ever asked about it."""
    form = form_of(session, record.project_id)
    current, proposed = newest_versions(session, [record])[record.id]
    regions = field_regions(session, [record.item_id]).get(record.item_id, {})
    newest = proposed or current
    written = readings.as_written(session, record, form)
    sights = tuple(
        _field_sight(field, regions.get(name), record, current, newest, written.get(name, ()))
        for name, field in form.items()
        if newest is not None and name in newest.values
    )
    return RecordSight(record, sights, current, weakest_field(current, proposed, form), _who_decided(session, current))


def _field_sight(
    field: Field,
    region: Region | None,
    record: Record,
    current: RecordVersion | None,
    newest: RecordVersion,
    written: tuple[dict[str, Any], ...],
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
        written or tuple(entry["evidence"]),
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
    return bool(items_answered(session, [record.item_id], account_id))


def items_answered(session: Session, item_ids: Sequence[int], account_id: int) -> set[int]:
    """Those of the items about which this person answered."""
    return set(session.scalars(_answered(), {"items": item_ids, "account": account_id}))


@cache
def _answered() -> Select[int]:
    """The items among some about which one account answered."""
    owner = aliased(Volunteer)  # Of answers that were given without the account and claimed later.
    account = bindparam("account", type_=Integer)
    return (
        select(Task.item_id)
        .join(Answer, Task.id == Answer.task_id)
        .join(Volunteer, Volunteer.id == Answer.volunteer_id)
        .outerjoin(owner, owner.id == Volunteer.claimed_by_id)
        .where(Task.item_id.in_(bindparam("items", expanding=True)))
        .where((Volunteer.account_id == account) | (owner.account_id == account))
        .distinct()
    )
