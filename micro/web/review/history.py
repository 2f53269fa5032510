"""The whole history of a record, with every version and a way back to each."""

from __future__ import annotations

from flask import render_template, request

from micro.services.review.history import history, versions_of
from micro.services.review.sight import has_answered, look_at, record_named
from micro.web.context import house
from micro.web.review.frame import account_id, blueprint, filter_args, filters_from


@blueprint.get("/review/<record>/history")
def past(record: str) -> str:
    """Every version with what it changed, and everything that happened, newest first."""
    with house().database.reading() as session:
        found = record_named(session, record)
        sight = look_at(session, found)
        return render_template(
            "review/past.html",
            here="review",
            record=found,
            sight=sight,
            versions=versions_of(session, found)[::-1],
            history=history(session, found),
            labels={one.field.name: one.field for one in sight.fields},
            may_revert=not has_answered(session, found, account_id()),
            args=filter_args(filters_from(request.args)),
            institution=found.project.collection.institution,
        )
