"""The IIIF Image API 3.0 over all scans whose picture is held here: https://iiif.io/api/image/3.0/ , level 2.

Whoever may not see a scan is told, as everywhere, that there is none. Programs of any site may read what is public:
every answer allows it, and none allows it to send cookies along.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import datetime
from fractions import Fraction
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from micro.core.geometry import Box
from micro.core.iiif import CONTEXT, FORMATS, LEVEL, Wish, canonical, describe, read_wish
from micro.core.licences import licence_url
from micro.data.models import Region, Scan
from micro.errors import BadAnswer, BadPicture, MicroError, NotFound
from micro.services import iiif as making
from micro.services import pictures
from micro.web.context import house
from micro.web.pictures import KEPT_PRIVATE_S, KEPT_S, check_sight
from micro.web.problems import said, status_of

blueprint = Blueprint("iiif", __name__, url_prefix="/iiif/3")
LINKED_DATA = "application/ld+json"
PIECE_PX = 1200  # The longest side of the picture that a workbench shows before its tiles, or without a script.
MADE_BY = "1"  # Another number when pictures are made differently: browsers then fetch them anew.


@blueprint.get("/<scan>", strict_slashes=False)
def service(scan: str) -> ResponseReturnValue:
    """The service's own address leads to what it says of itself."""
    with house().database.reading() as session:
        check_sight(session, pictures.scan_named(session, scan))
    return redirect(url_for("iiif.info", scan=scan), 303)


@blueprint.get("/<scan>/info.json")
def info(scan: str) -> ResponseReturnValue:
    """What the service says of itself; of a scan that was replaced, the better one's."""
    with house().database.reading() as session:
        found = pictures.scan_named(session, scan)
        private = check_sight(session, found)
        if (better := _better(session, found)) is not None:
            return redirect(url_for("iiif.info", scan=better.public_id))
        page, made_at = making.page_of(found), found.created_at
        body = describe(service_address(scan), page.width_px, page.height_px, _rights(found))
    content = json.dumps(body, indent=1)
    response = Response(content + "\n")
    is_linked = request.accept_mimetypes.best_match(["application/json", LINKED_DATA]) == LINKED_DATA
    response.headers["Content-Type"] = f'{LINKED_DATA};profile="{CONTEXT}"' if is_linked else "application/json"
    response.headers.add("Link", f'<{LEVEL}>;rel="profile"')
    if not is_linked:
        context = f'<{CONTEXT}>;rel="http://www.w3.org/ns/json-ld#context";type="{LINKED_DATA}"'
        response.headers.add("Link", context)
    response.vary.add("Accept")
    return _kept(response, hashlib.sha256(f"{is_linked}{content}".encode()).hexdigest()[:20], made_at, private)


@blueprint.get("/<scan>/<region>/<size>/<rotation>/<name>")
def image(scan: str, region: str, size: str, rotation: str, name: str) -> ResponseReturnValue:
    """One picture of the scan. Of one that was replaced, the same part of the better one."""
    with house().database.reading() as session:
        found = pictures.scan_named(session, scan)
        private = check_sight(session, found)
        page, made_at = making.page_of(found), found.created_at
        wish = read_wish(region, size, rotation, name, page.width_px, page.height_px)
        if (better := _better(session, found)) is not None:
            part = _same_part(wish.box, found, better)
            there = url_for("iiif.image", scan=better.public_id, region=part, size=size, rotation=rotation, name=name)
            return redirect(there)
    written = canonical(wish, page.width_px, page.height_px)
    etag = hashlib.sha256(f"{MADE_BY} {page.sha256} {page.frame} {written}".encode()).hexdigest()[:20]
    response = Response(mimetype=FORMATS[wish.format])
    response.headers["Link"] = f'<{service_address(scan)}/{written}>;rel="canonical", <{LEVEL}>;rel="profile"'
    if etag not in request.if_none_match:
        response.data = _picture(page, wish)
    return _kept(response, etag, made_at, private)


@blueprint.get("/<path:rest>")
def nothing(rest: str) -> ResponseReturnValue:
    """Whatever else is asked for is told, as an answer of this service, that it is not there."""
    raise NotFound("There is nothing at this address.")


def service_address(scan: str) -> str:
    """The full address of a scan's service, which is also its id."""
    return house().settings.public_url + url_for("iiif.service", scan=scan).rstrip("/")


def piece_of(scan: Scan, region: Region) -> dict[str, Any] | None:
    """A region with some air round it, in pixels of its scan, and the address of its picture at a moderate size.

    None for a scan whose picture is not held here.
    """
    if not (scan.width_px and scan.height_px):
        return None
    air = max(region.width_px, region.height_px) // 25
    left, top = max(0, region.x_px - air), max(0, region.y_px - air)
    right = min(scan.width_px, region.x_px + region.width_px + air)
    bottom = min(scan.height_px, region.y_px + region.height_px + air)
    box = Box(left, top, max(1, right - left), max(1, bottom - top))
    share = min(Fraction(1), Fraction(PIECE_PX, max(box.width, box.height)))
    size = max(1, round(box.width * share)), max(1, round(box.height * share))
    written = canonical(Wish(box, *size, False, 0, "default", "jpg"), scan.width_px, scan.height_px)
    return {**asdict(box), "address": f"{url_for('iiif.service', scan=scan.public_id)}/{written}"}


def _picture(page: making.PagePicture, wish: Wish) -> bytes:
    here = house()
    return making.picture_of(page, wish, making.Workshop(here.storage, here.images, here.tiles, here.once))


def _better(session: Session, scan: Scan) -> Scan | None:
    if scan.state != "replaced" or scan.replaced_by_id is None:
        return None
    return session.get_one(Scan, scan.replaced_by_id)


def _same_part(box: Box, old: Scan, new: Scan) -> str:
    """The part of the new scan that shows what the box shows of the old one."""
    across, down = Fraction(new.width_px, old.width_px), Fraction(new.height_px, old.height_px)
    left, top = round(box.x * across), round(box.y * down)
    width, height = round((box.x + box.width) * across) - left, round((box.y + box.height) * down) - top
    return f"{left},{top},{max(1, width)},{max(1, height)}"


def _rights(scan: Scan) -> str:
    return scan.rights if scan.rights.startswith(("http://", "https://")) else licence_url(scan.rights)


def _kept(response: Response, etag: str, made_at: datetime, private: bool) -> Response:
    """With what browsers need to keep it; without its body when they have it already."""
    response.set_etag(etag)
    response.last_modified = made_at
    response.headers["Cache-Control"] = f"private, max-age={KEPT_PRIVATE_S}" if private else f"public, max-age={KEPT_S}"
    return response.make_conditional(request)  # type: ignore[return-value]


@blueprint.after_request
def open_to_all(response: Response) -> Response:
    """Scripts of any site may read every answer (section 7.1), the reason of a refusal too."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "Link, ETag, Last-Modified"
    return response


@blueprint.errorhandler(MicroError)
def problem(error: MicroError) -> Response:
    """Every refusal as problem+json (RFC 9457), with the statuses of the specification (section 7.3)."""
    status = 400 if isinstance(error, BadAnswer) else 500 if isinstance(error, BadPicture) else status_of(error)
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": said(error)}
    response = jsonify(body)
    response.status_code, response.mimetype = status, "application/problem+json"
    response.headers["Cache-Control"] = "no-store"  # A stranger's “there is none” is not for whoever may see it.
    return response
