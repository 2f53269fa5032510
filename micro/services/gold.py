"""Known answers: marked by a manager, used for practice or mixed into ordinary work, read by the engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, cast, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from micro.core.fields import Field, Said
from micro.core.gold import check_every
from micro.core.review import DECIDED
from micro.core.states import GOLD, check_move
from micro.data.models import (
    Gold,
    GoldCheck,
    Item,
    Project,
    Record,
    RecordVersion,
    Region,
    Setup,
    Task,
    Volunteer,
)
from micro.errors import BadAnswer, Conflict, NotFound
from micro.kinds import kind_named, narrowed
from micro.services import reviewing, settling
from micro.services.assignments import current_setup
from micro.services.moves import note_move
from micro.services.setting_aside import is_set_aside, person_id
from micro.services.settling import bare

A_PAGE = 50


@dataclass(frozen=True)
class CheckedAnswer:
    """Whether one field of a volunteer's answer to a card with a known answer was right."""

    volunteer_id: int
    field: str
    right: bool


def checked_answers(session: Session, project_id: int) -> list[CheckedAnswer]:
    """How every person did on known answers of a project, by the order of answering; only the first word counts.

    Those who are set aside are left out.

    Cost: reads a row for each checked field of the project, by index.
    """
    found = session.execute(
        select(person_id(), GoldCheck.field, GoldCheck.right)
        .join(Volunteer, Volunteer.id == GoldCheck.volunteer_id)
        .where(GoldCheck.project_id == project_id, ~is_set_aside(project_id))
        .order_by(GoldCheck.id)
    )
    return [CheckedAnswer(*row) for row in found]


# --- marking --------------------------------------------------------------------------------------------------------


def gold_named(session: Session, project: Project, public_id: str) -> Gold:
    """The known answer at an address; NotFound for one of another project."""
    found = session.scalar(select(Gold).where(Gold.public_id == public_id, Gold.project_id == project.id))
    if found is None:
        raise NotFound("There is no such known answer.")
    return found


def item_called(session: Session, project: Project, identifier: str) -> Item:
    """The card of a project by its identifier; BadAnswer("card") when there is none."""
    found = session.scalar(
        select(Item).where(Item.project_id == project.id, Item.identifier == " ".join(identifier.split()))
    )
    if found is None:
        raise BadAnswer("card", "There is no card called “%(card)s” in this project.", card=identifier[:80])
    return found


def tasks_of(session: Session, item: Item) -> list[Task]:
    """The tasks of a card, in reading order."""
    tasks = select(Task).join(Region, Region.id == Task.region_id).where(Task.item_id == item.id)
    return list(session.scalars(tasks.options(joinedload(Task.region)).order_by(Region.position, Task.id)))


def form_of(setup: Setup, task: Task) -> tuple[Field, ...]:
    """The fields that a task asks for, by this form; nothing when the form has none of them any more."""
    body = narrowed(setup.body, task.fields)
    return kind_named(setup.kind).fields(body) if body["fields"] else ()


def mark_decided(
    session: Session, project: Project, item: Item, use: str, account_id: int | None, now: datetime
) -> list[Gold]:
    """Takes what a professional decided about a card as its known answer. Conflict when nobody decided."""
    record = session.scalar(select(Record).where(Record.item_id == item.id, Record.project_id == project.id))
    version = settling.version_of(session, record, record.current) if record is not None else None
    if record is None or version is None or record.state not in DECIDED or version.made_by != "decision":
        raise Conflict("Nobody has decided on this card yet, so its answer is not known.")
    return _mark(session, project, item, bare(version.values), use, account_id, now)


def mark_typed(
    session: Session,
    project: Project,
    item: Item,
    submitted: Mapping[str, Any],
    use: str,
    account_id: int | None,
    now: datetime,
    *,
    decides: bool = True,
) -> list[Gold]:
    """Takes what was typed as the known answer of a card; BadAnswer where it cannot be read.

    With ``decides`` it becomes that account's decision about the card's record too, so that nobody is asked in vain.
    """
    setup = current_setup(session, project.id)
    names = [name for task in tasks_of(session, item) for name in task.fields]
    body = narrowed(setup.body, names)
    values = kind_named(setup.kind).parse(submitted, body)
    if decides and account_id is not None:
        fields = {field.name: field for field in kind_named(setup.kind).fields(setup.body)}
        record = settling.settle_item(session, project, fields, item.id, now)
        reviewing.decide(session, record.public_id, account_id, "amend", record.revision, submitted, "", now)
    return _mark(session, project, item, values, use, account_id, now)


def _mark(
    session: Session,
    project: Project,
    item: Item,
    values: Mapping[str, Said],
    use: str,
    account_id: int | None,
    now: datetime,
) -> list[Gold]:
    if use not in GOLD:
        raise BadAnswer("use", "Choose what the card is used for.")
    made = []
    for task in tasks_of(session, item):
        known = {name: dict(values[name]) for name in task.fields if name in values}
        if known:
            made.append(_keep(session, project, task, known, use, account_id, now))
    if not made:
        raise Conflict("This card asks for none of the fields of the form, so nothing can be known of it.")
    return made


def _keep(
    session: Session,
    project: Project,
    task: Task,
    known: dict[str, Any],
    use: str,
    account_id: int | None,
    now: datetime,
) -> Gold:
    """One row a task, for ever: marked again, it has the new values."""
    found = session.scalar(select(Gold).where(Gold.task_id == task.id))
    if found is not None:
        found.values, found.changed_at = known, now
        move(session, found, use, account_id, now)
        return found
    gold = Gold(
        project_id=project.id,
        task_id=task.id,
        values=known,
        state=use,
        account_id=account_id,
        created_at=now,
        changed_at=now,
    )
    try:
        with session.begin_nested():
            session.add(gold)
            session.flush()
    except IntegrityError:
        raise Conflict("Somebody else has just marked this card. Please look at it once more.") from None
    note_move(session, "gold", gold.id, account_id, now, "", use)
    return gold


def move(session: Session, gold: Gold, to_state: str, account_id: int | None, now: datetime) -> None:
    """Uses a known answer for something else, or no more; the same twice changes nothing."""
    if gold.state == to_state:
        return
    check_move(GOLD, gold.state, to_state)
    note_move(session, "gold", gold.id, account_id, now, gold.state, to_state)
    gold.state, gold.changed_at = to_state, now
    session.flush()


def known_values(session: Session, item: Item) -> dict[str, Any]:
    """What is known of a card already: {field: said}."""
    found = session.scalars(select(Gold.values).join(Task, Task.id == Gold.task_id).where(Task.item_id == item.id))
    return {name: said for values in found for name, said in values.items()}


def set_rate(session: Session, project: Project, every: Any, tells: bool) -> None:
    """One card in ``every`` is one whose answer is known, 0 for none; whether people hear at once how they did."""
    project.gold_every, project.gold_tells = check_every(every), tells
    session.flush()


# --- looking --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GoldRow:
    """A known answer on the desk: how often each was read, how many fields were right, and whether it still holds.

    ``is_outdated``: a professional has decided otherwise since.
    """

    gold: Gold
    item: Item
    people: int
    checked: int
    right: int
    is_outdated: bool


def gold_rows(session: Session, project: Project, page: int = 1) -> tuple[list[GoldRow], int]:
    """The known answers of a project, those in use first, one page; and how many there are."""
    total = session.scalar(select(func.count()).select_from(Gold).where(Gold.project_id == project.id)) or 0
    found = session.execute(
        select(Gold, Item)
        .join(Task, Task.id == Gold.task_id)
        .join(Item, Item.id == Task.item_id)
        .where(Gold.project_id == project.id)
        .options(joinedload(Gold.task).joinedload(Task.region), joinedload(Item.scan))
        .order_by(Gold.state == "off", Gold.state.desc(), Gold.id)
        .limit(A_PAGE)
        .offset((max(1, page) - 1) * A_PAGE)
    ).all()
    did = _how_people_did(session, [gold.id for gold, _ in found])
    decided = _decided(session, [item.id for _, item in found])
    rows = [
        GoldRow(gold, item, *did.get(gold.id, (0, 0, 0)), _differs(gold.values, decided.get(item.id)))
        for gold, item in found
    ]
    return rows, total


def _how_people_did(session: Session, gold_ids: Iterable[int]) -> dict[int, tuple[int, int, int]]:
    people, right = func.count(func.distinct(GoldCheck.volunteer_id)), func.sum(cast(GoldCheck.right, Integer))
    found = session.execute(
        select(GoldCheck.gold_id, people, func.count(), right)
        .where(GoldCheck.gold_id.in_(list(gold_ids)))
        .group_by(GoldCheck.gold_id)
    )
    return {row[0]: (row[1], row[2], row[3]) for row in found}


def _decided(session: Session, item_ids: Iterable[int]) -> dict[int, Mapping[str, Any]]:
    found = session.execute(
        select(Record.item_id, RecordVersion.values)
        .join(RecordVersion, (RecordVersion.record_id == Record.id) & (RecordVersion.number == Record.current))
        .where(Record.item_id.in_(list(item_ids)), RecordVersion.made_by == "decision")
    )
    return {row[0]: row[1] for row in found}


def _differs(known: Mapping[str, Any], decided: Mapping[str, Any] | None) -> bool:
    if decided is None:
        return False
    now = bare(decided)
    return any(name in now and dict(now[name]) != dict(said) for name, said in known.items())


def decided_items(session: Session, project: Project, most: int) -> list[Item]:
    """Cards on which a professional decided and that are no known answer yet, the newest decision first."""
    known = select(Gold.id).join(Task, Task.id == Gold.task_id).where(Task.item_id == Record.item_id)
    found = session.scalars(
        select(Item)
        .join(Record, Record.item_id == Item.id)
        .join(RecordVersion, (RecordVersion.record_id == Record.id) & (RecordVersion.number == Record.current))
        .where(Record.project_id == project.id, Record.state == "decided", RecordVersion.made_by == "decision")
        .where(~known.exists())
        .options(joinedload(Item.scan))
        .order_by(Record.changed_at.desc(), Record.id.desc())
        .limit(most)
    )
    return list(found)
