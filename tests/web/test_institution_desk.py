"""Institutions, their staff and invitations, in the browser's eyes."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from micro.data.models import Account, Institution, Membership
from micro.errors import OutsideFailed
from micro.house import House
from micro.services.institutions import ACCENTS
from micro.web.accents import contrast, lowest_contrast
from tests.cast import PASSWORD, Cast, signed_in
from tests.conftest import Clock, Letters

STAFF = "/desk/institution/harrowby/staff"


@pytest.fixture
def mia(app: Flask, cast: Cast) -> FlaskClient:
    return signed_in(app, cast.mia)


@pytest.fixture
def nora(app: Flask, cast: Cast) -> FlaskClient:
    return signed_in(app, cast.nora)


def text(response: TestResponse) -> str:
    return " ".join(unescape(response.text).split())


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found
    return unescape(found[1])


def invite(client: FlaskClient, email: str = "dora@example.org", role: str = "reviewer") -> TestResponse:
    return client.post("/desk/institution/harrowby/invite", data={"email": email, "role": role})


def link(letters: Letters) -> str:
    found = re.search(r"http://[^/\s]+(/invitation/\S+)", letters.sent[-1][2])
    assert found
    return found[1]


def roles(house: House, cast: Cast, email: str) -> list[str]:
    with house.database.reading() as session:
        mine = select(Membership.role).join(Account, Account.id == Membership.account_id)
        return list(session.scalars(mine.where(Account.email == email, Membership.institution_id == cast.museum.id)))


# Institutions --------------------------------------------------------------------------------------------------------


def test_the_network_makes_an_institution_and_is_led_to_its_staff(house: House, cast: Cast, nora: FlaskClient) -> None:
    assert 'href="/desk/institutions/new"' in nora.get("/desk/institutions").text
    sent = {"name": "Kesten Society", "accent": "kesten", "about_fr": "À propos.", "website": "kesten.example"}
    made = nora.post("/desk/institutions/new", data=sent)
    assert (made.status_code, made.location) == (303, "/desk/institution/kesten-society/staff")
    assert "Invite its first manager" in nora.get(made.location).text
    page = nora.get("/desk/institution/kesten-society").text
    assert "https://kesten.example" in page and 'data-institution="kesten"' in page and "À propos." in page
    again = nora.post("/desk/institutions/new", data=sent)
    assert again.status_code == 409 and "Kesten Society" in again.text and "already" in again.text


def test_what_is_wrong_stands_beside_its_field_with_what_was_typed(house: House, cast: Cast, nora: FlaskClient) -> None:
    sent = {"name": "", "website": "javascript:alert(1)", "about_en": "Typed at length."}
    refused = nora.post("/desk/institutions/new", data=sent)
    assert refused.status_code == 422 and "Typed at length." in refused.text
    assert 'id="website-problem"' in refused.text and 'id="name-problem"' in refused.text
    with house.database.reading() as session:
        assert len(session.scalars(select(Institution)).all()) == 2


def test_a_manager_describes_the_institution_and_a_second_one_is_told(
    cast: Cast, mia: FlaskClient, nora: FlaskClient
) -> None:
    address = "/desk/institution/harrowby"
    seen = hidden(mia.get(address).text, "seen")
    first = {"name": "Harrowby", "accent": "valmont", "seen": seen}
    assert mia.post(address, data=first).status_code == 303
    late = nora.post(address, data={**first, "name": "Harrowby Hall"})
    assert late.status_code == 409
    page = text(late)
    assert 'value="Harrowby Hall"' in page and "stored by somebody else: Harrowby" in page
    kept = {**first, "name": "Harrowby Hall", "seen": hidden(late.text, "seen")}
    assert nora.post(address, data=kept).status_code == 303
    assert "Harrowby Hall" in mia.get("/desk").text


@pytest.mark.parametrize("accent", ACCENTS)
def test_every_colour_can_be_read(accent: str) -> None:
    assert lowest_contrast(accent) >= 4.5


def test_the_page_states_the_contrast_that_is_measured(cast: Cast, mia: FlaskClient) -> None:
    page = text(mia.get("/desk/institution/harrowby"))
    assert page.count(" to 1<") == len(ACCENTS) and "Moss" in page and "contrast 5.9 to 1" in page
    assert contrast("#fff", "#000") == 21


def test_a_project_page_says_who_asks(house: House, cast: Cast, client: FlaskClient) -> None:
    with house.database.writing() as session:
        museum = session.get_one(Institution, cast.museum.id)
        museum.about, museum.website = {"en": "A <b>small</b> museum."}, "https://harrowby.example"
    page = client.get("/p/finds").text
    assert "A &lt;b&gt;small&lt;/b&gt; museum." in page and 'href="https://harrowby.example"' in page


def test_the_desk_groups_by_institution_and_offers_what_each_may_do(app: Flask, cast: Cast) -> None:
    boss, reviewer, other = (signed_in(app, who).get("/desk").text for who in (cast.nora, cast.ben, cast.cleo))
    assert 'href="/desk/institutions"' in boss and 'href="/desk/institution/valmont/new"' in boss
    assert "/desk/institution/" not in reviewer and 'href="/desk/finds"' not in reviewer
    assert 'href="/review?project=finds"' in reviewer
    assert "Make the first project" in other and "Harrowby" not in other


def test_an_empty_network_leads_on(house: House, cast: Cast, app: Flask) -> None:
    with house.database.writing() as session:
        lost = session.get_one(Account, cast.ada.id)
        lost.is_network_admin = True
    assert 'href="/desk/institution/valmont/new"' in signed_in(app, cast.ada).get("/desk").text


# Staff ---------------------------------------------------------------------------------------------------------------


def test_a_manager_changes_and_takes_away_a_role(house: House, cast: Cast, mia: FlaskClient) -> None:
    sent = {"account": cast.ben.public_id, "seen": "reviewer", "role": "manager"}
    assert mia.post(STAFF, data=sent).status_code == 303
    assert roles(house, cast, "ben@example.org") == ["manager"]
    assert mia.post(STAFF, data=sent).status_code == 409  # An older page.
    assert mia.post(STAFF, data={**sent, "seen": "manager", "remove": "1"}).status_code == 303
    assert roles(house, cast, "ben@example.org") == [] and "ben@example.org" not in mia.get(STAFF).text


def test_the_only_manager_has_no_button_to_go_and_is_refused(cast: Cast, mia: FlaskClient) -> None:
    assert "The only manager." in mia.get(STAFF).text
    sent = {"account": cast.mia.public_id, "seen": "manager", "remove": "1"}
    refused = mia.post(STAFF, data=sent)
    assert refused.status_code == 409 and "needs a manager" in refused.text


def test_whoever_gives_up_managing_is_led_to_what_is_left(house: House, cast: Cast, mia: FlaskClient) -> None:
    mia.post(STAFF, data={"account": cast.ben.public_id, "seen": "reviewer", "role": "manager"})
    gone = mia.post(STAFF, data={"account": cast.mia.public_id, "seen": "manager", "role": "reviewer"})
    assert gone.location == "/" and mia.get(STAFF).status_code == 403


@pytest.mark.parametrize("role", ["", "director"])
def test_a_role_that_is_none_is_refused(house: House, cast: Cast, mia: FlaskClient, role: str) -> None:
    sent = {"account": cast.ben.public_id, "seen": "reviewer", "role": role}
    assert mia.post(STAFF, data=sent).status_code == 422
    assert roles(house, cast, "ben@example.org") == ["reviewer"]


# Inviting ------------------------------------------------------------------------------------------------------------


def test_the_mail_is_in_the_inviters_language(cast: Cast, mia: FlaskClient, letters: Letters) -> None:
    mia.post("/language", data={"language": "en"})
    assert invite(mia, role="manager").status_code == 303
    to, subject, body = letters.sent[-1]
    assert (to, subject) == ("dora@example.org", "Invitation to work for Harrowby Museum")
    assert "Mia invites you to manage the projects of Harrowby Museum" in body and "15 March 2026" in body
    assert "dora@example.org" in mia.get(STAFF).text


@pytest.mark.parametrize(
    ("email", "status", "words"),
    [
        ("nobody", 422, "not a complete e-mail address"),
        ("ben@example.org", 422, "works for Harrowby Museum already"),
        ("dora@example.org", 409, "invited already"),
    ],
)
def test_refused_invitations_send_nothing(
    cast: Cast, mia: FlaskClient, letters: Letters, email: str, status: int, words: str
) -> None:
    invite(mia)
    before = len(letters.sent)
    refused = invite(mia, email)
    assert refused.status_code == status and words in text(refused) and f'value="{email}"' in refused.text
    assert len(letters.sent) == before


def test_invitations_are_throttled_like_other_mails(cast: Cast, mia: FlaskClient, letters: Letters) -> None:
    invite(mia)
    address = re.search(r"/desk/institution/harrowby/invitation/\w+", mia.get(STAFF).text)
    assert address
    answers = [mia.post(address[0], data={"again": "1"}) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [303] * 4 + [429]
    assert len(letters.sent) == 5 and answers[-1].headers["Retry-After"]


def test_a_mail_that_does_not_go_leaves_the_invitation(
    house: House, cast: Cast, mia: FlaskClient, letters: Letters
) -> None:
    class Broken(Letters):
        def send(self, to: str, subject: str, text: str) -> None:
            raise OutsideFailed("Our mail is down.")

    object.__setattr__(house, "mail", Broken())
    assert invite(mia).status_code == 303
    page = mia.get(STAFF).text
    assert "send it again from there" in page and "dora@example.org" in page
    object.__setattr__(house, "mail", letters)


def test_a_withdrawn_invitation_says_so(cast: Cast, mia: FlaskClient, letters: Letters, client: FlaskClient) -> None:
    invite(mia)
    address = re.search(r"/desk/institution/harrowby/invitation/\w+", mia.get(STAFF).text)
    assert address and mia.post(address[0], data={"withdraw": "1"}).status_code == 303
    assert "No invitation is open." in mia.get(STAFF).text
    over = client.get(link(letters))
    assert over.status_code == 410 and "This invitation was withdrawn." in over.text
    assert mia.post(address[0], data={"withdraw": "1"}).status_code == 409
    assert mia.post(address[0], data={"again": "1"}).status_code == 409


# Accepting -----------------------------------------------------------------------------------------------------------


def test_opening_the_link_changes_nothing(
    house: House, cast: Cast, mia: FlaskClient, letters: Letters, app: Flask
) -> None:
    invite(mia, "ada@example.org")
    shown = signed_in(app, cast.ada).get(link(letters))
    assert shown.status_code == 200 and "Accept" in shown.text
    assert shown.headers["Cache-Control"] == "no-store" and shown.headers["Referrer-Policy"] == "no-referrer"
    assert roles(house, cast, "ada@example.org") == []


def test_the_invited_account_accepts_once(
    house: House, cast: Cast, mia: FlaskClient, letters: Letters, app: Flask
) -> None:
    invite(mia, "ada@example.org")
    ada = signed_in(app, cast.ada)
    assert ada.post(link(letters)).location == "/desk"
    assert roles(house, cast, "ada@example.org") == ["reviewer"] and "Harrowby" in ada.get("/desk").text
    again = ada.post(link(letters))
    assert again.status_code == 410 and "accepted already" in again.text


def test_another_account_is_told_to_sign_in_with_the_right_one(
    house: House, cast: Cast, mia: FlaskClient, letters: Letters, app: Flask
) -> None:
    invite(mia, "ada@example.org")
    cleo = signed_in(app, cast.cleo)
    assert "was sent to ada@example.org" in text(cleo.get(link(letters)))
    refused = cleo.post(link(letters))
    assert refused.status_code == 403 and "sign in with that address" in text(refused)
    assert roles(house, cast, "cleo@example.org") == []


def test_an_account_that_is_there_signs_in_and_comes_back(
    house: House, cast: Cast, mia: FlaskClient, letters: Letters, client: FlaskClient
) -> None:
    invite(mia, "ada@example.org")
    onward = re.search(r'href="(/sign-in\?next=[^"]+)"', client.get(link(letters)).text)
    assert onward
    sent = {"email": "ada@example.org", "password": PASSWORD}
    back = client.post(unescape(onward[1]), data=sent)
    assert back.location == link(letters)
    assert client.post(back.location).location == "/desk"
    refused = client.application.test_client().post(link(letters), data={"name": "Eve", "password": "eve's long one"})
    assert refused.status_code == 410


def test_without_an_account_the_link_makes_one_and_signs_in(
    house: House, cast: Cast, mia: FlaskClient, letters: Letters, client: FlaskClient
) -> None:
    invite(mia)
    short = client.post(link(letters), data={"name": "Dora", "password": "short"})
    assert short.status_code == 422 and 'value="Dora"' in short.text and "short" not in short.text.split("<main")[1]
    sent = {"name": "Dora", "password": "a long enough password", "next": "/desk"}
    assert client.post(link(letters), data=sent).location == "/desk"
    assert roles(house, cast, "dora@example.org") == ["reviewer"] and client.get("/desk").status_code == 200
    assert client.post("/sign-out").status_code == 302
    assert client.post("/sign-in", data={"email": "dora@example.org", **sent}).location == "/desk"


def test_a_stranger_with_the_link_cannot_enter_an_account_that_is_there(
    house: House, cast: Cast, mia: FlaskClient, letters: Letters, client: FlaskClient
) -> None:
    invite(mia, "ada@example.org")
    refused = client.post(link(letters), data={"name": "Eve", "password": "eve has a long one"})
    assert refused.status_code == 409 and "sign in to accept" in text(refused)
    assert roles(house, cast, "ada@example.org") == []
    assert client.get("/me").status_code == 302


def test_links_that_lead_nowhere_say_why(
    cast: Cast, mia: FlaskClient, letters: Letters, client: FlaskClient, clock: Clock
) -> None:
    invite(mia)
    wrong = client.get("/invitation/nothing")
    assert wrong.status_code == 404 and "no such invitation" in wrong.text
    clock.pass_(days=14)
    for answer in (client.get(link(letters)), client.post(link(letters), data={})):
        assert answer.status_code == 410 and "has expired" in answer.text
