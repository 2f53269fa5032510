"""The settings of a project: its texts, licence, how often each card is read, and the credit of its scans."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Response, flash, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from micro.core.licences import LICENCES
from micro.errors import BadAnswer, Conflict, MicroError
from micro.services import project_settings
from micro.services.project_settings import REDUNDANCY, TEXTS, ProjectSettings, settings_of
from micro.services.projects import project_named
from micro.web.context import current_person, house
from micro.web.desk.frame import blueprint, project_page
from micro.web.forms import storable
from micro.web.language import LANGUAGES, language_names
from micro.web.problems import STATUS, problems_by_field, said

PLAIN = ("licence", "content_language", "min_answers", "max_answers", "task_order", "rights", "credit")
WORDS = ("licence", "content_language", "task_order", "rights", "credit")
NUMBERS = ("min_answers", "max_answers")
YES_OR_NO = ("adaptive", "four_eyes", "teaching")


@blueprint.route("/desk/<project>/settings", methods=["GET", "POST"])
def settings(project: str) -> ResponseReturnValue:
    """Shows the settings and changes them."""
    if request.method != "POST":
        return _page(project)
    try:
        with house().database.writing() as session:
            found = project_named(session, project)
            changed = project_settings.change_settings(
                session,
                found,
                settings_typed(settings_of(found)),
                request.form.get("seen", ""),
                current_person().account_id,
                house().clock(),
            )
            project_id = found.id
    except (BadAnswer, Conflict) as error:
        return _page(project, error)
    if set(changed) & set(REDUNDANCY):
        house().queue.settle(project_id)
    flash(gettext("Saved.") if changed else gettext("Nothing was changed."), "good")
    return redirect(url_for("manage.settings", project=project), code=303)


def _page(slug: str, error: MicroError | None = None) -> Response:
    problems = problems_by_field(error) if error else {}
    with house().database.reading() as session:
        found = project_named(session, slug)
        stored = by_field(settings_of(found))
        typed: Any = request.form if error else stored
        page = project_page(
            "manage/settings.html",
            found,
            "manage.settings",
            typed=typed,
            problems=problems,
            trouble=said(error) if isinstance(error, Conflict) else "",
            # What somebody else stored meanwhile, beside what was typed here.
            theirs={name: text for name, text in stored.items() if text != plain(typed.get(name, ""))}
            if isinstance(error, Conflict)
            else {},
            seen=project_settings.seen_settings(found),
            licence_is_fixed=project_settings.licence_is_fixed(session, found),
            licences=LICENCES,
            language_names=language_names(found.content_language),
        )
    response = make_response(page)
    response.status_code = STATUS[type(error)] if error else 200
    return response


def by_field(stored: ProjectSettings) -> dict[str, str]:
    """The settings by the names of the form."""
    texts = {
        f"{name}_{language}": stored.texts.get(language, {}).get(name, "") for language in LANGUAGES for name in TEXTS
    }
    plain_ones = {name: str(getattr(stored, name)) for name in PLAIN}
    percent = f"{stored.target_confidence * 100:g}"
    choices = {name: "yes" if getattr(stored, name) else "no" for name in YES_OR_NO}
    return {**texts, **plain_ones, "target_confidence": percent, **choices}


def settings_typed(usual: ProjectSettings) -> ProjectSettings:
    """The settings as a form of this request says them; what it leaves out is as ``usual``."""
    sent = request.form
    texts = {language: {name: typed_text(f"{name}_{language}") for name in TEXTS} for language in LANGUAGES}
    given: dict[str, Any] = {name: typed_text(name) for name in WORDS if name in sent}
    given |= {name: _whole(typed_text(name)) for name in NUMBERS if name in sent}
    if "target_confidence" in sent:
        given["target_confidence"] = _share(typed_text("target_confidence"))
    given |= {name: sent[name] == "yes" for name in YES_OR_NO if name in sent}
    return replace(usual, texts={**usual.texts, **texts}, **given)


def _whole(typed: str) -> int | None:
    """A whole number, or None for anything else, which is then refused."""
    return int(typed) if typed.strip().isdecimal() and len(typed) < 10 else None


def _share(typed: str) -> float | None:
    """A share of 1 from percent, or None for anything else, which is then refused."""
    try:
        return round(float(typed.replace(",", ".").strip().rstrip("%")) / 100, 4)
    except ValueError:
        return None


def typed_text(name: str) -> str:
    """One field of this request's form, as a database keeps it."""
    return storable(request.form.get(name, ""))


def plain(typed: str) -> str:
    """Without what a browser adds: lines of a text area end differently."""
    return storable(typed).replace("\r\n", "\n").strip()
