"""What the experts decided about one's own answers: the page, and how many of it are new for the header."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from micro.core.differences import Piece, differences
from micro.core.fields import Field
from micro.data.models import Lesson
from micro.services import teaching
from micro.services.people import own_ids
from micro.services.teaching import Correction
from micro.web.context import house, known_volunteer
from micro.web.show import show_written

blueprint = Blueprint("lessons", __name__)
PAGES_MOST = 10_000


@blueprint.get("/my-answers/decided")
def index() -> str:
    """What was decided otherwise than one wrote, newest first. Whatever it shows is seen from then on."""
    page = min(max(1, request.args.get("page", 1, type=int)), PAGES_MOST)
    with house().database.reading() as session:
        ids = own_ids(session, known_volunteer(session))
        found = teaching.taught(session, ids, page, house().clock().date())
        shown = render_template(
            "bench/decided.html",
            found=found,
            rows=[(one, [(field, _pieces(one.lesson, field)) for field in one.fields]) for one in found.rows],
            page=page,
        )
        new = _unseen(found.rows)
    if new and request.method == "GET":
        with house().database.writing() as session:
            teaching.mark_seen(session, ids, new)
    return shown


def _unseen(rows: tuple[Correction, ...]) -> list[int]:
    return [one.lesson.id for one in rows if one.lesson.state == "unread"]


def _pieces(lesson: Lesson, field: Field) -> tuple[Piece, ...]:
    """One's own reading, marked where it differs from what stands; nothing where one of the two is no text."""
    own, stands = lesson.said[field.name], lesson.stands[field.name]
    if field.type not in ("text", "long_text") or "value" not in own or "value" not in stands:
        return ()
    return differences(show_written(stands, field), show_written(own, field))
