"""One's own work, looked back on: correcting an answer, and thanks with figures."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_date, format_decimal, gettext, ngettext
from sqlalchemy.orm import Session

from micro.adapters import certificate
from micro.core.orcid import read_orcid
from micro.data.models import Assignment
from micro.errors import BadAnswer, Closed, Conflict, NotFound
from micro.kinds import kind_named, narrowed
from micro.services import correcting, thanks
from micro.services.answers import newest_answer
from micro.services.assignments import assignment_of
from micro.services.credits import choose_credit, credit_of
from micro.services.people import own_ids
from micro.services.thanks import Given
from micro.web import bench
from micro.web.context import current_person, house, known_volunteer
from micro.web.forms import storable
from micro.web.language import current_language
from micro.web.problems import said
from micro.web.review.page import typed_into
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
    if given is None:
        return inputs
    for field in fields:
        inputs |= typed_into(field, given.value.get(field.name, {}))
    return inputs


# Thanks ------------------------------------------------------------------------------------------------------------

NAME_LONGEST = 80


@blueprint.route("/thanks", methods=["GET", "POST"])
def thank() -> ResponseReturnValue:
    """What this visitor gave; POST makes a certificate with the name that is typed, of which nothing is kept."""
    if request.method != "POST":
        return thanks_page({}, {}), 200
    with house().database.reading() as session:
        given = thanks.given_by(session, own_ids(session, known_volunteer(session)))
        try:
            lines = certified(given)
        except BadAnswer as problem:
            return thanks_page({problem.field: said(problem)}, request.form), 422
    return as_file(certificate.draw(lines))


def thanks_page(problems: Mapping[str, str], typed: Mapping[str, str]) -> str:
    """The page; ``typed`` stands in its forms instead of what was chosen before."""
    with house().database.reading() as session:
        volunteer = known_volunteer(session)
        chosen = credit_of(volunteer)
        name = current_person().name
        # The certificate begins with the choice; whoever made none finds the name of the account.
        before = {
            "credit": "none" if chosen.sort == "none" else "name",
            "name": chosen.name or name,
            "orcid": chosen.orcid,
            "named": chosen.sort,
            "credit_name": chosen.name or name,
            "credit_orcid": chosen.orcid,
        }
        return render_template(
            "own/thanks.html",
            given=thanks.given_by(session, own_ids(session, volunteer)),
            chosen=chosen,
            typed={**before, **typed},
            problems=problems,
        )


@blueprint.post("/thanks/credit")
def keep_credit() -> ResponseReturnValue:
    """Keeps how this visitor wants to be named in public from now on."""
    wished = {name: storable(request.form.get(name, "")) for name in ("named", "credit_name", "credit_orcid")}
    try:
        with house().database.writing() as session:
            volunteer = known_volunteer(session)
            if volunteer is None:
                raise NotFound("There is nothing at this address.")
            chosen = choose_credit(session, volunteer, *wished.values())
    except BadAnswer as problem:
        return thanks_page({problem.field: said(problem)}, wished), 422
    kept = gettext("Kept. You are named as “%(name)s” from now on.", name=chosen.name)
    flash(kept if chosen.name else gettext("Kept. You are named nowhere from now on."), "good")
    return redirect(url_for("own.thank", _anchor="named"), 303)


def as_file(pdf: bytes) -> Response:
    """The certificate to keep."""
    answer = Response(pdf, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = "attachment; filename=micro-thanks.pdf"
    return answer


def certified(given: Given) -> list[tuple[str, str]]:
    """The lines of the certificate; BadAnswer when there is nothing to certify or what is typed cannot be written."""
    if not given.cards or given.first is None or given.last is None:
        raise BadAnswer("", "Read a card first; then there is something to thank you for.")
    projects = [project.text("title", current_language()) for project, _ in given.projects]
    named = (
        projects[0]
        if len(projects) == 1
        else gettext("%(first)s and %(count)s more", first=projects[0], count=len(projects) - 1)
    )
    if not certificate.can_write(named):  # A title in other letters than the typeface has.
        named = ngettext("in %(num)s project", "in %(num)s projects", len(projects))
    cards = ngettext("has read %(num)s card", "has read %(num)s cards", given.cards)
    spent = gettext("in about %(hours)s hours", hours=format_decimal(max(0.1, round(given.hours, 1))))
    days = gettext("from %(first)s to %(last)s", first=format_date(given.first), last=format_date(given.last))
    credited = credit()
    who = [("name", credited[0])] if credited[0] else [("text", gettext("A volunteer"))]
    orcid = [("small", f"https://orcid.org/{credited[1]}")] if credited[1] else []
    made = gettext("Made on %(day)s.", day=format_date(house().clock().date()))
    return [
        ("title", gettext("Thank you")),
        *who,
        *orcid,
        ("text", f"{cards} {spent},"),
        ("text", f"{days}."),
        ("text", gettext("“%(words)s”", words=named) if len(projects) == 1 else named),
        ("small", made),
    ]


def credit() -> tuple[str, str]:
    """The name and the ORCID iD that the visitor wants on the certificate, or none of them."""
    wished = request.form.get("credit", "name")
    name = " ".join(request.form.get("name", "").split())
    if wished == "none":
        return "", ""
    if not name:
        raise BadAnswer("name", "Write the name that shall stand on it, or choose no name.")
    if len(name) > NAME_LONGEST:
        raise BadAnswer("name", "This is too long for a certificate: at most %(most)s signs.", most=NAME_LONGEST)
    if not certificate.can_write(name):
        raise BadAnswer(
            "name", "Our typeface for certificates has Latin letters only. Please write the name with these."
        )
    orcid = request.form.get("orcid", "").strip()
    if orcid and not (found := read_orcid(orcid)):
        raise BadAnswer("orcid", "This is no ORCID iD. One looks like 0000-0002-1825-0097.")
    return name, found if orcid else ""
