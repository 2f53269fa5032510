"""Notifications: telling people on the site, and by mail as they chose, what happened that concerns them.

``notify`` makes one row for each person; the unique key (sort, about, person) makes the same occasion one. What they
are told of is in occasions.py, the mails in digests.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, joinedload

from micro.core.notices import CHOICES, DAILY, SORTS, Sort
from micro.data.base import new_public_id
from micro.data.database import inserting
from micro.data.models import MailChoice, Notification
from micro.errors import BadAnswer, NotFound

A_PAGE = 50
AT_ONCE = 500


def notify(
    session: Session,
    person_ids: Iterable[int],
    sort: Sort,
    about: str,
    project_id: int,
    path: str,
    now: datetime,
    **details: Any,
) -> int:
    """Tells each of these accounts once; returns how many were told now. The same ``about`` again tells nobody anew.

    ``path`` is where it leads on this site, ``details`` fill the sentence, see core/notices.py. Who chose no mail of
    this sort, or has no confirmed address, is told on the site only.
    """
    wanted = sorted(set(person_ids))
    same = {
        "sort": sort,
        "about": about[:120],
        "project_id": project_id,
        "path": path[:200],
        "details": details,
        "state": "unread",
        "at": now,
    }
    return sum(_tell(session, wanted[at : at + AT_ONCE], sort, same) for at in range(0, len(wanted), AT_ONCE))


def _tell(session: Session, people: list[int], sort: Sort, same: Mapping[str, Any]) -> int:
    """Makes the rows of some people, with ``same`` in each; the unique key leaves out who was told already."""
    mails = choices_of(session, people, sort)
    rows = [
        {
            **same,
            "public_id": new_public_id(),
            "account_id": person,
            "mail": "none" if mails.get(person, DAILY) == "never" else "waiting",
        }
        for person in people
    ]
    kept = inserting(session, Notification).values(rows)
    kept = kept.on_conflict_do_nothing(index_elements=["sort", "about", "account_id"])
    return len(session.scalars(kept.returning(Notification.id)).all())


# --- reading --------------------------------------------------------------------------------------------------------


def unread_count(session: Session, account_id: int, most: int = 100) -> int:
    """How many notifications somebody has not read, exact below ``most``."""
    some = select(Notification.id).where(Notification.account_id == account_id, Notification.state == "unread")
    return session.scalar(select(func.count()).select_from(some.limit(most).subquery())) or 0


def notifications_of(
    session: Session, account_id: int, page: int, size: int = A_PAGE
) -> tuple[list[Notification], bool]:
    """One page of somebody's notifications, newest first, and whether older ones follow."""
    query = select(Notification).where(Notification.account_id == account_id).options(joinedload(Notification.project))
    found = session.scalars(query.order_by(Notification.id.desc()).offset((page - 1) * size).limit(size + 1)).all()
    return list(found[:size]), len(found) > size


def notification_named(session: Session, public_id: str, account_id: int) -> Notification:
    """One's own notification at an address; NotFound otherwise, somebody else's too."""
    mine = Notification.public_id == public_id, Notification.account_id == account_id
    found = session.scalar(select(Notification).where(*mine))
    if found is None:
        raise NotFound("There is nothing at this address.")
    return found


def mark_read(session: Session, account_id: int, public_ids: Iterable[str] | None = None) -> None:
    """Marks some or (None) all of somebody's notifications as read. What is read needs no mail any more."""
    mine = update(Notification).where(Notification.account_id == account_id, Notification.state == "unread")
    if public_ids is not None:
        mine = mine.where(Notification.public_id.in_(list(public_ids)))
    session.execute(mine.values(state="read"))
    unsent = update(Notification).where(Notification.account_id == account_id, Notification.mail == "waiting")
    session.execute(unsent.where(Notification.state == "read").values(mail="none"))


# --- choices --------------------------------------------------------------------------------------------------------


def choices_of(session: Session, account_ids: list[int], sort: str) -> Mapping[int, str]:
    """Who chose what for a sort; who is not in it gets it daily."""
    found = select(MailChoice.account_id, MailChoice.choice).where(
        MailChoice.sort == sort, MailChoice.account_id.in_(account_ids)
    )
    return {row[0]: row[1] for row in session.execute(found)}


def mail_choices(session: Session, account_id: int) -> dict[str, str]:
    """What somebody chose, for every sort."""
    found = session.execute(select(MailChoice.sort, MailChoice.choice).where(MailChoice.account_id == account_id))
    return dict.fromkeys(SORTS, DAILY) | {row[0]: row[1] for row in found}


def choose(session: Session, account_id: int, choices: Mapping[str, str], now: datetime) -> None:
    """Keeps when somebody wants which sort by mail; what still waits follows it. BadAnswer for what is no choice."""
    for sort, choice in choices.items():
        if sort not in SORTS or choice not in CHOICES:
            raise BadAnswer(sort, "Choose one of the three.")
    for sort, choice in choices.items():
        row = {"account_id": account_id, "sort": sort, "choice": choice, "changed_at": now}
        new = {"choice": choice, "changed_at": now}
        kept = inserting(session, MailChoice).values(row)
        session.execute(kept.on_conflict_do_update(index_elements=["account_id", "sort"], set_=new))
        if choice == "never":
            waiting = Notification.account_id == account_id, Notification.sort == sort, Notification.mail == "waiting"
            session.execute(update(Notification).where(*waiting).values(mail="none"))
