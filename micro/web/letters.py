"""Mails about accounts: written in the reader's language, sent after the commit and outside of any transaction."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import render_template, request, url_for
from flask_babel import force_locale

from micro.data.models import Account
from micro.services.accounts import Letter
from micro.services.invitations import Invited
from micro.services.links import Purpose, address_token, link_token
from micro.web.context import house
from micro.web.language import LOCALES


def send(letter: Letter, next_path: str = "") -> None:
    """Writes and sends one mail; OutsideFailed when it could not be handed over.

    ``next_path`` is where somebody wanted to go before signing up; the link to confirm leads on to it.
    """
    with force_locale(letter.language):
        text = render_template(
            f"mail/{letter.text}.txt",
            site=urlsplit(house().settings.public_url).netloc,
            **_links(letter, next_path),
        )
    subject, _, body = text.strip().partition("\n")
    house().mail.send(letter.to, subject.strip(), body.strip() + "\n")


def send_invitation(made: Invited, institution: str, inviter: str, language: str) -> None:
    """Writes and sends an invitation, in the language of whoever invites; OutsideFailed when it was not handed over."""
    with force_locale(LOCALES.get(language, language)):
        text = render_template(
            "mail/invitation.txt",
            site=urlsplit(house().settings.public_url).netloc,
            institution=institution,
            inviter=inviter,
            role=made.invitation.role,
            link=_address("manage.accept", token=made.token),
            last_day=made.invitation.expires_at,
        )
    subject, _, body = text.strip().partition("\n")
    house().mail.send(made.invitation.email, subject.strip(), body.strip() + "\n")


def _links(letter: Letter, next_path: str) -> dict[str, str]:
    account = letter.account
    more = {"next": next_path} if next_path else {}
    links = {
        "sign_in": _address("account.sign_in", **more),
        "sign_up": _address("account.sign_up", **more),
        "forgot": _address("account.forgot"),
    }
    if account is not None:
        links["confirm"] = _address("account.confirm", token=_token(Purpose.CONFIRM, account), **more)
        if letter.new_address:
            token = address_token(house().secret, account, letter.new_address, house().clock())
            links["change"] = _address("me.new_address", token=token)
        links["reset"] = _address("account.reset", token=_token(Purpose.RESET, account))
    return links


def _token(purpose: Purpose, account: Account) -> str:
    return link_token(house().secret, purpose, account, house().clock())


def _address(endpoint: str, **parts: Any) -> str:
    """A full address below the configured one: the Host header of a request is whatever its sender likes."""
    return house().settings.public_url + url_for(endpoint, **parts).removeprefix(request.script_root)
