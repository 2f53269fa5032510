"""The teaching loop: whoever wrote something else than what was decided is shown it, and reliability learns from it.

A lesson is written when a person looked at a record and decided; records that were accepted together teach nothing,
because nobody looked at each of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, select, update
from sqlalchemy.orm import Session, contains_eager, joinedload

from micro.core.fields import Field, Said
from micro.core.judging import compare
from micro.core.publication import told_exactly
from micro.data.models import BatchRecord, Decision, Item, Lesson, Project, Record, RecordVersion, Region, Scan, Task
from micro.kinds import kind_named
from micro.services.assignments import current_setup
from micro.services.heard import heard_of

LESSONS_A_PAGE = 20
COUNTED = 100
ITEMS_AT_ONCE = 200


@dataclass(frozen=True)
class Judged:
    """Whether one person said of one field what a professional decided. ``volunteer_id`` stands for the person."""

    volunteer_id: int
    field: str
    right: bool


@dataclass(frozen=True)
class Correction:
    """One record in which somebody wrote something else: the fields that may be shown and differ, and how many agree.

    ``region`` is where the first of the fields is read.
    """

    lesson: Lesson
    fields: tuple[Field, ...]
    region: Region | None
    agreed: int


@dataclass(frozen=True)
class Taught:
    """One page of corrections, newest first, and counts over all lessons of this volunteer.

    ``right`` of ``judged`` fields were as decided; ``whole`` of ``records`` records had nothing to correct.
    """

    rows: tuple[Correction, ...]
    has_older: bool
    right: int
    judged: int
    whole: int
    records: int


# --- writing --------------------------------------------------------------------------------------------------------


def teach(session: Session, record: Record, now: datetime) -> None:
    """Writes down for each volunteer what they said beside what a person decided. Twice changes nothing.

    A lesson is unread while something in it differs and was not seen yet; it stands as long as the decision does.
    The record is held by the caller.
    """
    version = _decided_version(session, record)
    if version is None:
        return
    form = _form(session, record.project_id)
    known = {one.volunteer_id: one for one in session.scalars(select(Lesson).where(Lesson.record_id == record.id))}
    for person, said in _said_by_person(session, record.project_id, [record.item_id])[record.item_id].items():
        judged = compare(form, said, version.values)
        if judged:
            _write(session, record, version, known.get(person), person, said, judged, now)
    session.flush()


def _write(
    session: Session,
    record: Record,
    version: RecordVersion,
    old: Lesson | None,
    person: int,
    said: Mapping[str, Said],
    judged: Mapping[str, bool],
    now: datetime,
) -> None:
    wrong = [name for name, right in judged.items() if not right]
    own = {name: dict(said[name]) for name in judged}
    stands = {name: _bare(version.values[name]) for name in judged}
    is_new = old is None or any(
        (old.said.get(name), old.stands.get(name)) != (own[name], stands[name]) for name in wrong
    )
    lesson = old or Lesson(volunteer_id=person, record_id=record.id)
    if is_new or not wrong:
        lesson.state = "unread" if wrong else "seen"
    if is_new:
        lesson.at = now
    lesson.version, lesson.said, lesson.stands, lesson.wrong = version.number, own, stands, wrong
    if old is None:
        session.add(lesson)


def _decided_version(session: Session, record: Record) -> RecordVersion | None:
    """What a person who looked at the record decided, if that stands."""
    if record.state != "decided":
        return None
    return session.scalar(_looked_at(), {"record": record.id, "number": record.current})


@cache
def _looked_at() -> Select[RecordVersion]:
    """One version of a record, if a person who looked at it made it; built once: each decision asks for it."""
    one = RecordVersion.record_id == bindparam("record"), RecordVersion.number == bindparam("number")
    return select(RecordVersion).where(*one, RecordVersion.made_by == "decision", ~_made_together())


def _made_together() -> ColumnElement[bool]:
    """For a query that has RecordVersion in it: versions that nobody made with the record before their eyes."""
    return exists().where(
        Decision.record_id == RecordVersion.record_id,
        Decision.made == RecordVersion.number,
        BatchRecord.decision_id == Decision.id,
    )


def _said_by_person(
    session: Session, project_id: int, item_ids: Sequence[int]
) -> dict[int, dict[int, dict[str, Said]]]:
    """By item and person: what they said of each field, in all tasks of the item together."""
    tasks = session.execute(select(Task.id, Task.item_id).where(Task.item_id.in_(item_ids)).order_by(Task.id)).all()
    found: dict[int, dict[int, dict[str, Said]]] = {item_id: defaultdict(dict) for item_id in item_ids}
    heard = heard_of(session, project_id, [task.id for task in tasks])
    for task_id, item_id in tasks:
        for voice in heard[task_id].counted:
            found[item_id][voice.person].update(voice.value)
    return found


def _form(session: Session, project_id: int) -> dict[str, Field]:
    setup = current_setup(session, project_id)
    return {field.name: field for field in kind_named(setup.kind).fields(setup.body)}


def _bare(entry: Mapping[str, object]) -> Said:
    return {part: entry[part] for part in ("value", "mark") if part in entry}


# --- reading --------------------------------------------------------------------------------------------------------


def judged_answers(session: Session, project_id: int) -> Iterator[Judged]:
    """Every field of every answer to a record that a person looked at and decided, and whether it said what stands.

    The newest answer of each person counts, not of those set aside; by record, then by person. Records that were
    accepted together are left out: nobody judged their answers one by one. Cost: a few queries for 200 records.
    """
    form, last = _form(session, project_id), 0
    while True:
        rows = session.execute(
            select(Record.id, Record.item_id, RecordVersion.values)
            .join(RecordVersion, and_(RecordVersion.record_id == Record.id, RecordVersion.number == Record.current))
            .where(Record.project_id == project_id, Record.state == "decided", Record.id > last)
            .where(RecordVersion.made_by == "decision", ~_made_together())
            .order_by(Record.id)
            .limit(ITEMS_AT_ONCE)
        ).all()
        if not rows:
            return
        last = rows[-1].id
        said = _said_by_person(session, project_id, [row.item_id for row in rows])
        for row in rows:
            for person, answer in sorted(said[row.item_id].items()):
                for name, right in compare(form, answer, row.values).items():
                    yield Judged(person, name, right)


def _standing(volunteer_ids: Sequence[int]) -> Select[Lesson]:
    """The lessons of these volunteers that stand and may be shown."""
    return (
        select(Lesson)
        .join(Record, Record.id == Lesson.record_id)
        .join(Project, Project.id == Record.project_id)
        .join(Item, Item.id == Record.item_id)
        .join(Scan, Scan.id == Item.scan_id)
        .where(Lesson.volunteer_id.in_(volunteer_ids), Lesson.version == Record.current, Record.state == "decided")
        .where(Project.teaching, Scan.state.not_in(("withdrawn", "erased")))
    )


def unread_count(session: Session, volunteer_ids: Sequence[int], today: date) -> int:
    """How many corrections these volunteers have not seen yet, up to COUNTED; cheap enough for every page."""
    if not volunteer_ids:
        return 0
    query = _standing(volunteer_ids).where(Lesson.state == "unread").add_columns(Record.project_id)
    rows = session.execute(query.order_by(Lesson.id.desc()).limit(COUNTED)).all()
    shown = _shown(session, {row.project_id for row in rows}, today)
    return sum(1 for row in rows if set(row.Lesson.wrong) & shown[row.project_id].keys())


def taught(session: Session, volunteer_ids: Sequence[int], page: int, today: date) -> Taught:
    """One page of what was corrected, and how often these volunteers were right. Cost grows with their lessons."""
    lessons = [row for row in session.execute(_standing(volunteer_ids).add_columns(Record.project_id)
               .order_by(Lesson.at.desc(), Lesson.id.desc()))] if volunteer_ids else []  # fmt: skip
    shown = _shown(session, {row.project_id for row in lessons}, today)
    right = judged = whole = records = 0
    corrected: list[tuple[int, int]] = []
    for lesson, project_id in lessons:
        names = [name for name in shown[project_id] if name in lesson.said]
        wrong = [name for name in names if name in lesson.wrong]
        judged, right = judged + len(names), right + len(names) - len(wrong)
        records, whole = records + bool(names), whole + bool(names and not wrong)
        if wrong:
            corrected.append((lesson.id, project_id))
    first = (page - 1) * LESSONS_A_PAGE
    some = dict(corrected[first : first + LESSONS_A_PAGE])
    rows = tuple(_corrections(session, some, shown))
    return Taught(rows, len(corrected) > first + LESSONS_A_PAGE, right, judged, whole, records)


def _corrections(
    session: Session, some: Mapping[int, int], shown: Mapping[int, Mapping[str, Field]]
) -> Iterator[Correction]:
    found = session.scalars(
        select(Lesson)
        .join(Lesson.record)
        .where(Lesson.id.in_(some))
        .options(
            contains_eager(Lesson.record).joinedload(Record.item).joinedload(Item.scan),
            contains_eager(Lesson.record).joinedload(Record.project),
        )
    )
    by_id = {lesson.id: lesson for lesson in found}
    items = [lesson.record.item_id for lesson in by_id.values()]
    regions = session.scalars(
        select(Region).where(Region.item_id.in_(items)).options(joinedload(Region.scan)).order_by(Region.id)
    ).all()
    for lesson_id, project_id in some.items():
        lesson = by_id[lesson_id]
        names = [name for name in shown[project_id] if name in lesson.said]
        fields = tuple(shown[project_id][name] for name in names if name in lesson.wrong)
        theirs = [one for one in regions if one.item_id == lesson.record.item_id and fields[0].name in one.fields]
        region = min(theirs, key=lambda one: len(one.fields), default=None)
        yield Correction(lesson, fields, region, len(names) - len(fields))


def _shown(session: Session, project_ids: set[int], today: date) -> dict[int, dict[str, Field]]:
    """By project: the fields whose values everybody may see as they are."""
    found = {}
    for project_id in project_ids:
        form = _form(session, project_id)
        public = told_exactly(form.values(), today)
        found[project_id] = {name: field for name, field in form.items() if name in public}
    return found


def mark_seen(session: Session, volunteer_ids: Sequence[int], lesson_ids: Sequence[int]) -> None:
    """These lessons were shown to whom they are for; those of anybody else stay as they are."""
    session.execute(
        update(Lesson)
        .where(Lesson.id.in_(lesson_ids), Lesson.volunteer_id.in_(volunteer_ids), Lesson.state == "unread")
        .values(state="seen")
        .execution_options(synchronize_session=False)
    )
