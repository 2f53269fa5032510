"""The raw answers of a release: pseudonyms for volunteers, days for times, and nothing that is held back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import Session, aliased

from micro.core.fields import Field
from micro.core.kind import Column
from micro.core.publication import is_public, public_answer
from micro.core.release import columns
from micro.core.release.cells import BYTE_ORDER_MARK, csv_lines
from micro.core.release.columns import Described, FieldColumns
from micro.core.release.rows import cell
from micro.data.models import Answer, Assignment, Item, Project, Record, Region, Scan, Setup, Task, Volunteer
from micro.kinds import kind_named
from micro.services.setting_aside import counted, order_of_answers, person_id

AT_ONCE = 500


@dataclass(frozen=True)
class WrittenAnswers:
    """What went into answers.csv; ``people`` are the public ids of all who gave one, which stay in the house."""

    rows: int
    people: frozenset[str]
    columns: tuple[Described, ...]


def is_released() -> ColumnElement[bool]:
    """Which records a release holds: those with an outcome that were not rejected."""
    somebody_spoke = (Record.answers_count > 0) | (Record.state == "decided") | (Record.reason == "evidence_changed")
    return (Record.state != "rejected") & (Record.current > 0) & somebody_spoke


def open_text(path: Path) -> TextIO:
    """A new file whose line ends are written as they are."""
    return path.open("w", encoding="utf-8", newline="")


def setups_of(session: Session, project: Project) -> dict[int, Setup]:
    """All forms that the project ever had, the newest first, by id."""
    query = select(Setup).where(Setup.project_id == project.id).order_by(Setup.version.desc())
    return {setup.id: setup for setup in session.scalars(query)}


def write_answers(
    session: Session, project: Project, folder: Path, pseudonym: Callable[[str], str], on: date
) -> WrittenAnswers:
    """Writes answers.csv into the folder, as everybody may see them on this day.

    Answers stand in the order of records and of random identifiers, so that their order does not tell the time of day.
    """
    setups = setups_of(session, project)
    forms = {setup.id: kind_named(setup.kind).fields(setup.body) for setup in setups.values()}
    now: dict[str, Field] = {}
    for form in forms.values():
        now |= {field.name: field for field in form if field.name not in now}
    groups = _all_fields(setups.values(), now, project.content_language, on)
    head = (*columns.ANSWER_HEAD, *columns.flat(groups))
    volunteers: set[str] = set()
    count = 0
    with open_text(folder / "answers.csv") as file:
        file.write(BYTE_ORDER_MARK + csv_lines([[column.name for column in head]]))
        found = session.execute(_query(project.id).execution_options(yield_per=AT_ONCE))
        for some in found.partitions(AT_ONCE):
            volunteers.update(row.volunteer for row in some)
            count += len(some)
            file.write(
                csv_lines(
                    _line(
                        row,
                        public_answer(row.value, forms[row.setup_id], now, on),
                        setups[row.setup_id],
                        project.content_language,
                        pseudonym(row.volunteer),
                        groups,
                        head,
                    )
                    for row in some
                )
            )
    return WrittenAnswers(count, frozenset(volunteers), head)


def _all_fields(setups: Iterable[Setup], now: Mapping[str, Field], language: str, on: date) -> tuple[FieldColumns, ...]:
    """The columns of all fields that any form of the project had and that are public, the newest form's first."""
    found: dict[tuple[str, str], Column] = {}
    for setup in setups:
        for column in kind_named(setup.kind).columns(setup.body):
            if not is_public(now[column.field.name], on):
                continue
            key = (column.field.name, column.name)
            before = found.setdefault(key, column)
            if before.holds != column.holds:  # Only text can hold both.
                found[key] = Column(before.name, "string", before.labels, before.field)
    taken = [column.name for column in columns.ANSWER_HEAD]
    return columns.field_columns(found.values(), language, taken, columns.SAID_STATUSES)


def _query(project_id: int) -> Select[Any]:
    person = aliased(Volunteer)  # Who claimed the answers of another volunteer is one person with them.
    whose = (Answer.task_id, person_id())
    return (
        select(
            Answer.public_id,
            func.row_number().over(partition_by=whose, order_by=order_of_answers()).label("number"),
            func.count().over(partition_by=whose).label("newest"),
            Answer.at,
            Answer.surplus,
            Answer.value,
            Answer.setup_id,
            person.public_id.label("volunteer"),
            Record.public_id.label("record"),
            Item.identifier,
            Region.name.label("region"),
        )
        .join(Assignment, Assignment.id == Answer.assignment_id)
        .join(Volunteer, Volunteer.id == Answer.volunteer_id)
        .join(person, person.id == person_id())
        .join(Task, Task.id == Answer.task_id)
        .join(Region, Region.id == Task.region_id)
        .join(Item, Item.id == Task.item_id)
        .join(Scan, Scan.id == Item.scan_id)
        .join(Record, Record.item_id == Item.id)
        .where(Answer.project_id == project_id, is_released(), counted(project_id), ~Assignment.gold)
        .order_by(Scan.document, Scan.page_number, Item.id, Task.id, Assignment.public_id, Answer.number)
    )


def _line(
    row: Row[Any],
    value: Mapping[str, Any],
    setup: Setup,
    language: str,
    volunteer: str,
    groups: Sequence[FieldColumns],
    head: Sequence[Described],
) -> list[str]:
    """One row; ``value`` is what everybody may see of the answer."""
    cells = kind_named(setup.kind).row(value, setup.body, language)
    texts = [
        row.public_id,
        row.record,
        row.identifier,
        row.region,
        volunteer,
        row.at.date().isoformat(),
        str(row.number),
        _truth(row.number == row.newest),
        str(setup.version),
        _truth(row.surplus),
    ]
    for group in groups:
        said = value.get(group.field.name)
        texts += [cells.get(name, "") if said is not None else "" for name, _ in group.cells]
        texts.append("" if said is None else said.get("mark") or "given")
    return [cell(column, text) for column, text in zip(head, texts, strict=True)]


def _truth(claim: bool) -> str:
    return "true" if claim else "false"
