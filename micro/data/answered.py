"""Whose answers are in which record, beside what the queue filters and sorts by: one person's queue, by an index.

The database keeps it up by triggers, in the transaction that adds the answer or moves the record. So it is true at
every moment, whoever writes, and no use case has to think of it. Who answered never changes: claiming and setting
aside need nothing here, because the queue asks for all volunteers that are one person.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DDL, ForeignKey, Index, String, Table, event, text
from sqlalchemy.orm import Mapped, mapped_column

from micro.data.base import Base
from micro.data.work import Answer

THEIRS = ("volunteer_id", "project_id", "state")
FILTERS = ("confidence", "asked_at", "assignee_id")
ASSIGNED = "assignee_id IS NOT NULL"


class AnsweredRecord(Base):
    """A record once for each volunteer who answered, with the record's own columns of these names."""

    __tablename__ = "answered_record"
    __table_args__ = (
        # As those of the record: whatever is asked of one person's records is read off an index alone.
        Index("ix_answered_record_queue", *THEIRS, "cost_s", "record_id", "reason", *FILTERS),
        Index("ix_answered_record_reason", *THEIRS, "reason", "cost_s", "record_id", *FILTERS),
        # Few are handed to anybody.
        Index(
            "ix_answered_record_assignee",
            *(*THEIRS, "assignee_id", "cost_s", "record_id"),
            sqlite_where=text(ASSIGNED),
            postgresql_where=text(ASSIGNED),
        ),
    )

    record_id: Mapped[int] = mapped_column(ForeignKey("record.id", ondelete="CASCADE"), primary_key=True)
    volunteer_id: Mapped[int] = mapped_column(ForeignKey("volunteer.id"), primary_key=True)
    project_id: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(30))
    confidence: Mapped[float]
    asked_at: Mapped[datetime | None]
    assignee_id: Mapped[int | None]
    cost_s: Mapped[float]


_COPIED = ("project_id", "state", "reason", "confidence", "asked_at", "assignee_id", "cost_s")
_INSERT = f"INSERT INTO answered_record (volunteer_id, record_id, {', '.join(_COPIED)}) "
_OF_RECORD = "r.id, " + ", ".join(f"r.{name}" for name in _COPIED)
# An answer that was taken away (a trial) leaves the record, unless the volunteer said something else of it.
_FORGET = (
    "DELETE FROM answered_record WHERE volunteer_id = OLD.volunteer_id AND record_id IN "
    "(SELECT r.id FROM task t JOIN record r ON r.item_id = t.item_id WHERE t.id = OLD.task_id AND NOT EXISTS "
    "(SELECT 1 FROM task o JOIN answer a ON a.task_id = o.id "
    "WHERE o.item_id = t.item_id AND a.volunteer_id = OLD.volunteer_id))"
)
SQLITE_TRIGGERS = (
    "CREATE TRIGGER answered_by_new_answer AFTER INSERT ON answer BEGIN "
    + _INSERT
    + f"SELECT NEW.volunteer_id, {_OF_RECORD} FROM task t JOIN record r ON r.item_id = t.item_id "
    "WHERE t.id = NEW.task_id ON CONFLICT DO NOTHING; END",
    "CREATE TRIGGER answered_of_new_record AFTER INSERT ON record BEGIN "
    + _INSERT
    + f"SELECT a.volunteer_id, {_OF_RECORD} FROM record r JOIN task t ON t.item_id = r.item_id "
    "JOIN answer a ON a.task_id = t.id WHERE r.id = NEW.id ON CONFLICT DO NOTHING; END",
    f"CREATE TRIGGER answered_of_moved_record AFTER UPDATE OF {', '.join(_COPIED)} ON record BEGIN "
    f"UPDATE answered_record SET {', '.join(f'{name} = NEW.{name}' for name in _COPIED)} "
    "WHERE record_id = NEW.id; END",
    f"CREATE TRIGGER answered_by_lost_answer AFTER DELETE ON answer BEGIN {_FORGET}; END",
)
# Whole statements at once, which counts when thousands come together. The record is held while it is copied, so that
# whoever moves it at this moment finds the copy.
POSTGRES_TRIGGERS = (
    "CREATE FUNCTION answered_by_new_answer() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    + _INSERT
    + f"SELECT n.volunteer_id, {_OF_RECORD} FROM added n JOIN task t ON t.id = n.task_id "
    "JOIN record r ON r.item_id = t.item_id FOR SHARE OF r ON CONFLICT DO NOTHING; RETURN NULL; END $$",
    "CREATE FUNCTION answered_of_new_record() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    + _INSERT
    + f"SELECT a.volunteer_id, {_OF_RECORD} FROM added r JOIN task t ON t.item_id = r.item_id "
    "JOIN answer a ON a.task_id = t.id ON CONFLICT DO NOTHING; RETURN NULL; END $$",
    "CREATE FUNCTION answered_of_moved_record() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"UPDATE answered_record SET {', '.join(f'{name} = NEW.{name}' for name in _COPIED)} "
    "WHERE record_id = NEW.id; RETURN NULL; END $$",
    "CREATE FUNCTION answered_by_lost_answer() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN {_FORGET}; RETURN NULL; END $$",
    "CREATE TRIGGER answered_by_new_answer AFTER INSERT ON answer REFERENCING NEW TABLE AS added "
    "FOR EACH STATEMENT EXECUTE FUNCTION answered_by_new_answer()",
    "CREATE TRIGGER answered_of_new_record AFTER INSERT ON record REFERENCING NEW TABLE AS added "
    "FOR EACH STATEMENT EXECUTE FUNCTION answered_of_new_record()",
    f"CREATE TRIGGER answered_of_moved_record AFTER UPDATE OF {', '.join(_COPIED)} ON record "
    f"FOR EACH ROW WHEN (({', '.join(f'OLD.{name}' for name in _COPIED)}) IS DISTINCT FROM "
    f"({', '.join(f'NEW.{name}' for name in _COPIED)})) EXECUTE FUNCTION answered_of_moved_record()",
    "CREATE TRIGGER answered_by_lost_answer AFTER DELETE ON answer "
    "FOR EACH ROW EXECUTE FUNCTION answered_by_lost_answer()",
)
TRIGGERS = ("answered_by_new_answer", "answered_of_new_record", "answered_of_moved_record", "answered_by_lost_answer")


def _ddl(statement: str) -> DDL:
    return DDL(statement)  # type: ignore[no-untyped-call]


_TABLE = AnsweredRecord.__table__
assert isinstance(_TABLE, Table)
_TABLE.add_is_dependent_on(Answer.__table__)  # type: ignore[arg-type]  # The triggers stand on it.
for _dialect, _triggers in (("sqlite", SQLITE_TRIGGERS), ("postgresql", POSTGRES_TRIGGERS)):
    for _statement in _triggers:
        event.listen(_TABLE, "after_create", _ddl(_statement).execute_if(dialect=_dialect))
for _name in TRIGGERS:
    _gone = _ddl(f"DROP FUNCTION IF EXISTS {_name} CASCADE").execute_if(dialect="postgresql")
    event.listen(_TABLE, "after_drop", _gone)
