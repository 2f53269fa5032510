"""The base of all tables: naming of constraints, times in UTC, opaque public ids, JSON."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, Dialect, MetaData, String, TypeDecorator
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# No vowels and no look-alikes: an id read aloud over the telephone survives, and none spells a word.
_ALPHABET = "23456789bcdfghjkmnpqrstvwxz"
PUBLIC_ID_LENGTH = 14


def new_public_id() -> str:
    """A random id for addresses, 14 signs of 27: about 66 bits, so that no counter leaks and none is guessed."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(PUBLIC_ID_LENGTH))


class UtcDateTime(TypeDecorator[datetime]):
    """A time in UTC: naive values are refused on the way in, SQLite's naive ones get their zone on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone was about to be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        dict[str, Any]: Json,
        list[str]: Json,
        list[Any]: Json,
    }


class Addressed:
    """A table whose rows have an address: an inner counter that never leaves, and a public id that does."""

    id: Mapped[int] = mapped_column(primary_key=True)
    # The sentinel: by it SQLite's rows that were inserted by one statement are told apart, instead of one for each row.
    public_id: Mapped[str] = mapped_column(
        String(PUBLIC_ID_LENGTH), unique=True, default=new_public_id, insert_sentinel=True
    )
