"""The order of the queue by key: a page begins behind the last row of the one before, and the index gives both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, union_all
from sqlalchemy.orm import Session

from micro.data.models import Record
from micro.services.review.filters import Conditions

ROWS_A_PAGE = 20
# So many projects (times people) are looked through in one statement.
STREAMS_AT_ONCE = 100


def _ordered(
    session: Session,
    chosen: Conditions,
    projects: Sequence[int],
    limit: ColumnElement[bool] | None,
    most: int,
    backwards: bool,
) -> list[tuple[float, int]]:
    """The first ``most`` keys (cost_s, id) in the order of the queue, or from its end.

    The first ones of each project (and person) come by its index, and are then put together: no more is read.
    """
    key = chosen.rows.cost_s, chosen.id
    ends: list[Any] = [column.desc() for column in key] if backwards else list(key)
    limits = () if limit is None else (limit,)
    found: set[tuple[float, int]] = set()
    streams = chosen.streams(projects)
    for start in range(0, len(streams), STREAMS_AT_ONCE):
        parts = [
            select(*key).where(stream, *limits).order_by(*ends).limit(most)
            for stream in streams[start : start + STREAMS_AT_ONCE]
        ]
        query: Any = parts[0] if len(parts) == 1 else union_all(*(select(part.subquery()) for part in parts))
        found |= {(cost_s, id_) for cost_s, id_ in session.execute(query)}
    return sorted(found, reverse=backwards)[:most]


def first_of(
    session: Session, chosen: Conditions, projects: Sequence[int], limit: ColumnElement[bool], backwards: bool = False
) -> str | None:
    keys = _ordered(session, chosen, projects, limit, 1, backwards)
    return session.scalar(select(Record.public_id).where(Record.id == keys[0][1])) if keys else None


def before_key(chosen: Conditions, cost_s: float, id_: int) -> ColumnElement[bool]:
    cost: Any = chosen.rows.cost_s
    return and_(cost <= cost_s, or_(cost < cost_s, and_(cost == cost_s, chosen.id < id_)))


def after_key(chosen: Conditions, cost_s: float, id_: int) -> ColumnElement[bool]:
    # The first part says nothing more, but lets an index begin at the right place.
    cost: Any = chosen.rows.cost_s
    return and_(cost >= cost_s, or_(cost > cost_s, and_(cost == cost_s, chosen.id > id_)))


def page_of(
    session: Session, chosen: Conditions, projects: Sequence[int], after: str, before: str
) -> tuple[list[int], str, str]:
    """The ids of one page, and the keys of the pages before and behind it."""
    backwards = bool(before and not after)
    place = _place(session, before if backwards else after)
    limit = None if place is None else (before_key if backwards else after_key)(chosen, *place)
    keys = _ordered(session, chosen, projects, limit, ROWS_A_PAGE + 1, backwards)
    more = len(keys) > ROWS_A_PAGE
    keys = keys[:ROWS_A_PAGE]
    if backwards:
        keys.reverse()
        if not more:  # The first page, which may be short by now: from the beginning then.
            return page_of(session, chosen, projects, "", "")
    if not keys:
        return [], "", ""
    is_first = place is None
    return (
        [id_ for _, id_ in keys],
        "" if is_first else _key(session, keys[0]),
        _key(session, keys[-1]) if more or backwards else "",
    )


def _key(session: Session, key: tuple[float, int]) -> str:
    """A place in the order as it stands in an address: by the public id, no counter leaks."""
    return f"{key[0]!r}_{session.scalar(select(Record.public_id).where(Record.id == key[1]))}"


def _place(session: Session, key: str) -> tuple[float, int] | None:
    """The way back; None for the beginning, and for what is no place."""
    cost_s, _, public_id = key.partition("_")
    id_ = session.scalar(select(Record.id).where(Record.public_id == public_id)) if public_id else None
    try:
        return (float(cost_s), id_) if id_ is not None else None
    except ValueError:
        return None
