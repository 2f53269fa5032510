"""One field of a form: adding it and changing it. What was typed is never lost, whatever happened meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session

from micro.core.fields import field_from_setup
from micro.core.vocabularies.choices import branches, written_lines
from micro.data.models import Project
from micro.errors import BadAnswer, Conflict, MicroError, NotFound
from micro.services import form_choices, forms, projects, vocabularies
from micro.services.forms import FormState
from micro.web.context import house
from micro.web.desk.field_body import field_body, typed_of
from micro.web.desk.form import as_asked, seen_version
from micro.web.desk.frame import blueprint, project_page
from micro.web.forms import storable
from micro.web.problems import said

BRANCHES_SHOWN = 300
LONGEST_TYPED = 400_000


@dataclass(frozen=True)
class Editing:
    """What is being edited: an existing field by its name, or a new one (empty); its type, what was typed, problems."""

    name: str
    type: str
    typed: Mapping[str, str]
    problems: Mapping[str, str]
    is_look: bool = False


@blueprint.route("/desk/<project>/form/new", methods=["GET", "POST"])
def new_field(project: str) -> ResponseReturnValue:
    """A field to be added: its type is chosen before, in the address."""
    with house().database.reading() as session:
        state = forms.form_state(session, projects.project_named(session, project))
    asked = request.values.get("type", "")
    editing = Editing("", asked if asked in state.types else state.types[0], typed_of({}), {})
    return _answered(project, editing, _add) if request.method == "POST" else _page(project, editing)


@blueprint.route("/desk/<project>/form/field/<field>", methods=["GET", "POST"], endpoint="field")
def one_field(project: str, field: str) -> ResponseReturnValue:
    """A field of the form, to be changed."""
    with house().database.reading() as session:
        state = forms.form_state(session, projects.project_named(session, project))
        body = next((one for one in state.bodies if one["name"] == field), None)
        pictures = form_choices.picture_lines(session, body.get("choices", ())) if body else ""
    if body is None and request.method == "POST":  # Removed meanwhile: saving adds it anew.
        gone = gettext("A colleague has removed this field meanwhile. Saving adds it again, as a new one.")
        asked = request.form.get("type", "")
        shown = Editing("", asked if asked in state.types else state.types[0], _typed(), {"": gone})
        return _page(project, shown), 409
    if body is None:
        raise NotFound("There is no field “%(name)s” in this form.", name=field[:40])
    editing = Editing(field, str(body["type"]), {**typed_of(body), "pictures": pictures}, {})
    return _answered(project, editing, _edit) if request.method == "POST" else _page(project, editing)


def _typed() -> dict[str, str]:
    """What this request's form says, each text as it was typed."""
    return typed_of({}) | {name: storable(text)[:LONGEST_TYPED] for name, text in request.form.items()}


def _answered(project: str, editing: Editing, save: Any) -> ResponseReturnValue:
    """Saves what was typed, or shows how it looks; with every problem beside its field and nothing lost."""
    editing = replace(editing, typed=_typed())
    if request.form.get("do") == "look":
        return _page(project, replace(editing, is_look=True))
    try:
        with house().database.writing() as session:
            found = projects.project_named(session, project)
            save(session, found, editing, _body(session, found, editing))
    except BadAnswer as error:
        return _page(project, replace(editing, problems=_problems(editing, error))), 422
    except Conflict as error:
        return _page(project, replace(editing, problems={"": said(error)})), 409
    return redirect(url_for("manage.form", project=project), code=303)


def _problems(editing: Editing, error: BadAnswer) -> dict[str, str]:
    """By input of this page; what the form itself says of the field stands above all."""
    known = {*typed_of({}), "box", "type", "name", "pictures"}
    return {one.field if one.field in known else "": said(one) for one in (error, *error.others)}


def _body(session: Session, project: Project, editing: Editing) -> dict[str, Any]:
    """The entry of the setup that was typed. Raises BadAnswer(input)."""
    state = forms.form_state(session, project)
    before = state.body_of(editing.name) if editing.name else {}
    slug = editing.typed.get("vocabulary", "")
    part, lines = editing.typed.get("part", ""), editing.typed.get("choices", "")
    has_choices = editing.type in ("choice", "tags")
    choices = form_choices.chosen(session, project, slug, part, lines) if has_choices and slug else None
    body = field_body(editing.typed, editing.type, before, choices)
    if has_choices and state.setup.kind == "classify":
        examples = editing.typed.get("pictures", "")
        body["choices"] = form_choices.with_pictures(session, project, body["choices"], examples)
    return body


def _add(session: Session, project: Project, editing: Editing, body: dict[str, Any]) -> None:
    _, asked = forms.add_field(
        session,
        project,
        seen_version(),
        body,
        house().clock(),
        box=editing.typed.get("box", ""),
        also=bool(editing.typed.get("also")),
    )
    message = gettext("The field is added.")
    if asked:
        asks = ngettext("%(num)s task asks for it, too.", "%(num)s tasks ask for it, too.", asked)
        message = f"{message} {asks}"
    flash(message, "good")


def _edit(session: Session, project: Project, editing: Editing, body: dict[str, Any]) -> None:
    new_name = editing.typed.get("name", "").strip()
    forms.edit_field(session, project, seen_version(), editing.name, body, house().clock(), new_name=new_name)
    flash(gettext("The field is saved."), "good")


# The page --------------------------------------------------------------------------------------------------------


def _page(project: str, editing: Editing) -> str:
    with house().database.reading() as session:
        found = projects.project_named(session, project)
        state = forms.form_state(session, found)
        slug = editing.typed.get("vocabulary", "")
        return project_page(
            "manage/form_field.html",
            found,
            "manage.form",
            state=state,
            editing=editing,
            given=_given(session, found, editing),
            wrong=editing.problems,
            vocabularies=vocabularies.vocabularies_of(session, found.collection.institution_id),
            vocabulary=vocabularies.vocabulary_of(session, found.collection.institution_id, slug) if slug else None,
            branches=_branches(session, found, slug),
            **_looks(session, found, state, editing),
        )


def _given(session: Session, project: Project, editing: Editing) -> Mapping[str, str]:
    """What stands in the inputs. A part of a vocabulary is written out once it is looked at."""
    slug, part = editing.typed.get("vocabulary", ""), editing.typed.get("part", "")
    if not editing.is_look or not slug or not part:
        return editing.typed
    try:
        found = form_choices.chosen(session, project, slug, part, "")
    except BadAnswer:
        return editing.typed
    return {**editing.typed, "choices": written_lines(found)}


def _branches(session: Session, project: Project, slug: str) -> list[tuple[str, str]]:
    """The concepts of the vocabulary with others below them, as (code, label)."""
    vocabulary = vocabularies.vocabulary_of(session, project.collection.institution_id, slug) if slug else None
    if vocabulary is None:
        return []
    found = branches(vocabularies.entries_of(session, vocabulary))
    return [(entry.code, entry.label) for entry in found[:BRANCHES_SHOWN]]


def _looks(session: Session, project: Project, state: FormState, editing: Editing) -> dict[str, Any]:
    """The field as volunteers get it: as it was typed if that can be, else as it is saved, else not at all."""
    saved = [body for body in state.bodies if body["name"] == editing.name]
    try:
        body = {**_body(session, project, editing), "name": editing.name or "new_field", "type": editing.type}
        return as_asked(project, state.setup.kind, {"fields": [body]}, [field_from_setup(body)])
    except MicroError:
        fields = [field_from_setup(body) for body in saved]
        return as_asked(project, state.setup.kind, {"fields": saved}, fields)
