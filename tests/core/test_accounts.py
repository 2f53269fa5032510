"""What is asked of an address, a name and a password."""

import pytest

from micro.core.accounts import COMMON_PASSWORDS, checked_address, checked_name, checked_password, checked_wish
from micro.errors import BadAnswer


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("ada@example.org", "ada@example.org"),
        ("  Ada.Lovelace+micro@Example.ORG ", "ada.lovelace+micro@example.org"),
        ("info@musée.fr", "info@xn--muse-dpa.fr"),
    ],
)
def test_an_address_is_kept_in_one_form(typed: str, stored: str) -> None:
    assert checked_address(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "@",
        "ada",
        "ada@",
        "@example.org",
        "ada@localhost",
        "ada@example..org",
        "ada@-example.org",
        "a b@example.org",
        "ada@example.org\nBcc: all@example.org",
        "ada@example.org, ben@example.org",
        "Ada <ada@example.org>",
        "a@b@c.org",
        "a\x00@example.org",
        "x" * 65 + "@example.org",
        "ada@" + "x" * 64 + ".org",
        "a@" + "x." * 130 + "org",
    ],
)
def test_what_no_mail_could_reach_is_refused(typed: str) -> None:
    with pytest.raises(BadAnswer) as refused:
        checked_address(typed)
    assert refused.value.field == "email"


def test_a_name_keeps_its_words_and_loses_its_stray_spaces() -> None:
    assert checked_name("  Ada \t  de Castéra ") == "Ada de Castéra"


@pytest.mark.parametrize("typed", ["", "   ", "x" * 81, "Ada\u202egnp.exe", "A\x00da"])
def test_a_name_that_cannot_be_shown_is_refused(typed: str) -> None:
    with pytest.raises(BadAnswer):
        checked_name(typed)


@pytest.mark.parametrize("typed", ["dixlettres", "only small letters", "ŷŵû ŝĝĥ ĵĉ!", "9385710264", "x " * 500])
def test_any_ten_characters_make_a_password(typed: str) -> None:
    assert checked_password(typed, "ada@example.org") == typed


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "nine char",
        "x" * 1001,
        "ada@example.org",
        "Ada@Example.org",
        "Password123",
        "motdepasse123",
    ],
)
def test_a_password_that_would_be_guessed_is_refused(typed: str) -> None:
    with pytest.raises(BadAnswer) as refused:
        checked_password(typed, "ada@example.org")
    assert refused.value.field == "password"


def test_two_ways_of_typing_an_accent_are_one_password() -> None:
    assert checked_password("mus\u00e9e de Valmont", "") == checked_password("muse\u0301e de Valmont", "")


def test_the_short_list_holds_only_what_its_length_would_let_pass() -> None:
    assert all(len(word) >= 10 and word == word.lower() for word in COMMON_PASSWORDS)


def test_all_problems_of_a_sign_up_are_told_at_once() -> None:
    with pytest.raises(BadAnswer) as refused:
        checked_wish("ada", "", "short", "en")
    assert [problem.field for problem in (refused.value, *refused.value.others)] == ["email", "name", "password"]
