"""The builder of a project's form: its fields in order, and a preview in which anybody may try it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session

from micro.core.fields import Field, field_from_setup
from micro.data.models import Project
from micro.errors import BadAnswer, Conflict
from micro.kinds import kind_named
from micro.services import form_choices, form_palette, forms, projects, reports, vocabularies
from micro.services.cutting import field_boxes
from micro.services.forms import FormState
from micro.web.context import house
from micro.web.desk.frame import blueprint, project_page
from micro.web.forms import check_marks, nested, storable, typed
from micro.web.problems import said

STEPS = {"up": -1, "down": 1}
WIDTHS = ("phone", "wide")


def as_asked(
    project: Project,
    kind: str,
    body: Mapping[str, Any],
    fields: Sequence[Field],
    given: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What the answer template of a kind needs to show ``fields`` as volunteers get them."""
    return {
        "kind": kind,
        "setup": body,
        "fields": fields,
        "typed": given or {},
        "problems": problems or {},
        "boxes": {},
        "lines": [],
        "content_language": project.content_language,
    }


def seen_version() -> int:
    """The version of the form that was on the screen; 0, which is none, for anything else."""
    sent = request.form.get("version", "")
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 9 else -1


@blueprint.get("/desk/<project>/form", endpoint="form")
def form_page(project: str) -> str:
    """The fields in order, with what can be done to each, beside the form as volunteers get it."""
    with house().database.reading() as session:
        return the_form(session, projects.project_named(session, project))


def the_form(session: Session, found: Project, problem: str = "", signs: str | None = None) -> str:
    state = forms.form_state(session, found)
    return project_page(
        "manage/form.html",
        found,
        "manage.form",
        state=state,
        drifted={body["name"]: form_choices.drift_of(session, found, body) for body in state.bodies},
        problem=problem,
        today=house().clock().date().isoformat(),
        removed=[field_from_setup(body) for body in forms.removed_fields(session, found.id)],
        signs=" ".join(state.setup.body.get("palette", ())) if signs is None else signs,
        vocabularies=len(vocabularies.vocabularies_of(session, found.collection.institution_id)),
        **as_asked(found, state.setup.kind, state.setup.body, state.fields),
    )


@blueprint.post("/desk/<project>/form/field/<field>/move")
def move_field(project: str, field: str) -> ResponseReturnValue:
    """One place up or down."""
    steps = STEPS.get(request.form.get("to", ""))
    if steps is None:
        raise BadAnswer("to", "A field moves up or down.")
    try:
        with house().database.writing() as session:
            found = projects.project_named(session, project)
            forms.move_field(session, found, seen_version(), field, steps, house().clock())
    except (Conflict, BadAnswer) as error:  # A field stays behind the one that it depends on.
        return _again(project, said(error))
    return redirect(url_for("manage.form", project=project, _anchor=f"row-{field}"), code=303)


def _again(project: str, problem: str) -> ResponseReturnValue:
    with house().database.reading() as session:
        return the_form(session, projects.project_named(session, project), problem), 409


@blueprint.post("/desk/<project>/form/field/<field>/update")
def update_field(project: str, field: str) -> ResponseReturnValue:
    """Copies the choices of a field anew from its vocabulary."""
    try:
        with house().database.writing() as session:
            found = projects.project_named(session, project)
            count = form_choices.update_from_vocabulary(session, found, seen_version(), field, house().clock())
    except (Conflict, BadAnswer) as error:
        return _again(project, said(error))
    flash(ngettext("%(num)s choice was updated.", "%(num)s choices were updated.", count), "good")
    return redirect(url_for("manage.form", project=project), code=303)


@blueprint.route("/desk/<project>/form/field/<field>/remove", methods=["GET", "POST"])
def remove_field(project: str, field: str) -> ResponseReturnValue:
    """Asks once, with what it means; then takes the field out of the form."""
    problem = ""
    if request.method == "POST":
        try:
            with house().database.writing() as session:
                found = projects.project_named(session, project)
                forms.remove_field(session, found, seen_version(), field, house().clock())
            flash(gettext("The field is removed."), "good")
            return redirect(url_for("manage.form", project=project), code=303)
        except (Conflict, BadAnswer) as error:  # Another field depends on it.
            problem = said(error)
    with house().database.reading() as session:
        found = projects.project_named(session, project)
        state = forms.form_state(session, found)
        state.body_of(field)
        asked = next(one for one in state.fields if one.name == field)
        page = project_page("manage/form_remove.html", found, "manage.form", state=state, asked=asked, problem=problem)
    return page, 409 if problem else 200


@blueprint.post("/desk/<project>/form/field/<field>/back")
def put_field_back(project: str, field: str) -> ResponseReturnValue:
    """Puts a removed field back to the end of the form."""
    try:
        with house().database.writing() as session:
            found = projects.project_named(session, project)
            box = request.form.get("box", "")
            forms.put_field_back(session, found, seen_version(), field, box, house().clock())
    except (Conflict, BadAnswer) as error:
        return _again(project, said(error))
    flash(gettext("The field is back. Answers that were given to it count again."), "good")
    return redirect(url_for("manage.form", project=project, _anchor=f"row-{field}"), code=303)


@blueprint.post("/desk/<project>/form/palette")
def palette(project: str) -> ResponseReturnValue:
    """The characters below every text."""
    typed_signs = storable(request.form.get("palette", ""))[:2000]
    try:
        with house().database.writing() as session:
            found = projects.project_named(session, project)
            form_palette.set_palette(session, found, seen_version(), typed_signs, house().clock())
    except (Conflict, BadAnswer) as error:
        with house().database.reading() as session:
            page = the_form(session, projects.project_named(session, project), said(error), typed_signs)
        return page, 422 if isinstance(error, BadAnswer) else 409
    flash(gettext("The characters are saved."), "good")
    return redirect(url_for("manage.form", project=project), code=303)


# The preview -----------------------------------------------------------------------------------------------------


@blueprint.route("/desk/<project>/form/preview", methods=["GET", "POST"], endpoint="preview")
def preview(project: str) -> ResponseReturnValue:
    """The form as volunteers get it, beside a piece of the project. Trying it keeps nothing."""
    width = request.values.get("width", "")
    with house().database.reading() as session:
        found = projects.project_named(session, project)
        state = forms.form_state(session, found)
        values, problems, given = _tried(state) if request.method == "POST" else (None, {}, {})
        page = project_page(
            "manage/form_preview.html",
            found,
            "manage.form",
            state=state,
            width=width if width in WIDTHS else "wide",
            values=values,
            tried=request.method == "POST",
            **_sample(session, found),
            **as_asked(found, state.setup.kind, state.setup.body, state.fields, given, problems),
        )
    return page, 422 if problems else 200


def _tried(state: FormState) -> tuple[Mapping[str, Any] | None, dict[str, str], dict[str, str]]:
    """What would be kept of this request's form, or the problems by field; and what was typed."""
    answered = nested(request.form.items(multi=True), [field.name for field in state.fields])
    try:
        check_marks(answered, state.fields)
        return kind_named(state.setup.kind).parse(answered, state.setup.body), {}, typed(answered)
    except BadAnswer as problem:
        return None, {one.field: said(one) for one in (problem, *problem.others)}, typed(answered)


def _sample(session: Session, project: Project) -> dict[str, Any]:
    """A piece of the project to look at: one that is asked about, else a whole scan, else nothing."""
    cut = projects.a_cut_item(session, project.id)
    if cut is not None:
        return {"region": cut[1], "scan": cut[1].scan, "boxes_shown": field_boxes(session, cut[1])}
    scans = list(reports.first_scans(session, project.id, 1))
    return {"region": None, "scan": scans[0] if scans else None, "boxes_shown": {}}
