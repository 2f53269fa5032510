"""The queue: what waits for a decision, or was settled or decided."""

from __future__ import annotations

from flask import render_template, request
from flask_babel import format_timedelta

from micro.services import review_queue
from micro.services.comment_sight import unanswered
from micro.services.review import holds
from micro.services.review_queue import COUNTED
from micro.web.context import house
from micro.web.review.frame import account_id, blueprint, filter_args, filters_from, institutions


@blueprint.get("/review")
def queue() -> str:
    """One page of the queue, with its filters and how many each of them would show."""
    filters, now = filters_from(request.args), house().clock()
    with house().database.reading() as session:
        projects = review_queue.projects_to_review(session, institutions())
        found = review_queue.queue(
            session,
            institutions(),
            filters,
            now,
            after=request.args.get("after", ""),
            before=request.args.get("before", ""),
        )
        records = [row.record for row in found.rows]
        owners = {project.collection.institution for project in projects}
        exact_s = found.usual_s if found.total <= COUNTED else None
        return render_template(
            "review/queue.html",
            here="review",
            found=found,
            filters=filters,
            projects=projects,
            waiting={one.id: format_timedelta(now - (one.asked_at or one.changed_at)) for one in records},
            held=holds.holdings(session, records, now),
            me=account_id(),
            minutes=round(found.total * exact_s / 60) if exact_s else 0,
            counted=COUNTED,
            args=filter_args(filters),
            unanswered=unanswered(session, institutions(), now),
            institution=owners.pop() if len(owners) == 1 else None,
        )
