"""What a project tells its visitors: its news, and the agreement to its messages, which a link in each mail ends."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from micro.data.models import Project
from micro.errors import NotFound, SignInNeeded
from micro.services import messages, news
from micro.services.projects import project_named
from micro.web.context import current_person, house
from micro.web.links import path_on_this_site
from micro.web.sight import may_see

blueprint = Blueprint("news", __name__)
A_PAGE = 50
ON_PROJECT = 2


def news_block(session: Any, project: Project) -> dict[str, Any]:
    """What the project's page shows: its newest news, how many there are, and whether this visitor gets messages."""
    return {
        "news": news.news_of(session, project.id, ON_PROJECT),
        "news_count": news.news_count(session, project.id),
        "gets_messages": messages.agrees(session, current_person().account_id, project.id),
    }


@blueprint.get("/p/<project>/news")
def all_news(project: str) -> str:
    """All news of a project, the newest first."""
    with house().database.reading() as session:
        found = project_named(session, project)
        if not may_see(found):
            raise NotFound("There is no such project.")
        return render_template(
            "public/news.html",
            project=found,
            institution=found.collection.institution,
            rows=news.news_of(session, found.id, A_PAGE),
            gets_messages=messages.agrees(session, current_person().account_id, found.id),
            here="projects",
        )


@blueprint.post("/p/<project>/messages")
def agree(project: str) -> ResponseReturnValue:
    """Keeps whether this person wants messages of the project."""
    account_id, now = current_person().account_id, house().clock()
    if account_id is None:
        raise SignInNeeded("Please sign in first.")
    with house().database.writing() as session:
        found = project_named(session, project)
        if not may_see(found):
            raise NotFound("There is no such project.")
        if request.form.get("wanted") == "yes":
            messages.agree(session, account_id, found.id, wording(), now)
            said = gettext("Messages of this project will come to the address of your account.")
        else:
            messages.withdraw(session, account_id, found.id, now)
            said = gettext("No more messages of this project will come.")
    flash(said, "good")
    return redirect(path_on_this_site(request.form.get("back", "")) or url_for("public.project", project=project), 303)


def wording() -> str:
    """What somebody agrees to, in their language; it is kept with the agreement."""
    return str(gettext("I want to hear from this project by mail now and then. I can end it at any time."))


@blueprint.route("/messages/end/<token>", methods=["GET", "POST"])
def end(token: str) -> ResponseReturnValue:
    """From a mail: asks by a button, because mail scanners open links; mail programs post here by themselves."""
    with house().database.writing() as session:
        account, project = messages.behind_token(session, house().secret, token)
        if request.method == "POST":
            messages.withdraw(session, account.id, project.id, house().clock())
        wanted = messages.agrees(session, account.id, project.id)
        return render_template(
            "public/messages_end.html", project=project, institution=project.collection.institution, wanted=wanted
        )
