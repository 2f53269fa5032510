"""The mails that jobs send: copies of a message to volunteers, and digests of notifications.

Each is taken in hand in one transaction, sent outside of any, and closed in another: nobody gets the same mail twice.
Not gettext: a job has no request whose language it could speak.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from micro.core.notices import MAIL_END as DIGEST_END
from micro.core.notices import MAIL_HEAD, spoken
from micro.errors import OutsideFailed
from micro.house import House
from micro.services import digests, messages

# {title} is the project's.
MESSAGE_END = {
    "en": "You get this because you agreed to messages of “{title}”. Its page, and the link that ends them:",
    "fr": "Vous recevez ce message car vous avez accepté ceux de « {title} ». Sa page, et le lien qui y met fin :",
}
Taken = TypeVar("Taken", messages.Copy, digests.Mail)


@dataclass(frozen=True)
class Letter:
    """A mail as it goes out. ``end`` is the address that ends such mails for this reader."""

    to: str
    subject: str
    text: str
    end: str


def drain_message(house: House, message_id: int) -> int:
    """Sends what waits of a message; returns how many copies went or failed for good."""

    def next_copy(session: Session) -> messages.Copy | None:
        return messages.next_copy(session, message_id, house.secret, house.clock())

    return _drain(house, next_copy, message_letter, messages.close_copy)


def drain_digests(house: House, _: int = 0) -> int:
    """Sends the digests that are due; returns how many went or failed for good."""

    def next_digest(session: Session) -> digests.Mail | None:
        return digests.next_digest(session, house.secret, house.clock())

    return _drain(house, next_digest, digest_letter, digests.close_digest)


def _drain(
    house: House,
    take: Callable[[Session], Taken | None],
    written: Callable[[str, Taken], Letter],
    close: Callable[[Session, int, str, str, datetime], None],
) -> int:
    """Sends one after the other, each between two transactions.

    A server that does not answer ends it for now: the rest waits for the next sweep.
    """
    gone = 0
    while True:
        with house.database.writing() as session:
            taken = take(session)
        if taken is None:
            return gone
        state, reason = _sent(house, written(house.settings.public_url, taken))
        with house.database.writing() as session:
            close(session, taken.id, state, reason, house.clock())
        if state == "waiting":
            return gone
        gone += 1


def _sent(house: House, letter: Letter) -> tuple[str, str]:
    """Hands a letter to the mail server; returns what became of it, and why."""
    try:
        house.mail.send(letter.to, letter.subject, letter.text, letter.end)
    except OutsideFailed as error:
        return "failed" if error.permanent else "waiting", error.sentence
    return "sent", ""


def message_letter(site: str, copy: messages.Copy) -> Letter:
    """A copy as it is sent: its text, and under it why it comes and how to end it. ``site``: the public address."""
    words = MESSAGE_END.get(copy.language, MESSAGE_END["en"]).format(title=copy.title)
    end = f"{site}/messages/end/{copy.token}"
    return Letter(copy.to, copy.subject, f"{copy.text}\n\n-- \n{words}\n{site}/p/{copy.project}\n{end}\n", end)


def digest_letter(site: str, mail: digests.Mail) -> Letter:
    """The digest as it is sent: by project what happened, each with its link, and how to end such mails."""
    parts, project = [spoken(MAIL_HEAD, mail.language).format(name=mail.name)], ""
    for title, said, path in mail.lines:
        parts += [f"{title}\n{'=' * len(title)}"] if title != project else []
        parts.append(f"{said}\n{site}{path}")
        project = title
    if mail.more:
        parts.append(f"… + {mail.more}: {site}/notifications")
    end = f"{site}/notifications/end/{mail.token}"
    words = spoken(DIGEST_END, mail.language).format(
        site=urlsplit(site).netloc, settings=f"{site}/notifications#settings", end=end
    )
    return Letter(mail.to, mail.subject, "\n\n".join([*parts, f"-- \n{words}"]) + "\n", end)
