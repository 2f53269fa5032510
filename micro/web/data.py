"""Datasets and releases for researchers: pages, and files that never change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from micro.core.licences import licence_url
from micro.core.release.columns import STATUSES
from micro.core.release.figures import CONFIDENCE_CLASSES
from micro.services import datasets
from micro.web.charts import Chart, bar_chart
from micro.web.context import current_person, house

blueprint = Blueprint("data", __name__)

A_YEAR_S = 365 * 24 * 3600
TYPES: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/jsonl",
    "json": "application/json",
    "cff": "application/yaml",
    "txt": "text/plain; charset=utf-8",
    "zip": "application/zip",
}


def _may_review(institution_id: int) -> bool:
    return current_person().may_review(institution_id)


@blueprint.get("/data")
def index() -> ResponseReturnValue:
    """All datasets with a published release."""
    with house().database.reading() as session:
        return render_template("data/index.html", here="data", datasets=datasets.datasets(session))


@blueprint.get("/data/<project>")
def dataset(project: str) -> ResponseReturnValue:
    """On to the newest release."""
    with house().database.reading() as session:
        newest = datasets.published_releases(session, project, _may_review)[0]
        return redirect(url_for("data.release", project=project, number=newest.number))


@blueprint.get("/data/<project>/<int:number>")
def release(project: str, number: int) -> ResponseReturnValue:
    """One release: what it is, how it was made, its files."""
    with house().database.reading() as session:
        found = datasets.published_release(session, project, number, _may_review)
        manifest = found.manifest or {}
        return render_template(
            "data/release.html",
            here="data",
            release=found,
            project=found.project,
            manifest=manifest,
            institution=found.project.collection.institution,
            figures=manifest["figures"],
            files={entry["name"]: entry for entry in manifest["files"]},
            deed=licence_url(found.licence),
            all_releases=datasets.published_releases(session, project, _may_review),
            **charts(manifest["figures"]),
        )


def charts(figures: Mapping[str, Any]) -> dict[str, Chart]:
    """The charts of a release: answers for each record, what is known of each value, and how sure we are of it."""
    confidence = dict(figures["confidence"])
    classes = ["<50", *map(str, CONFIDENCE_CLASSES[1:-1]), f"{CONFIDENCE_CLASSES[-1]}+"]
    words = {
        "given": gettext("given"),
        "unsure": gettext("not sure"),
        "blank": gettext("blank"),
        "illegible": gettext("illegible"),
        "unresolved": gettext("unresolved"),
        "unasked": gettext("not asked"),
    }
    return {
        "answers_chart": bar_chart([(label, count) for label, count in figures["answers_per_record"]]),
        "status_chart": bar_chart([(words[status], figures["statuses"].get(status, 0)) for status in STATUSES]),
        "confidence_chart": bar_chart(
            [(label, confidence.get(low, 0)) for label, low in zip(classes, CONFIDENCE_CLASSES, strict=True)]
        ),
    }


@blueprint.get("/data/<project>/<int:number>/<name>")
def file(project: str, number: int, name: str) -> Response:
    """One file of a release, always as a download: what people typed is never shown as a page of ours."""
    with house().database.reading() as session:
        found = datasets.published_release(session, project, number, _may_review)
        entry, public = datasets.file_of(found, name), found.project.state not in datasets.HIDDEN
    known = request.if_none_match.contains(entry["sha256"])
    response = Response(status=304) if known else Response(house().storage.get(entry["key"]))
    response.content_type = TYPES.get(name.rpartition(".")[2], "text/plain; charset=utf-8")
    saved_as = f"{project}-{number}.zip" if name.endswith(".zip") else name
    response.headers["Content-Disposition"] = f'attachment; filename="{saved_as}"'
    response.set_etag(entry["sha256"])
    response.cache_control.max_age = A_YEAR_S
    response.cache_control.immutable = True
    setattr(response.cache_control, "public" if public else "private", True)
    if not known:
        response.make_conditional(request, accept_ranges=True, complete_length=entry["bytes"])
    return response
