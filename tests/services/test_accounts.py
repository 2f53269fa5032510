"""Accounts, links and throttling, on a real database."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.core.accounts import Wish
from micro.data.models import Account, Membership, SignInTry
from micro.errors import BadAnswer, Closed, Conflict, TooMuch
from micro.house import House
from micro.services import accounts, throttle
from micro.services.links import Purpose, account_behind, link_token
from micro.services.people import hash_token
from tests.cast import PASSWORD, Cast
from tests.conftest import Clock

DORA = Wish("dora@example.org", "Dora", "four words in a row", "fr")
SECRET = "for links"


def account(session: Session, email: str) -> Account:
    return session.scalars(select(Account).where(Account.email == email)).one()


# --- signing up ---------------------------------------------------------------------------------------------------


def test_a_new_account_waits_to_be_confirmed_and_keeps_its_language(house: House) -> None:
    with house.database.writing() as session:
        letter = accounts.sign_up(session, DORA, "hash", house.clock())
    with house.database.reading() as session:
        dora = account(session, "dora@example.org")
        assert (dora.name, dora.language, dora.email_confirmed, dora.password_hash) == ("Dora", "fr", False, "hash")
    assert (letter.text, letter.to, letter.language) == ("confirm", "dora@example.org", "fr")


def test_a_sign_up_with_a_taken_address_changes_nothing_and_tells_its_owner(house: House, cast: Cast) -> None:
    wish = Wish(cast.ada.email, "Mallory", "four words in a row", "fr")
    with house.database.writing() as session:
        letter = accounts.sign_up(session, wish, "hash", house.clock())
    with house.database.reading() as session:
        ada = account(session, cast.ada.email)
        assert (ada.name, ada.password_hash, ada.language) == ("Ada", cast.ada.password_hash, "en")
    assert (letter.text, letter.language) == ("taken", "en")


def test_a_second_sign_up_before_confirming_leaves_the_first_password(house: House) -> None:
    with house.database.writing() as session:
        accounts.sign_up(session, DORA, "first hash", house.clock())
        letter = accounts.sign_up(session, DORA, "second hash", house.clock())
    with house.database.reading() as session:
        assert account(session, DORA.email).password_hash == "first hash"
    assert letter.text == "confirm"


def test_a_sign_up_that_is_sent_several_times_at_once_makes_one_account(house: House) -> None:
    def once(_: int) -> str:
        with house.database.writing() as session:
            return accounts.sign_up(session, DORA, "hash", house.clock()).text

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(once, range(4))) == ["confirm"] * 4
    with house.database.reading() as session:
        assert account(session, DORA.email).name == "Dora"


@pytest.mark.parametrize("typed", ["Ada@Example.org", " ada@example.org "])
def test_an_address_is_found_however_it_is_typed(house: House, cast: Cast, typed: str) -> None:
    with house.database.reading() as session:
        found = accounts.account_at(session, typed)
    assert found is not None
    assert found.id == cast.ada.id


@pytest.mark.parametrize("typed", ["", "nobody", "ada@example.org\x00", "\ud800"])
def test_an_address_that_cannot_be_one_is_nobodys(house: House, cast: Cast, typed: str) -> None:
    with house.database.reading() as session:
        assert accounts.account_at(session, typed) is None


def test_a_forgotten_password_is_answered_for_every_address(house: House, cast: Cast) -> None:
    with house.database.reading() as session:
        assert accounts.letter_reset(session, cast.ada.email, "fr").text == "reset"
        unknown = accounts.letter_reset(session, "nobody@example.org", "fr")
    assert unknown == accounts.Letter("unknown", "nobody@example.org", "fr", None)


# --- passwords ----------------------------------------------------------------------------------------------------


class CountedPasswords:
    """Counts the work that is done."""

    def __init__(self) -> None:
        self.calls = 0

    def hash(self, password: str) -> str:
        self.calls += 1
        return f"hash of {password}"

    def verify(self, hashed: str, password: str) -> bool:
        self.calls += 1
        return hashed == f"hash of {password}"


def test_an_unknown_address_costs_as_much_work_as_a_known_one(cast: Cast) -> None:
    known, unknown = CountedPasswords(), CountedPasswords()
    assert not accounts.is_right_password(cast.ada, PASSWORD, known)
    assert not accounts.is_right_password(None, PASSWORD, unknown)
    assert known.calls == unknown.calls == 1


def test_a_password_is_right_or_not(house: House, cast: Cast) -> None:
    assert accounts.is_right_password(cast.ada, PASSWORD, house.passwords)
    assert not accounts.is_right_password(cast.ada, PASSWORD + " ", house.passwords)


def test_a_new_password_ends_sessions_and_key_and_confirms_the_address(house: House) -> None:
    with house.database.writing() as session:
        accounts.sign_up(session, DORA, "old", house.clock())
        dora = account(session, DORA.email)
        accounts.make_key(session, dora.id)
        stamp = dora.session_stamp
        accounts.set_password(session, dora, "new")
    with house.database.reading() as session:
        dora = account(session, DORA.email)
        assert (dora.password_hash, dora.email_confirmed, dora.api_key_hash) == ("new", True, None)
        assert dora.session_stamp != stamp


# --- keys for programs --------------------------------------------------------------------------------------------


def test_a_key_is_kept_as_a_hash_and_a_new_one_ends_the_old(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        first = accounts.make_key(session, cast.ada.id)
        second = accounts.make_key(session, cast.ada.id)
    with house.database.reading() as session:
        assert account(session, cast.ada.email).api_key_hash == hash_token(second)
        found = accounts.account_with_key(session, second)
        assert found is not None
        assert found.id == cast.ada.id
        assert accounts.account_with_key(session, first) is None
    assert second.startswith("micro_")
    assert len(second) == 49


def test_a_withdrawn_key_opens_nothing(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        key = accounts.make_key(session, cast.ada.id)
        accounts.withdraw_key(session, cast.ada.id)
        assert accounts.account_with_key(session, key) is None


# --- for the command line -----------------------------------------------------------------------------------------


def test_an_account_made_by_the_operator_can_sign_in_at_once(house: House) -> None:
    with house.database.writing() as session:
        accounts.create_account(
            session,
            "Nils@Example.org",
            "Nils",
            "four words in a row",
            house.clock(),
            house.passwords,
            network_admin=True,
        )
    with house.database.reading() as session:
        nils = account(session, "nils@example.org")
        assert nils.email_confirmed
        assert nils.is_network_admin
        assert accounts.is_right_password(nils, "four words in a row", house.passwords)


def test_the_operator_is_told_of_a_taken_address_and_may_go_on(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        with pytest.raises(Conflict):
            accounts.create_account(session, cast.ada.email, "Ada", PASSWORD, house.clock(), house.passwords)
        accounts.create_account(session, "other@example.org", "Other", PASSWORD, house.clock(), house.passwords)
    with house.database.reading() as session:
        assert account(session, "other@example.org").name == "Other"


def test_the_operators_typing_is_checked_like_anybodys(house: House) -> None:
    with house.database.writing() as session, pytest.raises(BadAnswer) as refused:
        accounts.create_account(session, "nils@example.org", "Nils", "short", house.clock(), house.passwords)
    assert refused.value.field == "password"


def test_a_role_is_given_once_and_replaced_by_the_next(house: House, cast: Cast) -> None:
    with house.database.writing() as session:
        ada, museum = session.get_one(Account, cast.ada.id), session.merge(cast.museum)
        accounts.give_role(session, ada, museum, "reviewer", house.clock())
        accounts.give_role(session, ada, museum, "manager", house.clock())
        with pytest.raises(BadAnswer):
            accounts.give_role(session, ada, museum, "owner", house.clock())
    with house.database.reading() as session:
        assert session.scalars(select(Membership.role).where(Membership.account_id == cast.ada.id)).all() == ["manager"]


# --- links --------------------------------------------------------------------------------------------------------


def opens(house: House, purpose: Purpose, token: str, now: datetime | None = None) -> bool:
    with house.database.reading() as session:
        try:
            return account_behind(session, SECRET, purpose, token, now or house.clock()).email == "ada@example.org"
        except Closed:
            return False


@pytest.mark.parametrize(
    ("purpose", "span"),
    [
        (Purpose.CONFIRM, timedelta(days=3)),
        (Purpose.RESET, timedelta(hours=1)),
    ],
)
def test_a_link_works_until_its_time_is_over(house: House, cast: Cast, purpose: Purpose, span: timedelta) -> None:
    token = link_token(SECRET, purpose, cast.ada, house.clock())
    assert opens(house, purpose, token, house.clock() + span)
    assert not opens(house, purpose, token, house.clock() + span + timedelta(seconds=1))


def test_a_link_is_good_for_its_own_purpose_only(house: House, cast: Cast) -> None:
    assert not opens(house, Purpose.RESET, link_token(SECRET, Purpose.CONFIRM, cast.ada, house.clock()))
    assert not opens(house, Purpose.CONFIRM, link_token(SECRET, Purpose.RESET, cast.ada, house.clock()))


def test_a_link_signed_with_another_secret_is_nothing(house: House, cast: Cast) -> None:
    assert not opens(house, Purpose.RESET, link_token("guessed", Purpose.RESET, cast.ada, house.clock()))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "WyJhIl0.aaaa.bbbb", "é"])
def test_a_link_that_was_cut_short_is_refused(house: House, cast: Cast, token: str) -> None:
    assert not opens(house, Purpose.CONFIRM, token)


def test_a_link_to_reset_works_once_and_ends_the_older_ones(house: House, cast: Cast) -> None:
    token = link_token(SECRET, Purpose.RESET, cast.ada, house.clock())
    with house.database.writing() as session:
        accounts.set_password(session, account(session, cast.ada.email), "new")
    assert not opens(house, Purpose.RESET, token)


def test_a_link_to_confirm_is_bound_to_the_address_and_outlives_a_new_password(house: House, cast: Cast) -> None:
    token = link_token(SECRET, Purpose.CONFIRM, cast.ada, house.clock())
    with house.database.writing() as session:
        accounts.set_password(session, account(session, cast.ada.email), "new")
    assert opens(house, Purpose.CONFIRM, token)
    with house.database.writing() as session:
        account(session, cast.ada.email).email = "ada@elsewhere.org"
    assert not opens(house, Purpose.CONFIRM, token)


def test_a_link_names_no_address(cast: Cast, house: House) -> None:
    readable = urlsafe_b64decode(link_token(SECRET, Purpose.CONFIRM, cast.ada, house.clock()).partition(".")[0])
    assert cast.ada.public_id.encode() in readable
    assert b"ada" not in readable


# --- throttling ---------------------------------------------------------------------------------------------------


def tried(house: House, address: str = "ada@example.org", client: str = "192.0.2.1", most: int = 3) -> int:
    """One failed try; returns the seconds to wait, 0 when it was let through."""
    both = throttle.counters(SECRET, "sign-in", address, client, most)
    try:
        with house.database.writing() as session:
            throttle.count_sign_in(session, both, house.clock())
    except TooMuch as error:
        return error.wait_s
    return 0


def test_an_address_waits_after_too_many_failures_until_the_oldest_is_forgotten(house: House, clock: Clock) -> None:
    for _ in range(3):
        assert tried(house) == 0
        clock.pass_(minutes=2)
    assert tried(house) == 9 * 60
    assert tried(house, "ben@example.org") == 0
    clock.pass_(minutes=9)
    assert tried(house) == 0
    assert tried(house) == 2 * 60


def test_the_sentence_says_how_long(house: House) -> None:
    both = throttle.counters(SECRET, "sign-in", "ada@example.org", "192.0.2.1", 1)
    with house.database.writing() as session:
        throttle.count_sign_in(session, both, house.clock())
        with pytest.raises(TooMuch, match="in 15 minutes"):
            throttle.count_sign_in(session, both, house.clock())


def test_a_place_has_ten_times_as_many_tries_for_all_addresses_together(house: House) -> None:
    assert not any(tried(house, f"{number}@example.org", most=1) for number in range(10))
    assert tried(house, "11@example.org", most=1) == 15 * 60
    assert tried(house, "11@example.org", client="192.0.2.2", most=1) == 0


def test_an_ipv6_customer_is_one_place(house: House) -> None:
    def keys(client: str) -> str:
        return throttle.counters(SECRET, "sign-in", "", client, 1)[1].key

    assert keys("2001:db8:1:2::1") == keys("2001:db8:1:2:ffff::9")
    assert keys("2001:db8:1:2::1") != keys("2001:db8:1:3::1")
    assert keys("192.0.2.1") != keys("192.0.2.2")


def test_a_success_forgets_the_addresss_failures_and_its_own_count_for_the_place(house: House) -> None:
    both = throttle.counters(SECRET, "sign-in", "ada@example.org", "192.0.2.1", 3)
    for _ in range(3):
        assert tried(house) == 0
    with house.database.writing() as session:
        throttle.forget_success(session, both)
    with house.database.reading() as session:
        assert session.scalars(select(SignInTry.key)).all() == [both[1].key] * 2


def test_old_tries_are_deleted_and_none_names_anybody(house: House, clock: Clock) -> None:
    tried(house)
    clock.pass_(minutes=16)
    tried(house, "ben@example.org")
    with house.database.reading() as session:
        rows = session.scalars(select(SignInTry)).all()
    assert {row.at for row in rows} == {clock()}
    assert all(len(row.key) == 64 and set(row.key) <= set("0123456789abcdef") for row in rows)


def test_mails_and_sign_ins_are_counted_apart(house: House) -> None:
    assert tried(house, most=1) == 0
    both = throttle.counters(SECRET, "mail", "ada@example.org", "192.0.2.1", 1)
    with house.database.writing() as session:
        throttle.count_mail(session, both, house.clock())
        with pytest.raises(TooMuch):
            throttle.count_mail(session, both, house.clock())
