"""The manager's desk: upload, cutting, state, release. (Building a project in the browser is a later step.)"""

from __future__ import annotations

import json
import secrets
from pathlib import PurePosixPath
from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from werkzeug.datastructures import FileStorage

from micro.core.states import PROJECT
from micro.data.models import Project
from micro.errors import BadAnswer, MicroError
from micro.kinds import kind_named
from micro.services import assignments, cutting, intake, projects, releases, reports
from micro.web.context import current_person, house
from micro.web.forms import storable
from micro.web.problems import said

blueprint = Blueprint("manage", __name__)
SHOWN_SCANS = 24
SHOWN_DELIVERIES = 8
SHOWN_REPORTS = 50
CUT_AT_ONCE = 100


@blueprint.get("/desk")
def index() -> str:
    """The projects of the institutions where this person has a role."""
    person = current_person()
    with house().database.reading() as session:
        mine = None if person.is_network_admin else person.roles or {}
        found = projects.desk_page(session, mine, request.args.get("page", 1, int))
        figures = projects.progress_of_all(session, [project.id for project in found.projects])
        rows = [(project, figures[project.id]) for project in found.projects]
        return render_template("manage/index.html", rows=rows, found=found, here="manage")


@blueprint.get("/desk/<project>")
def project(project: str) -> str:
    """One project: its scans, deliveries, template, state, releases, and what volunteers reported."""
    with house().database.reading() as session:
        return _project_page(session, projects.project_named(session, project))


def _project_page(session: Any, found: Project, problem: str = "", template: str | None = None) -> str:
    setup = assignments.current_setup(session, found.id)
    text = json.dumps(found.cutting, indent=1, ensure_ascii=False) if found.cutting else ""
    return render_template(
        "manage/project.html",
        project=found,
        institution=found.collection.institution,
        here="manage",
        progress=projects.progress_of(session, found.id),
        deliveries=reports.newest_deliveries(session, found.id, SHOWN_DELIVERIES),
        onward=sorted(PROJECT[found.state]),
        scans=reports.first_scans(session, found.id, SHOWN_SCANS),
        item=projects.a_cut_item(session, found.id),
        fields=kind_named(setup.kind).fields(setup.body),
        template=text if template is None else template,
        problem=problem,
        releases=releases.releases_of(session, found),
        reports=reports.reports_of(session, found.id, SHOWN_REPORTS),
        reports_count=reports.reports_count(session, found.id),
    )


@blueprint.post("/desk/<project>/upload")
def upload(project: str) -> ResponseReturnValue:
    """Keeps the uploaded files and lets a job take them in; a manifest.csv among them describes the others."""
    files = [file for file in request.files.getlist("files") if file.filename]
    manifests = [file for file in files if _name(file).lower() in intake.MANIFEST_NAMES]
    described = intake.read_manifest(manifests[0].read()) if manifests else {}
    kept = [(file, _name(file), f"incoming/{secrets.token_hex(16)}") for file in files if file not in manifests]
    if not kept:
        raise BadAnswer("files", "Choose at least one picture.")
    for file, _, key in kept:
        house().storage.put(key, file.read())
    with house().database.writing() as session:
        sent = [(name, key) for _, name, key in kept]
        delivery = intake.deliver_upload(
            session, projects.project_named(session, project), sent, described, house().clock()
        )
        address, delivery_id = url_for("manage.intake", intake=delivery.public_id), delivery.id
    house().queue.take_in(delivery_id)
    return redirect(address, code=303)


def _name(file: FileStorage) -> str:
    return storable(PurePosixPath((file.filename or "").replace("\\", "/")).name)[:255]


@blueprint.get("/desk/intake/<intake>", endpoint="intake")
def one_delivery(**parts: str) -> ResponseReturnValue:
    """How far a delivery is, what was refused and why; with ?format=json its figures, for the page's own script."""
    with house().database.reading() as session:
        delivery = intake.delivery_named(session, parts["intake"])
        figures = reports.delivery_figures(session, [delivery.id])[delivery.id]
        if request.args.get("format") == "json":
            return _figures_for_script(figures)
        return render_template(
            "manage/intake.html",
            delivery=delivery,
            progress=intake.progress_of(session, delivery),
            sentence=_sentence(figures),
            project=delivery.project,
            institution=delivery.project.collection.institution,
            here="manage",
        )


def _figures_for_script(figures: reports.DeliveryFigures) -> Response:
    response = jsonify({"total": figures.total, "waiting": figures.waiting, "sentence": _sentence(figures)})
    response.headers["Cache-Control"] = "no-store"
    return response


def _sentence(figures: reports.DeliveryFigures) -> str:
    """How far a delivery is, in words."""
    if figures.waiting:
        return str(
            ngettext(
                "%(num)s file of %(total)s waits.",
                "%(num)s files of %(total)s wait.",
                figures.waiting,
                total=figures.total,
            )
        )
    return str(ngettext("%(num)s scan was taken in.", "%(num)s scans were taken in.", figures.taken))


@blueprint.post("/desk/<project>/cutting", endpoint="cutting")
def set_template(project: str) -> ResponseReturnValue:
    """Gives the project its template of named boxes, and cuts what has not been cut."""
    text = storable(request.form.get("template", ""))
    try:
        with house().database.writing() as session:
            found = projects.project_named(session, project)
            cutting.set_template(session, found, _template(text))
    except MicroError as error:
        with house().database.reading() as session:
            page = _project_page(session, projects.project_named(session, project), said(error), text)
        return page, 422
    with house().database.writing() as session:
        found = projects.project_named(session, project)
        cutting.cut_project(session, found, house().clock(), CUT_AT_ONCE)
        project_id = found.id
    house().queue.cut(project_id)  # Whatever is left of a large project.
    flash(gettext("The scans are cut by these boxes. In a large project this goes on for a while."), "good")
    return redirect(url_for("manage.project", project=project), code=303)


def _template(text: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise BadAnswer("template", "The boxes must be written as JSON.") from None
    if (
        not isinstance(body, dict)
        or not isinstance(body.get("boxes"), list)
        or not all(isinstance(b, dict) for b in body["boxes"])
    ):
        raise BadAnswer("template", 'The boxes must be written as {"boxes": […]}.')
    return body


@blueprint.post("/desk/<project>/state")
def state(project: str) -> ResponseReturnValue:
    """Moves the project: live, paused, finished, archived."""
    wished = request.form.get("state", "")
    if wished not in PROJECT:
        raise BadAnswer("state", "There is no such state.")
    with house().database.writing() as session:
        projects.move_project(
            session,
            projects.project_named(session, project),
            wished,
            current_person().account_id,
            house().clock(),
            storable(request.form.get("why", ""))[:500],
            seen=request.form.get("seen", ""),
        )
    return redirect(url_for("manage.project", project=project), code=303)


@blueprint.post("/desk/<project>/release")
def release(project: str) -> ResponseReturnValue:
    """Begins the next release; a job writes and publishes it."""
    with house().database.writing() as session:
        begun = releases.start_release(
            session,
            projects.project_named(session, project),
            current_person().account_id,
            storable(request.form.get("notes", ""))[:2000],
            house().clock(),
        )
        release_id, number = begun.id, begun.number
    house().queue.release(release_id)
    flash(gettext("Release %(number)s is being made. It appears under “Data” when it is whole.", number=number), "good")
    return redirect(url_for("manage.project", project=project), code=303)
