"""What a request knows: the house, the person, the volunteer's cookie."""

from __future__ import annotations

import secrets
from typing import cast

from flask import Response, current_app, g, request
from flask_login import UserMixin, current_user
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session

from micro.data.models import Volunteer
from micro.house import House
from micro.services import people
from micro.services.assignments import LendingRule
from micro.services.people import Person

VOLUNTEER_COOKIE = "micro_volunteer"
COOKIE_SECONDS = 400 * 24 * 3600
VISITOR = Person()


class SignedIn(UserMixin):  # type: ignore[misc]
    """What Flask-Login keeps: the account's public id with its stamp, so that a new password ends old sessions."""

    def __init__(self, person: Person, stamp: str) -> None:
        self.person, self.stamp = person, stamp

    def get_id(self) -> str:
        return f"{self.person.public_id}.{self.stamp}"


def house() -> House:
    """The open house of this application."""
    return cast(House, current_app.extensions["micro"])


def current_person() -> Person:
    """Who makes this request: by session, or by the key of an API call; a visitor otherwise."""
    if (caller := g.get("api_person")) is not None:
        return cast(Person, caller)
    return cast(SignedIn, current_user).person if current_user.is_authenticated else VISITOR


def lending_rule() -> LendingRule:
    """The rule for whoever asks: visitors without an account hold fewer tasks at once."""
    settings = house().settings
    anonymous = current_person().account_id is None
    return LendingRule(settings.lease_s, settings.open_leases_anonymous if anonymous else settings.open_leases)


def _cookies() -> URLSafeSerializer:
    return URLSafeSerializer(house().secret, salt="volunteer")


def volunteer_token() -> str | None:
    """The token in the visitor's signed cookie, if one came back with this request."""
    try:
        token = _cookies().loads(request.cookies.get(VOLUNTEER_COOKIE, ""))
    except BadSignature:
        return None
    return token if isinstance(token, str) else None


def offer_cookie() -> None:
    """Sends a visitor without account and cookie a new one with this response; it counts once it comes back."""
    if current_person().account_id is None and volunteer_token() is None:
        g.new_cookie = _cookies().dumps(secrets.token_urlsafe(24))


def forget_cookie() -> None:
    """Takes the visitor's cookie away with this response: whoever reads here next is somebody new."""
    g.new_cookie = None
    g.old_cookie = True


def send_cookie(response: Response) -> Response:
    """Adds the offered cookie to the response, or takes the old one away."""
    if g.get("old_cookie"):
        response.delete_cookie(VOLUNTEER_COOKIE, httponly=True, samesite="Lax")
    if (value := g.get("new_cookie")) is not None:
        response.set_cookie(
            VOLUNTEER_COOKIE,
            value,
            max_age=COOKIE_SECONDS,
            httponly=True,
            samesite="Lax",
            secure=house().settings.public_url.startswith("https:"),
        )
    return response


def known_volunteer(session: Session) -> Volunteer | None:
    """The volunteer who makes this request if there is one already."""
    return people.known_volunteer(session, current_person().account_id, volunteer_token())


def needed_volunteer(session: Session) -> Volunteer | None:
    """The volunteer who makes this request, made at the first need; None while no cookie came back."""
    account_id, token, now = current_person().account_id, volunteer_token(), house().clock()
    if account_id is not None:
        return people.volunteer_of_account(session, account_id, now)
    return people.volunteer_of_cookie(session, token, now) if token else None
