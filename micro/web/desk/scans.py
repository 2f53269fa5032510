"""The scans of a project, and the deliveries that bring them."""

from __future__ import annotations

import secrets
from pathlib import PurePosixPath

from flask import Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext
from werkzeug.datastructures import FileStorage

from micro.errors import BadAnswer
from micro.services import intake, projects, reports
from micro.web.context import house
from micro.web.desk.frame import blueprint, project_page
from micro.web.forms import storable

SHOWN_SCANS = 24
SHOWN_DELIVERIES = 8


@blueprint.get("/desk/<project>/scans")
def scans(project: str) -> str:
    """The project's scans and deliveries, and the form to upload more."""
    with house().database.reading() as session:
        found = projects.project_named(session, project)
        return project_page(
            "manage/scans.html",
            found,
            "manage.scans",
            progress=projects.progress_of(session, found.id),
            scans=reports.first_scans(session, found.id, SHOWN_SCANS),
            deliveries=reports.newest_deliveries(session, found.id, SHOWN_DELIVERIES),
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
