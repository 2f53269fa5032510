"""An invitation, opened from the mail: accepted with the account that is signed in, or with one that is made now."""

from __future__ import annotations

from flask import Response, flash, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from micro.core.accounts import Wish, checked_wish
from micro.data.models import Invitation
from micro.errors import BadAnswer, Closed, Conflict, MicroError, NotAllowed, NotFound
from micro.services import accounts, invitations
from micro.web.account import let_in, page, refused
from micro.web.context import current_person, house
from micro.web.desk.frame import blueprint
from micro.web.language import current_language


@blueprint.route("/invitation/<token>", methods=["GET", "POST"])
def accept(token: str) -> ResponseReturnValue:
    """What is offered by whom, and the button that accepts it. Never by GET: mail scanners open links."""
    try:
        answer = _show(token) if request.method != "POST" else _accept(token)
    except (NotFound, Closed) as error:
        answer = refused(error, "account/invitation_over.html")
    return _private(answer)


def _private(answer: ResponseReturnValue) -> Response:
    response = make_response(answer)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"  # The address holds the token.
    return response


def _show(token: str, error: MicroError | None = None) -> ResponseReturnValue:
    with house().database.reading() as session:
        found = invitations.invitation_behind(session, token, house().clock())
        values = {"invitation": found, "institution": found.institution, "case": _case(session, found), "token": token}
        template = "account/invitation.html"
        return refused(error, template, **values) if error else page(template, **values)


def _case(session: Session, found: Invitation) -> str:
    """yours: signed in with the invited address; other: with another one; sign_in: it has an account; sign_up: none."""
    account_id = current_person().account_id
    if account_id is not None:
        return "yours" if accounts.account_of(session, account_id).email == found.email else "other"
    account = accounts.account_at(session, found.email)
    return "sign_in" if account is not None and account.email_confirmed else "sign_up"


def _accept(token: str) -> ResponseReturnValue:
    if current_person().account_id is None:
        return _accept_anew(token)
    try:
        with house().database.writing() as session:
            account = accounts.account_of(session, current_person().account_id or 0)
            joined = invitations.accept(session, token, account, house().clock()).name
    except (Conflict, NotAllowed) as error:
        return _show(token, error)
    flash(gettext("Welcome. You work for %(institution)s now.", institution=joined), "good")
    return redirect(url_for("manage.index"), code=303)


def _accept_anew(token: str) -> ResponseReturnValue:
    """Makes the account with a password, and signs in. Hashing is slow and happens between two transactions."""
    try:
        with house().database.reading() as session:
            email = invitations.invitation_behind(session, token, house().clock()).email
        wish: Wish = checked_wish(
            email, request.form.get("name", ""), request.form.get("password", ""), current_language()
        )
        hashed = house().passwords.hash(wish.password)
        with house().database.writing() as session:
            account = invitations.accept_anew(session, token, wish, hashed, house().clock())
    except (BadAnswer, Conflict) as error:
        return _show(token, error)
    flash(gettext("Welcome, %(name)s. Your account is ready.", name=account.name), "good")
    return let_in(account)
