"""Deliveries on the desk: uploading, batch by batch where there is a script, watching, cancelling, trying again."""

from __future__ import annotations

import re
import secrets
from pathlib import PurePosixPath

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from werkzeug.datastructures import FileStorage

from micro.data.models import Intake
from micro.errors import BadAnswer, NotFound
from micro.services import deliveries, intake, projects, reports, uploads
from micro.web.context import house
from micro.web.desk.frame import blueprint
from micro.web.forms import storable
from micro.web.problems import wants_json

LISTED = 200  # Names in one list; who has more to mend begins with these.


@blueprint.post("/desk/<project>/deliveries")
def open_delivery(project: str) -> ResponseReturnValue:
    """Opens an empty delivery, into which a script sends its batches; one that stays empty is shown nowhere."""
    with house().database.writing() as session:
        found = projects.project_named(session, project)
        return _addresses(project, deliveries.open_delivery(session, found, "upload", house().clock()))


@blueprint.post("/desk/<project>/upload")
def upload(project: str) -> ResponseReturnValue:
    """Keeps the uploaded files and lets a job take them in; a manifest.csv among them describes the others.

    ``?delivery=…&batch=…`` adds to a delivery that is open. The same batch again, because its answer was lost, adds
    nothing. Without it this is a delivery of its own.
    """
    files = [file for file in request.files.getlist("files") if file.filename]
    manifests = [file for file in files if _name(file).lower() in intake.MANIFEST_NAMES]
    described = intake.read_manifest(manifests[0].read()) if manifests else {}
    pictures = [file for file in files if file not in manifests]
    if not pictures and not (manifests and "delivery" in request.args):
        raise BadAnswer("files", "Choose at least one picture.")
    delivery = _delivery(project)
    keys = [uploads.upload_key(delivery, f"{_batch()}-{number}") for number in range(len(pictures))]
    for file, key in zip(pictures, keys, strict=True):
        house().storage.put(key, file.read())
    with house().database.writing() as session:
        sent = [(_name(file), key) for file, key in zip(pictures, keys, strict=True)]
        uploads.add_upload(session, deliveries.delivery(session, delivery.id), sent, described)
    house().queue.take_in(delivery.id)
    if wants_json():
        return _addresses(project, delivery)
    return redirect(url_for("manage.intake", intake=delivery.public_id), code=303)


def _delivery(project: str) -> Intake:
    """The delivery that the request names, or a new one."""
    with house().database.writing() as session:
        found = projects.project_named(session, project)
        if "delivery" not in request.args:
            return deliveries.open_delivery(session, found, "upload", house().clock())
        delivery = deliveries.delivery_named(session, request.args["delivery"])
        if delivery.project_id != found.id or deliveries.is_folder(delivery):
            raise NotFound("There is no such delivery.")
        uploads.check_open(delivery, house().clock())
        return delivery


def _batch() -> str:
    """What the script calls this batch, so that it is known again; else a name of its own."""
    named = request.args.get("batch", "")
    return named if re.fullmatch(r"[0-9a-z]{1,12}", named) else secrets.token_hex(16)


def _addresses(project: str, delivery: Intake) -> Response:
    return jsonify(
        {
            "upload": url_for("manage.upload", project=project, delivery=delivery.public_id),
            "page": url_for("manage.intake", intake=delivery.public_id),
        }
    )


def _name(file: FileStorage) -> str:
    return storable(PurePosixPath((file.filename or "").replace("\\", "/")).name)[:255]


@blueprint.get("/desk/intake/<intake>", endpoint="intake")
def one_delivery(**parts: str) -> ResponseReturnValue:
    """How far a delivery is, what was refused and why; with ?format=json its figures, for the page's own script."""
    with house().database.reading() as session:
        delivery = deliveries.delivery_named(session, parts["intake"])
        figures = reports.delivery_figures(session, [delivery.id])[delivery.id]
        if request.args.get("format") == "json":
            return _figures_for_script(figures)
        return render_template(
            "manage/intake.html",
            delivery=delivery,
            progress=deliveries.progress_of(session, delivery),
            is_folder=deliveries.is_folder(delivery),
            listed=LISTED,
            sentence=_sentence(figures),
            project=delivery.project,
            institution=delivery.project.collection.institution,
            here="manage",
        )


@blueprint.post("/desk/intake/<intake>/retry")
def retry_delivery(**parts: str) -> ResponseReturnValue:
    """Lets what was refused or cancelled wait again."""
    with house().database.writing() as session:
        delivery = deliveries.delivery_named(session, parts["intake"])
        if deliveries.is_folder(delivery):
            raise BadAnswer("", "The files of this delivery lie in a folder: take in the folder again.")
        count, delivery_id = deliveries.retry(session, delivery), delivery.id
    house().queue.take_in(delivery_id)
    if count:
        flash(ngettext("%(num)s file is tried again.", "%(num)s files are tried again.", count), "good")
    else:
        flash(gettext("There is nothing to try again."), "plain")
    return redirect(url_for("manage.intake", intake=parts["intake"]), code=303)


@blueprint.post("/desk/intake/<intake>/cancel")
def cancel_delivery(**parts: str) -> ResponseReturnValue:
    """Nothing of the delivery waits any longer; what was taken in stays."""
    with house().database.writing() as session:
        count = deliveries.cancel(session, deliveries.delivery_named(session, parts["intake"]))
    if count:
        flash(ngettext("%(num)s file was cancelled.", "%(num)s files were cancelled.", count), "good")
    else:
        flash(gettext("Nothing was waiting any more."), "plain")
    return redirect(url_for("manage.intake", intake=parts["intake"]), code=303)


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
    said = [str(ngettext("%(num)s scan was taken in.", "%(num)s scans were taken in.", figures.scans))]
    if figures.layouts:
        said.append(str(ngettext("%(num)s layout was read.", "%(num)s layouts were read.", figures.layouts)))
    return " ".join(said)
