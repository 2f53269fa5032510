"""Who sees which comments: volunteers those of cards that they have answered, reviewers all of a record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased, joinedload

from micro.core.fields import Field
from micro.core.publication import told_exactly
from micro.core.states import PUBLIC_PROJECTS
from micro.data.models import (
    Account,
    Assignment,
    Collection,
    Comment,
    Move,
    Project,
    Record,
    Region,
    Scan,
    Task,
    Volunteer,
)
from micro.kinds import kind_named
from micro.services.credits import shown_names
from micro.services.release_answers import setups_of
from micro.services.setting_aside import is_set_aside

COUNTED = 100
LISTED = 20
# Reviewers are shown what nobody answered for so long: not everything that is said asks for an answer.
LATELY = timedelta(days=30)


@dataclass(frozen=True)
class Spoken:
    """A volunteer's comment with the answers of the museum, oldest first.

    ``name`` is what the volunteer wants to be called, empty for none; ``own``: whoever looks has written it.
    ``aside``: the volunteer's answers in the project do not count.
    """

    comment: Comment
    own: bool
    name: str
    answers: tuple[Comment, ...]
    aside: bool = False


@dataclass(frozen=True)
class Thread:
    """What a volunteer sees about a card, oldest first.

    ``waiting`` is how much others and the museum say that is not shown before they give up correcting their answer.
    ``closed``: the card asks for something that is not for publication, so nobody else reads what they say.
    """

    rows: tuple[Spoken, ...] = ()
    waiting: int = 0
    closed: bool = False

    @property
    def unread(self) -> list[int]:
        """The ids of the museum's answers that are new."""
        return [one.id for row in self.rows for one in row.answers if one.reading == "unread" and row.own]


@dataclass(frozen=True)
class Mark:
    """How much is said about a card that somebody may see, and how many answers of the museum are new."""

    count: int
    new: int


# --- for volunteers -------------------------------------------------------------------------------------------------


def thread_of(session: Session, card: Assignment, volunteer_ids: Sequence[int], today: date) -> Thread:
    """What this person may see about a card that they have sent."""
    closed = _closed(session, [card.task], today)
    found = _visible(session, [card.task], volunteer_ids, closed)[card.task_id]
    names = shown_names(session, {one.volunteer_id for one in found})
    rows = [one for one in found if one.answers_id is None]
    spoken = tuple(
        Spoken(
            one,
            one.volunteer_id in volunteer_ids,
            names.get(one.volunteer_id, ""),
            tuple(answer for answer in found if answer.answers_id == one.id),
        )
        for one in rows
    )
    if card.heard:
        return Thread(spoken, closed=card.task_id in closed)
    own = tuple(Spoken(one.comment, True, one.name, ()) for one in spoken if one.own)
    return Thread(own, len(found) - len(own), card.task_id in closed)


def marks_of(
    session: Session, cards: Iterable[Assignment], volunteer_ids: Sequence[int], today: date
) -> dict[int, Mark]:
    """By task, of the cards about which somebody says anything that this person may see."""
    tasks = {card.task_id: card.task for card in cards}
    some = set(session.scalars(select(Comment.task_id).where(Comment.task_id.in_(tasks)).distinct()))
    if not some:
        return {}
    spoken_of = [task for number, task in tasks.items() if number in some]
    seen = _visible(session, spoken_of, volunteer_ids, _closed(session, spoken_of, today))
    return {
        task_id: Mark(len(rows), sum(one.reading == "unread" and one.volunteer_id in volunteer_ids for one in rows))
        for task_id, rows in seen.items()
        if rows
    }


def _visible(
    session: Session, tasks: Sequence[Task], volunteer_ids: Sequence[int], closed: set[int]
) -> dict[int, list[Comment]]:
    """By task, what this person may see in the order in which it was said: nothing while the scan is taken down.

    One's own comments, hidden or not, and what the museum answers them; those of others with their answers unless they
    are hidden, or are by somebody set aside, or the task is one of those that are ``closed``.
    """
    found = session.scalars(
        select(Comment)
        .join(Task, Task.id == Comment.task_id)
        .join(Region, Region.id == Task.region_id)
        .join(Scan, Scan.id == Region.scan_id)
        .where(Comment.task_id.in_([task.id for task in tasks]), Scan.state == "shown")
        .order_by(Comment.id)
    ).all()
    aside = _aside(session, found)
    seen: set[int] = set()
    rows: dict[int, list[Comment]] = {task.id: [] for task in tasks}
    for one in found:
        if one.answers_id is not None:
            may = one.state == "shown" and one.answers_id in seen
        else:
            open_to_all = one.state == "shown" and one.volunteer_id not in aside and one.task_id not in closed
            may = one.volunteer_id in volunteer_ids or open_to_all
        if may:
            seen.add(one.id)
            rows[one.task_id].append(one)
    return rows


def _aside(session: Session, found: Iterable[Comment]) -> set[int]:
    """Those of the writers whose answers in the project do not count."""
    writers: dict[int, set[int]] = defaultdict(set)
    for one in found:
        writers[one.project_id].add(one.volunteer_id)
    aside: set[int] = set()
    for project_id, people in writers.items():
        query = select(Volunteer.id).where(Volunteer.id.in_(people), is_set_aside(project_id))
        aside.update(session.scalars(query))
    return aside


def _closed(session: Session, tasks: Iterable[Task], today: date) -> set[int]:
    """Those of the tasks that ask for something that not everybody may see just as it is: words might tell it."""
    told: dict[int, frozenset[str]] = {}
    closed = set()
    for task in tasks:
        if task.project_id not in told:
            told[task.project_id] = _told(session, task.project, today)
        if not told[task.project_id].issuperset(task.fields):
            closed.add(task.id)
    return closed


def _told(session: Session, project: Project, today: date) -> frozenset[str]:
    """The fields that may be told exactly; of one that is removed, its last form says so."""
    last: dict[str, Field] = {}
    for setup in setups_of(session, project).values():
        for field in kind_named(setup.kind).fields(setup.body):
            last.setdefault(field.name, field)
    return told_exactly(last.values(), today)


def unread_answers(session: Session, volunteer_ids: Sequence[int], most: int = LISTED) -> list[Comment]:
    """The museum's answers that these volunteers have not seen, newest first, with their cards."""
    card = joinedload(Comment.task).joinedload(Task.item)
    query = _unread(volunteer_ids).options(card, joinedload(Comment.assignment)).order_by(Comment.id.desc())
    return list(session.scalars(query.limit(most))) if volunteer_ids else []


def unread_count(session: Session, volunteer_ids: Sequence[int]) -> int:
    """How many answers of the museum these volunteers have not seen, up to COUNTED; cheap enough for every page."""
    if not volunteer_ids:
        return 0
    some = _unread(volunteer_ids).with_only_columns(Comment.id).limit(COUNTED)
    return session.scalar(select(func.count()).select_from(some.subquery())) or 0


def _unread(volunteer_ids: Sequence[int]) -> Select[Comment]:
    """Only of projects that everybody may see: of a trial and a draft nothing is told in the header."""
    return (
        select(Comment)
        .join(Task, Task.id == Comment.task_id)
        .join(Region, Region.id == Task.region_id)
        .join(Scan, Scan.id == Region.scan_id)
        .join(Project, Project.id == Comment.project_id)
        .where(Comment.volunteer_id.in_(volunteer_ids), Comment.reading == "unread", Comment.state == "shown")
        .where(Scan.state == "shown", Project.state.in_(PUBLIC_PROJECTS))
    )


# --- for reviewers --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Overheard:
    """All that is said about a record's cards, oldest first.

    ``hidden`` tells by comment who hid it and why. ``closed``: of some card only whoever wrote sees the answer.
    """

    rows: tuple[Spoken, ...] = ()
    hidden: Mapping[int, tuple[str, str]] | None = None
    closed: bool = False


def overheard(session: Session, record: Record, today: date, with_names: bool) -> Overheard:
    """What a reviewer sees; the names that volunteers chose only where they were asked for, as with answers."""
    found = session.scalars(
        select(Comment)
        .join(Task, Task.id == Comment.task_id)
        .where(Task.item_id == record.item_id)
        .options(joinedload(Comment.account), joinedload(Comment.task))
        .order_by(Comment.id)
    ).all()
    if not found:
        return Overheard()
    names = shown_names(session, {one.volunteer_id for one in found}) if with_names else {}
    aside = _aside(session, found)
    rows = tuple(
        Spoken(
            one,
            False,
            names.get(one.volunteer_id, ""),
            tuple(answer for answer in found if answer.answers_id == one.id),
            one.volunteer_id in aside,
        )
        for one in found
        if one.answers_id is None
    )
    return Overheard(rows, _who_hid(session, found), bool(_closed(session, {one.task for one in found}, today)))


def unanswered(
    session: Session, institution_ids: Sequence[int] | None, now: datetime, most: int = LISTED
) -> list[tuple[Comment, Record]]:
    """What volunteers said lately about records of these institutions (None: all) and nobody answered, newest first."""
    answer = aliased(Comment)
    query = (
        select(Comment, Record)
        .join(Task, Task.id == Comment.task_id)
        .join(Record, Record.item_id == Task.item_id)
        .where(Comment.answers_id.is_(None), Comment.state == "shown", Comment.at > now - LATELY)
        .where(~select(answer.id).where(answer.answers_id == Comment.id, answer.state == "shown").exists())
        .options(joinedload(Record.item))
    )
    if institution_ids is not None:
        projects = select(Project.id).join(Collection, Collection.id == Project.collection_id)
        query = query.where(Comment.project_id.in_(projects.where(Collection.institution_id.in_(institution_ids))))
    return [(one, record) for one, record in session.execute(query.order_by(Comment.id.desc()).limit(most))]


def _who_hid(session: Session, found: Iterable[Comment]) -> dict[int, tuple[str, str]]:
    """By comment, the name of whoever hid it last, and why."""
    moves = session.execute(
        select(Move.subject_id, Account.name, Move.why)
        .outerjoin(Account, Account.id == Move.account_id)
        .where(Move.subject == "comment", Move.to_state == "hidden")
        .where(Move.subject_id.in_([one.id for one in found if one.state == "hidden"]))
        .order_by(Move.id)
    )
    return {subject_id: (name or "", why) for subject_id, name, why in moves}
