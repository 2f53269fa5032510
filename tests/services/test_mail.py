"""Mails as they arrive at a real SMTP server, byte by byte."""

from __future__ import annotations

from micro.adapters.mail import open_mail
from tests.servers import smtp_server

ENDS_AT = "https://micro.example.org/messages/end/" + "ImFnYWluLTEyMzQ1Njc4OTAi" * 6


def test_the_address_that_ends_messages_arrives_as_it_is() -> None:
    """RFC 8058: programs read the header without decoding it."""
    with smtp_server() as box:
        open_mail(box.url, "micro <micro@example.org>").send("ada@example.org", "Half is read", "Thanks.", ENDS_AT)
        box.wait_for()
    lines = box.raw[0].split(b"\r\n")
    assert f"List-Unsubscribe: <{ENDS_AT}>".encode() in lines
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines


def test_long_headers_in_any_language_are_lines_that_mail_may_have() -> None:
    subject, text = ", ".join(["Étiquettes — lues à moitié"] * 9), "Merci à tous. " * 200
    with smtp_server() as box:
        open_mail(box.url, "Musée d’Héraklion <musee@example.org>").send("ada@example.org", subject, text)
        (mail,) = box.wait_for()
    assert (mail["Subject"], mail["From"]) == (subject, "Musée d’Héraklion <musee@example.org>")
    assert mail.get_content().strip() == text.strip()
    head = box.raw[0].partition(b"\r\n\r\n")[0]
    assert head.isascii() and max(map(len, head.split(b"\r\n"))) <= 78
