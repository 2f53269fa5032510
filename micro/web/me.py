"""One's own account, further: keeping the credit for what was read without it, and another e-mail address."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from micro.core.accounts import checked_address
from micro.errors import BadAnswer, Closed, Conflict, OutsideFailed, TooMuch
from micro.services import accounts, claims, links
from micro.services.accounts import Letter
from micro.services.links import Purpose
from micro.web import letters
from micro.web.account import count_mail, my_id, next_path, page, prove, refused
from micro.web.context import current_person, forget_cookie, house, volunteer_token
from micro.web.problems import said

blueprint = Blueprint("me", __name__)
log = logging.getLogger(__name__)


@blueprint.after_request
def _keep_out_of_caches(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


# --- what was read without the account --------------------------------------------------------------------------------


@blueprint.route("/me/claim", methods=["GET", "POST"])
def claim() -> ResponseReturnValue:
    """Asks whose the cards are that were read in this browser without an account, and keeps the answer."""
    onward = next_path() or url_for("account.me")
    with house().database.reading() as session:
        cards = claims.read_in_browser(session, volunteer_token())
    if request.method != "POST":
        return page("account/claim.html", cards=cards) if cards else redirect(onward)
    if request.form.get("whose") == "mine":
        with house().database.writing() as session:
            kept = claims.claim(session, my_id(), volunteer_token())
            behind = claims.projects_to_settle(session, my_id())
        for project_id in behind:
            house().queue.settle(project_id)
        flash(
            ngettext("%(num)s card is yours now.", "%(num)s cards are yours now.", kept)
            if kept
            else gettext("These cards were kept with an account already."),
            "good",
        )
    else:
        flash(gettext("This browser begins anew. What was read before stays with whoever read it."), "note")
    forget_cookie()
    return redirect(onward, code=303)


# --- another address ------------------------------------------------------------------------------------------------


@blueprint.route("/me/address", methods=["GET", "POST"])
def address() -> ResponseReturnValue:
    """Asks for the new address and the password; nothing is changed before a mail to the new address is answered."""
    with house().database.reading() as session:
        account = accounts.account_of(session, my_id())
    if request.method != "POST":
        return page("account/address.html", account=account)
    try:
        new = checked_address(request.form.get("email", ""))
        if new == account.email:
            raise BadAnswer("email", "This is your address already.")
        prove(account.email)
        count_mail(new)
    except (BadAnswer, TooMuch) as error:
        return refused(error, "account/address.html", account=account)
    with house().database.reading() as session:
        letter = accounts.letter_new_address(session, account.id, new)
    failure = ""
    try:
        letters.send(letter)
    except OutsideFailed as error:
        failure = said(error)
    browser_session["new_address"] = new
    return page("account/address_posted.html", address=new, failure=failure), 503 if failure else 200


@blueprint.route("/address/<token>", methods=["GET", "POST"])
def new_address(token: str) -> ResponseReturnValue:
    """Opened from the mail: asks once more by a button, because mail scanners open links, and then changes it."""
    given = {"address": browser_session.get("new_address", "")}
    try:
        with house().database.reading() as session:
            account = links.account_behind(session, house().secret, Purpose.ADDRESS, token, house().clock())
        if request.method != "POST":
            return page("account/new_address.html", **given)
        notice = _changed(token)
    except Closed as error:
        return refused(error, "account/link_over.html", what="address")
    except (BadAnswer, Conflict) as error:
        return refused(error, "account/new_address.html", **given)
    browser_session.pop("new_address", None)
    try:
        letters.send(notice)
    except OutsideFailed as error:
        log.warning("the notice to an old address was not sent: %s", error)
    with house().database.reading() as session:
        new = accounts.account_of(session, account.id).email
    flash(gettext("Your address is %(new)s now.", new=new), "good")
    return redirect(url_for("account.me" if current_person().account_id else "account.sign_in"), code=303)


def _changed(token: str) -> Letter:
    """Changes the address in one transaction: of two clicks at once, the second is told that the link was used."""
    new = checked_address(request.form.get("email", ""))
    with house().database.writing() as session:
        account = links.account_behind(session, house().secret, Purpose.ADDRESS, token, house().clock())
        links.check_new_address(house().secret, token, new, house().clock())
        return accounts.change_address(session, account, new)
