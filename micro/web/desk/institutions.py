"""Institutions at the desk: the network makes them, their managers describe them."""

from __future__ import annotations

from dataclasses import asdict

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from micro.data.models import Institution
from micro.errors import BadAnswer, Conflict, MicroError
from micro.services import institutions
from micro.services.editing import fingerprint
from micro.services.institutions import Description, described, institution_named
from micro.web.accents import accents
from micro.web.context import current_person, house
from micro.web.desk.frame import blueprint
from micro.web.forms import storable
from micro.web.language import LANGUAGES
from micro.web.problems import STATUS, problems_by_field, said

# The pages of an institution: endpoint and word. All take the institution's address alone.
PLAIN = ("name", "accent", "website", "contact")


@blueprint.get("/desk/institutions", endpoint="institutions")
def all_institutions() -> str:
    """Every institution of the network, with how many projects and people it has."""
    with house().database.reading() as session:
        rows = institutions.institutions(session)
        return render_template("manage/institutions.html", rows=rows, here="manage")


@blueprint.route("/desk/institutions/new", methods=["GET", "POST"])
def new_institution() -> ResponseReturnValue:
    """Makes an institution; its first manager is invited next."""
    if request.method != "POST":
        return _form("manage/institution_new.html")
    try:
        with house().database.writing() as session:
            made = institutions.make_institution(
                session, _typed("slug"), _description(), current_person().account_id, house().clock()
            )
            slug, name = made.slug, made.name
    except (BadAnswer, Conflict) as error:
        return _refused(error, "manage/institution_new.html")
    flash(gettext("%(name)s is part of the network. Invite its first manager here.", name=name), "good")
    return redirect(url_for("manage.staff", institution=slug), code=303)


@blueprint.route("/desk/institution/<institution>", methods=["GET", "POST"])
def institution(institution: str) -> ResponseReturnValue:
    """What an institution says of itself, its colour and its collections."""
    if request.method != "POST":
        return _page(institution)
    try:
        with house().database.writing() as session:
            found = institution_named(session, institution)
            institutions.change_institution(session, found, _description(), request.form.get("seen", ""))
    except (BadAnswer, Conflict) as error:
        return _page(institution, error)
    flash(gettext("Saved."), "good")
    return redirect(url_for("manage.institution", institution=institution), code=303)


def _page(slug: str, error: MicroError | None = None) -> Response:
    with house().database.reading() as session:
        found = institution_named(session, slug)
        values = {
            "institution": found,
            "collections": institutions.collections_of(session, found),
            "seen": fingerprint(asdict(described(found))),
            "stored": stored(found),
            "typed": request.form if error else stored(found),
        }
        if error is None:
            return make_response(_form("manage/institution.html", **values))
        return _refused(error, "manage/institution.html", **values)


def stored(found: Institution) -> dict[str, str]:
    """What is kept of an institution, by the names of the form."""
    kept = asdict(described(found))
    return {
        **{name: kept[name] for name in PLAIN},
        **{f"about_{language}": kept["about"].get(language, "") for language in LANGUAGES},
    }


def _form(page: str, **values: object) -> str:
    usual = {"typed": request.form, "problems": {}, "trouble": "", "accents": accents(), "here": "manage"}
    return render_template(page, **{**usual, **values})


def _refused(error: MicroError, page: str, **values: object) -> Response:
    """The same page once more, with all that was typed."""
    problems = problems_by_field(error)
    response = make_response(_form(page, problems=problems, trouble="" if problems else said(error), **values))
    response.status_code = STATUS[type(error)]
    return response


def _description() -> Description:
    about = {language: _typed(f"about_{language}") for language in LANGUAGES}
    return Description(_typed("name"), _typed("accent"), about, _typed("website"), _typed("contact"))


def _typed(name: str) -> str:
    return storable(request.form.get(name, ""))
