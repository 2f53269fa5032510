"""One unmoving picture of the database over many queries."""

from __future__ import annotations

from sqlalchemy.orm import Session


def hold_still(session: Session) -> None:
    """Makes all queries of this session see the same moment; to be called before its first query.

    SQLite's transactions do so anyway; PostgreSQL's have to be asked (its default shows what others commit meanwhile).
    """
    if session.get_bind().dialect.name != "sqlite":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
