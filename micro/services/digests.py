"""Digests: the mails that carry notifications, one a day for each person, or at once for what they want so.

A digest is marked as being sent before it goes and as sent afterwards, in transactions of their own, as a message's
copies are: whatever is killed in between, nobody gets the same digest twice. What was in an interrupted one stands on
the site all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import Select, and_, or_, select, update
from sqlalchemy.orm import Session, joinedload

from micro.core.notices import SORTS, SUBJECT_MANY, SUBJECT_ONE, sentence, spoken
from micro.core.states import DIGEST, check_move
from micro.data.database import locked
from micro.data.models import Account, Digest, MailChoice, Notification
from micro.errors import Closed
from micro.services import notifications
from micro.services.act_search import names_of
from micro.services.messages import INTERRUPTED, WAS_INTERRUPTED

DAILY_AT = time(6)  # In UTC: early morning in Europe, before work begins.
LINES_MOST = 50  # The rest is on the site.


@dataclass(frozen=True)
class Mail:
    """One digest that is about to go. ``lines`` are (project's title, sentence, path), ``more`` how many more."""

    id: int
    to: str
    name: str
    language: str
    subject: str
    lines: tuple[tuple[str, str, str], ...]
    more: int
    token: str


def due_before(now: datetime) -> datetime:
    """The newest hour of daily mails: what was told before it is due."""
    today = now.replace(hour=DAILY_AT.hour, minute=0, second=0, microsecond=0)
    return today if now >= today else today - timedelta(days=1)


def next_digest(session: Session, secret: str, now: datetime) -> Mail | None:
    """Takes the next mail in hand: one that a server did not take before, else a new one; None when none is due."""
    _give_up_interrupted(session, now)
    again = session.scalar(
        locked(select(Digest).where(Digest.state == "waiting").order_by(Digest.id).limit(1), skip=True)
    )
    if again is not None:
        check_move(DIGEST, again.state, "sending")
        again.state, again.sent_at = "sending", now
        session.flush()
        return _as_sent(session, again, secret)
    while (account_id := session.scalar(_due(now).limit(1))) is not None:
        if (made := _begin(session, account_id, now)) is not None:
            return _as_sent(session, made, secret)
    return None


def _due(now: datetime) -> Select[int]:
    """The people for whom a mail is due."""
    at_once = MailChoice.choice == "once"
    gone = select(Digest.id).where(Digest.account_id == Notification.account_id, Digest.key == _today(now))
    return (
        select(Notification.account_id)
        .outerjoin(MailChoice, and_(MailChoice.account_id == Notification.account_id,
                                    MailChoice.sort == Notification.sort))
        .where(Notification.mail == "waiting", or_(at_once, (Notification.at < due_before(now)) & ~gone.exists()))
        .order_by(Notification.id)
    )  # fmt: skip


def _today(now: datetime) -> str:
    """The key of the daily mail that is due now."""
    return due_before(now).date().isoformat()


def _begin(session: Session, account_id: int, now: datetime) -> Digest | None:
    """The digest of somebody with all that is due to them; None when there is nothing to send after all.

    The account is held, so that of two workers the second finds nothing left.
    """
    account = session.scalars(locked(select(Account).where(Account.id == account_id))).one()
    rows = session.scalars(
        select(Notification).where(Notification.account_id == account_id, Notification.mail == "waiting")
        .order_by(Notification.id).execution_options(populate_existing=True)
    ).all()  # fmt: skip
    once = {sort for sort, choice in notifications.mail_choices(session, account_id).items() if choice == "once"}
    gone = select(Digest.id).where(Digest.account_id == account_id, Digest.key == _today(now))
    daily = [row for row in rows if row.at < due_before(now)] if session.scalar(gone) is None else []
    due = daily or [row for row in rows if row.sort in once]
    if not due or not account.email_confirmed:
        for row in due:
            row.mail = "none"
        session.flush()
        return None
    key = _today(now) if daily else f"once-{due[0].public_id}"
    made = Digest(account_id=account_id, key=key, state="sending", sent_at=now)
    session.add(made)
    session.flush()
    for row in due:
        row.mail, row.digest_id = "digested", made.id
    session.flush()
    return made


def _as_sent(session: Session, digest: Digest, secret: str) -> Mail:
    account = digest.account
    rows = session.scalars(
        select(Notification).where(Notification.digest_id == digest.id).order_by(Notification.id)
        .options(joinedload(Notification.project))
    ).all()  # fmt: skip
    names = names_of(session, {row.details.get("who", "") for row in rows})
    language = account.language
    lines = tuple(
        (
            row.project.text("title", language),
            sentence(row.sort, language, row.details, names.get(row.details.get("who", ""), "")),
            row.path,
        )
        for row in rows[:LINES_MOST]
    )
    one = spoken(SUBJECT_ONE, language).format(title=lines[0][0]) if lines else ""
    subject = one if len(rows) == 1 else spoken(SUBJECT_MANY, language).format(count=len(rows))
    more = max(0, len(rows) - LINES_MOST)
    return Mail(digest.id, account.email, account.name, language, subject, lines, more, end_token(secret, account))


def close_digest(session: Session, digest_id: int, state: str, reason: str, now: datetime) -> None:
    """Writes down that a digest went ("sent"), that it never will ("failed"), or that it waits for the mail server."""
    digest = session.get_one(Digest, digest_id)
    if digest.state == "sending":
        check_move(DIGEST, digest.state, state)
        digest.state, digest.reason, digest.sent_at = state, reason, now
        session.flush()


def _give_up_interrupted(session: Session, now: datetime) -> None:
    """A digest whose sender was killed may have gone or not: it is not sent again."""
    session.execute(
        update(Digest)
        .where(Digest.state == "sending", Digest.sent_at <= now - INTERRUPTED)
        .values(state="failed", reason=WAS_INTERRUPTED.sentence)
    )


# --- ending them ----------------------------------------------------------------------------------------------------


def end_token(secret: str, account: Account) -> str:
    """The last part of the link that ends these mails for one reader. It never expires, and opens nothing."""
    return str(URLSafeSerializer(secret, salt="end notifications").dumps(account.public_id))


def behind_token(session: Session, secret: str, token: str) -> Account:
    """Whose link this is; Closed when it is not complete or the account is gone."""
    try:
        key = URLSafeSerializer(secret, salt="end notifications").loads(token)
    except (BadSignature, ValueError, TypeError):
        key = None
    account = session.scalar(select(Account).where(Account.public_id == key)) if isinstance(key, str) else None
    if account is None:
        raise Closed("This link is not complete. Please copy all of it from the mail.")
    return account


def end_all(session: Session, account_id: int, now: datetime) -> None:
    """No more mails of any sort; twice is once."""
    notifications.choose(session, account_id, dict.fromkeys(SORTS, "never"), now)
