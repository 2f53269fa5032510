"""The guide of a project: its text in both languages, and pictures of example letters."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from micro.data.models import Item, Project
from micro.errors import BadAnswer, Conflict, MicroError
from micro.kinds import kind_named
from micro.services import guides
from micro.services.assignments import current_setup
from micro.services.gold import item_called
from micro.services.projects import project_named
from micro.web.context import house
from micro.web.desk.frame import blueprint, project_page
from micro.web.forms import storable
from micro.web.language import LANGUAGES
from micro.web.problems import STATUS, problems_by_field, said

CARDS_SHOWN = 12


def _typed(name: str) -> str:
    return storable(request.form.get(name, ""))


def _seen() -> int:
    sent = request.form.get("seen", "")
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 9 else -1


@blueprint.route("/desk/<project>/guide", methods=["GET", "POST"])
def guide(project: str) -> ResponseReturnValue:
    """Shows the guide as volunteers read it, and changes its text."""
    if request.method != "POST":
        return _page(project)
    texts = {language: _typed(f"text_{language}") for language in LANGUAGES}
    try:
        with house().database.writing() as session:
            guides.change_texts(session, project_named(session, project), texts, _seen(), house().clock())
    except (BadAnswer, Conflict) as error:
        return _page(project, error), STATUS[type(error)]
    flash(gettext("Saved."), "good")
    return redirect(url_for("manage.guide", project=project), 303)


def _page(slug: str, error: MicroError | None = None) -> str:
    with house().database.reading() as session:
        found = project_named(session, slug)
        kept = guides.guide_of(session, found.id)
        setup = current_setup(session, found.id)
        texts = dict(kept.texts) if kept else {}
        stored = {f"text_{language}": texts.get(language, "") for language in LANGUAGES}
        chosen, missing = _chosen(session, found, storable(request.values.get("card", "")).strip())
        problems = problems_by_field(error) if isinstance(error, BadAnswer) else {}
        return project_page(
            "manage/guide.html",
            found,
            "manage.guide",
            guide_texts=texts,
            examples=guides.examples_of(session, kept),
            seen=kept.revision if kept else 0,
            kind=setup.kind,
            fields=kind_named(setup.kind).fields(setup.body) if setup.body.get("fields") else (),
            chosen=chosen,
            cards=[] if chosen else guides.cards_to_show(session, found, CARDS_SHOWN),
            typed={**stored, **(request.form if error else {"card": request.args.get("card", "")})},
            problems={**problems, **missing},
            trouble=said(error) if error is not None and not isinstance(error, BadAnswer) else "",
            theirs=stored if isinstance(error, Conflict) else {},
        )


def _chosen(session: Session, project: Project, card: str) -> tuple[Item | None, dict[str, str]]:
    """The card whose scan is drawn on, or why there is none, as a problem of its field."""
    if not card:
        return None, {}
    try:
        return item_called(session, project, card), {}
    except BadAnswer as problem:
        return None, problems_by_field(problem)


@blueprint.post("/desk/<project>/guide/picture")
def add_picture(project: str) -> ResponseReturnValue:
    """Adds a picture of letters."""
    captions = {language: _typed(f"caption_{language}") for language in LANGUAGES}
    try:
        with house().database.writing() as session:
            found = project_named(session, project)
            guides.add_example(
                session, found, _typed("card"), _typed("field"), _typed("box"), captions, _seen(), house().clock()
            )
    except (BadAnswer, Conflict) as error:
        return _page(project, error), STATUS[type(error)]
    flash(gettext("The picture is in the guide."), "good")
    return redirect(url_for("manage.guide", project=project, _anchor="pictures"), 303)


@blueprint.post("/desk/<project>/guide/picture/<int:number>/remove")
def remove_picture(project: str, number: int) -> ResponseReturnValue:
    """Takes a picture out of the guide; the scan stays as it is."""
    try:
        with house().database.writing() as session:
            guides.remove_example(session, project_named(session, project), number, _seen(), house().clock())
    except Conflict as error:
        return _page(project, error), STATUS[type(error)]
    return redirect(url_for("manage.guide", project=project, _anchor="pictures"), 303)
