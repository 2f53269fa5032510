"""One's own work, looked back on: correcting an answer, and thanks with figures."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from micro.data.models import Assignment
from micro.errors import Closed, Conflict
from micro.kinds import kind_named, narrowed
from micro.services import correcting
from micro.services.answers import newest_answer
from micro.services.assignments import assignment_of
from micro.web import bench
from micro.web.context import house, known_volunteer
from micro.web.problems import said
from micro.web.review_page import typed_into
from micro.web.sight import may_answer

blueprint = Blueprint("own", __name__)
blueprint.after_request(bench.always_ask_anew)


@blueprint.get("/work/<assignment>/correct")
def correct(assignment: str) -> ResponseReturnValue:
    """The workbench with what this visitor sent: sent again, the newer answer counts instead."""
    try:
        with house().database.reading() as session:
            held = assignment_of(session, assignment, known_volunteer(session))
            if not may_answer(held.project):
                raise Closed("This project is closed and takes no more answers.")
            if held.state == "answered":
                correcting.check_correctable(session, held)
                return bench.the_workbench(session, held, {}, {}, inputs=as_typed(session, held))
    except Conflict as problem:
        flash(said(problem), "note")
    return redirect(url_for("bench.work", assignment=assignment), 303)


def as_typed(session: Session, held: Assignment) -> dict[str, str]:
    """What the newest answer says, as the inputs of the form have it."""
    given = newest_answer(session, held)
    fields = kind_named(held.setup.kind).fields(narrowed(held.setup.body, held.task.fields))
    inputs: dict[str, str] = {}
    for field in fields if given is not None else ():
        inputs |= typed_into(field, given.value.get(field.name, {}))
    return inputs
