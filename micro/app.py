"""create_app: the only place where the web application is wired together."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, request, url_for
from flask_login import LoginManager
from flask_wtf import CSRFProtect
from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader
from sqlalchemy import select
from werkzeug.middleware.proxy_fix import ProxyFix

from micro import __version__
from micro.config import Settings
from micro.data.models import Account
from micro.house import House, open_house
from micro.kinds import kind_folders
from micro.services.people import person_of
from micro.web import (
    account,
    bench,
    bench_mine,
    bench_sending,
    comments,
    data,
    desk,
    iiif,
    lessons,
    me,
    modules,
    news,
    notifications,
    own,
    pictures,
    practice,
    public,
    review,
    suggest,
)
from micro.web.access import bound_request, check_access
from micro.web.acts import stop_watching, watch_acts
from micro.web.api import lending
from micro.web.compressing import compress
from micro.web.context import SignedIn, current_person, house, send_cookie, volunteer_token
from micro.web.language import LANGUAGES, current_language, prepare_languages
from micro.web.modules import script_address
from micro.web.problems import prepare_problems
from micro.web.show import filters
from micro.web.unread import unread_of_answers

HERE = Path(__file__).parent
PAGES = (
    public,
    news,
    notifications,
    account,
    me,
    bench,
    own,
    comments,
    practice,
    pictures,
    iiif,
    lessons,
    suggest,
    modules,
    data,
    review,
    desk,
    lending,
)
ON_THE_BENCH = (bench_sending, bench_mine)  # They have no blueprint of their own: importing them adds their pages.
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def create_app(settings: Settings | None = None, opened: House | None = None) -> Flask:
    """The application. ``opened``: a house that is open already, for tests that share one."""
    house_ = opened or open_house(settings or Settings.from_env())
    app = Flask("micro", static_folder=str(HERE / "static"), template_folder=str(HERE / "templates"))
    app.config.update(_configuration(house_))
    app.extensions["micro"] = house_
    if hops := house_.settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_prefix=hops)  # type: ignore[method-assign]
    _prepare_sign_in(app)
    prepare_languages(app)
    prepare_problems(app)
    _prepare_templates(app)
    app.before_request(bound_request)  # Before the CSRF guard, which reads forms.
    csrf = CSRFProtect(app)
    for module in PAGES:
        app.register_blueprint(module.blueprint)
    csrf.exempt("micro.web.news.end")  # Mail programs post to it (RFC 8058); its link is the permission.
    csrf.exempt("micro.web.notifications.end")
    csrf.exempt(lending.blueprint)  # It has its own guard: JSON only, same origin only; see web/api/lending.py.
    app.before_request(check_access)
    app.after_request(compress)  # Registered first, it runs last.
    app.before_request(watch_acts)
    app.teardown_request(stop_watching)
    app.after_request(send_cookie)
    app.after_request(_harden)
    return app


def _configuration(house_: House) -> dict[str, Any]:
    """Flask's settings."""
    secure = house_.settings.public_url.startswith("https:")
    return {
        "SECRET_KEY": house_.secret,
        "MAX_FORM_PARTS": 10_000,
        "MAX_FORM_MEMORY_SIZE": 2_000_000,
        "SESSION_COOKIE_NAME": "micro_session",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": timedelta(days=30),
        "REMEMBER_COOKIE_SECURE": secure,
        "REMEMBER_COOKIE_HTTPONLY": True,
        "REMEMBER_COOKIE_SAMESITE": "Lax",
        "WTF_CSRF_TIME_LIMIT": 24 * 3600,
        "WTF_CSRF_SSL_STRICT": False,
        "SEND_FILE_MAX_AGE_DEFAULT": timedelta(days=365),
    }


def _prepare_sign_in(app: Flask) -> None:
    login = LoginManager(app)
    login.session_protection = None  # It ties sessions to addresses, which change on trains and in museums.

    @login.user_loader  # type: ignore[untyped-decorator]
    def load(key: str) -> SignedIn | None:
        public_id, _, stamp = key.partition(".")
        with house().database.reading() as session:
            found = session.scalar(
                select(Account).where(Account.public_id == public_id, Account.session_stamp == stamp)
            )
            return SignedIn(person_of(session, found), stamp) if found else None


def _prepare_templates(app: Flask) -> None:
    kinds = {folder.name: FileSystemLoader(folder / "templates") for folder in kind_folders()}
    app.jinja_loader = ChoiceLoader(
        [FileSystemLoader(HERE / "templates"), PrefixLoader({"kinds": PrefixLoader(kinds)})]
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(filters())

    @app.context_processor
    def everywhere() -> dict[str, Any]:
        return {
            "person": current_person(),
            "language": current_language(),
            "languages": LANGUAGES,
            "asset": _asset,
            "script_address": script_address,
            "version": __version__,
            "unread_notices": notifications.unread,
            "unread_of_answers": unread_of_answers,
            "has_answers": current_person().account_id is not None or volunteer_token() is not None,
        }


def _asset(name: str) -> str:
    """The address of a static file with a short hash of its content, so that browsers may keep it for a year."""
    return url_for("static", filename=name, v=_short_hash(name))


@cache
def _short_hash(name: str) -> str:
    return hashlib.sha256((HERE / "static" / name).read_bytes()).hexdigest()[:10]


def _harden(response: Response) -> Response:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint in ("static", "public.kind_file") and "v" not in request.args:
        # Modules import each other without a version: browsers ask each time, so that old and new never mix.
        response.headers["Cache-Control"] = "no-cache"
    if response.mimetype == "text/html":
        response.headers.setdefault("Cache-Control", "no-store" if current_person().account_id else "private, no-cache")
    return response
