"""Throttling: how often something was tried for one address and from one place, within a quarter of an hour.

Only keyed hashes are stored, so that the table names nobody, and rows older than the window are deleted at the next
try. Two tries in the same instant may both pass the last free place on PostgreSQL: the limit can be exceeded by the
number of web threads, once per window, which is nothing against guessing.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from micro.data.models import SignInTry
from micro.errors import TooMuch

WINDOW = timedelta(minutes=15)
PLACES = 10  # A place may try ten times as often as an address: a museum's visitors share one.
MAILS = 5


@dataclass(frozen=True)
class Counter:
    """One key with the number of tries that it has in a window."""

    key: str
    most: int


def counters(secret: str, what: str, address: str, client: str, most: int) -> tuple[Counter, Counter]:
    """The counters of one try: by the address it is for, and by the network address it comes from."""
    return (
        Counter(_keyed(secret, f"{what} for {address}"), most),
        Counter(_keyed(secret, f"{what} from {_network(client)}"), most * PLACES),
    )


def count_sign_in(session: Session, both: Sequence[Counter], now: datetime) -> None:
    """Counts a sign-in as failed before its password is looked at (success takes it back); TooMuch past the limit."""
    if wait_s := _count(session, both, now):
        raise TooMuch(
            "Too many sign-ins failed. Please try again in %(minutes)s minutes, or choose a new password.",
            wait_s,
            minutes=_minutes(wait_s),
        )


def count_mail(session: Session, both: Sequence[Counter], now: datetime) -> None:
    """Counts a mail to an address that anybody could have typed; TooMuch past the limit."""
    if wait_s := _count(session, both, now):
        raise TooMuch(
            "Several mails are on their way already. Please look for them, or try again in %(minutes)s minutes.",
            wait_s,
            minutes=_minutes(wait_s),
        )


def forget_success(session: Session, both: tuple[Counter, Counter]) -> None:
    """After a success: forgets the address's tries, and takes back the one counted for the place it came from."""
    of_address, of_place = both
    forget_address(session, of_address)
    newest = session.scalar(
        select(SignInTry.id)
        .where(SignInTry.key == of_place.key)
        .order_by(SignInTry.at.desc(), SignInTry.id.desc())
        .limit(1)
    )
    session.execute(delete(SignInTry).where(SignInTry.id == newest))


def forget_address(session: Session, of_address: Counter) -> None:
    """Forgets the tries for one address."""
    session.execute(delete(SignInTry).where(SignInTry.key == of_address.key))


def _count(session: Session, both: Sequence[Counter], now: datetime) -> int:
    session.execute(delete(SignInTry).where(SignInTry.at <= now - WINDOW))
    if wait_s := max(_wait_s(session, counter, now) for counter in both):
        return wait_s
    session.add_all(SignInTry(key=counter.key, at=now) for counter in both)
    session.flush()
    return 0


def _wait_s(session: Session, counter: Counter, now: datetime) -> int:
    """Seconds until the oldest of the last ``most`` tries leaves the window; 0 when there is room."""
    tries = session.scalars(
        select(SignInTry.at).where(SignInTry.key == counter.key).order_by(SignInTry.at.desc()).limit(counter.most)
    ).all()
    return 0 if len(tries) < counter.most else max(1, math.ceil((tries[-1] + WINDOW - now).total_seconds()))


def _minutes(wait_s: int) -> int:
    """Rounded up, and at least 2, so that the sentence needs no singular."""
    return max(2, math.ceil(wait_s / 60))


def _network(client: str) -> str:
    """An IPv6 customer is given a whole /64, so that is the place; an IPv4 address stands for itself."""
    try:
        is_long = ip_address(client).version == 6
    except ValueError:
        return client
    return str(ip_network(f"{client.partition('%')[0]}/64", strict=False)) if is_long else client


def _keyed(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), b"throttle " + text.encode(), hashlib.sha256).hexdigest()
