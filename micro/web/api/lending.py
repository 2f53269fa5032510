"""The cycle of a volunteer as JSON over HTTP: look, take, answer. Documented in docs/api.md.

Who calls: an account by ``Authorization: Bearer micro_…``, a signed-in session, or a visitor by the signed cookie that
``GET /api/v1/projects/<project>`` offers. CSRF: bodies must be ``application/json``, which no foreign form can send,
and an Origin header, when there is one, must be our own.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, jsonify, request, url_for
from sqlalchemy.orm import Session

from micro.core.fields import Field
from micro.data.models import Assignment, Project, Region
from micro.errors import BadAnswer, NotAllowed, NotFound, SignInNeeded
from micro.kinds import kind_named, narrowed
from micro.services import accounts, answers, assignments, page_lines, people, projects, workbench
from micro.services.cutting import field_boxes
from micro.web.context import house, known_volunteer, lending_rule, needed_volunteer, offer_cookie
from micro.web.forms import submission_key
from micro.web.sight import may_see
from micro.web.terms import licence_terms, needs_terms

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")


@blueprint.before_request
def guard() -> None:
    """Reads the key, if any, and refuses what a foreign page could have sent."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        with house().database.reading() as session:
            account = accounts.account_with_key(session, key.strip())
            if account is None:
                raise SignInNeeded("This key is not known.")
            g.api_person = people.person_of(session, account)
    elif request.method == "POST":
        origin = request.headers.get("Origin")
        if origin is not None and origin not in (house().settings.public_url, request.host_url.rstrip("/")):
            raise NotAllowed("This was sent from another site.")
    if request.method == "POST" and request.mimetype != "application/json":
        raise BadAnswer("", "Send JSON, with the content type application/json.")


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise BadAnswer("", "The body is not a JSON object.")
    return body


@blueprint.get("/projects/<project>")
def project(project: str) -> Response:
    """What the project asks for, its terms, and how far it is."""
    offer_cookie()
    with house().database.reading() as session:
        found = _public_project(session, project)
        setup = assignments.current_setup(session, found.id)
        done = projects.progress_of(session, found.id)
        return jsonify(
            {
                "project": found.slug,
                "state": found.state,
                "texts": found.texts,
                "licence": found.licence,
                "content_language": found.content_language,
                "kind": setup.kind,
                "setup": setup.version,
                "fields": [describe_field(field) for field in kind_named(setup.kind).fields(setup.body)],
                "terms": licence_terms(found.licence),
                "progress": {"tasks": done.tasks, "done": done.done, "answers": done.answers},
            }
        )


@blueprint.post("/projects/<project>/take")
def take(project: str) -> tuple[Response, int]:
    """Lends a task: 201 with it, or 200 with {"task": null} when nothing is left for this volunteer.

    ``{"terms": version}`` accepts the terms of contribution; without it they must have been accepted before.
    """
    body = _body() if request.content_length else {}
    with house().database.writing() as session:
        found = _public_project(session, project)
        volunteer = needed_volunteer(session)
        if volunteer is None:
            offer_cookie()
            raise SignInNeeded("Send the cookie that came with this answer, or a key.")
        if needs_terms(session, volunteer, found, body.get("terms")):
            raise NotAllowed("Accept the terms of contribution first: send their version as “terms”.")
        lent = assignments.lend_task(
            session, found, volunteer, house().clock(), lending_rule(), fresh=body.get("fresh") is True
        )
        if lent is None:
            return jsonify({"task": None}), 200
        return jsonify(_task(session, lent)), 201


@blueprint.post("/assignments/<assignment>/answer")
def answer(assignment: str) -> tuple[Response, int]:
    """Keeps an answer {"value": {field: said}, "submission_key"}: 201 when new, 200 when the same post came before."""
    body = _body()
    key = _submission_key(body)
    with house().database.writing() as session:
        lent = assignments.assignment_of(session, assignment, known_volunteer(session), hold=True)
        given = answers.give_answer(session, lent, body.get("value"), key, house().clock())
        project_id = lent.project_id
        said = {
            "answer": given.answer.public_id,
            "number": given.answer.number,
            "in_time": given.in_time,
            "new": given.new,
        }
    if given.new:
        house().queue.settle(project_id)
    return jsonify(said), 201 if given.new else 200


@blueprint.post("/assignments/<assignment>/renew")
def renew(assignment: str) -> Response:
    """Prolongs the lease; 409 when enough people read it meanwhile."""
    with house().database.writing() as session:
        lent = assignments.assignment_of(session, assignment, known_volunteer(session), hold=True)
        assignments.renew_lease(session, lent, house().clock(), lending_rule())
        return jsonify({"expires_at": lent.expires_at.isoformat()})


@blueprint.post("/assignments/<assignment>/skip")
def skip(assignment: str) -> Response:
    """Gives the task back for good."""
    with house().database.writing() as session:
        lent = assignments.assignment_of(session, assignment, known_volunteer(session), hold=True)
        assignments.skip_task(session, lent)
        return jsonify({"skipped": True})


def _submission_key(body: dict[str, Any]) -> str:
    """The key of this post. Without one, a retry after a lost connection could not be told from a correction."""
    if "submission_key" not in body:
        return ""
    if key := submission_key(body["submission_key"]):
        return key
    raise BadAnswer("submission_key", "A submission key has 1 to 40 letters, digits, hyphens and underscores.")


def _public_project(session: Session, slug: str) -> Project:
    found = projects.project_named(session, slug)
    if not may_see(found):
        raise NotFound("There is no such project.")
    return found


def _task(session: Session, lent: Assignment) -> dict[str, Any]:
    task, region = lent.task, lent.task.region
    setup = narrowed(lent.setup.body, task.fields)
    boxes = field_boxes(session, region)
    public = house().settings.public_url  # Never the Host header, which is whatever a caller likes.
    return {
        "assignment": lent.public_id,
        "task": task.public_id,
        "item": task.item.identifier,
        "expires_at": lent.expires_at.isoformat(),
        "kind": lent.setup.kind,
        "setup": lent.setup.version,
        "fields": [
            {
                **describe_field(field),
                "box": [boxes[field.name].x, boxes[field.name].y, boxes[field.name].width, boxes[field.name].height]
                if field.name in boxes
                else None,
            }
            for field in kind_named(lent.setup.kind).fields(setup)
        ],
        **({"lines": _lines(session, region)} if lent.setup.kind == "text" else {}),
        # A picture that is kept elsewhere has its own address, also for a program.
        "scan": region.scan.reference or public + url_for("pictures.scan", scan=region.scan.public_id, longest=3200),
        "region": region.scan.reference or public + url_for("pictures.region", region=region.public_id, longest=1600),
        "credit": region.scan.credit,
        "rights": region.scan.rights,
        "question": workbench.question_of(session, task.item_id),
    }


def _lines(session: Session, region: Region) -> list[list[int]]:
    """Where the lines of a page lie, in reading order; empty where nothing names them."""
    return [[box.x, box.y, box.width, box.height] for box in page_lines.lines_in(session, region)]


def describe_field(field: Field) -> dict[str, Any]:
    """A field as programs are told of it."""
    return {
        "name": field.name,
        "type": field.type,
        "labels": dict(field.labels),
        "hints": dict(field.hints),
        "units": list(field.units),
        "choices": [
            {"code": code, "labels": dict(labels), **({"uri": field.uris[code]} if code in field.uris else {})}
            for code, labels in field.choices
        ],
        **({"free": field.free} if field.type == "tags" else {}),
        **({"markup": list(field.markup)} if field.markup else {}),
        **({"only_if": {"field": field.only_if.field, "is": list(field.only_if.values)}} if field.only_if else {}),
        **({"columns": [describe_field(column) for column in field.columns]} if field.type == "table" else {}),
    }
