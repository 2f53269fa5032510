"""Messages: mails to those of a project's volunteers who agreed to them, each with a link that ends them.

A copy is marked as being sent before it goes and as sent afterwards, in transactions of their own: whatever is killed
in between, nobody gets the same message twice without a person deciding it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import Select, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from micro.core.states import AGREEMENT, MESSAGE, MESSAGE_COPY, check_move
from micro.data.database import locked
from micro.data.models import Account, Agreement, Message, MessageCopy, Project
from micro.errors import Closed, Conflict, NotFound, OutsideFailed
from micro.services.moves import note_move
from micro.services.news import checked_texts, text_of

# A copy that is being sent for so long was interrupted.
INTERRUPTED = timedelta(minutes=10)
WAS_INTERRUPTED = OutsideFailed("Sending was interrupted; it may have gone or not.")
A_DAY = timedelta(days=1)
A_DAYS_MOST = 3


# --- who agreed ---------------------------------------------------------------------------------------------------


def agreement_of(session: Session, account_id: int, project_id: int) -> Agreement | None:
    """What this account said about messages of the project."""
    mine = Agreement.account_id == account_id, Agreement.project_id == project_id
    return session.scalar(select(Agreement).where(*mine))


def agrees(session: Session, account_id: int | None, project_id: int) -> bool:
    """Whether this account wants messages of the project."""
    found = agreement_of(session, account_id, project_id) if account_id is not None else None
    return found is not None and found.state == "agreed"


def agree(session: Session, account_id: int, project_id: int, wording: str, now: datetime) -> None:
    """Keeps that somebody wants messages, with the words that they agreed to. Twice is once."""
    found = agreement_of(session, account_id, project_id)
    if found is None:
        try:
            with session.begin_nested():
                session.add(Agreement(account_id=account_id, project_id=project_id, wording=wording, changed_at=now))
                session.flush()
        except IntegrityError:  # The same person's other tab was faster.
            pass
    elif found.state != "agreed":
        check_move(AGREEMENT, found.state, "agreed")
        found.state, found.wording, found.changed_at = "agreed", wording, now
        session.flush()


def withdraw(session: Session, account_id: int, project_id: int, now: datetime) -> None:
    """Ends the messages of a project for somebody; what has not gone yet does not go. Twice is once."""
    found = agreement_of(session, account_id, project_id)
    if found is not None and found.state == "agreed":
        check_move(AGREEMENT, found.state, "withdrawn")
        found.state, found.changed_at = "withdrawn", now
        session.flush()


def agreements_of(session: Session, account_id: int) -> list[Agreement]:
    """The agreements of an account that stand, by project."""
    standing = select(Agreement).join(Project).where(Agreement.account_id == account_id, Agreement.state == "agreed")
    return list(session.scalars(standing.order_by(Project.slug)))


def readers(session: Session, project_id: int) -> int:
    """How many people a message would go to."""
    return session.scalar(select(func.count()).select_from(_who_agreed(project_id).subquery())) or 0


def _who_agreed(project_id: int) -> Select[Any]:
    return (
        select(Agreement.account_id)
        .join(Account, Account.id == Agreement.account_id)
        .where(Agreement.project_id == project_id, Agreement.state == "agreed", Account.email_confirmed)
    )


def end_token(secret: str, account: Account, project: Project) -> str:
    """The last part of the link that ends a project's messages for one reader. It never expires, and opens nothing."""
    return str(URLSafeSerializer(secret, salt="end messages").dumps([account.public_id, project.public_id]))


def behind_token(session: Session, secret: str, token: str) -> tuple[Account, Project]:
    """Reader and project of such a link; Closed when it is not complete or one of them is gone."""
    try:
        account_key, project_key = URLSafeSerializer(secret, salt="end messages").loads(token)
    except (BadSignature, ValueError, TypeError):
        raise Closed("This link is not complete. Please copy all of it from the mail.") from None
    account = session.scalar(select(Account).where(Account.public_id == account_key))
    project = session.scalar(select(Project).where(Project.public_id == project_key))
    if account is None or project is None:
        raise Closed("This link is not complete. Please copy all of it from the mail.")
    return account, project


# --- a message ----------------------------------------------------------------------------------------------------


def start_message(
    session: Session, project: Project, texts: Mapping[str, Mapping[str, str]], account_id: int, now: datetime
) -> Message:
    """A message to everybody who agreed by now. Raises BadAnswer for the texts, Conflict without a reader or when the
    project has sent three in a day: nobody agreed to a flood. The same texts within the day are the same message.
    """
    kept = checked_texts(texts, "subject")
    session.execute(locked(select(Project.id).where(Project.id == project.id)))  # Of two clicks, the second waits.
    lately = session.scalars(
        select(Message).where(Message.project_id == project.id, Message.created_at > now - A_DAY)
    ).all()
    for earlier in lately:
        if earlier.texts == kept:
            return earlier
    if len(lately) >= A_DAYS_MOST:
        raise Conflict("This project has sent %(most)s messages today. Please wait until tomorrow.", most=A_DAYS_MOST)
    reader_ids = session.scalars(_who_agreed(project.id)).all()
    if not reader_ids:
        raise Conflict("Nobody has agreed to messages of this project yet.")
    made = Message(project=project, account_id=account_id, texts=kept, created_at=now)
    session.add(made)
    session.flush()
    session.add_all([MessageCopy(message_id=made.id, account_id=reader_id) for reader_id in reader_ids])
    session.flush()
    return made


@dataclass(frozen=True)
class Copy:
    """One copy that is about to go: to whom, in which language, with the token that ends such mails."""

    id: int
    to: str
    language: str
    subject: str
    text: str
    project: str
    title: str
    token: str


def next_copy(session: Session, message_id: int, secret: str, now: datetime) -> Copy | None:
    """Takes the next waiting copy in hand; None when none is left, and then the message is done."""
    message = session.get_one(Message, message_id)
    if message.state != "waiting":
        return None
    waiting = select(MessageCopy).where(MessageCopy.message_id == message_id, MessageCopy.state == "waiting")
    while (copy := session.scalar(locked(waiting.order_by(MessageCopy.id).limit(1), skip=True))) is not None:
        if agrees(session, copy.account_id, message.project_id):
            copy.state, copy.sent_at = "sending", now
            session.flush()
            return _as_sent(message, copy, secret)
        copy.state = "dropped"
        session.flush()
    _give_up_interrupted(session, message_id, now)
    going = select(MessageCopy.id).where(
        MessageCopy.message_id == message_id, MessageCopy.state.in_(("waiting", "sending"))
    )
    if session.scalar(going.limit(1)) is None:
        check_move(MESSAGE, message.state, "done")
        message.state = "done"
        session.flush()
    return None


def _as_sent(message: Message, copy: MessageCopy, secret: str) -> Copy:
    account, project = copy.account, message.project
    subject, language = text_of(message.texts, "subject", account.language)
    text, _ = text_of(message.texts, "text", language)
    token = end_token(secret, account, project)
    return Copy(copy.id, account.email, language, subject, text, project.slug, project.text("title", language), token)


def _give_up_interrupted(session: Session, message_id: int, now: datetime) -> None:
    """A copy whose sender was killed may have gone or not: a person decides whether to send it again."""
    session.execute(
        update(MessageCopy)
        .where(
            MessageCopy.message_id == message_id,
            MessageCopy.state == "sending",
            MessageCopy.sent_at <= now - INTERRUPTED,
        )
        .values(state="failed", reason=WAS_INTERRUPTED.sentence)
    )


def close_copy(session: Session, copy_id: int, state: str, reason: str, now: datetime) -> None:
    """Writes down that a copy went ("sent"), that it never will ("failed"), or that it waits for the mail server."""
    copy = session.get_one(MessageCopy, copy_id)
    if copy.state == "sending":
        check_move(MESSAGE_COPY, copy.state, state)
        copy.state, copy.reason, copy.sent_at = state, reason, now
        session.flush()


def message_named(session: Session, public_id: str) -> Message:
    """The message at an address; NotFound otherwise."""
    found = session.scalar(select(Message).where(Message.public_id == public_id))
    if found is None:
        raise NotFound("There is no such message.")
    return found


def move(session: Session, message: Message, to_state: str, account_id: int, now: datetime) -> None:
    """Stops a message ("cancelled"), or sends what failed or was stopped ("waiting"). The same twice is once."""
    if message.state == to_state:
        return
    check_move(MESSAGE, message.state, to_state)
    note_move(session, "message", message.id, account_id, now, message.state, to_state)
    message.state = to_state
    if to_state == "waiting":
        failed = update(MessageCopy).where(MessageCopy.message_id == message.id, MessageCopy.state == "failed")
        session.execute(failed.values(state="waiting", reason=""))
    session.flush()


@dataclass(frozen=True)
class Sent:
    """How far a message is: copies in all, waiting (or being sent), sent, dropped, failed by reason.

    ``trouble`` is why those that wait have to: the sentence of a mail server that did not answer, or empty.
    """

    total: int
    waiting: int
    sent: int
    dropped: int
    failed: Mapping[str, int]
    trouble: str


def progress_of(session: Session, message: Message) -> Sent:
    """The progress of one message."""
    counted = (
        select(MessageCopy.state, MessageCopy.reason, func.count())
        .where(MessageCopy.message_id == message.id)
        .group_by(MessageCopy.state, MessageCopy.reason)
    )
    rows: list[tuple[str, str, int]] = [(row[0], row[1], row[2]) for row in session.execute(counted)]

    def of(*states: str) -> int:
        return sum(count for state, _, count in rows if state in states)

    failed = {reason: count for state, reason, count in rows if state == "failed"}
    return Sent(
        of("waiting", "sending", "sent", "failed", "dropped"),
        of("waiting", "sending"),
        of("sent"),
        of("dropped"),
        failed,
        next((why for state, why, _ in rows if state == "waiting" and why), ""),
    )


def messages_of(session: Session, project_id: int, most: int) -> list[Message]:
    """The newest messages of a project."""
    found = select(Message).where(Message.project_id == project_id)
    return list(session.scalars(found.order_by(Message.id.desc()).limit(most)))


def messages_behind(session: Session) -> list[int]:
    """The messages that are not all sent."""
    return list(session.scalars(select(Message.id).where(Message.state == "waiting")))
