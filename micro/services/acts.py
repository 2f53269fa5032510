"""The log of acts: what a professional, manager or administrator did, written in the transaction that does it.

:class:`Doing` watches the writing transactions of one request. One that changed something leaves one row; one that
is refused, or finds nothing to change, leaves none. What was changed is read from the session itself, so that no
route can forget it; secrets, addresses of mails and texts are left out, and people are named by their public ids.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Delete, Insert, Update, event, inspect, select
from sqlalchemy.orm import ORMExecuteState, Session

from micro.data.models import Account, Act, Base, Collection, Institution, Membership, Move, Project

# Tables that are no act by themselves, and tables whose rows are but hold nothing that this log may keep.
NO_ACT = frozenset(("act", "digest", "mail_choice", "notification", "record_hold", "sign_in_try"))
UNTOLD = frozenset(("account", "agreement", "answer", "assignment", "message_copy", "move", "volunteer")) | NO_ACT
SECRET = re.compile(r"hash|stamp|key|token|secret|password|cookie|mail|contact|fingerprint|revision|body|evidence")
CHANGES_MOST, MADE_MOST, LONGEST = 20, 5, 120
WHY_LONGEST = 2000
COMMAND_LINE = "command line"
"""Who did what was typed as a command; no public id of an account looks like it."""


@dataclass
class Doing:
    """One request of somebody: who asks, what for, about what, and what the transaction did so far.

    ``place`` finds the institution and the project of the request's address. ``said`` are the few fields of the form
    that may be kept, ``besides`` joins the details. :func:`tell` adds what only the use case knows.
    """

    who: str
    verb: str
    subject: str
    subject_key: str
    place: Callable[[Session], tuple[int | None, str]]
    said: Mapping[str, str]
    why: str
    clock: Callable[[], datetime]
    besides: Mapping[str, Any] = field(default_factory=dict)
    acts: int = 0
    _seen: _Seen = field(default_factory=lambda: _Seen())

    def begun(self, session: Session) -> None:
        """Begins to watch one transaction."""
        self._seen = session.info["seen"] = _Seen()
        event.listen(session, "after_flush", self._seen.flushed)
        event.listen(session, "do_orm_execute", self._seen.executed)

    def ending(self, session: Session) -> None:
        """Adds the act, if there was one."""
        seen = self._seen
        if not seen.changed:
            return
        institution_id, project = self.place(session)
        if institution_id is None:
            institution_id, project = _place(session, seen)
        people = _public_ids(session, seen.people)
        before, after, why = seen.move(self.subject)
        facts: dict[str, Any] = {
            "subject": self.subject or seen.subject,
            "subject_key": self.subject_key or seen.subject_key,
            "from_state": before,
            "to_state": after,
            "why": why if why and why != self.said.get("action") else self.why,
            "details": {**seen.details(self.said, people), **self.besides},
            "institution_id": institution_id,
            "project": project,
            **seen.told,
        }
        who = self.who or (people[0] if people else "")  # Who accepts an invitation may be new.
        session.add(made_act(who, self.verb, self.clock(), **facts))
        self.acts += 1


@dataclass
class _Seen:
    """What one transaction did: columns changed, rows made and removed, states moved."""

    changed: bool = False
    columns: dict[str, list[Any]] = field(default_factory=dict)
    made: dict[str, list[str]] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)
    moves: list[tuple[str, str, str, str]] = field(default_factory=list)
    people: list[int] = field(default_factory=list)
    institution_id: int | None = None
    project_ids: set[int] = field(default_factory=set)
    subject: str = ""
    subject_key: str = ""
    more: int = 0
    told: dict[str, Any] = field(default_factory=dict)

    def executed(self, state: ORMExecuteState) -> None:
        if isinstance(state.statement, Insert | Update | Delete):
            self.changed = self.changed or str(state.statement.table) not in NO_ACT

    def flushed(self, session: Session, _: Any) -> None:
        for row in session.new:
            self._note_new(row)
        for row in session.dirty:
            if session.is_modified(row):
                self._note_changed(row)
        for row in session.deleted:
            if (table := _table(row)) not in NO_ACT:
                self.changed = True
                self.removed[table] = self.removed.get(table, 0) + 1
                self._note_place(row)

    def _note_new(self, row: Any) -> None:
        if (table := _table(row)) in NO_ACT:
            return
        self.changed = True
        if isinstance(row, Move):
            self.moves.append((row.subject, row.from_state, row.to_state, row.why or ""))
            return
        self._note_place(row)
        if table not in UNTOLD:
            self.made.setdefault(table, []).append(str(getattr(row, "public_id", "") or ""))
            if not self.subject:
                address = row.slug if isinstance(row, Institution | Project) else getattr(row, "public_id", "")
                self.subject, self.subject_key = table, str(address or "")

    def _note_changed(self, row: Any) -> None:
        if (table := _table(row)) in NO_ACT:
            return
        self.changed = True
        self._note_place(row)
        if table in UNTOLD:
            return
        for name, before, after in _changes(row):
            if len(self.columns) < CHANGES_MOST:
                self.columns.setdefault(f"{table}.{name}", [before, after])[1] = after
            else:
                self.more += 1

    def _note_place(self, row: Any) -> None:
        if isinstance(row, Membership):
            self.people.append(row.account_id)
            self.institution_id = row.institution_id
        elif isinstance(row, Institution):
            self.institution_id = row.id
        elif isinstance(row, Project):
            self.project_ids.add(row.id)
        elif project_id := getattr(row, "project_id", None):
            self.project_ids.add(project_id)
        elif institution_id := getattr(row, "institution_id", None):  # A vocabulary that is deleted is found no more.
            self.institution_id = institution_id

    def move(self, subject: str) -> tuple[str, str, str]:
        """From where to where the subject moved, and why; else the one column that changed; else nothing."""
        own = [move for move in self.moves if move[0] == subject] or self.moves
        if own:
            return own[0][1], own[-1][2], own[-1][3]
        if len(self.columns) == 1:
            before, after = next(iter(self.columns.values()))
            return _short(before), _short(after), ""
        return "", "", ""

    def details(self, said: Mapping[str, str], people: Sequence[str]) -> dict[str, Any]:
        """What the row keeps besides, small whatever the act was."""
        made = {table: [key for key in keys if key][:MADE_MOST] or len(keys) for table, keys in self.made.items()}
        counts = {table: len(keys) for table, keys in self.made.items() if len(keys) > MADE_MOST}
        parts = {
            "changed": self.columns,
            "more": self.more,
            "made": made,
            "made_count": counts,
            "removed": self.removed,
            "said": dict(said),
            "people": list(people),
        }
        return {name: part for name, part in parts.items() if part}


def _table(row: Any) -> str:
    return str(row.__tablename__)


def _changes(row: Base) -> Iterator[tuple[str, Any, Any]]:
    """The plain columns of a row that change, each with what it was and is; no secret, time, text by language."""
    state = inspect(row)
    for column in state.mapper.column_attrs:
        history = state.attrs[column.key].history
        if not history.has_changes() or SECRET.search(column.key):
            continue
        before, after = (next(iter(side), None) for side in (history.deleted or (), history.added or ()))
        if all(value is None or isinstance(value, str | int | float | bool) for value in (before, after)):
            yield column.key, _kept(before), _kept(after)
        elif isinstance(after, dict | list):
            yield column.key, "…", "…"  # That it changed; what it says is no matter of this log.


def _kept(value: Any) -> Any:
    return value[:LONGEST] if isinstance(value, str) else value


def _short(value: Any) -> str:
    return "" if value is None else str(value)[:LONGEST]


def _public_ids(session: Session, account_ids: list[int]) -> list[str]:
    found = select(Account.public_id).where(Account.id.in_(account_ids[:MADE_MOST]))
    return list(session.scalars(found)) if account_ids else []


def _place(session: Session, seen: _Seen) -> tuple[int | None, str]:
    """Institution and project of what was changed, where the address names none; nothing when there are several."""
    if len(seen.project_ids) == 1:
        place = select(Collection.institution_id, Project.slug).join(Project, Project.collection_id == Collection.id)
        row = session.execute(place.where(Project.id == next(iter(seen.project_ids)))).first()
        return (row[0], row[1]) if row else (None, "")
    return seen.institution_id, ""


def tell(session: Session, **facts: Any) -> None:
    """Adds to the act that is being done what only the use case knows: ``subject``, ``subject_key``, ``project`` (its
    address), ``institution_id``, ``from_state``, ``to_state``, ``why``, ``details``. It also makes an act of looking at
    something. Outside of a watched request nothing happens.
    """
    seen = session.info.get("seen")
    if isinstance(seen, _Seen):
        seen.changed = True
        seen.told.update(facts)


def made_act(who: str, verb: str, now: datetime, **facts: Any) -> Act:
    """The row of an act, cut to what its columns hold, with the words that the search looks through."""
    limits = {"subject": 20, "subject_key": 80, "project": 60, "from_state": 200, "to_state": 200, "why": WHY_LONGEST}
    kept = {name: str(facts.get(name) or "")[:most] for name, most in limits.items()}
    details = facts.get("details") or {}
    words = " ".join((verb, *kept.values(), *_words(details))).casefold()
    return Act(
        at=now,
        who=who,
        verb=verb[:40],
        institution_id=facts.get("institution_id"),
        details=details,
        words=words[:5000],
        **kept,
    )


def _words(value: Any) -> Iterator[str]:
    """Every key and plain value within, as words."""
    match value:
        case Mapping():
            for name, part in value.items():
                yield str(name)
                yield from _words(part)
        case list() | tuple():
            for part in value:
                yield from _words(part)
        case None:
            return
        case _:
            yield str(value)
