"""What is said about a card that was sent: reading it, saying something, and how much of it is new."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from micro.data.models import Assignment
from micro.errors import BadAnswer, NotFound, TooMuch
from micro.services import comment_sight, comments
from micro.services.people import own_ids
from micro.web import bench
from micro.web.context import house, known_volunteer
from micro.web.forms import storable, submission_key
from micro.web.problems import said
from micro.web.sight import may_answer

blueprint = Blueprint("comments", __name__)
blueprint.after_request(bench.always_ask_anew)


def my_card(session: Session, assignment: str) -> tuple[Assignment, list[int]]:
    """A card that this visitor has sent, in a project that they may see, and the ids of their volunteers."""
    ids = own_ids(session, known_volunteer(session))
    card = comments.sent_card(session, assignment, ids)
    if not may_answer(card.project):
        raise NotFound("There is nothing at this address.")
    return card, ids


@blueprint.get("/work/<assignment>/comments")
def card(assignment: str) -> ResponseReturnValue:
    """What is said about the card. New answers of the museum are seen from then on."""
    with house().database.reading() as session:
        found, ids = my_card(session, assignment)
        shown, new = the_page(session, found, ids)
    if new and request.method == "GET":
        with house().database.writing() as session:
            comments.mark_seen(session, ids, new)
    return shown


def the_page(session: Session, found: Assignment, ids: list[int], **more: Any) -> tuple[str, list[int]]:
    """The page, and the ids of the answers on it that are new."""
    thread = comment_sight.thread_of(session, found, ids, house().clock().date())
    page = render_template(
        "own/comments.html",
        card=found,
        thread=thread,
        project=found.project,
        institution=found.project.collection.institution,
        item=found.task.item,
        scan=found.task.region.scan,
        region=found.task.region,
        longest=comments.LONGEST,
        submission_key=submission_key(request.form.get("submission_key")) or secrets.token_urlsafe(18),
        **{"typed": "", "problem": "", **more},
    )
    return page, thread.unread


@blueprint.post("/work/<assignment>/comments")
def say(assignment: str) -> ResponseReturnValue:
    """Keeps a comment; what cannot be kept stands in the form again."""
    words, key = storable(request.form.get("words", "")), submission_key(request.form.get("submission_key"))
    try:
        with house().database.writing() as session:
            found, ids = my_card(session, assignment)
            comments.say(session, found, ids, words, key, house().clock())
            closed = comment_sight.thread_of(session, found, ids, house().clock().date()).closed
    except (BadAnswer, TooMuch) as problem:
        with house().database.reading() as session:
            found, ids = my_card(session, assignment)
            page, _ = the_page(session, found, ids, typed=words, problem=said(problem))
            return page, 422 if isinstance(problem, BadAnswer) else 429
    kept = gettext("Thank you. The museum reads it, and whoever has sent this card too.")
    flash(gettext("Thank you. The museum reads it.") if closed else kept, "good")
    return redirect(url_for("comments.card", assignment=assignment), 303)


@blueprint.post("/work/<assignment>/comments/open")
def read_others(assignment: str) -> ResponseReturnValue:
    """Shows what others say about the card, and ends correcting it."""
    with house().database.writing() as session:
        found, ids = my_card(session, assignment)
        comments.open_to_others(session, found, ids)
    return redirect(url_for("comments.card", assignment=assignment, _anchor="said"), 303)
