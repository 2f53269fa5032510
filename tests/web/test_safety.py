"""What holds for every page and every form, however many there come to be."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from micro.app import create_app
from micro.config import Settings
from micro.house import House, open_house
from micro.web.context import offer_cookie
from tests.cast import PASSWORD, Cast, signed_in

ROOT = Path(__file__).parents[2]


def routes(app: Flask, method: str) -> Iterator[tuple[Rule, str]]:
    """Every route that takes the method, with an address on it; the parts of the address lead to nothing."""
    for rule in app.url_map.iter_rules():
        if method in (rule.methods or ()):
            yield rule, re.sub("<[^>]+>", "nothing", re.sub("<int:[^>]+>", "7", rule.rule))


@pytest.fixture
def guarded(house: House) -> Flask:
    """The application with its CSRF guard, as it is served."""
    return create_app(opened=house)


# --- headers ------------------------------------------------------------------------------------------------------


def test_every_page_is_hardened(app: Flask, cast: Cast) -> None:
    paths = [path for _, path in routes(app, "GET")] + ["/there/is/nothing"]
    assert len(paths) > 20
    for client in (app.test_client(), signed_in(app, cast.nora)):
        for path in paths:
            headers = client.get(path).headers
            policy = dict(part.split(None, 1) for part in headers["Content-Security-Policy"].split("; "))
            assert policy["default-src"] == "'none'", path
            assert policy["frame-ancestors"] == policy["base-uri"] == "'none'", path
            assert policy["script-src"] == policy["style-src"] == "'self'", path
            assert "unsafe" not in headers["Content-Security-Policy"], path
            assert headers["X-Content-Type-Options"] == "nosniff", path
            assert headers["X-Frame-Options"] == "DENY", path
            assert headers["Referrer-Policy"] in ("same-origin", "no-referrer"), path


def test_no_template_holds_what_the_policy_forbids() -> None:
    forbidden = re.compile(
        r"""\sstyle=["']|\son[a-z]+=["']|<style|javascript:|"""
        r"""<script(?![^>]*\bsrc=)(?![^>]*type="application/)"""
    )
    templates = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "tasks").rglob("templates/*.html")]
    assert templates
    for template in templates:
        assert not forbidden.search(template.read_text()), template


# --- forms --------------------------------------------------------------------------------------------------------


# Mail programs post to them by themselves (RFC 8058); the link is the permission.
ENDS = ("news.end", "notifications.end")


def test_every_post_without_a_token_is_refused(guarded: Flask, cast: Cast) -> None:
    tried = 0
    for client in (guarded.test_client(), signed_in(guarded, cast.nora)):
        for rule, path in routes(guarded, "POST"):
            if not rule.endpoint.startswith("api.") and rule.endpoint not in ENDS:
                response = client.post(path, data={"email": cast.ada.email, "password": PASSWORD})
                assert response.status_code == 400, path
                assert "expired" in response.text or "Allow cookies" in response.text, path
                tried += 1
    assert tried > 10


def test_a_post_with_a_token_from_elsewhere_is_refused(guarded: Flask, cast: Cast) -> None:
    token = token_on(guarded.test_client(), "/sign-in")
    form = {"email": cast.ada.email, "password": PASSWORD, "csrf_token": token}
    assert guarded.test_client().post("/sign-in", data=form).status_code == 400


def test_a_post_with_its_token_passes(guarded: Flask, cast: Cast) -> None:
    client = guarded.test_client()
    form = {"email": cast.ada.email, "password": PASSWORD, "csrf_token": token_on(client, "/sign-in")}
    assert client.post("/sign-in", data=form).status_code == 302


@pytest.mark.parametrize("path", ["/sign-in", "/sign-up", "/forgot", "/me"])
def test_every_form_on_these_pages_carries_its_token(guarded: Flask, cast: Cast, path: str) -> None:
    client = signed_in(guarded, cast.ada) if path == "/me" else guarded.test_client()
    page = client.get(path).text
    assert page.count("<form") == page.count('name="csrf_token"') > 0


def token_on(client: FlaskClient, path: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)
    assert found is not None
    return found.group(1)


# --- cookies ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("base_url", "secure"), [("https://micro.example", True), ("", False)])
def test_cookies_are_out_of_reach_of_scripts_and_other_sites(
    house: House, cast: Cast, base_url: str, secure: bool
) -> None:
    app = create_app(opened=replace(house, settings=replace(house.settings, base_url=base_url)))
    app.config["WTF_CSRF_ENABLED"] = False
    form = {"email": cast.ada.email, "password": PASSWORD, "remember": "1"}
    cookies = app.test_client().post("/sign-in", data=form).headers.getlist("Set-Cookie")
    changed = signed_in(app, cast.ada).post("/me", data={"name": "Ada", "language": "fr"})
    cookies += changed.headers.getlist("Set-Cookie")
    with app.test_request_context("/"):
        offer_cookie()
        cookies += app.process_response(Response()).headers.getlist("Set-Cookie")
    names = {cookie.partition("=")[0] for cookie in cookies}
    assert names == {"micro_session", "remember_token", "micro_language", "micro_volunteer"}
    for cookie in cookies:
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"httponly", "samesite=lax"} <= attributes, cookie
        assert ("secure" in attributes) is secure, cookie


def test_a_session_that_was_tampered_with_is_nobodys(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.ada)
    cookie = client.get_cookie("micro_session")
    assert cookie is not None
    client.set_cookie("micro_session", ("x" if cookie.value[0] != "x" else "y") + cookie.value[1:])
    assert client.get("/me").status_code == 302


def test_a_session_with_an_older_stamp_is_over(app: Flask, cast: Cast) -> None:
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = f"{cast.ada.public_id}.an older one"
    assert client.get("/me").status_code == 302


# --- the secret ---------------------------------------------------------------------------------------------------


def test_the_secret_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    settings = Settings(data_folder=tmp_path / "var").checked()
    first, second = open_house(settings), open_house(settings)
    file = tmp_path / "var" / "secret"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert first.secret == second.secret == file.read_text()
    assert len(first.secret) >= 43
    other = open_house(Settings(data_folder=tmp_path / "other").checked())
    assert other.secret != first.secret


# --- proxies ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("trusted", "is_believed"), [(0, False), (1, True)])
def test_the_address_that_a_proxy_names_is_believed_only_when_configured(
    house: House, cast: Cast, trusted: int, is_believed: bool
) -> None:
    app = create_app(opened=replace(house, settings=replace(house.settings, trusted_proxies=trusted, sign_in_tries=1)))
    app.config["WTF_CSRF_ENABLED"] = False

    def try_from(place: int) -> int:
        headers = {"X-Forwarded-For": f"198.51.100.{place}"}
        form = {"email": f"{place}@example.org", "password": "wrong wrong"}
        return app.test_client().post("/sign-in", data=form, headers=headers).status_code

    # One place has ten tries; eleven addresses from "eleven places" are one place to whoever trusts no proxy.
    assert [try_from(place) for place in range(11)] == [422] * 10 + [422 if is_believed else 429]


# --- language -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cookie", "account", "browser", "language"),
    [
        ("fr", "en", "en", "fr"),
        ("en", "fr", "fr", "en"),
        ("", "fr", "en", "fr"),
        ("xx", "fr", "en", "fr"),
    ],
)
def test_the_cookie_goes_before_the_account_before_the_browser(
    app: Flask, cast: Cast, cookie: str, account: str, browser: str, language: str
) -> None:
    client = signed_in(app, cast.ada)
    client.post("/me", data={"name": "Ada", "language": account})
    client.delete_cookie("micro_language")
    if cookie:
        client.set_cookie("micro_language", cookie)
    assert f'<html lang="{language}"' in client.get("/me", headers={"Accept-Language": browser}).text


@pytest.mark.parametrize(
    ("browser", "language"),
    [
        ("fr-CH, fr;q=0.9, en;q=0.8", "fr"),
        ("en-GB", "en"),
        ("de", "en"),
        ("", "en"),
        ("de, fr;q=0.5", "fr"),
    ],
)
def test_a_visitors_browser_is_asked_last(client: FlaskClient, browser: str, language: str) -> None:
    assert f'<html lang="{language}"' in client.get("/sign-in", headers={"Accept-Language": browser}).text
