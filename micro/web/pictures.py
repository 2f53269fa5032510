"""Pictures for pages: a scan, or a region of it, as a JPEG of a bounded size."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from micro.core.states import PUBLIC_PROJECTS
from micro.data.models import Scan
from micro.errors import NotFound
from micro.services import cutting, pictures, releases
from micro.web.context import current_person, house
from micro.web.sight import may_see

blueprint = Blueprint("pictures", __name__)


# Seconds for which a browser keeps a picture, and one that not everybody may see. Nothing between us and the browser
# keeps any: one that is taken down must be gone from wherever it was.
KEPT_S, KEPT_PRIVATE_S = 3600, 300


@blueprint.get("/pictures/scan/<scan>/<int:longest>.jpg")
def scan(scan: str, longest: int) -> ResponseReturnValue:
    """The whole scan, upright; of one that was replaced, the better one's."""
    with house().database.reading() as session:
        found = pictures.scan_named(session, scan)
        private = check_sight(session, found)
        if found.state == "replaced" and found.replaced_by_id is not None:
            better = session.get_one(Scan, found.replaced_by_id).public_id
            return redirect(url_for("pictures.scan", scan=better, longest=longest))
        key, source = pictures.picture_key(found.sha256, None, longest, found.frame), pictures.source_of(found)
    return _send(key, pictures.picture(key, source, None, house().storage, house().images), private)


@blueprint.get("/pictures/region/<region>/<int:longest>.jpg")
def region(region: str, longest: int) -> ResponseReturnValue:
    """One region of a scan."""
    with house().database.reading() as session:
        found = cutting.region_named(session, region)
        private = check_sight(session, found.scan)
        box = cutting.box_of(found)
        key = pictures.picture_key(found.scan.sha256, box, longest, found.scan.frame)
        source = pictures.source_of(found.scan)
    return _send(key, pictures.picture(key, source, box, house().storage, house().images), private)


def check_sight(session: Session, scan: Scan) -> bool:
    """Whether the picture is private; NotFound for those who may not see it. A draft's are, and a withdrawn one's."""
    project = scan.project
    if scan.state == "erased":
        raise NotFound("There is no such scan.")
    if scan.state == "withdrawn":
        if not current_person().may_manage(project.collection.institution_id):
            raise NotFound("There is no such scan.")
        return True
    if project.state in PUBLIC_PROJECTS or releases.is_published(session, project):
        return False  # An archived project's releases are cited, and link to its scans.
    if not may_see(project):
        raise NotFound("There is no such scan.")
    return True


def _send(key: str, content: bytes, private: bool) -> Response:
    response = Response(content, mimetype="image/jpeg")
    response.set_etag(key.replace("/", "-"))
    response.headers["Cache-Control"] = f"private, max-age={KEPT_PRIVATE_S if private else KEPT_S}"
    return response.make_conditional(request)  # type: ignore[return-value]
