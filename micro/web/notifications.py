"""What somebody is told: the page of notifications, their count in the header, when they come by mail, their end."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from micro.core.notices import CHOICES, SORTS, sentence
from micro.services import accounts, digests, notifications
from micro.services.act_search import names_of
from micro.web.account import my_id
from micro.web.context import current_person, house
from micro.web.forms import storable
from micro.web.language import current_language
from micro.web.links import path_on_this_site

blueprint = Blueprint("notifications", __name__)


def unread() -> int:
    """How many notifications whoever makes this request has not read; for the header of every page."""
    account_id = current_person().account_id
    if account_id is None:
        return 0
    with house().database.reading() as session:
        return notifications.unread_count(session, account_id)


@blueprint.get("/notifications")
def index() -> str:
    """One's notifications, newest first, and when they come by mail."""
    page = min(max(request.args.get("page", 1, int), 1), 10_000)
    with house().database.reading() as session:
        rows, has_older = notifications.notifications_of(session, my_id(), page)
        names = names_of(session, {row.details.get("who", "") for row in rows})
        language = current_language()
        told = [
            (row, sentence(row.sort, language, row.details, names.get(row.details.get("who", ""), ""))) for row in rows
        ]
        return render_template(
            "account/notifications.html",
            told=told,
            page=page,
            has_older=has_older,
            sorts=SORTS,
            choices=CHOICES,
            chosen=notifications.mail_choices(session, my_id()),
            account=accounts.account_of(session, my_id()),
            here="notifications",
        )


@blueprint.post("/notifications/open")
def open_one() -> ResponseReturnValue:
    """Marks one ("one") as read and leads to what it is about."""
    if not (one := storable(request.form.get("one", ""))):
        return redirect(url_for("notifications.index"), code=303)
    with house().database.writing() as session:
        found = notifications.notification_named(session, one, my_id())
        notifications.mark_read(session, my_id(), [found.public_id])
        path = found.path
    return redirect(path_on_this_site(path) or url_for("notifications.index"), code=303)


@blueprint.post("/notifications/read")
def read() -> ResponseReturnValue:
    """Marks one ("one") or all as read."""
    one = storable(request.form.get("one", ""))
    with house().database.writing() as session:
        notifications.mark_read(session, my_id(), [one] if one else None)
    return redirect(url_for("notifications.index", page=request.args.get("page", None, int)), code=303)


@blueprint.post("/notifications/settings")
def settings() -> ResponseReturnValue:
    """Keeps when each sort comes by mail."""
    chosen: dict[str, str] = {sort: request.form[sort] for sort in SORTS if sort in request.form}
    with house().database.writing() as session:
        notifications.choose(session, my_id(), chosen, house().clock())
    flash(gettext("Saved."), "good")
    return redirect(url_for("notifications.index"), code=303)


@blueprint.route("/notifications/end/<token>", methods=["GET", "POST"])
def end(token: str) -> str:
    """From a mail: asks by a button, because mail scanners open links; mail programs post here by themselves."""
    with house().database.writing() as session:
        account = digests.behind_token(session, house().secret, token)
        if request.method == "POST":
            digests.end_all(session, account.id, house().clock())
        wanted = set(notifications.mail_choices(session, account.id).values()) != {"never"}
        return render_template("account/notifications_end.html", wanted=wanted)
