"""Accounts as a visitor meets them: pages, mails and links."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from micro.app import create_app
from micro.data.models import Account, Answer, Volunteer
from micro.errors import OutsideFailed
from micro.house import House
from micro.services.accounts import account_with_key
from micro.services.answers import give_answer
from micro.services.assignments import LendingRule, lend_task
from micro.services.people import volunteer_of_account
from micro.web.links import path_on_this_site
from tests.cast import PASSWORD, Cast, add_cards, good_answer, signed_in
from tests.conftest import Clock, Letters

DORA = {"name": "Dora", "email": "dora@example.org", "password": "four words in a row"}


def link_in(letters: Letters, part: str) -> str:
    """The path of the newest mail's link to ``part``."""
    found = re.findall(r"https?://\S+", letters.sent[-1][2])
    address = urlsplit(next(link for link in found if f"/{part}" in link))
    return f"{address.path}?{address.query}" if address.query else address.path


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD, **more: str) -> TestResponse:
    return client.post("/sign-in", data={"email": email, "password": password, **more})


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/me").status_code == 200


# --- signing up ---------------------------------------------------------------------------------------------------


def test_a_volunteer_signs_up_confirms_and_is_signed_in(client: FlaskClient, house: House, letters: Letters) -> None:
    assert "Look in your mailbox" in client.post("/sign-up", data=DORA).text
    ((to, subject, text),) = letters.sent
    assert (to, subject) == ("dora@example.org", "Please confirm your address")
    assert house.settings.public_url in text

    link = link_in(letters, "confirm/")
    assert "Confirm your address" in client.get(link).text
    assert client.post(link, data={"password": DORA["password"]}).location == "/"
    assert "Dora" in client.get("/me").text


def test_looking_at_the_link_confirms_nothing(client: FlaskClient, letters: Letters) -> None:
    client.post("/sign-up", data=DORA)
    client.get(link_in(letters, "confirm/"))  # As the scanner of a mail server does.
    assert sign_in(client, DORA["email"], DORA["password"]).status_code == 403


def test_the_link_without_the_password_confirms_nothing(client: FlaskClient, letters: Letters) -> None:
    client.post("/sign-up", data=DORA)
    assert client.post(link_in(letters, "confirm/"), data={"password": "somebody else's"}).status_code == 422
    assert sign_in(client, DORA["email"], DORA["password"]).status_code == 403


def test_the_link_may_be_used_twice(app: Flask, letters: Letters) -> None:
    app.test_client().post("/sign-up", data=DORA)
    link = link_in(letters, "confirm/")
    for _ in range(2):
        client = app.test_client()
        assert client.get(link).status_code == 200
        client.post(link, data={"password": DORA["password"]})
        assert is_signed_in(client)


def test_the_link_leads_on_to_where_the_visitor_wanted_to_go(client: FlaskClient, letters: Letters) -> None:
    client.post("/sign-up", data={**DORA, "next": "/p/finds?page=2"})
    link = link_in(letters, "confirm/")
    assert 'value="/p/finds?page=2"' in client.get(link).text
    assert client.post(link, data={"password": DORA["password"]}).location == "/p/finds?page=2"


def test_a_link_that_is_too_old_says_so_and_what_to_do(client: FlaskClient, letters: Letters, clock: Clock) -> None:
    client.post("/sign-up", data=DORA)
    clock.pass_(days=3, seconds=1)
    response = client.get(link_in(letters, "confirm/"))
    assert response.status_code == 410
    assert "/sign-in" in response.text


def test_a_taken_address_and_a_free_one_get_the_same_page(app: Flask, cast: Cast, letters: Letters) -> None:
    emails = ("free@example.org", cast.ada.email)
    pages = [app.test_client().post("/sign-up", data={**DORA, "email": email}) for email in emails]
    free, taken = (page.text.replace("free@example.org", "…").replace(cast.ada.email, "…") for page in pages)
    assert [page.status_code for page in pages] == [200, 200]
    assert without_tokens(free) == without_tokens(taken)
    assert letters.sent[-1][1] == "You have an account already"
    assert link_in(letters, "sign-in") == "/sign-in"
    assert link_in(letters, "reset/")


def without_tokens(page: str) -> str:
    return re.sub(r'name="csrf_token" value="[^"]*"', "", page)


def test_a_taken_address_keeps_its_password(client: FlaskClient, cast: Cast) -> None:
    client.post("/sign-up", data={**DORA, "email": cast.ada.email})
    assert sign_in(client, cast.ada.email, DORA["password"]).status_code == 422
    assert sign_in(client, cast.ada.email).status_code == 302


def test_problems_stand_beside_the_fields_and_all_but_the_password_is_kept(client: FlaskClient, house: House) -> None:
    response = client.post("/sign-up", data={"name": "Dora", "email": "dora@", "password": "too short"})
    assert response.status_code == 422
    assert 'value="Dora"' in response.text
    assert 'value="dora@"' in response.text
    assert 'id="email-problem"' in response.text
    assert 'id="password-problem"' in response.text
    assert "too short" not in response.text
    with house.database.reading() as session:
        assert session.scalars(select(Account)).all() == []


def test_the_account_keeps_the_visitors_language(client: FlaskClient, house: House) -> None:
    client.post("/sign-up", data=DORA, headers={"Accept-Language": "fr"})
    with house.database.reading() as session:
        assert session.scalars(select(Account.language)).all() == ["fr"]


class BrokenMail:
    """A mail server that is out of order until it is mended."""

    def __init__(self, letters: Letters) -> None:
        self.letters, self.is_broken = letters, True

    def send(self, to: str, subject: str, text: str, ends_at: str = "") -> None:
        if self.is_broken:
            raise OutsideFailed("The mail could not be sent. Please try again in a few minutes.")
        self.letters.send(to, subject, text)


@pytest.mark.parametrize("email", ["dora@example.org", "ada@example.org"])
def test_a_mail_that_was_not_sent_can_be_sent_again(house: House, cast: Cast, letters: Letters, email: str) -> None:
    mail = BrokenMail(letters)
    app = create_app(opened=replace(house, mail=mail))
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    response = client.post("/sign-up", data={**DORA, "email": email})
    assert response.status_code == 503
    assert "The mail could not be sent" in response.text
    assert 'name="again"' in response.text
    mail.is_broken = False
    assert client.post("/sign-up", data={"email": email, "again": "1"}).status_code == 200
    assert letters.sent[-1][0] == email


def test_an_unconfirmed_account_can_have_its_mail_again(client: FlaskClient, letters: Letters) -> None:
    client.post("/sign-up", data=DORA)
    response = sign_in(client, DORA["email"], DORA["password"])
    assert response.status_code == 403
    assert 'name="again"' in response.text
    client.post("/sign-up", data={"email": DORA["email"], "again": "1"})
    assert [subject for _, subject, _ in letters.sent] == ["Please confirm your address"] * 2
    assert not is_signed_in(client)


@pytest.mark.parametrize(("path", "form"), [("/forgot", {}), ("/sign-up", DORA), ("/sign-up", {"again": "1"})])
def test_nobodys_mailbox_is_filled(client: FlaskClient, letters: Letters, path: str, form: dict[str, str]) -> None:
    answers = [client.post(path, data={**form, "email": "victim@example.org"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert len(letters.sent) == 5


def test_a_mail_never_holds_what_a_stranger_typed_as_a_name(client: FlaskClient, letters: Letters) -> None:
    client.post("/sign-up", data={**DORA, "name": "Win at https://evil.example"})
    assert "evil" not in "".join(letters.sent[-1])


def test_links_in_mails_never_follow_the_host_of_the_request(client: FlaskClient, letters: Letters) -> None:
    client.post("/forgot", data={"email": "dora@example.org"}, headers={"Host": "evil.example"})
    assert "evil" not in letters.sent[-1][2]


# --- signing in ---------------------------------------------------------------------------------------------------


def test_signing_in_leads_to_the_page_that_was_asked_for(client: FlaskClient, cast: Cast) -> None:
    asked = client.get("/me?tab=1")
    assert asked.status_code == 302
    assert sign_in(client, cast.ada.email, next="/me?tab=1").location == "/me?tab=1"


@pytest.mark.parametrize(
    "wished",
    [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "evil.example",
        "///evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/ok\r\nSet-Cookie: a=b",
        "/%\\evil",
        "",
        "/\x00",
    ],
)
def test_no_sign_in_leads_to_another_site(client: FlaskClient, cast: Cast, wished: str) -> None:
    assert path_on_this_site(wished) is None
    assert sign_in(client, cast.ada.email, next=wished).location == "/"


@pytest.mark.parametrize("wished", ["/", "/p/finds", "/p/finds?page=2&q=a%20b", "/my-answers?at=12:30"])
def test_a_page_of_this_site_may_be_next(wished: str) -> None:
    assert path_on_this_site(wished) == wished


def test_a_wrong_password_and_an_unknown_address_are_told_apart_by_nothing(client: FlaskClient, cast: Cast) -> None:
    pages = [sign_in(client, email, "not the password") for email in (cast.ada.email, "nobody@example.org")]
    known, unknown = (page.text.replace(cast.ada.email, "…").replace("nobody@example.org", "…") for page in pages)
    assert [page.status_code for page in pages] == [422, 422]
    assert without_tokens(known) == without_tokens(unknown)


@pytest.mark.parametrize("email", ["", "\x00", "x" * 10_000, "ada@example.org\x00", "a@b\udcff"])
def test_nonsense_as_an_address_is_only_wrong(client: FlaskClient, cast: Cast, email: str) -> None:
    assert sign_in(client, email.encode("utf-8", "replace").decode()).status_code == 422


def test_after_too_many_failures_even_the_right_password_waits(house: House, cast: Cast, clock: Clock) -> None:
    app = create_app(opened=replace(house, settings=replace(house.settings, sign_in_tries=3)))
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    for _ in range(3):
        assert sign_in(client, cast.ada.email, "wrong wrong").status_code == 422
    refused = sign_in(client, "Ada@Example.ORG")
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "900"
    assert "in 15 minutes" in refused.text
    assert 'value="Ada@Example.ORG"' in refused.text
    assert sign_in(app.test_client(), cast.ben.email).status_code == 302
    clock.pass_(minutes=15)
    assert sign_in(client, cast.ada.email).status_code == 302


def test_a_success_clears_the_failures_before_it(house: House, cast: Cast) -> None:
    app = create_app(opened=replace(house, settings=replace(house.settings, sign_in_tries=2)))
    app.config["WTF_CSRF_ENABLED"] = False
    for _ in range(3):
        assert sign_in(app.test_client(), cast.ada.email, "wrong wrong").status_code == 422
        assert sign_in(app.test_client(), cast.ada.email).status_code == 302


def test_staying_signed_in_is_a_choice(app: Flask, cast: Cast) -> None:
    for more, stays in (({}, False), ({"remember": "1"}, True)):
        client = app.test_client()
        sign_in(client, cast.ada.email, **more)
        client.delete_cookie("micro_session")  # As when the browser is closed.
        assert is_signed_in(client) is stays


def test_nothing_of_the_session_before_is_carried_into_the_new_one(client: FlaskClient, cast: Cast) -> None:
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
        session["csrf_token"] = "known to somebody else"
    sign_in(client, cast.ada.email)
    with client.session_transaction() as session:
        assert "planted" not in session
        assert session.get("csrf_token") != "known to somebody else"


def test_signing_out_needs_a_post_and_ends_remembering_too(client: FlaskClient, cast: Cast) -> None:
    sign_in(client, cast.ada.email, remember="1")
    assert client.get("/sign-out").status_code == 405
    assert is_signed_in(client)
    assert client.post("/sign-out").location == "/"
    assert not is_signed_in(client)
    assert client.get_cookie("remember_token") is None


def test_whoever_is_signed_in_needs_no_form(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.ada)
    assert client.get("/sign-in?next=/projects").location == "/projects"
    assert client.get("/sign-up").location == "/me"


# --- a new password -----------------------------------------------------------------------------------------------


def test_a_new_password_ends_every_other_session(app: Flask, cast: Cast, letters: Letters) -> None:
    elsewhere, client = signed_in(app, cast.ada), app.test_client()
    client.post("/forgot", data={"email": "ADA@example.org"})
    link = link_in(letters, "reset/")
    assert cast.ada.email in client.get(link).text
    assert client.post(link, data={"password": "a quite new password"}).location == "/sign-in"
    assert not is_signed_in(elsewhere)
    assert sign_in(client, cast.ada.email).status_code == 422
    assert sign_in(client, cast.ada.email, "a quite new password").status_code == 302


def test_a_reset_link_works_once(client: FlaskClient, cast: Cast, letters: Letters) -> None:
    client.post("/forgot", data={"email": cast.ada.email})
    link = link_in(letters, "reset/")
    client.post(link, data={"password": "a quite new password"})
    assert client.get(link).status_code == 410
    assert client.post(link, data={"password": "and a third password"}).status_code == 410
    assert sign_in(client, cast.ada.email, "a quite new password").status_code == 302


def test_a_reset_link_works_for_an_hour(client: FlaskClient, cast: Cast, letters: Letters, clock: Clock) -> None:
    client.post("/forgot", data={"email": cast.ada.email})
    clock.pass_(minutes=61)
    assert client.get(link_in(letters, "reset/")).status_code == 410


def test_a_refused_password_leaves_the_link_working(client: FlaskClient, cast: Cast, letters: Letters) -> None:
    client.post("/forgot", data={"email": cast.ada.email})
    link = link_in(letters, "reset/")
    assert client.post(link, data={"password": "password123"}).status_code == 422
    assert client.post(link, data={"password": "a quite new password"}).status_code == 302


def test_a_reset_confirms_the_address_and_ends_the_waiting(house: House, letters: Letters) -> None:
    app = create_app(opened=replace(house, settings=replace(house.settings, sign_in_tries=1)))
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    client.post("/sign-up", data=DORA)
    sign_in(client, DORA["email"], "wrong wrong")
    client.post("/forgot", data={"email": DORA["email"]})
    client.post(link_in(letters, "reset/"), data={"password": "a quite new password"})
    assert sign_in(client, DORA["email"], "a quite new password").status_code == 302


def test_a_known_and_an_unknown_address_get_the_same_page(client: FlaskClient, cast: Cast, letters: Letters) -> None:
    pages = [client.post("/forgot", data={"email": email}).text for email in (cast.ada.email, "nobody@example.org")]
    known, unknown = (page.replace(cast.ada.email, "…").replace("nobody@example.org", "…") for page in pages)
    assert without_tokens(known) == without_tokens(unknown)
    assert [subject for _, subject, _ in letters.sent] == ["A new password", "No account with this address"]


# --- the page about oneself ---------------------------------------------------------------------------------------


def test_my_page_shows_my_numbers_and_roles(app: Flask, house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        project = session.merge(cast.project)
        add_cards(session, house, project, 2)
        mia = volunteer_of_account(session, cast.mia.id, house.clock())
        for _ in range(2):
            lent = lend_task(session, project, mia, house.clock(), LendingRule(1800, 10))
            assert lent is not None
            give_answer(session, lent, {name: good_answer()[name] for name in lent.task.fields}, "", house.clock())
    page = signed_in(app, cast.mia).get("/me").text
    assert re.search(r'letter__number">2</span> answers', page)
    assert "Harrowby Museum" in page
    assert "manager" in page
    assert "/my-answers" in page
    assert "Valmont" not in page


def test_looking_at_my_page_makes_no_volunteer(app: Flask, house: House, cast: Cast) -> None:
    assert "Choose a project" in signed_in(app, cast.ada).get("/me").text
    with house.database.reading() as session:
        assert session.scalars(select(Volunteer)).all() == []
        assert session.scalars(select(Answer)).all() == []


def test_name_and_language_are_changed_together(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.ada)
    assert client.post("/me", data={"name": " Ada  L. ", "language": "fr"}).status_code == 302
    page = client.get("/me").text
    assert '<html lang="fr"' in page
    assert "Ada L." in page


@pytest.mark.parametrize(("name", "language"), [("", "fr"), ("Ada L.", "xx"), ("Ada L.", "")])
def test_a_refused_change_changes_nothing(app: Flask, house: House, cast: Cast, name: str, language: str) -> None:
    response = signed_in(app, cast.ada).post("/me", data={"name": name, "language": language})
    assert response.status_code == 422
    with house.database.reading() as session:
        ada = session.get_one(Account, cast.ada.id)
        assert (ada.name, ada.language) == ("Ada", "en")


def test_a_key_is_shown_once_and_can_be_withdrawn(app: Flask, house: House, cast: Cast) -> None:
    client = signed_in(app, cast.ada)
    key = re.findall(r"micro_[\w-]{43}", client.post("/me/key", data={"make": "1"}).text)[0]
    assert key not in client.get("/me").text
    with house.database.reading() as session:
        found = account_with_key(session, key)
        assert found is not None
        assert found.id == cast.ada.id
    assert client.post("/me/key", data={"withdraw": "1"}).status_code == 302
    with house.database.reading() as session:
        assert account_with_key(session, key) is None
    assert client.get("/me/key").status_code == 405


def test_these_pages_are_in_no_cache(client: FlaskClient, letters: Letters) -> None:
    client.post("/sign-up", data=DORA)
    for path in ("/sign-up", "/sign-in", "/forgot", link_in(letters, "confirm/")):
        assert client.get(path).headers["Cache-Control"] == "no-store"


def test_no_address_and_no_password_reaches_the_log(
    client: FlaskClient, letters: Letters, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client.post("/sign-up", data=DORA)
    client.post(link_in(letters, "confirm/"), data={"password": "wrong wrong"})
    client.post(link_in(letters, "confirm/"), data={"password": DORA["password"]})
    client.post("/forgot", data={"email": DORA["email"]})
    assert not re.search("dora|four words|wrong wrong", caplog.text, re.IGNORECASE)
