"""Many rows at once: COPY on PostgreSQL, one prepared INSERT on SQLite. The ids are given here, so none is asked back.

Only for a database in which nobody else adds rows to these tables meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import JSON, Table, func, insert, select, text
from sqlalchemy.orm import Session

AT_ONCE = 5000


def put(session: Session, model: Any, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Adds the rows, each with the model's defaults where it says nothing; returns their ids, in order."""
    table: Table = model.__table__
    first = (session.scalar(select(func.max(table.c.id))) or 0) + 1
    whole = [_whole(table, {"id": first + place, **row}) for place, row in enumerate(rows)]
    if session.get_bind().dialect.name == "postgresql":
        _copy(session, table, whole)
    else:
        for start in range(0, len(whole), AT_ONCE):
            session.execute(insert(table), whole[start : start + AT_ONCE])
    return [row["id"] for row in whole]


def _whole(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with every column that has a default in Python."""
    return {column.name: row[column.name] if column.name in row else _default(column) for column in table.columns}


def _default(column: Any) -> Any:
    if column.default is None:
        return None
    return column.default.arg(None) if column.default.is_callable else column.default.arg


def _copy(session: Session, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    names = [column.name for column in table.columns]
    as_json = {column.name for column in table.columns if isinstance(column.type, JSON)}
    quoted = ", ".join(f'"{name}"' for name in names)
    connection: Any = session.connection().connection.driver_connection
    with connection.cursor().copy(f'COPY "{table.name}" ({quoted}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row([_json(row[name]) if name in as_json else row[name] for name in names])
    sequence = text("SELECT setval(pg_get_serial_sequence(:name, 'id'), (SELECT max(id) FROM \"" + table.name + '"))')
    session.execute(sequence, {"name": f'"{table.name}"'})


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value)
