"""Accounts in the browser: signing up, in and out, a new password, and the page about oneself.

Passwords are hashed and mails are sent between transactions, never inside one: both take so long that they would hold
up every other writer.
"""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, gettext, ngettext
from flask_login import login_user, logout_user

from micro.core.accounts import DEMO_PASSWORD, checked_address, checked_password, checked_wish, plain_address
from micro.data.models import Account
from micro.errors import BadAnswer, Closed, MicroError, OutsideFailed, TooMuch
from micro.services import accounts, claims, messages, throttle
from micro.services.accounts import Letter
from micro.services.links import Purpose, account_behind
from micro.services.people import known_volunteer, own_ids, person_of
from micro.services.throttle import Counter
from micro.web import letters, sight
from micro.web.context import SignedIn, current_person, forget_cookie, house, volunteer_token
from micro.web.language import LANGUAGES, current_language, remember_language
from micro.web.links import path_on_this_site
from micro.web.problems import STATUS, said

blueprint = Blueprint("account", __name__)


@blueprint.after_request
def _keep_out_of_caches(response: Response) -> Response:
    """These pages hold addresses and links that open accounts."""
    response.headers["Cache-Control"] = "no-store"
    return response


# --- signing up ---------------------------------------------------------------------------------------------------


@blueprint.route("/sign-up", methods=["GET", "POST"])
def sign_up() -> ResponseReturnValue:
    """Makes an account that waits to be confirmed; the page afterwards is the same for every address."""
    if current_person().account_id is not None:
        return redirect(url_for("account.me"))
    if request.method != "POST":
        return page("account/sign_up.html", **_unclaimed())
    try:
        browser_session["claim"] = "claim" in request.form or ("again" in request.form and "claim" in browser_session)
        return _posted(_again() if "again" in request.form else _signed_up(), "sign_up")
    except (BadAnswer, TooMuch) as error:
        return refused(error, "account/sign_up.html", **_unclaimed())


def _unclaimed() -> dict[str, int]:
    with house().database.reading() as session:
        return {"cards": claims.read_in_browser(session, volunteer_token())}


def _signed_up() -> Letter:
    email, name, password = (request.form.get(part, "") for part in ("email", "name", "password"))
    wish = checked_wish(email, name, password, current_language())
    count_mail(wish.email)
    hashed = house().passwords.hash(wish.password)
    with house().database.writing() as session:
        return accounts.sign_up(session, wish, hashed, house().clock())


def _again() -> Letter:
    email = checked_address(request.form.get("email", ""))
    count_mail(email)
    with house().database.reading() as session:
        return accounts.letter_again(session, email, current_language())


@blueprint.route("/confirm/<token>", methods=["GET", "POST"])
def confirm(token: str) -> ResponseReturnValue:
    """Confirms an address, and signs in. Asks for the password, because a link alone may be opened by a mail scanner,
    and because somebody else may have signed up with this address.
    """
    try:
        account = _opened(Purpose.CONFIRM, token)
    except Closed as error:
        return refused(error, "account/link_over.html", what="confirm")
    if request.method != "POST":
        return page("account/confirm.html", account=account)
    try:
        account = prove(account.email)
    except (BadAnswer, TooMuch) as error:
        return refused(error, "account/confirm.html", account=account)
    with house().database.writing() as session:
        accounts.account_of(session, account.id).email_confirmed = True
    flash(gettext("Welcome, %(name)s. Your address is confirmed.", name=account.name), "good")
    return let_in(account)


# --- signing in and out -------------------------------------------------------------------------------------------


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """Signs in, and goes on to ``next`` when that is a page of this site."""
    if current_person().account_id is not None:
        return redirect(next_path() or url_for("public.front"))
    if request.method != "POST":
        return page("account/sign_in.html")
    try:
        account = prove(request.form.get("email", ""))
    except (BadAnswer, TooMuch) as error:
        return refused(error, "account/sign_in.html")
    if not account.email_confirmed:
        return page("account/unconfirmed.html", address=account.email), 403
    return let_in(account)


def prove(email: str) -> Account:
    """The account whose password was typed; BadAnswer when it is not right, TooMuch after too many tries."""
    both = _counters("sign-in", plain_address(email), house().settings.sign_in_tries)
    with house().database.writing() as session:
        throttle.count_sign_in(session, both, house().clock())
    with house().database.reading() as session:
        account = accounts.account_at(session, email)
    right = accounts.is_right_password(account, request.form.get("password", ""), house().passwords)
    if account is None or not right:
        raise BadAnswer("password", "The address or the password is not right.")
    if request.form.get("password") == DEMO_PASSWORD and not house().settings.is_local:
        raise BadAnswer("password", "The demonstration's accounts work on the machine itself only.")
    with house().database.writing() as session:
        throttle.forget_success(session, both)
    return account


def let_in(account: Account) -> ResponseReturnValue:
    """Signs this browser in, after the account was proven, and leads on."""
    wishes_claim = bool(browser_session.pop("claim", False))
    kept = {name: browser_session[name] for name in ("_flashes", sight.KEYS) if name in browser_session}
    browser_session.clear()  # Whatever was in this browser before belongs to nobody: no session is carried over.
    browser_session.update(kept)
    with house().database.reading() as session:
        person = person_of(session, account)
        cards = claims.read_in_browser(session, volunteer_token())
    login_user(SignedIn(person, account.session_stamp), remember="remember" in request.form)
    if cards and wishes_claim:
        _keep_credit(account)
    elif cards:  # A museum's computer is used by many: whoever signs in is asked whose the cards are.
        return redirect(url_for("me.claim", next=next_path() or None))
    return redirect(next_path() or url_for("public.front"))


def _keep_credit(account: Account) -> None:
    """Claims what was read in this browser, as its reader asked for at signing up."""
    with house().database.writing() as session:
        cards = claims.claim(session, account.id, volunteer_token())
        behind = claims.projects_to_settle(session, account.id)
    for project_id in behind:
        house().queue.settle(project_id)
    forget_cookie()
    flash(ngettext("%(num)s card is yours now.", "%(num)s cards are yours now.", cards), "good")


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """Ends the session in this browser."""
    browser_session.clear()
    logout_user()
    flash(gettext("You have signed out."), "good")
    return redirect(url_for("public.front"))


def next_path() -> str:
    return path_on_this_site(request.values.get("next", "")) or ""


# --- a new password -----------------------------------------------------------------------------------------------


@blueprint.route("/forgot", methods=["GET", "POST"])
def forgot() -> ResponseReturnValue:
    """Sends a link to set a new password; the page afterwards is the same for every address."""
    if request.method != "POST":
        return page("account/forgot.html")
    try:
        email = checked_address(request.form.get("email", ""))
        count_mail(email)
    except (BadAnswer, TooMuch) as error:
        return refused(error, "account/forgot.html")
    with house().database.reading() as session:
        letter = accounts.letter_reset(session, email, current_language())
    return _posted(letter, "forgot")


@blueprint.route("/reset/<token>", methods=["GET", "POST"])
def reset(token: str) -> ResponseReturnValue:
    """Sets a new password, once per link."""
    try:
        account = _opened(Purpose.RESET, token)
        if request.method != "POST":
            return page("account/reset.html", account=account)
        hashed = house().passwords.hash(checked_password(request.form.get("password", ""), account.email))
        with house().database.writing() as session:
            # Looked up again: two posts of one link must not both get through.
            account = account_behind(session, house().secret, Purpose.RESET, token, house().clock())
            accounts.set_password(session, account, hashed)
            throttle.forget_address(session, _counters("sign-in", account.email, 0)[0])
    except Closed as error:
        return refused(error, "account/link_over.html", what="reset")
    except BadAnswer as error:
        return refused(error, "account/reset.html", account=account)
    flash(gettext("Your new password is set. You can sign in with it now."), "good")
    return redirect(url_for("account.sign_in"))


def _opened(purpose: Purpose, token: str) -> Account:
    with house().database.reading() as session:
        return account_behind(session, house().secret, purpose, token, house().clock())


# --- the page about oneself ---------------------------------------------------------------------------------------


@blueprint.route("/me", methods=["GET", "POST"])
def me() -> ResponseReturnValue:
    """Shows the account with its own numbers; changes the name and the language."""
    if request.method != "POST":
        return _about_me()
    language = request.form.get("language", "")
    try:
        if language not in LANGUAGES:
            raise BadAnswer("language", "Please choose one of these languages.")
        with house().database.writing() as session:
            accounts.describe_myself(session, my_id(), request.form.get("name", ""), language)
    except BadAnswer as error:
        return _about_me(error)
    with force_locale(language):
        flash(gettext("Your account is changed."), "good")
    response = make_response(redirect(url_for("account.me")))
    return remember_language(response, language, house().settings.public_url.startswith("https:"))


@blueprint.post("/me/key")
def api_key() -> ResponseReturnValue:
    """Makes a key for programs, shown this once, or withdraws it."""
    with house().database.writing() as session:
        if "withdraw" not in request.form:
            new_key = accounts.make_key(session, my_id())
        else:
            new_key = ""
            accounts.withdraw_key(session, my_id())
    if new_key:
        return _about_me(new_key=new_key)
    flash(gettext("The key is withdrawn. Programs that use it are refused from now on."), "good")
    return redirect(url_for("account.me"))


def _about_me(error: BadAnswer | None = None, new_key: str = "") -> ResponseReturnValue:
    with house().database.reading() as session:
        account = accounts.account_of(session, my_id())
        volunteer = known_volunteer(session, account.id, None)
        roles = sorted(account.memberships, key=lambda membership: membership.institution.name)
        values = {
            "account": account,
            "roles": roles,
            "agreements": messages.agreements_of(session, account.id),
            "new_key": new_key,
            "answers": claims.cards_read(session, own_ids(session, volunteer)),
            "unclaimed": claims.read_in_browser(session, volunteer_token()),
        }
        return refused(error, "account/me.html", **values) if error else page("account/me.html", **values)


def my_id() -> int:
    account_id = current_person().account_id
    assert account_id is not None  # The access table lets nobody else in.
    return account_id


# --- answering ----------------------------------------------------------------------------------------------------


def page(template: str, **values: object) -> str:
    usual = {"problems": {}, "trouble": "", "typed": request.form, "next": next_path()}
    return render_template(template, **{**usual, **values})


def refused(error: MicroError, template: str, **values: object) -> Response:
    """The same page once more: problems beside their fields, everything that was typed kept but passwords."""
    problems: dict[str, str] = {}
    if isinstance(error, BadAnswer):
        problems = {problem.field: said(problem) for problem in (error, *error.others)}
    response = make_response(page(template, problems=problems, trouble="" if problems else said(error), **values))
    response.status_code = STATUS[type(error)]
    if isinstance(error, TooMuch):
        response.headers["Retry-After"] = str(error.wait_s)
    return response


def _posted(letter: Letter, what: str) -> ResponseReturnValue:
    """Sends the mail and says so, in the same words whoever the address belongs to."""
    failure = ""
    try:
        letters.send(letter, next_path())
    except OutsideFailed as error:
        failure = said(error)
    return page("account/posted.html", what=what, address=letter.to, failure=failure), 503 if failure else 200


def _counters(what: str, address: str, most: int) -> tuple[Counter, Counter]:
    return throttle.counters(house().secret, what, address, request.remote_addr or "", most)


def count_mail(email: str) -> None:
    with house().database.writing() as session:
        throttle.count_mail(session, _counters("mail", email, throttle.MAILS), house().clock())
