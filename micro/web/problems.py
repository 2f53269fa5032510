"""Errors on their way out: one table for HTML pages and problem+json (RFC 9457)."""

from __future__ import annotations

import logging
from http import HTTPStatus
from pathlib import Path
from traceback import extract_tb
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from micro import errors
from micro.errors import BadAnswer, MicroError, SignInNeeded, TooMuch
from micro.web.context import house
from micro.web.links import path_on_this_site

log = logging.getLogger(__name__)

STATUS: dict[type[MicroError], int] = {
    errors.NotFound: 404,
    errors.SignInNeeded: 401,
    errors.NotAllowed: 403,
    errors.Conflict: 409,
    errors.Closed: 410,
    errors.BadAnswer: 422,
    errors.BadPicture: 422,
    errors.TooMuch: 429,
    errors.NotOffered: 501,
    errors.OutsideFailed: 503,
}
# After these somebody mends what they sent, or sends it again: the page offers the way back to their form.
RETRIED = frozenset({400, 409, 413, 422, 429, 503})


def prepare_problems(app: Flask) -> None:
    """Registers the table."""
    app.register_error_handler(MicroError, _micro_error)
    app.register_error_handler(CSRFError, _old_form)
    app.register_error_handler(RequestEntityTooLarge, _too_large)
    app.register_error_handler(OperationalError, _database_busy)
    for unreadable in (DataError, RecursionError, OverflowError):
        app.register_error_handler(unreadable, _unreadable)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)


def said(error: MicroError) -> str:
    """The error's one sentence in the visitor's language."""
    sentence = str(gettext(error.sentence))
    return sentence % error.values if error.values else sentence


def problems_by_field(error: MicroError) -> dict[str, str]:
    """The sentences of a form's problems by the names of its fields; empty for any other error."""
    return {one.field: said(one) for one in (error, *error.others)} if isinstance(error, BadAnswer) else {}


def wants_json() -> bool:
    """Whether a program asks: under /api/, or a script of ours with Accept: application/json."""
    return request.path.startswith("/api/") or request.accept_mimetypes.best == "application/json"


def status_of(error: MicroError) -> int:
    """The HTTP status that the table gives to an error."""
    return next(STATUS[cls] for cls in type(error).__mro__ if cls in STATUS)


def _micro_error(error: MicroError) -> ResponseReturnValue:
    status = status_of(error)
    if status >= 500:
        log.error("%s: %s", type(error).__name__, error)
    if isinstance(error, SignInNeeded) and not wants_json():
        return redirect(url_for("account.sign_in", next=_where_from()), code=303 if request.method == "POST" else 302)
    extra: dict[str, Any] = {}
    if isinstance(error, BadAnswer):
        extra["fields"] = {problem.field: said(problem) for problem in (error, *error.others)}
    response = _answer(status, said(error), extra)
    if isinstance(error, TooMuch) and error.wait_s:
        response.headers["Retry-After"] = str(error.wait_s)
    return response


def _where_from() -> str | None:
    """Where to go on after signing in: this page, or the one whose form was sent."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    came = urlsplit(request.referrer or "")
    return (
        path_on_this_site(came.path + ("?" + came.query if came.query else "")) if came.netloc == request.host else None
    )


def _old_form(_: CSRFError) -> ResponseReturnValue:
    if current_app.config["SESSION_COOKIE_NAME"] not in request.cookies:
        return _answer(
            400,
            gettext(
                "Your browser did not send back our cookie. Allow cookies for this site, reload it, and try again."
            ),
        )
    return _answer(400, gettext("This page was open for so long that it expired. Go back, reload it, and send again."))


def _too_large(_: RequestEntityTooLarge) -> ResponseReturnValue:
    if request.endpoint in ("manage.upload", "manage.replace_scan"):
        most = house().settings.upload_megabytes
        return _answer(413, gettext("This is too large to be sent at once: at most %(most)s MB.", most=most))
    return _answer(413, gettext("This is too large to be sent at once."))


def _unreadable(error: Exception) -> ResponseReturnValue:
    """Signs that no database keeps, numbers beyond all size, JSON nested thousands deep: no accident."""
    log.warning("%s at %s", type(error).__name__, request.endpoint)
    return _answer(422, gettext("What was sent cannot be read."))


def _database_busy(error: OperationalError) -> ResponseReturnValue:
    log.error("database: %s", type(error.orig).__name__)
    return _answer(503, gettext("Our database is busy at the moment. Please send again."))


def _http_error(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status == 404:
        return _answer(404, gettext("There is nothing at this address."))
    if status == 405:
        return _answer(405, gettext("This address is used in another way."))
    return _answer(status, gettext("This request could not be answered."))


def _unexpected(error: Exception) -> ResponseReturnValue:
    # Never the message, nor the lines of code: they may hold what a person typed.
    places = [f"{frame.name} ({Path(frame.filename).name}:{frame.lineno})" for frame in extract_tb(error.__traceback__)]
    log.error("unexpected %s at %s: %s", type(error).__name__, request.endpoint, " > ".join(places[-8:]))
    return _answer(500, gettext("Something went wrong on our side. It has been noted."))


def _answer(status: int, sentence: str, extra: dict[str, Any] | None = None) -> Response:
    if wants_json():
        response = jsonify(
            {
                "type": "about:blank",
                "title": HTTPStatus(status).phrase,
                "status": status,
                "detail": sentence,
                **(extra or {}),
            }
        )
        response.mimetype = "application/problem+json"
    else:
        back = _where_from() if request.method == "POST" and status in RETRIED else None
        response = Response(render_template("error.html", status=status, sentence=sentence, back=back))
    response.status_code = status
    return response
