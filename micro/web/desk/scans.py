"""The scans of a project, a page at a time, and the form to upload more."""

from __future__ import annotations

from flask import request

from micro.services import deliveries, projects, reports
from micro.web.context import house
from micro.web.desk.frame import blueprint, project_page
from micro.web.forms import storable

SHOWN_DELIVERIES = 8


@blueprint.get("/desk/<project>/scans")
def scans(project: str) -> str:
    """The project's scans, all or those of one document, its newest deliveries, and the form to upload more."""
    document = storable(request.args.get("document", ""))
    with house().database.reading() as session:
        found = projects.project_named(session, project)
        shown = reports.scan_page(session, found.id, document, request.args.get("page", 1, int))
        return project_page(
            "manage/scans.html",
            found,
            "manage.scans",
            shown=shown,
            warnings={scan.id: why for scan in shown.scans if (why := deliveries.warning_of(scan)) is not None},
            document=document,
            documents=reports.documents_of(session, found.id),
            deliveries=reports.newest_deliveries(session, found.id, SHOWN_DELIVERIES),
            most_bytes=house().settings.upload_megabytes * 1_000_000,
        )
