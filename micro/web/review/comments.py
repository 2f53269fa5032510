"""What volunteers say about a record's cards: the museum answers, hides what does not belong, and shows it again."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from micro.errors import BadAnswer
from micro.services import comments
from micro.services.review.sight import look_at, record_named
from micro.web.context import house
from micro.web.forms import submission_key
from micro.web.problems import said
from micro.web.review.frame import account_id, blueprint, filter_args, filters_from, text_sent
from micro.web.review.record import the_record


@blueprint.post("/review/<record>/comments/<comment>/answer")
def answer_comment(record: str, comment: str) -> ResponseReturnValue:
    """Keeps an answer; what cannot be kept stands in the form again."""
    words, key = text_sent("words"), submission_key(request.form.get("submission_key"))
    try:
        with house().database.writing() as session:
            found = record_named(session, record)
            comments.answer_comment(session, found, comment, account_id(), words, key, house().clock())
    except BadAnswer as problem:
        with house().database.reading() as session:
            sight = look_at(session, record_named(session, record))
            return the_record(
                session, sight, comment_on=comment, comment_problem=said(problem), comment_typed=words, comment_key=key
            ), 422
    flash(gettext("Answered. Whoever wrote it finds your answer among their own cards."), "good")
    return _back(record)


@blueprint.post("/review/<record>/comments/<comment>/state")
def move_comment(record: str, comment: str) -> ResponseReturnValue:
    """Hides a comment or an answer from volunteers, or shows it again."""
    with house().database.writing() as session:
        found = record_named(session, record)
        moved = comments.move_comment(
            session, found, comment, text_sent("state"), account_id(), text_sent("why"), house().clock()
        )
        is_hidden = moved.state == "hidden"
    flash(gettext("It is hidden from volunteers now.") if is_hidden else gettext("It is shown again."), "good")
    return _back(record)


def _back(record: str) -> ResponseReturnValue:
    args = filter_args(filters_from(request.args))
    return redirect(url_for("review.record", record=record, **args, _anchor="comments"), 303)
