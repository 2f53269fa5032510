"""What people are told of: records handed over and back, names in notes, queues over their limit, finished projects.

Each is called by the use case that makes it happen, in its transaction; the last two by each sweep.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from micro.core.notices import Sort
from micro.data.models import (
    Account,
    Agreement,
    Collection,
    Decision,
    Item,
    Membership,
    Notification,
    Project,
    QueueLimit,
    Record,
    Task,
)
from micro.errors import BadAnswer
from micro.services.notifications import notify

LIMIT_MOST = 1_000_000


def assigned(session: Session, record: Record, to_id: int, by_id: int, now: datetime) -> None:
    """A colleague was handed a record. To oneself: nothing."""
    if to_id != by_id:
        _about_record(session, record, [to_id], "assigned", f"{record.public_id}:{record.revision}", by_id, now)


def came_back(session: Session, record: Record, now: datetime) -> None:
    """A record that a reviewer had sent back to the volunteers is read again; called when it leaves the state "open".

    Whoever sent it back last is told, once for each time; nobody when the last word about it was another.
    """
    last = session.scalars(
        select(Decision).where(Decision.record_id == record.id).order_by(Decision.id.desc()).limit(1)
    ).first()
    if last is not None and last.action == "return":
        _about_record(session, record, [last.account_id], "returned", last.public_id, None, now)


def mentioned(session: Session, record: Record, words: str, by_id: int, now: datetime, about: str = "") -> None:
    """Tells the colleagues whom a note or a reason names with an @; ``about`` tells two notes apart."""
    people = [person for person in named_in(session, record.project_id, words) if person != by_id]
    _about_record(session, record, people, "mentioned", f"{record.public_id}:{about or record.revision}", by_id, now)


def _about_record(
    session: Session, record: Record, people: list[int], sort: Sort, about: str, by_id: int | None, now: datetime
) -> None:
    if not people:  # As with most decisions.
        return
    item = session.get_one(Item, record.item_id)
    path = f"/review/{record.public_id}"
    notify(session, people, sort, about, record.project_id, path, now, name=item.title or item.identifier, **_by(
        session, by_id
    ))  # fmt: skip


def mentioned_in_project(session: Session, project: Project, words: str, by_id: int, now: datetime) -> None:
    """The same of the reason for a move of a whole project."""
    people = [person for person in named_in(session, project.id, words) if person != by_id]
    path, about = f"/desk/{project.slug}", f"{project.public_id}:{now.isoformat()}"
    notify(session, people, "mentioned", about, project.id, path, now, name=project.slug, **_by(session, by_id))


def moved(session: Session, project: Project, by_id: int | None, why: str, now: datetime) -> None:
    """A project was moved to another state by somebody, for a reason that may mention colleagues."""
    mentioned_in_project(session, project, why, by_id or 0, now)
    if project.state == "finished":
        project_finished(session, project, by_id, now)


def project_finished(session: Session, project: Project, by_id: int | None, now: datetime) -> None:
    """Tells the staff, and the volunteers who agreed to messages of the project, but for whoever finished it."""
    agreed = select(Agreement.account_id).where(Agreement.project_id == project.id, Agreement.state == "agreed")
    staff, about = staff_of(session, project.id), f"{project.public_id}:{now.isoformat()}"
    notify(session, staff - {by_id or 0}, "finished", about, project.id, f"/desk/{project.slug}", now)
    others = set(session.scalars(agreed)) - staff - {by_id or 0}
    notify(session, others, "finished", about, project.id, f"/p/{project.slug}", now)


def _by(session: Session, by_id: int | None) -> dict[str, str]:
    """Whoever did it, by the public id: the name is looked up when it is read, as long as there is one."""
    who = session.scalar(select(Account.public_id).where(Account.id == by_id)) if by_id else None
    return {"who": who} if who else {}


def staff_of(session: Session, project_id: int, role: str = "") -> set[int]:
    """The accounts that work for the institution of a project."""
    query = _membership(project_id).with_only_columns(Membership.account_id)
    return set(session.scalars(query.where(Membership.role == role) if role else query))


def _membership(project_id: int) -> Select[Any]:
    owner = select(Collection.institution_id).join(Project).where(Project.id == project_id).scalar_subquery()
    return select(Membership).where(Membership.institution_id == owner)


def named_in(session: Session, project_id: int, words: str) -> list[int]:
    """The staff of a project whose name follows an @ in a text; the first name is enough where only one has it."""
    if "@" not in words:
        return []
    names = _membership(project_id).join(Account, Account.id == Membership.account_id)
    staff = [(row[0], row[1]) for row in session.execute(names.with_only_columns(Account.id, Account.name))]
    first = [name.split()[0].casefold() for _, name in staff if name.split()]
    return [
        person
        for person, name in staff
        if _follows(words, name) or (name.split() and first.count(name.split()[0].casefold()) == 1
                                     and _follows(words, name.split()[0]))
    ]  # fmt: skip


def _follows(words: str, name: str) -> bool:
    """Whether "@name" stands in the text as whole words, in large or small letters; an e-mail address is no name."""
    spaced = r"\s+".join(re.escape(part) for part in name.split())
    return bool(name.strip()) and re.search(rf"(?<!\w)@{spaced}(?!\w)", words, re.IGNORECASE) is not None


# --- limits of queues, and projects that are read ---------------------------------------------------------------------


def set_limit(session: Session, project: Project, typed: str, now: datetime) -> None:
    """Sets or (empty) removes how many records may wait before the staff is told. BadAnswer("most") otherwise."""
    found = session.get(QueueLimit, project.id)
    if not typed.strip():
        if found is not None:
            session.delete(found)
        session.flush()
        return
    if not typed.strip().isascii() or not typed.strip().isdigit() or not 1 <= int(typed.strip()[:9]) <= LIMIT_MOST:
        raise BadAnswer("most", "The limit is a whole number between 1 and 1,000,000, or empty for none.")
    most = int(typed.strip())
    if found is None:
        session.add(QueueLimit(project_id=project.id, most=most, state="under", changed_at=now))
    elif found.most != most:
        found.most, found.state, found.changed_at = most, "under", now
    session.flush()


def look_at_limits(session: Session, now: datetime) -> int:
    """Tells the staff of each project whose queue passed its limit since the last look; returns how many were told.

    Once for each time that it passes the limit: it has to come down to the limit before it can pass it again.
    """
    told = 0
    for limit in session.scalars(select(QueueLimit).options(joinedload(QueueLimit.project))):
        some = select(Record.id).where(Record.project_id == limit.project_id, Record.state == "review")
        waiting = session.scalar(select(func.count()).select_from(some.limit(limit.most + 1).subquery())) or 0
        state = "over" if waiting > limit.most else "under"
        if state == limit.state:
            continue
        limit.state, limit.changed_at = state, now
        if state == "over":
            total = session.scalar(select(func.count()).select_from(some.subquery())) or 0
            about, path = f"{limit.project.public_id}:{now.isoformat()}", f"/review?project={limit.project.slug}"
            staff = staff_of(session, limit.project_id)
            told += notify(session, staff, "queue", about, limit.project_id, path, now, count=total, most=limit.most)
    session.flush()
    return told


def look_at_read_projects(session: Session, now: datetime) -> int:
    """Tells the managers of each open project in which no task is left, once for ever; returns how many were told."""
    done = select(Notification.id).where(Notification.sort == "finished", Notification.about == Project.public_id)
    some = select(Task.id).where(Task.project_id == Project.id)
    found = select(Project).where(
        Project.state == "live", ~done.exists(), some.exists(), ~some.where(Task.state == "open").exists()
    )
    return sum(
        notify(session, staff_of(session, project.id, "manager"), "finished", project.public_id, project.id,
               f"/desk/{project.slug}", now, says="all_read")
        for project in session.scalars(found)
    )  # fmt: skip
