"""The page of notifications, their count in the header, and their end by one click."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from micro.data.models import Account, Notification
from micro.house import House
from micro.services import digests, notifications
from tests.cast import Cast, signed_in


@pytest.fixture
def ben(app: Flask, cast: Cast) -> FlaskClient:
    return signed_in(app, cast.ben)


def tell(house: House, to: Account, cast: Cast, about: str, path: str = "/desk/finds", **details: str) -> str:
    with house.database.writing() as session:
        notifications.notify(
            session, [to.id], "assigned", about, cast.project.id, path, house.clock(), name=about, **details
        )
        return session.scalars(select(Notification.public_id).where(Notification.about == about)).one()


def badge(page: str) -> str:
    found = re.search(r'class="badge">(\S+)<span class="u-hidden"> unread', page)
    return found[1] if found else ""


def test_the_header_counts_what_is_new_until_it_was_opened(
    house: House, cast: Cast, ben: FlaskClient, client: FlaskClient
) -> None:
    assert badge(ben.get("/notifications").text) == "" and "Nothing yet." in ben.get("/notifications").text
    first, _ = (tell(house, cast.ben, cast, name, who=cast.mia.public_id) for name in ("HM 1", "HM <2>"))
    page = ben.get("/notifications").text
    assert badge(page) == badge(ben.get("/").text) == "2"
    assert "Mia handed you the record HM &lt;2&gt;." in page
    opened = ben.post("/notifications/open", data={"one": first})
    assert (opened.status_code, opened.location) == (303, "/desk/finds")
    assert badge(ben.get("/").text) == "1"
    assert 'class="bell"' not in client.get("/").text and client.get("/notifications").status_code == 302


def test_one_or_all_are_marked_as_read(house: House, cast: Cast, ben: FlaskClient) -> None:
    first, *_ = [tell(house, cast.ben, cast, str(number)) for number in range(3)]
    assert ben.post("/notifications/read", data={"one": first}).status_code == 303
    assert badge(ben.get("/").text) == "2"
    ben.post("/notifications/read")
    assert badge(ben.get("/").text) == "" and "Mark all as read" not in ben.get("/notifications").text


def test_nobody_opens_or_reads_somebody_elses(house: House, app: Flask, cast: Cast, ben: FlaskClient) -> None:
    hers = tell(house, cast.mia, cast, "HM 1")
    assert ben.post("/notifications/open", data={"one": hers}).status_code == 404
    ben.post("/notifications/read", data={"one": hers})
    assert badge(signed_in(app, cast.mia).get("/").text) == "1"
    assert "HM 1" not in ben.get("/notifications").text


def test_an_address_of_another_site_is_never_opened(house: House, cast: Cast, ben: FlaskClient) -> None:
    odd = tell(house, cast.ben, cast, "HM 1", path="//evil.example")
    assert ben.post("/notifications/open", data={"one": odd}).location == "/notifications"


def test_many_have_pages(house: House, cast: Cast, ben: FlaskClient) -> None:
    for number in range(53):
        tell(house, cast.ben, cast, f"HM {number}")
    first, second, far = (ben.get(f"/notifications{query}").text for query in ("", "?page=2", "?page=999999999999"))
    assert "HM 52." in first and "HM 2." not in first and "Older" in first
    assert "HM 2." in second and "HM 3." not in second and "Newer" in second
    assert "HM" not in far


def test_somebody_who_is_gone_is_somebody(house: House, cast: Cast, ben: FlaskClient) -> None:
    tell(house, cast.ben, cast, "HM 1", who="nobodyatall22")
    assert "Somebody handed you the record HM 1." in ben.get("/notifications").text
    ben.post("/language", data={"language": "fr"})
    assert "Quelqu’un vous a confié la notice HM 1." in ben.get("/notifications").text


def test_when_mails_come_is_chosen_and_kept(house: House, cast: Cast, ben: FlaskClient) -> None:
    assert ben.get("/notifications").text.count('value="daily" checked') == 5
    assert ben.post("/notifications/settings", data={"assigned": "once", "queue": "never"}).status_code == 303
    page = ben.get("/notifications").text
    assert 'name="assigned" value="once" checked' in page and 'name="queue" value="never" checked' in page
    assert ben.post("/notifications/settings", data={"assigned": "hourly"}).status_code == 422
    assert 'name="assigned" value="once" checked' in ben.get("/notifications").text


def test_the_end_of_mails_asks_a_person_and_takes_a_mail_programs_post(house: House, cast: Cast, app: Flask) -> None:
    """RFC 8058: a mail program posts to the address by itself, without cookie and form of ours."""
    app.config["WTF_CSRF_ENABLED"] = True
    address = f"/notifications/end/{digests.end_token(house.secret, cast.ben)}"
    client = app.test_client()
    assert "No more of these mails</button>" in client.get(address).text
    with house.database.reading() as session:
        assert set(notifications.mail_choices(session, cast.ben.id).values()) == {"daily"}
    answer = client.post(address, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200 and "No more notifications come by mail." in answer.text
    with house.database.reading() as session:
        assert set(notifications.mail_choices(session, cast.ben.id).values()) == {"never"}
    assert client.post("/notifications/end/nonsense").status_code == 410
