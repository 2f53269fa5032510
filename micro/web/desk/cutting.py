"""How a project's scans are cut: choosing a way, looking at what it makes, cutting, cancelling, discarding."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from flask import Response, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session

from micro.core.cutting import MOST_CELLS, way_from_body
from micro.core.fields import Field
from micro.data.models import Project
from micro.errors import BadAnswer, Conflict, MicroError
from micro.services import cutting, cutting_discard, cutting_preview, cutting_runs, projects
from micro.services.assignments import current_setup
from micro.services.cutting_runs import CuttingProgress
from micro.services.project_templates import fitting_cutting
from micro.web.context import current_person, house
from micro.web.desk.cutting_form import (
    WAYS,
    Typed,
    body_of,
    read_json,
    typed_from_body,
    typed_from_form,
    with_box_added,
    without_box,
)
from micro.web.desk.cutting_shapes import drawing_of, grid_lines, plate_of, way_in_words
from micro.web.desk.frame import blueprint, project_page
from micro.web.problems import said
from micro.web.show import show_label

SHOWN_FAILED = 50


@blueprint.get("/desk/<project>/cutting", endpoint="cutting")
def cutting_page(project: str) -> ResponseReturnValue:
    """The ways to choose from, or how far the chosen one is; with ?format=json its figures, for the page's script."""
    with house().database.reading() as session:
        found = projects.project_named(session, project)
        progress = cutting_runs.progress_of(session, found.id)
        if request.args.get("format") == "json":
            return _figures_for_script(progress)
        if progress.is_running or progress.cut:
            return _state_page(session, found, progress)
        return _edit_page(session, found, _first_typed(session, found))


def _first_typed(session: Session, found: Project) -> Typed:
    """The way that the project has; before the first, the one that the link names or that the form's template fits."""
    typed = typed_from_body(found.cutting)
    if found.cutting:
        return typed
    fitting = fitting_cutting(current_setup(session, found.id).body)
    by = next((by for by in (request.args.get("by"), fitting) if by in WAYS), typed.by)
    return replace(typed, by=by)


def _figures_for_script(progress: CuttingProgress) -> Response:
    response = jsonify(
        {"waiting": progress.is_running, "share": round(progress.share, 4), "sentence": _sentence(progress)}
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _sentence(progress: CuttingProgress) -> str:
    """How far the cutting is, in words."""
    return str(
        ngettext(
            "%(cut)s of %(num)s scan is cut.",
            "%(cut)s of %(num)s scans are cut.",
            progress.scans,
            cut=progress.cut,
        )
    )


def _state_page(session: Session, found: Project, progress: CuttingProgress) -> str:
    failed = cutting_runs.failed_scans(session, found.id, SHOWN_FAILED)
    scans, number, sets = cutting_preview.sample_scans(session, found.id, request.args.get("set", 1, int))
    way, why_not = _way_or_problem(session, found), ""
    try:
        cutting_discard.check_unworked(session, found)
    except Conflict as error:
        why_not = said(error)
    return project_page(
        "manage/cutting_state.html",
        found,
        "manage.cutting",
        progress=progress,
        sentence=_sentence(progress),
        failed=failed,
        uncertain=cutting_preview.to_look_at(session, [scan for scan, _ in failed]),
        figures=projects.progress_of(session, found.id),
        way_in_words=way_in_words(found.cutting),
        plates=[plate_of(sample) for sample in cutting_preview.samples(session, scans, way)] if way else [],
        set_number=number,
        sets=sets,
        discardable=cutting_discard.discardable(session, found),
        why_not=why_not,
    )


def _way_or_problem(session: Session, found: Project) -> Any:
    try:
        return cutting.way_of(session, found) if found.cutting else None
    except BadAnswer:  # The form was changed since: there is nothing to show, and the failed scans say why.
        return None


def _edit_page(session: Session, found: Project, typed: Typed, problem: MicroError | None = None) -> str:
    fields = cutting.form_of(session, found)
    scan, number, count = cutting_preview.nth_scan(session, found.id, typed.number)
    read = [name for box in typed.boxes for name in box.fields]
    return project_page(
        "manage/cutting.html",
        found,
        "manage.cutting",
        typed=replace(typed, number=number),
        fields=fields,
        unread=[field for field in fields if field.name not in read],
        scan=scan,
        scans=count,
        drawing=drawing_of(session, scan, typed) if scan else None,
        grid_lines=grid_lines,
        most_cells=MOST_CELLS,
        lines=cutting_preview.lines_found(session, found.id),
        cancelled=cutting_runs.progress_of(session, found.id).is_cancelled,
        json_text=json.dumps(_body_or_kept(typed, found, fields), indent=1, ensure_ascii=False),
        problem=_in_words(problem, fields) if problem else "",
        place=problem.field if isinstance(problem, BadAnswer) else "",
    )


def _in_words(problem: MicroError, fields: Sequence[Field]) -> str:
    """The problem's sentence, with the label of a field in place of its name."""
    labels = {field.name: show_label(field) for field in fields}
    values = {
        name: labels.get(str(value), value) if name == "field" else value for name, value in problem.values.items()
    }
    return said(Conflict(problem.sentence, **values))


def _body_or_kept(typed: Typed, found: Project, fields: Sequence[Field]) -> Any:
    try:
        return body_of(typed, fields)
    except BadAnswer:
        return found.cutting or {"boxes": []}


@blueprint.post("/desk/<project>/cutting/look", endpoint="cutting_look")
def look(project: str) -> ResponseReturnValue:
    """What the way that was typed would make of some scans; or the same form with a box more, less, another scan."""
    with house().database.reading() as session:
        found = projects.project_named(session, project)
        try:
            typed = _asked(session, found)
        except BadAnswer as error:
            return _edit_page(session, found, typed_from_form(request.form), error), 422
        if request.form.get("do", "look") != "look":
            return _edit_page(session, found, typed)
        try:
            fields = cutting.form_of(session, found)
            body = read_json(request.form["way"]) if "way" in request.form else body_of(typed, fields)
            return _look_page(session, found, body)
        except MicroError as error:
            return _edit_page(session, found, typed, error), 422


def _asked(session: Session, found: Project) -> Typed:
    """What was typed, after the button that was pressed."""
    action, _, which = request.form.get("do", "look").partition(":")
    if "way" in request.form:
        return typed_from_body(read_json(request.form["way"]))
    typed = typed_from_form(request.form)
    match action:
        case "add":
            return with_box_added(typed, cutting.form_of(session, found))
        case "remove":
            return without_box(typed, which)
        case "scan":
            return replace(typed, number=int(which)) if re.fullmatch(r"\d{1,9}", which, re.ASCII) else typed
        case "json":
            return replace(typed_from_body(read_json(request.form.get("json", ""))), number=typed.number)
        case _:
            return typed


def _look_page(session: Session, found: Project, body: dict[str, Any]) -> str:
    way = way_from_body(body, [field.name for field in cutting.form_of(session, found)])
    scans, number, sets = cutting_preview.sample_scans(session, found.id, request.form.get("set", 1, int))
    foreseen = cutting_preview.foresee(session, found, way)
    return project_page(
        "manage/cutting_look.html",
        found,
        "manage.cutting",
        way_json=json.dumps(body),
        way_in_words=way_in_words(body),
        plates=[plate_of(sample) for sample in cutting_preview.samples(session, scans, way)],
        fields={field.name: field for field in cutting.form_of(session, found)},
        set_number=number,
        sets=sets,
        foreseen=foreseen,
        uncertain=cutting_preview.to_look_at(session, [scan for scan, _ in foreseen.problems]),
    )


@blueprint.post("/desk/<project>/cutting", endpoint="cut")
def cut(project: str) -> ResponseReturnValue:
    """Gives the project its way, and begins to cut all scans by it."""
    body: dict[str, Any] | None = None
    try:
        body = read_json(request.form.get("way", ""))
        with house().database.writing() as session:
            found = projects.project_named(session, project)
            run = cutting_runs.cut_by_way(session, found, body, current_person().account_id, house().clock())
            run_id, project_id = run.id, found.id
    except (BadAnswer, Conflict) as error:
        with house().database.reading() as session:
            found = projects.project_named(session, project)
            return _edit_page(session, found, typed_from_body(body), error), 422
    return _begun(project, project_id, run_id)


def _begun(project: str, project_id: int, run_id: int) -> ResponseReturnValue:
    """The first scans at once, so that a small project is cut when its page comes; a worker goes on."""
    with house().database.writing() as session:
        cutting_runs.cut_batch(session, run_id, house().clock())
    with house().database.writing() as session:
        left = cutting_runs.progress_of(session, project_id).left
        if not left:
            cutting_runs.cut_batch(session, run_id, house().clock())  # It finds nothing and ends the run.
    if left:
        house().queue.cut(project_id)
    return redirect(url_for("manage.cutting", project=project), code=303)


@blueprint.post("/desk/<project>/cutting/again", endpoint="cutting_again")
def again(project: str) -> ResponseReturnValue:
    """Tries once more what failed, and goes on with what was left."""
    try:
        with house().database.writing() as session:
            found = projects.project_named(session, project)
            run = cutting_runs.start_run(session, found, current_person().account_id, house().clock())
            run_id, project_id = run.id, found.id
    except (BadAnswer, Conflict) as error:
        flash(said(error), "warn")
        return redirect(url_for("manage.cutting", project=project), code=303)
    return _begun(project, project_id, run_id)


@blueprint.post("/desk/<project>/cutting/cancel", endpoint="cutting_cancel")
def cancel(project: str) -> ResponseReturnValue:
    """Stops the cutting after the scans that are just being cut."""

    def stop(session: Session, found: Project) -> str:
        cutting_runs.cancel_run(session, found, current_person().account_id, house().clock())
        return str(gettext("Cutting was stopped. The scans that are left stay as they are."))

    return _done(project, stop)


@blueprint.post("/desk/<project>/cutting/discard", endpoint="cutting_discard")
def discard(project: str) -> ResponseReturnValue:
    """Deletes what was cut, while nobody has worked on it, so that another way can be chosen."""
    seen = request.form.get("seen", -1, int)

    def throw_away(session: Session, found: Project) -> str:
        gone = cutting_discard.discard_cutting(session, found, current_person().account_id, house().clock(), seen)
        return str(ngettext("%(num)s task was discarded.", "%(num)s tasks were discarded.", gone.tasks))

    return _done(project, throw_away)


def _done(project: str, action: Callable[[Session, Project], str]) -> ResponseReturnValue:
    """Does it and says so; what is no longer possible is said as well, on the page as it is now."""
    try:
        with house().database.writing() as session:
            flash(action(session, projects.project_named(session, project)), "good")
    except Conflict as error:
        flash(said(error), "warn")
    return redirect(url_for("manage.cutting", project=project), code=303)
