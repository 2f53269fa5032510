"""Accepting records together: the preview, and a batch with its sample, what it says, and what can be done."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal, gettext
from sqlalchemy.orm import Session

from micro.data.models import Batch, Project
from micro.errors import BadAnswer, Conflict, NotAllowed
from micro.services import batch_verdict, batch_work, batches
from micro.services.projects import project_named
from micro.services.review.filters import QueueFilters
from micro.services.review.versions import form_of
from micro.web.context import house
from micro.web.problems import said
from micro.web.review.frame import account_id, blueprint, filter_args, filters_from, text_sent

USUAL = "97"
# What the button says that leads to it, and the use case behind it.
ACTS: dict[str, Callable[..., None]] = {
    "accept": batch_work.accept_others,
    "drop": batch_work.drop,
    "undo": batch_work.take_back,
}


@blueprint.route("/review/together/<project>", methods=["GET", "POST"])
def together(project: str) -> ResponseReturnValue:
    """Shows what is above a confidence, and on POST draws the sample of exactly what was shown."""
    filters = _filters()
    if request.method != "POST":
        return _preview(project, filters)
    try:
        with house().database.writing() as session:
            found = project_named(session, project)
            bound = request.form.get("bound", 0.0, float)
            batch = batches.begin(
                session, found, filters, bound, text_sent("seen"), secrets.token_hex(16), house().clock()
            )
            target = url_for("review.batch", batch=batch.public_id)
    except (BadAnswer, Conflict) as error:
        return _preview(project, filters, said(error)), 409 if isinstance(error, Conflict) else 422
    flash(gettext("The sample is drawn. Nothing is accepted yet."), "good")
    return redirect(target, 303)


def _filters() -> QueueFilters:
    """The filters of the address; nothing said of the state or the confidence: settled, and the usual one."""
    args = request.args.copy()
    args.setdefault("state", "settled")
    args.setdefault("least", USUAL)
    return filters_from(args)


def _preview(slug: str, filters: QueueFilters, trouble: str = "") -> str:
    with house().database.reading() as session:
        project = project_named(session, slug)
        found, problem, refusal = _looked_at(session, project, filters)
        return render_template(
            "review/together.html",
            here="review",
            project=project,
            filters=filters,
            found=found,
            problem=problem,
            trouble=trouble or refusal,
            earlier=[(one, batch_verdict.verdict_of(session, one)) for one in batches.batches_of(session, project)],
            args={**filter_args(filters), "state": filters.state},
            typed=request.args.get("least", USUAL)[:6],
            institution=project.collection.institution,
        )


def _looked_at(session: Session, project: Project, filters: QueueFilters) -> tuple[batches.Preview | None, str, str]:
    """The preview, else what is wrong with the confidence, or why nothing can be accepted together here."""
    try:
        return batches.preview(session, project, filters, house().clock()), "", ""
    except BadAnswer as error:
        return None, said(error), ""
    except Conflict as error:
        return None, "", said(error)


@blueprint.route("/review/batch/<batch>", methods=["GET", "POST"])
def batch(batch: str) -> ResponseReturnValue:
    """Shows a batch, or lets it be accepted, dropped or taken back; ?format=json is how far the work is."""
    if request.method != "POST" and request.args.get("format") == "json":
        return _how_far(batch)
    if request.method != "POST":
        return _batch(batch)
    act = request.form.get("action", "")
    try:
        if act not in ACTS:
            raise BadAnswer("action", "There is no such decision.")
        with house().database.writing() as session:
            found = batches.batch_named(session, batch)
            ACTS[act](session, found, account_id(), house().clock())
            batch_id, project_id = found.id, found.project_id
    except (BadAnswer, Conflict, NotAllowed) as error:
        status = {BadAnswer: 422, Conflict: 409, NotAllowed: 403}[type(error)]
        return _batch(batch, said(error)), status
    if act == "drop":
        flash(gettext("Given up. Nothing was accepted."), "good")
    else:
        house().queue.batch(batch_id)
    house().queue.settle(project_id)  # Answers may have come while the sample waited.
    return redirect(url_for("review.batch", batch=batch), 303)


def _how_far(public_id: str) -> Response:
    """What the page's own script writes into it; never kept, as it is another one in a moment."""
    with house().database.reading() as session:
        found = batches.batch_named(session, public_id)
        answer = jsonify(_work(found, batches.counts_of(session, found)))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _work(found: Batch, counts: Mapping[str, int]) -> dict[str, Any]:
    """How many of the others wait to be accepted or taken back; no fewer than one while the work is not closed."""
    left = {"accepting": counts["waiting"], "undoing": counts["accepted"]}.get(found.state)
    total = found.size - found.sample_size
    sentence = gettext("%(done)s of %(total)s", done=format_decimal(total - (left or 0)), total=format_decimal(total))
    return {"waiting": 0 if left is None else max(1, left), "total": max(1, total), "sentence": sentence}


def _batch(public_id: str, trouble: str = "") -> str:
    with house().database.reading() as session:
        found = batches.batch_named(session, public_id)
        counts = batches.counts_of(session, found)
        verdict = batch_verdict.verdict_of(session, found)
        return render_template(
            "review/batch.html",
            here="review",
            batch=found,
            verdict=verdict,
            counts=counts,
            work=_work(found, counts),
            wrong=_wrong_fields(session, found, verdict),
            is_mine=found.account_id == account_id(),
            trouble=trouble,
            institution=found.project.collection.institution,
        )


def _wrong_fields(session: Session, found: Batch, verdict: batch_verdict.Verdict) -> list[tuple[Any, int]]:
    """The fields in which the sample was wrong, by the form's order."""
    form = form_of(session, found.project_id)
    return [(field, verdict.fields[name]) for name, field in form.items() if name in verdict.fields]
