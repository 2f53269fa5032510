"""Suggestions while a text is typed, for the workbench, the preview of a form and the reviewer's form."""

from __future__ import annotations

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from micro.errors import NotFound
from micro.services import suggestions
from micro.services.projects import project_named
from micro.web.context import house
from micro.web.sight import may_see

blueprint = Blueprint("suggest", __name__)


@blueprint.get("/p/<project>/suggest/<field>")
def labels(project: str, field: str) -> ResponseReturnValue:
    """The labels of the field's vocabulary that fit what was typed (``?q=``): {"suggestions": […]}."""
    with house().database.reading() as session:
        found = project_named(session, project)
        if not may_see(found):
            raise NotFound("There is no such project.")
        response = jsonify(suggestions=suggestions.suggest(session, found, field, request.args.get("q", "")))
    response.headers["Cache-Control"] = "private, max-age=60"
    return response
