"""The log of acts: what professionals, managers and administrators did. The database itself refuses to change it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import DDL, Index, String, Table, Text, event
from sqlalchemy.orm import Mapped, mapped_column

from micro.data.base import Base, Json

# In SQLite INSERT OR REPLACE deletes without waking triggers: a number that is there is refused as well.
SQLITE_TRIGGERS = (
    "CREATE TRIGGER act_is_never_changed BEFORE UPDATE ON act BEGIN SELECT RAISE(ABORT, 'acts are only added'); END",
    "CREATE TRIGGER act_is_never_removed BEFORE DELETE ON act BEGIN SELECT RAISE(ABORT, 'acts are only added'); END",
    "CREATE TRIGGER act_is_never_replaced BEFORE INSERT ON act WHEN EXISTS (SELECT 1 FROM act WHERE id = NEW.id) "
    "BEGIN SELECT RAISE(ABORT, 'acts are only added'); END",
)
# ALWAYS: also in a session that calls itself a replica.
POSTGRES_TRIGGERS = (
    "CREATE FUNCTION act_is_only_added() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'acts are only added'; END $$",
    "CREATE TRIGGER act_is_never_changed BEFORE UPDATE OR DELETE ON act "
    "FOR EACH ROW EXECUTE FUNCTION act_is_only_added()",
    "CREATE TRIGGER act_is_never_emptied BEFORE TRUNCATE ON act "
    "FOR EACH STATEMENT EXECUTE FUNCTION act_is_only_added()",
    "ALTER TABLE act ENABLE ALWAYS TRIGGER act_is_never_changed",
    "ALTER TABLE act ENABLE ALWAYS TRIGGER act_is_never_emptied",
)


class Act(Base):
    """One act: ``verb`` about ``subject`` at the address ``subject_key``, from one state to another, and why.

    ``who`` is the public id of an account, never a name: the name is looked up while the account exists, and erasing
    an account touches no row here. Nothing refers to another table, for the same reason. ``institution_id`` and
    ``project`` (its address) say where it happened; None and empty for the network as a whole.
    ``details`` holds what was changed, without secrets, addresses and texts; ``words`` is what the search looks
    through, in small letters.
    """

    __tablename__ = "act"
    __table_args__ = (
        Index("ix_act_institution", "institution_id", "id"),
        Index("ix_act_project", "project", "id"),
        Index("ix_act_who", "who", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(14))
    verb: Mapped[str] = mapped_column(String(40))
    institution_id: Mapped[int | None]
    project: Mapped[str] = mapped_column(String(60), default="")
    subject: Mapped[str] = mapped_column(String(20), default="")
    subject_key: Mapped[str] = mapped_column(String(80), default="")
    from_state: Mapped[str] = mapped_column(String(200), default="")
    to_state: Mapped[str] = mapped_column(String(200), default="")
    why: Mapped[str] = mapped_column(Text, default="")
    details: Mapped[dict[str, Any]] = mapped_column(Json)
    words: Mapped[str] = mapped_column(Text, default="")


def _ddl(statement: str) -> DDL:
    return DDL(statement)  # type: ignore[no-untyped-call]


assert isinstance(Act.__table__, Table)
for _dialect, _triggers in (("sqlite", SQLITE_TRIGGERS), ("postgresql", POSTGRES_TRIGGERS)):
    for _statement in _triggers:
        event.listen(Act.__table__, "after_create", _ddl(_statement).execute_if(dialect=_dialect))
event.listen(
    Act.__table__, "after_drop", _ddl("DROP FUNCTION IF EXISTS act_is_only_added").execute_if(dialect="postgresql")
)
