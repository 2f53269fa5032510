"""Links in mails: signed, dated and for one purpose, so that nothing about them has to be stored.

A link names the account by its public id and carries a keyed digest of what it is bound to, never the address itself:
links end up in the logs of proxies.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session

from micro.data.models import Account
from micro.errors import BadAnswer, Closed


class Purpose(Enum):
    """What a link is good for, and for how long."""

    CONFIRM = ("confirm", timedelta(days=3))
    RESET = ("reset", timedelta(hours=1))
    ADDRESS = ("address", timedelta(days=3))


class _Dated(TimestampSigner):
    """Signs with the time that it is given, in seconds since 1970, because clocks are handed in."""

    def __init__(self, *parts: Any, now_s: int, **more: Any) -> None:
        super().__init__(*parts, **more)
        self.now_s = now_s

    def get_timestamp(self) -> int:
        return self.now_s


def link_token(secret: str, purpose: Purpose, account: Account, now: datetime) -> str:
    """The last part of the link's address."""
    return str(_serializer(secret, purpose, now).dumps([account.public_id, _bound(secret, purpose, account)]))


def account_behind(session: Session, secret: str, purpose: Purpose, token: str, now: datetime) -> Account:
    """The account that a link is for; Closed when it is too old, used, or not one of ours.

    A link to confirm is bound to the address, so it may be opened twice. One to reset is bound to the session stamp,
    which every new password changes, so it works once, and no older one works after it. One to change the address is
    bound to both.
    """
    public_id, bound = _read(secret, purpose, token, now)[:2]
    account = session.scalar(select(Account).where(Account.public_id == public_id))
    if account is None or not hmac.compare_digest(bound, _bound(secret, purpose, account)):
        raise Closed("This link has expired, was used already, or is not complete.")
    return account


def address_token(secret: str, account: Account, new: str, now: datetime) -> str:
    """The last part of a link that changes the address to ``new``, of which it holds a keyed digest only."""
    parts = [account.public_id, _bound(secret, Purpose.ADDRESS, account), _digest(secret, f"new {new}")]
    return str(_serializer(secret, Purpose.ADDRESS, now).dumps(parts))


def check_new_address(secret: str, token: str, new: str, now: datetime) -> None:
    """Raises BadAnswer unless the link is for this new address."""
    parts = _read(secret, Purpose.ADDRESS, token, now)
    if not hmac.compare_digest(parts[-1], _digest(secret, f"new {new}")):
        raise BadAnswer("email", "This link was sent to another address. Please type the one that the mail came to.")


def _read(secret: str, purpose: Purpose, token: str, now: datetime) -> list[str]:
    try:
        parts = _serializer(secret, purpose, now).loads(token, max_age=int(purpose.value[1].total_seconds()))
    except (BadData, ValueError, TypeError):
        parts = None
    if not isinstance(parts, list) or len(parts) < 2:
        raise Closed("This link has expired, was used already, or is not complete.")
    return [str(part) for part in parts]


def _bound(secret: str, purpose: Purpose, account: Account) -> str:
    to = {
        Purpose.CONFIRM: account.email,
        Purpose.RESET: account.session_stamp,
        Purpose.ADDRESS: f"{account.email} {account.session_stamp}",
    }[purpose]
    return _digest(secret, f"{purpose.value[0]} {to}")


def _digest(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()[:24]


def _serializer(secret: str, purpose: Purpose, now: datetime) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        secret, salt=f"link to {purpose.value[0]}", signer=_Dated, signer_kwargs={"now_s": int(now.timestamp())}
    )
