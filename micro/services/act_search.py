"""Searching the log of acts: by who, what, when, project and words; newest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from micro.data.models import Account, Act, Institution
from micro.services.acts import COMMAND_LINE

A_PAGE = 50
NAMES_MOST = 200


@dataclass(frozen=True)
class Wanted:
    """What is looked for; empty or None: everything. ``institution_ids`` None: of the whole network.

    ``who`` is part of a name, or a public id; ``words`` have to stand all in an act; ``before`` is the number of an
    act: older ones follow on the next page. ``since`` and ``until`` are days in UTC, both included.
    """

    institution_ids: tuple[int, ...] | None
    who: str = ""
    verb: str = ""
    project: str = ""
    words: str = ""
    since: date | None = None
    until: date | None = None
    before: int | None = None


@dataclass(frozen=True)
class Row:
    """An act with the names that its ids stand for today; ``name`` is empty when the account is no more."""

    act: Act
    name: str
    institution: str


def acts(session: Session, wanted: Wanted, most: int = A_PAGE) -> list[Row]:
    """The newest acts that are wanted. Cost: by index for institution, project and person; words are read through."""
    found = session.scalars(_query(session, wanted).order_by(Act.id.desc()).limit(most)).all()
    names = names_of(session, {act.who for act in found})
    places = select(Institution.id, Institution.name).where(Institution.id.in_({act.institution_id for act in found}))
    institutions = {row[0]: row[1] for row in session.execute(places)}
    return [Row(act, names.get(act.who, ""), institutions.get(act.institution_id or 0, "")) for act in found]


def all_acts(session: Session, wanted: Wanted, some: int = 1000) -> Iterator[list[Row]]:
    """Everything that is wanted, newest first, some at a time."""
    while rows := acts(session, wanted, some):
        yield rows
        wanted = replace(wanted, before=rows[-1].act.id)
        session.expunge_all()


def names_of(session: Session, public_ids: Iterable[str]) -> dict[str, str]:
    """The names of accounts that exist, by public id."""
    found = select(Account.public_id, Account.name).where(Account.public_id.in_(list(public_ids)))
    return {row[0]: row[1] for row in session.execute(found)}


def _query(session: Session, wanted: Wanted) -> Select[Act]:
    query = select(Act)
    if wanted.institution_ids is not None:
        query = query.where(Act.institution_id.in_(wanted.institution_ids))
    if wanted.who:
        query = query.where(Act.who.in_(_whose(session, wanted.who)))
    for column, value in ((Act.verb, wanted.verb), (Act.project, wanted.project)):
        query = query.where(column == value) if value else query
    for word in wanted.words.casefold().split()[:10]:
        query = query.where(Act.words.contains(word, autoescape=True))
    if wanted.since:
        query = query.where(Act.at >= _midnight(wanted.since))
    if wanted.until:
        query = query.where(Act.at < _midnight(wanted.until) + timedelta(days=1))
    return query.where(Act.id < wanted.before) if wanted.before is not None else query


def _whose(session: Session, typed: str) -> list[str]:
    """The public ids of whoever is called so, and what was typed itself: it may be one of somebody who is gone."""
    like = func.lower(Account.name).contains(typed.lower(), autoescape=True)
    found = select(Account.public_id).where(or_(like, Account.public_id == typed)).limit(NAMES_MOST)
    return [*session.scalars(found), typed, *([COMMAND_LINE] if typed.casefold() in COMMAND_LINE else [])]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def verbs_of(session: Session, institution_ids: tuple[int, ...] | None) -> list[str]:
    """The verbs that occur."""
    query = select(Act.verb).distinct()
    if institution_ids is not None:
        query = query.where(Act.institution_id.in_(institution_ids))
    return sorted(session.scalars(query))
