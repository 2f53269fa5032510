"""A new project of an institution, from a template."""

from __future__ import annotations

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from micro.core.licences import LICENCES
from micro.errors import BadAnswer, Conflict, MicroError
from micro.services import institutions, project_settings
from micro.services.institutions import institution_named
from micro.services.project_settings import NewProject, ProjectSettings
from micro.services.project_templates import TEMPLATES
from micro.web.context import current_person, house
from micro.web.desk.frame import blueprint
from micro.web.desk.settings import settings_typed, typed_text
from micro.web.language import language_names
from micro.web.problems import STATUS, problems_by_field, said

FIRST = {
    "template": TEMPLATES[0].slug,
    "licence": "CC-BY-4.0",
    "content_language": "en",
    "min_answers": "2",
    "max_answers": "5",
}


@blueprint.route("/desk/institution/<institution>/new", methods=["GET", "POST"])
def new(institution: str) -> ResponseReturnValue:
    """Chooses a template and names the project; leads on to its overview, which says what is next."""
    if request.method != "POST":
        return _page(institution)
    try:
        with house().database.writing() as session:
            owner = institution_named(session, institution)
            made = project_settings.make_from_template(
                session, owner, _wish(), current_person().account_id, house().clock()
            )
            slug = made.slug
    except (BadAnswer, Conflict) as error:
        return _page(institution, error)
    flash(gettext("The project is made. Nobody but its institution sees it yet."), "good")
    return redirect(url_for("manage.project", project=slug), code=303)


def _wish() -> NewProject:
    return NewProject(
        typed_text("template"),
        typed_text("slug").strip(),
        typed_text("collection"),
        settings_typed(ProjectSettings({})),
    )


def _page(slug: str, error: MicroError | None = None) -> Response:
    problems = problems_by_field(error) if error else {}
    if isinstance(error, Conflict):
        problems = {"slug": said(error)}
    with house().database.reading() as session:
        owner = institution_named(session, slug)
        page = render_template(
            "manage/new.html",
            institution=owner,
            collections=institutions.collections_of(session, owner),
            templates=TEMPLATES,
            licences=LICENCES,
            language_names=language_names(),
            typed=request.form if error else FIRST,
            problems=problems,
            here="manage",
        )
    response = make_response(page)
    response.status_code = STATUS[type(error)] if error else 200
    return response
