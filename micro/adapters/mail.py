"""Mail: printed on the console by default, or handed to an SMTP server."""

from __future__ import annotations

import smtplib
import sys
from email.message import EmailMessage
from email.policy import EmailPolicy
from typing import Any
from urllib.parse import unquote, urlsplit

from micro.core.ports import Mail
from micro.errors import OutsideFailed

SECONDS = 15


def open_mail(address: str, sender: str) -> Mail:
    """The mail at ``console:``, ``smtp://user:password@host:port`` (STARTTLS when offered) or ``smtps://``."""
    return ConsoleMail() if address.startswith("console:") else SmtpMail(address, sender)


class ConsoleMail:
    """Prints mails on standard error, for trying things out."""

    def send(self, to: str, subject: str, text: str, ends_at: str = "") -> None:
        print(f"--- mail to {to}\n{subject}\n\n{text}\n---", file=sys.stderr, flush=True)  # noqa: T201


class OneLinePolicy(EmailPolicy):
    """Never folds the address that ends messages.

    The standard policy encodes a word that is longer than 78 signs, as the token in it is, and no reader's program
    would know the address any more; a line may have 998 (RFC 5322). Other headers need the short lines of RFC 2047.
    """

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name == "List-Unsubscribe":
            return f"{name}: {value}{self.linesep}".encode()
        return super().fold_binary(name, value)


class SmtpMail:
    def __init__(self, address: str, sender: str) -> None:
        self.url, self.sender = urlsplit(address), sender

    def send(self, to: str, subject: str, text: str, ends_at: str = "") -> None:
        message = EmailMessage(OneLinePolicy())
        message["From"], message["To"], message["Subject"] = self.sender, to, subject
        if ends_at:
            message["List-Unsubscribe"] = f"<{ends_at}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(text)
        try:
            with self._connection() as connection:
                if self.url.username:
                    connection.login(unquote(self.url.username), unquote(self.url.password or ""))
                connection.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            raise OutsideFailed("The mail was refused: the address does not exist.", permanent=True) from error
        except (smtplib.SMTPException, OSError) as error:
            raise OutsideFailed("The mail could not be sent. Please try again in a few minutes.") from error

    def _connection(self) -> smtplib.SMTP:
        host = self.url.hostname or "localhost"
        if self.url.scheme == "smtps":
            return smtplib.SMTP_SSL(host, self.url.port or 465, timeout=SECONDS)
        connection = smtplib.SMTP(host, self.url.port or 25, timeout=SECONDS)
        connection.ehlo()
        if connection.has_extn("starttls"):
            connection.starttls()
        return connection
