"""News of a project, and messages to those of its volunteers who agreed to them."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from micro.core.states import NEWS
from micro.data.models import Message, News, Project
from micro.errors import BadAnswer, Conflict, MicroError, NotFound
from micro.services import messages, news, projects
from micro.web.context import current_person, house
from micro.web.desk.frame import blueprint, project_page
from micro.web.forms import storable
from micro.web.language import LANGUAGES
from micro.web.problems import STATUS, said

SHOWN = 30


@blueprint.get("/desk/<project>/news", endpoint="news")
def news_page(project: str) -> str:
    """What was published and sent, and the two forms."""
    return _page(project)


def _page(slug: str, form: str = "", error: MicroError | None = None) -> str:
    problems: dict[str, str] = {}
    if isinstance(error, BadAnswer):
        problems = {f"{form}-{error.field.replace('.', '-')}": said(error)}
    with house().database.reading() as session:
        found = projects.project_named(session, slug)
        sent = [(one, messages.progress_of(session, one)) for one in messages.messages_of(session, found.id, SHOWN)]
        return project_page(
            "manage/news.html",
            found,
            "manage.news",
            rows=news.news_of(session, found.id, SHOWN, withdrawn=True),
            readers=messages.readers(session, found.id),
            sent_messages=sent,
            typed=request.form,
            problems=problems,
            trouble=said(error) if error and not problems else "",
        )


def _texts(form: str, head: str) -> dict[str, dict[str, str]]:
    """The texts of a form by language."""
    return {
        language: {part: storable(request.form.get(f"{form}-{language}-{part}", "")) for part in (head, "text")}
        for language in LANGUAGES
    }


def _my_id() -> int:
    account_id = current_person().account_id
    assert account_id is not None  # The access table lets nobody else in.
    return account_id


@blueprint.post("/desk/<project>/news")
def publish_news(project: str) -> ResponseReturnValue:
    """Publishes a piece of news."""
    try:
        with house().database.writing() as session:
            found = projects.project_named(session, project)
            news.publish(session, found, _texts("news", "title"), _my_id(), house().clock())
    except BadAnswer as error:
        return _page(project, "news", error), STATUS[type(error)]
    flash(gettext("The news is on the project’s page."), "good")
    return redirect(url_for("manage.news", project=project), 303)


@blueprint.post("/desk/<project>/news/<news>")
def move_news(**parts: str) -> ResponseReturnValue:
    """Withdraws a piece of news, or publishes it again."""
    wished = request.form.get("state", "")
    if wished not in NEWS:
        raise BadAnswer("state", "There is no such state.")
    with house().database.writing() as session:
        found = news.news_named(session, parts["news"])
        _check_same(found, projects.project_named(session, parts["project"]))
        news.move(session, found, wished, _my_id(), house().clock())
    return redirect(url_for("manage.news", project=parts["project"]), 303)


@blueprint.post("/desk/<project>/message")
def send_message(project: str) -> ResponseReturnValue:
    """Begins a message; a job sends it."""
    try:
        with house().database.writing() as session:
            found = projects.project_named(session, project)
            begun = messages.start_message(session, found, _texts("message", "subject"), _my_id(), house().clock())
            message_id, count = begun.id, messages.progress_of(session, begun).total
    except (BadAnswer, Conflict) as error:
        return _page(project, "message", error), STATUS[type(error)]
    house().queue.send(message_id)
    flash(ngettext("The message goes to %(num)s person.", "The message goes to %(num)s people.", count), "good")
    return redirect(url_for("manage.news", project=project), 303)


@blueprint.post("/desk/<project>/message/<message>")
def move_message(project: str, message: str) -> ResponseReturnValue:
    """Stops a message, or sends the rest of it."""
    wished = request.form.get("state", "")
    if wished not in ("cancelled", "waiting"):
        raise BadAnswer("state", "There is no such state.")
    with house().database.writing() as session:
        found = messages.message_named(session, message)
        _check_same(found, projects.project_named(session, project))
        messages.move(session, found, wished, _my_id(), house().clock())
        message_id = found.id
    if wished == "waiting":
        house().queue.send(message_id)
    return redirect(url_for("manage.news", project=project), 303)


def _check_same(thing: News | Message, project: Project) -> None:
    """The access table looked at the project of the address only."""
    if thing.project_id != project.id:
        raise NotFound("There is nothing at this address.")
