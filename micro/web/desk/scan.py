"""One scan on the desk: what it is, what is said of it, taking it down, replacing it by a better one, erasing it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import current_app, flash, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.core.licences import LICENCES
from micro.data.models import Scan
from micro.errors import BadAnswer, BadPicture, Conflict, MicroError, OutsideFailed
from micro.services import acts, pictures, scan_care, scan_replacing, uploads
from micro.services.intake import Waiting
from micro.services.scan_care import Erasure
from micro.services.scan_replacing import Better
from micro.web.context import current_person, house
from micro.web.desk.frame import blueprint, project_page
from micro.web.forms import storable
from micro.web.problems import STATUS, problems_by_field, said

LAYOUT_PAGE = "manage.layout"
WORDS_LONGEST = 2000


@blueprint.get("/desk/scan/<scan>", endpoint="scan")
def scan_page(scan: str) -> str:
    """The scan with its regions, facts, items and history, and what may be done with it."""
    return _page(scan)


def _page(public_id: str, form: str = "", error: MicroError | None = None) -> str:
    """The page; ``error`` is what came of ``form``, whose fields are shown as they were typed."""
    problems = {f"{form}-{name}": text for name, text in problems_by_field(error).items()} if error else {}
    with house().database.reading() as session:
        sight = scan_care.look_at(session, pictures.scan_named(session, public_id))
        erasure = scan_care.erasure_of(session, sight.scan)
        return project_page(
            "manage/scan.html",
            sight.scan.project,
            "manage.scans",
            sight=sight,
            scan=sight.scan,
            name=scan_care.name_to_type(sight.scan),
            has_picture=bool(sight.scan.width_px) and sight.scan.state in ("shown", "withdrawn"),
            has_layout=LAYOUT_PAGE in current_app.view_functions,
            file_is_shared=erasure.file_is_shared,
            files_left=_files_left(sight.scan, erasure),
            licences=LICENCES,
            form=form,
            form_sent=form,  # A macro of the page has a form of its own.
            typed=request.form if error else {},
            problems=problems,
            trouble=said(error) if error and not problems else "",
        )


def _files_left(scan: Scan, erasure: Erasure) -> bool:
    """Whether the file of an erased scan is still there; a storage that does not answer may well have it."""
    if scan.state != "erased":
        return False
    try:
        return scan_care.files_left(erasure, house().storage)
    except OutsideFailed:
        return True


def _typed(name: str) -> str:
    return storable(request.form.get(name, ""))[:WORDS_LONGEST]


@contextmanager
def _held(public_id: str) -> Iterator[tuple[Session, Scan]]:
    """The scan in a writing transaction."""
    with house().database.writing() as session:
        yield session, pictures.scan_named(session, public_id)


def _done_or_told(public_id: str, form: str, deed: Callable[[], str]) -> ResponseReturnValue:
    """Does it and leads back to the scan's page with the sentence of ``deed``, or shows the page with the reason."""
    try:
        sentence = deed()
    except (BadAnswer, BadPicture, Conflict) as error:
        shown = BadAnswer("file", "This file cannot be taken: %(why)s.", why=said(error))
        refused = shown if isinstance(error, BadPicture) else error
        return make_response(_page(public_id, form, refused), STATUS[type(refused)])
    flash(sentence, "good")
    return redirect(url_for("manage.scan", scan=public_id), 303)


@blueprint.post("/desk/scan/<scan>")
def describe_scan(scan: str) -> ResponseReturnValue:
    """Changes what is said of the scan: title, document, page, rights, credit line."""

    def deed() -> str:
        names = (*scan_care.SAID, "page_number")
        wished = {name: _typed(name) for name in names if name in request.form}
        with _held(scan) as (session, found):
            changes = scan_care.describe(session, found, wished, current_person().account_id, house().clock())
        return str(ngettext("%(num)s change was kept.", "%(num)s changes were kept.", changes))

    return _done_or_told(scan, "describe", deed)


@blueprint.post("/desk/scan/<scan>/withdraw")
def withdraw_scan(scan: str) -> ResponseReturnValue:
    """Takes the scan down."""

    def deed() -> str:
        with _held(scan) as (session, found):
            scan_care.withdraw(session, found, current_person().account_id, _typed("why"), house().clock())
        return str(gettext("The scan is taken down. Only the managers of this institution see its picture now."))

    return _done_or_told(scan, "withdraw", deed)


@blueprint.post("/desk/scan/<scan>/restore")
def restore_scan(scan: str) -> ResponseReturnValue:
    """Shows the scan again."""

    def deed() -> str:
        with _held(scan) as (session, found):
            scan_care.restore(session, found, current_person().account_id, _typed("why"), house().clock())
            project_id = found.project_id
        house().queue.settle(project_id)
        return str(gettext("The scan is shown again, and its tasks are asked again."))

    return _done_or_told(scan, "restore", deed)


@blueprint.post("/desk/scan/<scan>/erase")
def erase_scan(scan: str) -> ResponseReturnValue:
    """Erases the scan for good: first in the database, then, once that is certain, in the storage."""

    def deed() -> str:
        with _held(scan) as (session, found):
            account_id = current_person().account_id
            erasure = scan_care.erase(session, found, account_id, _typed("typed"), _typed("why"), house().clock())
        return _erase_files(erasure)

    return _done_or_told(scan, "erase", deed)


@blueprint.post("/desk/scan/<scan>/erase-files")
def erase_scan_files(scan: str) -> ResponseReturnValue:
    """Deletes the files of an erased scan once more, after the storage failed."""

    def deed() -> str:
        with house().database.reading() as session:
            found = pictures.scan_named(session, scan)
            if found.state != "erased":
                raise Conflict("This scan is not erased.")
            erasure = scan_care.erasure_of(session, found)
        done = _erase_files(erasure)
        with house().database.writing() as session:
            acts.tell(session)  # Only files went; the log is told all the same.
        return done

    return _done_or_told(scan, "erase-files", deed)


def _erase_files(erasure: Erasure) -> str:
    try:
        scan_care.erase_files(erasure, house().storage)
    except OutsideFailed as error:
        raise Conflict(
            "The scan is erased, but the storage did not delete its files (%(why)s). Nobody can see them. Try again.",
            why=said(error),
        ) from error
    if erasure.page_is_shared or erasure.file_is_shared:
        return str(gettext("The scan is erased. Its file stays, because another scan uses it."))
    return str(gettext("The scan and its files are erased."))


@blueprint.post("/desk/scan/<scan>/replace")
def replace_scan(scan: str) -> ResponseReturnValue:
    """Puts an uploaded picture in the scan's place; leads to the new scan's page."""
    made: dict[str, Any] = {}

    def deed() -> str:
        better = _uploaded(scan)
        with _held(scan) as (session, found):
            new = scan_replacing.replace(
                session,
                found,
                better,
                current_person().account_id,
                house().clock(),
                why=_typed("why"),
                credit=_typed("credit"),
                rights=_typed("rights"),
                proportions_differ="proportions_differ" in request.form,
            )
            made["scan"] = new.public_id
        return str(gettext("This picture has taken the place of the one before, and all marked pieces lie on it."))

    answer = _done_or_told(scan, "replace", deed)
    return redirect(url_for("manage.scan", scan=made["scan"]), 303) if made else answer


def _uploaded(public_id: str) -> Better:
    """The picture that came with the form, looked at; the upload itself is not kept."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise BadAnswer("file", "Choose the better picture.")
    with house().database.reading() as session:
        found = pictures.scan_named(session, public_id)
        gone = select(Scan.sha256).where(Scan.project_id == found.project_id, Scan.state == "erased")
        erased = frozenset(session.scalars(gone))
    key = uploads.passing_key(f"better-{secrets.token_hex(16)}", house().clock())
    house().storage.put(key, file.read())
    try:
        name = storable(file.filename.replace("\\", "/").rpartition("/")[2])[:255]
        return scan_replacing.look_at_better(Waiting(0, name, key, erased), house().storage, house().images)
    finally:
        house().storage.delete(key)


@blueprint.post("/desk/scan/<scan>/put-back")
def put_scan_back(scan: str) -> ResponseReturnValue:
    """Puts a replaced scan back into its place."""

    def deed() -> str:
        with _held(scan) as (session, found):
            scan_replacing.put_back(session, found, current_person().account_id, _typed("why"), house().clock())
        return str(gettext("This picture is back in its place, and all marked pieces lie on it."))

    return _done_or_told(scan, "put-back", deed)
