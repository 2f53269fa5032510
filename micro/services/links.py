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
from micro.errors import Closed


class Purpose(Enum):
    """What a link is good for, and for how long."""

    CONFIRM = ("confirm", timedelta(days=3))
    RESET = ("reset", timedelta(hours=1))


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
    which every new password changes, so it works once, and no older one works after it.
    """
    try:
        public_id, bound = _serializer(secret, purpose, now).loads(token, max_age=int(purpose.value[1].total_seconds()))
    except (BadData, ValueError, TypeError):
        raise Closed("This link has expired, was used already, or is not complete.") from None
    account = session.scalar(select(Account).where(Account.public_id == public_id))
    if account is None or not hmac.compare_digest(str(bound), _bound(secret, purpose, account)):
        raise Closed("This link has expired, was used already, or is not complete.")
    return account


def _bound(secret: str, purpose: Purpose, account: Account) -> str:
    to = account.email if purpose is Purpose.CONFIRM else account.session_stamp
    return hmac.new(secret.encode(), f"{purpose.value[0]} {to}".encode(), hashlib.sha256).hexdigest()[:24]


def _serializer(secret: str, purpose: Purpose, now: datetime) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        secret, salt=f"link to {purpose.value[0]}", signer=_Dated, signer_kwargs={"now_s": int(now.timestamp())}
    )
