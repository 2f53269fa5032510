"""The visitor's language: chosen by the visitor, else by the account, else by the browser."""

from __future__ import annotations

from pathlib import Path

from babel import Locale
from flask import Flask, g, request
from flask_babel import Babel, get_locale
from werkzeug import Response

from micro.kinds import kind_folders
from micro.web.context import current_person

LANGUAGES = {"en": "English", "fr": "Français"}
COOKIE = "micro_language"
# English dates as Europe writes them: 12 October 1907.
LOCALES = {"en": "en_GB"}
CONTENT_LANGUAGES = ("ca", "cs", "da", "de", "en", "es", "fi", "fr", "ga", "it", "la", "nl", "no", "pl", "pt", "sv")


def prepare_languages(app: Flask) -> None:
    """Connects the catalogues of micro and of every kind."""
    rooms = [Path(__file__).parent.parent / "translations", *(folder / "translations" for folder in kind_folders())]
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = ";".join(str(room) for room in rooms)
    app.config["BABEL_DEFAULT_TIMEZONE"] = "UTC"
    Babel(app, locale_selector=lambda: LOCALES.get(choose_language(), choose_language()))


def choose_language() -> str:
    """The language of this request."""
    if (asked := g.get("language")) in LANGUAGES:
        return str(asked)
    for wished in (request.cookies.get(COOKIE), current_person().language):
        if wished in LANGUAGES:
            return str(wished)
    return request.accept_languages.best_match(LANGUAGES) or "en"


def current_language() -> str:
    """en or fr."""
    return str(get_locale() or "en").partition("_")[0]


def language_names(*more: str) -> dict[str, str]:
    """Languages that scans are often written in, and ``more``, by code: in the visitor's language, by name."""
    locale = get_locale() or Locale("en")
    names = {code: str(locale.languages.get(code, code)) for code in dict.fromkeys((*CONTENT_LANGUAGES, *more))}
    return dict(sorted(names.items(), key=lambda entry: entry[1].casefold()))


def remember_language(response: Response, language: str, secure: bool) -> Response:
    """Keeps the visitor's choice for a year."""
    response.set_cookie(COOKIE, language, max_age=365 * 24 * 3600, samesite="Lax", httponly=True, secure=secure)
    return response
