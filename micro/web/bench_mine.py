"""One's own answers, each with what became of it."""

from __future__ import annotations

from math import ceil
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from micro.kinds import kind_named, narrowed
from micro.services import comment_sight, correcting, workbench
from micro.services.people import own_ids
from micro.web.bench import blueprint, held_tasks
from micro.web.context import house, known_volunteer

PAGES_MOST = 100_000
ANSWERS_A_PAGE = 50


@blueprint.get("/my-answers")
def mine() -> ResponseReturnValue:
    """The volunteer's own answers, newest first, with what became of each."""
    page = min(max(1, request.args.get("page", 1, type=int)), PAGES_MOST)
    with house().database.reading() as session:
        volunteer, today = known_volunteer(session), house().clock().date()
        ids = own_ids(session, volunteer)
        found, count = workbench.own_answers(session, ids, page, ANSWERS_A_PAGE, today)
        return render_template(
            "bench/mine.html",
            rows=[as_row(own) for own in found],
            correctable=correcting.still_correctable(session, [own.answer.assignment for own in found]),
            marks=comment_sight.marks_of(session, [own.answer.assignment for own in found], ids, today),
            answered=comment_sight.unread_answers(session, ids),
            count=count,
            page=page,
            pages=ceil(count / ANSWERS_A_PAGE),
            held=held_tasks(session, volunteer),
            can_keep=volunteer is not None and volunteer.account_id is None and count > 0,
        )


def as_row(own: workbench.OwnAnswer) -> dict[str, Any]:
    """One answer with all that its row shows."""
    held = own.answer.assignment
    fields = kind_named(held.setup.kind).fields(narrowed(held.setup.body, held.task.fields))
    return {"answer": own.answer, "assignment": held, "state": own.state, "decided": own.decided, "fields": fields}
