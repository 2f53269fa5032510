"""What waits unread among the answers of whoever makes this request: for the header of every page."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g

from micro.services import comment_sight, teaching
from micro.services.people import own_ids
from micro.web.context import house, known_volunteer


@dataclass(frozen=True)
class Unread:
    """How many corrections by experts, and how many answers of museums to comments, were not seen yet."""

    lessons: int
    comments: int


def unread_of_answers() -> Unread:
    """Looked up once for each request, in one transaction."""
    if "unread" not in g:
        with house().database.reading() as session:
            ids = own_ids(session, known_volunteer(session))
            lessons = teaching.unread_count(session, ids, house().clock().date())
            g.unread = Unread(lessons, comment_sight.unread_count(session, ids))
    found: Unread = g.unread
    return found
