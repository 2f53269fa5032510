"""The vocabularies of an institution: their list, their concepts, and a concept to be mended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from micro.core.vocabularies import as_table
from micro.core.vocabularies.entries import visible
from micro.data.models import Vocabulary
from micro.errors import BadAnswer, Conflict
from micro.services import projects, vocabularies, vocabulary_removal
from micro.web.context import house
from micro.web.desk.frame import blueprint
from micro.web.forms import storable
from micro.web.problems import said

PARTS = ("code", "en", "fr", "uri", "broader")
LONGEST_TYPED = 2000


def typed() -> dict[str, str]:
    """The parts of a concept as they were typed."""
    return {part: visible(storable(request.form.get(part, ""))[:LONGEST_TYPED]) for part in PARTS}


@blueprint.get("/desk/institution/<institution>/vocabularies", endpoint="vocabularies")
def list_page(institution: str) -> str:
    """The institution's vocabularies, and a form for one more."""
    return _list(institution)


def _list(slug: str, name: str = "", problem: str = "") -> str:
    with house().database.reading() as session:
        found = projects.institution_named(session, slug)
        return render_template(
            "manage/vocabularies.html",
            institution=found,
            found=vocabularies.vocabularies_of(session, found.id),
            name=name,
            problem=problem,
            here="manage",
        )


@blueprint.post("/desk/institution/<institution>/vocabularies")
def new_vocabulary(institution: str) -> ResponseReturnValue:
    """Makes an empty vocabulary and leads to taking a file in."""
    name = visible(storable(request.form.get("name", ""))[:LONGEST_TYPED])
    try:
        with house().database.writing() as session:
            found = projects.institution_named(session, institution)
            made = vocabularies.make_vocabulary(session, found, name, house().clock()).public_id
    except BadAnswer as error:
        return _list(institution, name, said(error)), 422
    return redirect(url_for("manage.vocabulary", vocabulary=made), code=303)


def vocabulary_page(template: str, found: Vocabulary, **given: Any) -> str:
    """A page of one vocabulary."""
    return render_template(template, vocabulary=found, institution=found.institution, here="manage", **given)


@blueprint.get("/desk/vocabulary/<vocabulary>", endpoint="vocabulary")
def one_vocabulary(vocabulary: str) -> str:
    """The concepts, page by page, with a search, and a form for one more."""
    with house().database.reading() as session:
        return _concepts(session, vocabularies.vocabulary_named(session, vocabulary))


def _concepts(
    session: Session,
    found: Vocabulary,
    given: Mapping[str, str] | None = None,
    wrong: Mapping[str, str] | None = None,
    problem: str = "",
) -> str:
    searched = storable(request.args.get("q", ""))[:200]
    page = vocabularies.concepts_page(session, found, searched, request.args.get("page", 1, int))
    return vocabulary_page(
        "manage/vocabulary.html",
        found,
        page=page,
        searched=searched,
        given=given or {},
        wrong=wrong or {},
        problem=problem,
    )


@blueprint.post("/desk/vocabulary/<vocabulary>")
def add_concept(vocabulary: str) -> ResponseReturnValue:
    """One more concept."""
    try:
        with house().database.writing() as session:
            found = vocabularies.vocabulary_named(session, vocabulary)
            code = vocabularies.add_concept(session, found, typed(), house().clock()).code
    except BadAnswer as error:
        with house().database.reading() as session:
            found = vocabularies.vocabulary_named(session, vocabulary)
            return _concepts(session, found, typed(), {error.field: said(error)}), 422
    flash(gettext("“%(code)s” is added.", code=code), "good")
    return redirect(url_for("manage.vocabulary", vocabulary=vocabulary, q=code), code=303)


@blueprint.route("/desk/vocabulary/<vocabulary>/concept/<concept>", methods=["GET", "POST"], endpoint="concept")
def one_concept(vocabulary: str, concept: str) -> ResponseReturnValue:
    """A concept, whose labels, URI and place may be changed; its code may not."""
    if request.method == "GET":
        return _concept(vocabulary, concept)
    given = {part: text for part, text in typed().items() if part != "code"}
    seen = {part: request.form.get(f"seen_{part}", "") for part in given}
    try:
        with house().database.writing() as session:
            found = vocabularies.vocabulary_named(session, vocabulary)
            vocabularies.change_concept(session, found, concept, given, seen, house().clock())
    except BadAnswer as error:
        return _concept(vocabulary, concept, given, seen, {error.field: said(error)}), 422
    except Conflict as error:
        return _concept(vocabulary, concept, given, None, {"": said(error)}), 409
    flash(gettext("“%(code)s” is saved.", code=concept), "good")
    return redirect(url_for("manage.vocabulary", vocabulary=vocabulary, q=concept), code=303)


def _concept(
    vocabulary: str,
    code: str,
    given: Mapping[str, str] | None = None,
    seen: Mapping[str, str] | None = None,
    wrong: Mapping[str, str] | None = None,
    problem: str = "",
) -> str:
    with house().database.reading() as session:
        found = vocabularies.vocabulary_named(session, vocabulary)
        concept = vocabularies.concept_named(session, found, code)
        now = vocabularies.typed_of(concept)
        return vocabulary_page(
            "manage/vocabulary_concept.html",
            found,
            concept=concept,
            given=given or now,
            seen=seen or now,
            stands=now,
            wrong=wrong or {},
            problem=problem,
        )


@blueprint.post("/desk/vocabulary/<vocabulary>/concept/<concept>/remove")
def remove_concept(vocabulary: str, concept: str) -> ResponseReturnValue:
    """Deletes a concept that no answer has named, or tells what hangs on it."""
    try:
        with house().database.writing() as session:
            found = vocabularies.vocabulary_named(session, vocabulary)
            vocabulary_removal.remove_concept(session, found, concept, house().clock())
    except Conflict as error:
        return _concept(vocabulary, concept, problem=said(error)), 409
    flash(gettext("“%(code)s” is deleted.", code=concept), "good")
    return redirect(url_for("manage.vocabulary", vocabulary=vocabulary), code=303)


@blueprint.post("/desk/vocabulary/<vocabulary>/remove")
def remove_vocabulary(vocabulary: str) -> ResponseReturnValue:
    """Deletes a vocabulary that no form takes choices from, or tells which do."""
    try:
        with house().database.writing() as session:
            found = vocabularies.vocabulary_named(session, vocabulary)
            name, institution = found.name, found.institution.slug
            vocabulary_removal.remove_vocabulary(session, found)
    except Conflict as error:
        with house().database.reading() as session:
            return _concepts(session, vocabularies.vocabulary_named(session, vocabulary), problem=said(error)), 409
    flash(gettext("“%(name)s” is deleted.", name=name), "good")
    return redirect(url_for("manage.vocabularies", institution=institution), code=303)


@blueprint.get("/desk/vocabulary/<vocabulary>/export")
def export_vocabulary(vocabulary: str) -> Response:
    """All concepts as CSV, in the columns that taking a file in understands."""
    with house().database.reading() as session:
        found = vocabularies.vocabulary_named(session, vocabulary)
        content, name = as_table(vocabularies.entries_of(session, found)), found.slug
    response = Response("\ufeff" + content, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
