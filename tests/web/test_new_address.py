"""Another e-mail address: asked for with the password, confirmed by the new one, told to the old one."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from micro.data.models import Account
from micro.house import House
from micro.services import accounts
from tests.cast import PASSWORD, Cast, signed_in
from tests.conftest import Clock, Letters

NEW = "ada.new@example.org"


@pytest.fixture
def ada(app: Flask, cast: Cast) -> FlaskClient:
    return signed_in(app, cast.ada)


def ask(client: FlaskClient, email: str = NEW, password: str = PASSWORD) -> int:
    return client.post("/me/address", data={"email": email, "password": password}).status_code


def link(letters: Letters) -> str:
    found = re.search(r"http://[^/]+(/address/\S+)", letters.sent[-1][2])
    assert found, letters.sent[-1]
    return found[1]


def address_of(house: House, account: Account) -> str:
    with house.database.reading() as session:
        return accounts.account_of(session, account.id).email


def test_the_address_changes_once_the_new_one_is_confirmed(
    house: House, cast: Cast, ada: FlaskClient, letters: Letters
) -> None:
    assert ask(ada) == 200
    assert letters.sent[-1][0] == NEW and address_of(house, cast.ada) == cast.ada.email
    assert NEW not in link(letters)
    assert f'value="{NEW}"' in ada.get(link(letters)).text
    assert address_of(house, cast.ada) == cast.ada.email
    assert ada.post(link(letters), data={"email": NEW}).status_code == 303
    assert address_of(house, cast.ada) == NEW
    assert letters.sent[-1][0] == cast.ada.email and "has a new e-mail address" in letters.sent[-1][2]
    assert ada.get("/me").status_code == 200


def test_a_link_works_once(house: House, cast: Cast, ada: FlaskClient, letters: Letters) -> None:
    ask(ada)
    used = link(letters)
    ada.post(used, data={"email": NEW})
    assert ada.get(used).status_code == 410
    assert ada.post(used, data={"email": NEW}).status_code == 410


def test_a_link_opened_in_another_browser_asks_for_the_address(
    house: House, app: Flask, cast: Cast, ada: FlaskClient, letters: Letters
) -> None:
    ask(ada)
    other = app.test_client()
    assert NEW not in other.get(link(letters)).text
    wrong = other.post(link(letters), data={"email": "evil@example.org"})
    assert wrong.status_code == 422 and "sent to another address" in wrong.text
    assert other.post(link(letters), data={"email": NEW.upper()}).location == "/sign-in"
    assert address_of(house, cast.ada) == NEW


def test_an_old_link_and_one_after_a_new_password_change_nothing(
    house: House, cast: Cast, ada: FlaskClient, letters: Letters, clock: Clock
) -> None:
    ask(ada)
    with house.database.writing() as session:
        accounts.set_password(session, accounts.account_of(session, cast.ada.id), "hashed")
    assert ada.post(link(letters), data={"email": NEW}).status_code == 410
    clock.now += timedelta(days=4)
    assert ada.post(link(letters), data={"email": NEW}).status_code == 410
    assert address_of(house, cast.ada) == cast.ada.email


def test_a_wrong_password_or_no_address_sends_nothing(cast: Cast, ada: FlaskClient, letters: Letters) -> None:
    assert ask(ada, password="not the right one") == 422
    assert ask(ada, email="nowhere") == 422
    assert ask(ada, email=cast.ada.email) == 422
    assert letters.sent == []


def test_the_page_tells_nobody_whether_an_address_is_taken(
    house: House, cast: Cast, ada: FlaskClient, letters: Letters
) -> None:
    free = ada.post("/me/address", data={"email": NEW, "password": PASSWORD})
    taken = ada.post("/me/address", data={"email": cast.mia.email, "password": PASSWORD})
    assert taken.status_code == free.status_code == 200
    assert taken.text.replace(cast.mia.email, NEW).count(NEW) == free.text.count(NEW)
    assert letters.sent[-1][0] == cast.mia.email and "/address/" not in letters.sent[-1][2]
    assert "wanted to use this address for another account" in letters.sent[-1][2]
    assert "signed up" not in letters.sent[-1][2] and "/sign-in" in letters.sent[-1][2]


def test_an_address_that_was_taken_meanwhile_is_refused(
    house: House, cast: Cast, ada: FlaskClient, letters: Letters
) -> None:
    ask(ada)
    with house.database.writing() as session:
        accounts.create_account(session, NEW, "Faster", PASSWORD, house.clock(), house.passwords)
    late = ada.post(link(letters), data={"email": NEW})
    assert late.status_code == 409 and "There is an account with this address already." in late.text
    assert address_of(house, cast.ada) == cast.ada.email
