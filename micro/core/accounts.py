"""What micro asks of an address, a name and a password."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from micro.errors import BadAnswer

NAME_MOST, ADDRESS_MOST, PASSWORD_LEAST, PASSWORD_MOST = 80, 254, 10, 1000

# What the HTML standard takes as an address (html.spec.whatwg.org/#valid-e-mail-address), with a dot in its domain.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ADDRESS = re.compile(rf"[a-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})+")

# The demonstration's own, known to everybody: refused beyond this machine.
DEMO_PASSWORD = "micro-demo-2026"
# The commonest of ten characters and more, English and French; shorter ones are refused by their length.
COMMON_PASSWORDS = frozenset(
    [
        "0000000000",
        "0123456789",
        "0987654321",
        "1111111111",
        "1122334455",
        "123123123123",
        "1234512345",
        "1234554321",
        "1234567890",
        "12345678910",
        "123456789a",
        "123456789q",
        "123qwe123qwe",
        "1q2w3e4r5t",
        "1q2w3e4r5t6y",
        "1qaz2wsx3edc",
        "aaaaaaaaaa",
        "abcdefghij",
        "administrator",
        "administrateur",
        "azertyuiop",
        "azertyuiop123",
        "azerty1234",
        "basketball",
        "changemenow",
        "doudou1234",
        "football123",
        "iloveyou123",
        "jetaime123",
        "jtmjtmjtm1",
        "letmein123",
        "loulou1234",
        "marseille13",
        "motdepasse",
        "motdepasse1",
        "motdepasse123",
        "password10",
        "password11",
        "password12",
        "password123",
        "password1234",
        "password12345",
        "passwordpassword",
        "princess123",
        "q1w2e3r4t5",
        "qazwsxedcrfv",
        "qwerty1234",
        "qwerty12345",
        "qwertyuiop",
        "qwertyuiop123",
        "qwertzuiop",
        "unknownuser",
        "welcome123",
        "welcome1234",
    ]
)


@dataclass(frozen=True)
class Wish:
    """What somebody asks for who signs up, checked."""

    email: str
    name: str
    password: str
    language: str


def checked_address(typed: str) -> str:
    """The address in lower case, a domain with accents in its ASCII form; BadAnswer when no mail could reach it."""
    local, _, domain = typed.strip().lower().rpartition("@")
    try:
        address = f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        address = ""
    if not _ADDRESS.fullmatch(address) or len(address) > ADDRESS_MOST:
        raise BadAnswer("email", "This is not a complete e-mail address. One looks like name@museum.org.")
    return address


def plain_address(typed: str) -> str:
    """The address as it would be stored, for looking it up; never refused, and empty when it cannot be one at all."""
    try:
        return checked_address(typed)
    except BadAnswer:
        return typed.strip().lower() if typed.isprintable() else ""


def checked_name(typed: str) -> str:
    """The name with single spaces; BadAnswer when it is empty, too long or holds characters that cannot be seen."""
    name = unicodedata.normalize("NFC", " ".join(typed.split()))
    if not name:
        raise BadAnswer("name", "Please tell us what to call you.")
    if len(name) > NAME_MOST or not name.isprintable():
        raise BadAnswer(
            "name", "This name cannot be used. Please take one of at most %(most)s ordinary characters.", most=NAME_MOST
        )
    return name


def checked_password(typed: str, email: str) -> str:
    """The password, composed (RFC 8265), when it is long enough and nobody's first guess.

    There are no rules about digits or punctuation: they make passwords worse (NIST SP 800-63B, 5.1.1.2).
    """
    password = composed(typed)
    if len(password) < PASSWORD_LEAST:
        raise BadAnswer(
            "password",
            "Please take at least %(least)s characters. A few words in a row are fine.",
            least=PASSWORD_LEAST,
        )
    if len(password) > PASSWORD_MOST:
        raise BadAnswer("password", "Please take at most %(most)s characters.", most=PASSWORD_MOST)
    if password.lower() == email.lower():
        raise BadAnswer("password", "This is your address. Please take something that nobody would guess.")
    if password.lower() in COMMON_PASSWORDS:
        raise BadAnswer("password", "This is one of the first passwords that anybody would try. Please take another.")
    return password


def composed(typed: str) -> str:
    """The same accents whichever keyboard typed them."""
    return unicodedata.normalize("NFC", typed)


def checked_wish(email: str, name: str, password: str, language: str) -> Wish:
    """All that a sign-up asks; BadAnswer with every problem at once."""
    problems: list[BadAnswer] = []

    def kept(check: Callable[[], str]) -> str:
        try:
            return check()
        except BadAnswer as problem:
            problems.append(problem)
            return ""

    wish = Wish(
        kept(lambda: checked_address(email)),
        kept(lambda: checked_name(name)),
        kept(lambda: checked_password(password, email.strip())),
        language,
    )
    if problems:
        problems[0].others = tuple(problems[1:])
        raise problems[0]
    return wish
